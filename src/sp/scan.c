/* SPDX-License-Identifier: MIT */
/*
 * sp/scan.c - which units there are. For each target REPORT LUNS goes to unit 0; where that is refused, INQUIRY goes to each
 * unit in turn. Units that answer are asked who they are, units that do not any more are gone.
 *
 * A scan runs in a worker thread. BusChangeDetected only asks for one (a DPC queues the work, for it may come at any IRQL);
 * several that come before it begins are one scan (STN-042).
 */
#include <string.h>

#include "base/be.h"
#include "ddk/scsi.h"
#include "sp/priv.h"

enum { LIST_BYTES = 8 + 8 * 256, INQUIRY_BYTES = 255, RETRIES = 4, TIMEOUT_S = 10 };

/* ---- memory that the device reaches ---- */

void *sp_buffer_alloc(struct sp_adapter *a, size_t bytes)
{
    if (a->cfg.memory)
        return a->cfg.memory->alloc(a->cfg.memory, bytes, 64, a->bus_lowest, a->bus_highest, 0);
    return ex_pool_alloc(EX_POOL_NX | EX_POOL_ZERO | EX_POOL_CACHE_ALIGNED, bytes, SP_TAG, NULL);
}

void sp_buffer_free(struct sp_adapter *a, void *p, size_t bytes)
{
    if (!p)
        return;
    if (a->cfg.memory)
        a->cfg.memory->free(a->cfg.memory, p, bytes);
    else
        ex_pool_free(p, 0, NULL);
}

/* ---- one command ---- */

static bool answered(const struct sp_request *r)
{
    UCHAR status = SRB_STATUS(r->srb_status);

    return status == SRB_STATUS_SUCCESS || (status == SRB_STATUS_DATA_OVERRUN && r->transferred > 0);
}

/* Bytes of the answer in buf; 0: none. Unit attention, busy and resets are worth another try. */
size_t sp_scan_command(struct sp_lun *u, const UCHAR *cdb, UCHAR cdb_bytes, void *buf, size_t bytes)
{
    for (unsigned i = 0; i < RETRIES; i++) {
        struct sp_request r = {.function = SRB_FUNCTION_EXECUTE_SCSI,
            .path = u->path,
            .target = u->target,
            .lun = u->lun,
            .cdb_bytes = cdb_bytes,
            .flags = (bytes ? SRB_FLAGS_DATA_IN : 0) | SRB_FLAGS_NO_QUEUE_FREEZE | SRB_FLAGS_DISABLE_SYNCH_TRANSFER,
            .data = bytes ? buf : NULL,
            .bytes = (ULONG)bytes,
            .timeout_s = TIMEOUT_S};

        memcpy(r.cdb, cdb, cdb_bytes);
        UCHAR status = sp_submit_wait(u->a, &r);

        if (answered(&r))
            return bytes ? r.transferred : 1;
        bool attention = status == SRB_STATUS_ERROR && r.sense_bytes > 2 && (r.sense[2] & 0xf) == 6;

        if (!attention && status != SRB_STATUS_BUS_RESET && status != SRB_STATUS_BUSY)
            break;
    }
    return 0;
}

/* ---- a unit ---- */

static size_t inquiry(struct sp_lun *u, bool vpd, UCHAR page, UCHAR *buf)
{
    UCHAR cdb[6] = {SCSIOP_INQUIRY, vpd, page, 0, INQUIRY_BYTES, 0};

    u->seen = true;
    memset(buf, 0, INQUIRY_BYTES);
    return sp_scan_command(u, cdb, sizeof cdb, buf, INQUIRY_BYTES);
}

/* Without the spaces behind it. */
static void text(char *to, size_t room, const UCHAR *from, size_t bytes)
{
    size_t n = bytes < room - 1 ? bytes : room - 1;

    memcpy(to, from, n);
    while (n > 0 && (to[n - 1] == ' ' || to[n - 1] == 0))
        n--;
    to[n] = 0;
}

