/* SPDX-License-Identifier: MIT */
/*
 * tests/sp/stor.h - a small miniport for tests, and the bodies' way to it.
 *
 * A test fills a struct mini (all zero: a virtual miniport whose requests complete in HwStorStartIo), calls go() in its body,
 * and over() at the end. What a routine of the miniport is to do the test says by its own; without one the default is done.
 * Units are not scanned for unless mini.scan is set: then it answers as a disk of BLOCKS blocks in its extension.
 */
#pragma once

#include "machine.h"

#include "ddk/scsi.h"
#include "ddk/storport.h"
#include "duetime/storport.h"

enum { BLOCKS = 16, BLOCK_BYTES = 512, HELD_MAX = 64 };

struct mini_ext {
    ULONG         magic;
    ULONG         requests, builds, timers, interrupts, resets, dpcs, stops; /* calls so far */
    volatile LONG inside, inside_max, in_timer; /* in HwStorStartIo now; at most; in HwStorTimer */
    STOR_DPC      dpc[2];
    PVOID         timer[2];
    PVOID         held[HELD_MAX]; /* requests that the test keeps */
    volatile LONG n_held;
    volatile LONG word[8]; /* for the test */
    KSPIN_LOCK    lock;    /* of what the test itself shares */
    UCHAR         disk[BLOCKS * BLOCK_BYTES];
};

struct mini {
    bool                  physical, half_duplex, extended, scan, no_build, restart;
    unsigned              channels;   /* applied in HwStorInitialize */
    unsigned              perf_flags; /* and these STOR_PERF_ flags */
    bool                  query_only; /* asks for channels, does not apply */
    bool                  msi, per_message;
    unsigned              luns; /* scan: units of target 0; 0 = 1 */
    ULONG                 hold_us, ext_bytes;
    struct dt_stor_config cfg;

    void (*find)(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c);
    bool (*initialize)(struct mini_ext *e);
    bool (*passive)(struct mini_ext *e);
    bool (*build)(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb);
    bool (*start)(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb);
    bool (*isr)(struct mini_ext *e);
    bool (*message)(struct mini_ext *e, ULONG id);
    bool (*reset)(struct mini_ext *e, ULONG path);
    void (*control)(struct mini_ext *e, SCSI_ADAPTER_CONTROL_TYPE type);
    void (*freed)(struct mini_ext *e);
    void (*data)(PHW_INITIALIZATION_DATA hw); /* the last word on it, in DriverEntry */
};

static struct mini mini; /* of the run under way */
static dt_driver  *mini_drv;
static dt_stor    *mini_stor; /* the latest adapter that was started; NULL in DriverEntry and HwStorFindAdapter */

/* ---- requests, in both layouts ---- */

static inline void complete(void *ext, void *srb, UCHAR status)
{
    ((PSCSI_REQUEST_BLOCK)srb)->SrbStatus = status;
    StorPortNotification(RequestComplete, ext, srb);
}

static inline PSTORAGE_REQUEST_BLOCK mini_extended(PSCSI_REQUEST_BLOCK srb)
{
    return srb->Function == SRB_FUNCTION_STORAGE_REQUEST_BLOCK ? (PSTORAGE_REQUEST_BLOCK)srb : NULL;
}

static inline UCHAR mini_function(PSCSI_REQUEST_BLOCK srb)
{
    PSTORAGE_REQUEST_BLOCK x = mini_extended(srb);

    return x ? (UCHAR)x->SrbFunction : srb->Function;
}

static inline UCHAR mini_lun(PSCSI_REQUEST_BLOCK srb)
{
    PSTORAGE_REQUEST_BLOCK x = mini_extended(srb);

    return x ? ((PSTOR_ADDR_BTL8)((char *)x + x->AddressOffset))->Lun : srb->Lun;
}

static inline UCHAR mini_target(PSCSI_REQUEST_BLOCK srb)
{
    PSTORAGE_REQUEST_BLOCK x = mini_extended(srb);

    return x ? ((PSTOR_ADDR_BTL8)((char *)x + x->AddressOffset))->Target : srb->TargetId;
}

