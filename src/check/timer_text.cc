/* SPDX-License-Identifier: MIT */
/*
 * check/timer_text.cc - rules about timers and DPCs that a whole file breaks, not one path: a DPC shared by two timers
 * (DT-T10), a timer never deleted (DT-T18), state polled as if it were synchronization (DT-T22).
 */
#include <map>

#include "check/timer_facts.h"
#include "check/visitor.h"

namespace dt {

namespace {

/* What is only safe when the timer's DPC cannot run. */
bool relies_on_quiet(const CallExpr *e)
{
    StringRef name = callee_name(e);

    return name.startswith("ExFree") || name == "IoDeleteDevice" || name.startswith("KeInitialize") ||
           name == "__builtin_memset" || name == "memset" || name == "RtlZeroMemory";
}

/* Variables that get the state of a timer. */
class StateFinder : public Walker {
  public:
    std::map<const ValueDecl *, const CallExpr *> &states;

    explicit StateFinder(std::map<const ValueDecl *, const CallExpr *> &states) : states(states) {}

    bool VisitVarDecl(VarDecl *v) override
    {
        return add(v, v->getInit());
    }
    bool VisitBinaryOperator(BinaryOperator *e) override
    {
        return !e->isAssignmentOp() || add(named_object(e->getLHS()), e->getRHS());
    }

  private:
    bool add(const ValueDecl *to, const Expr *value)
    {
        auto *e = value ? dyn_cast<CallExpr>(value->IgnoreParenCasts()) : nullptr;

        if (to && callee_name(e) == "KeReadStateTimer")
            states[to] = e;
        return true;
    }
};

class Visitor : public FileVisitor {
  public:
    using FileVisitor::FileVisitor;

    bool VisitFunctionDecl(FunctionDecl *f) override
    {
        states.clear();
        StateFinder(states).TraverseStmt(f->getBody());
        return true;
    }

    bool VisitWhileStmt(WhileStmt *s) override
    {
        return polled(state_in(s->getCond()));
    }
    bool VisitDoStmt(DoStmt *s) override
    {
        return polled(state_in(s->getCond()));
    }
    bool VisitForStmt(ForStmt *s) override
    {
        return polled(state_in(s->getCond()));
    }
    bool VisitIfStmt(IfStmt *s) override
    {
        bool relies = find_call(s->getThen(), relies_on_quiet) || find_call(s->getElse(), relies_on_quiet);

        return !relies || polled(state_in(s->getCond()));
    }

    /* if (!KeReadStateTimer(timer)) return; and what comes then. */
    bool VisitCompoundStmt(CompoundStmt *block) override
    {
        const CallExpr *left = nullptr;

        for (const Stmt *s : block->body()) {
            if (left && find_call(s, relies_on_quiet))
                return polled(left);
            auto *branch = dyn_cast<IfStmt>(s);
            if (branch && leaves(branch->getThen()))
                left = state_in(branch->getCond());
        }
        return true;
    }

    void end(const TranslationUnitDecl *unit) override
    {
        const TimerFacts &facts = timer_facts(m.getASTContext());

        for (const ValueDecl *dpc : facts.dpc_order)
            check_shared(dpc, facts.dpcs.at(dpc));
        if (!facts.deletes)
            for (auto &pair : facts.allocated)
                if (is_own(pair.first) && (facts.ends || isa<VarDecl>(pair.first)))
                    report_at(br, by, unit, T18, "no ExDeleteTimer belongs to this timer", pair.second->getBeginLoc(),
                        pair.second->getSourceRange());
    }

  private:
    std::map<const ValueDecl *, const CallExpr *> states; /* variables that keep what KeReadStateTimer said */

    /* The read of a timer's state that a condition is about. */
    const CallExpr *state_in(const Expr *condition)
    {
        const CallExpr *read =
            find_call(condition, [](const CallExpr *e) { return callee_name(e) == "KeReadStateTimer"; });
        const Expr *e = condition ? condition->IgnoreParenCasts() : nullptr;

        while (auto *op = dyn_cast_or_null<UnaryOperator>(e))
            e = op->getSubExpr()->IgnoreParenCasts();
        if (auto *op = dyn_cast_or_null<BinaryOperator>(e))
            e = op->getLHS()->IgnoreParenCasts();
        auto kept = states.find(e ? named_object(e) : nullptr);
        return read ? read : kept == states.end() ? nullptr : kept->second;
    }

    static bool leaves(const Stmt *s)
    {
        auto *block = dyn_cast<CompoundStmt>(s);

        if (block)
            s = block->body_empty() ? s : block->body_back();
        return isa<ReturnStmt>(s) || isa<GotoStmt>(s) || isa<ContinueStmt>(s) || isa<BreakStmt>(s);
    }

    bool polled(const CallExpr *e)
    {
        if (e)
            tell(T22,
                "the state of a timer is read without any synchronization: signaled does not mean that its DPC has run",
                e);
        return true;
    }

    /* Nobody outside of this file can delete it. A member may still be: what this file shows of its owner's life must
     * come to an end here. */
    bool is_own(const ValueDecl *d)
    {
        auto *v = dyn_cast<VarDecl>(d);

        return m.isInCodeFile(d->getLocation()) && (!v || v->hasLocalStorage() || !v->hasExternalFormalLinkage());
    }

    void check_shared(const ValueDecl *dpc, const std::vector<TimerFacts::Use> &uses)
    {
        for (const TimerFacts::Use &u : uses) {
            if (u.timer == uses[0].timer)
                continue;
            report_at(br, by, u.in, T10,
                "the DPC " + dpc->getName() + " is used by " +
                    (u.timer && uses[0].timer ? "two timers" : "a timer and by KeInsertQueueDpc") +
                    ": it can be queued once only",
                u.call->getBeginLoc(), u.call->getSourceRange());
            return;
        }
    }
};

using TimerTextChecker = FileChecker<Visitor>;

} // namespace

DT_CHECKER("timer_text", TimerTextChecker);

} // namespace dt
