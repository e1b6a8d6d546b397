/* SPDX-License-Identifier: MIT */
/* links: objects */
/* Devices beside the processors: rung, timed, explored. They wake no context, only themselves and interrupt lines. */
#include "mach/device.h"

#include "base/list.h"
#include "machine.h"

struct counter {
    struct mach_device device;
    unsigned           steps; /* atomic */
    unsigned           more;  /* times to say "more" */
    mach_ns            last;
};

static struct counter c;

static bool count(struct mach_device *d)
{
    struct counter *k = container_of(d, struct counter, device);

    k->last = mach_now();
    __atomic_add_fetch(&k->steps, 1, __ATOMIC_RELEASE);
    return k->more && k->more--;
}

static unsigned steps(void)
{
    return __atomic_load_n(&c.steps, __ATOMIC_ACQUIRE);
}

static void attach(unsigned more)
{
    c = (struct counter){.device.step = count, .more = more};
    dt_expect(mach_device_attach(&c.device));
}

static void ring_body(void *ctx)
{
    (void)ctx;
    attach(2);
    mach_device_ring(&c.device);
    while (steps() < 3)
        sleep_ms(1);
    sleep_ms(3);
    dt_expect_eq(steps(), 3);
    mach_device_detach(&c.device);
    mach_device_ring(&c.device);
}

/* A ring is at least one step, more work is more steps, and then the device rests. */
static void ring(void **state)
{
    (void)state;
    passes(ring_body);
}

static void due_body(void *ctx)
{
    (void)ctx;
    attach(0);
    mach_ns start = mach_now();

    mach_device_at(&c.device, start + 500000000);
    mach_device_at(&c.device, start + 3000000); /* replaces */
    while (steps() < 1)
        sleep_ms(1);
    dt_expect(c.last >= start + 3000000);
    sleep_ms(600);
    dt_expect_eq(steps(), 1);
    mach_device_at(&c.device, mach_now() + 200000000);
    mach_device_at(&c.device, MACH_NEVER);
    sleep_ms(250);
    dt_expect_eq(steps(), 1);
    mach_device_detach(&c.device);
}

static void due(void **state)
{
    (void)state;
    passes(due_body);
}

static bool early, late;

static void explored_body(void *ctx)
{
    KIRQL old;

    (void)ctx;
    attach(0);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    mach_device_ring(&c.device);
    mach_point(MACH_POINT_DDI, NULL);
    *(steps() ? &early : &late) = true;
    KeLowerIrql(old);
    sleep_ms(1);
    mach_device_detach(&c.device);
}

/* With one switch it works while its own processor is above PASSIVE_LEVEL; by default it waits. */
static void explored(void **state)
{
    (void)state;
    reached(explored_body, 1, &early);
    reached(explored_body, 1, &late);
}

static void polling_body(void *ctx)
{
    KIRQL old;

    (void)ctx;
    attach(0);
    KeRaiseIrql(12, &old);
    mach_device_ring(&c.device);
    while (!steps())
        mach_device_polled(&c.device);
    mach_device_at(&c.device, mach_now() + 100000);
    while (steps() < 2)
        mach_device_polled(&c.device);
    KeLowerIrql(old);
    mach_device_detach(&c.device);
}

/* Code that polls a register at a device's level ends: the device, and its time, get on. */
static void polling(void **state)
{
    (void)state;
    passes(polling_body);
    always(polling_body, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ring),
        cmocka_unit_test(due),
        cmocka_unit_test(explored),
        cmocka_unit_test(polling),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
