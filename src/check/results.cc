/* SPDX-License-Identifier: MIT */
/*
 * check/results.cc - results that must be looked at (`_Must_inspect_result_`, `_Check_return_`) and are not: thrown away,
 * or kept in a variable that nothing reads before it is written again (DT-W10, C28193). Storing a result elsewhere,
 * passing it on, returning it is looking (ANN-042, ANN-043); (void) excuses `_Check_return_` only. Functions of the driver,
 * and NT's waits that may end without the object; that one of these is thrown away is the business of check/waits.cc.
 */
#include "check/annot.h"
#include "check/walk.h"

#include "clang/AST/ParentMap.h"
#include "clang/Analysis/Analyses/LiveVariables.h"

namespace dt {

namespace {

enum Duty { NONE, CHECK, INSPECT };

Duty duty_of(const CallExpr *e)
{
    const FunctionDecl *f = e->getDirectCallee();

    if (!f || !is_users(f->getASTContext().getSourceManager(), f->getLocation()))
        return NONE;
    for (const Annotation &a : contract_of(f).list)
        if (a.parameter < 0 && a.conditions.empty() && a.name == "_Must_inspect_result_")
            return INSPECT;
    return contract_of(f).has("_Check_return_") ? CHECK : NONE;
}

bool is_constant(const CallExpr *e, unsigned i, int64_t wanted, ASTContext &ast)
{
    Expr::EvalResult v;

    return i < e->getNumArgs() && e->getArg(i)->EvaluateAsInt(v, ast) && v.Val.getInt() == wanted;
}

/* A wait with a time-out, alertable, or in user mode. */
bool may_end_early(const CallExpr *e, ASTContext &ast)
{
    bool     many = callee_name(e) == "KeWaitForMultipleObjects";
    unsigned mode = many ? 4 : 2;

    if ((!many && callee_name(e) != "KeWaitForSingleObject") || e->getNumArgs() <= mode + 2)
        return false;
    return !e->getArg(mode + 2)->isNullPointerConstant(ast, Expr::NPC_ValueDependentIsNotNull) ||
           is_constant(e, mode, 1, ast) || is_constant(e, mode + 1, 1, ast);
}

/* The call whose result an expression is. */
const CallExpr *call_in(const Expr *e)
{
    return e ? dyn_cast<CallExpr>(e->IgnoreParenCasts()) : nullptr;
}

/* Variables whose address is known to others: who knows who reads them. */
class Escaping : public Walker {
  public:
    llvm::SmallPtrSet<const ValueDecl *, 8> variables;

    bool VisitUnaryOperator(UnaryOperator *u) override
    {
        if (u->getOpcode() == UO_AddrOf)
            variables.insert(named_object(u->getSubExpr()));
        return true;
    }
};

class Unread : public LiveVariables::Observer {
  public:
    Unread(BugReporter &br, const CheckerBase *by, const Decl *in) : br(br), by(by), in(in)
    {
        escaping.TraverseStmt(in->getBody());
    }

    void observeStmt(const Stmt *s, const CFGBlock *, const LiveVariables::LivenessValues &live) override
    {
        if (auto *b = dyn_cast<BinaryOperator>(s)) {
            auto *ref = b->getOpcode() == BO_Assign ? dyn_cast<DeclRefExpr>(b->getLHS()->IgnoreParens()) : nullptr;
            if (auto *v = ref ? dyn_cast<VarDecl>(ref->getDecl()) : nullptr)
                check(v, b->getRHS(), live);
        } else if (auto *d = dyn_cast<DeclStmt>(s)) {
            for (const Decl *one : d->decls())
                if (auto *v = dyn_cast<VarDecl>(one))
                    check(v, v->getInit(), live);
        }
    }

  private:
    BugReporter       &br;
    const CheckerBase *by;
    const Decl        *in;
    Escaping           escaping;

    void check(const VarDecl *v, const Expr *value, const LiveVariables::LivenessValues &live)
    {
        const CallExpr *e = call_in(value);

        if (e && (duty_of(e) != NONE || may_end_early(e, in->getASTContext())) && v->hasLocalStorage() &&
            !live.isLive(v) && !escaping.variables.count(v))
            report_at(br, by, in, W10, "the result of " + callee_name(e) + " is stored, but never looked at",
                e->getBeginLoc(), e->getSourceRange());
    }
};

class ThrownAway : public Walker {
  public:
    ThrownAway(BugReporter &br, const CheckerBase *by, const Decl *in, ParentMap &parents)
        : br(br), by(by), in(in), parents(parents)
    {
    }

    bool VisitCallExpr(CallExpr *e) override
    {
        Duty duty = duty_of(e);

        if (duty == NONE || parents.isConsumedExpr(e) || (duty == CHECK && is_void(parents.getParentIgnoreParens(e))))
            return true;
        report_at(
            br, by, in, W10, "the result of " + callee_name(e) + " is ignored", e->getBeginLoc(), e->getSourceRange());
        return true;
    }

  private:
    BugReporter       &br;
    const CheckerBase *by;
    const Decl        *in;
    ParentMap         &parents;

    static bool is_void(const Stmt *s)
    {
        auto *cast = dyn_cast_or_null<CStyleCastExpr>(s);

        return cast && cast->getType()->isVoidType();
    }
};

class ResultChecker : public Checker<check::ASTCodeBody> {
  public:
    void checkASTCodeBody(const Decl *d, AnalysisManager &m, BugReporter &br) const
    {
        AnalysisDeclContext *context = m.getAnalysisDeclContext(d);

        if (!m.isInCodeFile(d->getLocation()))
            return;
        ThrownAway(br, this, d, context->getParentMap()).TraverseStmt(d->getBody());
        if (auto *live = context->getAnalysis<LiveVariables>()) {
            Unread unread(br, this, d);
            live->runOnAllBlocks(unread);
        }
    }
};

} // namespace

DT_CHECKER("results", ResultChecker);

} // namespace dt
