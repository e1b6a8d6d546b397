/* SPDX-License-Identifier: MIT */
/*
 * mach/memaccess.c - the compiler's -fsanitize=thread calls, answered by the machine instead of by libtsan.
 *
 * A driver built with `duetime build --race` calls these before each access to memory that may be shared. On the simulated
 * machine each is an event (the race detector listens) and, at point level "memory", a point. A library that is built with
 * the thread sanitizer itself leaves the names to libtsan.
 */
#include "base/ev.h"
#include "mach/mach.h"

#if defined(__has_feature)
#    if __has_feature(thread_sanitizer)
#        define LIBTSAN 1
#    endif
#endif
#if defined(__SANITIZE_THREAD__)
#    define LIBTSAN 1
#endif

static bool instrumented;

bool mach_instrumented(void)
{
    return instrumented;
}

#ifndef LIBTSAN

#    define EXPORT __attribute__((visibility("default")))

static inline void read_at(const void *p, uint64_t bytes, const void *pc)
{
    ev(EV_MEM_READ, p, bytes, (uintptr_t)pc, 0);
    mach_point(MACH_POINT_MEMORY, p);
}

static inline void write_at(const void *p, uint64_t bytes, const void *pc)
{
    ev(EV_MEM_WRITE, p, bytes, (uintptr_t)pc, 0);
    mach_point(MACH_POINT_MEMORY, p);
}

#    define ACCESS(kind, name, n)                         \
        EXPORT void __tsan_##name##n(const void *p);      \
        EXPORT void __tsan_##name##n(const void *p)       \
        {                                                 \
            kind##_at(p, n, __builtin_return_address(0)); \
        }

#    define ACCESSES(n)                \
        ACCESS(read, read, n)          \
        ACCESS(write, write, n)        \
        ACCESS(read, volatile_read, n) \
        ACCESS(write, volatile_write, n)

#    define UNALIGNED(n)                         \
        ACCESS(read, unaligned_read, n)          \
        ACCESS(write, unaligned_write, n)        \
        ACCESS(read, unaligned_volatile_read, n) \
        ACCESS(write, unaligned_volatile_write, n)

ACCESSES(1)
ACCESSES(2)
ACCESSES(4)
ACCESSES(8)
ACCESSES(16)
UNALIGNED(2)
UNALIGNED(4)
UNALIGNED(8)
UNALIGNED(16)

EXPORT void __tsan_read_range(const void *p, uint64_t bytes);
EXPORT void __tsan_read_range(const void *p, uint64_t bytes)
{
    read_at(p, bytes, __builtin_return_address(0));
}

EXPORT void __tsan_write_range(const void *p, uint64_t bytes);
EXPORT void __tsan_write_range(const void *p, uint64_t bytes)
{
    write_at(p, bytes, __builtin_return_address(0));
}

/* A constructor or destructor of C++ sets the pointer to the virtual functions; a virtual call reads it. */
EXPORT void __tsan_vptr_update(void **p, void *value);
EXPORT void __tsan_vptr_update(void **p, void *value)
{
    if (*p != value)
        write_at(p, sizeof *p, __builtin_return_address(0));
}

EXPORT void __tsan_vptr_read(void **p);
EXPORT void __tsan_vptr_read(void **p)
{
    read_at(p, sizeof *p, __builtin_return_address(0));
}

/* Called when an instrumented image is loaded. */
EXPORT void __tsan_init(void);
EXPORT void __tsan_init(void)
{
    instrumented = true;
}

/* Called by instrumented code for its own bookkeeping; nothing to do. */
EXPORT void __tsan_func_entry(const void *caller);
EXPORT void __tsan_func_entry(const void *caller)
{
    (void)caller;
}

EXPORT void __tsan_func_exit(void);
EXPORT void __tsan_func_exit(void) {}

/* Atomic operations that the compiler emits for the driver's own builtins and the DDK's Interlocked routines. */
#    define ATOMIC(n, T)                                                                                \
        EXPORT T __tsan_atomic##n##_load(const volatile T *p, int mo);                                  \
        EXPORT T __tsan_atomic##n##_load(const volatile T *p, int mo)                                   \
        {                                                                                               \
            (void)mo;                                                                                   \
            ev(EV_MEM_ATOMIC, (const void *)p, n / 8, (uintptr_t)__builtin_return_address(0), 0);       \
            return __atomic_load_n(p, __ATOMIC_SEQ_CST);                                                \
        }                                                                                               \
        EXPORT void __tsan_atomic##n##_store(volatile T *p, T v, int mo);                               \
        EXPORT void __tsan_atomic##n##_store(volatile T *p, T v, int mo)                                \
        {                                                                                               \
            (void)mo;                                                                                   \
            ev(EV_MEM_ATOMIC, (const void *)p, n / 8, (uintptr_t)__builtin_return_address(0), 0);       \
            __atomic_store_n(p, v, __ATOMIC_SEQ_CST);                                                   \
        }                                                                                               \
        EXPORT int __tsan_atomic##n##_compare_exchange_strong(volatile T *p, T *e, T v, int mo, int f); \
        EXPORT int __tsan_atomic##n##_compare_exchange_strong(volatile T *p, T *e, T v, int mo, int f)  \
        {                                                                                               \
            (void)mo, (void)f;                                                                          \
            ev(EV_MEM_ATOMIC, (const void *)p, n / 8, (uintptr_t)__builtin_return_address(0), 0);       \
            return __atomic_compare_exchange_n(p, e, v, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);         \
        }                                                                                               \
        EXPORT T __tsan_atomic##n##_compare_exchange_val(volatile T *p, T e, T v, int mo, int f);       \
        EXPORT T __tsan_atomic##n##_compare_exchange_val(volatile T *p, T e, T v, int mo, int f)        \
        {                                                                                               \
            (void)mo, (void)f;                                                                          \
            ev(EV_MEM_ATOMIC, (const void *)p, n / 8, (uintptr_t)__builtin_return_address(0), 0);       \
            __atomic_compare_exchange_n(p, &e, v, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);               \
            return e;                                                                                   \
        }

#    define ATOMIC_RMW(n, T, op, builtin)                                                         \
        EXPORT T __tsan_atomic##n##_##op(volatile T *p, T v, int mo);                             \
        EXPORT T __tsan_atomic##n##_##op(volatile T *p, T v, int mo)                              \
        {                                                                                         \
            (void)mo;                                                                             \
            ev(EV_MEM_ATOMIC, (const void *)p, n / 8, (uintptr_t)__builtin_return_address(0), 0); \
            return builtin(p, v, __ATOMIC_SEQ_CST);                                               \
        }

#    define ATOMICS(n, T)                               \
        ATOMIC(n, T)                                    \
        ATOMIC_RMW(n, T, exchange, __atomic_exchange_n) \
        ATOMIC_RMW(n, T, fetch_add, __atomic_fetch_add) \
        ATOMIC_RMW(n, T, fetch_sub, __atomic_fetch_sub) \
        ATOMIC_RMW(n, T, fetch_and, __atomic_fetch_and) \
        ATOMIC_RMW(n, T, fetch_or, __atomic_fetch_or)   \
        ATOMIC_RMW(n, T, fetch_xor, __atomic_fetch_xor)

ATOMICS(8, uint8_t)
ATOMICS(16, uint16_t)
ATOMICS(32, uint32_t)
ATOMICS(64, uint64_t)

EXPORT void __tsan_atomic_thread_fence(int mo);
EXPORT void __tsan_atomic_thread_fence(int mo)
{
    (void)mo;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

#endif
