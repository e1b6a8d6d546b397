/* SPDX-License-Identifier: MIT */
/* Virtual miniports: StartIo without locks, completion from anywhere, service IRPs, tracing, the last callback. */
#include "sp/heard.h"

/* ---- HwStorStartIo: STV-008, STV-022 ---- */

static bool overlapped;
static LONG locks_in_start;
static LONG level_in_start;

static bool overlap(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    LONG n = InterlockedIncrement(&e->inside);

    InterlockedOr(&locks_in_start, (LONG)dt_stor_locks_held(mini_stor));
    InterlockedExchange(&level_in_start, KeGetCurrentIrql());
    if (n > 1)
        __atomic_store_n(&overlapped, true, __ATOMIC_RELAXED);
    StorPortNotification(NextRequest, e); /* where another processor may go on */
    if (InterlockedOr(&e->inside, 0) > 1)
        __atomic_store_n(&overlapped, true, __ATOMIC_RELAXED);
    InterlockedDecrement(&e->inside);
    return mini_execute(e, srb);
}

static void overlap_body(void *ctx)
{
    (void)ctx;
    dt_stor *s = begin(&(struct mini){.start = overlap});

    client_on(s, 1);
    dt_expect_eq(run_one(s), SRB_STATUS_SUCCESS);
    dt_join_all();
    dt_expect_eq(locks_in_start, 0);
    over(s);
}

static void at_the_callers_level(void *ctx)
{
    KIRQL                  old;
    struct dt_stor_request r = simple(0);

    (void)ctx;
    dt_stor *s = begin(&(struct mini){.start = overlap});

    run_one(s);
    dt_expect_eq(level_in_start, PASSIVE_LEVEL);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dt_stor_io *o = dt_stor_submit(s, &r);

    dt_expect_eq(level_in_start, DISPATCH_LEVEL);
    KeLowerIrql(old);
    dt_stor_finish(o);
    over(s);
}

static bool lock_in_start(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    STOR_LOCK_HANDLE h = {0};

    StorPortAcquireSpinLock(e, StartIoLock, NULL, &h);
    dt_expect_eq(dt_stor_locks_held(mini_stor), DT_STOR_LOCK_STARTIO);
    StorPortReleaseSpinLock(e, &h);
    return mini_execute(e, srb);
}

static void lock_body(void *ctx)
{
    (void)ctx;
    dt_stor *s = begin(&(struct mini){.start = lock_in_start});

    client_on(s, 1);
    dt_expect_eq(run_one(s), SRB_STATUS_SUCCESS);
    dt_join_all();
    over(s);
}

static void start_io(void **state)
{
    (void)state;
    passes(overlap_body);
    reached(overlap_body, 2, &overlapped);
    passes(at_the_callers_level);
    passes(lock_body);
    always(lock_body, 1);
}

/* ---- later, from anywhere: STV-011, STV-020 ---- */

static PVOID  later_srb;
static KDPC   later_dpc;
static KTIMER later_timer;

static void finish_later(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc;
    (void)a;
    (void)b;
    complete(context, later_srb, SRB_STATUS_SUCCESS);
}

static bool by_timer(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    later_srb = srb;
    KeInitializeDpc(&later_dpc, finish_later, e);
    KeInitializeTimer(&later_timer);
    KeSetTimer(&later_timer, in_ms(2), &later_dpc);
    return true;
}

static bool by_dpc(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    later_srb = srb;
    KeInitializeDpc(&later_dpc, finish_later, e);
    KeInsertQueueDpc(&later_dpc, NULL, NULL);
    return true;
}

static PVOID later_thread;

