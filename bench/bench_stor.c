/* SPDX-License-Identifier: MIT */
/* machines: sim */
/*
 * Schedules a second of a miniport: two concurrent channels, two requests from two processors, one HwStorTimer. Each schedule
 * loads the driver, starts the adapter, runs the requests beside the timer, removes and unloads. Times are of the CPU.
 * Usage: stor-sim [schedules]
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "ddk/ntddk.h"
#include "ddk/storport.h"
#include "duetime/storport.h"

enum { FREE, PENDING, CLAIMED };

struct extension {
    volatile LONG state[2];
    PVOID         srb[2];
    volatile LONG timers;
};

/* ---- the miniport ---- */

static void finish(struct extension *e, unsigned i)
{
    PSCSI_REQUEST_BLOCK srb = e->srb[i];

    if (InterlockedCompareExchange(&e->state[i], CLAIMED, PENDING) != PENDING)
        return;
    InterlockedExchange(&e->state[i], FREE);
    srb->SrbStatus = SRB_STATUS_SUCCESS;
    StorPortNotification(RequestComplete, e, srb);
}

static HW_TIMER sweep;

static VOID sweep(PVOID ext)
{
    struct extension *e = ext;

    for (unsigned i = 0; i < 2; i++)
        finish(e, i);
    e->timers++;
}

static BOOLEAN start_io(PVOID ext, PSCSI_REQUEST_BLOCK srb)
{
    struct extension *e = ext;
    unsigned          i = srb->Lun & 1;

    if (srb->Function != SRB_FUNCTION_EXECUTE_SCSI) {
        srb->SrbStatus = SRB_STATUS_SUCCESS;
        StorPortNotification(RequestComplete, e, srb);
        return TRUE;
    }
    e->srb[i] = srb;
    InterlockedExchange(&e->state[i], PENDING);
    finish(e, i);
    return TRUE;
}

static BOOLEAN initialize(PVOID ext)
{
    PERF_CONFIGURATION_DATA d = {.Version = STOR_PERF_VERSION,
        .Size = sizeof d,
        .Flags = STOR_PERF_CONCURRENT_CHANNELS,
        .ConcurrentChannels = 2};

    return StorPortInitializePerfOpts(ext, FALSE, &d) == STOR_STATUS_SUCCESS;
}

static BOOLEAN interrupt(PVOID ext)
{
    (void)ext;
    return FALSE;
}

static BOOLEAN reset_bus(PVOID ext, ULONG path)
{
    (void)ext;
    (void)path;
    return TRUE;
}

static SCSI_ADAPTER_CONTROL_STATUS control(PVOID ext, SCSI_ADAPTER_CONTROL_TYPE type, PVOID parameters)
{
    PSCSI_SUPPORTED_CONTROL_TYPE_LIST list = parameters;

    (void)ext;
    if (type == ScsiQuerySupportedControlTypes)
        list->SupportedTypeList[ScsiStopAdapter] = list->SupportedTypeList[ScsiRestartAdapter] = TRUE;
    return ScsiAdapterControlSuccess;
}

static ULONG find_adapter(
    PVOID ext, PVOID context, PVOID bus, PCHAR argument, PPORT_CONFIGURATION_INFORMATION c, PBOOLEAN again)
{
    (void)ext, (void)context, (void)bus, (void)argument, (void)again;
    c->SynchronizationModel = StorSynchronizeFullDuplex;
    c->MaximumTransferLength = 1 << 20;
    c->NumberOfPhysicalBreaks = 17;
    c->Dma64BitAddresses = SCSI_DMA64_MINIPORT_FULL64BIT_SUPPORTED;
    return SP_RETURN_FOUND;
}

static dt_status entry(struct _DRIVER_OBJECT *driver, struct _UNICODE_STRING *path)
{
    HW_INITIALIZATION_DATA hw = {.HwInitializationDataSize = sizeof hw,
        .AdapterInterfaceType = PCIBus,
        .HwInitialize = initialize,
        .HwStartIo = start_io,
        .HwInterrupt = interrupt,
        .HwFindAdapter = (PVOID)find_adapter,
        .HwResetBus = reset_bus,
        .HwAdapterControl = control,
        .DeviceExtensionSize = sizeof(struct extension),
        .MapBuffers = STOR_MAP_NON_READ_WRITE_BUFFERS,
        .NeedPhysicalAddresses = TRUE,
        .TaggedQueuing = TRUE,
        .AutoRequestSense = TRUE,
        .MultipleRequestPerLu = TRUE,
        .AddressTypeFlags = ADDRESS_TYPE_FLAG_BTL8};

    return (dt_status)StorPortInitialize(driver, path, &hw, NULL);
}

/* ---- one schedule ---- */

static void client(void *ctx)
{
    struct dt_stor_request r = {.cdb_bytes = 6, .flags = SRB_FLAGS_NO_QUEUE_FREEZE};

    dt_expect_eq(dt_stor_run(ctx, &r), DT_SRB_SUCCESS);
}

static void body(void *ctx)
{
    static const struct dt_stor_config cfg = {.no_scan = true, .no_line = true};
    dt_driver                         *drv = dt_driver_load(entry);
    dt_stor                           *s = dt_stor_start(drv, &cfg, NULL);
    struct extension                  *e = dt_stor_extension(s);

    (void)ctx;
    StorPortNotification(RequestTimerCall, e, sweep, 1ul);
    dt_thread *t = dt_spawn(1, client, s);

    client(s);
    dt_join(t);
    while (!e->timers)
        dt_run_for(DT_MS(1));
    dt_stor_remove(s);
    dt_driver_unload(drv);
}

static void measure(const char *strategy, uint64_t n, bool faithful)
{
    struct dt_explore_options o = {
        .config = {.processors = 2, .tick_100ns = 10000, .quiet = true, .faithful = faithful},
        .strategy = strategy,
        .schedules = n};
    struct dt_explore_result r;
    clock_t                  from = clock();

    if (dt_explore(body, NULL, &o, &r) != 0 || r.run.verdict != DT_PASS) {
        fprintf(stderr, "bench: a schedule failed: %s %s\n", r.error, r.run.finding.what);
        exit(1);
    }
    double s = (double)(clock() - from) / CLOCKS_PER_SEC;

    printf("  2 channels, 2 SRBs, 1 HwStorTimer, %-8s %-10s %10.0f schedules/s   (wanted: 50,000)\n", strategy,
        faithful ? "faithful" : "strict", (double)r.schedules / s);
}

int main(int argc, char **argv)
{
    uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 200000;

    printf("simulated machine, StorPort\n");
    measure("random", n, false);
    measure("dfs:2", n, false);
    measure("random", n, true);
    return 0;
}
