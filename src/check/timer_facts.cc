/* SPDX-License-Identifier: MIT */
#include "check/timer_facts.h"
#include "check/walk.h"

namespace dt {

namespace {

class Collector : public Walker {
  public:
    Collector(ASTContext &ast, TimerFacts &facts) : ast(ast), facts(facts) {}

    bool TraverseFunctionDecl(FunctionDecl *f) override
    {
        inside = f;
        facts.ends |= has_class(contract_of(f), "DRIVER_UNLOAD");
        return !is_users(ast.getSourceManager(), f->getLocation()) || Walker::TraverseFunctionDecl(f);
    }

    bool VisitCallExpr(CallExpr *e) override
    {
        const FunctionDecl *f = e->getDirectCallee();

        if (f && f->getIdentifier())
            see(e, f->getName());
        return true;
    }

    bool VisitBinaryOperator(BinaryOperator *e) override
    {
        if (e->getOpcode() == BO_Assign)
            see_allocation(named_object(e->getLHS()), e->getRHS());
        return true;
    }

    bool VisitVarDecl(VarDecl *v) override
    {
        if (v->getInit())
            see_allocation(v, v->getInit());
        return true;
    }

  private:
    ASTContext         &ast;
    TimerFacts         &facts;
    const FunctionDecl *inside = nullptr;

    const Expr *argument(const CallExpr *e, unsigned i)
    {
        return i < e->getNumArgs() ? e->getArg(i) : nullptr;
    }

    /* Zero for certain? */
    bool is_zero(const Expr *e)
    {
        Expr::EvalResult v;

        return !e || (e->EvaluateAsInt(v, ast) && v.Val.getInt() == 0) ||
               e->isNullPointerConstant(ast, Expr::NPC_ValueDependentIsNotNull);
    }

    void see_allocation(const ValueDecl *to, const Expr *e)
    {
        auto               *call = dyn_cast<CallExpr>(e->IgnoreParenCasts());
        const FunctionDecl *f = call ? call->getDirectCallee() : nullptr;
        Expr::EvalResult    v;

        if (!to || !f || !f->getIdentifier() || f->getName() != "ExAllocateTimer")
            return;
        facts.allocated[to] = call;
        if (call->getNumArgs() > 2 && call->getArg(2)->EvaluateAsInt(v, ast))
            facts.attributes[to] = v.Val.getInt().getExtValue();
    }

    void see_dpc(const CallExpr *e, unsigned i, const ValueDecl *timer)
    {
        const Expr      *a = argument(e, i);
        const ValueDecl *dpc = a && !is_zero(a) ? named_object(a) : nullptr;

        if (!dpc || isa<ParmVarDecl>(dpc) || isa<FunctionDecl>(dpc))
            return;
        if (!facts.dpcs.count(dpc))
            facts.dpc_order.push_back(dpc);
        facts.dpcs[dpc].push_back({e, inside, timer});
    }

    void see_routine(std::set<const FunctionDecl *> &to, const CallExpr *e)
    {
        const ValueDecl *d = argument(e, 1) ? named_object(argument(e, 1)) : nullptr;

        if (auto *f = dyn_cast_or_null<FunctionDecl>(d))
            to.insert(f->getCanonicalDecl());
    }

    void see(const CallExpr *e, StringRef name)
    {
        const ValueDecl *timer = argument(e, 0) ? named_object(argument(e, 0)) : nullptr;
        int period = name == "KeSetTimerEx" || name == "KeSetCoalescableTimer" || name == "ExSetTimer" ? 2 : -1;

        if (period >= 0 && timer && !is_zero(argument(e, (unsigned)period)))
            facts.periodic.insert(timer);
        if (name == "KeSetTimer")
            see_dpc(e, 2, timer);
        else if (name == "KeSetTimerEx")
            see_dpc(e, 3, timer);
        else if (name == "KeSetCoalescableTimer")
            see_dpc(e, 4, timer);
        else if (name == "KeInsertQueueDpc")
            see_dpc(e, 0, nullptr);
        else if (name == "KeInitializeThreadedDpc")
            see_routine(facts.threaded, e);
        else if (name == "KeInitializeDpc")
            see_routine(facts.ordinary, e);
        else if (name == "ExDeleteTimer")
            facts.deletes = true;
        else if (name == "ExCancelTimer" || name == "IoDeleteDevice" || name.startswith("ExFree"))
            facts.ends = true;
    }
};

} // namespace

const TimerFacts &timer_facts(ASTContext &ast)
{
    static TimerFacts facts;
    static bool       known;

    if (!known) {
        known = true;
        Collector(ast, facts).TraverseDecl(ast.getTranslationUnitDecl());
    }
    return facts;
}

} // namespace dt
