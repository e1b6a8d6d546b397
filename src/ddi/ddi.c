/* SPDX-License-Identifier: MIT */
/* ddi/ddi.c - what many routines check: the caller's IRQL, where an object lies. Windows notices only sometimes, this is at once. */
#include "ddi/ddi.h"

#include "base/finding.h"
#include "ex/fastmutex.h"
#include "ex/pool.h"
#include "ke/ke.h"

static const char *irql_name(unsigned irql)
{
    static const char *const low[] = {"PASSIVE_LEVEL", "APC_LEVEL", "DISPATCH_LEVEL"};

    return irql < 3 ? low[irql] : irql == 15 ? "HIGH_LEVEL" : "device level";
}

/* What Driver Verifier calls it (0xC4, parameter 1); 0: it has no name for it, and the routine is caught when it touches
 * something (0x0A). EVT-014, EVT-015, EVT-031, WAI-060, WAI-071. */
static uint64_t verifier_code(enum ddi_id id, unsigned irql)
{
    switch (id) {
    case DDI_KeSetEvent:
        return irql > DISPATCH_LEVEL ? 0x80 : 0x20016;
    case DDI_KePulseEvent:
    case DDI_KeClearEvent:
    case DDI_KeResetEvent:
    case DDI_KeReadStateEvent:
    case DDI_KeReleaseMutex:
    case DDI_KeReadStateMutex:
    case DDI_KeReleaseSemaphore:
    case DDI_KeInitializeSemaphore:
        return 0x20011;
    case DDI_KeDelayExecutionThread:
        return 0x2000F;
    case DDI_KeEnterCriticalRegion:
        return 0x11A;
    case DDI_KeLeaveCriticalRegion:
        return 0x11B;
    case DDI_KeEnterGuardedRegion:
    case DDI_KeLeaveGuardedRegion:
        return 0x20010;
    case DDI_PsCreateSystemThread: /* THR-002, THR-011 */
    case DDI_PsTerminateSystemThread:
        return 0x2001C;
    case DDI_ExSetTimerResolution: /* CLK-028 */
        return 0x20006;
    default:
        return 0;
    }
}

/* Where no check of its own comes first, the DDI compliance rule that Microsoft's page of the routine names. */
static uint64_t compliance_code(enum ddi_id id)
{
    static const struct {
        enum ddi_id id;
        uint32_t    code;
    } rules[] = {
#define RULE(name, code) {DDI_##name, code},
#include "ddi/irql_rules.def"
#undef RULE
    };

    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (rules[i].id == id)
            return rules[i].code;
    return 0;
}

/* Windows goes on at DISPATCH_LEVEL. */
static void wait_expected(enum ddi_id id, const void *caller)
{
    struct finding f = {.severity = FINDING_STOP, .rule = "DT-W05", .caller = caller};

    if (ke_is_wait_expected() && !finding_faithful)
        finding_raisef(&f,
            "%s is called where a KeWaitXxx must follow at once: the call before it was made with Wait = TRUE",
            ddi_rows[id].name);
}

static void threaded_dpc(enum ddi_id id, const void *caller)
{
    const struct ddi_row *row = &ddi_rows[id];
    struct finding        f = {.severity = FINDING_STOP,
               .rule = row->blocks ? "DT-D06" : "DT-I01",
               .bugcheck = row->blocks ? 0xB8 : 0x0A,
               .param = {0, DISPATCH_LEVEL, 0, (uintptr_t)caller},
               .caller = caller};

    if (row->irql_max < DISPATCH_LEVEL && ke_dpc_in_thread())
        finding_raisef(&f, "%s is called by a threaded DPC: for it the rules of DISPATCH_LEVEL hold", row->name);
}

/* LCK-015: IRQL is PASSIVE_LEVEL, but APCs are as disabled as at APC_LEVEL. Windows goes on, mostly. */
static void guarded_mutex(enum ddi_id id, const void *caller)
{
    const struct ddi_row *row = &ddi_rows[id];
    struct finding        f = {.severity = FINDING_WARNING, .rule = "DT-L16", .caller = caller};

    if (row->irql_max == PASSIVE_LEVEL && mach_irql() == PASSIVE_LEVEL && ex_mutex_guarded_is_owned())
        finding_raisef(
            &f, "%s is called by the owner of a guarded mutex: for it the rules of APC_LEVEL hold", row->name);
}

