/* SPDX-License-Identifier: MIT */
/*
 * check/lock.cc - locks taken twice, released unheld or with the wrong call, kept on the way out (DT-L01, L02, L04, L05,
 * L09, L12, L15, L16, W15).
 *
 * A lock is known by the object a path hands to the routine. When the path has lost the object (the extension was loaded
 * again after a call that might have changed it), the same field of another object stands for it: what is one lock too few
 * here is no report. Release of a lock nobody took is only reported where the beginning is known: in a role routine, in a
 * function that takes the same lock itself, or after a release on the same path. So wrappers stay quiet.
 */
#include "check/lock.h"

#include "check/irql.h"
#include "check/walk.h"

REGISTER_MAP_WITH_PROGRAMSTATE(HeldLocks, const void *, dt::Held)
REGISTER_SET_WITH_PROGRAMSTATE(ReleasedLocks, const void *)
REGISTER_MAP_WITH_PROGRAMSTATE(
    DroppedLocks, const void *, const clang::Expr *) /* the caller's, it seems; by which call */
REGISTER_TRAIT_WITH_PROGRAMSTATE(LockOrder, unsigned)
REGISTER_SET_WITH_PROGRAMSTATE(CompletedTags, const clang::ento::MemRegion *) /* requests, tags of remove locks */

namespace dt {

const void *pseudo_lock(StringRef name)
{
    static const char cancel = 0, critical = 0, guarded = 0;

    return name.contains("CancelSpinLock") || name.contains("cancel_spin_lock")  ? &cancel
           : name.contains("CriticalRegion") || name.contains("critical_region") ? &critical
           : name.contains("PriorityRegion") || name.contains("priority_region") ? &guarded
                                                                                 : nullptr;
}

unsigned spin_lock_held(ProgramStateRef state)
{
    for (auto &pair : state->get<HeldLocks>())
        if (is_spin(pair.second.kind))
            return pair.second.kind;
    return LOCK_NONE;
}

unsigned raising_lock_held(ProgramStateRef state)
{
    for (auto &pair : state->get<HeldLocks>())
        if (is_spin(pair.second.kind) || pair.second.kind == LOCK_FAST)
            return pair.second.kind;
    return LOCK_NONE;
}

bool is_held(ProgramStateRef state, const void *lock)
{
    return state->get<HeldLocks>(lock) != nullptr;
}

bool is_newest_lock(ProgramStateRef state, const void *lock)
{
    const Held *held = state->get<HeldLocks>(lock);

    for (auto &pair : state->get<HeldLocks>())
        if (held && pair.second.order > held->order)
            return false;
    return held && !held->from_entry;
}

namespace {

class LockChecker : public Checker<check::BeginFunction, check::PreCall, check::PostCall, check::EndFunction> {
  public:
    void checkBeginFunction(CheckerContext &c) const;
    void checkPreCall(const CallEvent &call, CheckerContext &c) const;
    void checkPostCall(const CallEvent &call, CheckerContext &c) const;
    void checkEndFunction(const ReturnStmt *statement, CheckerContext &c) const;

