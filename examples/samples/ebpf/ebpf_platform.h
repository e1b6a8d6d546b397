/* SPDX-License-Identifier: MIT */
/*
 * Stands in for the platform layer of microsoft/ebpf-for-windows when libs/runtime/ebpf_work_queue.c is built alone: just what
 * that file uses, in terms of NT. Written for Duetime from the uses in that file; nothing here is copied.
 */
#pragma once

#include <ntddk.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum { EBPF_SUCCESS = 0, EBPF_INVALID_ARGUMENT, EBPF_NO_MEMORY } ebpf_result_t;

typedef LIST_ENTRY ebpf_list_entry_t;
typedef KSPIN_LOCK ebpf_lock_t;
typedef KIRQL      ebpf_lock_state_t;

#define EBPF_POOL_TAG_DEFAULT 'fpbe'

static inline void *ebpf_allocate_with_tag(size_t bytes, uint32_t tag)
{
    return ExAllocatePool2(POOL_FLAG_NON_PAGED, bytes, tag);
}

static inline void ebpf_free(void *p)
{
    ExFreePool(p);
}

static inline void ebpf_lock_create(ebpf_lock_t *lock)
{
    KeInitializeSpinLock(lock);
}

static inline void ebpf_lock_destroy(ebpf_lock_t *lock)
{
    UNREFERENCED_PARAMETER(lock);
}

static inline ebpf_lock_state_t ebpf_lock_lock(ebpf_lock_t *lock)
{
    KIRQL old;

    KeAcquireSpinLock(lock, &old);
    return old;
}

static inline void ebpf_lock_unlock(ebpf_lock_t *lock, ebpf_lock_state_t old)
{
    KeReleaseSpinLock(lock, old);
}

static inline void ebpf_list_initialize(ebpf_list_entry_t *head)
{
    InitializeListHead(head);
}

static inline bool ebpf_list_is_empty(const ebpf_list_entry_t *head)
{
    return IsListEmpty(head);
}

static inline void ebpf_list_insert_tail(ebpf_list_entry_t *head, ebpf_list_entry_t *entry)
{
    InsertTailList(head, entry);
}

static inline void ebpf_list_remove_entry(ebpf_list_entry_t *entry)
{
    RemoveEntryList(entry);
}
