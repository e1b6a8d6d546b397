/* SPDX-License-Identifier: MIT */
/*
 * sp/queue.h - depths, busy completions, frozen and locked queues, time-outs, resets: gate.c, queue.c, retry.c, timeout.c,
 * reset.c, knobs.c. Part of sp/priv.h.
 */
#pragma once

#include "ke/ke.h"
#include "sp/sp.h"

struct sp_adapter;
struct sp_lun;
struct sp_request;
struct sp_slot;

/* What the registry says (STI-124): defaults, or values in their ranges. */
struct sp_knobs {
    ULONG    link_down_s, busy_pause_ms, busy_retries, queue_full_percent, sense_bytes, io_latency_cap_ms, io_timeout_s;
    ULONG    requests;                               /* NumberOfRequests; 0: absent */
    ULONG    lun_max;                                /* MaximumLogicalUnit: as many units a target may have */
    ULONG    bus_type;                               /* STORAGE_BUS_TYPE */
    ULONG    ucx_align;                              /* the uncached extension is aligned to 1 << this; 0: no matter */
    uint64_t ucx_lowest, ucx_highest, ucx_highest64; /* the last for a miniport with 64-bit addresses */
};

enum sp_tier { SP_TIER_NONE, SP_TIER_UNIT, SP_TIER_TARGET, SP_TIER_BUS, SP_TIER_LOST };

/* Time-outs of an adapter: a tick each second while requests are outstanding (timeout.c). sp_lock(). */
struct sp_watch {
    KTIMER             timer;
    KDPC               dpc; /* ticks; also queued to arm the timer */
    struct sp_adapter *a;
    bool               ready, ticking, stopped;
    nt_100ns           next;
    struct sp_lun     *recovering; /* the unit whose time-out is being handled */
    enum sp_tier       tier;
    unsigned           tier_ticks; /* since its reset was sent */
    bool               reset_out;  /* the reset's SRB is the miniport's */
    struct sp_request *reset;
};

/* ---- life; IRQL 0 ---- */

void sp_watch_init(struct sp_adapter *a);
void sp_watch_fini(struct sp_adapter *a); /* no time-out is handled after this */

/* ---- gates (gate.c). u NULL: the adapter's. _locked: lock held; else any IRQL, and what may go on is kicked ---- */

struct sp_gate_timer;

void sp_gate_close_locked(struct sp_adapter *a, struct sp_lun *u, unsigned gate);
bool sp_gate_open_locked(struct sp_adapter *a, struct sp_lun *u, unsigned gate); /* was it closed? */
void sp_gate_close(struct sp_adapter *a, struct sp_lun *u, unsigned gate);
bool sp_gate_open(struct sp_adapter *a, struct sp_lun *u, unsigned gate);
void sp_gate_timer_init(struct sp_gate_timer *t, struct sp_adapter *a, struct sp_lun *u, unsigned gate);
void sp_gate_timer_cancel(struct sp_gate_timer *t);
void sp_gate_timer_fini(struct sp_gate_timer *t); /* IRQL <= 2, not in its DPC */
void sp_gate_close_for_locked(struct sp_gate_timer *t, nt_100ns duration);
void sp_gate_close_for(struct sp_gate_timer *t, nt_100ns duration);
bool sp_gate_open_early(struct sp_gate_timer *t);
void sp_gate_busy(struct sp_adapter *a, struct sp_lun *u, unsigned count);
void sp_gate_count_locked(struct sp_lun *u, bool completed); /* one is the miniport's no more; not completed: busy */
void sp_gate_recount_locked(struct sp_lun *u);               /* one waits for StartIo now */
unsigned sp_with_miniport_locked(const struct sp_adapter *a, const struct sp_lun *u);

/* ---- dispatch asks (retry.c); lock held ---- */

/* STQ-014: some request has been with the miniport for longer than IoLatencyCap. */
bool sp_latency_holds_locked(const struct sp_adapter *a);

/* A request that bypasses a frozen or a locked queue overtakes those that do not. */
void sp_enqueue_locked(struct sp_lun *u, struct sp_request *r);

/* A request has become the miniport's: its time begins. */
void sp_watch_issued_locked(struct sp_request *r);

/* ---- completion asks (retry.c); lock held ---- */

/* What the miniport answered, before it is poisoned. */
void sp_check_answer_locked(const struct sp_slot *s, const void *caller);

/* r has come back and is counted no more. True: it is at the head of its unit's queue, for another try (STQ-040 to STQ-049). */
bool sp_retry_locked(struct sp_lun *u, struct sp_request *r);

/* It goes to its client: whether the queue is frozen by it (STQ-100 to STQ-102). */
void sp_freeze_locked(struct sp_lun *u, struct sp_request *r);

/* ---- requests for the port itself (queue.c) ---- */

/* Before the lock is taken for a CLAIM_DEVICE. IRQL <= 2; the device object that it answers is made at IRQL 0. */
void sp_claim_prepare(struct sp_adapter *a, const struct sp_request *r);

/* lock held. True: answered, done() is to be called. */
bool sp_queue_function_locked(struct sp_lun *u, struct sp_request *r);

/* ---- what a miniport asks (busy.c); any IRQL ---- */

BOOLEAN sp_device_busy(struct sp_adapter *a, UCHAR path, UCHAR target, UCHAR lun, ULONG n, const void *caller);
BOOLEAN sp_device_ready(struct sp_adapter *a, UCHAR path, UCHAR target, UCHAR lun);
BOOLEAN sp_busy(struct sp_adapter *a, ULONG n);
BOOLEAN sp_ready(struct sp_adapter *a);
BOOLEAN sp_pause(struct sp_adapter *a, ULONG seconds);
BOOLEAN sp_resume(struct sp_adapter *a);
BOOLEAN sp_pause_device(struct sp_adapter *a, UCHAR path, UCHAR target, UCHAR lun, ULONG seconds);
BOOLEAN sp_resume_device(struct sp_adapter *a, UCHAR path, UCHAR target, UCHAR lun);
BOOLEAN sp_queue_depth_set(struct sp_adapter *a, UCHAR path, UCHAR target, UCHAR lun, ULONG depth, const void *caller);
ULONG   sp_max_io_update(struct sp_adapter *a, ULONG count);

/* ---- resets (reset.c) ---- */

/* HwStorResetBus with the locks and tokens of STL-081, then BusResetHoldTime. IRQL <= 2. Dump mode: not called. */
bool sp_reset_bus(struct sp_adapter *a, ULONG path);

/* StorPortCompleteRequest; SP_UNTAGGED matches all. Any IRQL. */
void  sp_complete_matching(struct sp_adapter *a, UCHAR path, UCHAR target, UCHAR lun, UCHAR status, const void *caller);
ULONG sp_hardware_reset(struct sp_adapter *a, ULONG type);
