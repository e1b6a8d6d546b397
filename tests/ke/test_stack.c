/* SPDX-License-Identifier: MIT */
/* Expanded stacks, floating point, the version. */
#include "../machine.h"

#include "ddk/ntifs.h"

static EXPAND_STACK_CALLOUT use_stack;

static LONG called;

static VOID use_stack(PVOID parameter)
{
    volatile char room[60000];

    memset((char *)room, 1, sizeof room);
    called += room[sizeof room - 1] + (parameter == &called ? 1 : 0);
}

static void expands(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    called = 0;
    dt_expect_eq(KeExpandKernelStackAndCallout(use_stack, &called, 65536), STATUS_SUCCESS);
    dt_expect_eq(called, 2);
    dt_expect_eq(KeExpandKernelStackAndCallout(use_stack, &called, 1 << 20), STATUS_INVALID_PARAMETER_3);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    dt_expect_eq(KeExpandKernelStackAndCalloutEx(use_stack, &called, 4096, TRUE, NULL), STATUS_INVALID_PARAMETER_4);
    dt_expect_eq(KeExpandKernelStackAndCalloutEx(use_stack, &called, 65536, FALSE, NULL), STATUS_SUCCESS);
    KeLowerIrql(irql);
    dt_expect_eq(called, 4);
}

static void floats(void *ctx)
{
    KFLOATING_SAVE  save;
    volatile double x = 1.5;

    (void)ctx;
    dt_expect_eq(KeSaveFloatingPointState(&save), STATUS_SUCCESS);
    x *= 2;
    dt_expect_eq(KeRestoreFloatingPointState(&save), STATUS_SUCCESS);
    dt_expect(x > 2.9 && x < 3.1);
}

static void versions(void *ctx)
{
    RTL_OSVERSIONINFOW info = {.dwOSVersionInfoSize = sizeof info};
    ULONG              major, minor, build;
    UNICODE_STRING     pack;

    (void)ctx;
    dt_expect_eq(RtlGetVersion(&info), STATUS_SUCCESS);
    dt_expect(!PsGetVersion(&major, &minor, &build, &pack)); /* not a checked build */
    dt_expect(major == info.dwMajorVersion && minor == info.dwMinorVersion && build == info.dwBuildNumber);
    dt_expect_eq(pack.Length, 0);
}

static void test_all(void **state)
{
    (void)state;
    passes(expands);
    passes(floats);
    passes(versions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
