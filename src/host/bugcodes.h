/* SPDX-License-Identifier: MIT */
/* host/bugcodes.h - names of bug checks and what their parameters mean, in our words. */
#pragma once

#include <stdint.h>

struct bugcode {
    uint32_t    code;
    const char *name;
    const char *meaning;  /* one sentence */
    const char *param[4]; /* NULL: reserved */
};

/* One meaning of the first parameter of a bug check, with its own reading of the others. */
struct bugcode_case {
    uint32_t    code;
    uint64_t    param1;
    const char *meaning;
    const char *param[4];
};

/* NULL: not in the table. */
const struct bugcode      *bugcode_find(uint32_t code);
const struct bugcode_case *bugcode_case_find(uint32_t code, uint64_t param1);

/* "0xC7", "c7", "TIMER_OR_DPC_INVALID". NULL: none. */
const struct bugcode *bugcode_parse(const char *text);
