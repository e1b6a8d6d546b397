/* SPDX-License-Identifier: MIT */
/*
 * check/storport.cc - a StorPort miniport on its paths: port locks (DT-S06, S07), requests after completion (DT-S09) or
 * completed with a wrong status (DT-S11), calls made from the wrong routine or level (DT-S12 to S14), timers (DT-S01),
 * performance options (DT-S18), allocations (DT-S19).
 */
#include "check/irql.h"
#include "check/walk.h"

REGISTER_MAP_WITH_PROGRAMSTATE(PortLocks, unsigned, unsigned) /* by STOR_SPINLOCK: how it is held */
REGISTER_MAP_WITH_PROGRAMSTATE(SrbStatuses, const clang::ento::MemRegion *, clang::ento::SVal) /* SrbSetSrbStatus() */
/* The completed requests; the frame in which a use of one was reported: its caller's use is another defect. */
REGISTER_MAP_WITH_PROGRAMSTATE(CompletedRequests, const clang::ento::MemRegion *, const clang::StackFrameContext *)
REGISTER_TRAIT_WITH_PROGRAMSTATE(PerfOptsAsked, bool)

namespace dt {

namespace {

enum { DPC_LOCK = 1, STARTIO_LOCK, INTERRUPT_LOCK };
enum { HELD = 1, HELD_AT_ENTRY, PERHAPS }; /* PERHAPS: a helper that locks under a condition of its own */

class StorChecker
    : public Checker<check::BeginFunction, check::PreCall, check::PostCall, check::Location, check::EndFunction> {
  public:
    void checkBeginFunction(CheckerContext &c) const;
    void checkPreCall(const CallEvent &call, CheckerContext &c) const;
    void checkPostCall(const CallEvent &call, CheckerContext &c) const;
    void checkLocation(SVal place, bool, const Stmt *s, CheckerContext &c) const;
    void checkEndFunction(const ReturnStmt *statement, CheckerContext &c) const;

  private:
    void check_lock(const CallEvent &call, CheckerContext &c) const;
    void check_notification(const CallEvent &call, CheckerContext &c) const;
    bool check_completed(const MemRegion *request, const llvm::Twine &text, const Stmt *at, CheckerContext &c) const;
    void check_place(const CallEvent &call, CheckerContext &c) const;
    void check_perf(const CallEvent &call, CheckerContext &c) const;
    void check_timer(const CallEvent &call, CheckerContext &c, unsigned routine, unsigned value) const;
};

bool in(StringRef name, std::initializer_list<const char *> list)
{
    for (const char *one : list)
        if (name == one)
            return true;
    return false;
}

StringRef role(CheckerContext &c)
{
    return root(c) ? StringRef(contract_of(root(c)).role_name) : StringRef();
}

llvm::Optional<int64_t> number(const CallEvent &call, CheckerContext &c, unsigned i)
{
    return i < call.getNumArgs() ? number_of(c.getState(), call.getArgSVal(i)) : llvm::None;
}

/* The name of the enumerator an argument is. */
StringRef enumerator(const CallEvent &call, unsigned i)
{
    const Expr *e = i < call.getNumArgs() && call.getArgExpr(i) ? call.getArgExpr(i)->IgnoreParenCasts() : nullptr;
    auto       *ref = dyn_cast_or_null<DeclRefExpr>(e);

    return ref && ref->getDecl()->getIdentifier() ? ref->getDecl()->getName() : StringRef();
}

bool completes_request(const CallEvent &call)
{
    return callee_name(call) == "StorPortNotification" && enumerator(call, 0) == "RequestComplete";
}

unsigned lock_named(StringRef name)
{
    return name == "DpcLock"         ? DPC_LOCK
           : name == "StartIoLock"   ? STARTIO_LOCK
           : name == "InterruptLock" ? INTERRUPT_LOCK
                                     : 0;
}

const char *const lock_names[] = {"", "DpcLock", "StartIoLock", "InterruptLock"};

/* ---- locks ---- */

/* What the port holds while it calls, and what the routine may acquire (the tables of StorPortAcquireSpinLock's page). */
struct PortRole {
    const char *name;
    unsigned    held, allowed; /* held: a lock, 0: none; allowed: bits */
};

enum { ALLOWS_DPC = 1 << DPC_LOCK, ALLOWS_STARTIO = 1 << STARTIO_LOCK, ALLOWS_INTERRUPT = 1 << INTERRUPT_LOCK };

const PortRole port_roles[] = {
    {"HW_FIND_ADAPTER", 0, 0},
    {"VIRTUAL_HW_FIND_ADAPTER", 0, 0},
    {"HW_INITIALIZE", INTERRUPT_LOCK, 0},
    {"HW_PASSIVE_INITIALIZE_ROUTINE", 0, 0},
    {"HW_INTERRUPT", INTERRUPT_LOCK, 0},
    {"HW_MESSAGE_SIGNALED_INTERRUPT_ROUTINE", INTERRUPT_LOCK, 0},
    {"STOR_SYNCHRONIZED_ACCESS", INTERRUPT_LOCK, 0},
    {"HW_STARTIO", STARTIO_LOCK, ALLOWS_DPC | ALLOWS_INTERRUPT},
    {"HW_TIMER", STARTIO_LOCK, ALLOWS_INTERRUPT},
    {"HW_RESET_BUS", STARTIO_LOCK, ALLOWS_INTERRUPT},
    {"HW_STATE_CHANGE", STARTIO_LOCK, ALLOWS_INTERRUPT},
};

const PortRole *port_role(StringRef role)
{
    for (const PortRole &r : port_roles)
        if (role == r.name)
            return &r;
    return nullptr;
}

/* Does the source ask for more than one channel, or make a virtual miniport? Then HwStorStartIo runs without its lock. */
class ChannelFinder : public Walker {
  public:
    bool found = false;

