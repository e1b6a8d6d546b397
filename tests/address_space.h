/* SPDX-License-Identifier: MIT */
/* tests/address_space.h - bodies on a host that has no memory left. */
#pragma once

#include "machine.h"

#include <sys/resource.h>

/* Of this process now, in bytes. */
static inline rlim_t address_space(void)
{
    unsigned long pages = 0;
    FILE         *f = fopen("/proc/self/statm", "r");

    assert_non_null(f);
    assert_int_equal(fscanf(f, "%lu", &pages), 1);
    fclose(f);
    return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

/* From now on there is no more than this. Returns the limit that was, for setrlimit(). */
static inline struct rlimit no_more_memory(void)
{
    struct rlimit before, now;

    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
    now = before;
    now.rlim_cur = address_space();
    assert_int_equal(setrlimit(RLIMIT_AS, &now), 0);
    return before;
}