  private:
    void check_acquire(const CallEvent &call, CheckerContext &c, const void *lock, const LockCall &l) const;
    void check_release(const CallEvent &call, CheckerContext &c, const void *lock, const LockCall &l) const;
    void check_restored(const CallEvent &call, CheckerContext &c, const Held &held, const void *lock) const;
    void check_needs(const CallEvent &call, CheckerContext &c) const;
    void check_annotated(const CallEvent &call, CheckerContext &c) const;
    void check_left(CheckerContext &c, const void *lock, const Held &held, const ReturnStmt *statement) const;
    void check_promises(CheckerContext &c, const ReturnStmt *statement) const;
};

/* ---- which lock ---- */

const void *key_of(LockKind kind)
{
    return kind == LOCK_CANCEL            ? pseudo_lock("CancelSpinLock")
           : kind == LOCK_CRITICAL_REGION ? pseudo_lock("CriticalRegion")
           : kind == LOCK_GUARDED_REGION  ? pseudo_lock("PriorityRegion")
                                          : nullptr;
}

bool is_pseudo(const void *lock)
{
    return lock == key_of(LOCK_CANCEL) || lock == key_of(LOCK_CRITICAL_REGION) || lock == key_of(LOCK_GUARDED_REGION);
}

const FieldDecl *field_of(const void *lock)
{
    auto *f = is_pseudo(lock) ? nullptr : dyn_cast<FieldRegion>(static_cast<const MemRegion *>(lock));

    return f ? f->getDecl() : nullptr;
}

/* The lock a release means: the very object, the one with this queue handle, or the same field of another object. */
const void *find_held(ProgramStateRef state, const void *lock, const MemRegion *handle)
{
    if (lock && state->get<HeldLocks>(lock))
        return lock;
    for (auto &pair : state->get<HeldLocks>())
        if (handle && pair.second.handle == handle)
            return pair.first;
    for (auto &pair : state->get<HeldLocks>()) {
        const FieldDecl *a = lock ? field_of(lock) : nullptr, *b = field_of(pair.first);
        const FieldDecl *h = handle ? field_of(handle) : nullptr;
        if ((a && a == b) || (h && pair.second.handle && h == field_of(pair.second.handle)))
            return pair.first;
    }
    return nullptr;
}

const void *lock_of(const CallEvent &call, const LockCall &l)
{
    return l.lock >= 0 ? argument_object(call, (unsigned)l.lock) : key_of(l.kind);
}

const MemRegion *handle_of(const CallEvent &call, const LockCall &l)
{
    return l.handle >= 0 ? argument_object(call, (unsigned)l.handle) : nullptr;
}

/* A remove lock is counted by tag: what a release with another tag gives back, another request took. */
const MemRegion *tag_of(const CallEvent &call, const LockCall &l)
{
    return l.kind == LOCK_REMOVE ? argument_object(call, 1) : nullptr;
}

bool has_other_tag(ProgramStateRef state, const CallEvent &call, const LockCall &l)
{
    const MemRegion *tag = tag_of(call, l), *lock = tag ? argument_object(call, 0) : nullptr;
    const Held      *held = lock ? state->get<HeldLocks>(lock) : nullptr;

    return held && held->handle && held->handle != tag;
}

/* What a second release is known by. */
const void *released_object(const CallEvent &call, const LockCall &l)
{
    const void *tag = tag_of(call, l), *lock = lock_of(call, l);

    return tag ? tag : lock ? lock : handle_of(call, l);
}

std::string text_of(const void *lock, unsigned kind)
{
    std::string name = lock && !is_pseudo(lock) ? name_of(static_cast<const MemRegion *>(lock)) : "";

    switch (kind) {
    case LOCK_CANCEL:
        return "the cancel spin lock";
    case LOCK_CRITICAL_REGION:
        return "a critical region";
    case LOCK_GUARDED_REGION:
        return "a guarded region";
    case LOCK_REMOVE:
        return "the remove lock " + name;
    case LOCK_RUNDOWN:
        return "the rundown protection " + name;
    case LOCK_RESOURCE:
        return "the resource " + name;
    default:
        return name.empty() ? "the lock" : "the lock " + name;
    }
}

bool is_counted(unsigned kind)
{
    return kind == LOCK_RESOURCE || kind == LOCK_RUNDOWN || kind == LOCK_REMOVE || kind == LOCK_CRITICAL_REGION ||
           kind == LOCK_MUTEX || kind == LOCK_GUARDED_REGION || kind == LOCK_USER;
}

Rule rule_for(unsigned kind, Rule otherwise)
{
    if (kind == LOCK_CRITICAL_REGION || kind == LOCK_GUARDED_REGION)
        return W15;
    if (kind == LOCK_RESOURCE || kind == LOCK_RUNDOWN || kind == LOCK_REMOVE)
        return L15;
    return otherwise;
}

/* ---- at the beginning ---- */

const void *annotated_lock(const Scope &s, const Annotation &a)
{
    if (const void *pseudo = pseudo_lock(a.argument))
        return pseudo;
    return lvalue(s, a.argument);
}

bool is_one_of(StringRef name, StringRef what)
{
    return name == ("_" + what + "_lock_").str() || name == ("_" + what + "_exclusive_lock_").str() ||
           name == ("_" + what + "_shared_lock_").str() || name == ("_" + what + "_nonreentrant_lock_").str();
}

bool is_requires_held(StringRef name)
{
    return name == "_Requires_lock_held_" || name == "_Requires_exclusive_lock_held_" ||
           name == "_Requires_shared_lock_held_";
}

unsigned kind_of_key(const void *lock)
{
    return lock == key_of(LOCK_CANCEL)            ? LOCK_CANCEL
           : lock == key_of(LOCK_CRITICAL_REGION) ? LOCK_CRITICAL_REGION
           : lock == key_of(LOCK_GUARDED_REGION)  ? LOCK_GUARDED_REGION
                                                  : LOCK_USER;
}

ProgramStateRef hold(ProgramStateRef state, const void *lock, unsigned kind, const MemRegion *handle, bool from_entry)
{
    const Held *old = state->get<HeldLocks>(lock);
    unsigned    order = state->get<LockOrder>();
    Held        h = {kind, old ? old->count + 1 : 1, old ? old->order : order, handle, from_entry};

    if (handle)
        state = state->remove<ReleasedLocks>(handle);
    return state->set<HeldLocks>(lock, h)->set<LockOrder>(order + 1)->remove<ReleasedLocks>(lock);
}

void LockChecker::checkBeginFunction(CheckerContext &c) const
{
    ProgramStateRef state = c.getState();

    if (!c.inTopFrame() || !root(c))
        return;
    const Contract &k = contract_of(root(c));
    Scope           s = {c, state, k, nullptr, UnknownVal(), QualType(), false};
    for (const Annotation &a : k.list) {
        bool        held = is_requires_held(a.name) || is_one_of(a.name, "Releases");
        const void *lock = held && applies(s, a) == YES ? annotated_lock(s, a) : nullptr;
        if (lock && !is_held(state, lock))
            state = hold(state, lock, kind_of_key(lock), nullptr, true);
    }
    if (state != c.getState())
        c.addTransition(state);
}

/* ---- calls ---- */

void LockChecker::check_acquire(const CallEvent &call, CheckerContext &c, const void *lock, const LockCall &l) const
{
    ProgramStateRef  state = c.getState();
    const Held      *held = lock ? state->get<HeldLocks>(lock) : nullptr;
    const MemRegion *handle = handle_of(call, l);

    bool by_annotation = held && held->kind == LOCK_USER && held->from_entry;
    if (held && (!is_counted(held->kind) || by_annotation) && !is_counted(l.kind) && l.what == LockCall::ACQUIRE) {
        if (l.kind == LOCK_RW && held->kind == LOCK_RW && callee_name(call).contains("Shared"))
            return;
        report_end(c, this, l.kind == LOCK_FAST || l.kind == LOCK_GUARDED ? L16 : L01,
            text_of(lock, held->kind) + " is acquired again while this path holds it", call.getOriginExpr());
        return;
    }
    for (auto &pair : state->get<HeldLocks>())
        if (handle && pair.second.handle == handle && pair.first != lock) {
            report(c, this, L09, "the queue handle " + name_of(handle) + " is in use for another lock",
                call.getOriginExpr());
            return;
        }
}

bool mixes(unsigned held, unsigned released)
{
    if (held == LOCK_USER || held == LOCK_NONE || held == released)
        return false;
    if ((held == LOCK_QUEUED_DPC && released == LOCK_QUEUED) || (held == LOCK_QUEUED && released == LOCK_QUEUED_DPC))
        return true;
    return is_spin(held) && is_spin(released);
}

/* The level goes down although a lock taken later is still held. */
void LockChecker::check_restored(const CallEvent &call, CheckerContext &c, const Held &held, const void *lock) const
{
    ProgramStateRef state = c.getState();

    bool queued = held.kind == LOCK_QUEUED && held.handle;
    if (held.kind != LOCK_SPIN && held.kind != LOCK_RW && !queued)
        return;
    if (!queued && call.getNumArgs() < 2)
        return;
    /* A queue handle keeps the level for its lock. */
    SVal v = queued ? irql_in_handle(state, held.handle) : call.getArgSVal(1);
    auto level = number_of(state, v);
    bool low = level && *level < DISPATCH_LEVEL;
    if (!level) {
        ProgramStateRef probe = irql_set(state, v);
        low = v == irql_at_entry(state) && !irql_below(c, state, DISPATCH_LEVEL)
                  ? irql_at_most(c, probe, APC_LEVEL) != nullptr
                  : irql_below(c, probe, DISPATCH_LEVEL);
    }
    for (auto &pair : state->get<HeldLocks>())
        if (low && pair.first != lock && is_spin(pair.second.kind) && pair.second.kind != LOCK_CANCEL &&
            pair.second.order > held.order) {
            report(c, this, L12,
                text_of(lock, held.kind) + " is released before " + text_of(pair.first, pair.second.kind) +
                    ", which was acquired later and is left below DISPATCH_LEVEL",
                call.getOriginExpr());
            return;
        }
}

/* A region is left that was not entered; has this path entered the one of the other kind, which its function never leaves? */
const char *region_to_leave(CheckerContext &c, unsigned kind)
{
    LockKind other = kind == LOCK_CRITICAL_REGION  ? LOCK_GUARDED_REGION
                     : kind == LOCK_GUARDED_REGION ? LOCK_CRITICAL_REGION
                                                   : LOCK_NONE;

    if (other == LOCK_NONE || !is_held(c.getState(), key_of(other)) || calls_for_lock(root(c), false, other))
        return nullptr;
    return other == LOCK_GUARDED_REGION ? "a guarded region" : "a critical region";
}

/* The function first lets go of a lock and takes it later: its caller's, unless this path does not take it again. */
bool is_dropped(const CallEvent &call, CheckerContext &c, const LockCall &l)
{
    if (!contract_of(root(c)).role_name.empty() || c.getState()->contains<ReleasedLocks>(released_object(call, l)))
        return false;
    const CallExpr *acquire = calls_for_lock(root(c), true, l.kind);

    return is_spin(l.kind) && acquire && call.getOriginExpr() &&
           c.getSourceManager().isBeforeInTranslationUnit(call.getOriginExpr()->getBeginLoc(), acquire->getBeginLoc());
}

void LockChecker::check_release(const CallEvent &call, CheckerContext &c, const void *lock, const LockCall &l) const
{
    ProgramStateRef  state = c.getState();
    const MemRegion *handle = handle_of(call, l);
    const void      *key = find_held(state, lock, handle);
    const Contract  &k = contract_of(root(c));
    bool             again = state->contains<ReleasedLocks>(released_object(call, l));

    if (key && !has_other_tag(state, call, l)) {
        const Held *held = state->get<HeldLocks>(key);
        if (mixes(held->kind, l.kind))
            report(c, this, L09,
                text_of(key, held->kind) + " was not acquired by the routine that belongs to " + callee_name(call),
                call.getOriginExpr());
        else
            check_restored(call, c, *held, key);
        return;
    }
    if ((!lock && !handle) || (key && !again))
        return;
    if (const char *other = region_to_leave(c, l.kind)) {
        report(c, this, W15, callee_name(call) + ", but what this path has entered is " + other, call.getOriginExpr());
        return;
    }
    const void *what = lock ? lock : handle;
    bool        known_from_start = !k.role_name.empty() && l.kind != LOCK_REMOVE && l.kind != LOCK_RUNDOWN &&
                            l.kind != LOCK_RESOURCE && l.kind != LOCK_MUTEX;
    if (is_dropped(call, c, l))
        return;
    if (again || known_from_start || calls_for_lock(root(c), true, l.kind))
        report(c, this, rule_for(l.kind, L02),
            text_of(what, l.kind) +
                (again ? " is released a second time" : " is released, but this path does not hold it"),
            call.getOriginExpr());
}

} // namespace

bool is_called(CheckerContext &c, const FunctionDecl *f)
{
    static llvm::SmallPtrSet<const FunctionDecl *, 32> callees; /* one source in a process */
    static bool                                        known;

    if (!known)
        find_call(c.getASTContext(), [](const CallExpr *e) {
            if (const FunctionDecl *callee = e->getDirectCallee())
                callees.insert(callee->getCanonicalDecl());
            return false;
        });
    known = true;
    return callees.count(f->getCanonicalDecl()) > 0;
}

namespace {

/* A lock that its owner cannot take again, by its type. */
bool is_exclusive(const void *lock)
{
    auto       *r = is_pseudo(lock) ? nullptr : dyn_cast<TypedValueRegion>(static_cast<const MemRegion *>(lock));
    std::string type = r ? r->getValueType().getUnqualifiedType().getAsString() : "";

    return type == "KSPIN_LOCK" || type == "FAST_MUTEX" || type == "KGUARDED_MUTEX" || type == "EX_PUSH_LOCK";
}

/* Does the function acquire (release) a lock through others whose annotations say so? */
bool calls_annotated(const FunctionDecl *f, StringRef what)
{
    return find_call(f, [what](const CallExpr *e) {
        const FunctionDecl *callee = e->getDirectCallee();
        bool                found = false;

        for (const Annotation &a : callee ? contract_of(callee).list : std::vector<Annotation>())
            found |= is_one_of(a.name, what) && !a.of_role && !pseudo_lock(a.argument);
        return found;
    });
}

/* Acquired twice, released unheld, through functions that are known by their annotations alone. */
void LockChecker::check_annotated(const CallEvent &call, CheckerContext &c) const
{
    const Contract &k = contract_of(call);
    Scope           s = {c, c.getState(), k, &call, UnknownVal(), QualType(), false};

    if (!k.function || k.function->hasBody() || !is_users(c.getSourceManager(), k.function->getLocation()))
        return;
    for (const Annotation &a : k.list) {
        bool acquires = is_one_of(a.name, "Acquires"), releases = is_one_of(a.name, "Releases");
        if ((!acquires && !releases) || a.of_role || !a.conditions.empty() || k.has("_Success_"))
            continue;
        const void *lock = annotated_lock(s, a);
        if (!lock || is_pseudo(lock))
            continue;
        bool once = a.name == "_Acquires_nonreentrant_lock_" || is_exclusive(lock);
        if (acquires && once && is_held(s.state, lock)) {
            report_end(c, this, L01, text_of(lock, LOCK_USER) + " is acquired again while this path holds it",
                call.getOriginExpr());
            return;
        }
        bool again = s.state->contains<ReleasedLocks>(lock);
        if (releases && !find_held(s.state, lock, nullptr) && !k.has("_Requires_lock_held_") &&
            (again || calls_annotated(root(c), "Acquires")))
            report(c, this, L02,
                text_of(lock, LOCK_USER) +
                    (again ? " is released a second time" : " is released, but this path does not hold it"),
                call.getOriginExpr());
    }
}

/* _Requires_lock_held_ and its negations on what is called. */
void LockChecker::check_needs(const CallEvent &call, CheckerContext &c) const
{
    const Contract &k = contract_of(call);
    Scope           s = {c, c.getState(), k, &call, UnknownVal(), QualType(), false};
    bool            users = k.function && is_users(c.getSourceManager(), k.function->getLocation());

    for (const Annotation &a : k.list) {
        if (a.name == "_Requires_no_locks_held_" && spin_lock_held(s.state))
            report(c, this, L14, callee_name(call) + " must be called without locks", call.getOriginExpr(), 26112);
        bool not_held = a.name == "_Requires_lock_not_held_";
        if (!users || (!not_held && !is_requires_held(a.name)) || a.of_role || applies(s, a) != YES)
            continue;
        const void *lock = annotated_lock(s, a);
        const void *key = lock ? find_held(s.state, lock, nullptr) : nullptr;
        if (not_held && key == lock && lock)
            report(c, this, L01, callee_name(call) + " must be called without " + text_of(lock, LOCK_USER),
                call.getOriginExpr(), 26111);
        bool alone = !is_called(c, root(c)) &&
                     (!s.state->get<HeldLocks>().isEmpty() || !calls_for_lock(root(c), true, LOCK_NONE));
        bool sure = lock && !is_pseudo(lock) && (!contract_of(root(c)).role_name.empty() || alone);
        sure |= lock && (s.state->contains<ReleasedLocks>(lock) || contract_of(root(c)).own);
        if (!not_held && lock && !key && sure)
            report(c, this, L15,
                callee_name(call) + " must be called with " + text_of(lock, kind_of_key(lock)) + " held",
                call.getOriginExpr(), 26110);
    }
}

void LockChecker::checkPreCall(const CallEvent &call, CheckerContext &c) const
{
    const LockCall *l = lock_call(c, call);

    if (!root(c))
        return;
    if (!l) {
        check_needs(call, c);
        check_annotated(call, c);
        return;
    }
    const void *lock = lock_of(call, *l);
    if (l->what == LockCall::RELEASE)
        check_release(call, c, lock, *l);
    else
        check_acquire(call, c, lock, *l);
}

ProgramStateRef let_go(ProgramStateRef state, const void *key)
{
    const Held *h = state->get<HeldLocks>(key);

    if (h && h->count > 1) {
        Held less = *h;
        less.count--;
        return state->set<HeldLocks>(key, less);
    }
    return state->remove<HeldLocks>(key)->add<ReleasedLocks>(key);
}

ProgramStateRef released(CheckerContext &c, const CallEvent &call, const LockCall &l)
{
    ProgramStateRef state = c.getState();
    const void     *lock = lock_of(call, l), *what = released_object(call, l);
    const void     *key = find_held(state, lock, handle_of(call, l));

    if (key && !has_other_tag(state, call, l))
        state = let_go(state, key);
    else if (!key && lock && is_dropped(call, c, l))
        state = state->set<DroppedLocks>(lock, call.getOriginExpr());
    return what ? state->add<ReleasedLocks>(what) : state;
}

/* The two outcomes of a try: acquired, not. A status that says no is an error. */
std::pair<ProgramStateRef, ProgramStateRef> outcomes(
    CheckerContext &c, ProgramStateRef state, const CallEvent &call, const LockCall &l)
{
    auto         result = call.getReturnValue().getAs<NonLoc>();
    SValBuilder &b = c.getSValBuilder();

    if (!result)
        return {state, nullptr};
    if (l.what == LockCall::TRY)
        return state->assume(*result);
    SVal zero = b.makeZeroVal(call.getResultType());
    auto good = b.evalBinOpNN(state, BO_EQ, *result, zero.castAs<NonLoc>(), b.getConditionType()).getAs<DefinedSVal>();
    auto other = l.what == LockCall::TRY_WAIT ? BO_NE : BO_LT;
    auto bad = b.evalBinOpNN(state, other, *result, zero.castAs<NonLoc>(), b.getConditionType()).getAs<DefinedSVal>();
    return {good ? state->assume(*good, true) : state, bad ? state->assume(*bad, true) : nullptr};
}

/* ExAcquireResource...(r, TRUE) comes back with the resource. */
bool waits(const CallEvent &call, const LockCall &l, ProgramStateRef state)
{
    auto wait = l.kind == LOCK_RESOURCE && call.getNumArgs() > 1 ? number_of(state, call.getArgSVal(1)) : llvm::None;

    return wait && *wait;
}

/* Post-conditions hold when the function succeeds: as `_Success_` says, or as NTSTATUS means it. */
Annotation on_success(const Annotation &a, const Contract &k, QualType result)
{
    const Annotation *success = k.find("_Success_");
    Annotation        b = a;

    if (a.conditions.empty() && success)
        b.conditions.push_back(success->argument);
    else if (a.conditions.empty() && result.getAsString() == "NTSTATUS")
        b.conditions.push_back("return >= 0");
    return b;
}

/* What annotations say of a call that is not followed into. A condition on the result makes two states of one. */
std::vector<ProgramStateRef> by_annotations(const CallEvent &call, CheckerContext &c, std::string &text)
{
    const Contract              &k = contract_of(call);
    std::vector<ProgramStateRef> states = {c.getState()};

    for (const Annotation &a : k.list) {
        bool acquires = is_one_of(a.name, "Acquires"), releases = is_one_of(a.name, "Releases");
        if ((!acquires && !releases) || a.of_role)
            continue;
        for (size_t i = 0, n = states.size(); i < n; i++) {
            Scope s = {c, states[i], k, &call, call.getReturnValue(), call.getResultType(), true};
            auto  both = split(s, acquires ? on_success(a, k, call.getResultType()) : a);
            s.state = both.first;
            const void *lock = s.state ? annotated_lock(s, a) : nullptr;
            if (!lock)
                continue;
            if (both.second)
                states.push_back(both.second);
            if (acquires) {
                s.state = hold(s.state, lock, kind_of_key(lock), nullptr, false);
                text = text_of(lock, kind_of_key(lock)) + " is acquired";
            } else {
                const void *key = find_held(s.state, lock, nullptr);
                s.state = key ? let_go(s.state, key) : s.state->add<ReleasedLocks>(lock);
            }
            states[i] = s.state;
        }
    }
    return states;
}

/* _Analysis_assume_lock_held_ and its like. */
ProgramStateRef assumed(ProgramStateRef state, const CallEvent &call)
{
    const void *lock = argument_object(call, 0), *held = lock ? find_held(state, lock, nullptr) : nullptr;
    auto        is_held = number_of(state, call.getArgSVal(1));

    if (!lock || !is_held)
        return state;
    if (*is_held)
        return held ? state : hold(state, lock, LOCK_USER, nullptr, true);
    return held ? state->remove<HeldLocks>(held) : state;
}

/* Routines that enter or leave a critical region along with a resource. */
ProgramStateRef with_region(ProgramStateRef state, const CallEvent &call)
{
    const void *region = key_of(LOCK_CRITICAL_REGION);

    if (callee_name(call).startswith("ExEnterCriticalRegionAnd"))
        return hold(state, region, LOCK_CRITICAL_REGION, argument_object(call, 0), false);
    if (callee_name(call) == "ExReleaseResourceAndLeaveCriticalRegion" && is_held(state, region))
        return let_go(state, region);
    return state;
}

void LockChecker::checkPostCall(const CallEvent &call, CheckerContext &c) const
{
    const LockCall *l = lock_call(c, call);
    ProgramStateRef state = c.getState(), other;
    std::string     text;

    if (c.wasInlined)
        return;
    const void *lock = l ? lock_of(call, *l) : nullptr;
    if (callee_name(call) == "IofCompleteRequest" || callee_name(call) == "IoCompleteRequest") {
        if (const MemRegion *request = argument_object(call, 0))
            state = state->add<CompletedTags>(request);
    } else if (callee_name(call) == "__dt_assume_lock") {
        state = assumed(state, call);
    } else if (!l) {
        std::vector<ProgramStateRef> states = by_annotations(call, c, text);
        state = states[0];
        for (size_t i = 1; i < states.size(); i++)
            c.addTransition(states[i]);
    } else if (l->what == LockCall::RELEASE) {
        state = released(c, call, *l);
    } else if (lock) {
        if (l->what != LockCall::ACQUIRE && !waits(call, *l, state))
            std::tie(state, other) = outcomes(c, state, call, *l);
        if (state)
            state = hold(state, lock, l->kind, l->kind == LOCK_REMOVE ? tag_of(call, *l) : handle_of(call, *l),
                state->contains<DroppedLocks>(lock))
                        ->remove<DroppedLocks>(lock);
        text = text_of(lock, l->kind) + " is acquired";
    }
    if (state && l && l->kind == LOCK_RESOURCE)
        state = with_region(state, call);
    if (other)
        c.addTransition(other);
    if (!state || state == c.getState())
        return;
    if (text.empty())
        c.addTransition(state);
    else
        note(c, state, text);
}

/* ---- at the end ---- */

/* Is what is returned an error: a negative status, FALSE? */
bool returns_error(CheckerContext &c, const ReturnStmt *statement)
{
    const Expr *e = statement ? statement->getRetValue() : nullptr;
    auto        n = e ? number_of(c.getState(), c.getSVal(e)) : llvm::None;

    if (!n)
        return false;
    bool status = root(c)->getReturnType().getAsString() == "NTSTATUS";
    return status ? (int32_t)*n < 0 : *n == 0 && !root(c)->getReturnType()->isVoidType();
}

bool promises_to_hold(const Contract &k)
{
    for (const Annotation &a : k.list)
        if (is_one_of(a.name, "Acquires"))
            return true;
    return false;
}

void LockChecker::check_left(CheckerContext &c, const void *lock, const Held &held, const ReturnStmt *statement) const
{
    const Contract &k = contract_of(root(c));
    bool            lets_go = calls_for_lock(root(c), false, held.kind) || held.kind == LOCK_USER;
    bool            role = !k.role_name.empty();
    if (held.kind == LOCK_CRITICAL_REGION && held.handle) /* entered along with a resource, which is released here */
        lets_go |= calls_for_lock(root(c), false, LOCK_RESOURCE) != nullptr;
    bool shared = held.kind == LOCK_REMOVE || held.kind == LOCK_RUNDOWN || held.kind == LOCK_RESOURCE;
    Rule rule = rule_for(held.kind, lets_go && (!role || returns_error(c, statement)) ? L05 : L04);

    /* Remove locks go with a request to its completion: when this path has completed it, or returns an error, nobody is left
     * to release it. */
    bool done = held.handle && c.getState()->contains<CompletedTags>(held.handle);
    if (held.kind == LOCK_REMOVE && !(lets_go && (done || returns_error(c, statement))))
        return;
    if ((held.kind == LOCK_RUNDOWN) && !lets_go)
        return;
    if (!lets_go && (!role || shared) && held.kind != LOCK_RESOURCE)
        return;
    if (!lets_go && !role)
        return;
    report(c, this, rule,
        "'" + root(c)->getNameAsString() + "' returns with " + text_of(lock, held.kind) +
            (held.kind == LOCK_CRITICAL_REGION || held.kind == LOCK_GUARDED_REGION ? " not left" : " held"),
        statement);
}

/* Annotations of the root: a lock it promises to take, or to keep. */
void LockChecker::check_promises(CheckerContext &c, const ReturnStmt *statement) const
{
    const Contract &k = contract_of(root(c));
    const Expr     *value = statement ? statement->getRetValue() : nullptr;
    Scope s = {c, c.getState(), k, nullptr, value ? c.getSVal(value) : UnknownVal(), root(c)->getReturnType(), true};

    for (const Annotation &a : k.list) {
        if (!is_one_of(a.name, "Acquires") || a.of_role || applies(s, on_success(a, k, s.result_type)) != YES)
            continue;
        if (s.state->get<HeldLocks>().isEmpty())
            report(c, this, L15,
                "'" + root(c)->getNameAsString() + "' promises to acquire " + a.argument + "; this path does not",
                statement, 28104);
    }
}

void LockChecker::checkEndFunction(const ReturnStmt *statement, CheckerContext &c) const
{
    ProgramStateRef state = c.getState();

    if (!c.inTopFrame() || !root(c))
        return;
    const Contract &k = contract_of(root(c));
    check_promises(c, statement);
    for (auto &pair : state->get<DroppedLocks>())
        report_at(c.getBugReporter(), this, root(c), L02,
            text_of(pair.first, LOCK_NONE) + " is released, but this path does not hold it, nor take it again",
            pair.second->getBeginLoc(), pair.second->getSourceRange());
    if (promises_to_hold(k) || has_class(k, "IO_CSQ_ACQUIRE_LOCK"))
        return;
    for (auto &pair : state->get<HeldLocks>()) {
        bool keeps = pair.second.from_entry && !(pair.first == key_of(LOCK_CANCEL) && has_class(k, "DRIVER_CANCEL"));
        if (pair.second.kind == LOCK_USER &&
            (pair.second.from_entry || (!calls_annotated(root(c), "Releases") && k.role_name.empty())))
            continue;
        if (!keeps) {
            check_left(c, pair.first, pair.second, statement);
            return;
        }
    }
}

} // namespace

DT_CHECKER("lock", LockChecker);

} // namespace dt