static void take_inquiry(struct sp_lun *u, const UCHAR *p)
{
    struct sp_unit_info *info = &u->info;

    info->type = p[0] & 0x1f;
    info->removable = p[1] & 0x80;
    text(info->vendor, sizeof info->vendor, p + 8, 8);
    text(info->product, sizeof info->product, p + 16, 16);
    text(info->revision, sizeof info->revision, p + 32, 4);
}

static bool page_supported(const UCHAR *pages, size_t bytes, UCHAR page)
{
    for (size_t i = 4; i < bytes && i < 4u + pages[3]; i++)
        if (pages[i] == page)
            return true;
    return false;
}

static void ask_pages(struct sp_lun *u, UCHAR *buf)
{
    UCHAR  pages[INQUIRY_BYTES];
    size_t bytes = inquiry(u, true, 0x00, buf);

    if (bytes < 5)
        return;
    memcpy(pages, buf, sizeof pages);
    if (page_supported(pages, bytes, 0x80) && inquiry(u, true, 0x80, buf) > 4)
        text(u->info.serial, sizeof u->info.serial, buf + 4, buf[3]);
    if (page_supported(pages, bytes, 0x83))
        inquiry(u, true, 0x83, buf);
}

/* Is there a device? */
static bool ask_unit(struct sp_lun *u, UCHAR *buf)
{
    bool known = u->found;

    if (inquiry(u, false, 0, buf) < 5 || buf[0] >> 5 != 0 || (buf[0] & 0x1f) == 0x1f)
        return false;
    u->found = true;
    if (known)
        return true;
    take_inquiry(u, buf);
    ask_pages(u, buf);
    return true;
}

/* ---- units that come and go ---- */

static void unit_came(struct sp_lun *u)
{
    sp_unit_started(u);
    if (!u->a->cfg.no_class)
        sp_class_start(u);
}

/* Queued requests are answered NO_DEVICE; with the last outstanding one the unit may go. */
static void unit_gone(struct sp_lun *u)
{
    unsigned old = sp_lock(u->a);

    u->gone = true;
    sp_unlock(u->a, old);
    sp_unit_removing(u, true);
    sp_queue_flush(u, SRB_STATUS_NO_DEVICE);
    sp_unit_wait(u);
    sp_lun_free(u);
}

/* The unit stays as it was asked for until its answer is known. */
static bool look_at(struct sp_adapter *a, unsigned path, unsigned target, unsigned lun, UCHAR *buf)
{
    bool           before = sp_unit_find(a, path, target, lun) != NULL;
    struct sp_lun *u = sp_lun_make(a, path, target, lun);
    bool           there = u && !u->failed && ask_unit(u, buf);

    if (there && !before)
        unit_came(u);
    else if (u && !there && !before)
        sp_lun_free(u);
    else if (u && !there)
        unit_gone(u);
    return there;
}

/* ---- a target ---- */

static size_t report_luns(struct sp_lun *u, UCHAR *buf)
{
    UCHAR cdb[12] = {SCSIOP_REPORT_LUNS, [8] = LIST_BYTES >> 8, [9] = LIST_BYTES & 0xff};

    memset(buf, 0, LIST_BYTES);
    return sp_scan_command(u, cdb, sizeof cdb, buf, LIST_BYTES);
}

static unsigned parse_list(const UCHAR *p, size_t bytes, UCHAR present[256])
{
    size_t   listed = be32_get(p);
    unsigned n = 0;

    memset(present, 0, 256);
    for (size_t i = 8; i + 8 <= bytes && i + 8 <= listed + 8; i += 8) {
        present[p[i + 1]] = 1;
        n++;
    }
    return n;
}

static void scan_target(struct sp_adapter *a, unsigned path, unsigned target, UCHAR *buf)
{
    unsigned luns = a->config->MaximumNumberOfLogicalUnits < a->knobs.lun_max ? a->config->MaximumNumberOfLogicalUnits
                                                                              : a->knobs.lun_max;
    UCHAR    present[256];
    bool     before = sp_unit_find(a, path, target, 0) != NULL;
    struct sp_lun *zero = sp_lun_make(a, path, target, 0);
    size_t         bytes = zero ? report_luns(zero, buf) : 0;
    bool           listed = bytes >= 8 && parse_list(buf, bytes, present) > 0;

    if (zero && !before)
        sp_lun_free(zero);
    for (unsigned lun = 0; lun < luns; lun++) {
        if (listed && !present[lun] && !sp_unit_find(a, path, target, lun))
            continue;
        bool there = look_at(a, path, target, lun, buf);

        if (!listed && !there && lun == 0)
            break; /* nobody at this target */
    }
}

