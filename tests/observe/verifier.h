/* SPDX-License-Identifier: MIT */
/* tests/observe/verifier.h - the whole verifier in one translation unit, and the objects that its tests talk about. */
#pragma once

#include "observe/feed.h"

#include "observe/tab.c"
#include "observe/verify.c"
#include "observe/verify_dpc.c"
#include "observe/verify_ext.c"
#include "observe/verify_frame.c"
#include "observe/verify_irql.c"
#include "observe/verify_lock.c"
#include "observe/verify_order.c"
#include "observe/verify_rules.c"
#include "observe/verify_timer.c"
#include "observe/verify_wait.c"

/* A pool block with a timer, a DPC and a lock in it; a driver image; all made up. */
enum {
    BLOCK = 0x10000,
    BYTES = 0x200,
    TIMER = BLOCK + 0x40,
    DPC = BLOCK + 0x80,
    LOCK = BLOCK + 0xc0,
    EVENT = BLOCK + 0xe0,
    IMAGE = 0x400000,
    IMAGE_END = 0x410000,
    ROUTINE = IMAGE + 0x100,
    OTHER_ROUTINE = IMAGE + 0x200,
    GLOBAL_TIMER = IMAGE + 0x8000,
    GLOBAL_DPC = IMAGE + 0x8040,
    OTHER_TIMER = IMAGE + 0x8080,
    GLOBAL_EVENT = IMAGE + 0x80c0,
    CALLER = IMAGE + 0x321,
    DRIVER = 0x700000,
    DEVICE = 0x20000,
    EXTENSION = 0x20150,
    EXTENSION_BYTES = 0x100,
    EXT = 0x900000,
    MS = 10000
};

static int verifier_setup(void **state_)
{
    (void)state_;
    feed_init();
    if (verify_install(NULL) != 0)
        return -1;
    for (uint64_t lock = LOCK; lock <= EVENT; lock += 8)
        E(LOCK_INIT, lock, EV_LOCK_SPIN, 0, 0);
    return 0;
}

static int verifier_teardown(void **state_)
{
    (void)state_;
    verify_remove();
    return 0;
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, verifier_setup, verifier_teardown)

/* KeInitializeTimer, KeInitializeDpc in the block, KeSetTimerEx. */
static inline void set_timer(uint64_t timer, uint64_t dpc, uint64_t period)
{
    E(TIMER_INIT, timer, 0, 0, 0);
    E(DPC_INIT, dpc, 0, ROUTINE, BLOCK);
    E(TIMER_SET, timer, 5 * MS, period, dpc);
}

static inline void free_block(void)
{
    E(POOL_FREE, BLOCK, BYTES, 0, CALLER);
}
