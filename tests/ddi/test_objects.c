/* SPDX-License-Identifier: MIT */
/* Timers by handle, events by name, routines by name, small questions about devices, stacks and memory. */
#include "../machine.h"

#include "ddk/ntifs.h"

/* ---- timers by handle ---- */

static unsigned apcs;
static PVOID    apc_context;

static VOID on_timer(PVOID context, ULONG low, LONG high)
{
    LARGE_INTEGER now, said;

    said.QuadPart = (LONGLONG)(((uint64_t)(ULONG)high << 32) | low);
    KeQuerySystemTime(&now);
    dt_expect(said.QuadPart != 0 && said.QuadPart <= now.QuadPart);
    dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL);
    apcs++;
    apc_context = context;
}

static void timer_body(void *arg)
{
    LARGE_INTEGER due = in_ms(5), at_once = in_ms(0), later = in_ms(100000);
    BOOLEAN       state = TRUE;
    HANDLE        h;

    (void)arg;
    dt_expect_eq(ZwCreateTimer(&h, TIMER_ALL_ACCESS, NULL, NotificationTimer), STATUS_SUCCESS);
    dt_expect_eq(ZwWaitForSingleObject(h, FALSE, &at_once), STATUS_TIMEOUT);
    dt_expect_eq(ZwSetTimer(h, &due, NULL, NULL, FALSE, 0, &state), STATUS_SUCCESS);
    dt_expect(!state);
    dt_expect_eq(ZwWaitForSingleObject(h, FALSE, NULL), STATUS_SUCCESS);
    dt_expect_eq(ZwCancelTimer(h, &state), STATUS_SUCCESS);
    dt_expect(state);
    dt_expect_eq(ZwSetTimer(h, &later, NULL, NULL, TRUE, 0, &state), STATUS_TIMER_RESUME_IGNORED);
    dt_expect(state);
    dt_expect_eq(ZwCancelTimer(h, &state), STATUS_SUCCESS);
    dt_expect(!state);
    dt_expect_eq(ZwSetTimer(h, &later, NULL, NULL, FALSE, -1, NULL), STATUS_INVALID_PARAMETER_6);
    dt_expect_eq(ZwClose(h), STATUS_SUCCESS);
    dt_expect_eq(ZwSetTimer(h, &later, NULL, NULL, FALSE, 0, NULL), STATUS_INVALID_HANDLE);
}

static void a_timer_handle_can_be_waited_for(void **state)
{
    (void)state;
    passes(timer_body);
}