static VOID thread_routine(PVOID context)
{
    complete(context, later_srb, SRB_STATUS_SUCCESS);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static bool by_thread(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    HANDLE h;

    later_srb = srb;
    dt_expect_eq(PsCreateSystemThread(&h, 0, NULL, NULL, NULL, thread_routine, e), STATUS_SUCCESS);
    dt_expect_eq(
        ObReferenceObjectByHandle(h, THREAD_ALL_ACCESS, NULL, KernelMode, &later_thread, NULL), STATUS_SUCCESS);
    ZwClose(h);
    return true;
}

static void later_body(void *ctx)
{
    (void)ctx;
    for (int i = 0; i < 3; i++) {
        dt_stor *s = begin(&(struct mini){.start = i == 0 ? by_timer : i == 1 ? by_dpc : by_thread});

        dt_expect_eq(run_one(s), SRB_STATUS_SUCCESS);
        if (i == 2) {
            wait_for(later_thread); /* before its code is unloaded */
            ObDereferenceObject(later_thread);
        }
        over(s);
    }
}

/* As WinSpd does: were StartIo called from inside RequestComplete, it would take the lock that its processor holds. */
static bool under_own_lock(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    KIRQL old;

    KeAcquireSpinLock(&e->lock, &old);
    complete(e, srb, SRB_STATUS_SUCCESS);
    KeReleaseSpinLock(&e->lock, old);
    return true;
}

static void set_depth(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c)
{
    KeInitializeSpinLock(&e->lock);
    c->InitialLunQueueDepth = 1; /* the second waits for the first's completion */
}

static void own_lock_body(void *ctx)
{
    (void)ctx;
    dt_stor *s = begin(&(struct mini){.start = under_own_lock, .find = set_depth});

    send_many(s, 0, 3);
    end(s);
}

static void later(void **state)
{
    (void)state;
    passes(later_body);
    passes(own_lock_body);
    always(own_lock_body, 1);
}

/* ---- FALSE: STV-012 ---- */

static bool say_false(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    keep(e, srb);
    return false;
}

static bool false_is_pending;

static void false_body(void *ctx)
{
    (void)ctx;
    dt_stor *s = begin(&(struct mini){.start = say_false, .cfg.start_false_pending = false_is_pending});

    send(s, 0);
    end(s);
}

static bool say_false_when_done(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    mini_execute(e, srb);
    return false;
}

static void false_done_body(void *ctx)
{
    (void)ctx;
    dt_stor *s = begin(&(struct mini){.start = say_false_when_done});

    dt_expect_eq(run_one(s), SRB_STATUS_SUCCESS);
    over(s);
}

static void false_from_start(void **state)
{
    (void)state;
    false_is_pending = false;
    caught(false_body, "DT-S10", 0);
    false_is_pending = true;
    passes(false_body);
    passes(false_done_body);
}

/* ---- service requests: STV-013, STV-014 ---- */

static PVOID    service_irps[4];
static unsigned n_services, completed_at_end;
static bool     completes_at_end, service_at_once;
static KIRQL    service_irql;

static void answer(PVOID ext, PVOID irp, NTSTATUS status)
{
    ((PIRP)irp)->IoStatus.Status = status;
    ((PIRP)irp)->IoStatus.Information = 0;
    dt_expect_eq(StorPortCompleteServiceIrp(ext, irp), STOR_STATUS_SUCCESS);
}

static VOID process_service(PVOID ext, PVOID irp)
{
    service_irql = KeGetCurrentIrql();
    dt_expect_eq(dt_stor_locks_held(mini_stor), 0);
    if (service_at_once)
        answer(ext, irp, STATUS_SUCCESS);
    else
        service_irps[n_services++] = irp;
}

static VOID complete_services(PVOID ext)
{
    dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL);
    dt_expect_eq(dt_stor_locks_held(mini_stor), 0);
    for (unsigned i = 0; completes_at_end && i < n_services; i++, completed_at_end++)
        answer(ext, service_irps[i], STATUS_CANCELLED);
}

static void take_services(PHW_INITIALIZATION_DATA hw)
{
    hw->HwProcessServiceRequest = process_service;
    hw->HwCompleteServiceIrp = complete_services;
}

static dt_stor *begin_services(void)
{
    n_services = completed_at_end = 0;
    service_at_once = false;
    return begin(&(struct mini){.data = take_services});
}

static void service_body(void *ctx)
{
    char      text[16] = "hello";
    dt_status status;

    (void)ctx;
    completes_at_end = true;
    dt_stor         *s = begin_services();
    dt_stor_service *v = dt_stor_service_send(s, text, sizeof text, &status);

    dt_expect_eq(status, STATUS_PENDING);
    dt_expect_eq(service_irql, PASSIVE_LEVEL);
    dt_expect_eq(n_services, 1);
    dt_expect(strcmp(((PIRP)service_irps[0])->AssociatedIrp.SystemBuffer, "hello") == 0);
    n_services = 0;
    answer(ext_of(s), service_irps[0], STATUS_SUCCESS);
    dt_expect_eq(dt_stor_service_wait(v), STATUS_SUCCESS);
    service_at_once = true;
    v = dt_stor_service_send(s, text, sizeof text, &status);
    dt_expect_eq(status, STATUS_PENDING);
    dt_expect_eq(dt_stor_service_wait(v), STATUS_SUCCESS);
    dt_expect_eq(StorPortCompleteServiceIrp(ext_of(s), NULL), STOR_STATUS_INVALID_PARAMETER);
    over(s);
}

