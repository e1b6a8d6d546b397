/* SPDX-License-Identifier: MIT */
/* StartIo that asks for the next request itself: recursion, and the deferral that ends it. SIO. */
#include "driver.h"

static LONG depth, deepest, starts;
static void (*in_start)(PDEVICE_OBJECT device, PIRP irp); /* NULL: the request stays current */

static VOID start_io(PDEVICE_OBJECT device, PIRP irp)
{
    if (in_start)
        in_start(device, irp);
    else
        starts++;
}

static void begin(void)
{
    depth = deepest = starts = 0;
    drv_reset();
    drv.start_io = start_io;
    drv_load();
}

static void next_at_once(PDEVICE_OBJECT device, PIRP irp)
{
    depth++;
    deepest = depth > deepest ? depth : deepest;
    starts++;
    IoStartNextPacket(device, FALSE);
    IoFreeIrp(irp);
    depth--;
}

/* A queue of so many while StartIo is held off; then one IoStartNextPacket sets them going. */
static void long_queue(unsigned count, bool defer)
{
    KIRQL old;

    begin();
    in_start = NULL;
    IoSetStartIoAttributes(drv.device, defer, TRUE);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    for (unsigned i = 0; i < count; i++) {
        PIRP irp = IoAllocateIrp(1, FALSE);

        IoStartPacket(drv.device, irp, NULL, NULL);
    }
    dt_expect_eq(starts, 1);
    in_start = next_at_once;
    PIRP first = drv.device->CurrentIrp;

    IoStartNextPacket(drv.device, FALSE);
    IoFreeIrp(first);
    KeLowerIrql(old);
    dt_expect_eq(starts, count);
}

/* SIO-012: one after the other, however many. */
static void deferred(void *ctx)
{
    (void)ctx;
    long_queue(simulated() ? 10000 : 1000, true);
    dt_expect_eq(deepest, 1);
}

static void recursive(void *ctx) /* SIO-011 */
{
    (void)ctx;
    long_queue(100, false);
}

static void shallow(void *ctx) /* SIO-011: nothing is wrong with a short queue */
{
    (void)ctx;
    long_queue(5, false);
    dt_expect_eq(deepest, 4);
}

static void test_recursion(void **state)
{
    (void)state;
    passes(deferred);
    passes(shallow);
    caught(recursive, NULL, 0x7F);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recursion),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
