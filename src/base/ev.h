/* SPDX-License-Identifier: MIT */
/*
 * base/ev.h - past-tense facts that the floors publish and observers subscribe to.
 *
 * Publishing costs one load and one never-taken branch while nobody listens. Observers may not call DDIs,
 * block or take kernel locks. On the real-time machine they are called concurrently, at any IRQL, from
 * many threads: each locks itself (base/spin.h).
 */
#pragma once

#include <stdint.h>

enum ev_id {
#define EV(name, obj, a, b, c) EV_##name,
#include "base/ev.def"
#undef EV
    EV_COUNT
};
_Static_assert(EV_COUNT <= 128, "a set of events is two words");

/* A set of events. With a constant id a test of one bit is still one load of the word it lies in. */
typedef unsigned __int128 ev_set;

#define EV_BIT(id) ((ev_set)1 << (id))
#define EV_ALL     (~(ev_set)0 >> (128 - EV_COUNT))

/* Role in which driver code is called (EV_DRIVER_ENTER, EV_DRIVER_LEAVE). */
enum ev_role {
    EV_ROLE_DRIVER_ENTRY,
    EV_ROLE_UNLOAD,
    EV_ROLE_ADD_DEVICE,
    EV_ROLE_DISPATCH,
    EV_ROLE_START_IO,
    EV_ROLE_CANCEL,
    EV_ROLE_COMPLETION,
    EV_ROLE_THREAD,
    EV_ROLE_WORK_ITEM,
    EV_ROLE_IO_TIMER,
    EV_ROLE_DELETE_CALLBACK,
    EV_ROLE_OTHER,
    EV_ROLE_ISR,
#define STOR_CALLBACK(name, text) EV_ROLE_STOR_##name,
#include "base/stor.def"
    EV_ROLE_COUNT
};

/* Field a of EV_STOR_ADAPTER, and what b and c are. */
enum ev_stor {
    EV_STOR_CREATED,   /* bytes of the device extension, HW_INITIALIZATION_DATA */
    EV_STOR_STARTED,   /* physical 0, virtual 1; channels */
    EV_STOR_STOPPED,   /* no callback until the next EV_STOR_STARTED */
    EV_STOR_REMOVED,   /* HwFreeAdapterResources has returned */
    EV_STOR_GATE,      /* enum sp_gate; closed 1, open 0 */
    EV_STOR_TIMER_SET, /* routine, microseconds; RequestTimerCall, 0 = cancel */
    EV_STOR_NOTIFY,    /* SCSI_NOTIFICATION_TYPE; first argument */
};

/* Field a of EV_STOR_SRB, and what c is. */
enum ev_srb {
    EV_SRB_BUILD,    /* LUN: it becomes the driver's */
    EV_SRB_START,    /* LUN: it becomes the driver's, unless EV_SRB_BUILD came before */
    EV_SRB_COMPLETE, /* SrbStatus: it is the port's again */
    EV_SRB_RETRY,    /* SrbStatus: the port keeps it for another try */
    EV_SRB_DONE,     /* SrbStatus: its client has it */
};

/* Kind of lock, and by which pair of routines it is taken and released (EV_LOCK_*). */
enum ev_lock {
    EV_LOCK_SPIN,
    EV_LOCK_SPIN_AT_DPC,
    EV_LOCK_QUEUED,
    EV_LOCK_QUEUED_AT_DPC,
    EV_LOCK_CANCEL,
    EV_LOCK_SPIN_TRY,    /* KeTryToAcquireSpinLockAtDpcLevel */
    EV_LOCK_INTERLOCKED, /* in an ExInterlockedXxx routine, interrupts masked */
    EV_LOCK_INTERRUPT,
    EV_LOCK_RW_EXCLUSIVE,
    EV_LOCK_RW_EXCLUSIVE_AT_DPC,
    EV_LOCK_RW_SHARED,
    EV_LOCK_RW_SHARED_AT_DPC, /* the last of those that spin */
    EV_LOCK_FAST_MUTEX,
    EV_LOCK_MUTEX, /* KMUTEX: the first acquisition and the last release */
    EV_LOCK_OTHER
};

/* Field c of EV_LOCK_ACQUIRE, reader-writer locks: held shared and now EV_LOCK_RW_EXCLUSIVE; and, of fast mutexes too,
 * got without waiting. */
#define EV_LOCK_CONVERTED 1
#define EV_LOCK_TRIED     2

static inline int ev_lock_spins(uint64_t kind)
{
    return kind <= EV_LOCK_RW_SHARED_AT_DPC;
}

static inline int ev_lock_shared(uint64_t kind)
{
    return kind == EV_LOCK_RW_SHARED || kind == EV_LOCK_RW_SHARED_AT_DPC;
}

struct ev {
    uint16_t    id;      /* enum ev_id */
    uint8_t     cpu;     /* processor it happened on */
    uint8_t     irql;    /* IRQL of that processor */
    uint32_t    thread;  /* id of the current thread, 0 = idle */
    uint64_t    time_ns; /* since boot */
    const void *obj;
    uint64_t    a, b, c; /* see base/ev.def */
};

struct ev_observer {
    void (*on)(struct ev_observer *self, const struct ev *e);
    ev_set              mask; /* EV_BIT()s wanted */
    struct ev_observer *next;
};

extern ev_set ev_mask_any;

/* 1 while anybody listens to anything, else 0. */
extern uint32_t ev_any;

/* Fills cpu, irql, thread and time of an event; set once by the kernel's boot. */
extern void (*ev_stamp)(struct ev *e);

/* Not while a machine runs. Subscribing the same observer twice is an error. */
void ev_subscribe(struct ev_observer *o);
void ev_unsubscribe(struct ev_observer *o);

/* Callers go through ev(): this is the slow half. */
void ev_publish(enum ev_id id, const void *obj, uint64_t a, uint64_t b, uint64_t c);

/* Prints the event's name; for traces and tests. */
const char *ev_name(enum ev_id id);

#define ev_wanted(id) __builtin_expect((uint64_t)(ev_mask_any >> ((id)&64)) >> ((id)&63) & 1, 0)

#define ev(id, obj, a, b, c)                                                      \
    do {                                                                          \
        if (ev_wanted(id))                                                        \
            ev_publish((id), (obj), (uint64_t)(a), (uint64_t)(b), (uint64_t)(c)); \
    } while (0)
