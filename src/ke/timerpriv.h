/* SPDX-License-Identifier: MIT */
/* ke/timerpriv.h - what timer.c (set, cancel) and expire.c (the clock interrupt) share. Theory in both. */
#pragma once

#include "ke/priv.h"

/* Bits of KTIMER.Processor above the processor number. */
enum {
    P_CPU = MACH_CPUS_MAX - 1,
    P_ABSOLUTE = 0x0100,
    P_FINE = 0x0200,
    P_NO_WAKE = 0x0400,
    P_LATE = 0x0800, /* on the processor's list of late timers, in neither queue */
    P_PERIOD_100NS = 0x1000
};
_Static_assert(
    (P_CPU & MACH_CPUS_MAX) == 0 && P_CPU < P_ABSOLUTE, "a mask; memory that was never a timer names a processor too");

static inline USHORT ke_timer_word(const KTIMER *t)
{
    return __atomic_load_n(&t->Processor, __ATOMIC_RELAXED);
}

/* The owner's lock held. */
static inline void ke_timer_word_set(PKTIMER t, unsigned word)
{
    __atomic_store_n(&t->Processor, (USHORT)word, __ATOMIC_RELAXED);
}

static inline struct ke_ex_timer *ke_timer_ex(PKTIMER t)
{
    return CONTAINING_RECORD(t, struct ke_ex_timer, timer);
}

static inline bool ke_timer_is_set_locked(const KTIMER *t)
{
    return ke_timer_inserted(t) || (ke_timer_word(t) & P_LATE);
}

static inline nt_100ns ke_timer_interrupt_time(nt_100ns system_time)
{
    return units_sub_floor0(system_time, ke_system_offset());
}

static inline uint64_t ke_timer_period(const KTIMER *t)
{
    return ke_timer_word(t) & P_PERIOD_100NS ? t->Period : t->Period * NT_100NS_PER_MS;
}

static inline struct ke_ex_timer *ke_timer_first_late(const struct ke_cpu *c)
{
    return list_empty(&c->late) ? NULL : container_of(c->late.next, struct ke_ex_timer, late);
}

/* timer_lock held. Sets the clock compare to the next due time, exactly. */
void ke_timer_arm(struct ke_cpu *c);

/* timer_lock held. Takes the timer off the list of late ones. */
void ke_timer_no_longer_late(struct ke_cpu *c, PKTIMER t);
