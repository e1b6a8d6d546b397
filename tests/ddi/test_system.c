/* SPDX-License-Identifier: MIT */
/* The debugger that is not there, stack traces, bug check records, lower devices, priorities of requests. */
#include "../machine.h"

static void debugger_body(void *arg)
{
    char answer[4];

    (void)arg;
    dt_expect_eq(KdDisableDebugger(), STATUS_DEBUGGER_INACTIVE);
    dt_expect_eq(KdEnableDebugger(), STATUS_DEBUGGER_INACTIVE);
    dt_expect(KdRefreshDebuggerNotPresent());
    dt_expect_eq(DbgPrompt("?", answer, sizeof answer), 0);
}

static void there_is_no_debugger(void **state)
{
    (void)state;
    passes(debugger_body);
}

/* The longest buffer is 4 GB less a page. */
static void long_mdl_body(void *arg)
{
    PMDL mdl = IoAllocateMdl(NULL, 0xFFFFF000, FALSE, FALSE, NULL);

    (void)arg;
    dt_expect(mdl && MmGetMdlByteCount(mdl) == 0xFFFFF000);
    IoFreeMdl(mdl);
    dt_expect(!IoAllocateMdl(NULL, 0xFFFFF001, FALSE, FALSE, NULL));
}

static void an_mdl_has_a_longest_buffer(void **state)
{
    (void)state;
    passes(long_mdl_body);
}

static __attribute__((noinline)) USHORT inner(PVOID *trace, PULONG hash)
{
    USHORT n = RtlCaptureStackBackTrace(0, 8, trace, hash);

    __asm__ volatile("" ::: "memory");
    return n;
}

static void trace_body(void *arg)
{
    PVOID trace[8], same[8];
    ULONG hash = 0, again = 0;

    (void)arg;
    USHORT n = inner(trace, &hash);

    dt_expect(n >= 2 && (uintptr_t)trace[0] > (uintptr_t)inner && (uintptr_t)trace[0] < (uintptr_t)inner + 256);
    dt_expect((uintptr_t)trace[1] > (uintptr_t)trace_body);
    for (int i = 0; i < 2; i++)
        dt_expect(inner(same, &again) == n && (i == 0 || hash));
    dt_expect_eq(RtlCaptureStackBackTrace(1, 1, same, NULL), 1);
    dt_expect_eq(RtlWalkFrameChain(same, 8, 1), 0);
}

static void a_stack_is_walked(void **state)
{
    (void)state;
    passes(trace_body);
}

static VOID never(PVOID buffer, ULONG length)
{
    (void)buffer, (void)length;
    dt_expect(!"called");
}

static void record_body(void *arg)
{
    static KBUGCHECK_CALLBACK_RECORD record;

    (void)arg;
    KeInitializeCallbackRecord(&record);
    dt_expect(KeRegisterBugCheckCallback(&record, never, NULL, 0, (PUCHAR) "test"));
    dt_expect(!KeRegisterBugCheckCallback(&record, never, NULL, 0, (PUCHAR) "test"));
    dt_expect(KeDeregisterBugCheckCallback(&record));
    dt_expect(!KeDeregisterBugCheckCallback(&record));
}

static void a_bug_check_record_is_registered_once(void **state)
{
    (void)state;
    passes(record_body);
}

static NTSTATUS entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)driver, (void)path;
    return STATUS_SUCCESS;
}

static void make_stack(dt_driver *driver, PDEVICE_OBJECT d[2])
{
    for (int i = 0; i < 2; i++)
        dt_expect_eq(IoCreateDevice(driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &d[i]), STATUS_SUCCESS);
    dt_expect(IoAttachDeviceToDeviceStack(d[1], d[0]) == d[0]);
}

static void device_body(void *arg)
{
    dt_driver     *driver = dt_driver_load(entry);
    PDEVICE_OBJECT d[2], list[2] = {NULL, NULL};
    ULONG          n = 0;

    (void)arg;
    make_stack(driver, d);
    dt_expect(IoGetLowerDeviceObject(d[1]) == d[0] && !IoGetLowerDeviceObject(d[0]));
    dt_expect(IoGetDeviceAttachmentBaseRef(d[1]) == d[0]);
    ObDereferenceObject(d[0]);
    ObDereferenceObject(d[0]);
    dt_expect_eq(IoEnumerateDeviceObjectList(driver, list, sizeof list[0], &n), STATUS_BUFFER_TOO_SMALL);
    dt_expect(n == 2 && list[0] == d[1] && !list[1]);
    ObDereferenceObject(list[0]);
    PIRP irp = IoAllocateIrp(1, FALSE);

    dt_expect_eq(IoGetIoPriorityHint(irp), IoPriorityNormal);
    dt_expect_eq(IoSetIoPriorityHint(irp, IoPriorityVeryLow), STATUS_SUCCESS);
    dt_expect_eq(IoGetIoPriorityHint(irp), IoPriorityVeryLow);
    dt_expect_eq(IoSetIoPriorityHint(irp, MaxIoPriorityTypes), STATUS_INVALID_PARAMETER);
    IoFreeIrp(irp);
    dt_expect_eq(IoRegisterShutdownNotification(d[0]), STATUS_SUCCESS);
    IoUnregisterShutdownNotification(d[0]);
    IoDetachDevice(d[0]);
    IoDeleteDevice(d[1]);
    IoDeleteDevice(d[0]);
}

static void devices_know_who_is_below(void **state)
{
    (void)state;
    passes(device_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_is_no_debugger),
        cmocka_unit_test(a_stack_is_walked),
        cmocka_unit_test(an_mdl_has_a_longest_buffer),
        cmocka_unit_test(a_bug_check_record_is_registered_once),
        cmocka_unit_test(devices_know_who_is_below),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
