/* SPDX-License-Identifier: MIT */
/*
 * check/guarded.cc - `_Guarded_by_` and `_Write_guarded_by_` on variables and members (DT-L15, C26100, ANN-039). Whether the
 * lock is held is certain where the path begins with known locks: in a role routine, in a function with annotations of its
 * own, in one that takes such a lock itself.
 */
#include "check/irql.h"
#include "check/lock.h"
#include "check/walk.h"

namespace dt {

namespace {

class GuardedChecker : public Checker<check::Location> {
  public:
    void checkLocation(SVal place, bool is_load, const Stmt *s, CheckerContext &c) const;
};

/* The lock that guards an object for this access; null: none. */
const Annotation *guard_of(const ValueDecl *d, bool is_load, std::vector<Annotation> &list)
{
    list = annotations_of(d, -1);
    for (const Annotation &a : list) {
        if (a.name == "_No_competing_thread_")
            return nullptr;
        if (a.name == "_Guarded_by_" || (a.name == "_Write_guarded_by_" && !is_load))
            return &a;
    }
    return nullptr;
}

/* A lock named beside a member is another member of the same object; else it is a variable of the file. */
const void *lock_named(CheckerContext &c, const MemRegion *r, StringRef name)
{
    ASTContext &ast = c.getASTContext();
    auto       *member = dyn_cast<FieldRegion>(r);

    if (const void *pseudo = pseudo_lock(name))
        return pseudo;
    if (member)
        for (const FieldDecl *f : member->getDecl()->getParent()->fields())
            if (f->getName() == name)
                return c.getState()->getLValue(f, loc::MemRegionVal(member->getSuperRegion())).getAsRegion();
    for (const NamedDecl *d : ast.getTranslationUnitDecl()->lookup(DeclarationName(&ast.Idents.get(name))))
        if (auto *v = dyn_cast<VarDecl>(d))
            return c.getState()->getLValue(v, c.getLocationContext()).getAsRegion();
    return nullptr;
}

/* Who makes the lock is alone yet (C26130 asks for an annotation there). */
bool initializes_lock(const FunctionDecl *f)
{
    return find_call(f,
        [](const CallExpr *e) { return callee_name(e).contains("Initialize") || callee_name(e).contains("Allocate"); });
}

bool beginning_is_known(CheckerContext &c)
{
    const Contract &k = contract_of(root(c));

    return !k.role_name.empty() || k.own || calls_for_lock(root(c), true, LOCK_SPIN) ||
           calls_for_lock(root(c), true, LOCK_FAST) || !(is_called(c, root(c)) || initializes_lock(root(c)));
}

void GuardedChecker::checkLocation(SVal place, bool is_load, const Stmt *s, CheckerContext &c) const
{
    auto                   *r = dyn_cast_or_null<DeclRegion>(place.getAsRegion());
    std::vector<Annotation> list;
    const Annotation       *guard = r ? guard_of(r->getDecl(), is_load, list) : nullptr;

    if (!guard || !root(c) || contract_of(root(c)).has("_No_competing_thread_") || !beginning_is_known(c) ||
        is_local(r))
        return;
    const void *lock = lock_named(c, r, StringRef(guard->argument).trim(" &"));
    if (lock && !is_held(c.getState(), lock))
        report(c, this, L15, name_of(r) + " is guarded by " + guard->argument + ", which this path does not hold", s,
            26100);
}

} // namespace

DT_CHECKER("guarded", GuardedChecker);

} // namespace dt
