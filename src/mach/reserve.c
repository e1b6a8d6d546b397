/* SPDX-License-Identifier: MIT */
/*
 * mach/reserve.c - address space at fixed addresses, shared by both machines.
 *
 * The addresses lie where the address sanitizer and the thread sanitizer let a program map memory, and where the kernel
 * of the host puts nothing by itself. A region is reserved once and stays for the life of the process.
 */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE
#endif
#include <pthread.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "mach/mach.h"

#define REGION_BYTES_MAX 0x1000000000ull
#define WINDOW_BASE      0x7ed000000000ull /* like the regions, where the thread sanitizer lets programs map */

static const uintptr_t region_base[MACH_REGION_COUNT] = {
    [MACH_REGION_POOL] = 0x7e9000000000,
    [MACH_REGION_OBJECTS] = 0x7ea000000000,
    [MACH_REGION_STACKS] = 0x7eb000000000,
    [MACH_REGION_BUS] = 0x7ec000000000,
};

/* region_lock protects: how much of each region is mapped (0 = not yet). */
static pthread_mutex_t region_lock = PTHREAD_MUTEX_INITIALIZER;
static size_t          region_bytes[MACH_REGION_COUNT];

/* Hosts that do not know MAP_FIXED_NOREPLACE take the address as a hint; elsewhere than asked counts as failed. */
static bool map_at(uintptr_t base, size_t bytes)
{
    void *at = mmap((void *)base, bytes, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);

    if (at == MAP_FAILED)
        return false;
    if (at == (void *)base)
        return true;
    munmap(at, bytes);
    return false;
}

/* A second call for a region returns the same address if it asks for no more than the first. */
void *mach_reserve(enum mach_region region, size_t bytes)
{
    void *at = NULL;

    if ((unsigned)region >= MACH_REGION_COUNT || bytes == 0 || bytes > REGION_BYTES_MAX)
        return NULL;
    pthread_mutex_lock(&region_lock);
    if (region_bytes[region] == 0 && map_at(region_base[region], bytes))
        region_bytes[region] = bytes;
    if (bytes <= region_bytes[region])
        at = (void *)region_base[region];
    pthread_mutex_unlock(&region_lock);
    return at;
}

void *mach_reserve_window(size_t bytes, const void **read_only)
{
    static void *writable;
    static void *at;
    int          fd = -1;

    pthread_mutex_lock(&region_lock);
    if (!writable && (fd = memfd_create("duetime-window", MFD_CLOEXEC)) >= 0 && ftruncate(fd, (off_t)bytes) == 0) {
        at = mmap((void *)WINDOW_BASE, bytes, PROT_READ, MAP_SHARED | MAP_NORESERVE | MAP_FIXED_NOREPLACE, fd, 0);
        writable = at == (void *)WINDOW_BASE
                       ? mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0)
                       : NULL;
        writable = writable == MAP_FAILED ? NULL : writable;
    }
    if (fd >= 0)
        close(fd);
    *read_only = at;
    pthread_mutex_unlock(&region_lock);
    return writable;
}

/* The host's kernel reads it for us. */
bool mach_is_mapped(const void *address)
{
    char         byte;
    struct iovec to = {&byte, 1}, from = {(void *)address, 1};

    return process_vm_readv(getpid(), &to, 1, &from, 1, 0) == 1;
}
