/* SPDX-License-Identifier: MIT */
/* machines: none */
/* The schedule fuzz target over mutations of good strings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "explore/explore.h"

#include "fuzz/fuzz_schedule.c"

enum { INPUTS = 200000 };

static const char *const seeds[] = {
    "v1.9ac0f3d2.api.p2.s4711.17:1/3-23:2/4d-104:1/2u",
    "v1.00000000.memory.p64.s18446744073709551615.-",
    "v1.ffffffff.atomic.p1.s0.0:1-4294967295:65535",
};

static uint32_t rng = 4711;

static uint32_t draw(uint32_t n)
{
    rng = rng * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)rng * n >> 32);
}

static void mutated_strings_are_refused_or_mean_what_they_say(void **state)
{
    static const char alphabet[] = "v1.0123456789abcdefsp:-/dmquwi";

    (void)state;
    for (unsigned i = 0; i < INPUTS; i++) {
        char text[80];

        snprintf(text, sizeof text, "%s", seeds[draw(sizeof seeds / sizeof *seeds)]);
        for (uint32_t k = draw(4); k > 0; k--)
            text[draw((uint32_t)strlen(text))] = alphabet[draw(sizeof alphabet - 1)];
        LLVMFuzzerTestOneInput((const uint8_t *)text, strlen(text) - draw(2));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(mutated_strings_are_refused_or_mean_what_they_say)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