static void at_removal(void *ctx)
{
    char text[16] = "";

    (void)ctx;
    dt_stor         *s = begin_services();
    dt_stor_service *v = dt_stor_service_send(s, text, sizeof text, NULL);

    over(s);
    dt_expect_eq(completed_at_end, 1);
    dt_expect_eq(dt_stor_service_wait(v), STATUS_CANCELLED);
}

static void twice(void *ctx)
{
    char text[16] = "";

    (void)ctx;
    dt_stor         *s = begin_services();
    dt_stor_service *v = dt_stor_service_send(s, text, sizeof text, NULL);
    PVOID            irp = service_irps[0];

    answer(ext_of(s), irp, STATUS_SUCCESS);
    StorPortCompleteServiceIrp(ext_of(s), irp);
    dt_stor_service_wait(v);
    over(s);
}

static void services(void **state)
{
    (void)state;
    passes(service_body);
    completes_at_end = true;
    passes(at_removal);
    completes_at_end = false;
    caught(at_removal, "DT-S10", 0);
    caught(twice, "DT-S08", ANY_CODE);
}

/* ---- the last callback: STV-015 ---- */

static KIRQL freed_irql;
static bool  frees_timer;

static void at_end(struct mini_ext *e)
{
    freed_irql = KeGetCurrentIrql();
    if (frees_timer)
        dt_expect_eq(StorPortFreeTimer(e, e->timer[0]), STOR_STATUS_SUCCESS);
}

static bool make_timer(struct mini_ext *e)
{
    dt_expect_eq(StorPortInitializeTimer(e, &e->timer[0]), STOR_STATUS_SUCCESS);
    return true;
}

static void alive_timer(void *ctx)
{
    (void)ctx;
    over(begin(&(struct mini){.initialize = make_timer, .freed = at_end}));
    dt_expect_eq(freed_irql, PASSIVE_LEVEL);
}

static VOID never_called(PVOID e)
{
    (void)e;
    dt_expect(!"called after HwFreeAdapterResources");
}

/* Never called, whether it is a finding or not. */
static void armed_timer(void *ctx)
{
    dt_stor *s = begin(&(struct mini){.cfg.timer_may_stay = ctx == NULL});

    StorPortNotification(RequestTimerCall, ext_of(s), never_called, 3000000u);
    over(s);
    if (simulated())
        sleep_ms(10000);
}

static void armed_timer_told(void *ctx)
{
    (void)ctx;
    armed_timer(&freed_irql);
}

static void lost_request(void *ctx)
{
    (void)ctx;
    dt_stor *s = begin(&(struct mini){.start = keep, .cfg.no_timeouts = true});

    send(s, 0);
    over(s);
}

static void last_callback(void **state)
{
    (void)state;
    frees_timer = false;
    caught(alive_timer, "DT-S03", ANY_CODE);
    frees_timer = true;
    passes(alive_timer);
    caught(armed_timer_told, "DT-S03", ANY_CODE);
    passes(armed_timer);
    if (simulated())
        caught(lost_request, "DT-S10", ANY_CODE);
}

/* ---- tracing: STV-016 ---- */

static PVOID tracing_args[3];
static int   tracing_state;

static VOID begin_tracing(PVOID driver, PVOID path)
{
    dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL);
    tracing_args[0] = driver;
    tracing_args[1] = path;
    tracing_state = 1;
}

static VOID end_tracing(PVOID driver)
{
    dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL);
    tracing_args[2] = driver;
    tracing_state = 2;
}

static volatile LONG tracing_enabled;

static VOID enable_tracing(PVOID ext, BOOLEAN enabled)
{
    dt_expect(ext == (PVOID)ext_of(mini_stor));
    tracing_enabled = enabled;
}

static void take_tracing(PHW_INITIALIZATION_DATA hw)
{
    hw->HwInitializeTracing = begin_tracing;
    hw->HwCleanupTracing = end_tracing;
    hw->HwTracingEnabled = enable_tracing;
}

static PDRIVER_OBJECT  entry_driver;
static PUNICODE_STRING entry_path;

static NTSTATUS remember_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    entry_driver = driver;
    entry_path = path;
    return mini_entry(driver, path);
}

static void tracing_first(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c)
{
    (void)e;
    (void)c;
    dt_expect_eq(tracing_state, 1);
}