/* A second handle, by name, is the same timer; the name goes with the last one. Objects of another type are in the way. */
static void named_timer_body(void *arg)
{
    UNICODE_STRING    name, other;
    OBJECT_ATTRIBUTES a, b;
    LARGE_INTEGER     due = in_ms(5), at_once = in_ms(0);
    BOOLEAN           state = TRUE;
    HANDLE            h[2], event;

    (void)arg;
    RtlInitUnicodeString(&name, L"\\BaseNamedObjects\\Timer");
    RtlInitUnicodeString(&other, L"\\BASENAMEDOBJECTS\\TIMER");
    InitializeObjectAttributes(&a, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    InitializeObjectAttributes(&b, &other, OBJ_KERNEL_HANDLE, NULL, NULL);
    dt_expect_eq(ZwOpenTimer(&h[1], TIMER_ALL_ACCESS, &b), STATUS_OBJECT_NAME_NOT_FOUND);
    dt_expect_eq(ZwCreateTimer(&h[0], TIMER_ALL_ACCESS, &a, NotificationTimer), STATUS_SUCCESS);
    dt_expect_eq(ZwCreateTimer(&h[1], TIMER_ALL_ACCESS, &b, NotificationTimer), STATUS_OBJECT_NAME_COLLISION);
    dt_expect_eq(ZwOpenEvent(&event, EVENT_ALL_ACCESS, &a), STATUS_OBJECT_TYPE_MISMATCH);
    dt_expect_eq(ZwOpenTimer(&h[1], TIMER_ALL_ACCESS, &b), STATUS_SUCCESS);
    dt_expect_eq(ZwSetTimer(h[1], &due, NULL, NULL, FALSE, 0, &state), STATUS_SUCCESS);
    dt_expect(!state);
    dt_expect_eq(ZwWaitForSingleObject(h[0], FALSE, NULL), STATUS_SUCCESS);
    dt_expect_eq(ZwClose(h[0]), STATUS_SUCCESS);
    b.Attributes |= OBJ_OPENIF;
    dt_expect_eq(ZwCreateTimer(&h[0], TIMER_ALL_ACCESS, &b, SynchronizationTimer), STATUS_OBJECT_NAME_EXISTS);
    for (int i = 0; i < 2; i++) /* it is the notification timer still, and signaled */
        dt_expect_eq(ZwWaitForSingleObject(h[0], FALSE, &at_once), STATUS_SUCCESS);
    dt_expect_eq(ZwClose(h[0]), STATUS_SUCCESS);
    dt_expect_eq(ZwClose(h[1]), STATUS_SUCCESS);
    dt_expect_eq(ZwOpenTimer(&h[1], TIMER_ALL_ACCESS, &a), STATUS_OBJECT_NAME_NOT_FOUND);
}

static void a_timer_has_a_name(void **state)
{
    (void)state;
    passes(named_timer_body);
}

static void apc_body(void *arg)
{
    LARGE_INTEGER due = in_ms(2);
    HANDLE        h;

    (void)arg;
    apcs = 0;
    dt_expect_eq(ZwCreateTimer(&h, TIMER_ALL_ACCESS, NULL, SynchronizationTimer), STATUS_SUCCESS);
    dt_expect_eq(ZwSetTimer(h, &due, on_timer, &apcs, FALSE, 2, NULL), STATUS_SUCCESS);
    for (unsigned i = 0; i < (simulated() ? 50 : 10000) && apcs < 3; i++)
        sleep_ms(1);
    dt_expect(apcs >= 3 && apc_context == &apcs);
    dt_expect_eq(ZwCancelTimer(h, NULL), STATUS_SUCCESS);
    unsigned before = apcs;

    sleep_ms(10);
    dt_expect_eq(apcs, before);
    due = in_ms(simulated() ? 2 : 100000); /* not before the handle is closed */
    dt_expect_eq(ZwSetTimer(h, &due, on_timer, &apcs, FALSE, 0, NULL), STATUS_SUCCESS);
    dt_expect_eq(ZwClose(h), STATUS_SUCCESS); /* a set timer goes with its last handle */
    sleep_ms(5);
    dt_expect_eq(apcs, before);
}

static void a_timer_calls_the_thread_that_set_it(void **state)
{
    (void)state;
    passes(apc_body);
}

static void event_body(void *arg)
{
    UNICODE_STRING    name;
    OBJECT_ATTRIBUTES oa;
    HANDLE            made, opened;

    (void)arg;
    RtlInitUnicodeString(&name, L"\\BaseNamedObjects\\Ours");
    InitializeObjectAttributes(&oa, &name, 0, NULL, NULL);
    dt_expect_eq(ZwOpenEvent(&opened, EVENT_ALL_ACCESS, &oa), STATUS_OBJECT_NAME_NOT_FOUND);
    dt_expect_eq(ZwCreateEvent(&made, EVENT_ALL_ACCESS, &oa, NotificationEvent, FALSE), STATUS_SUCCESS);
    dt_expect_eq(ZwOpenEvent(&opened, EVENT_ALL_ACCESS, &oa), STATUS_SUCCESS);
    ZwSetEvent(opened, NULL);
    dt_expect_eq(ZwWaitForSingleObject(made, FALSE, NULL), STATUS_SUCCESS);
    ZwClose(made);
    ZwClose(opened);
    dt_expect_eq(ZwOpenEvent(&opened, EVENT_ALL_ACCESS, &oa), STATUS_OBJECT_NAME_NOT_FOUND);
}

static void an_event_is_opened_by_its_name(void **state)
{
    (void)state;
    passes(event_body);
}

/* ---- routines by name ---- */

static PVOID routine(PCWSTR text)
{
    UNICODE_STRING name;

    RtlInitUnicodeString(&name, text);
    return MmGetSystemRoutineAddress(&name);
}

static void name_body(void *arg)
{
    LONG (*read_state)(PRKEVENT) = (LONG(*)(PRKEVENT))routine(L"KeReadStateEvent");
    KEVENT e;

    (void)arg;
    KeInitializeEvent(&e, NotificationEvent, TRUE);
    dt_expect(read_state && read_state(&e) == 1);
    dt_expect(routine(L"KeSetTimerEx") == (PVOID)KeSetTimerEx);
    dt_expect(routine(L"ExAllocateTimer") && routine(L"KeSetCoalescableTimer"));
    dt_expect(!routine(L"KeSetTimerE") && !routine(L"keSetTimer") && !routine(L""));
    dt_expect(!routine(L"ExCreatePool")); /* absent here */
}

static void variable_body(void *arg)
{
    POBJECT_TYPE *event = routine(L"ExEventObjectType"), *thread = routine(L"PsThreadType");
    PEPROCESS    *process = routine(L"PsInitialSystemProcess");
    USHORT       *build = routine(L"NtBuildNumber");
    ULONG         number;
    HANDLE        h;
    PVOID         object;

    (void)arg;
    dt_expect(event == ExEventObjectType && *event == *ExEventObjectType && thread == PsThreadType);
    dt_expect(routine(L"IoFileObjectType") == (PVOID)IoFileObjectType);
    dt_expect(process == &PsInitialSystemProcess && *process == PsGetCurrentProcess());
    PsGetVersion(NULL, NULL, &number, NULL);
    dt_expect_eq(*build, number);
    dt_expect(IoCreateNotificationEvent(NULL, &h) != NULL);
    dt_expect_eq(ObReferenceObjectByHandle(h, 0, *event, KernelMode, &object, NULL), STATUS_SUCCESS);
    ObDereferenceObject(object);
    dt_expect_eq(ObReferenceObjectByHandle(h, 0, *ExSemaphoreObjectType, KernelMode, &object, NULL),
        STATUS_OBJECT_TYPE_MISMATCH);
    ZwClose(h);
}

static void routines_are_found_by_name(void **state)
{
    (void)state;
    passes(name_body);
    passes(variable_body);
}

/* ---- names of objects: nf-ntifs-obquerynamestring ---- */

static NTSTATUS name_of(PVOID object, PCWSTR expected)
{
    union {
        OBJECT_NAME_INFORMATION info;
        char                    bytes[256];
    } u;
    ULONG    n = 0, length = 0;
    NTSTATUS status;

    memset(&u, 0xcd, sizeof u);
    while (expected[length])
        length++;
    ULONG need = (ULONG)sizeof u.info + (length ? (length + 1) * (ULONG)sizeof(WCHAR) : 0);

    dt_expect_eq(ObQueryNameString(object, NULL, 0, &n), STATUS_INFO_LENGTH_MISMATCH);
    dt_expect_eq(n, need);
    dt_expect_eq(ObQueryNameString(object, &u.info, need - 1, &n), STATUS_INFO_LENGTH_MISMATCH);
    dt_expect(n == need && (unsigned char)u.bytes[0] == 0xcd);
    status = ObQueryNameString(object, &u.info, need, &n);
    dt_expect(n == need && u.info.Name.Length == length * sizeof(WCHAR));
    dt_expect(u.info.Name.MaximumLength == (length ? u.info.Name.Length + sizeof(WCHAR) : 0));
    if (length)
        dt_expect(memcmp(u.info.Name.Buffer, expected, (length + 1) * sizeof(WCHAR)) == 0);
    else
        dt_expect(!u.info.Name.Buffer);
    return status;
}

static void event_name_body(void *arg)
{
    UNICODE_STRING    text;
    OBJECT_ATTRIBUTES attributes;
    HANDLE            h, unnamed;
    PVOID             event;

    (void)arg;
    RtlInitUnicodeString(&text, L"\\BaseNamedObjects\\Named");
    InitializeObjectAttributes(&attributes, &text, OBJ_KERNEL_HANDLE, NULL, NULL);
    dt_expect_eq(ZwCreateEvent(&h, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE), STATUS_SUCCESS);
    dt_expect_eq(ObReferenceObjectByHandle(h, 0, *ExEventObjectType, KernelMode, &event, NULL), STATUS_SUCCESS);
    dt_expect_eq(name_of(event, L"\\BaseNamedObjects\\Named"), STATUS_SUCCESS);
    ZwClose(h);
    dt_expect_eq(name_of(event, L""), STATUS_SUCCESS); /* the name went with the last handle */
    ObDereferenceObject(event);
    dt_expect_eq(name_of(IoCreateNotificationEvent(NULL, &unnamed), L""), STATUS_SUCCESS);
    ZwClose(unnamed);
    dt_expect_eq(name_of(KeGetCurrentThread(), L""), STATUS_SUCCESS);
    dt_expect_eq(name_of(PsGetCurrentProcess(), L""), STATUS_SUCCESS);
}

static NTSTATUS named_device(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    UNICODE_STRING name;
    PDEVICE_OBJECT device, other;

    (void)path;
    RtlInitUnicodeString(&name, L"\\Device\\Named");
    dt_expect_eq(IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device), STATUS_SUCCESS);
    dt_expect_eq(IoCreateDevice(driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &other), STATUS_SUCCESS);
    dt_expect_eq(name_of(device, L"\\Device\\Named"), STATUS_SUCCESS);
    dt_expect_eq(name_of(other, L""), STATUS_SUCCESS);
    dt_expect_eq(name_of(driver, driver->DriverName.Buffer), STATUS_SUCCESS);
    IoDeleteDevice(other);
    IoDeleteDevice(device);
    return STATUS_UNSUCCESSFUL;
}

