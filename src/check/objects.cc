/* SPDX-License-Identifier: MIT */
/*
 * check/objects.cc - objects of the kernel that are used before their initialization, after they were wiped, or as another
 * kind (DT-T01, DT-D01, DT-W03, DT-L10, DT-T19).
 *
 * "Before" is certain only for memory this path has got itself, a local, pool it allocated or the extension of a device it
 * created, as long as no function the analyzer cannot look into has seen it. Wiping counts wherever the object lives.
 */
#include "check/annot.h"

REGISTER_MAP_WITH_PROGRAMSTATE(ReadyObjects, const clang::ento::MemRegion *, unsigned) /* kind */
REGISTER_SET_WITH_PROGRAMSTATE(WipedObjects, const clang::ento::MemRegion *)
REGISTER_SET_WITH_PROGRAMSTATE(FreshPool, clang::ento::SymbolRef)
REGISTER_SET_WITH_PROGRAMSTATE(FreshDevices, clang::ento::SymbolRef) /* of IoCreateDevice */
REGISTER_SET_WITH_PROGRAMSTATE(SeenByOthers, const clang::ento::MemRegion *)

namespace dt {

namespace {

enum Kind : unsigned {
    TIMER = 1,
    DPC = 2,
    EVENT = 4,
    MUTEX = 8,
    SEMAPHORE = 16,
    SPIN = 32,
    FAST = 64,
    RESOURCE = 128,
    SET_PARAMETERS = 256,
    DELETE_PARAMETERS = 512,
    GUARDED = 1024,
    REMOVE = 2048,
    WAITABLE = TIMER | EVENT | MUTEX | SEMAPHORE,
    LOCKS = SPIN | FAST | RESOURCE | GUARDED | REMOVE,
};

struct Call {
    const char *name;
    unsigned    argument, kind;
    Rule        rule;
};

const Call initializers[] = {{"KeInitializeTimer", 0, TIMER, T01}, {"KeInitializeTimerEx", 0, TIMER, T01},
    {"KeInitializeDpc", 0, DPC, D01}, {"KeInitializeThreadedDpc", 0, DPC, D01}, {"KeInitializeEvent", 0, EVENT, W03},
    {"KeInitializeMutex", 0, MUTEX, W03}, {"KeInitializeSemaphore", 0, SEMAPHORE, W03},
    {"KeInitializeSpinLock", 0, SPIN, L10}, {"ExInitializeFastMutex", 0, FAST, L10},
    {"KeInitializeGuardedMutex", 0, GUARDED, L10}, {"ExInitializeResourceLite", 0, RESOURCE, L10},
    {"IoInitializeRemoveLockEx", 0, REMOVE, L10}, {"ExInitializeSetTimerParameters", 0, SET_PARAMETERS, T19},
    {"ExInitializeDeleteTimerParameters", 0, DELETE_PARAMETERS, T19}};

const Call uses[] = {{"KeSetTimer", 0, TIMER, T01}, {"KeSetTimerEx", 0, TIMER, T01},
    {"KeSetCoalescableTimer", 0, TIMER, T01}, {"KeCancelTimer", 0, TIMER, T01}, {"KeReadStateTimer", 0, TIMER, T01},
    {"KeSetTimer", 2, DPC, D01}, {"KeSetTimerEx", 3, DPC, D01}, {"KeSetCoalescableTimer", 4, DPC, D01},
    {"KeInsertQueueDpc", 0, DPC, D01}, {"KeRemoveQueueDpc", 0, DPC, D01}, {"KeSetImportanceDpc", 0, DPC, D01},
    {"KeSetEvent", 0, EVENT, W03}, {"KeClearEvent", 0, EVENT, W03}, {"KeResetEvent", 0, EVENT, W03},
    {"KeReadStateEvent", 0, EVENT, W03}, {"KePulseEvent", 0, EVENT, W03}, {"KeReleaseMutex", 0, MUTEX, W03},
    {"KeReadStateMutex", 0, MUTEX, W03}, {"KeReleaseSemaphore", 0, SEMAPHORE, W03},
    {"KeReadStateSemaphore", 0, SEMAPHORE, W03}, {"KeWaitForSingleObject", 0, WAITABLE, W03},
    {"KeAcquireSpinLockRaiseToDpc", 0, SPIN, L10}, {"KeAcquireSpinLockAtDpcLevel", 0, SPIN, L10},
    {"KeAcquireInStackQueuedSpinLock", 0, SPIN, L10}, {"KeAcquireInStackQueuedSpinLockAtDpcLevel", 0, SPIN, L10},
    {"KeAcquireSpinLockForDpc", 0, SPIN, L10}, {"ExAcquireFastMutex", 0, FAST, L10},
    {"ExAcquireFastMutexUnsafe", 0, FAST, L10}, {"KeAcquireGuardedMutex", 0, GUARDED, L10},
    {"ExAcquireResourceExclusiveLite", 0, RESOURCE, L10}, {"ExAcquireResourceSharedLite", 0, RESOURCE, L10},
    {"IoAcquireRemoveLockEx", 0, REMOVE, L10}, {"ExSetTimer", 3, SET_PARAMETERS, T19},
    {"ExDeleteTimer", 3, DELETE_PARAMETERS, T19}};

class ObjectChecker : public Checker<check::PreCall, check::PostCall> {
  public:
    void checkPreCall(const CallEvent &call, CheckerContext &c) const;
    void checkPostCall(const CallEvent &call, CheckerContext &c) const;

