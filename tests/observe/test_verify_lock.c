/* SPDX-License-Identifier: MIT */
/* machines: none */
/* Rules on pairs, levels, order and time of locks: each bad sequence beside the one that is right. */
#include "observe/verifier.h"

enum { A = LOCK, B = LOCK + 8, C = LOCK + 16, HANDLE = 0x5000, OTHER_HANDLE = 0x5020 };

static void take(uint64_t lock, enum ev_lock kind, unsigned old)
{
    E(LOCK_ACQUIRE, lock, kind, old, 0);
}

static void drop(uint64_t lock, enum ev_lock kind, unsigned new)
{
    E(LOCK_RELEASE, lock, kind, new, 0);
}

static void pair(uint64_t lock)
{
    take(lock, EV_LOCK_SPIN, 0);
    drop(lock, EV_LOCK_SPIN, 0);
}

static void two_orders_are_L06(void **s) /* SPL-024 */
{
    (void)s;
    on(0, 2, 1);
    take(A, EV_LOCK_SPIN, 0);
    take(B, EV_LOCK_SPIN, 2);
    drop(B, EV_LOCK_SPIN, 2);
    drop(A, EV_LOCK_SPIN, 0);
    take(B, EV_LOCK_SPIN, 0);
    take(C, EV_LOCK_SPIN, 2);
    drop(C, EV_LOCK_SPIN, 2);
    drop(B, EV_LOCK_SPIN, 0);
    expect_silence();
    on(1, 2, 2);
    take(C, EV_LOCK_SPIN, 0);
    take(A, EV_LOCK_SPIN, 2);
    expect_stop("DT-L06", 0xc4, 0x1001, A, 0, 0);
    expect_silence();
}

static void attempts_make_no_order(void **s)
{
    (void)s;
    on(0, 2, 1);
    take(A, EV_LOCK_SPIN, 0);
    take(B, EV_LOCK_SPIN_TRY, 2);
    drop(B, EV_LOCK_SPIN_AT_DPC, 2);
    drop(A, EV_LOCK_SPIN, 0);
    take(B, EV_LOCK_SPIN, 0);
    take(A, EV_LOCK_SPIN, 2);
    expect_silence();
}

static void mutexes_have_an_order_too(void **s)
{
    (void)s;
    on(0, 0, 1);
    take(A, EV_LOCK_FAST_MUTEX, 0);
    E(LOCK_ACQUIRE, B, EV_LOCK_FAST_MUTEX, 1, EV_LOCK_TRIED);
    take(C, EV_LOCK_FAST_MUTEX, 1);
    drop(C, EV_LOCK_FAST_MUTEX, 1);
    drop(B, EV_LOCK_FAST_MUTEX, 1);
    drop(A, EV_LOCK_FAST_MUTEX, 0);
    on(0, 0, 2);
    take(B, EV_LOCK_FAST_MUTEX, 0);
    on(0, 2, 2);
    E(DPC_START, DPC, ROUTINE, 0, 0);
    take(LOCK + 24, EV_LOCK_SPIN_AT_DPC, 2); /* of a DPC that interrupts the thread: not with its mutex */
    drop(LOCK + 24, EV_LOCK_SPIN_AT_DPC, 2);
    E(DPC_END, DPC, ROUTINE, 2, 0);
    on(0, 0, 2);
    take(A, EV_LOCK_FAST_MUTEX, 1);
    drop(A, EV_LOCK_FAST_MUTEX, 1);
    drop(B, EV_LOCK_FAST_MUTEX, 0);
    take(LOCK + 24, EV_LOCK_SPIN, 0);
    drop(LOCK + 24, EV_LOCK_SPIN, 0);
    expect_silence();
    take(C, EV_LOCK_FAST_MUTEX, 0);
    take(A, EV_LOCK_FAST_MUTEX, 1);
    expect_stop("DT-L06", 0xc4, 0x1001, A, 0, 0);
}

static void order_ends_with_the_memory(void **s)
{
    (void)s;
    on(0, 2, 1);
    take(A, EV_LOCK_SPIN, 0);
    take(B, EV_LOCK_SPIN, 2);
    drop(B, EV_LOCK_SPIN, 2);
    drop(A, EV_LOCK_SPIN, 0);
    free_block();
    E(LOCK_INIT, A, EV_LOCK_SPIN, 0, 0);
    E(LOCK_INIT, B, EV_LOCK_SPIN, 0, 0);
    take(B, EV_LOCK_SPIN, 0);
    take(A, EV_LOCK_SPIN, 2);
    expect_silence();
}

