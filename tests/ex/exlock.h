/* SPDX-License-Identifier: MIT */
/* tests/ex/exlock.h - what the tests of executive locks share: findings told apart by their first parameter, region. */
#pragma once

#include "../machine.h"

#include "ddk/ntifs.h"

/* Misuse that any run shows, with the bug check's first parameter (compared where one process can run many machines). */
static inline void caught_with_code(dt_body *body, const char *rule, uint32_t bugcheck, uint64_t param1)
{
    struct dt_config cfg = config(2);
    struct dt_result r = {0};

    caught(body, rule, bugcheck);
    if (!simulated())
        return;
    assert_int_equal(dt_run(&cfg, body, NULL, &r), 0);
    assert_int_equal(r.finding.param[0], param1);
}

/* Verifier's 0xC4 and its kind of violation. */
static inline void violates(dt_body *body, const char *rule, uint64_t kind)
{
    caught_with_code(body, rule, DRIVER_VERIFIER_DETECTED_VIOLATION, kind);
}

/* Inside bodies: a thread that runs `steps` with normal kernel APCs disabled. */
static inline void in_region(void (*steps)(void))
{
    KeEnterCriticalRegion();
    steps();
    KeLeaveCriticalRegion();
}
