/* SPDX-License-Identifier: MIT */
/*
 * host/nbd/disk.c - the disk: life of the machine, requests, faults.
 *
 * The machine's run is a thread (machine_main) whose body loads the miniport, starts the adapter and then sleeps until it is
 * told to stop, waking only to inject faults. Requests are carried by the host's own threads: dt_attach() makes such a
 * thread a system thread, StartIo and the DPCs that it queues run on it, and mostly the request is complete before it would
 * have to wait. A transfer is cut to what the adapter takes at once; pieces that fail for a passing reason (a reset, a time-out,
 * busy) are sent again as Windows' disk class driver does, RETRIES times.
 *
 * A finding stops the machine for good, with requests inside it. Then nothing is left but to print the report and to end the
 * process; clients see the connection break.
 */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ddk/ntddk.h"
#include "ddk/storport.h"
#include "duetime/device.h"
#include "duetime/storport.h"
#include "host/nbd/disk.h"

enum { RETRIES = 8, TRIM_BLOCKS = 1 << 22, ARGUMENT_BYTES = 512, PAUSE_MS = 5, QUEUES = 2, SETTLE_MS = 5000 };

/* viostor takes it when it is offered, and asks for scatter/gather lists all the same. */
enum { PERF_NO_SGL = 0x40 };

enum life { LIFE_STARTING, LIFE_UP, LIFE_DOWN };

static struct {
    const struct disk_config *cfg;
    pthread_t                 thread;
    pthread_mutex_t           lock;
    pthread_cond_t            changed;
    enum life                 life; /* lock */
    char                      error_text[256];
    pthread_key_t             attached;

    dt_image        *image;
    dt_stor         *stor;
    dt_card         *card; /* NULL: a virtual miniport */
    KEVENT           stop;
    struct disk_info info;
    unsigned         reset_ms, pause_ms, error, lose;
    struct dt_result result;
    int              run_error;
} disk = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void set_life(enum life life)
{
    pthread_mutex_lock(&disk.lock);
    disk.life = life;
    pthread_cond_broadcast(&disk.changed);
    pthread_mutex_unlock(&disk.lock);
}

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    vsnprintf(disk.error_text, sizeof disk.error_text, format, ap);
    va_end(ap);
}

/* ---- faults ---- */

static bool parse_fault(const char *text, size_t n)
{
    static const struct {
        const char *name;
        unsigned   *to;
    } names[] = {
        {"reset:", &disk.reset_ms}, {"pause:", &disk.pause_ms}, {"error:", &disk.error}, {"lose:", &disk.lose}};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t prefix = strlen(names[i].name);
        char  *end;

        if (n <= prefix || strncmp(text, names[i].name, prefix) != 0)
            continue;
        unsigned long value = strtoul(text + prefix, &end, 10);

        *names[i].to = (unsigned)value;
        return end == text + n && value > 0 && value < 1000000;
    }
    return false;
}

static bool parse_faults(const char *list)
{
    while (list && *list) {
        size_t n = strcspn(list, ",");

        if (!parse_fault(list, n)) {
            say("faults: '%.*s' is not reset:MS, pause:MS, error:N or lose:N", (int)n, list);
            return false;
        }
        list += n + (list[n] == ',');
    }
    if ((disk.error || disk.lose) && !disk.cfg->device)
        say("faults: error and lose are the device's, and there is no device=MODEL");
    return !disk.error_text[0];
}

/* What another initiator, or an administrator, may do to an adapter at any time. */
static void pause_for_a_while(void)
{
    void *ext = dt_stor_extension(disk.stor);

    StorPortPause(ext, 1);
    dt_run_for(DT_MS(PAUSE_MS));
    StorPortResume(ext);
}

static dt_ns next_multiple(dt_ns now, unsigned ms)
{
    return ms ? (now / DT_MS(ms) + 1) * DT_MS(ms) : DT_NEVER;
}

/* Until the disk is to stop. */
static void inject(void)
{
    for (;;) {
        dt_ns now = dt_now(), reset = next_multiple(now, disk.reset_ms), pause = next_multiple(now, disk.pause_ms);
        dt_ns next = reset < pause ? reset : pause;

        LARGE_INTEGER due = {.QuadPart = next == DT_NEVER ? 0 : -(LONGLONG)((next - now + 99) / 100)};

        if (KeWaitForSingleObject(&disk.stop, Executive, KernelMode, FALSE, next == DT_NEVER ? NULL : &due) !=
            STATUS_TIMEOUT)
            return;
        if (next == reset)
            dt_stor_reset_bus(disk.stor, 0);
        if (next == pause)
            pause_for_a_while();
    }
}

