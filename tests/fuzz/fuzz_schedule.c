/* SPDX-License-Identifier: MIT */
/* machines: none */
/* Fuzz target: schedule strings. What is accepted is written the same way again and again; what is refused is explained. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explore/explore.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_BYTES = 4096 };

static void require(bool condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "schedule: %s\n", what);
    abort();
}

static bool is_same(const struct explore_schedule *a, const struct explore_schedule *b)
{
    return a->build == b->build && a->cpus == b->cpus && a->seed == b->seed && strcmp(a->level, b->level) == 0 &&
           a->count == b->count && (!a->count || memcmp(a->switches, b->switches, a->count * sizeof *a->switches) == 0);
}

static void check_accepted(const struct explore_schedule *s)
{
    static char             text[8 * TEXT_BYTES];
    struct explore_schedule back = {0};
    char                    error[200] = "";

    for (size_t i = 0; i < s->count; i++) {
        require(s->switches[i].pick != 0, "a switch to where it was");
        require(i == 0 || s->switches[i].index > s->switches[i - 1].index, "switches out of order");
    }
    require(explore_schedule_format(s, text, sizeof text) < sizeof text, "longer than what was parsed");
    require(explore_schedule_parse(&back, text, error, sizeof error) == 0, "its own text is refused");
    require(is_same(s, &back), "its own text means something else");
    explore_schedule_fini(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct explore_schedule s = {0};
    char                    text[TEXT_BYTES], error[200] = "";

    if (size >= sizeof text)
        return 0;
    memcpy(text, data, size);
    text[size] = 0;
    if (explore_schedule_parse(&s, text, error, sizeof error) == 0)
        check_accepted(&s);
    else
        require(error[0] != 0, "refused without a word");
    explore_schedule_fini(&s);
    return 0;
}
