/* SPDX-License-Identifier: MIT */
/*
 * check/interlocked.cc - objects of interlocked routines that are local (C28113) or changed without them where others run
 * at the same time (DT-P02, C28112); state that a miniport's StartIo and its timer share (DT-S04).
 */
#include <map>

#include "check/irql.h"
#include "check/visitor.h"

namespace dt {

namespace {

class Visitor : public FileVisitor {
  public:
    using FileVisitor::FileVisitor;

    bool VisitCallExpr(CallExpr *e) override
    {
        const FunctionDecl *f = e->getDirectCallee();

        locked |= callee_name(e).startswith("StorPortAcquire");
        if (callee_name(e) == "StorPortAcquireSpinLock" && inside && e->getNumArgs() > 1 &&
            is_named(e->getArg(1), "StartIoLock"))
            taking_start.insert(inside->getCanonicalDecl());
        if (f && inside)
            callers[f->getCanonicalDecl()].insert(inside->getCanonicalDecl());
        for (const Annotation &a : f ? contract_of(f).list : std::vector<Annotation>())
            if (a.name == "_Interlocked_operand_" && a.parameter >= 0 && (unsigned)a.parameter < e->getNumArgs())
                operand(e->getArg((unsigned)a.parameter));
        return true;
    }

    /* An element stands for its array: a->Slots[i] for a->Slots. */
    static const Expr *whole(const Expr *e)
    {
        e = e->IgnoreParenImpCasts();
        while (auto *element = dyn_cast<ArraySubscriptExpr>(e))
            e = element->getBase()->IgnoreParenImpCasts();
        return e;
    }

    bool VisitBinaryOperator(BinaryOperator *e) override
    {
        concurrent |= is_named(e->getLHS(), "ConcurrentChannels") && e->isAssignmentOp();
        if (e->isAssignmentOp())
            writes.insert(whole(e->getLHS()));
        if (e->isCompoundAssignmentOp())
            changes.insert(whole(e->getLHS()));
        return true;
    }

    bool VisitUnaryOperator(UnaryOperator *e) override
    {
        if (e->isIncrementDecrementOp()) {
            writes.insert(whole(e->getSubExpr()));
            changes.insert(whole(e->getSubExpr()));
        }
        if (e->getOpcode() == UO_AddrOf && !operands.count(whole(e->getSubExpr())))
            addresses.insert(whole(e->getSubExpr()));
        return true;
    }

    bool VisitMemberExpr(MemberExpr *e) override
    {
        auto *f = dyn_cast<FieldDecl>(e->getMemberDecl());

        return !f || !is_users(sources(), f->getLocation()) || seen(e, f);
    }

    bool VisitDeclRefExpr(DeclRefExpr *e) override
    {
        auto *v = dyn_cast<VarDecl>(e->getDecl());

        return !v || !v->hasGlobalStorage() || seen(e, v);
    }

    bool TraverseFunctionDecl(FunctionDecl *f) override
    {
        locked = false;
        bool go_on = FileVisitor::TraverseFunctionDecl(f);
        if (locked)
            locking.insert(f->getCanonicalDecl());
        return go_on;
    }

    void end(const TranslationUnitDecl *) override
    {
        for (const ValueDecl *d : order)
            if (!(concurrent && check_shared(accesses[d])))
                check_plain(d, accesses[d]);
    }

  private:
    struct Access {
        const Expr         *e;
        const FunctionDecl *in;
        bool                write, interlocked, change; /* change: read and written, which no initialization is */
    };
    std::map<const ValueDecl *, std::vector<Access>>                           accesses;
    std::vector<const ValueDecl *>                                             order;
    llvm::SmallPtrSet<const Expr *, 16>                                        writes, changes, operands, addresses;
    std::map<const FunctionDecl *, llvm::SmallPtrSet<const FunctionDecl *, 4>> callers;
    llvm::SmallPtrSet<const FunctionDecl *, 16>                                locking,
        taking_start; /* functions that take a lock of the port; the StartIo lock */
    bool locked = false, concurrent = false;

    static bool is_named(const Expr *e, StringRef name)
    {
        const ValueDecl *d = named_object(e);

        return d && d->getIdentifier() && d->getName() == name;
    }

