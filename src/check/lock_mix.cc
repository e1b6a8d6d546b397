/* SPDX-License-Identifier: MIT */
/*
 * check/lock_mix.cc - one spin lock that is taken with plain calls here and with queued calls there (DT-L09). Without a
 * path: what counts is the field or variable each call in the file names.
 */
#include <map>

#include "check/lock.h"
#include "check/walk.h"

namespace dt {

namespace {

class MixVisitor : public Walker {
  public:
    struct Uses {
        const CallExpr *plain = nullptr, *queued = nullptr;
        const Decl     *in_plain = nullptr, *in_queued = nullptr;
    };
    std::map<const ValueDecl *, Uses> uses;
    std::vector<const ValueDecl *>    order;

    bool TraverseFunctionDecl(FunctionDecl *f) override
    {
        function = f;
        return Walker::TraverseFunctionDecl(f);
    }

    bool VisitCallExpr(CallExpr *e) override
    {
        const FunctionDecl *f = e->getDirectCallee();
        const LockCall     *l = f && f->getIdentifier() ? lock_call(f->getName()) : nullptr;

        if (l && l->what != LockCall::RELEASE && l->lock >= 0 && (unsigned)l->lock < e->getNumArgs())
            add(e, l->kind, named(e->getArg((unsigned)l->lock)));
        return true;
    }

  private:
    const FunctionDecl *function = nullptr;

    static const ValueDecl *named(const Expr *e)
    {
        e = e->IgnoreParenCasts();
        if (auto *u = dyn_cast<UnaryOperator>(e))
            return named(u->getSubExpr());
        if (auto *m = dyn_cast<MemberExpr>(e))
            return m->getMemberDecl();
        auto *d = dyn_cast<DeclRefExpr>(e);
        auto *v = d ? dyn_cast<VarDecl>(d->getDecl()) : nullptr;
        return v && v->hasGlobalStorage() ? v : nullptr; /* a parameter may be any lock */
    }

    void add(const CallExpr *e, unsigned kind, const ValueDecl *lock)
    {
        bool plain = kind == LOCK_SPIN || kind == LOCK_SPIN_DPC,
             queued = kind == LOCK_QUEUED || kind == LOCK_QUEUED_DPC;

        if (!lock || (!plain && !queued))
            return;
        if (!uses.count(lock))
            order.push_back(lock);
        Uses &u = uses[lock];
        if (plain && !u.plain) {
            u.plain = e;
            u.in_plain = function;
        } else if (queued && !u.queued) {
            u.queued = e;
            u.in_queued = function;
        }
    }
};

class LockMixChecker : public Checker<check::ASTDecl<TranslationUnitDecl>> {
  public:
    void checkASTDecl(const TranslationUnitDecl *unit, AnalysisManager &m, BugReporter &br) const
    {
        MixVisitor v;

        v.TraverseDecl(unit);
        for (const ValueDecl *lock : v.order) {
            const MixVisitor::Uses &u = v.uses[lock];
            if (!u.plain || !u.queued)
                continue;
            bool later =
                m.getSourceManager().isBeforeInTranslationUnit(u.plain->getBeginLoc(), u.queued->getBeginLoc());
            report_at(br, this, later ? u.in_queued : u.in_plain, L09,
                "the lock " + lock->getName() + " is acquired with " + (later ? "queued" : "plain") +
                    " calls here, with " + (later ? "plain" : "queued") + " ones elsewhere",
                (later ? u.queued : u.plain)->getBeginLoc(), (later ? u.queued : u.plain)->getSourceRange());
        }
    }
};

} // namespace

DT_CHECKER("lock_mix", LockMixChecker);

} // namespace dt
