/* SPDX-License-Identifier: MIT */
/*
 * ex/pool.h - pool: blocks at reproducible addresses, with guards, quarantine and a lookup by address.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bits of the type argument beside NT's POOL_TYPE values. */
enum {
    EX_POOL_PAGED = 1u,         /* bit 0 of every POOL_TYPE */
    EX_POOL_CACHE_ALIGNED = 4u, /* bit 2 of every POOL_TYPE */
    EX_POOL_NX = 512u,          /* NonPagedPoolNx; execution is never asked for here */
    EX_POOL_ZERO = 1u << 16,    /* contents zero; otherwise EX_POOL_FILL_NEW */
    EX_POOL_NO_FAULT = 1u << 17 /* fault injection leaves this request alone */
};

/* Contents of uninitialised and of freed blocks: as pointers they are not canonical addresses. */
enum { EX_POOL_FILL_NEW = 0xcb, EX_POOL_FILL_FREED = 0xdb, EX_POOL_FILL_GUARD = 0xfb };

#define EX_POOL_KERNEL_TAG 0x6e72654bu /* 'Kern': blocks of the kernel's own */

struct ex_pool_block {
    void       *start;
    size_t      bytes; /* as asked for */
    uint32_t    tag;
    unsigned    type;
    bool        freed;
    const void *caller; /* who allocated it; NULL: the kernel for itself */
};

/* Before each run, machine stopped; costs what the previous run used of tables, not of pool. fault: ask the choice source
 * whether an allocation fails. Returns false when the address range is not to be had. */
bool ex_pool_boot(bool fault);

/* For allocations of other kinds: whether this one is to fail. Always false unless ex_pool_boot(true). Point: no. */
bool ex_pool_fault(void);

/* NULL: out of memory, or a fault was injected. caller NULL: the kernel's own block; no events, no fault, no leak report.
 * IRQL <= 2 (paged: <= 1). Point: no. */
void *ex_pool_alloc(unsigned type, size_t bytes, uint32_t tag, const void *caller);

/* tag 0: any. Bug checks 0xC2 and 0x19 for what was not allocated so. IRQL <= 2 (paged: <= 1). Point: no. */
void ex_pool_free(void *p, uint32_t tag, const void *caller);

/* The block that contains addr, live or freed, from header to guard; false outside of all. Any IRQL, takes no lock:
 * observers may call it. */
bool ex_pool_find(const void *addr, struct ex_pool_block *out);

/* Every live block in order of address, under the pool lock, so that fn leaves the pool alone; it returns false to stop.
 * IRQL <= 2. Point: no. */
void ex_pool_each(bool (*fn)(void *ctx, const struct ex_pool_block *block), void *ctx);

/* Looks at every block: overrun guards of the live ones, contents of the freed ones. Bug checks 0x19 and 0xC6. */
void ex_pool_check(void);