    bool VisitMemberExpr(MemberExpr *e) override
    {
        const IdentifierInfo *i = e->getMemberDecl()->getIdentifier();

        found |= i && i->getName() == "ConcurrentChannels";
        return !found;
    }
    bool VisitFunctionDecl(FunctionDecl *f) override
    {
        found |= has_class(contract_of(f), "VIRTUAL_HW_FIND_ADAPTER");
        return !found;
    }
};

bool is_concurrent(CheckerContext &c)
{
    static llvm::Optional<bool> known; /* one source in a process */
    ChannelFinder               finder;

    if (!known) {
        finder.TraverseAST(c.getASTContext());
        known = finder.found;
    }
    return *known;
}

void StorChecker::checkBeginFunction(CheckerContext &c) const
{
    const PortRole *r = c.inTopFrame() ? port_role(role(c)) : nullptr;

    if (r && r->held && !(role(c) == "HW_STARTIO" && is_concurrent(c)))
        c.addTransition(c.getState()->set<PortLocks>(r->held, HELD_AT_ENTRY));
}

/* Is this statement made whenever its function is called? */
bool is_unconditional(const FunctionDecl *f, const Stmt *s)
{
    auto *body = f ? dyn_cast_or_null<CompoundStmt>(f->getBody()) : nullptr;

    if (!body)
        return false;
    for (const Stmt *one : body->body()) {
        auto *e = dyn_cast<Expr>(one);
        if (one == s || (e && e->IgnoreParenCasts() == s))
            return true;
    }
    return false;
}

/* What helpers do counts as done by the routine that calls them, unless a condition stands between. */
bool is_followed(const CallEvent &call, CheckerContext &c)
{
    const Stmt *s = call.getOriginExpr();

    for (const StackFrameContext *f = c.getStackFrame(); !f->inTopFrame(); f = f->getParent()->getStackFrame()) {
        if (!is_unconditional(dyn_cast<FunctionDecl>(f->getDecl()), s))
            return false;
        s = f->getCallSite();
    }
    return true;
}

bool holds_some(ProgramStateRef state)
{
    for (auto &pair : state->get<PortLocks>())
        if (pair.second != HELD_AT_ENTRY)
            return true;
    return false;
}

void StorChecker::check_lock(const CallEvent &call, CheckerContext &c) const
{
    unsigned        lock = lock_named(enumerator(call, 1));
    ProgramStateRef state = c.getState();
    const unsigned *held = lock ? state->get<PortLocks>(lock) : nullptr;
    const PortRole *r = port_role(role(c));
    std::string     name = std::string("the ") + lock_names[lock];
    const Expr     *at = call.getOriginExpr();

    if (held && *held == PERHAPS)
        return;
    if (held)
        report(c, this, S06,
            name + (*held == HELD_AT_ENTRY ? " is held already when " + with_article(role(c)) + " is called"
                                           : " is acquired twice"),
            at);
    else if (lock && lock < INTERRUPT_LOCK && state->get<PortLocks>(INTERRUPT_LOCK))
        report(c, this, S06, name + " is acquired under the InterruptLock: the order is the other way round", at);
    else if (lock && r && !(r->allowed & 1 << lock) && !(role(c) == "HW_STARTIO" && is_concurrent(c)))
        report(c, this, S06, name + " must not be acquired in " + with_article(role(c)), at);
}

void StorChecker::checkEndFunction(const ReturnStmt *statement, CheckerContext &c) const
{
    if (!c.inTopFrame() || role(c).empty())
        return;
    for (auto &pair : c.getState()->get<PortLocks>())
        if (pair.second == HELD) {
            report(c, this, S07,
                "'" + root(c)->getNameAsString() + "' returns with the " + lock_names[pair.first] + " held", statement);
            return;
        }
}

/* ---- pool ---- */

/* Conditions of a function that look at one variable or member. */
class TestFinder : public Walker {
  public:
    const ValueDecl *wanted;
    bool             helper, found = false, inside = false;
    unsigned         mentions = 0;

