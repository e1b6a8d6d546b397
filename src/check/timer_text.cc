/* SPDX-License-Identifier: MIT */
/*
 * check/timer_text.cc - rules about timers and DPCs that a whole file breaks, not one path: a DPC shared by two timers
 * (DT-T10), a timer never deleted (DT-T18), state polled as if it were synchronization (DT-T22), lost arguments (DT-D05).
 */
#include "check/timer_facts.h"
#include "check/visitor.h"

namespace dt {

namespace {

/* Does a statement contain a call that this accepts? */
class Finder : public RecursiveASTVisitor<Finder> {
  public:
    llvm::function_ref<bool(StringRef)> wanted;
    const CallExpr                     *found = nullptr;

    explicit Finder(llvm::function_ref<bool(StringRef)> wanted) : wanted(wanted) {}
    bool VisitCallExpr(CallExpr *e)
    {
        if (wanted(callee_name(e)))
            found = e;
        return !found;
    }
};

const CallExpr *find_call(const Stmt *s, llvm::function_ref<bool(StringRef)> wanted)
{
    Finder f(wanted);

    if (s)
        f.TraverseStmt(const_cast<Stmt *>(s));
    return f.found;
}

bool reads_state(StringRef name)
{
    return name == "KeReadStateTimer";
}

/* What is only safe when the timer's DPC cannot run. */
bool relies_on_quiet(StringRef name)
{
    return name.startswith("ExFree") || name == "IoDeleteDevice" || name.startswith("KeInitialize") ||
           name == "__builtin_memset" || name == "memset" || name == "RtlZeroMemory";
}

class Visitor : public FileVisitor<Visitor> {
  public:
    using FileVisitor::FileVisitor;

    bool VisitWhileStmt(WhileStmt *s)
    {
        return polled(s->getCond(), find_call(s->getCond(), reads_state));
    }
    bool VisitDoStmt(DoStmt *s)
    {
        return polled(s->getCond(), find_call(s->getCond(), reads_state));
    }
    bool VisitForStmt(ForStmt *s)
    {
        return polled(s->getCond(), find_call(s->getCond(), reads_state));
    }
    bool VisitIfStmt(IfStmt *s)
    {
        const CallExpr *e = find_call(s->getCond(), reads_state);
        bool            relies = find_call(s->getThen(), relies_on_quiet) || find_call(s->getElse(), relies_on_quiet);

        return !e || !relies || polled(s->getCond(), e);
    }

    bool VisitCompoundStmt(CompoundStmt *block)
    {
        for (const Stmt *s : block->body())
            if (auto *e = dyn_cast<CallExpr>(s))
                ignored(e);
        return true;
    }

    void end(const TranslationUnitDecl *unit)
    {
        const TimerFacts &facts = timer_facts(m.getASTContext());

        for (const ValueDecl *dpc : facts.dpc_order)
            check_shared(dpc, facts.dpcs.at(dpc));
        if (!facts.deletes)
            for (auto &pair : facts.allocated)
                if (is_own(pair.first))
                    report_at(br, by, unit, T18, "no ExDeleteTimer belongs to this timer", pair.second->getBeginLoc(),
                        pair.second->getSourceRange());
    }

  private:
    bool polled(const Stmt *, const CallExpr *e)
    {
        if (e)
            tell(T22,
                "the state of a timer is read without any synchronization: signaled does not mean that its DPC has run",
                e);
        return true;
    }

    /* KeInsertQueueDpc(dpc, a, b); with arguments that matter. */
    void ignored(const CallExpr *e)
    {
        ASTContext &ast = m.getASTContext();

        if (callee_name(e) != "KeInsertQueueDpc" || e->getNumArgs() < 3)
            return;
        if (!is_users(sources(), sources().getSpellingLoc(e->getBeginLoc())))
            return; /* IoRequestDpc: its arguments travel otherwise */
        for (unsigned i = 1; i < 3; i++)
            if (!e->getArg(i)->IgnoreParenCasts()->isNullPointerConstant(ast, Expr::NPC_ValueDependentIsNotNull) &&
                !e->getArg(i)->isEvaluatable(ast)) {
                tell(D05, "when the DPC is queued already, KeInsertQueueDpc returns FALSE and these arguments are lost",
                    e);
                return;
            }
    }

    /* Nobody outside of this file can delete it. */
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