static void scan_path(struct sp_adapter *a, unsigned path, UCHAR *buf)
{
    for (unsigned target = 0; target < a->config->MaximumNumberOfTargets; target++)
        scan_target(a, path, target, buf);
}

/* ---- scans ---- */

static void scan(struct sp_adapter *a, int path)
{
    UCHAR *buf = sp_buffer_alloc(a, LIST_BYTES);

    sp_control(a, ScsiAdapterPrepareForBusReScan, NULL); /* STI-086 */
    for (unsigned p = 0; buf && p < a->config->NumberOfBuses; p++)
        if (path < 0 || (unsigned)path == p)
            scan_path(a, p, buf);
    sp_buffer_free(a, buf, LIST_BYTES);
}

/* One at a time: true, it is the caller's turn. */
static bool begin(struct sp_adapter *a)
{
    unsigned old = sp_lock(a);
    bool     mine = !a->scanning;

    a->scanning = true;
    sp_unlock(a, old);
    if (mine)
        ke_event_reset(&a->scan_done);
    return mine;
}

static bool end(struct sp_adapter *a)
{
    unsigned old = sp_lock(a);
    bool     again = a->scan_wanted && a->state == SP_READY;

    a->scan_wanted = false;
    a->scanning = again;
    a->scans++;
    sp_unlock(a, old);
    if (!again)
        ke_event_set(&a->scan_done, IO_NO_INCREMENT);
    return again;
}

NTSTATUS sp_adapter_scan(struct sp_adapter *a, int path)
{
    while (!begin(a))
        ke_wait_one(&a->scan_done, NULL);
    do
        scan(a, path);
    while (end(a));
    return STATUS_SUCCESS;
}

void sp_scan_first(struct sp_adapter *a)
{
    if (!a->cfg.no_scan) {
        sp_adapter_scan(a, -1);
        return;
    }
    struct sp_lun *u = sp_lun_make(a, 0, 0, 0);

    if (u)
        u->seen = u->found = true;
}

/* ---- asked for by the miniport ---- */

/* What is asked for from here on is another scan. */
static int wanted_path(struct sp_adapter *a)
{
    unsigned old = sp_lock(a);
    int      path = a->scan_path;

    a->scan_wanted = false;
    sp_unlock(a, old);
    return path;
}

static void work(struct ex_work *w)
{
    struct sp_adapter *a = container_of(w, struct sp_adapter, scan_work);

    do
        scan(a, wanted_path(a));
    while (end(a));
}

static void queue_work(PKDPC dpc, PVOID context, PVOID arg1, PVOID arg2)
{
    struct sp_adapter *a = context;

    (void)dpc;
    (void)arg1;
    (void)arg2;
    if (a->state != SP_READY || !begin(a))
        return; /* whoever scans sees scan_wanted */
    a->scan_work = (struct ex_work){.fn = work};
    ex_work_submit(&a->scan_work, DelayedWorkQueue);
}

/* Two different paths: all. */
void sp_scan_request(struct sp_adapter *a, int path)
{
    unsigned old = sp_lock(a);

    a->scan_path = a->scan_wanted && a->scan_path != path ? -1 : path;
    a->scan_wanted = true;
    sp_unlock(a, old);
    ke_dpc_queue(&a->scan_dpc, NULL, NULL);
}

void sp_scan_init(struct sp_adapter *a)
{
    ke_dpc_init(&a->scan_dpc, queue_work, a, false);
    ke_event_init(&a->scan_done, NotificationEvent, true);
}

void sp_scan_fini(struct sp_adapter *a)
{
    ke_dpc_remove(&a->scan_dpc);
    ke_dpc_wait_until_idle(&a->scan_dpc);
    ke_wait_one(&a->scan_done, NULL);
}
