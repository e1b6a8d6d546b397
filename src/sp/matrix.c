/* SPDX-License-Identifier: MIT */
/*
 * sp/matrix.c - which locks the port holds around each routine of a miniport, at which IRQL it is entered, and which locks the
 * routine may take itself: the table of Microsoft's StorPortAcquireSpinLock page and of the routines' own pages, as data
 * (STL-001 to STL-023). call.c interprets it; nobody else decides on locks.
 *
 *     rank      lock                                              held by the port around
 *     1         DPC lock, one in each STOR_DPC                    nothing
 *     1         StartIo lock, one for each adapter                StartIo with one channel, timers, resets, state changes
 *     2         Interrupt lock; one for each message in           interrupt routines; the above too in half duplex
 *               per-message mode, taken by increasing message
 *
 * The documents give no order between the two of rank 1 (STL-026): the verifier looks for cycles.
 */
#include "sp/priv.h"

#define DPC     SP_LOCK_DPC
#define STARTIO SP_LOCK_STARTIO
#define INTR    SP_LOCK_INTERRUPT
#define ANY     (DPC | STARTIO | INTR)

enum column { VIRTUAL, HALF, ONE_CHANNEL, CHANNELS, COLUMNS };

#define ALL_THE_SAME(level, holds, may)                                \
    {                                                                  \
        {level, holds, may}, {level, holds, may}, {level, holds, may}, \
        {                                                              \
            level, holds, may                                          \
        }                                                              \
    }

/* Timers, resets, state changes: with nothing of the adapter's to interlock, a virtual miniport has them like full duplex. */
#define UNDER_STARTIO                                                                                       \
    {                                                                                                       \
        {SP_AT_DISPATCH, STARTIO, INTR}, {SP_AT_DIRQL, STARTIO | INTR, 0}, {SP_AT_DISPATCH, STARTIO, INTR}, \
        {                                                                                                   \
            SP_AT_DISPATCH, STARTIO, INTR                                                                   \
        }                                                                                                   \
    }

/* clang-format off */
static const struct sp_rule matrix[SP_CALL_COUNT][COLUMNS] = {
    [SP_CALL_INITIALIZE_TRACING] = ALL_THE_SAME(SP_AT_PASSIVE, 0, 0),
    [SP_CALL_CLEANUP_TRACING]    = ALL_THE_SAME(SP_AT_PASSIVE, 0, 0),
    [SP_CALL_FIND_ADAPTER]       = ALL_THE_SAME(SP_AT_PASSIVE, 0, 0),
    [SP_CALL_INITIALIZE]         = {{SP_AT_PASSIVE, 0, 0}, {SP_AT_DIRQL, INTR, 0}, {SP_AT_DIRQL, INTR, 0}, {SP_AT_DIRQL, INTR, 0}},
    [SP_CALL_PASSIVE_INITIALIZE] = ALL_THE_SAME(SP_AT_PASSIVE, 0, 0),
    [SP_CALL_BUILD_IO]           = ALL_THE_SAME(SP_AT_DISPATCH, 0, ANY),
    [SP_CALL_START_IO]           = {{SP_AT_CALLER, 0, ANY}, {SP_AT_DIRQL, STARTIO | INTR, 0},
                                    {SP_AT_DISPATCH, STARTIO, DPC | INTR}, {SP_AT_DISPATCH, 0, ANY}},
    [SP_CALL_INTERRUPT]          = ALL_THE_SAME(SP_AT_DIRQL, INTR, 0),
    [SP_CALL_MESSAGE]            = ALL_THE_SAME(SP_AT_DIRQL, INTR, 0),
    [SP_CALL_TIMER]              = UNDER_STARTIO,
    [SP_CALL_TIMER_EX]           = UNDER_STARTIO,
    [SP_CALL_DPC]                = ALL_THE_SAME(SP_AT_DISPATCH, 0, ANY),
    [SP_CALL_SYNCHRONIZED]       = ALL_THE_SAME(SP_AT_DIRQL, INTR, 0),
    [SP_CALL_RESET_BUS]          = UNDER_STARTIO,
    [SP_CALL_ADAPTER_CONTROL]    = ALL_THE_SAME(SP_AT_CALLER, 0, ANY),
    [SP_CALL_ADAPTER_STOP]       = {{SP_AT_PASSIVE, 0, ANY}, {SP_AT_DIRQL, INTR, 0}, {SP_AT_DIRQL, INTR, 0}, {SP_AT_DIRQL, INTR, 0}},
    [SP_CALL_UNIT_CONTROL]       = ALL_THE_SAME(SP_AT_PASSIVE, 0, ANY),
    [SP_CALL_UNIT_CONTROL_DPC]   = ALL_THE_SAME(SP_AT_DISPATCH, 0, ANY),
    [SP_CALL_TRACING_ENABLED]    = ALL_THE_SAME(SP_AT_PASSIVE, 0, ANY),
    [SP_CALL_STATE_CHANGE]       = UNDER_STARTIO,
    [SP_CALL_WORK_ITEM]          = ALL_THE_SAME(SP_AT_PASSIVE, 0, ANY),
    [SP_CALL_SERVICE_REQUEST]    = ALL_THE_SAME(SP_AT_PASSIVE, 0, ANY),
    [SP_CALL_SERVICE_COMPLETE]   = ALL_THE_SAME(SP_AT_PASSIVE, 0, ANY),
    [SP_CALL_FREE_RESOURCES]     = ALL_THE_SAME(SP_AT_PASSIVE, 0, ANY),
    [SP_CALL_REGISTRY]           = ALL_THE_SAME(SP_AT_PASSIVE, 0, ANY),
};
/* clang-format on */

static enum column column_of(const struct sp_adapter *a)
{
    if (a->is_virtual)
        return VIRTUAL;
    if (a->half_duplex)
        return HALF;
    return a->channels ? CHANNELS : ONE_CHANNEL;
}

/* Where the documents contradict each other or are silent, the configuration says which reading holds. */
static void apply_policy(const struct sp_adapter *a, enum sp_call call, struct sp_rule *r)
{
    if (call == SP_CALL_TIMER_EX && a->cfg.timer_ex_no_lock) /* STM-080 */
        *r = (struct sp_rule){SP_AT_DISPATCH, 0, ANY};
    if (call == SP_CALL_ADAPTER_STOP && a->cfg.stop_no_lock) /* STL-009 */
        *r = (struct sp_rule){SP_AT_PASSIVE, 0, ANY};
    if (call == SP_CALL_ADAPTER_STOP && a->cfg.os == SP_OS_SERVER_2003) /* STL-010 */
        *r = (struct sp_rule){SP_AT_DISPATCH, STARTIO, 0};
    if (call == SP_CALL_FIND_ADAPTER && (a->cfg.dump || a->reinitializing)) /* STL-002 */
        r->level = SP_AT_CALLER;
}

struct sp_rule sp_rule(const struct sp_adapter *a, enum sp_call call)
{
    struct sp_rule r = matrix[call][column_of(a)];

    apply_policy(a, call, &r);
    return r;
}

const char *sp_call_name(enum sp_call call)
{
    static const char *const names[SP_CALL_COUNT] = {
#define STOR_CALLBACK(name, text) text,
#include "base/stor.def"
    };

    return names[call];
}
