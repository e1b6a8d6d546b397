/* SPDX-License-Identifier: MIT */
/*
 * sp/more.h - what StorPort's extended routines need beside requests: memory that a miniport has asked for, work items,
 * threads, changes that it has told of, its buffers' lists. memory.c, sgl.c, worker.c, change.c. Part of sp/priv.h.
 */
#pragma once

struct sp_adapter;
struct sp_slot;

/* ---- memory (memory.c) ---- */

enum sp_block_kind { SP_BLOCK_POOL, SP_BLOCK_CONTIGUOUS, SP_BLOCK_HOST_BUFFER, SP_BLOCK_MDL, SP_BLOCK_LOCK };

/* Something of the miniport's that must be given back, or be known. */
struct sp_block {
    struct list        link; /* more.blocks; sp_lock() */
    enum sp_block_kind kind;
    void              *p;
    size_t             bytes;
    ULONG              tag; /* of contiguous memory: the MEMORY_CACHING_TYPE */
    const void        *caller;
};

/* Where bus memory may lie. */
struct sp_place {
    uint64_t lowest, highest, boundary;
    ULONG    cache; /* MEMORY_CACHING_TYPE */
};

/* The bus address of p; *run becomes the bytes from there that are contiguous. Without a model's memory an address stands for
 * itself. 0: unknown. Any IRQL. */
uint64_t sp_bus_address(const struct sp_adapter *a, const void *p, uint64_t *run);

/* STOR_STATUS_XXX. IRQL <= 2. caller is blamed for what is not given back. */
ULONG sp_pool_allocate(struct sp_adapter *a, ULONG bytes, ULONG tag, PVOID *out, const void *caller);
ULONG sp_pool_release(struct sp_adapter *a, PVOID p, const void *caller);
ULONG sp_contiguous_allocate(
    struct sp_adapter *a, size_t bytes, const struct sp_place *place, PVOID *out, const void *caller);
ULONG sp_contiguous_release(struct sp_adapter *a, PVOID p, size_t bytes, ULONG cache, const void *caller);
ULONG sp_host_buffer_allocate(struct sp_adapter *a, size_t least, size_t preferred, const struct sp_place *place,
    PACCESS_RANGE ranges, PULONG count, const void *caller);
ULONG sp_host_buffer_release(struct sp_adapter *a, const ACCESS_RANGE *ranges, ULONG count);
ULONG sp_mdl_allocate(struct sp_adapter *a, PVOID p, ULONG bytes, PVOID *mdl, const void *caller);
bool  sp_mdl_is(struct sp_adapter *a, PVOID mdl);
ULONG sp_mdl_release(struct sp_adapter *a, PVOID mdl, const void *caller);

/* Spin locks of the miniport's own for interlocked lists. Any IRQL to ask, <= 2 to note. */
bool sp_spin_note(struct sp_adapter *a, PVOID lock);
bool sp_spin_is(struct sp_adapter *a, const void *lock);

/* Whether one of its StorPortGetPhysicalAddress may ask about p: not a request's buffer. Any IRQL. */
bool sp_is_common(struct sp_adapter *a, const void *p);

/* ---- a request's buffer (sgl.c) ---- */

struct sp_list {
    PSTOR_SCATTER_GATHER_LIST list;
    unsigned                  room; /* elements */
    uint32_t                  sum;  /* over what was made, while issued */
    bool                      valid;
    void                     *bounce; /* what the device reaches in place of the buffer; NULL: the buffer itself */
    size_t                    bounce_bytes;
};

/* Before and after an issue: the lists of the client's buffers. begin at IRQL <= 2, lock not held; end with the lock held. */
bool sp_lists_begin(struct sp_slot *s);
void sp_lists_end_locked(struct sp_slot *s, const void *caller);
void sp_lists_fini(struct sp_slot *s); /* IRQL <= 2 */

/* For the miniport that has this SRB. NULL: none. Any IRQL. */
PSTOR_SCATTER_GATHER_LIST sp_list_of(struct sp_adapter *a, const void *srb, bool in);

