/* SPDX-License-Identifier: MIT */
/* check/dpcs.cc - lost arguments (DT-D05), target processors (DT-D11), threaded DPCs (DT-D13, DT-D14). */
#include "check/irql.h"
#include "check/timer_facts.h"

REGISTER_SET_WITH_PROGRAMSTATE(ProcessorCounts, clang::ento::SymbolRef)

namespace dt {

namespace {

enum { MAXIMUM_PROCESSORS = 64 };

class DpcChecker : public Checker<check::PreCall, check::PostCall, check::LiveSymbols> {
  public:
    void checkPreCall(const CallEvent &call, CheckerContext &c) const;
    void checkPostCall(const CallEvent &call, CheckerContext &c) const
    {
        StringRef name = callee_name(call);
        SymbolRef s = call.getReturnValue().getAsSymbol();

        if (!s || !(name.contains("ActiveProcessorCount") || name.contains("MaximumProcessorCount")))
            return;
        auto count = call.getReturnValue().castAs<DefinedSVal>();
        if (ProgramStateRef one = c.getState()->assume(count, true))
            c.addTransition(one->add<ProcessorCounts>(s));
    }
    void checkLiveSymbols(ProgramStateRef state, SymbolReaper &reaper) const
    {
        for (SymbolRef s : state->get<ProcessorCounts>())
            reaper.markLive(s);
    }

  private:
    void check_lost(const CallEvent &call, CheckerContext &c) const;
    void check_target(const CallEvent &call, CheckerContext &c) const;
    void check_threaded(const CallEvent &call, CheckerContext &c) const;
};

/* Is an argument the same for every call? */
bool is_constant(const Expr *e, ASTContext &ast)
{
    return e->IgnoreParenCasts()->isNullPointerConstant(ast, Expr::NPC_ValueDependentIsNotNull) ||
           e->isEvaluatable(ast);
}

void DpcChecker::check_lost(const CallEvent &call, CheckerContext &c) const
{
    const Expr          *e = call.getOriginExpr();
    const SourceManager &sm = c.getSourceManager();

    if (!e || is_used(c, call) || !is_users(sm, sm.getSpellingLoc(e->getBeginLoc())))
        return; /* IoRequestDpc: its arguments travel otherwise */
    if (!is_constant(call.getArgExpr(1), c.getASTContext()) || !is_constant(call.getArgExpr(2), c.getASTContext()))
        report(c, this, D05,
            "when the DPC is queued already, KeInsertQueueDpc returns FALSE and these arguments are lost", e);
}

/* A loop that goes on to the count itself: this path has compared with it, and it may still be the very number. */
bool may_be_count(CheckerContext &c, int64_t n)
{
    ProgramStateRef state = c.getState();
    SValBuilder    &b = c.getSValBuilder();

    for (SymbolRef s : state->get<ProcessorCounts>()) {
        auto compare = [&](int64_t with) {
            SVal number = b.makeIntVal((uint64_t)with, s->getType());
            return b.evalBinOp(state, BO_EQ, nonloc::SymbolVal(s), number, b.getConditionType()).getAs<DefinedSVal>();
        };
        auto equal = compare(n), less = compare(n - 1);
        if (equal && less && state->assume(*equal, true) && !state->assume(*less, true))
            return true;
    }
    return false;
}

void DpcChecker::check_target(const CallEvent &call, CheckerContext &c) const
{
    auto             n = number_of(c.getState(), call.getArgSVal(1));
    SymbolRef        s = call.getArgSVal(1).getAsSymbol();
    const ValueDecl *named = named_object(call.getArgExpr(1));

    while (auto *cast = dyn_cast_or_null<SymbolCast>(s))
        s = cast->getOperand();
    bool count = (s && c.getState()->contains<ProcessorCounts>(s)) ||
                 (named && named->getNameAsString() == "KeNumberProcessors");
    count |= n && *n > 1 && !call.getArgExpr(1)->isEvaluatable(c.getASTContext()) && may_be_count(c, *n);
    if (count || (n && (*n < 0 || *n >= MAXIMUM_PROCESSORS)))
        report(c, this, D11,
            count ? "a count of processors is no processor: numbers end one below it"
                  : "there is no processor of this number",
            call.getOriginExpr());
}

bool is_per_processor(StringRef name)
{
    return name.startswith("KeGetCurrentProcessorNumber") || name.startswith("KeGetCurrentProcessorIndex");
}

void DpcChecker::check_threaded(const CallEvent &call, CheckerContext &c) const
{
    const TimerFacts   &facts = timer_facts(c.getASTContext());
    const FunctionDecl *f = root(c)->getCanonicalDecl();
    StringRef           name = callee_name(call);
    bool                threaded = facts.threaded.count(f), for_dpc = name.endswith("SpinLockForDpc");
    bool                at_dpc = name.endswith("AtDpcLevel") || name.endswith("FromDpcLevel");

    if (threaded && (at_dpc || is_per_processor(name)) && irql_now(c.getState()) == irql_at_entry(c.getState()))
        report(c, this, D13, name + " in a threaded DPC, which may run at PASSIVE_LEVEL", call.getOriginExpr());
    if (for_dpc && !threaded &&
        (facts.ordinary.count(f) ||
            (!contract_of(f).role_name.empty() && !has_class(contract_of(f), "KDEFERRED_ROUTINE"))))
        report(c, this, D14, name + " is for threaded DPCs only", call.getOriginExpr());
}

void DpcChecker::checkPreCall(const CallEvent &call, CheckerContext &c) const
{
    if (!root(c))
        return;
    if (callee_name(call) == "KeSetTargetProcessorDpc" && call.getNumArgs() > 1)
        check_target(call, c);
    if (callee_name(call) == "KeInsertQueueDpc" && call.getNumArgs() > 2)
        check_lost(call, c);
    check_threaded(call, c);
}

} // namespace

DT_CHECKER("dpcs", DpcChecker);

} // namespace dt
