/* SPDX-License-Identifier: MIT */
/*
 * sp/queue.h - what holds requests back and what brings them back: gates, depths, busy completions, frozen and locked queues,
 * time-outs, resets. Part of sp/priv.h.
 *
 * Where the spine calls in here:
 *   adapter created      sp_queue_init(a), last in it sp_queue_fini(a); unit created sp_queue_unit_init(u), gone ..._fini(u)
 *   submit               sp_submit_local(r): true, the request is the port's own business and has been answered
 *   dispatch             sp_may_issue(u, r): false, something holds it; sp_issued(r) when it becomes outstanding
 *   completion           sp_returned(r) when it is no longer outstanding, then sp_retry(r): true, it is in its queue again
 */
#pragma once

struct sp_adapter;
struct sp_lun;
struct sp_request;

/* What the registry says (STI-124): defaults, or values in their ranges. */
struct sp_knobs {
    ULONG    link_down_s, busy_pause_ms, busy_retries, queue_full_percent, sense_bytes, io_latency_cap_ms, io_timeout_s;
    ULONG    requests;     /* NumberOfRequests; 0: absent */
    ULONG    lun_max;      /* MaximumLogicalUnit: as many units a target may have */
    ULONG    bus_type;     /* STORAGE_BUS_TYPE */
    ULONG    ucx_align;    /* the uncached extension is aligned to 1 << this; 0: no matter */
    uint64_t ucx_lowest, ucx_highest;
};

/* Time-outs of an adapter: a tick each second while requests are outstanding (timeout.c). */
struct sp_watch {
    KTIMER             timer;
    KDPC               dpc, arm; /* arm: from above DISPATCH_LEVEL */
    struct sp_adapter *a;
    bool               ready, ticking; /* sp_lock() */
    struct sp_lun     *recovering;     /* the unit whose time-out is being handled; sp_lock() */
    unsigned           tier;           /* enum sp_tier */
    unsigned           tier_ticks;     /* since its reset was sent */
    bool               reset_returned;
    struct sp_request *reset;
};

enum sp_tier { SP_TIER_NONE, SP_TIER_UNIT, SP_TIER_TARGET, SP_TIER_BUS, SP_TIER_LOST };

/* Queues of a unit, beyond the lists. sp_lock(). */
struct sp_unit_queue {
    struct sp_gate_timer *timers;       /* [0] pause, [1] retry; allocated with the unit */
    unsigned              full_count;   /* completions until QUEUE FULL is over */
    unsigned              due;          /* requests that have timed out and not come back */
};

/* ---- life; IRQL 0 ---- */

void sp_queue_init(struct sp_adapter *a);
void sp_queue_fini(struct sp_adapter *a); /* no gate timer or time-out after this */
bool sp_queue_unit_init(struct sp_lun *u);
void sp_queue_unit_fini(struct sp_lun *u);

/* ---- gates (gate.c); any IRQL ---- */

/* Closes, for interval (100 ns; 0: until it is opened), or opens. u NULL: the adapter's. Dispatch follows. */
void sp_gate_close(struct sp_adapter *a, struct sp_lun *u, unsigned gate, nt_100ns interval);
bool sp_gate_open(struct sp_adapter *a, struct sp_lun *u, unsigned gate); /* false: it was not closed */

/* sp_lock() held. */
bool sp_may_issue(const struct sp_lun *u, const struct sp_request *r);
bool sp_may_start(const struct sp_lun *u, const struct sp_request *r); /* BuildIo has been called, outstanding counts it */
void sp_issued(struct sp_request *r);
void sp_returned(struct sp_request *r);

/* The eight routines of StorPortBusy's family, and depths. Any IRQL unless the file says otherwise. */
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

/* ---- what comes back (retry.c); IRQL 2, sp_lock not held ---- */

/* What a miniport may not write into a completed SRB (STQ-041, STQ-101, STQ-121): a finding, or nothing. Any IRQL. */
void sp_check_answer(struct sp_request *r, const void *caller);

/* r's answer is filled in, its slot is free. True: it goes out again; it is in its unit's queue. Else r->srb_status may have
 * got QUEUE_FROZEN and the client is to be told. */
bool sp_retry(struct sp_request *r);

/* ---- requests that the port answers itself (freeze.c) ---- */

/* True: done() has been or will be called. IRQL <= 2. */
bool sp_submit_local(struct sp_request *r);

/* Takes all requests that are not outstanding out of the unit's queues and ends them so. IRQL <= 2. */
void sp_flush_queue(struct sp_lun *u, UCHAR srb_status);

/* ---- resets (reset.c) ---- */

/* HwStorResetBus with the locks and tokens of STL-081, then BusResetHoldTime. IRQL <= 2. Dump mode: not called. */
bool sp_reset_bus(struct sp_adapter *a, ULONG path);

/* Tries to end r, which is outstanding: an abort SRB. False: the adapter takes none (STQ-085). IRQL <= 2. */
bool sp_abort(struct sp_request *r, void (*done)(struct sp_request *abort), void *context);

/* StorPortCompleteRequest; SP_UNTAGGED matches all. Any IRQL. */
void sp_complete_matching(struct sp_adapter *a, UCHAR path, UCHAR target, UCHAR lun, UCHAR status, const void *caller);
ULONG sp_hardware_reset(struct sp_adapter *a, ULONG type);