static void driver_name_body(void *arg)
{
    (void)arg;
    dt_expect(!dt_driver_load(named_device));
}

static void objects_tell_their_names(void **state)
{
    (void)state;
    passes(event_name_body);
    passes(driver_name_body);
}

/* ---- stacks, affinity, memory ---- */

static void stack_body(void *arg)
{
    ULONG_PTR        low, high, here = (ULONG_PTR)__builtin_frame_address(0);
    PAFFINITY_TOKEN  token = PsAllocateAffinityToken();
    GROUP_AFFINITY   second[2] = {{.Mask = 2}, {.Mask = 1, .Group = 7}}; /* there is no group 7 */
    PHYSICAL_ADDRESS any = {.QuadPart = -1};

    (void)arg;
    IoGetStackLimits(&low, &high);
    dt_expect(low < here && here < high);
    dt_expect(IoGetRemainingStackSize() > 4096 && IoGetRemainingStackSize() < high - low);
    dt_expect(
        IoWithinStackLimits(here, 8) && !IoWithinStackLimits(low - 1, 8) && !IoWithinStackLimits(here, high - low));
    dt_expect_eq((ULONG_PTR)IoGetInitialStack(), high);
    dt_expect_eq(PsSetSystemMultipleGroupAffinityThread(second, 1, token), STATUS_SUCCESS);
    dt_expect_eq(KeGetCurrentProcessorNumber(), 1);
    dt_expect_eq(PsSetSystemMultipleGroupAffinityThread(second, 2, token), STATUS_INVALID_PARAMETER);
    PsRevertToUserMultipleGroupAffinityThread(token);
    PsFreeAffinityToken(token);
    PVOID p = MmAllocateContiguousMemory(100, any);

    dt_expect(p && MmMapIoSpace(MmGetPhysicalAddress(p), 8, MmNonCached) == p);
    dt_expect(MmIsAddressValid(p) && MmIsAddressValid(&any) && !MmIsAddressValid((PVOID)16));
    MmFreeContiguousMemory(p);
    dt_expect(ExIsProcessorFeaturePresent(PF_COMPARE_EXCHANGE128) && !ExIsProcessorFeaturePresent(1000));
    dt_expect(IoIsWdmVersionAvailable(1, 0x30) && !IoIsWdmVersionAvailable(9, 0));
}

static void stacks_and_pages_have_limits(void **state)
{
    (void)state;
    passes(stack_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_timer_handle_can_be_waited_for),
        cmocka_unit_test(a_timer_has_a_name),
        cmocka_unit_test(a_timer_calls_the_thread_that_set_it),
        cmocka_unit_test(an_event_is_opened_by_its_name),
        cmocka_unit_test(routines_are_found_by_name),
        cmocka_unit_test(objects_tell_their_names),
        cmocka_unit_test(stacks_and_pages_have_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