static void tracing_body(void *ctx)
{
    (void)ctx;
    tracing_state = 0;
    mini = (struct mini){.data = take_tracing, .find = tracing_first};
    mini_drv = dt_driver_load((dt_driver_entry *)remember_entry);
    mini.cfg.no_scan = true;
    mini_stor = dt_stor_start(mini_drv, &mini.cfg, NULL);
    dt_expect(tracing_args[0] == (PVOID)entry_driver && tracing_args[1] == (PVOID)entry_path);
    dt_stor_tracing(mini_stor, true);
    dt_expect_eq(tracing_enabled, TRUE);
    dt_expect_eq(dt_stor_remove(mini_stor), STATUS_SUCCESS);
    dt_expect_eq(tracing_state, 1);
    dt_expect_eq(dt_driver_unload(mini_drv), STATUS_SUCCESS);
    dt_expect_eq(tracing_state, 2);
    dt_expect(tracing_args[2] == (PVOID)entry_driver);
}

static void tracing(void **state)
{
    (void)state;
    passes(tracing_body);
}

/* ---- dump pointers: STV-017 ---- */

static void dump_body(void *ctx)
{
    (void)ctx;
    control_begin();
    feature_support = STOR_FEATURE_DUMP_POINTERS;
    dt_stor *s = begin_log((struct mini){0});

    n_heard = 0;
    dt_stor_unit_usage(s, 0, 0, 0, ScsiDeviceUsageTypePaging, true);
    dt_expect(!came(OTHER + SRB_FUNCTION_DUMP_POINTERS));
    dt_stor_unit_usage(s, 0, 0, 0, ScsiDeviceUsageTypeDumpFile, true);
    dt_stor_unit_usage(s, 0, 0, 0, ScsiDeviceUsageTypeDumpFile, false);
    dt_expect(place(OTHER + SRB_FUNCTION_DUMP_POINTERS) >= 0);
    dt_expect(find_heard(OTHER + SRB_FUNCTION_DUMP_POINTERS, 0)->parameters);
    dt_expect(place(OTHER + SRB_FUNCTION_FREE_DUMP_POINTERS) > place(OTHER + SRB_FUNCTION_DUMP_POINTERS));
    over(s);
}

static void dump_pointers(void **state)
{
    (void)state;
    passes(dump_body);
}

/* ---- buffers: STV-018, STV-019, STV-026 ---- */

static PVOID system_address;
static bool  sgl_there;

static bool see_buffer(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    PSTOR_SCATTER_GATHER_LIST sgl = StorPortGetScatterGatherList(e, srb);

    system_address = NULL;
    dt_expect_eq(StorPortGetSystemAddress(e, srb, &system_address), STOR_STATUS_SUCCESS);
    sgl_there = sgl != NULL;
    if (sgl) {
        ULONG bytes = 0;

        for (ULONG i = 0; i < sgl->NumberOfElements; i++)
            bytes += sgl->List[i].Length;
        dt_expect_eq(bytes, BLOCK_BYTES);
    }
    return mini_execute(e, srb);
}

static void map_others(PHW_INITIALIZATION_DATA hw)
{
    hw->MapBuffers = STOR_MAP_NON_READ_WRITE_BUFFERS;
}

static void expect_buffer(bool mapped, bool no_sgl)
{
    UCHAR                  buf[BLOCK_BYTES];
    struct dt_stor_request r = {0};
    dt_stor               *s =
        begin(&(struct mini){.start = see_buffer, .data = mapped ? NULL : map_others, .cfg.virtual_no_sgl = no_sgl});

    dt_stor_cdb(&r, false, 0, 0, buf, 1, BLOCK_BYTES);
    dt_expect_eq(dt_stor_run(s, &r), SRB_STATUS_SUCCESS);
    dt_expect(system_address == (PVOID)buf);
    dt_expect_eq(sgl_there, !no_sgl);
    over(s);
}

static void buffers_body(void *ctx)
{
    (void)ctx;
    expect_buffer(true, false);
    expect_buffer(false, false);
    expect_buffer(false, true);
}

static void buffers(void **state)
{
    (void)state;
    passes(buffers_body);
}

/* ---- HwStorTimer beside HwStorStartIo: STV-021 ---- */

static bool timer_met_start;

