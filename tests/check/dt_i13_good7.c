/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    FAST_MUTEX Mutex;
} CONTEXT_BLOCK, *PCONTEXT_BLOCK;

PCONTEXT_BLOCK Allocate(VOID)
{
    PCONTEXT_BLOCK block = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *block, 'xtnC');

    if (block)
        ExInitializeFastMutex(&block->Mutex);
    return block;
}
