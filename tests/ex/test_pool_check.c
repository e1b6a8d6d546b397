/* SPDX-License-Identifier: MIT */
/* machines: rt */
/* The whole pool is checked, as at an unload, while other processors allocate and free: no false bug check 0x19. */
#include "../machine.h"
#include "ex/pool.h"

enum { ROUNDS = 20000 };

static volatile LONG over;

static void allocates(void *ctx)
{
    (void)ctx;
    while (!ReadNoFence(&over)) {
        void *p = ExAllocatePool2(POOL_FLAG_NON_PAGED, 100, 'kcPT');

        dt_expect(p != NULL);
        ExFreePoolWithTag(p, 'kcPT');
    }
}

static void body(void *ctx)
{
    (void)ctx;
    over = 0;
    dt_spawn(1, allocates, NULL);
    for (int i = 0; i < ROUNDS; i++)
        ex_pool_check();
    InterlockedExchange(&over, 1);
    dt_join_all();
}

static void test_check(void **state)
{
    (void)state;
    passes(body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_check)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