  private:
    bool check_use(const CallEvent &call, CheckerContext &c, const Call &use, const MemRegion *r) const;
    void check_several(const CallEvent &call, CheckerContext &c) const;
    void check_again(const CallEvent &call, CheckerContext &c) const;
};

const Call *initializer(StringRef name)
{
    for (const Call &i : initializers)
        if (name == i.name)
            return &i;
    return nullptr;
}

/* The device whose extension this is; null: something else. */
const MemRegion *device_of(const MemRegion *base)
{
    auto *s = dyn_cast<SymbolicRegion>(base);
    auto *field = s ? dyn_cast_or_null<FieldRegion>(s->getSymbol()->getOriginRegion()) : nullptr;

    return field && field->getDecl()->getName() == "DeviceExtension" ? field->getBaseRegion() : nullptr;
}

/* An extension may be loaded again after a call, as another unknown pointer: the same member of another extension may be
 * this very one. */
bool is_fresh_extension(ProgramStateRef state, const MemRegion *r)
{
    auto *device = dyn_cast_or_null<SymbolicRegion>(device_of(r->getBaseRegion()));
    auto *field = dyn_cast<FieldRegion>(r);

    if (!device || !field || !state->contains<FreshDevices>(device->getSymbol()) ||
        state->contains<SeenByOthers>(device))
        return false;
    for (auto &pair : state->get<ReadyObjects>()) {
        auto *other = dyn_cast<FieldRegion>(pair.first);
        if (other && other->getDecl() == field->getDecl())
            return false;
    }
    return true;
}

bool is_fresh(ProgramStateRef state, const MemRegion *r)
{
    const MemRegion *base = r->getBaseRegion();
    auto            *s = dyn_cast<SymbolicRegion>(base);
    auto            *v = dyn_cast<VarRegion>(base);

    if (state->contains<SeenByOthers>(base))
        return false;
    if (s)
        return state->contains<FreshPool>(s->getSymbol()) || is_fresh_extension(state, r);
    return v && is_local(v) && !isa<ParmVarDecl>(v->getDecl()) && !v->getDecl()->isStaticLocal();
}

bool has_pointer_type(const MemRegion *r)
{
    auto *t = dyn_cast<TypedValueRegion>(r);

    return t && t->getValueType()->isPointerType();
}

Rule rule_of(const MemRegion *r, const Call &use)
{
    auto *t = dyn_cast<TypedValueRegion>(r);

    return use.rule == W03 && t && t->getValueType().getAsString() == "KTIMER" ? T01 : use.rule;
}

/* True: a report was made. */
bool ObjectChecker::check_use(const CallEvent &call, CheckerContext &c, const Call &use, const MemRegion *r) const
{
    ProgramStateRef state = c.getState();
    std::string     name = r ? name_of(r) : "";

    if (!r || isa<CodeTextRegion>(r))
        return false;
    if (use.kind == WAITABLE && has_pointer_type(r)) {
        report(c, this, W03, "the address of the pointer " + name + " is given where the object is wanted",
            call.getOriginExpr(), 28164);
        return true;
    }
    const unsigned *ready = state->get<ReadyObjects>(r);
    if (ready && (*ready & use.kind))
        return false;
    if (ready && !(*ready & use.kind)) {
        report(c, this, (use.kind & LOCKS) ? L10 : W03,
            callee_name(call) + ": " + name + " was initialized as another kind of object", call.getOriginExpr());
        return true;
    }
    bool wiped = state->contains<WipedObjects>(r);
    if (!wiped && !is_fresh(state, r))
        return false;
    report(c, this, rule_of(r, use),
        callee_name(call) + ": " + name + (wiped ? " was wiped before" : " is not initialized"), call.getOriginExpr(),
        0, state->set<ReadyObjects>(r, use.kind));
    return true;
}

/* The objects that an array points to. */
void ObjectChecker::check_several(const CallEvent &call, CheckerContext &c) const
{
    auto count = number_of(c.getState(), call.getArgSVal(0));

    for (unsigned i = 0; count && i < *count && i < 64; i++)
        if (check_use(call, c, {"KeWaitForMultipleObjects", 1, WAITABLE, W03}, element(c, call.getArgSVal(1), i)))
            return;
}

/* A lock initialized twice on one path. */
void ObjectChecker::check_again(const CallEvent &call, CheckerContext &c) const
{
    const Call      *i = initializer(callee_name(call));
    const MemRegion *r = i ? argument_object(call, i->argument) : nullptr;

    if (!r || !(i->kind & LOCKS))
        return;
    const unsigned *ready = c.getState()->get<ReadyObjects>(r);
    if (ready && (*ready & i->kind) && !isa<ElementRegion>(r))
        report(c, this, L10, "the lock " + name_of(r) + " is initialized a second time", call.getOriginExpr());
}

void ObjectChecker::checkPreCall(const CallEvent &call, CheckerContext &c) const
{
    StringRef name = callee_name(call);

    check_again(call, c);
    if (name == "ExCancelTimer" && call.getNumArgs() > 1 && argument_object(call, 1))
        report(c, this, T19, "ExCancelTimer: the second parameter is reserved and must be NULL", call.getOriginExpr());
    for (const Call &u : uses)
        if (name == u.name && check_use(call, c, u, argument_object(call, u.argument)))
            return;
    if (name == "KeWaitForMultipleObjects" && call.getNumArgs() > 1)
        check_several(call, c);
}

/* What another function may have done to memory it was given: everything. */
ProgramStateRef shown(const CallEvent &call, ProgramStateRef state, CheckerContext &c)
{
    auto *f = dyn_cast_or_null<FunctionDecl>(call.getDecl());
    bool  of_nt = f && !is_users(c.getSourceManager(), f->getLocation());

    for (unsigned i = 0; !of_nt && i < call.getNumArgs(); i++)
        if (const MemRegion *r = argument_object(call, i)) {
            state = state->add<SeenByOthers>(r->getBaseRegion());
            if (const MemRegion *device = device_of(r->getBaseRegion()))
                state = state->add<SeenByOthers>(device);
        }
    return state;
}

/* The device that IoCreateDevice made: nobody else has its extension yet. */
ProgramStateRef created(const CallEvent &call, ProgramStateRef state, unsigned result)
{
    const MemRegion *to = argument_object(call, result);
    SymbolRef        s = to ? state->getSVal(to).getAsLocSymbol() : nullptr;

    return s ? state->add<FreshDevices>(s) : state;
}

ProgramStateRef wiped(ProgramStateRef state, const MemRegion *r)
{
    for (auto &pair : state->get<ReadyObjects>())
        if (pair.first == r || pair.first->isSubRegionOf(r))
            state = state->remove<ReadyObjects>(pair.first)->add<WipedObjects>(pair.first);
    return state;
}

void ObjectChecker::checkPostCall(const CallEvent &call, CheckerContext &c) const
{
    StringRef       name = callee_name(call);
    ProgramStateRef state = c.getState();
    const Call     *i = initializer(name);

    if (i) {
        if (const MemRegion *r = argument_object(call, i->argument))
            state = state->set<ReadyObjects>(r, i->kind)->remove<WipedObjects>(r);
    } else if (name == "memset" || name == "RtlFillMemory" || name == "RtlZeroMemory" ||
               name == "RtlSecureZeroMemory" || name == "__builtin_memset") {
        if (const MemRegion *r = argument_object(call, 0))
            state = wiped(state, r);
    } else if (name == "ExDeleteResourceLite") {
        if (const MemRegion *r = argument_object(call, 0))
            state = state->remove<ReadyObjects>(r);
    } else if (name.startswith("ExAllocatePool")) {
        if (SymbolRef s = call.getReturnValue().getAsLocSymbol())
            state = state->add<FreshPool>(s);
    } else if (name == "IoCreateDevice" || name == "WdmlibIoCreateDeviceSecure" || name == "IoCreateDeviceSecure") {
        state = created(call, state, name == "IoCreateDevice" ? 6 : 8);
    } else if (!c.wasInlined) {
        state = shown(call, state, c);
    }
    if (state != c.getState())
        c.addTransition(state);
}

} // namespace

DT_CHECKER("objects", ObjectChecker);

} // namespace dt
