/* SPDX-License-Identifier: MIT */
/* timers.cc - tests in C++17, as an image and, with PROGRAM, as a program of their own. */
#include <duetime/test.h>
#include <ntifs.h>
#include <storport.h>

#include <atomic>
#include <vector>

#ifdef PROGRAM
DT_MAIN();
#endif

namespace {

struct Timer {
    KTIMER           timer;
    KDPC             dpc;
    std::atomic<int> runs{0};

    explicit Timer(TIMER_TYPE type = NotificationTimer)
    {
        KeInitializeTimerEx(&timer, type);
        KeInitializeDpc(&dpc, on_expiration, this);
    }
    ~Timer()
    {
        KeCancelTimer(&timer);
        KeFlushQueuedDpcs();
    }
    bool set(LONGLONG ms, LONG period = 0)
    {
        LARGE_INTEGER due;

        due.QuadPart = ms * -10000;
        return KeSetTimerEx(&timer, due, period, &dpc);
    }
    static void on_expiration(PKDPC, PVOID self, PVOID, PVOID)
    {
        static_cast<Timer *>(self)->runs++;
    }
};

} // namespace

/* KTM-035, KTM-056 */
DT_TEST(periodic, .processors = 1, .tick_100ns = DT_TICK_EXACT, .strategy = "dfs:0")
{
    Timer t;

    dt_expect(!t.set(10, 10));
    dt_run_for(DT_MS(55));
    for (int i = 0; i < 1000 && t.runs < 5 && dt_machine()[0] == 'r'; i++) /* a host may be late */
        dt_run_for(DT_MS(10));
    dt_expect(t.runs >= 5);
    dt_expect(KeReadStateTimer(&t.timer));
}

/* Options in the order of struct dt_test_options; a lambda is a body. */
DT_TEST(spawned, .processors = 2, .strategy = "dfs:1", .schedules = 500)
{
    std::vector<KEVENT> events(2);

    for (auto &e : events)
        KeInitializeEvent(&e, SynchronizationEvent, FALSE);
    dt_thread *thread = dt_spawn(
        1,
        [](void *ctx) {
            auto &both = *static_cast<std::vector<KEVENT> *>(ctx);

            KeWaitForSingleObject(&both[0], Executive, KernelMode, FALSE, nullptr);
            KeSetEvent(&both[1], IO_NO_INCREMENT, FALSE);
        },
        &events);
    KeSetEvent(&events[0], IO_NO_INCREMENT, FALSE);
    dt_expect_eq(KeWaitForSingleObject(&events[1], Executive, KernelMode, FALSE, nullptr), STATUS_SUCCESS);
    dt_join(thread);
}

static dt_status entry(PDRIVER_OBJECT driver, PUNICODE_STRING)
{
    driver->DriverUnload = [](PDRIVER_OBJECT d) { IoDeleteDevice(d->DeviceObject); };
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = [](PDEVICE_OBJECT, PIRP irp) {
        irp->IoStatus.Status = STATUS_SUCCESS;
        irp->IoStatus.Information = IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.InputBufferLength;
        IoCompleteRequest(irp, IO_NO_INCREMENT);
        return STATUS_SUCCESS;
    };
    driver->MajorFunction[IRP_MJ_CREATE] = driver->MajorFunction[IRP_MJ_CLOSE] = [](PDEVICE_OBJECT, PIRP irp) {
        irp->IoStatus.Status = STATUS_SUCCESS;
        IoCompleteRequest(irp, IO_NO_INCREMENT);
        return STATUS_SUCCESS;
    };
    UNICODE_STRING name;
    PDEVICE_OBJECT device;

    RtlInitUnicodeString(&name, L"\\Device\\Cxx");
    NTSTATUS status = IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);

    if (NT_SUCCESS(status))
        device->Flags &= ~DO_DEVICE_INITIALIZING;
    return status;
}

DT_TEST(driver)
{
    dt_driver *d = dt_driver_load(entry);
    dt_file   *f = dt_open("\\Device\\Cxx", nullptr);
    size_t     n = 0;

    dt_expect_eq(
        dt_ioctl(f, CTL_CODE(0x22, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS), "abc", 3, nullptr, 0, &n), STATUS_SUCCESS);
    dt_expect_eq(n, 3);
    dt_close(f);
    dt_driver_unload(d);
}
