/* SPDX-License-Identifier: MIT */
/*
 * check/lock_under.cc - what must not be done under a spin lock: complete a request or call a routine nobody knows
 * (DT-L13), block (DT-L14); and mutexes that need APCs to be off (DT-L16).
 */
#include "check/irql.h"
#include "check/lock.h"

namespace dt {

namespace {

class UnderLockChecker : public Checker<check::PreCall> {
  public:
    void checkPreCall(const CallEvent &call, CheckerContext &c) const;

  private:
    void check_unsafe(const CallEvent &call, CheckerContext &c) const;
};

bool completes(StringRef name)
{
    return name == "IoCompleteRequest" || name == "IofCompleteRequest" || name.startswith("IoStartNextPacket");
}

/* A call through a pointer that neither leads to a known function nor has a type that says what it may do. */
bool is_unknown_callback(const CallEvent &call)
{
    auto *e = dyn_cast_or_null<CallExpr>(call.getOriginExpr());

    if (!e || e->getDirectCallee() || call.getDecl())
        return false;
    const Contract &k = contract_of(call);
    return !k.has("_IRQL_requires_") && !k.has("_IRQL_requires_min_") && !(k.role_name.empty() && k.has_irql());
}

void UnderLockChecker::check_unsafe(const CallEvent &call, CheckerContext &c) const
{
    StringRef name = callee_name(call);

    if (!name.startswith("ExAcquireFastMutexUnsafe") && !name.startswith("KeAcquireGuardedMutexUnsafe"))
        return;
    bool apcs_off =
        is_held(c.getState(), pseudo_lock("CriticalRegion")) || is_held(c.getState(), pseudo_lock("PriorityRegion"));
    bool known = root(c) && !contract_of(root(c)).role_name.empty();
    if (!apcs_off && (known || irql_below(c, c.getState(), APC_LEVEL)) && !irql_above(c, c.getState(), PASSIVE_LEVEL))
        report(c, this, L16, name + " needs APCs to be off: a critical or guarded region, or APC_LEVEL",
            call.getOriginExpr());
}

void UnderLockChecker::checkPreCall(const CallEvent &call, CheckerContext &c) const
{
    StringRef name = callee_name(call);

    check_unsafe(call, c);
    if (!spin_lock_held(c.getState()))
        return;
    if (completes(name))
        report(c, this, L13,
            llvm::Twine("a request is ") + (name.startswith("IoStart") ? "started" : "completed") +
                " while a spin lock is held",
            call.getOriginExpr());
    else if (is_unknown_callback(call))
        report(
            c, this, L13, "a routine that is not known here is called while a spin lock is held", call.getOriginExpr());
}

} // namespace

DT_CHECKER("lock_under", UnderLockChecker);

} // namespace dt
