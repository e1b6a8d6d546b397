/* SPDX-License-Identifier: MIT */
/*
 * check/timers.cc - due times, periods and parameters of timers (DT-T12 to T16, T18), and what must not follow a cancel
 * (DT-T06, T07, T09).
 */
#include "check/irql.h"
#include "check/lock.h"
#include "check/timer_facts.h"

namespace dt {

/* A timer cancelled on this path and not known to be quiet. */
struct Cancelled {
    SVal             result;
    const ValueDecl *timer;
    bool             used; /* the result was looked at */

    bool operator==(const Cancelled &o) const
    {
        return result == o.result && timer == o.timer && used == o.used;
    }
    void Profile(llvm::FoldingSetNodeID &id) const
    {
        result.Profile(id);
        id.AddPointer(timer);
        id.AddBoolean(used);
    }
};

} // namespace dt

REGISTER_MAP_WITH_PROGRAMSTATE(CancelledTimers, const clang::ento::MemRegion *, dt::Cancelled)
REGISTER_MAP_WITH_PROGRAMSTATE(TimerAttributes, clang::ento::SymbolRef, unsigned) /* of ExAllocateTimer's result */

namespace dt {

namespace {

enum { HIGH_RESOLUTION = 4, NO_WAKE = 8 };
const int64_t LONG_AGO = 10000000000000000; /* 1632: an absolute time below is a relative one without its sign */
const int64_t FAR_AHEAD = 2000000000000000000;
const int64_t TICK = 10000; /* 1 ms in 100 ns: no clock tick is shorter by much */

class TimerChecker : public Checker<check::PreCall, check::PostCall, check::LiveSymbols> {
  public:
    void checkPreCall(const CallEvent &call, CheckerContext &c) const;
    void checkPostCall(const CallEvent &call, CheckerContext &c) const;
    void checkLiveSymbols(ProgramStateRef state, SymbolReaper &reaper) const;