static inline PUCHAR mini_cdb(PSCSI_REQUEST_BLOCK srb)
{
    PSTORAGE_REQUEST_BLOCK x = mini_extended(srb);

    return x ? ((PSRBEX_DATA_SCSI_CDB16)((char *)x + x->SrbExDataOffset[0]))->Cdb : srb->Cdb;
}

static inline PUCHAR mini_data(PSCSI_REQUEST_BLOCK srb)
{
    PSTORAGE_REQUEST_BLOCK x = mini_extended(srb);

    return x ? x->DataBuffer : srb->DataBuffer;
}

static inline PULONG mini_length(PSCSI_REQUEST_BLOCK srb)
{
    PSTORAGE_REQUEST_BLOCK x = mini_extended(srb);

    return x ? &x->DataTransferLength : &srb->DataTransferLength;
}

/* ---- a disk ---- */

/* Changed while a scan may be under way. */
static inline void mini_units_set(unsigned n)
{
    __atomic_store_n(&mini.luns, n, __ATOMIC_RELEASE);
}

static inline unsigned mini_units(void)
{
    unsigned n = __atomic_load_n(&mini.luns, __ATOMIC_ACQUIRE);

    return n ? n : 1;
}

static inline ULONG be32(const UCHAR *p)
{
    return (ULONG)p[0] << 24 | (ULONG)p[1] << 16 | (ULONG)p[2] << 8 | p[3];
}

static inline UCHAR mini_sense(PSCSI_REQUEST_BLOCK srb, UCHAR key, UCHAR code)
{
    PSTORAGE_REQUEST_BLOCK x = mini_extended(srb);
    PSRBEX_DATA_SCSI_CDB16 d = x ? (PSRBEX_DATA_SCSI_CDB16)((char *)x + x->SrbExDataOffset[0]) : NULL;
    PUCHAR                 sense = d ? d->SenseInfoBuffer : srb->SenseInfoBuffer;

    memset(sense, 0, 18);
    sense[0] = 0x70;
    sense[2] = key;
    sense[7] = 10;
    sense[12] = code;
    *(d ? &d->SenseInfoBufferLength : &srb->SenseInfoBufferLength) = 18;
    *(d ? &d->ScsiStatus : &srb->ScsiStatus) = SCSISTAT_CHECK_CONDITION;
    return SRB_STATUS_ERROR | SRB_STATUS_AUTOSENSE_VALID;
}

static inline UCHAR mini_answer(PSCSI_REQUEST_BLOCK srb, const UCHAR *from, ULONG bytes)
{
    ULONG n = bytes < *mini_length(srb) ? bytes : *mini_length(srb);
    bool  less = n < *mini_length(srb);

    memcpy(mini_data(srb), from, n);
    *mini_length(srb) = n;
    return less ? SRB_STATUS_DATA_OVERRUN : SRB_STATUS_SUCCESS;
}

static inline UCHAR mini_inquiry(PSCSI_REQUEST_BLOCK srb, const UCHAR *cdb)
{
    UCHAR standard[36] = {0, 0, 6, 2, 31}, pages[8] = {0, 0, 0, 4, 0, 0x80, 0x83, 0xb2};
    UCHAR serial[8] = {0, 0x80, 0, 4, '4', '7', '1', '1'}, id[4] = {0, 0x83, 0, 0}, thin[8] = {0, 0xb2, 0, 4, 0, 0x80};

    memcpy(standard + 8, "Duetime Mini disk       1.0 ", 28);
    if (!(cdb[1] & 1))
        return mini_answer(srb, standard, sizeof standard);
    switch (cdb[2]) {
    case 0x00:
        return mini_answer(srb, pages, sizeof pages);
    case 0x80:
        return mini_answer(srb, serial, sizeof serial);
    case 0x83:
        return mini_answer(srb, id, sizeof id);
    case 0xb2:
        return mini_answer(srb, thin, sizeof thin);
    }
    return mini_sense(srb, 5, 0x24);
}

static inline UCHAR mini_luns(PSCSI_REQUEST_BLOCK srb)
{
    UCHAR    list[8 + 8 * 8] = {0};
    unsigned n = mini_units();

    list[3] = (UCHAR)(8 * n);
    for (unsigned i = 0; i < n; i++)
        list[8 + 8 * i + 1] = (UCHAR)i;
    return mini_answer(srb, list, 8 + 8 * n);
}

