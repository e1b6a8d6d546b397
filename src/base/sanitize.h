/* SPDX-License-Identifier: MIT */
/* base/sanitize.h - telling the sanitizers what is meant. */
#pragma once

/* A function that reads on purpose without the lock, and what may have been freed, only to recognise garbage. */
#ifdef __clang__
#    define UNSYNCHRONIZED __attribute__((noinline, no_sanitize("thread", "address")))
#else
#    define UNSYNCHRONIZED __attribute__((noinline, no_sanitize_thread, no_sanitize_address))
#endif