    void operand(const Expr *e)
    {
        auto       *address = dyn_cast<UnaryOperator>(e->IgnoreParenCasts());
        const Expr *object = address && address->getOpcode() == UO_AddrOf ? address->getSubExpr() : nullptr;
        auto       *ref = object ? dyn_cast<DeclRefExpr>(object->IgnoreParenCasts()) : nullptr;
        auto       *v = ref ? dyn_cast<VarDecl>(ref->getDecl()) : nullptr;

        if (object)
            operands.insert(whole(object));
        if (v && v->hasLocalStorage() && inside)
            tell(
                P02, "'" + v->getName() + "' is local: an interlocked routine has nobody to protect it from", e, 28113);
    }

    bool seen(const Expr *e, const ValueDecl *d)
    {
        if (!inside || addresses.count(e))
            return true;
        if (!accesses.count(d))
            order.push_back(d);
        accesses[d].push_back({e, inside, writes.count(e) > 0, operands.count(e) > 0, changes.count(e) > 0});
        return true;
    }

    bool is_timer(const FunctionDecl *f)
    {
        return reached_from(f, {"HW_TIMER", "HW_TIMER_EX"});
    }
    bool is_start(const FunctionDecl *f)
    {
        return reached_from(f, {"HW_STARTIO"});
    }

    /* Itself, or those that call it, directly or not. */
    std::vector<const FunctionDecl *> with_callers(const FunctionDecl *f)
    {
        std::vector<const FunctionDecl *> list = {f->getCanonicalDecl()};

        for (size_t i = 0; i < list.size(); i++)
            for (const FunctionDecl *caller : callers[list[i]])
                if (std::find(list.begin(), list.end(), caller) == list.end())
                    list.push_back(caller);
        return list;
    }

    bool reached_from(const FunctionDecl *f, std::initializer_list<const char *> roles)
    {
        for (const FunctionDecl *one : with_callers(f))
            for (const char *role : roles)
                if (has_class(contract_of(one), role))
                    return true;
        return false;
    }

    bool is_locking(const FunctionDecl *f)
    {
        for (const FunctionDecl *one : with_callers(f))
            if (locking.count(one))
                return true;
        return false;
    }

    /* Under the StartIo lock, which the port holds for a HW_TIMER. */
    bool holds_start_lock(const FunctionDecl *f)
    {
        for (const FunctionDecl *one : with_callers(f))
            if (taking_start.count(one) || has_class(contract_of(one), "HW_TIMER"))
                return true;
        return false;
    }

    /* StartIo and the timer, one of them writing, one of them without an interlocked routine, and no lock in both. */
    bool check_shared(const std::vector<Access> &list)
    {
        for (const Access &a : list)
            for (const Access &b : list) {
                bool pair = (is_timer(a.in) && is_start(b.in)) || (is_start(a.in) && is_timer(b.in));
                if (!pair || a.interlocked || (!a.write && !b.write && !b.interlocked) ||
                    (is_locking(a.in) && is_locking(b.in)) || (holds_start_lock(a.in) && holds_start_lock(b.in)))
                    continue;
                report_at(br, by, a.in, S04,
                    "with concurrent channels '" + a.in->getNameAsString() + "' and '" + b.in->getNameAsString() +
                        "' run at the same time; here their shared state is used without an interlocked routine",
                    a.e->getBeginLoc(), a.e->getSourceRange(), 28112);
                return true;
            }
        return false;
    }

    /* At DISPATCH_LEVEL or above, by its role: something else may run at the same time. */
    bool runs_beside_others(const FunctionDecl *f)
    {
        Levels l = entry_levels(m.getASTContext(), m.getPreprocessor(), contract_of(f));

        return !contract_of(f).role_name.empty() && l.low >= DISPATCH_LEVEL;
    }

    void check_plain(const ValueDecl *d, const std::vector<Access> &list)
    {
        bool interlocked = false;

        for (const Annotation &a : annotations_of(d, -1))
            interlocked |= a.name == "_Interlocked_";
        for (const Access &a : list)
            interlocked |= a.interlocked;
        for (const Access &a : list)
            if (interlocked && (a.change || (a.write && runs_beside_others(a.in))))
                report_at(br, by, a.in, P02,
                    d->getName() + " is changed here without an interlocked routine, elsewhere with one",
                    a.e->getBeginLoc(), a.e->getSourceRange(), 28112);
    }
};

using InterlockedChecker = FileChecker<Visitor>;

} // namespace

DT_CHECKER("interlocked", InterlockedChecker);

} // namespace dt