static void ring_of_spinners_is_L17(void **s) /* SPL-025 */
{
    (void)s;
    on(0, 2, 1);
    take(A, EV_LOCK_SPIN, 0);
    on(1, 2, 2);
    take(B, EV_LOCK_SPIN, 0);
    on(2, 2, 3);
    take(C, EV_LOCK_SPIN, 0);
    on(0, 2, 1);
    E(LOCK_SPUN, B, 1, EV_LOCK_SPIN, 0);
    on(1, 2, 2);
    E(LOCK_SPUN, C, 2, EV_LOCK_SPIN, 0);
    expect_silence();
    on(2, 2, 3);
    E(LOCK_SPUN, A, 0, EV_LOCK_SPIN, 0);
    expect_stop("DT-L17", 0xc4, 0x1001, A, 0, 0);
}

static void level_traded_by_overlapping_locks_is_a_warning(void **s) /* SPL-008 */
{
    (void)s;
    on(0, 2, 1);
    take(A, EV_LOCK_SPIN, 0);
    take(B, EV_LOCK_SPIN, 2);
    drop(A, EV_LOCK_SPIN, 2);
    expect_warning("DT-I04");
    drop(B, EV_LOCK_SPIN, 0);
    expect_warning("DT-I04");
    expect_silence();
    take(A, EV_LOCK_SPIN, 1);
    drop(A, EV_LOCK_SPIN, 0);
    expect_stop("DT-I04", 0xc4, 0x20015, U(verify_rules[VERIFY_I04].title), A, 0);
}

static void outer_first_is_L12(void **s) /* SPL-046 */
{
    (void)s;
    on(0, 2, 1);
    E(LOCK_ACQUIRE, A, EV_LOCK_QUEUED, 0, HANDLE);
    E(LOCK_ACQUIRE, B, EV_LOCK_QUEUED, 2, OTHER_HANDLE);
    E(LOCK_RELEASE, A, EV_LOCK_QUEUED, 0, HANDLE);
    expect_stop("DT-L12", 0xc4, 0x1003, A, B, 0);
    expect_silence();
}

static void handle_for_two_is_L09(void **s) /* SPL-044 */
{
    (void)s;
    on(0, 2, 1);
    E(LOCK_ACQUIRE, A, EV_LOCK_QUEUED, 0, HANDLE);
    E(LOCK_ACQUIRE, B, EV_LOCK_QUEUED, 2, HANDLE);
    expect_stop("DT-L09", 0xc4, 0x40006, U(verify_rules[VERIFY_L09].title), B, 0);
    expect_silence();
}

static void pairs_that_do_not_match_are_L09(void **s) /* SPL-011, SPL-012, SPL-064 */
{
    static const struct {
        enum ev_lock take, drop;
        unsigned     old, new;
    } bad[] = {
        {EV_LOCK_SPIN, EV_LOCK_SPIN_AT_DPC, 0, 2},
        {EV_LOCK_SPIN_AT_DPC, EV_LOCK_SPIN, 2, 0},
        {EV_LOCK_QUEUED, EV_LOCK_QUEUED_AT_DPC, 0, 2},
        {EV_LOCK_QUEUED_AT_DPC, EV_LOCK_QUEUED, 2, 0},
        {EV_LOCK_RW_EXCLUSIVE, EV_LOCK_RW_EXCLUSIVE_AT_DPC, 0, 2},
        {EV_LOCK_RW_SHARED, EV_LOCK_RW_SHARED_AT_DPC, 0, 2},
        {EV_LOCK_RW_SHARED_AT_DPC, EV_LOCK_RW_SHARED, 2, 0},
    };

    (void)s;
    on(0, 2, 1);
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        take(A, bad[i].take, bad[i].old);
        drop(A, bad[i].drop, bad[i].new);
        expect_stop("DT-L09", 0xc4, 0x1009, A, 0, 0);
        expect_silence();
    }
    take(A, EV_LOCK_SPIN, 2);
    drop(A, EV_LOCK_SPIN_AT_DPC, 2);
    expect_warning("DT-L09");
    take(A, EV_LOCK_SPIN_TRY, 2);
    drop(A, EV_LOCK_SPIN, 0);
    expect_silence();
}

static void another_processors_release_is_L03(void **s) /* SPL-022, SPL-044 */
{
    (void)s;
    on(0, 2, 1);
    E(LOCK_ACQUIRE, A, EV_LOCK_QUEUED, 0, HANDLE);
    on(1, 2, 2);
    E(LOCK_RELEASE, A, EV_LOCK_QUEUED, 0, HANDLE);
    expect_stop("DT-L03", 0xc4, 0x1004, A, 1, 2);
    on(0, 2, 1);
    take(B, EV_LOCK_RW_SHARED, 0);
    on(1, 2, 2);
    drop(B, EV_LOCK_RW_SHARED, 0);
    expect_stop("DT-L03", 0xc4, 0x1004, B, 0, 0);
}