static VOID meet_start(PVOID ext)
{
    struct mini_ext *e = ext;

    dt_expect_eq(dt_stor_locks_held(mini_stor), DT_STOR_LOCK_STARTIO);
    InterlockedIncrement(&e->in_timer);
    StorPortNotification(NextRequest, e);
    if (InterlockedOr(&e->inside, 0) > 0)
        __atomic_store_n(&timer_met_start, true, __ATOMIC_RELAXED);
    InterlockedDecrement(&e->in_timer);
}

static bool meet_timer(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    InterlockedIncrement(&e->inside);
    StorPortNotification(NextRequest, e);
    if (InterlockedOr(&e->in_timer, 0) > 0)
        __atomic_store_n(&timer_met_start, true, __ATOMIC_RELAXED);
    InterlockedDecrement(&e->inside);
    return mini_execute(e, srb);
}

static void timer_body(void *ctx)
{
    (void)ctx;
    dt_stor *s = begin(&(struct mini){.start = meet_timer});

    StorPortNotification(RequestTimerCall, ext_of(s), meet_start, 1000u);
    client_on(s, 1);
    run_one(s);
    dt_join_all();
    sleep_ms(5);
    over(s);
}

static void timer(void **state)
{
    (void)state;
    passes(timer_body);
    reached(timer_body, 2, &timer_met_start);
}

/* ---- a disk: STV-023 to STV-025 ---- */

static uint8_t command(dt_stor *s, const uint8_t *cdb, uint8_t n, struct dt_stor_request *r, void *buf, uint32_t bytes)
{
    *r = (struct dt_stor_request){.cdb_bytes = n, .data = buf, .bytes = bytes, .flags = SRB_FLAGS_NO_QUEUE_FREEZE};
    memcpy(r->cdb, cdb, n);
    return dt_stor_run(s, r);
}

static void expect_sense(dt_stor *s, const uint8_t *cdb, uint8_t n, uint8_t key, uint8_t code)
{
    struct dt_stor_request r;
    UCHAR                  buf[BLOCK_BYTES];

    dt_expect_eq(command(s, cdb, n, &r, buf, sizeof buf), SRB_STATUS_ERROR);
    dt_expect_eq(r.scsi_status, SCSISTAT_CHECK_CONDITION);
    dt_expect(r.sense_bytes >= 14);
    dt_expect_eq(r.sense[2] & 0xf, key);
    dt_expect_eq(r.sense[12], code);
}

static void disk_body(void *ctx)
{
    static const uint8_t   commands[][16] = {{SCSIOP_TEST_UNIT_READY}, {SCSIOP_REPORT_LUNS}, {SCSIOP_INQUIRY},
          {SCSIOP_INQUIRY, 1, 0x00}, {SCSIOP_INQUIRY, 1, 0x80}, {SCSIOP_INQUIRY, 1, 0x83}, {SCSIOP_INQUIRY, 1, 0xb2},
          {SCSIOP_READ_CAPACITY16, 0x10}, {SCSIOP_READ16, [13] = 1}, {SCSIOP_WRITE16, [13] = 1},
          {SCSIOP_SYNCHRONIZE_CACHE}, {SCSIOP_MODE_SENSE, 0, 8}};
    struct dt_stor_request r;
    UCHAR                  buf[BLOCK_BYTES] = {0};
    struct dt_stor_unit    u;

    (void)ctx;
    dt_stor *s = begin(&(struct mini){.scan = true});

    for (unsigned i = 0; i < ARRAYSIZE(commands); i++) {
        uint8_t status = command(s, commands[i], 16, &r, buf, sizeof buf);

        dt_expect(status == SRB_STATUS_SUCCESS || status == SRB_STATUS_DATA_OVERRUN);
    }
    expect_sense(s, (uint8_t[6]){0xee}, 6, 5, 0x20);
    expect_sense(s, (uint8_t[16]){SCSIOP_READ16, [9] = BLOCKS, [13] = 1}, 16, 5, 0x21);
    dt_expect(dt_stor_unit(s, 0, &u));
    dt_expect(u.ready && u.blocks == BLOCKS && u.write_cache && u.unmap);
    over(s);
}

/* STV-024 */
static volatile LONG told[16];

static void count_told(void *context, struct dt_stor_request *r)
{
    (void)r;
    InterlockedIncrement((volatile LONG *)context);
}

