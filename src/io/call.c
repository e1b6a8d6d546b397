/* SPDX-License-Identifier: MIT */
/* io/call.c - the door through which the I/O manager calls a driver: publish, remember, compare. */
#include "io/priv.h"

void io_call_enter(
    struct io_call *call, enum ev_role role, const void *routine, const void *context, const void *object)
{
    *call = (struct io_call){role, routine, context, object, mach_irql(), ke_apc_count()};
    ev(EV_DRIVER_ENTER, routine, role, (uintptr_t)context, (uintptr_t)object);
}

static const char *role_text(enum ev_role role)
{
    static const char *const text[EV_ROLE_COUNT] = {
        [EV_ROLE_DRIVER_ENTRY] = "DriverEntry",
        [EV_ROLE_UNLOAD] = "DriverUnload",
        [EV_ROLE_ADD_DEVICE] = "AddDevice",
        [EV_ROLE_DISPATCH] = "dispatch routine",
        [EV_ROLE_START_IO] = "StartIo routine",
        [EV_ROLE_CANCEL] = "cancel routine",
        [EV_ROLE_COMPLETION] = "completion routine",
        [EV_ROLE_THREAD] = "thread",
        [EV_ROLE_WORK_ITEM] = "work routine",
        [EV_ROLE_IO_TIMER] = "IoTimer routine",
        [EV_ROLE_DELETE_CALLBACK] = "delete callback",
        [EV_ROLE_OTHER] = "callback",
        [EV_ROLE_ISR] = "interrupt service routine",
#define STOR_CALLBACK(name, text_) [EV_ROLE_STOR_##name] = text_,
#include "base/stor.def"
    };

    return text[role];
}

enum { OF_AN_ISR = 3 }; /* the unique value in IRQL_UNEXPECTED_VALUE */

/* Which of NT's bug checks says "returned at another IRQL" for this role (IRQ-029 .. IRQ-031). */
static _Noreturn void irql_changed(const struct io_call *call, unsigned now)
{
    uint64_t  dispatch[4] = {5, (uintptr_t)call->object, call->irql, now};
    uint64_t  completion[4] = {0xfa, (uintptr_t)call->routine, call->irql, now};
    uint64_t  other[4] = {now << 16 | call->irql << 8, (uintptr_t)call->routine, 0, 0};
    uint64_t  to_user[4] = {(uintptr_t)call->routine, now, 0, 0};
    uint32_t  code = IRQL_UNEXPECTED_VALUE;
    uint64_t *p = other;

    if (finding_faithful && call->role == EV_ROLE_DISPATCH) {
        code = IRQL_GT_ZERO_AT_SYSTEM_SERVICE;
        p = to_user;
    } else if (finding_faithful) {
        other[0] |= call->role == EV_ROLE_ISR ? OF_AN_ISR : 0;
    } else if (call->role == EV_ROLE_DISPATCH) {
        code = DRIVER_VERIFIER_IOMANAGER_VIOLATION;
        p = dispatch;
    } else if (call->role == EV_ROLE_COMPLETION) {
        code = DRIVER_VERIFIER_DETECTED_VIOLATION;
        p = completion;
    } else if (call->role == EV_ROLE_ISR) { /* IRQ-031 */
        code = DRIVER_VERIFIER_DETECTED_VIOLATION;
        p = completion;
        p[0] = 0x111;
    }
    ke_bugcheckf(
        "DT-I09", code, p, "%s was called at IRQL %u and returned at %u", role_text(call->role), call->irql, now);
}

/* WAI-061, MTX-021. Returns in faithful mode: Windows looks when the thread goes back to user mode. */
static void apcs_changed(const struct io_call *call)
{
    uint64_t code = call->role == EV_ROLE_DISPATCH ? 0xc5 : call->role == EV_ROLE_COMPLETION ? 0xfb : 0x40003;
    uint64_t p[4] = {code, (uintptr_t)call->routine, (uint64_t)(int64_t)ke_apc_count(), (uint64_t)(int64_t)call->apcs};

    ke_violationf("DT-W15", DRIVER_VERIFIER_DETECTED_VIOLATION, p,
        "%s returned with another APC-disable count than it was called with", role_text(call->role));
}

void io_call_leave(struct io_call *call)
{
    unsigned now = mach_irql();

    if (now < DISPATCH_LEVEL && ke_apc_count() != call->apcs)
        apcs_changed(call);
    /* Before the level is told: who watches may know of a lock that explains it (SPL-029). */
    ev(EV_DRIVER_LEAVE, call->routine, call->role, now, (uintptr_t)call->object);
    if (now != call->irql)
        irql_changed(call, now);
}