static inline UCHAR mini_transfer(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb, const UCHAR *cdb)
{
    ULONG block = be32(cdb + 6), n = be32(cdb + 10);

    if (be32(cdb + 2) || block + n > BLOCKS)
        return mini_sense(srb, 5, 0x21);
    if (cdb[0] == SCSIOP_READ16)
        memcpy(mini_data(srb), e->disk + block * BLOCK_BYTES, n * BLOCK_BYTES);
    else
        memcpy(e->disk + block * BLOCK_BYTES, mini_data(srb), n * BLOCK_BYTES);
    return SRB_STATUS_SUCCESS;
}

static inline UCHAR mini_command(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    static const UCHAR capacity[32] = {[7] = BLOCKS - 1, [10] = BLOCK_BYTES >> 8};
    static const UCHAR mode[24] = {23, 0, 0x10, 0, 0x08, 0x12, 0x04};
    const UCHAR       *cdb = mini_cdb(srb);

    if (mini_target(srb) != 0 || mini_lun(srb) >= mini_units())
        return SRB_STATUS_NO_DEVICE;
    switch (cdb[0]) {
    case SCSIOP_TEST_UNIT_READY:
    case SCSIOP_SYNCHRONIZE_CACHE:
    case SCSIOP_UNMAP:
        return SRB_STATUS_SUCCESS;
    case SCSIOP_REPORT_LUNS:
        return mini_luns(srb);
    case SCSIOP_INQUIRY:
        return mini_inquiry(srb, cdb);
    case SCSIOP_READ_CAPACITY16:
        return mini_answer(srb, capacity, sizeof capacity);
    case SCSIOP_MODE_SENSE:
        return mini_answer(srb, mode, sizeof mode);
    case SCSIOP_READ16:
    case SCSIOP_WRITE16:
        return mini_transfer(e, srb, cdb);
    }
    return mini_sense(srb, 5, 0x20);
}

/* What the default HwStorStartIo does; a test's may call it too. */
static inline bool mini_execute(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    UCHAR status = SRB_STATUS_SUCCESS;

    if (mini_function(srb) == SRB_FUNCTION_EXECUTE_SCSI && mini.scan)
        status = mini_command(e, srb);
    complete(e, srb, status);
    return true;
}

/* Keeps the request for later: mini_release() completes the oldest that is kept. */
static inline bool mini_hold(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    LONG n = InterlockedIncrement(&e->n_held) - 1;

    __atomic_store_n(&e->held[n % HELD_MAX], srb, __ATOMIC_RELEASE);
    return true;
}

/* It is counted before it is there: somebody may be in between on the real-time machine. */
static inline void *mini_held(struct mini_ext *e, LONG i)
{
    void *srb;

    while (!(srb = __atomic_exchange_n(&e->held[i], NULL, __ATOMIC_ACQ_REL)))
        YieldProcessor();
    return srb;
}

/* ---- routines of the miniport ---- */

static inline void mini_perf(struct mini_ext *e)
{
    PERF_CONFIGURATION_DATA d = {.Version = STOR_PERF_VERSION, .Size = sizeof d};

    if (!mini.channels && !mini.perf_flags)
        return;
    dt_expect_eq(StorPortInitializePerfOpts(e, TRUE, &d), STOR_STATUS_SUCCESS);
    if (mini.query_only)
        return;
    d.Flags = mini.perf_flags | (mini.channels ? STOR_PERF_CONCURRENT_CHANNELS : 0);
    d.ConcurrentChannels = mini.channels;
    dt_expect_eq(StorPortInitializePerfOpts(e, FALSE, &d), STOR_STATUS_SUCCESS);
}

static inline BOOLEAN mini_passive(PVOID ext)
{
    return mini.passive ? mini.passive(ext) : TRUE;
}

static inline BOOLEAN mini_initialize(PVOID ext)
{
    struct mini_ext *e = ext;

    mini_perf(e);
    if (mini.passive)
        dt_expect(StorPortEnablePassiveInitialization(e, mini_passive));
    return mini.initialize ? mini.initialize(e) : TRUE;
}