/* ---- the run ---- */

static bool find_unit(void)
{
    struct dt_stor_unit u;

    if (!dt_stor_unit(disk.stor, 0, &u) || !u.ready || !u.blocks || !u.block_bytes) {
        say("the miniport's adapter started, but has no disk that is ready");
        return false;
    }
    disk.info = (struct disk_info){.bytes = u.blocks * u.block_bytes,
        .block_bytes = u.block_bytes,
        .physical_block_bytes = u.physical_block_bytes,
        .max_transfer = u.max_transfer / u.block_bytes * u.block_bytes,
        .read_only = u.write_protected,
        .fua = u.fua,
        .unmap = u.unmap};
    return true;
}

static dt_disk *make_disk(void)
{
    int      error = 0;
    dt_disk *d =
        disk.cfg->file ? dt_disk_file(disk.cfg->file, 512, false, &error) : dt_disk_ram(disk.cfg->bytes & ~511ull, 512);

    if (!d)
        say("no disk: %s", error ? strerror(-error) : "its size is 0, or there is no memory for it");
    if (!d || !(disk.error || disk.lose))
        return d;
    return dt_disk_faulty(d, &(struct dt_disk_faults){.error_ppm = disk.error ? 1000000 / disk.error : 0,
                                 .lost_ppm = disk.lose ? 1000000 / disk.lose : 0,
                                 .seed = 1,
                                 .first = 100}); /* what is asked before it is a disk goes well */
}

/* The hardware of a physical miniport. True without any. */
static bool make_card(struct dt_stor_config *cfg)
{
    static const struct {
        const char *name;
        dt_card *(*make)(dt_disk *disk, const struct dt_card_options *o);
        struct dt_card_options options;
    } models[] = {{"hba", dt_card_hba, {.messages = 1}},
        {"virtio-blk", dt_card_virtio_blk, {.messages = QUEUES + 1, .queues = QUEUES}},
        {"ahci", dt_card_ahci, {.messages = 1, .no_logs = true}}};

    if (!disk.cfg->device)
        return true;
    cfg->memory = dt_bus_memory(false);
    cfg->perf_flags_off = PERF_NO_SGL;
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        if (strcmp(disk.cfg->device, models[i].name) != 0)
            continue;
        dt_disk *d = make_disk();

        disk.card = cfg->device = d ? models[i].make(d, &models[i].options) : NULL;
        return disk.card != NULL;
    }
    say("device: '%s' is not hba, virtio-blk or ahci", disk.cfg->device);
    return false;
}

/* Physical units may need a while to show themselves. */
static bool wait_for_unit(void)
{
    struct dt_stor_unit u;

    for (unsigned ms = 0; ms < SETTLE_MS && !dt_stor_unit(disk.stor, 0, &u); ms += 50)
        dt_run_for(DT_MS(50));
    return find_unit();
}

static bool start_adapter(dt_driver *driver)
{
    char                  argument[ARGUMENT_BYTES];
    dt_status             status;
    struct dt_stor_config cfg = {.argument = argument};

    snprintf(argument, sizeof argument, "size=%llu %s", (unsigned long long)disk.cfg->bytes,
        disk.cfg->argument ? disk.cfg->argument : "");
    if (!make_card(&cfg))
        return false;
    disk.stor = dt_stor_start(driver, &cfg, &status);
    if (!disk.stor)
        say("the adapter did not start: status 0x%08x", (unsigned)status);
    return disk.stor && wait_for_unit();
}

static void body(void *ctx)
{
    dt_driver_entry *entry = ctx;
    dt_status        status;
    dt_driver       *driver = dt_driver_load_status(entry, &status);

    if (!driver) {
        say("DriverEntry failed with status 0x%08x", (unsigned)status);
        return;
    }
    KeInitializeEvent(&disk.stop, NotificationEvent, FALSE);
    if (start_adapter(driver)) {
        set_life(LIFE_UP);
        inject();
        dt_stor_flush(disk.stor, 0);
    }
    if (disk.stor)
        dt_stor_remove(disk.stor);
    if (disk.card)
        dt_card_remove(disk.card);
    dt_driver_unload(driver);
}