    TestFinder(const ValueDecl *wanted, bool helper) : wanted(wanted), helper(helper) {}
    bool VisitIfStmt(IfStmt *s) override
    {
        return look_at(s->getCond());
    }
    bool VisitConditionalOperator(ConditionalOperator *e) override
    {
        return look_at(e->getCond());
    }
    bool VisitWhileStmt(WhileStmt *s) override
    {
        return look_at(s->getCond());
    }
    bool VisitReturnStmt(ReturnStmt *s) override /* the callers look, who are all here */
    {
        return !helper || !s->getRetValue() || look_at(s->getRetValue());
    }
    bool VisitDeclRefExpr(DeclRefExpr *e) override
    {
        found |= inside && e->getDecl() == wanted;
        return !found;
    }
    bool VisitMemberExpr(MemberExpr *e) override
    {
        mentions += e->getMemberDecl() == wanted;
        found |= inside && e->getMemberDecl() == wanted;
        return !found;
    }

  private:
    bool look_at(Expr *condition)
    {
        bool before = inside;

        inside = true;
        TraverseStmt(condition);
        inside = before;
        return !found;
    }
};

/* Is the pointer that an allocation fills in looked at, in place of the status? Here, or, when it is only kept for others
 * in a member, by them. */
bool is_tested(const Expr *pointer, CheckerContext &c)
{
    auto      *f = dyn_cast<FunctionDecl>(c.getLocationContext()->getDecl());
    TestFinder finder(named_object(pointer), f && f->getStorageClass() == SC_Static);

    finder.TraverseStmt(c.getLocationContext()->getDecl()->getBody());
    if (!finder.wanted || finder.found || !isa<FieldDecl>(finder.wanted) || finder.mentions > 1)
        return finder.wanted && finder.found;
    finder.TraverseDecl(c.getASTContext().getTranslationUnitDecl());
    return finder.found;
}

/* ---- requests ---- */

void StorChecker::check_timer(const CallEvent &call, CheckerContext &c, unsigned routine, unsigned value) const
{
    auto        time = number(call, c, value);
    const Expr *e = routine < call.getNumArgs() ? call.getArgExpr(routine) : nullptr;
    auto       *f = e ? dyn_cast_or_null<FunctionDecl>(named_object(e)) : nullptr;
    auto        null = number(call, c, routine);

    if (null && *null == 0 && (!time || *time != 0))
        report(c, this, S01, "a timer is requested without a routine", call.getOriginExpr());
    else if (f && !has_class(contract_of(f), "HW_TIMER") && !has_class(contract_of(f), "HW_TIMER_EX"))
        report(c, this, S01, "'" + f->getNameAsString() + "' is requested as a timer but not declared HW_TIMER",
            call.getOriginExpr());
}

void StorChecker::check_notification(const CallEvent &call, CheckerContext &c) const
{
    StringRef type = enumerator(call, 0);

    if (type == "RequestTimerCall")
        check_timer(call, c, 2, 3);
    const MemRegion *srb = completes_request(call) ? argument_object(call, 2) : nullptr;
    if (!srb)
        return;
    Contract none;
    Scope    s = {c, c.getState(), none, nullptr, UnknownVal(), QualType(), false};
    auto     status =
        number_of(c.getState(), member_of(s, loc::MemRegionVal(srb),
                                    call.getArgExpr(2)->IgnoreParenCasts()->getType()->getPointeeType(), "SrbStatus"));
    const SVal *set = c.getState()->get<SrbStatuses>(srb);
    if (set)
        status = number_of(c.getState(), *set);
    if (status && *status == 0)
        report(c, this, S11, "a request is completed with SRB_STATUS_PENDING", call.getOriginExpr());
}

/* One report for a function that goes on using what was completed; true: reported. */
bool StorChecker::check_completed(
    const MemRegion *request, const llvm::Twine &text, const Stmt *at, CheckerContext &c) const
{
    const StackFrameContext *const *told = c.getState()->get<CompletedRequests>(request->getBaseRegion());

    if (!told || *told == c.getStackFrame())
        return false;
    report(
        c, this, S09, text, at, 0, c.getState()->set<CompletedRequests>(request->getBaseRegion(), c.getStackFrame()));
    return true;
}

void StorChecker::checkLocation(SVal place, bool, const Stmt *s, CheckerContext &c) const
{
    const MemRegion *r = place.getAsRegion();
    auto            *base = dyn_cast_or_null<SymbolicRegion>(r ? r->getBaseRegion() : nullptr);
    auto            *from = dyn_cast_or_null<FieldRegion>(base ? base->getSymbol()->getOriginRegion() : nullptr);

    if (r && check_completed(r, "the request is used after its completion", s, c))
        return;
    if (from && in(from->getDecl()->getName(),
                    {"SrbExtension", "MiniportContext", "OriginalRequest", "DataBuffer", "SenseInfoBuffer"}))
        check_completed(from, "the request's " + from->getDecl()->getName() + " is used after its completion", s, c);
}

/* ---- where calls may be made ---- */

/* Restarting an adapter, many call their own HwStorInitialize: so every function on the way counts. */
bool initializes(CheckerContext &c, bool finding)
{
    for (const LocationContext *l = c.getLocationContext(); l; l = l->getParent()) {
        auto     *f = dyn_cast_or_null<FunctionDecl>(l->getDecl());
        StringRef r = f ? StringRef(contract_of(f).role_name) : StringRef();
        if (r == "HW_INITIALIZE" ||
            (finding && in(r, {"HW_FIND_ADAPTER", "VIRTUAL_HW_FIND_ADAPTER", "HW_PASSIVE_INITIALIZE_ROUTINE"})))
            return true;
    }
    return false;
}

void StorChecker::check_place(const CallEvent &call, CheckerContext &c) const
{
    StringRef name = callee_name(call), r = role(c);
    bool      port = r.startswith("HW_") || r.startswith("VIRTUAL_HW_");

    if (!port)
        return;
    if (name == "StorPortEnablePassiveInitialization" && !initializes(c, false))
        report(c, this, S13, name + " may be called in HwStorInitialize only", call.getOriginExpr());
    else if (in(name, {"StorPortGetUncachedExtension", "StorPortInitializePerfOpts"}) && !initializes(c, true))
        report(
            c, this, S13, name + " may be called in HwStorFindAdapter or HwStorInitialize only", call.getOriginExpr());
    if (r == "HW_STARTIO") {
        auto time = number(call, c, 0);
        if ((name == "StorPortStallExecution" && (!time || *time >= 1000)) || name == "StorPortAllocatePool" ||
            name.startswith("KeWait") || name.startswith("KeDelay") || name.startswith("ExAllocatePool"))
            report(
                c, this, S14, name + " in HwStorStartIo holds up every request of the adapter", call.getOriginExpr());
    }
    if ((r == "HW_INTERRUPT" || r == "HW_MESSAGE_SIGNALED_INTERRUPT_ROUTINE") &&
        in(name,
            {"StorPortGetGroupAffinity", "StorPortGetActiveGroupCount", "StorPortGetMaximumGroupCount",
                "StorPortGetActiveNodeCount", "StorPortGetNodeAffinity", "StorPortGetHighestNodeNumber",
                "StorPortAllocatePool", "StorPortFreePool", "StorPortInitializeWorker", "StorPortFreeWorker",
                "StorPortLogSystemEvent", "StorPortAllocateContiguousMemorySpecifyCacheNode", "StorPortAllocateMdl",
                "StorPortAllocateRegistryBuffer", "StorPortRegistryRead", "StorPortRegistryWrite"}) &&
        !contract_of(call).has("_IRQL_requires_max_"))
        report(c, this, S12, name + " must not be called from the interrupt routine", call.getOriginExpr());
    const unsigned *interrupt = c.getState()->get<PortLocks>(INTERRUPT_LOCK);
    if (interrupt && *interrupt == HELD && name.startswith("StorPort") && contract_of(call).has("_IRQL_requires_max_"))
        report(c, this, S12, name + " must not be called under the InterruptLock: that is at the adapter's DIRQL",
            call.getOriginExpr());
}

void StorChecker::check_perf(const CallEvent &call, CheckerContext &c) const
{
    auto query = number(call, c, 1);
    auto null = number(call, c, 2);

    if (null && *null == 0) {
        report(c, this, S18, "StorPortInitializePerfOpts needs performance options", call.getOriginExpr());
        return;
    }
    if (query && !*query && !c.getState()->get<PerfOptsAsked>()) {
        report(
            c, this, S18, "performance options are set without having asked which are supported", call.getOriginExpr());
        return;
    }
}

void StorChecker::checkPreCall(const CallEvent &call, CheckerContext &c) const
{
    StringRef       name = callee_name(call);
    ProgramStateRef state = c.getState();

    if (!name.startswith("StorPort") && role(c).empty())
        return;
    if (name.startswith("StorPortAcquireSpinLock") && is_followed(call, c))
        check_lock(call, c);
    else if (name == "StorPortNotification")
        check_notification(call, c);
    else if (name == "StorPortRequestTimer")
        check_timer(call, c, 2, 4);
    else if (name == "StorPortInitializePerfOpts")
        check_perf(call, c);
    else if (name == "StorPortAllocatePool" && !is_used(c, call) && !is_tested(call.getArgExpr(3), c))
        report(c, this, S19, "the status of StorPortAllocatePool is not looked at", call.getOriginExpr());
    else if (name == "StorPortReleaseSpinLock" && c.inTopFrame() && !role(c).empty() && !holds_some(state))
        report(c, this, S07, "a port lock is released, but none was acquired", call.getOriginExpr());
    check_place(call, c);
    if (completes_request(call)) {
        const MemRegion *srb = argument_object(call, 2);
        if (srb && state->contains<CompletedRequests>(srb->getBaseRegion()))
            report(c, this, S09, "the request is completed a second time", call.getOriginExpr());
        return;
    }
    for (unsigned i = 0; name.startswith("StorPort") && i < call.getNumArgs(); i++)
        if (const MemRegion *r = argument_object(call, i))
            if (check_completed(r, name + ": the request was completed before", call.getOriginExpr(), c))
                return;
}

void StorChecker::checkPostCall(const CallEvent &call, CheckerContext &c) const
{
    StringRef       name = callee_name(call);
    ProgramStateRef state = c.getState();
    unsigned        lock = name.startswith("StorPortAcquireSpinLock") ? lock_named(enumerator(call, 1)) : 0;

    if (lock) /* one that is held already has been reported */
        state = state->set<PortLocks>(lock, is_followed(call, c) && !state->get<PortLocks>(lock) ? HELD : PERHAPS);
    if (name.startswith("StorPortReleaseSpinLock"))
        for (auto &pair : state->get<PortLocks>()) /* the handle says which; what is left is what matters */
            if (pair.second != HELD_AT_ENTRY) {
                state = state->remove<PortLocks>(pair.first);
                break;
            }
    if (const MemRegion *srb = completes_request(call) ? argument_object(call, 2) : nullptr)
        state = state->set<CompletedRequests>(srb->getBaseRegion(), nullptr);
    if (name == "SrbSetSrbStatus")
        if (const MemRegion *srb = argument_object(call, 0))
            state = state->set<SrbStatuses>(srb, call.getArgSVal(1));
    if (name == "StorPortInitializePerfOpts" && number(call, c, 1).getValueOr(0))
        state = state->set<PerfOptsAsked>(true);
    if (lock && state != c.getState())
        note(c, state, llvm::Twine("the ") + lock_names[lock] + " is acquired");
    else if (state != c.getState())
        c.addTransition(state);
}

} // namespace

DT_CHECKER("storport", StorChecker);

} // namespace dt