static inline BOOLEAN mini_build(PVOID ext, PSCSI_REQUEST_BLOCK srb)
{
    struct mini_ext *e = ext;

    return mini.build && mini_function(srb) == SRB_FUNCTION_EXECUTE_SCSI ? mini.build(e, srb) : TRUE;
}

static inline BOOLEAN mini_start(PVOID ext, PSCSI_REQUEST_BLOCK srb)
{
    struct mini_ext *e = ext;

    return mini.start && mini_function(srb) == SRB_FUNCTION_EXECUTE_SCSI ? mini.start(e, srb) : mini_execute(e, srb);
}

static inline BOOLEAN mini_interrupt(PVOID ext)
{
    struct mini_ext *e = ext;

    return mini.isr ? mini.isr(e) : TRUE;
}

static inline BOOLEAN mini_message(PVOID ext, ULONG id)
{
    struct mini_ext *e = ext;

    return mini.message ? mini.message(e, id) : TRUE;
}

static inline BOOLEAN mini_reset(PVOID ext, ULONG path)
{
    struct mini_ext *e = ext;

    e->resets++;
    return mini.reset ? mini.reset(e, path) : TRUE;
}

static inline SCSI_ADAPTER_CONTROL_STATUS mini_control(PVOID ext, SCSI_ADAPTER_CONTROL_TYPE type, PVOID parameters)
{
    struct mini_ext                  *e = ext;
    PSCSI_SUPPORTED_CONTROL_TYPE_LIST list = parameters;

    if (type == ScsiQuerySupportedControlTypes) {
        list->SupportedTypeList[ScsiQuerySupportedControlTypes] = TRUE;
        list->SupportedTypeList[ScsiStopAdapter] = TRUE;
        list->SupportedTypeList[ScsiRestartAdapter] = TRUE;
    }
    if (type == ScsiStopAdapter)
        e->stops++;
    if (mini.control)
        mini.control(e, type);
    return ScsiAdapterControlSuccess;
}

static inline void mini_free(PVOID ext)
{
    if (mini.freed)
        mini.freed(ext);
}

static inline ULONG mini_found(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c)
{
    c->VirtualDevice = !mini.physical;
    c->SynchronizationModel = mini.half_duplex ? StorSynchronizeHalfDuplex : StorSynchronizeFullDuplex;
    c->MaximumTransferLength = 1 << 20;
    c->NumberOfPhysicalBreaks = 17;
    c->MaximumNumberOfTargets = 1;
    c->MaximumNumberOfLogicalUnits = 8;
    c->BusResetHoldTime = mini.hold_us;
    if (mini.physical)
        c->Dma64BitAddresses = SCSI_DMA64_MINIPORT_FULL64BIT_SUPPORTED;
    if (mini.msi) {
        c->HwMSInterruptRoutine = mini_message;
        c->InterruptSynchronizationMode = mini.per_message ? InterruptSynchronizePerMessage : InterruptSynchronizeAll;
    }
    if (mini.find)
        mini.find(e, c);
    return SP_RETURN_FOUND;
}

static inline ULONG mini_find_virtual(
    PVOID ext, PVOID pdo, PVOID fdo, PVOID lower, PCHAR argument, PPORT_CONFIGURATION_INFORMATION c, PBOOLEAN again)
{
    (void)pdo;
    (void)fdo;
    (void)lower;
    (void)argument;
    (void)again;
    return mini_found(ext, c);
}

static inline ULONG mini_find_physical(
    PVOID ext, PVOID context, PVOID bus, PCHAR argument, PPORT_CONFIGURATION_INFORMATION c, PBOOLEAN again)
{
    (void)context;
    (void)bus;
    (void)argument;
    (void)again;
    return mini_found(ext, c);
}

