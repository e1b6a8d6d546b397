/* SPDX-License-Identifier: MIT */
/* check/waits.cc - waits and dispatcher objects (DT-W02, W05, W08, W09, W10, W12). */
#include "check/annot.h"

REGISTER_MAP_WITH_PROGRAMSTATE(SemaphoreLimits, const clang::ento::MemRegion *, unsigned)

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
    bool             times_out = r && (!r->getSymbolicBase() || c.getState()->isNull(to).isConstrainedFalse());
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
    auto             count = number(call, c, 0), mode = number(call, c, 4);
    const MemRegion *array = argument_object(call, 1);
    bool             no_blocks = call.getNumArgs() > 7 && c.getState()->isNull(call.getArgSVal(7)).isConstrainedTrue();

    if (count && *count > MAXIMUM_WAIT_OBJECTS)
        report(c, this, W09, "more than MAXIMUM_WAIT_OBJECTS (64) objects in one wait", call.getOriginExpr());
    else if (count && *count > THREAD_WAIT_OBJECTS && no_blocks)
        report(c, this, W09, "a wait for more than 3 objects needs an array of wait blocks", call.getOriginExpr());
    for (int64_t i = 0; array && count && i < *count && i < 8 && mode && *mode == USER_MODE; i++) {
        SVal             index = c.getSValBuilder().makeArrayIndex((uint64_t)i);
        SVal             place = c.getState()->getLValue(c.getASTContext().VoidPtrTy, index, loc::MemRegionVal(array));
        const MemRegion *r = object(c.getState()->getSVal(place.castAs<Loc>(), c.getASTContext().VoidPtrTy));
        auto            *t = dyn_cast_or_null<TypedValueRegion>(r);
        StringRef        type =
            t ? t->getValueType().getBaseTypeIdentifier() ? t->getValueType().getBaseTypeIdentifier()->getName() : ""
                     : "";
        if (type.contains("KMUTANT") || type.contains("KMUTEX"))
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
    if (a && *a <= 0)
        report(c, this, W08, "a semaphore is released by zero or less", call.getOriginExpr());
    else if (a && known && *a > (int64_t)*known)
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
    auto             limit = number(call, c, 2);
    const MemRegion *r = argument_object(call, 0);

    if (callee_name(call) == "KeInitializeSemaphore" && r && limit)
        c.addTransition(c.getState()->set<SemaphoreLimits>(r, (unsigned)*limit));
}

/* ---- Wait = TRUE: the next thing the thread does must be a wait ---- */

const CallExpr *call_in(const Stmt *s)
{
    auto *e = dyn_cast_or_null<Expr>(s);

    if (!e)
        return nullptr;
    e = e->IgnoreParenCasts();
    if (auto *b = dyn_cast<BinaryOperator>(e))
        return b->isAssignmentOp() ? call_in(b->getRHS()) : nullptr;
    return dyn_cast<CallExpr>(e);
}

/* Argument `Wait` of the three routines that have one. */
const Expr *wait_argument(const CallExpr *e)
{
    StringRef name = callee_name(e);
    unsigned  i = name == "KeSetEvent" || name == "KePulseEvent" ? 2 : name == "KeReleaseMutex" ? 1 : 3;

    if (name != "KeSetEvent" && name != "KeReleaseMutex" && name != "KeReleaseSemaphore" && name != "KePulseEvent")
        return nullptr;
    return i < e->getNumArgs() ? e->getArg(i) : nullptr;
}

class WaitTrueVisitor : public RecursiveASTVisitor<WaitTrueVisitor> {
  public:
    WaitTrueVisitor(AnalysisManager &m, BugReporter &br, const CheckerBase *by, const Decl *in)
        : m(m), br(br), by(by), in(in)
    {
    }

    bool VisitCompoundStmt(CompoundStmt *block)
    {
        for (auto i = block->body_begin(); i != block->body_end(); ++i) {
            const CallExpr  *e = call_in(*i);
            const Expr      *wait = e ? wait_argument(e) : nullptr;
            Expr::EvalResult value;
            if (!wait || !wait->EvaluateAsInt(value, m.getASTContext()) || value.Val.getInt() == 0)
                continue;
            auto next = i + 1;
            if (next == block->body_end() || !waits(*next))
                report_at(br, by, in, W05, callee_name(e) + " with Wait = TRUE is not followed by a wait at once",
                    e->getBeginLoc(), e->getSourceRange(), 0);
        }
        return true;
    }

  private:
    AnalysisManager   &m;
    BugReporter       &br;
    const CheckerBase *by;
    const Decl        *in;

    static bool waits(const Stmt *s)
    {
        if (auto *r = dyn_cast<ReturnStmt>(s))
            s = r->getRetValue();
        if (auto *d = dyn_cast_or_null<DeclStmt>(s))
            s = d->isSingleDecl() && isa<VarDecl>(d->getSingleDecl()) ? cast<VarDecl>(d->getSingleDecl())->getInit()
                                                                      : nullptr;
        return callee_name(call_in(s)).startswith("KeWait");
    }
};

class WaitTrueChecker : public Checker<check::ASTCodeBody> {
  public:
    void checkASTCodeBody(const Decl *d, AnalysisManager &m, BugReporter &br) const
    {
        WaitTrueVisitor v(m, br, this, d);

        if (m.isInCodeFile(d->getLocation()))
            v.TraverseStmt(d->getBody());
    }
};

} // namespace

DT_CHECKER("waits", WaitChecker);
DT_CHECKER("wait_true", WaitTrueChecker);

} // namespace dt
