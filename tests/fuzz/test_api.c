/* SPDX-License-Identifier: MIT */
/* machines: sim; links: objects */
/* The API fuzz target over pseudo-random inputs: KTM-101, EXT-042 and what the target's own expectations say. */
#include "../machine.h"

#include "fuzz/fuzz_api.c"

enum { INPUTS = 1500, BYTES_MAX = 96 };

static uint64_t rng = 0x9e3779b97f4a7c15;

static uint8_t draw(void)
{
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return (uint8_t)(rng >> 40);
}

static void random_programs_find_nothing(void **state)
{
    uint8_t data[BYTES_MAX];

    (void)state;
    for (unsigned i = 0; i < INPUTS; i++) {
        size_t size = HEAD_BYTES + draw() % (BYTES_MAX - HEAD_BYTES);

        for (size_t k = 0; k < size; k++)
            data[k] = draw();
        LLVMFuzzerTestOneInput(data, size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_programs_find_nothing)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