/* WAI-076. PowerIrpDDis names two beside those whose own row says PASSIVE_LEVEL. */
static void setting_power(enum ddi_id id, const void *caller)
{
    struct finding f = {.severity = FINDING_WARNING, .rule = "DT-W18", .caller = caller};
    bool           passive =
        ddi_rows[id].irql_max == PASSIVE_LEVEL || id == DDI_KeDelayExecutionThread || id == DDI_KeInitializeSemaphore;

    if (passive && ke_is_setting_power())
        finding_raisef(
            &f, "%s, which needs PASSIVE_LEVEL, is called while IRP_MN_SET_POWER is handled", ddi_rows[id].name);
}

__attribute__((noinline, cold)) void ddi_watched(enum ddi_id id, const void *caller)
{
    wait_expected(id, caller);
    threaded_dpc(id, caller);
    guarded_mutex(id, caller);
    setting_power(id, caller);
    ddi_stor_watched(id, caller);
}

/* Touches what it is given, or the thread that calls, and that is resident: it works at any level. */
static bool works_anywhere(enum ddi_id id)
{
    switch (id) {
    case DDI_KeInitializeTimer:
    case DDI_KeInitializeTimerEx:
    case DDI_KeReadStateTimer:
    case DDI_KeAreApcsDisabled:
    case DDI_KeAreAllApcsDisabled:
    case DDI_KeInitializeGuardedMutex:
    case DDI_KeInitializeDeviceQueue:
        return true;
    default:
        return false;
    }
}

/* What only Driver Verifier minds. Not: to block, to end a thread or to make one where nothing can be switched or paged in. At
 * APC_LEVEL it can be paged in, so nothing is a bug check 0x0A there; but who blocks may be waiting for an APC. */
static bool is_tolerated(enum ddi_id id, unsigned irql, uint64_t verifier)
{
    bool ends = ddi_rows[id].blocks || id == DDI_PsTerminateSystemThread;
    bool tolerated = irql <= APC_LEVEL || works_anywhere(id) || (verifier && id != DDI_PsCreateSystemThread);

    return finding_faithful && tolerated && !ends;
}

/* Below the level a routine needs: it works, unless something comes in between. */
static void violation(enum ddi_id id, unsigned irql, unsigned allowed, const void *caller)
{
    bool     above = irql > allowed;
    uint64_t code = above ? verifier_code(id, irql) : 0;

    if (is_tolerated(id, irql, code) || (finding_faithful && !above))
        return;
    if (above && !code)
        code = compliance_code(id);
    if (finding_faithful)
        code = 0;
    struct finding f = {.severity = FINDING_STOP,
        .rule = above ? "DT-I01" : "DT-I02",
        .bugcheck = code ? 0xC4 : 0x0A,
        .param = {code, irql, 0, (uintptr_t)caller},
        .caller = caller};

    finding_raisef(&f, "%s is called at IRQL %u (%s); it may be called at %s%s", ddi_rows[id].name, irql,
        irql_name(irql), irql_name(allowed), above ? " or below" : " or above");
}

__attribute__((noinline, cold)) void ddi_irql_violation(enum ddi_id id, unsigned irql, const void *caller)
{
    const struct ddi_row *row = &ddi_rows[id];

    violation(id, irql, irql > row->irql_max ? row->irql_max : row->irql_min, caller);
}

void ddi_irql_above(enum ddi_id id, unsigned irql_max, const void *caller)
{
    violation(id, mach_irql(), irql_max, caller);
}

void ddi_check_resident(const void *object, const char *routine, const void *caller)
{
    struct ex_pool_block block;

    if (!ex_pool_find(object, &block) || !(block.type & EX_POOL_PAGED))
        return;
    struct finding f = {.severity = FINDING_STOP,
        .rule = "DT-I10",
        .bugcheck = 0xC4,
        .param = {0xE1, (uintptr_t)object, 0, 0},
        .object = object,
        .caller = caller};

    finding_raisef(&f, "%s is given a synchronization object in paged pool", routine);
}

void ddi_check_storage(const void *object, const char *routine, const void *caller)
{
    if (ke_exception_expected())
        ke_probe_read(object);
    ddi_check_resident(object, routine, caller);
}