/* One letter for who waits (`duetime disk`). */
static void tell_status(char c)
{
    if (disk.cfg->status_fd >= 0 && write(disk.cfg->status_fd, &c, 1) != 1)
        perror("duetime: status");
}

static bool has_finding(void)
{
    return disk.run_error == 0 && (disk.result.verdict == DT_FINDING || disk.result.warnings);
}

static void *machine_main(void *entry)
{
    struct dt_config cfg = {
        .processors = disk.cfg->processors, .faithful = disk.cfg->faithful, .brief = disk.cfg->faithful};

    disk.run_error = dt_run(&cfg, body, entry, &disk.result);
    if (disk.run_error == 0 && disk.result.verdict == DT_FINDING) {
        tell_status('f');
        fflush(NULL);
        _exit(1); /* threads of nbdkit's are inside the machine that stands still */
    }
    set_life(LIFE_DOWN);
    return NULL;
}

static void leave_machine(void *attached)
{
    (void)attached;
    dt_detach();
}

static bool open_image(void **entry)
{
    char error[200];

    /* The miniport's NT names are looked up among what is global; nbdkit opens plug-ins for themselves. */
    if (!dlopen(DUETIME_LIB_RT, RTLD_NOW | RTLD_NOLOAD | RTLD_GLOBAL)) {
        say("%s", dlerror());
        return false;
    }
    if (dt_image_open(disk.cfg->driver, &disk.image, error, sizeof error) != 0) {
        say("%s", error);
        return false;
    }
    *entry = dt_image_symbol(disk.image, "DriverEntry");
    if (!*entry)
        say("%s: no DriverEntry: is it a driver?", disk.cfg->driver);
    return *entry != NULL;
}

static bool run_until_up(void *entry)
{
    int e = pthread_key_create(&disk.attached, leave_machine);

    if (e == 0)
        e = pthread_create(&disk.thread, NULL, machine_main, entry);
    if (e != 0) {
        say("cannot start a thread: %s", strerror(e));
        return false;
    }
    pthread_mutex_lock(&disk.lock);
    while (disk.life == LIFE_STARTING)
        pthread_cond_wait(&disk.changed, &disk.lock);
    bool up = disk.life == LIFE_UP;

    pthread_mutex_unlock(&disk.lock);
    if (!up)
        pthread_join(disk.thread, NULL);
    return up;
}

bool disk_start(const struct disk_config *cfg, char *error, unsigned error_size)
{
    void *entry;

    disk.cfg = cfg;
    bool up = parse_faults(cfg->faults) && open_image(&entry) && run_until_up(entry);

    if (!up) {
        snprintf(error, error_size, "%s", disk.error_text[0] ? disk.error_text : "the machine did not start");
        tell_status(has_finding() ? 'f' : 'e');
    } else {
        tell_status('u');
    }
    return up;
}

/* ---- requests ---- */

/* Of the calling thread, until it ends. */
static bool enter_machine(void)
{
    static __thread bool inside;

    if (!inside && dt_attach(-1) == 0)
        inside = pthread_setspecific(disk.attached, &disk) == 0;
    return inside;
}

void disk_stop(void)
{
    if (disk.life != LIFE_UP)
        return;
    if (dt_attach(-1) == 0) {
        KeSetEvent(&disk.stop, IO_NO_INCREMENT, FALSE);
        dt_detach();
    }
    pthread_join(disk.thread, NULL);
    tell_status(has_finding() ? 'f' : 'p');
}

const struct disk_info *disk_info(void)
{
    return &disk.info;
}

static UCHAR sense_key(const struct dt_stor_request *r)
{
    return r->sense_bytes > 2 ? r->sense[2] & 0xf : 0;
}

/* An error that says nothing of itself may be one too. */
static bool is_passing(const struct dt_stor_request *r)
{
    UCHAR key = sense_key(r);

    switch (SRB_STATUS(r->srb_status)) {
    case SRB_STATUS_TIMEOUT:
    case SRB_STATUS_COMMAND_TIMEOUT:
    case SRB_STATUS_SELECTION_TIMEOUT:
    case SRB_STATUS_BUS_RESET:
    case SRB_STATUS_ABORTED:
    case SRB_STATUS_BUSY:
    case SRB_STATUS_REQUEST_FLUSHED:
    case SRB_STATUS_PARITY_ERROR:
        return true;
    case SRB_STATUS_ERROR:
        return key == SCSI_SENSE_NO_SENSE || key == SCSI_SENSE_UNIT_ATTENTION || key == SCSI_SENSE_NOT_READY ||
               key == SCSI_SENSE_ABORTED_COMMAND;
    default:
        return false;
    }
}

