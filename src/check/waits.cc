/* SPDX-License-Identifier: MIT */
/* check/waits.cc - waits and dispatcher objects (DT-W02, W05, W08, W09, W10, W12). */
#include "check/lock.h"
#include "check/walk.h"

REGISTER_MAP_WITH_PROGRAMSTATE(SemaphoreLimits, const clang::ento::MemRegion *, unsigned)
REGISTER_MAP_WITH_PROGRAMSTATE(SemaphoreCounts, const clang::ento::MemRegion *, unsigned) /* until somebody may wait */

namespace dt {

namespace {

enum { USER_MODE = 1, THREAD_WAIT_OBJECTS = 3, MAXIMUM_WAIT_OBJECTS = 64 };

class WaitChecker : public Checker<check::PreCall, check::PostCall> {
  public:
    void checkPreCall(const CallEvent &call, CheckerContext &c) const;
    void checkPostCall(const CallEvent &call, CheckerContext &c) const;

  private:
    void check_single(const CallEvent &call, CheckerContext &c) const;
    void check_multiple(const CallEvent &call, CheckerContext &c) const;
    void check_result(
        const CallEvent &call, CheckerContext &c, unsigned mode, unsigned alertable, unsigned timeout) const;
    void check_semaphore(const CallEvent &call, CheckerContext &c) const;
};

llvm::Optional<int64_t> number(const CallEvent &call, CheckerContext &c, unsigned i)
{
    return i < call.getNumArgs() ? number_of(c.getState(), call.getArgSVal(i)) : llvm::None;
}

/* A wait that may come back without the object: with a time-out, alertable, or in user mode. */
void WaitChecker::check_result(
    const CallEvent &call, CheckerContext &c, unsigned mode, unsigned alertable, unsigned timeout) const
{
    SVal             to = timeout < call.getNumArgs() ? call.getArgSVal(timeout) : UnknownVal();
    const MemRegion *r = to.getAsRegion();
    bool             times_out = r && (!isa<SymbolicRegion>(r) || c.getState()->isNull(to).isConstrainedFalse());
    auto             alerts = number(call, c, alertable), user = number(call, c, mode);

    if (is_used(c, call) || !(times_out || (alerts && *alerts) || (user && *user == USER_MODE)))
        return;
    report(c, this, W10,
        callee_name(call) + (times_out ? " may time out" : " may be interrupted by an alert or an APC") +
            ", but its result is ignored",
        call.getOriginExpr());
}

void WaitChecker::check_single(const CallEvent &call, CheckerContext &c) const
{
    auto mode = number(call, c, 2);

    if (mode && *mode == USER_MODE && is_local(argument_object(call, 0)))
        report(c, this, W02,
            "a wait in UserMode for " + name_of(argument_object(call, 0)) +
                ", which is on the stack: the stack may be paged out",
            call.getOriginExpr());
    check_result(call, c, 2, 3, 4);
}

void WaitChecker::check_multiple(const CallEvent &call, CheckerContext &c) const
{
    auto count = number(call, c, 0), mode = number(call, c, 4);
    bool no_blocks = call.getNumArgs() > 7 && c.getState()->isNull(call.getArgSVal(7)).isConstrainedTrue();

    if (count && *count > MAXIMUM_WAIT_OBJECTS)
        report(c, this, W09, "more than MAXIMUM_WAIT_OBJECTS (64) objects in one wait", call.getOriginExpr());
    else if (count && *count > THREAD_WAIT_OBJECTS && no_blocks)
        report(c, this, W09, "a wait for more than 3 objects needs an array of wait blocks", call.getOriginExpr());
    for (unsigned i = 0; count && i < *count && i < MAXIMUM_WAIT_OBJECTS && mode && *mode == USER_MODE; i++) {
        const MemRegion *r = element(c, call.getArgSVal(1), i);
        if (is_mutex(r))
            report(c, this, W09, "a mutex in a wait of UserMode", call.getOriginExpr());
        else if (r && is_local(r))
            report(c, this, W02, "a wait in UserMode for an object on the stack", call.getOriginExpr());
        else
            continue;
        return;
    }
    check_result(call, c, 4, 5, 6);
}

void WaitChecker::check_semaphore(const CallEvent &call, CheckerContext &c) const
{
    bool             initialize = callee_name(call) == "KeInitializeSemaphore";
    auto             a = number(call, c, initialize ? 1 : 2), limit = number(call, c, 2);
    const MemRegion *r = argument_object(call, 0);

    if (initialize) {
        if ((limit && *limit <= 0) || (a && *a < 0) || (a && limit && *a > *limit))
            report(c, this, W08, "a semaphore is initialized outside of its limit", call.getOriginExpr());
        return;
    }
    const unsigned *known = r ? c.getState()->get<SemaphoreLimits>(r) : nullptr;
    const unsigned *count = r ? c.getState()->get<SemaphoreCounts>(r) : nullptr;
    if (a && *a <= 0)
        report(c, this, W08, "a semaphore is released by zero or less", call.getOriginExpr());
    else if (a && known && *a + (count ? *count : 0) > (int64_t)*known)
        report(c, this, W08, "a semaphore is released by more than its limit", call.getOriginExpr());
}

void WaitChecker::checkPreCall(const CallEvent &call, CheckerContext &c) const
{
    StringRef name = callee_name(call);

    if (name == "KeWaitForSingleObject")
        check_single(call, c);
    else if (name == "KeWaitForMultipleObjects")
        check_multiple(call, c);
    else if (name == "KeInitializeSemaphore" || name == "KeReleaseSemaphore")
        check_semaphore(call, c);
    else if (name == "KeDelayExecutionThread")
        check_result(call, c, 0, 1, 99);
    else if (name == "KePulseEvent")
        report(c, this, W12, "KePulseEvent wakes only who waits at this very moment: an APC is enough to miss it",
            call.getOriginExpr());
}

void WaitChecker::checkPostCall(const CallEvent &call, CheckerContext &c) const
{
    StringRef        name = callee_name(call);
    const MemRegion *r = argument_object(call, 0);
    ProgramStateRef  state = c.getState();
    const unsigned  *count = r ? state->get<SemaphoreCounts>(r) : nullptr;
    auto             first = number(call, c, 1), second = number(call, c, 2);

    if (name == "KeInitializeSemaphore" && r && first && second)
        state = state->set<SemaphoreLimits>(r, (unsigned)*second)->set<SemaphoreCounts>(r, (unsigned)*first);
    else if (name == "KeReleaseSemaphore" && count && second)
        state = state->set<SemaphoreCounts>(r, *count + (unsigned)*second);
    else if (!c.wasInlined)
        for (auto &pair : state->get<SemaphoreCounts>())
            state = state->remove<SemaphoreCounts>(pair.first);
    if (state != c.getState())
        c.addTransition(state);
}

/* ---- Wait = TRUE: the next thing the thread does must be a wait ---- */

/* Argument `Wait` of the three routines that have one. */
const Expr *wait_argument(const CallExpr *e)
{
    StringRef name = callee_name(e);
    unsigned  i = name == "KeSetEvent" || name == "KePulseEvent" ? 2 : name == "KeReleaseMutex" ? 1 : 3;

    if (name != "KeSetEvent" && name != "KeReleaseMutex" && name != "KeReleaseSemaphore" && name != "KePulseEvent")
        return nullptr;
    return i < e->getNumArgs() ? e->getArg(i) : nullptr;
}

/* A wait, or a function of the driver that begins with one. */
bool waits(const CallExpr *e)
{
    if (callee_name(e).startswith("KeWaitFor"))
        return true;
    const CallExpr *first = find_call(e->getDirectCallee(), [](const CallExpr *) { return true; });
    return first && callee_name(first).startswith("KeWaitFor");
}

class WaitTrueChecker : public Checker<check::ASTCodeBody> {
  public:
    void checkASTCodeBody(const Decl *d, AnalysisManager &m, BugReporter &br) const
    {
        if (!m.isInCodeFile(d->getLocation()))
            return;
        const CallExpr *asking = nullptr; /* the call before this one, when it promises a wait */
        find_call(d->getBody(), [&](const CallExpr *e) {
            if (asking && !waits(e))
                tell(br, d, asking);
            asking = asks(e, m.getASTContext()) ? e : nullptr;
            return false;
        });
        if (asking)
            tell(br, d, asking);
    }

  private:
    static bool asks(const CallExpr *e, ASTContext &ast)
    {
        const Expr      *wait = wait_argument(e);
        Expr::EvalResult value;

        return wait && wait->EvaluateAsInt(value, ast) && value.Val.getInt() != 0;
    }

    void tell(BugReporter &br, const Decl *in, const CallExpr *e) const
    {
        report_at(br, this, in, W05, callee_name(e) + " with Wait = TRUE is not followed by a wait at once",
            e->getBeginLoc(), e->getSourceRange());
    }
};

} // namespace

DT_CHECKER("waits", WaitChecker);
DT_CHECKER("wait_true", WaitTrueChecker);

} // namespace dt