static inline NTSTATUS mini_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    HW_INITIALIZATION_DATA hw = {.HwInitializationDataSize = sizeof hw,
        .AdapterInterfaceType = mini.physical ? PCIBus : Internal,
        .HwInitialize = mini_initialize,
        .HwStartIo = mini_start,
        .HwInterrupt = mini.physical ? mini_interrupt : NULL,
        .HwFindAdapter = mini.physical ? (PVOID)mini_find_physical : (PVOID)mini_find_virtual,
        .HwResetBus = mini_reset,
        .HwAdapterControl = mini_control,
        .HwBuildIo = mini.physical && !mini.no_build ? mini_build : NULL,
        .HwFreeAdapterResources = mini_free,
        .DeviceExtensionSize = sizeof(struct mini_ext),
        .SrbExtensionSize = mini.ext_bytes,
        .NumberOfAccessRanges = 2,
        .MapBuffers = STOR_MAP_ALL_BUFFERS_INCLUDING_READ_WRITE,
        .NeedPhysicalAddresses = TRUE,
        .TaggedQueuing = TRUE,
        .AutoRequestSense = TRUE,
        .MultipleRequestPerLu = TRUE,
        .FeatureSupport = mini.physical ? 0 : STOR_FEATURE_VIRTUAL_MINIPORT,
        .SrbTypeFlags = mini.extended ? SRB_TYPE_FLAG_STORAGE_REQUEST_BLOCK : SRB_TYPE_FLAG_SCSI_REQUEST_BLOCK,
        .AddressTypeFlags = ADDRESS_TYPE_FLAG_BTL8};

    if (mini.data)
        mini.data(&hw);
    return (NTSTATUS)StorPortInitialize(driver, path, &hw, NULL);
}

/* ---- in bodies ---- */

static inline dt_stor *go(const struct mini *m)
{
    dt_status status = 0;

    mini = *m;
    mini.cfg.no_scan = !m->scan;
    mini_stor = NULL;
    mini_drv = dt_driver_load((dt_driver_entry *)mini_entry);
    dt_expect(mini_drv != NULL);
    mini_stor = dt_stor_start(mini_drv, &mini.cfg, &status);
    dt_expect_eq(status, STATUS_SUCCESS);
    return mini_stor;
}

static inline struct mini_ext *ext_of(dt_stor *s)
{
    return dt_stor_extension(s);
}

/* Completes what the test has kept. IRQL <= DISPATCH_LEVEL. */
static inline void mini_release(struct mini_ext *e, UCHAR status)
{
    LONG n = InterlockedExchange(&e->n_held, 0);

    for (LONG i = 0; i < n; i++)
        complete(e, mini_held(e, i), status);
}

static inline void over(dt_stor *s)
{
    dt_expect_eq(dt_stor_remove(s), STATUS_SUCCESS);
    dt_expect_eq(dt_driver_unload(mini_drv), STATUS_SUCCESS);
}

/* A command without data. */
static inline struct dt_stor_request simple(unsigned lun)
{
    return (struct dt_stor_request){
        .lun = (uint8_t)lun, .cdb_bytes = 6, .cdb = {SCSIOP_TEST_UNIT_READY}, .flags = SRB_FLAGS_NO_QUEUE_FREEZE};
}

static inline uint8_t run_one(dt_stor *s)
{
    struct dt_stor_request r = simple(0);

    return dt_stor_run(s, &r);
}

/* A thread's whole work: one request, to its end. ctx: the adapter. */
static inline void client(void *ctx)
{
    dt_expect_eq(run_one(ctx), SRB_STATUS_SUCCESS);
}

static inline void client_on(dt_stor *s, int processor)
{
    dt_spawn(processor, client, s);
}

/* Time passes until it is so, or for a second, ten of the host's: on some schedules another processor is far behind. */
__attribute__((noinline, unused, no_sanitize("thread"))) static void eventually(volatile const void *word, ULONG value)
{
    volatile const ULONG *w = word;
    unsigned              turns = simulated() ? 100 : 1000;

    for (unsigned i = 0; i < turns && *w != value; i++)
        dt_run_for(DT_MS(10));
    if (!simulated())
        dt_run_until_idle(); /* what the routine has written before can be read */
    dt_expect_eq(*w, value);
}

/* A look at what another processor may be writing. */
__attribute__((noinline, unused, no_sanitize("thread"))) static ULONG peek(volatile const void *word)
{
    return *(volatile const ULONG *)word;
}
