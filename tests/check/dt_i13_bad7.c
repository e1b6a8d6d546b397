/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    FAST_MUTEX Mutex;
} CONTEXT_BLOCK, *PCONTEXT_BLOCK;

/* An initializer that is inline in the header is one report, here. */
PCONTEXT_BLOCK Allocate(VOID)
{
    PCONTEXT_BLOCK block = ExAllocatePool2(POOL_FLAG_PAGED, sizeof *block, 'xtnC');

    if (block)
        ExInitializeFastMutex(&block->Mutex); // expect: DT-I13
    return block;
}