static void readers(void **s) /* SPL-054, SPL-057, SPL-060 */
{
    (void)s;
    on(0, 2, 1);
    take(A, EV_LOCK_RW_SHARED, 0);
    on(1, 2, 2);
    take(A, EV_LOCK_RW_SHARED, 0);
    drop(A, EV_LOCK_RW_SHARED, 0);
    on(0, 2, 1);
    E(LOCK_ACQUIRE, A, EV_LOCK_RW_EXCLUSIVE, 2, EV_LOCK_CONVERTED);
    drop(A, EV_LOCK_RW_EXCLUSIVE, 0);
    expect_silence();
    take(A, EV_LOCK_RW_SHARED, 0);
    take(A, EV_LOCK_RW_SHARED, 2);
    expect_stop("DT-L01", 0xf, A, 0, 0, 0);
    E(LOCK_SPUN, A, 0, EV_LOCK_RW_EXCLUSIVE, 0);
    expect_stop("DT-L01", 0xf, A, 0, 0, 0);
    on(1, 2, 2);
    E(LOCK_ACQUIRE, A, EV_LOCK_RW_EXCLUSIVE, 2, EV_LOCK_CONVERTED);
    expect_stop("DT-L03", 0xc4, 0x1004, A, 0, 0);
}

static void initialization_is_L10(void **s) /* SPL-023 */
{
    (void)s;
    take(0x60000, EV_LOCK_SPIN, 0);
    expect_warning("DT-L10");
    drop(0x60000, EV_LOCK_SPIN, 0);
    pair(0x60000);
    E(LOCK_INIT, 0x60000, EV_LOCK_SPIN, 0, 0);
    expect_silence();
    take(A, EV_LOCK_SPIN, 0);
    E(LOCK_INIT, A, EV_LOCK_SPIN, 0, 0);
    expect_stop("DT-L10", 0xc4, 0x1005, A, 0, 0);
}

static void levels_are_L07(void **s) /* SPL-033, INT-016, INT-017 */
{
    (void)s;
    on(0, 5, 1);
    take(A, EV_LOCK_SPIN_AT_DPC, 5);
    expect_warning("DT-L07");
    drop(A, EV_LOCK_SPIN_AT_DPC, 5);
    on(0, 2, 1);
    take(A, EV_LOCK_SPIN, 0);
    expect_stop("DT-L07", 0, 0, 0, 0, 0);
    drop(A, EV_LOCK_SPIN, 0);
    take(B, EV_LOCK_INTERLOCKED, 0);
    drop(B, EV_LOCK_INTERLOCKED, 0);
    take(B, EV_LOCK_INTERLOCKED, 2);
    drop(B, EV_LOCK_INTERLOCKED, 2);
    take(C, EV_LOCK_INTERLOCKED, 5);
    drop(C, EV_LOCK_INTERLOCKED, 5);
    expect_silence();
    pair(B);
    expect_warning("DT-L07");
    pair(C);
    expect_stop("DT-L07", 0, 0, 0, 0, 0);
    expect_silence();
}

static void held_for_long_is_B02(void **s) /* SPL-028 */
{
    (void)s;
    on(0, 2, 1);
    take(A, EV_LOCK_SPIN, 0);
    E(STALL, 0, 25000, 0, 0);
    drop(A, EV_LOCK_SPIN, 0);
    expect_silence();
    take(A, EV_LOCK_SPIN, 0);
    E(STALL, 0, 20000, 0, 0);
    on(1, 2, 2);
    E(STALL, 0, 20000, 0, 0);
    on(0, 2, 1);
    E(STALL, 0, 5001, 0, 0);
    drop(A, EV_LOCK_SPIN, 0);
    expect_warning("DT-B02");
}

static void lowered_with_a_lock_is_L12(void **s) /* SPL-026 */
{
    (void)s;
    E(IRQL_SET, 0, 0, 2, 0);
    on(0, 2, 1);
    take(A, EV_LOCK_SPIN_AT_DPC, 2);
    E(IRQL_SET, 0, 2, 0, 0);
    expect_stop("DT-L12", 0xc4, 0x31, 2, 0, 0);
    expect_silence();
}

static void request_completed_with_a_lock_is_L13(void **s) /* SPL-030 */
{
    (void)s;
    E(IRP_COMPLETE, 0x8000, 0, DEVICE, 0);
    expect_silence();
    on(0, 2, 1);
    take(A, EV_LOCK_SPIN, 0);
    E(IRP_COMPLETE, 0x8000, 0, DEVICE, 0);
    expect_warning("DT-L13");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(two_orders_are_L06),
        CASE(attempts_make_no_order),
        CASE(mutexes_have_an_order_too),
        CASE(order_ends_with_the_memory),
        CASE(ring_of_spinners_is_L17),
        CASE(level_traded_by_overlapping_locks_is_a_warning),
        CASE(outer_first_is_L12),
        CASE(handle_for_two_is_L09),
        CASE(pairs_that_do_not_match_are_L09),
        CASE(another_processors_release_is_L03),
        CASE(readers),
        CASE(initialization_is_L10),
        CASE(levels_are_L07),
        CASE(held_for_long_is_B02),
        CASE(lowered_with_a_lock_is_L12),
        CASE(request_completed_with_a_lock_is_L13),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