  private:
    void check_due(const CallEvent &call, CheckerContext &c, llvm::Optional<int64_t> due) const;
    void check_set(const CallEvent &call, CheckerContext &c) const;
    void check_timeout(const CallEvent &call, CheckerContext &c, unsigned i) const;
    void check_ex_set(const CallEvent &call, CheckerContext &c) const;
    void check_delete(const CallEvent &call, CheckerContext &c) const;
    void check_allocate(const CallEvent &call, CheckerContext &c) const;
    void check_unchecked(const CallEvent &call, CheckerContext &c) const;
    void check_free(const CallEvent &call, CheckerContext &c) const;
    bool check_own_dpc(const CallEvent &call, CheckerContext &c, const Expr *memory) const;
};

llvm::Optional<int64_t> number(const CallEvent &call, CheckerContext &c, unsigned i)
{
    return i < call.getNumArgs() ? number_of(c.getState(), call.getArgSVal(i)) : llvm::None;
}

/* ---- due times ---- */

/* QuadPart of a LARGE_INTEGER in memory, also if it was written by halves. */
llvm::Optional<int64_t> quad_part(CheckerContext &c, SVal place, QualType type)
{
    Contract none;
    Scope    s = {c, c.getState(), none, nullptr, UnknownVal(), QualType(), false};
    auto     part = [&](StringRef name) { return number_of(s.state, member_of(s, place, type, name)); };
    auto     quad = part("QuadPart"), low = part("LowPart"), high = part("HighPart");

    return quad          ? quad
           : low && high ? llvm::Optional<int64_t>((int64_t)(((uint64_t)*high << 32) | (uint32_t)*low))
                         : quad;
}

/* QuadPart of a LARGE_INTEGER given by value, or by the expression that made it. */
llvm::Optional<int64_t> large_integer(CheckerContext &c, const Expr *e, SVal given)
{
    e = e->IgnoreParenImpCasts();
    if (auto *made = dyn_cast<CallExpr>(e)) { /* RtlConvertLongToLargeInteger(-1) */
        Expr::EvalResult v;
        bool             one = made->getNumArgs() == 1 && made->getArg(0)->EvaluateAsInt(v, c.getASTContext());
        return one ? llvm::Optional<int64_t>(v.Val.getInt().getExtValue()) : llvm::None;
    }
    /* By the time of the call the variable itself may be dead; what is passed knows where it was copied from. */
    auto copy = given.getAs<nonloc::LazyCompoundVal>();
    if (!copy)
        return llvm::None;
    SVal place = loc::MemRegionVal(copy->getRegion()), quad;
    if (const RecordDecl *r = e->getType()->getAsRecordDecl())
        for (const FieldDecl *f : r->fields())
            if (f->getName() == "QuadPart")
                quad = c.getStoreManager().getBinding(
                    copy->getStore(), c.getState()->getLValue(f, place).castAs<Loc>(), f->getType());
    auto n = number_of(c.getState(), quad);
    return n ? n : quad_part(c, place, e->getType());
}

void TimerChecker::check_due(const CallEvent &call, CheckerContext &c, llvm::Optional<int64_t> due) const
{
    if (!due)
        return;
    if (*due > 0 && *due < LONG_AGO)
        report(c, this, T12,
            "the time " + llvm::Twine(*due) +
                " is positive: an absolute time long past, which expires at once; relative times are negative",
            call.getOriginExpr());
    else if (*due < -10 && *due > -TICK)
        report(c, this, T13,
            "the time " + llvm::Twine(*due) + " is in 100 ns and shorter than a clock tick: milliseconds times 10000?",
            call.getOriginExpr());
}

void TimerChecker::check_set(const CallEvent &call, CheckerContext &c) const
{
    auto due = large_integer(c, call.getArgExpr(1), call.getArgSVal(1));
    auto period = callee_name(call) != "KeSetTimer" ? number(call, c, 2) : llvm::None;

    check_due(call, c, due);
    if (!period)
        return;
    if (*period < 0 || *period > INT32_MAX)
        report(c, this, T13, "the period " + llvm::Twine(*period) + " is negative or above the maximum (MAXLONG ms)",
            call.getOriginExpr());
    else if (due && *due < 0 && *period >= TICK && *period >= -*due)
        report(c, this, T13,
            "the period " + llvm::Twine(*period) + " is in milliseconds, unlike the due time: given in 100 ns?",
            call.getOriginExpr());
    auto tolerable = callee_name(call) == "KeSetCoalescableTimer" ? number(call, c, 3) : llvm::None;
    if (tolerable && *period && *tolerable > *period)
        report(c, this, T13, "the tolerable delay (in milliseconds) is longer than the period", call.getOriginExpr());
}

/* Of a wait, by reference: the same units and signs. */
void TimerChecker::check_timeout(const CallEvent &call, CheckerContext &c, unsigned i) const
{
    if (i < call.getNumArgs() && object(call.getArgSVal(i)))
        check_due(call, c, quad_part(c, call.getArgSVal(i), call.parameters()[i]->getType()->getPointeeType()));
}

int64_t attributes_of(const CallEvent &call, CheckerContext &c)
{
    SymbolRef        s = call.getArgSVal(0).getAsSymbol();
    const unsigned  *known = s ? c.getState()->get<TimerAttributes>(s) : nullptr;
    const ValueDecl *d = named_object(call.getArgExpr(0));
    auto            &facts = timer_facts(c.getASTContext());

    if (known)
        return *known;
    auto found = d ? facts.attributes.find(d) : facts.attributes.end();
    return found == facts.attributes.end() ? 0 : found->second;
}

/* Certainly positive: the present time, and times reckoned from it. */
bool is_absolute(CheckerContext &c, SVal due)
{
    SValBuilder &b = c.getSValBuilder();
    auto         value = due.getAs<NonLoc>();

    if (!value)
        return false;
    SVal zero = b.makeZeroVal(c.getASTContext().LongLongTy);
    auto positive = b.evalBinOp(c.getState(), BO_GT, due, zero, b.getConditionType()).getAs<DefinedSVal>();
    return positive && !c.getState()->assume(*positive, false);
}

/* What KeQuerySystemTime stores lies between 1632 and the year 7938. */
ProgramStateRef with_system_time(const CallEvent &call, CheckerContext &c, const void *tag)
{
    ProgramStateRef   state = c.getState();
    const RecordDecl *r = call.parameters()[0]->getType()->getPointeeType()->getAsRecordDecl();

    for (const FieldDecl *f : r ? r->fields() : RecordDecl::field_range({}, {})) {
        if (f->getName() != "QuadPart" || !object(call.getArgSVal(0)))
            continue;
        SVal               now = fresh(c, call.getOriginExpr(), f->getType(), tag);
        BasicValueFactory &values = c.getSValBuilder().getBasicValueFactory();
        ProgramStateRef    after = state->assumeInclusiveRange(now.castAs<DefinedOrUnknownSVal>(),
               values.getValue((uint64_t)LONG_AGO, f->getType()), values.getValue((uint64_t)FAR_AHEAD, f->getType()),
               true);
        return after ? after->bindLoc(state->getLValue(f, call.getArgSVal(0)), now, c.getLocationContext()) : state;
    }
    return state;
}

void TimerChecker::check_ex_set(const CallEvent &call, CheckerContext &c) const
{
    auto due = number(call, c, 1), period = number(call, c, 2);
    bool precise = attributes_of(call, c) & HIGH_RESOLUTION;

    if (precise && is_absolute(c, call.getArgSVal(1)))
        report(c, this, T14, "a high-resolution timer takes relative (negative) due times only", call.getOriginExpr());
    else if (!precise || (due && *due > 0))
        check_due(call, c, due);
    if (period && (*period < 0 || *period > (int64_t)INT32_MAX * TICK))
        report(c, this, T13, "the period " + llvm::Twine(*period) + " is negative or above the maximum (MAXLONG ms)",
            call.getOriginExpr());
    else if (period && *period > 0 && *period < TICK && !precise)
        report(c, this, T13,
            "the period " + llvm::Twine(*period) +
                " is in 100 ns and shorter than a clock tick: milliseconds times 10000?",
            call.getOriginExpr());
}

/* ---- EX_TIMER ---- */

void TimerChecker::check_allocate(const CallEvent &call, CheckerContext &c) const
{
    auto attributes = number(call, c, 2);

    if (attributes && (*attributes & HIGH_RESOLUTION) && (*attributes & NO_WAKE))
        report(c, this, T14, "EX_TIMER_HIGH_RESOLUTION and EX_TIMER_NO_WAKE exclude each other", call.getOriginExpr());
}

/* The result of ExAllocateTimer is used although it may be NULL. */
void TimerChecker::check_unchecked(const CallEvent &call, CheckerContext &c) const
{
    SymbolRef s = call.getNumArgs() ? call.getArgSVal(0).getAsLocSymbol() : nullptr;

    if (!s || !c.getState()->get<TimerAttributes>(s) || !c.getState()->isNull(call.getArgSVal(0)).isUnderconstrained())
        return;
    ProgramStateRef sane = c.getState()->assume(call.getArgSVal(0).castAs<DefinedSVal>(), true);
    report(c, this, T18, "ExAllocateTimer may have returned NULL; nothing has looked", call.getOriginExpr(), 0, sane);
}

void TimerChecker::check_delete(const CallEvent &call, CheckerContext &c) const
{
    auto cancel = number(call, c, 1), wait = number(call, c, 2);

    if (!wait || !*wait)
        return;
    if (cancel && !*cancel)
        report(c, this, T15, "ExDeleteTimer: Wait = TRUE needs Cancel = TRUE", call.getOriginExpr());
    else if (has_class(contract_of(root(c)), "EXT_CALLBACK"))
        report(c, this, T16, "a callback deletes a timer and waits for its callbacks to end, its own perhaps",
            call.getOriginExpr());
    else if (spin_lock_held(c.getState()) && !irql_above(c, c.getState(), APC_LEVEL))
        report(c, this, T16, "ExDeleteTimer waits for the callback while a lock is held", call.getOriginExpr());
}

/* ---- cancel, then free ---- */

bool frees(StringRef name)
{
    return name == "ExFreePool" || name == "ExFreePoolWithTag" || name == "ExFreePool2" || name == "IoDeleteDevice" ||
           name == "ExFreeToNPagedLookasideList" || name == "ExFreeToLookasideListEx";
}

/* What makes sure that a timer's DPC is not running. */
bool quiets(StringRef name)
{
    return name == "KeFlushQueuedDpcs" || name.startswith("KeWaitFor") || name == "KeRemoveQueueDpcEx";
}

/* A delete after which the callback may go on: no better than a cancel. With parameters, a delete callback will say. */
bool deletes_without_wait(const CallEvent &call, CheckerContext &c)
{
    auto wait = number(call, c, 2), parameters = number(call, c, 3);

    return callee_name(call) == "ExDeleteTimer" && wait && !*wait && parameters && !*parameters;
}

/* Where a pointer was loaded from: the extension that has the PEX_TIMER. */
const MemRegion *holder_of(SVal v)
{
    SymbolRef s = v.getAsSymbol();

    return s && s->getOriginRegion() ? s->getOriginRegion()->getBaseRegion() : nullptr;
}

/* A periodic timer in memory that its own DPC frees. */
bool TimerChecker::check_own_dpc(const CallEvent &call, CheckerContext &c, const Expr *memory) const
{
    QualType          type = memory->IgnoreParenCasts()->getType();
    const RecordDecl *r = type->isPointerType() ? type->getPointeeType()->getAsRecordDecl() : nullptr;
    auto             &facts = timer_facts(c.getASTContext());
    const Contract   &k = contract_of(root(c));

    if (!r || !r->getDefinition() || (!has_class(k, "KDEFERRED_ROUTINE") && !has_class(k, "EXT_CALLBACK")))
        return false;
    for (const FieldDecl *f : r->getDefinition()->fields())
        if (facts.periodic.count(f)) {
            report(c, this, T09,
                "'" + root(c)->getNameAsString() + "' frees " + f->getName() +
                    ", a periodic timer, which may be queued again already",
                call.getOriginExpr());
            return true;
        }
    return false;
}

void TimerChecker::check_free(const CallEvent &call, CheckerContext &c) const
{
    ProgramStateRef  state = c.getState();
    const MemRegion *freed = argument_object(call, 0);
    auto            &facts = timer_facts(c.getASTContext());

    if (!freed || check_own_dpc(call, c, call.getArgExpr(0)))
        return;
    for (auto &pair : state->get<CancelledTimers>()) {
        const MemRegion *base = pair.first->getBaseRegion();
        auto            *s = dyn_cast<SymbolicRegion>(base);
        const MemRegion *origin = s ? s->getSymbol()->getOriginRegion() : nullptr;
        bool             inside = base == freed->getBaseRegion() || (callee_name(call) == "IoDeleteDevice" && origin &&
                                                            origin->getBaseRegion() == freed->getBaseRegion());
        if (!inside)
            continue;
        ConditionTruthVal was_set = state->isNull(pair.second.result);
        bool              certain = pair.second.used && was_set.isConstrainedFalse();
        bool              periodic = facts.periodic.count(pair.second.timer);
        if (pair.second.used && !(certain && periodic))
            continue; /* TRUE of a timer that expires once is proof; after FALSE the driver may know from elsewhere */
        std::string name = name_of(pair.first);
        report(c, this, certain ? T07 : T06,
            certain ? "the periodic timer " + name + " was cancelled, but its DPC of the last period may still run here"
                    : "the timer " + name + " was cancelled, but its DPC may still run when its memory is freed",
            call.getOriginExpr(), 0, state->remove<CancelledTimers>(pair.first));
        return;
    }
}

void TimerChecker::checkPreCall(const CallEvent &call, CheckerContext &c) const
{
    StringRef name = callee_name(call);

    if (!root(c))
        return;
    if ((name == "KeSetTimer" || name == "KeSetTimerEx" || name == "KeSetCoalescableTimer") && call.getNumArgs() > 2)
        check_set(call, c);
    else if (name == "KeDelayExecutionThread")
        check_timeout(call, c, 2);
    else if (name == "KeWaitForSingleObject")
        check_timeout(call, c, 4);
    else if (name == "KeWaitForMultipleObjects")
        check_timeout(call, c, 6);
    else if (name == "ExSetTimer" && call.getNumArgs() > 3)
        check_ex_set(call, c);
    else if (name == "ExAllocateTimer" && call.getNumArgs() > 2)
        check_allocate(call, c);
    else if (name == "ExDeleteTimer" && call.getNumArgs() > 3)
        check_delete(call, c);
    else if (frees(name) && call.getNumArgs() > 0)
        check_free(call, c);
    if (name == "ExSetTimer" || name == "ExCancelTimer" || name == "ExDeleteTimer")
        check_unchecked(call, c);
}

void TimerChecker::checkPostCall(const CallEvent &call, CheckerContext &c) const
{
    StringRef       name = callee_name(call);
    ProgramStateRef state = c.getState();

    if (name == "ExAllocateTimer") {
        if (SymbolRef s = call.getReturnValue().getAsLocSymbol())
            state = state->set<TimerAttributes>(s, (unsigned)number(call, c, 2).getValueOr(0));
    } else if (name == "KeCancelTimer" || name == "ExCancelTimer" || deletes_without_wait(call, c)) {
        const MemRegion *r = name == "KeCancelTimer" ? argument_object(call, 0) : holder_of(call.getArgSVal(0));
        if (r && !(name == "ExDeleteTimer" && state->get<CancelledTimers>(r)))
            state = state->set<CancelledTimers>(
                r, {call.getReturnValue(), named_object(call.getArgExpr(0)), is_used(c, call)});
    } else if (name.startswith("KeQuerySystemTime") && call.parameters().size() == 1 && !c.wasInlined) {
        state = with_system_time(call, c, this);
    } else if (quiets(name) || name == "ExDeleteTimer") {
        for (auto &pair : state->get<CancelledTimers>())
            state = state->remove<CancelledTimers>(pair.first);
    }
    if (state != c.getState())
        c.addTransition(state);
}

void TimerChecker::checkLiveSymbols(ProgramStateRef state, SymbolReaper &reaper) const
{
    for (auto &pair : state->get<CancelledTimers>())
        for (auto s = pair.second.result.symbol_begin(); s != pair.second.result.symbol_end(); ++s)
            reaper.markLive(*s);
}

} // namespace

DT_CHECKER("timers", TimerChecker);

} // namespace dt