/* Where the device finds what the processor has at p, a place in the buffer of a request. Any IRQL. */
const void *sp_list_place(const struct sp_slot *s, const void *p);

/* The MDL of the buffer, made when it is asked for. IRQL <= 2. */
ULONG sp_mdl_of(struct sp_adapter *a, const void *srb, bool in, PVOID *mdl);
ULONG sp_pfns_of(struct sp_adapter *a, const void *srb, PVOID mdl, PVOID *pfns, PULONG count, PULONG offset);

/* Builds a list of any memory in the caller's buffer and calls the routine, now or from a DPC. DISPATCH_LEVEL. */
struct sp_build {
    PMDL                     mdl;
    PVOID                    va;
    ULONG                    bytes;
    PpostScaterGatherExecute routine;
    PVOID                    context, buffer;
    ULONG                    buffer_bytes;
};
ULONG sp_list_build(struct sp_adapter *a, const struct sp_build *b);
ULONG sp_list_put(struct sp_adapter *a, PSTOR_SCATTER_GATHER_LIST list, const void *caller);
void  sp_built_fini(struct sp_adapter *a);

/* ---- work items and threads (worker.c) ---- */

ULONG          sp_worker_create(struct sp_adapter *a, PVOID *worker);
ULONG          sp_worker_queue(struct sp_adapter *a, PVOID worker, PHW_WORKITEM routine, PVOID context);
ULONG          sp_worker_free(struct sp_adapter *a, PVOID worker);
ULONG          sp_thread_create(struct sp_adapter *a, PSTOR_THREAD_START_ROUTINE routine, PVOID context,
             PSTOR_THREAD_PRIORITY priority, PVOID *thread);
void           sp_workers_fini(struct sp_adapter *a);
bool           sp_thread_is(struct sp_adapter *a, PVOID thread);
bool           sp_thread_is_current(PVOID thread);
ULONG          sp_thread_priority(struct sp_adapter *a, PVOID thread, STOR_THREAD_PRIORITY priority);
_Noreturn void sp_thread_end(void);

/* ---- what has changed (change.c); any IRQL ---- */

struct sp_change {
    KDPC             dpc;
    struct ex_work   work;
    bool             active; /* sp_lock() */
    ULONG            entity;
    PSTOR_ADDRESS    address;
    STOR_ADDR_BTL8   copy;
    PHW_STATE_CHANGE routine;
    PVOID            context;
};

struct sp_async {
    KDPC           dpc;
    struct ex_work work;
    bool           active; /* sp_lock() */
    unsigned       told;
    struct sp_lun *unit;
    ULONGLONG      flags;
};

/* Faults of the hardware that a miniport has reported; and how many events it has logged. */
struct sp_log {
    unsigned events, etw, telemetry, failures, dumps;
};

ULONG sp_change_detected(struct sp_adapter *a, ULONG entity, PSTOR_ADDRESS address, PHW_STATE_CHANGE r, PVOID context);
ULONG sp_async_detected(struct sp_adapter *a, const STOR_ADDRESS *address, ULONGLONG flags);
ULONG sp_unit_attributes(struct sp_adapter *a, const STOR_ADDRESS *address, ULONG attributes);
ULONG sp_mark_failed(struct sp_adapter *a, const STOR_ADDRESS *address, bool remove);

/* ---- life ---- */

struct sp_more {
    struct list      blocks, workers, threads, built; /* sp_lock() */
    unsigned         n_threads, busy_workers;
    bool             closing; /* sp_lock(): no more work items, no more changes */
    KEVENT           idle;    /* when busy_workers has become 0 while closing */
    struct sp_change change;
    struct sp_async  async;
    struct sp_log    log;
};

void sp_more_init(struct sp_adapter *a);
void sp_more_close(struct sp_adapter *a); /* IRQL 0: work items have run, changes are told */
void sp_more_fini(struct sp_adapter *a);  /* IRQL 0: what is left is reported and taken back */