static void functions_body(void *ctx)
{
    static const uint8_t codes[] = {SRB_FUNCTION_IO_CONTROL, SRB_FUNCTION_RESET_LOGICAL_UNIT, SRB_FUNCTION_RESET_DEVICE,
        SRB_FUNCTION_RESET_BUS, SRB_FUNCTION_FLUSH, SRB_FUNCTION_SHUTDOWN, SRB_FUNCTION_PNP, SRB_FUNCTION_WMI};

    (void)ctx;
    control_begin();
    memset((void *)told, 0, sizeof told);
    dt_stor *s = begin_log((struct mini){0});

    for (unsigned i = 0; i < ARRAYSIZE(codes); i++) {
        struct dt_stor_request r = {.function = codes[i], .done = count_told, .context = (void *)&told[i]};

        dt_expect_eq(dt_stor_run(s, &r), SRB_STATUS_SUCCESS);
        dt_expect_eq(told[i], 1);
    }
    over(s);
}

/* STV-025 */
static void hot_plug_body(void *ctx)
{
    (void)ctx;
    control_begin();
    unit_supports[ScsiUnitStart] = unit_supports[ScsiUnitSurpriseRemoval] = true;
    dt_stor *s = begin_log((struct mini){.scan = true, .cfg.no_class = true});

    dt_expect_eq(dt_stor_unit_count(s), 1);
    mini_units_set(3);
    StorPortNotification(BusChangeDetected, ext_of(s), 0);
    for (int i = 0; dt_stor_unit_count(s) != 3 && i < 1000; i++)
        sleep_ms(1);
    dt_expect_eq(dt_stor_unit_count(s), 3);
    mini_units_set(1);
    StorPortNotification(BusChangeDetected, ext_of(s), 0);
    for (int i = 0; dt_stor_unit_count(s) != 1 && i < 1000; i++)
        sleep_ms(1);
    dt_expect_eq(dt_stor_unit_count(s), 1);
    calm(); /* it does not count any more before the miniport is told */
    dt_expect(came(UNIT + ScsiUnitSurpriseRemoval));
    struct dt_stor_request r = simple(2);

    dt_expect_eq(dt_stor_run(s, &r), SRB_STATUS_NO_DEVICE);
    over(s);
}

static void a_disk(void **state)
{
    (void)state;
    passes(disk_body);
    passes(functions_body);
    passes(hot_plug_body);
}

/* ---- hooked dispatch routines: STV-027, STI-005 ---- */

static PDRIVER_DISPATCH port_pnp;
static PDRIVER_UNLOAD   port_unload;
static UCHAR            minors[8];
static volatile LONG    n_minors;
static bool             unloaded;

static NTSTATUS own_pnp(PDEVICE_OBJECT device, PIRP irp)
{
    LONG i = InterlockedIncrement(&n_minors) - 1;

    if (i < (LONG)ARRAYSIZE(minors))
        minors[i] = IoGetCurrentIrpStackLocation(irp)->MinorFunction;
    return port_pnp(device, irp);
}

static VOID own_unload(PDRIVER_OBJECT driver)
{
    unloaded = true;
    port_unload(driver);
}

static NTSTATUS hooking_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    NTSTATUS status = mini_entry(driver, path);

    port_pnp = driver->MajorFunction[IRP_MJ_PNP];
    port_unload = driver->DriverUnload;
    driver->MajorFunction[IRP_MJ_PNP] = own_pnp;
    driver->DriverUnload = own_unload;
    return status;
}

static void hook_body(void *ctx)
{
    (void)ctx;
    n_minors = 0;
    unloaded = false;
    mini = (struct mini){.cfg.no_scan = true};
    mini_drv = dt_driver_load((dt_driver_entry *)hooking_entry);
    dt_stor *s = dt_stor_start(mini_drv, &mini.cfg, NULL);

    dt_stor_surprise_removal(s);
    over(s);
    dt_expect_eq(n_minors, 3);
    dt_expect_eq(minors[0], IRP_MN_START_DEVICE);
    dt_expect_eq(minors[1], IRP_MN_SURPRISE_REMOVAL);
    dt_expect_eq(minors[2], IRP_MN_REMOVE_DEVICE);
    dt_expect(unloaded);
}

static void hooks(void **state)
{
    (void)state;
    passes(hook_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(start_io),
        cmocka_unit_test(later),
        cmocka_unit_test(false_from_start),
        cmocka_unit_test(services),
        cmocka_unit_test(last_callback),
        cmocka_unit_test(tracing),
        cmocka_unit_test(dump_pointers),
        cmocka_unit_test(buffers),
        cmocka_unit_test(timer),
        cmocka_unit_test(a_disk),
        cmocka_unit_test(hooks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