/* nbdkit makes EINVAL of what the protocol does not know, ETIMEDOUT among it: a time-out is EIO. */
static int errno_of_sense(const struct dt_stor_request *r, bool write)
{
    UCHAR key = sense_key(r);
    UCHAR asc = r->sense_bytes > 13 ? r->sense[12] : 0;

    if (key == SCSI_SENSE_ILLEGAL_REQUEST && asc == SCSI_ADSENSE_ILLEGAL_BLOCK)
        return write ? ENOSPC : EIO;
    if (key == SCSI_SENSE_DATA_PROTECT)
        return asc == 0x27 && r->sense[13] == 0x07 ? ENOSPC : EROFS;
    return EIO;
}

static int errno_of(const struct dt_stor_request *r, bool write)
{
    switch (SRB_STATUS(r->srb_status)) {
    case SRB_STATUS_SUCCESS:
        return 0;
    case SRB_STATUS_ERROR:
        return errno_of_sense(r, write);
    case SRB_STATUS_NO_DEVICE:
    case SRB_STATUS_NO_HBA:
        return ESHUTDOWN;
    case SRB_STATUS_INVALID_REQUEST:
        return EINVAL;
    case SRB_STATUS_INSUFFICIENT_RESOURCES:
        return ENOMEM;
    default:
        return EIO;
    }
}

/* A fresh copy each time: the answer overwrites. */
static int run(const struct dt_stor_request *request, bool write)
{
    struct dt_stor_request r;
    unsigned               tries = 0;

    do {
        r = *request;
        dt_stor_run(disk.stor, &r);
    } while (is_passing(&r) && tries++ < RETRIES);
    return errno_of(&r, write);
}

static bool is_aligned(uint64_t count, uint64_t offset)
{
    return count % disk.info.block_bytes == 0 && offset % disk.info.block_bytes == 0;
}

static int transfer(bool write, uint8_t *buf, uint64_t count, uint64_t offset, bool fua)
{
    enum { FUA = 8 };
    uint32_t block = disk.info.block_bytes;
    int      e = 0;

    if (!is_aligned(count, offset))
        return EINVAL;
    if (!enter_machine())
        return ESHUTDOWN;
    while (count && e == 0) {
        uint32_t               part = count < disk.info.max_transfer ? (uint32_t)count : disk.info.max_transfer;
        struct dt_stor_request r = {.flags = SRB_FLAGS_NO_QUEUE_FREEZE, .timeout_s = disk.cfg->timeout_s};

        dt_stor_cdb(&r, write, 0, offset / block, buf, part / block, block);
        r.cdb[1] |= fua ? FUA : 0;
        e = run(&r, write);
        buf += part;
        count -= part;
        offset += part;
    }
    return e;
}

int disk_read(void *buf, uint32_t count, uint64_t offset)
{
    return transfer(false, buf, count, offset, false);
}

int disk_write(const void *buf, uint32_t count, uint64_t offset, bool fua)
{
    return transfer(true, (void *)buf, count, offset, fua);
}

int disk_flush(void)
{
    struct dt_stor_request r = {.cdb_bytes = 10, .cdb = {SCSIOP_SYNCHRONIZE_CACHE}, .flags = SRB_FLAGS_NO_QUEUE_FREEZE};

    return enter_machine() ? run(&r, true) : ESHUTDOWN;
}

static int unmap(uint64_t block, uint32_t blocks)
{
    uint8_t                list[DT_STOR_UNMAP_BYTES];
    struct dt_stor_request r = {.flags = SRB_FLAGS_NO_QUEUE_FREEZE, .timeout_s = disk.cfg->timeout_s};

    dt_stor_cdb_unmap(&r, 0, block, blocks, list);
    return run(&r, true);
}

int disk_trim(uint64_t count, uint64_t offset)
{
    uint32_t block = disk.info.block_bytes;

    int e = 0;

    if (!is_aligned(count, offset))
        return EINVAL;
    if (!enter_machine())
        return ESHUTDOWN;
    for (uint64_t n, at = offset / block, left = count / block; left && e == 0; at += n, left -= n) {
        n = left < TRIM_BLOCKS ? left : TRIM_BLOCKS;
        e = unmap(at, (uint32_t)n);
    }
    return e;
}
