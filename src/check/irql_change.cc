/* SPDX-License-Identifier: MIT */
/*
 * check/irql_change.cc - calls that change the level, and how functions leave it (DT-I03 to DT-I09, DT-I12, DT-D08).
 *
 * What a routine does to the level is read off its annotations, Microsoft's or the user's; a function that was inlined has
 * done it already. Raises are kept in a stack, so that the level given back can be compared with the one saved.
 */
#include "check/irql.h"

#include "check/lock.h"

REGISTER_MAP_WITH_PROGRAMSTATE(SavedLevels, unsigned, clang::ento::SVal)  /* by depth */
REGISTER_MAP_WITH_PROGRAMSTATE(HiddenLevels, unsigned, clang::ento::SVal) /* _IRQL_saves_global_, by kind and object */
REGISTER_TRAIT_WITH_PROGRAMSTATE(RaiseDepth, unsigned)
REGISTER_SET_WITH_PROGRAMSTATE(StoredTo, const clang::ento::MemRegion *) /* regions that got the level at entry */
REGISTER_MAP_WITH_PROGRAMSTATE(KeptLevels, const clang::ento::MemRegion *, clang::ento::SVal) /* in members */
REGISTER_TRAIT_WITH_PROGRAMSTATE(LoweredOnly, bool) /* KeLowerIrql, and nothing had been raised */

namespace dt {

namespace {

class IrqlChangeChecker : public Checker<check::PreCall, check::PostCall, check::BeginFunction, check::EndFunction,
                              check::Bind, check::RegionChanges, check::LiveSymbols> {
  public:
    void            checkBind(SVal place, SVal value, const Stmt *, CheckerContext &c) const;
    void            checkBeginFunction(CheckerContext &c) const;
    void            checkPreCall(const CallEvent &call, CheckerContext &c) const;
    void            checkPostCall(const CallEvent &call, CheckerContext &c) const;
    void            checkEndFunction(const ReturnStmt *statement, CheckerContext &c) const;
    void            checkLiveSymbols(ProgramStateRef state, SymbolReaper &reaper) const;
    ProgramStateRef checkRegionChanges(ProgramStateRef state, const InvalidatedSymbols *,
        ArrayRef<const MemRegion *> given, ArrayRef<const MemRegion *>, const LocationContext *lc,
        const CallEvent *call) const;

  private:
    void check_raise(const CallEvent &call, CheckerContext &c, const Scope &s, const Annotation &a) const;
    void check_restore(const CallEvent &call, CheckerContext &c, const Scope &s, SVal to) const;
    void check_lowered_without_raise(const CallEvent &call, CheckerContext &c, SVal to) const;
    bool check_limits(const CallEvent &call, CheckerContext &c, SVal to, bool raises) const;
    bool check_cancel(const CallEvent &call, CheckerContext &c, SVal to) const;
    void check_exit(CheckerContext &c, const ReturnStmt *statement) const;
    void check_inlined(CheckerContext &c, const ReturnStmt *statement) const;
    void check_kept(CheckerContext &c, const Scope &s, const Annotation &a, const Stmt *at) const;
};

/* ---- what annotations mean ---- */

/* The object that `_IRQL_saves_` on a parameter or in `_At_(*Irql, ...)` stores to; none: the result. */
const MemRegion *saved_to(const Scope &s, const Annotation &a)
{
    if (a.parameter >= 0 && s.call)
        return (unsigned)a.parameter < s.call->getNumArgs() ? object(s.call->getArgSVal((unsigned)a.parameter))
                                                            : nullptr;
    if (a.parameter >= 0 && (size_t)a.parameter < s.contract.parameters.size())
        return lvalue(s, s.contract.parameters[(size_t)a.parameter]);
    return a.target.empty() || a.target == "return" ? nullptr : lvalue(s, a.target);
}

/* The level that a parameter with `_IRQL_restores_` holds: itself, or what it points to. */
SVal restored_from(const Scope &s, const Annotation &a)
{
    SVal v = UnknownVal();

    if (a.parameter >= 0 && s.call && (unsigned)a.parameter < s.call->getNumArgs())
        v = s.call->getArgSVal((unsigned)a.parameter);
    else if (a.parameter >= 0 && (size_t)a.parameter < s.contract.parameters.size())
        v = evaluate(s, s.contract.parameters[(size_t)a.parameter]);
    else if (!a.target.empty())
        v = evaluate(s, a.target);
    auto place = v.getAs<Loc>();
    return place && v.getAsRegion() ? s.state->getSVal(*place, s.c.getASTContext().UnsignedCharTy) : v;
}

unsigned slot_of(StringRef kind, const MemRegion *r)
{
    return (unsigned)llvm::hash_combine(kind, (const void *)r);
}

/* The hidden slot of _IRQL_saves_global_(kind, object). */
unsigned slot_of(const Scope &s, const Annotation &a)
{
    StringRef kind, expression;

    std::tie(kind, expression) = StringRef(a.argument).split(',');
    const MemRegion *r = lvalue(s, expression.trim());
    return slot_of(kind.trim(), r);
}

bool differs(CheckerContext &c, ProgramStateRef state, SVal a, SVal b, bool certainly)
{
    auto x = number_of(state, a), y = number_of(state, b);

    if (a == b)
        return false;
    if (x && y)
        return *x != *y;
    auto p = a.getAs<NonLoc>(), q = b.getAs<NonLoc>();
    if (!p || !q)
        return false;
    SValBuilder &sv = c.getSValBuilder();
    auto         same = sv.evalBinOpNN(state, BO_EQ, *p, *q, sv.getConditionType()).getAs<DefinedSVal>();
    if (!same)
        return false;
    ProgramStateRef equal, unequal;
    std::tie(equal, unequal) = state->assume(*same);
    return certainly ? !equal : unequal != nullptr;
}

/* ---- before a call ---- */

std::string called(const CallEvent &call)
{
    StringRef name = callee_name(call);

    return name.empty() ? "this call" : name == "KfRaiseIrql" ? "KeRaiseIrql" : name.str();
}

/* The limits that a function's own annotations set for its whole body; none where it says nothing certain. */
struct Limits {
    llvm::Optional<int64_t> low, high;
};

Limits limits_of(CheckerContext &c, const Contract &k)
{
    ASTContext         &ast = c.getASTContext();
    const Preprocessor &pp = c.getPreprocessor();
    const Annotation   *raises = k.find("_IRQL_raises_"), *max = k.find("_IRQL_always_function_max_");
    Limits              l;

    for (const Annotation &a : k.list)
        if (a.parameter < 0 && a.conditions.empty() &&
            (a.name == "_IRQL_requires_min_" || a.name == "_IRQL_always_function_min_" || a.name == "_IRQL_requires_"))
            l.low = constant(ast, pp, a.argument);
    if (max)
        l.high = constant(ast, pp, max->argument);
    else if (raises && raises->conditions.empty() && !l.low)
        l.high = constant(ast, pp, raises->argument);
    if (l.high && *l.high < 0)
        l.high = llvm::None;
    if (k.has("_IRQL_restores_") || k.has("_IRQL_restores_global_") || has_class(k, "DRIVER_CANCEL"))
        l.low = llvm::None;
    return l;
}

/* Is this level under a minimum? Who raises the level believes that it may have been lower: what was saved then counts as
 * lower when nothing says otherwise. */
bool is_below(CheckerContext &c, SVal level, int64_t minimum)
{
    ProgramStateRef state = c.getState();
    bool            saved = false;

    if (auto n = number_of(state, level))
        return *n < minimum;
    for (unsigned i = 0; i < state->get<RaiseDepth>(); i++)
        saved |= state->get<SavedLevels>(i) && *state->get<SavedLevels>(i) == level;
    return saved && irql_at_most(c, irql_set(state, level), minimum - 1);
}

/* Limits of the function the call is in and of those that called it, as far as the path knows them. */
bool IrqlChangeChecker::check_limits(const CallEvent &call, CheckerContext &c, SVal to, bool raises) const
{
    auto n = number_of(c.getState(), to);

    for (const LocationContext *l = c.getLocationContext(); l; l = l->getParent()) {
        auto *f = dyn_cast<FunctionDecl>(l->getDecl());
        if (!f || !isa<StackFrameContext>(l))
            continue;
        const Contract &k = contract_of(f);
        Limits          limits = limits_of(c, k);
        bool            high = limits.high && n && *n > *limits.high;
        if (high || (!raises && limits.low && is_below(c, to, *limits.low))) {
            report(c, this, I07,
                called(call) + (high ? " raises" : " lowers") + " the IRQL to " +
                    (n ? level_name(*n) : "what it was before") + "; '" + f->getNameAsString() + "' promises " +
                    (high ? "never to exceed " + level_name(*limits.high)
                          : "to stay at or above " + level_name(*limits.low)),
                call.getOriginExpr(), high ? 28150 : 28124);
            return true;
        }
        if (k.has_irql()) /* a function with annotations answers for those it calls */
            return false;
    }
    return false;
}

void IrqlChangeChecker::check_raise(const CallEvent &call, CheckerContext &c, const Scope &s, const Annotation &a) const
{
    auto to = number_of(s.state, evaluate(s, a.argument));

    if (!to)
        return;
    if (*to < 0 || *to > LEVEL_LIMIT) {
        report(c, this, I08, llvm::Twine(*to) + " is no IRQL", call.getOriginExpr(), 28151);
        return;
    }
    if (check_limits(call, c, evaluate(s, a.argument), true))
        return;
    const Annotation *max = s.contract.find("_IRQL_requires_max_");
    auto              allowed = max ? number_of(s.state, evaluate(s, max->argument)) : llvm::None;
    if (allowed && irql_above(c, s.state, *allowed))
        return; /* reported as that */
    if (irql_above(c, s.state, *to))
        report(c, this, I03,
            called(call) + " raises the IRQL to " + level_name(*to) + ", but it is " + irql_text(c, s.state) + " here",
            call.getOriginExpr(), 28141);
}

/* A level given back although nothing on this path has raised it. */
void IrqlChangeChecker::check_lowered_without_raise(const CallEvent &call, CheckerContext &c, SVal to) const
{
    ProgramStateRef state = c.getState();
    auto            n = number_of(state, to);

    if (!n || contract_of(root(c)).has("_IRQL_restores_"))
        return;
    if (check_limits(call, c, to, false) || !differs(c, state, to, irql_now(state), true))
        return;
    bool up = irql_below(c, state, *n);
    report(c, this, I03,
        called(call) + (up ? " raises" : " lowers") + " the IRQL to " + level_name(*n) +
            ", but nothing has raised it here",
        call.getOriginExpr());
}

/* A cancel routine gives the level back that the request keeps for it. */
bool IrqlChangeChecker::check_cancel(const CallEvent &call, CheckerContext &c, SVal to) const
{
    bool cancels = has_class(contract_of(root(c)), "DRIVER_CANCEL") || contract_of(root(c)).has("_IRQL_is_cancel_") ||
                   contract_of(root(c)).has("_IRQL_uses_cancel_");
    SymbolRef        s = to.getAsSymbol();
    const MemRegion *origin = s ? s->getOriginRegion() : nullptr;
    auto            *field = dyn_cast_or_null<FieldRegion>(origin);

    if (!cancels || callee_name(call) != "IoReleaseCancelSpinLock" || c.getState()->get<RaiseDepth>() > 0)
        return false;
    if (field && field->getDecl()->getName() == "CancelIrql")
        return true;
    if (!s || field || isa_and_nonnull<VarRegion>(origin))
        report(
            c, this, I12, "the cancel lock is released with another level than Irp->CancelIrql", call.getOriginExpr());
    return true;
}

void IrqlChangeChecker::check_restore(const CallEvent &call, CheckerContext &c, const Scope &s, SVal to) const
{
    unsigned    depth = s.state->get<RaiseDepth>();
    const SVal *saved = depth ? s.state->get<SavedLevels>(depth - 1) : nullptr;
    auto        n = number_of(s.state, to);

    if (n && (*n < 0 || *n > LEVEL_LIMIT)) {
        report(c, this, I08, llvm::Twine(*n) + " is no IRQL", call.getOriginExpr(), 28151);
        return;
    }
    if (check_cancel(call, c, to))
        return;
    if (!saved) {
        check_lowered_without_raise(call, c, to);
        return;
    }
    if (check_limits(call, c, to, false))
        return;
    if (n && irql_below(c, s.state, *n)) {
        if (lock_call(callee_name(call)))
            return; /* the lock rules know what has gone wrong before */
        report(c, this, I03,
            called(call) + " raises the IRQL to " + level_name(*n) + "; here it is " + irql_text(c, s.state),
            call.getOriginExpr());
        return;
    }
    bool of_another = false;
    for (unsigned i = 0; i + 1 < depth; i++) {
        const SVal *other = s.state->get<SavedLevels>(i);
        of_another |= other && *other == to;
    }
    /* Out of order: the lock rules look at that. In order, the lock acquired last has its own level. */
    bool in_order = lock_call(callee_name(call)) && is_newest_lock(s.state, argument_object(call, 0));
    if (of_another && (!in_order || number_of(s.state, irql_at_entry(s.state))))
        return;
    if (!differs(c, s.state, to, *saved, !n && !of_another))
        return;
    report(c, this, I04, called(call) + " restores another IRQL than the one that was saved", call.getOriginExpr());
}

void IrqlChangeChecker::checkPreCall(const CallEvent &call, CheckerContext &c) const
{
    ProgramStateRef state = c.getState();
    const Contract &k = contract_of(call);
    Scope           s = {c, state, k, &call, UnknownVal(), QualType(), false};

    if (irql_now(state).isUnknown() || !root(c))
        return;
    for (const Annotation &a : k.list) {
        if (!StringRef(a.name).startswith("_IRQL_r") || applies(s, a) != YES)
            continue;
        if (a.name == "_IRQL_raises_" && a.parameter < 0) {
            check_raise(call, c, s, a);
            return;
        }
        if (a.name == "_IRQL_restores_global_" && state->get<RaiseDepth>() &&
            !state->get<HiddenLevels>(slot_of(s, a))) {
            report(c, this, I04, called(call) + " restores the IRQL from where nothing has saved it",
                call.getOriginExpr());
            return;
        }
        if (a.name == "_IRQL_restores_") {
            check_restore(call, c, s, restored_from(s, a));
            return;
        }
    }
}

/* ---- after a call ---- */

ProgramStateRef push(ProgramStateRef state, SVal level)
{
    unsigned depth = state->get<RaiseDepth>();

    return state->set<SavedLevels>(depth, level)->set<RaiseDepth>(depth + 1);
}

ProgramStateRef pop(ProgramStateRef state)
{
    unsigned depth = state->get<RaiseDepth>();

    return depth ? state->remove<SavedLevels>(depth - 1)->set<RaiseDepth>(depth - 1) : state;
}

SVal some_dirql(CheckerContext &c, const CallEvent &call, ProgramStateRef &state, const void *tag)
{
    SVal level = fresh(c, call.getOriginExpr(), c.getASTContext().UnsignedCharTy, tag);

    state = irql_set(state, level);
    if (ProgramStateRef above = irql_at_least(c, state, DISPATCH_LEVEL + 1))
        state = above;
    return level;
}

bool is_level(const MemRegion *r)
{
    auto *t = dyn_cast_or_null<TypedValueRegion>(r);

    return t && t->getValueType().getUnqualifiedType().getAsString() == "KIRQL";
}

ProgramStateRef stored(ProgramStateRef state, const MemRegion *to, SVal level)
{
    if (is_level(to) && !is_local(to))
        state = state->set<KeptLevels>(to, level);
    return to && level == irql_at_entry(state) ? state->add<StoredTo>(to->getBaseRegion()) : state;
}

/* The analyzer takes a routine that is given one member to change them all. What belongs to NT leaves levels alone that
 * it was not given. */
ProgramStateRef IrqlChangeChecker::checkRegionChanges(ProgramStateRef state, const InvalidatedSymbols *,
    ArrayRef<const MemRegion *> given, ArrayRef<const MemRegion *>, const LocationContext *lc,
    const CallEvent *call) const
{
    auto *f = call ? dyn_cast_or_null<FunctionDecl>(call->getDecl()) : nullptr;

    if (!call)
        return state;
    for (auto &kept : state->get<KeptLevels>()) {
        bool keeps = f && !is_users(state->getStateManager().getContext().getSourceManager(), f->getLocation());
        for (const MemRegion *r : given)
            keeps &= r != kept.first && !kept.first->isSubRegionOf(r);
        state = keeps ? state->bindLoc(loc::MemRegionVal(kept.first), kept.second, lc, false)
                      : state->remove<KeptLevels>(kept.first);
    }
    return state;
}

void IrqlChangeChecker::checkBind(SVal place, SVal value, const Stmt *, CheckerContext &c) const
{
    ProgramStateRef state = c.getState(), after = stored(state, object(place), value);

    if (after != state)
        c.addTransition(after);
}

/* Saves come before raises: what is saved is the level at entry. */
ProgramStateRef save(const CallEvent &call, const Scope &s, const Annotation &a)
{
    SVal  before = irql_now(s.state);
    auto *e = call.getOriginExpr();

    if (a.name == "_IRQL_saves_global_")
        return s.state->set<HiddenLevels>(slot_of(s, a), before);
    if (const MemRegion *to = saved_to(s, a))
        return stored(s.state->bindLoc(loc::MemRegionVal(to), before, s.c.getLocationContext()), to, before);
    if (a.parameter >= 0) { /* by value, as no compiler wants it, but people write it */
        auto *arg = (unsigned)a.parameter < call.getNumArgs() ? call.getArgExpr((unsigned)a.parameter) : nullptr;
        auto *ref = arg ? dyn_cast<DeclRefExpr>(arg->IgnoreParenImpCasts()) : nullptr;
        auto *v = ref ? dyn_cast<VarDecl>(ref->getDecl()) : nullptr;
        SVal  place = v ? SVal(s.state->getLValue(v, s.c.getLocationContext())) : UnknownVal();
        return v ? stored(s.state->bindLoc(place, before, s.c.getLocationContext()), object(place), before) : s.state;
    }
    bool result = a.parameter < 0 && (a.target.empty() || a.target == "return");
    return result && e ? s.state->BindExpr(e, s.c.getLocationContext(), before) : s.state;
}

ProgramStateRef raise(
    const CallEvent &call, CheckerContext &c, const Scope &s, const Annotation &a, const void *tag, std::string &text)
{
    SVal level = evaluate(s, a.argument);
    auto n = number_of(s.state, level);

    if (level.isUnknownOrUndef())
        level = fresh(c, call.getOriginExpr(), c.getASTContext().UnsignedCharTy, tag);
    if (n && (*n > LEVEL_LIMIT || irql_above(c, s.state, *n))) /* reported; what follows is not to blame */
        return push(s.state, irql_now(s.state));
    text = n ? "the IRQL is raised to " + level_name(*n) : "the IRQL is raised";
    return irql_set(push(s.state, irql_now(s.state)), level);
}

ProgramStateRef restore(
    const CallEvent &call, CheckerContext &c, const Scope &s, SVal level, const void *tag, std::string &text)
{
    if (level.isUnknownOrUndef())
        level = fresh(c, call.getOriginExpr(), c.getASTContext().UnsignedCharTy, tag);
    auto n = number_of(s.state, level);
    text = n ? "the IRQL is " + level_name(*n) + " again" : "the IRQL is restored";
    ProgramStateRef state = irql_set(pop(s.state), level);
    bool            only = !s.state->get<RaiseDepth>() && callee_name(call) == "KeLowerIrql";
    return only ? state->set<LoweredOnly>(true) : state;
}

void IrqlChangeChecker::checkPostCall(const CallEvent &call, CheckerContext &c) const
{
    const Contract              &k = contract_of(call);
    Scope                        s = {c, c.getState(), k, &call, call.getReturnValue(), call.getResultType(), true};
    std::string                  text;
    std::vector<ProgramStateRef> otherwise;

    if (c.wasInlined || irql_now(s.state).isUnknown())
        return;
    ProgramStateRef before = s.state;
    for (const char *wanted : {"_IRQL_saves", "_IRQL_raises_", "_IRQL_restores"}) {
        for (const Annotation &a : k.list) {
            if (!StringRef(a.name).startswith(wanted))
                continue;
            auto both = split(s, a);
            if (both.second)
                otherwise.push_back(both.second);
            if (!(s.state = both.first)) {
                s.state = before;
                otherwise.clear();
                continue;
            }
            if (StringRef(a.name).startswith("_IRQL_saves"))
                s.state = save(call, s, a);
            else if (a.name == "_IRQL_raises_")
                s.state = raise(call, c, s, a, this, text);
            else if (a.name == "_IRQL_restores_")
                s.state = restore(call, c, s, restored_from(s, a), this, text);
            else if (const SVal *level = s.state->get<HiddenLevels>(slot_of(s, a)))
                s.state = restore(call, c, s, *level, this, text);
            else
                s.state = restore(call, c, s, UnknownVal(), this, text);
        }
    }
    if (callee_name(call) == "KeAcquireInterruptSpinLock") {
        s.state = push(s.state, irql_now(s.state));
        some_dirql(c, call, s.state, this);
        text = "the IRQL is raised to that of the interrupt";
    }
    if (callee_name(call) == "KeGetCurrentIrql" && call.getOriginExpr())
        s.state = s.state->BindExpr(call.getOriginExpr(), c.getLocationContext(), irql_now(s.state));
    if (s.state == c.getState())
        return;
    if (text.empty())
        c.addTransition(s.state);
    else
        note(c, s.state, text);
    for (ProgramStateRef other : otherwise)
        c.addTransition(other);
}

/* ---- at the end ---- */

bool in(StringRef name, std::initializer_list<const char *> list)
{
    for (const char *one : list)
        if (name == one)
            return true;
    return false;
}

Rule rule_of_role(const Contract &k)
{
    if (in(k.role_name, {"KDEFERRED_ROUTINE", "IO_DPC_ROUTINE", "EXT_CALLBACK", "EXT_DELETE_CALLBACK",
                            "IO_TIMER_ROUTINE", "HW_DPC_ROUTINE", "HW_TIMER", "HW_TIMER_EX"}))
        return D08;
    if (StringRef(k.role_name).startswith("HW_") || StringRef(k.role_name).startswith("IO_CSQ_") ||
        in(k.role_name, {"DRIVER_DISPATCH", "IO_COMPLETION_ROUTINE", "DRIVER_CANCEL", "KSERVICE_ROUTINE",
                            "KMESSAGE_SERVICE_ROUTINE", "KSYNCHRONIZE_ROUTINE", "DRIVER_STARTIO", "DRIVER_CONTROL",
                            "DRIVER_LIST_CONTROL", "STOR_SYNCHRONIZED_ACCESS"}))
        return I09;
    return I05;
}

/* Has this path stored the level at entry where a parameter with `_IRQL_saves_` says: in it, or in what it points to? At
 * the end of a function the analyzer has forgotten its variables, so stores are noted when they happen. */
bool is_saved(CheckerContext &c, const Scope &s, const Annotation &a)
{
    SVal entry = irql_at_entry(s.state);

    if (a.parameter < 0 && (a.target.empty() || a.target == "return"))
        return s.result == entry || !number_of(s.state, s.result) || !differs(c, s.state, s.result, entry, false);
    if (a.parameter < 0 || (unsigned)a.parameter >= root(c)->getNumParams())
        return true;
    const ParmVarDecl *p = root(c)->getParamDecl((unsigned)a.parameter);
    const MemRegion   *own = s.state->getLValue(p, c.getStackFrame()).getAsRegion();
    SVal               value = c.getSValBuilder().getRegionValueSymbolVal(cast<TypedValueRegion>(own));
    const MemRegion   *to = object(value);
    if (!p->getType()
             ->isPointerType()) /* nobody gets to see a parameter: that some level was saved is all one can ask */
        return !s.state->get<StoredTo>().isEmpty();
    return !to || s.state->contains<StoredTo>(to->getBaseRegion());
}

/* _IRQL_raises_, _IRQL_saves_ and _IRQL_restores_ of the root itself: has this path kept them? */
void IrqlChangeChecker::check_kept(CheckerContext &c, const Scope &s, const Annotation &a, const Stmt *at) const
{
    SVal        now = irql_now(s.state), entry = irql_at_entry(s.state);
    std::string name = "'" + root(c)->getNameAsString() + "'";

    if (applies(s, a) != YES)
        return;
    if (a.name == "_IRQL_raises_") {
        auto wanted = number_of(s.state, evaluate(s, a.argument));
        if (wanted && *wanted >= 0 &&
            (irql_above(c, s.state, *wanted) || irql_below(c, s.state, *wanted) || now == entry) &&
            !(number_of(s.state, now) && *number_of(s.state, now) == *wanted))
            report(c, this, I06,
                name + " promises to return at " + level_name(*wanted) + "; here it returns at " +
                    irql_text(c, s.state),
                at, 28156);
    } else if (a.name == "_IRQL_restores_") {
        SVal wanted = restored_from(s, a);
        if (now == entry && !(wanted == now) && differs(c, s.state, wanted, now, false))
            report(c, this, I06, name + " promises to restore the IRQL it is given; this path does not", at, 28157);
    } else if (a.name == "_IRQL_saves_" && !is_saved(c, s, a)) {
        report(c, this, I06, name + " promises to save the IRQL; this path does not", at, 28158);
    }
}

void IrqlChangeChecker::check_exit(CheckerContext &c, const ReturnStmt *statement) const
{
    ProgramStateRef state = c.getState();
    const Contract &k = contract_of(root(c));
    SVal            now = irql_now(state), entry = irql_at_entry(state);
    bool            cancel = has_class(k, "DRIVER_CANCEL");

    if (isa<CXXConstructorDecl, CXXDestructorDecl>(root(c)))
        return; /* of a guard: what one raises the other gives back */
    if (cancel || k.has("_IRQL_raises_") || k.has("_IRQL_restores_") || k.has("_IRQL_restores_global_") ||
        k.has("_IRQL_saves_") || k.has("_IRQL_saves_global_") || k.has("_IRQL_is_cancel_"))
        return;
    const Annotation *same = k.find("_IRQL_requires_same_");
    if (same && !same->of_role && state->get<LoweredOnly>() && !(now == entry)) {
        report(c, this, I05, "'" + root(c)->getNameAsString() + "' lowers the IRQL without having raised it", statement,
            28166);
        return;
    }
    unsigned lock = raising_lock_held(state);
    if (lock && (!k.role_name.empty() || calls_for_lock(root(c), false, lock)))
        return; /* the lock that is left held is the defect, and reported */
    if (now == entry || !number_of(state, now) || !differs(c, state, now, entry, false))
        return;
    Rule rule = rule_of_role(k);
    report(c, this, rule,
        "'" + root(c)->getNameAsString() + "' returns at " + irql_text(c, state) +
            (rule == I05 ? ", not at the IRQL it was called at"
                         : ": " + with_article(k.role_name) +
                               " returns at the IRQL it was "
                               "called at"),
        statement, k.has("_IRQL_requires_same_") ? 28166 : 28167);
}

unsigned slot_of_frame(CheckerContext &c)
{
    return (unsigned)llvm::hash_value((const void *)c.getStackFrame());
}

/* A caller may know more than the function alone: what a level given as an argument is. */
void IrqlChangeChecker::checkBeginFunction(CheckerContext &c) const
{
    auto *f = dyn_cast<FunctionDecl>(c.getStackFrame()->getDecl());

    if (!c.inTopFrame() && f && contract_of(f).has("_IRQL_requires_same_"))
        c.addTransition(c.getState()->set<HiddenLevels>(slot_of_frame(c), irql_now(c.getState())));
}

void IrqlChangeChecker::check_inlined(CheckerContext &c, const ReturnStmt *statement) const
{
    ProgramStateRef state = c.getState();
    const SVal     *before = state->get<HiddenLevels>(slot_of_frame(c));
    auto           *f = dyn_cast<FunctionDecl>(c.getStackFrame()->getDecl());

    if (!before || !f || !contract_of(f).has("_IRQL_requires_same_") || !number_of(state, irql_now(state)) ||
        !differs(c, state, irql_now(state), *before, true))
        return;
    report(c, this, rule_of_role(contract_of(f)),
        "'" + f->getNameAsString() + "' returns at " + irql_text(c, state) + ", not at the IRQL it was called at",
        statement, 28166);
}

void IrqlChangeChecker::checkEndFunction(const ReturnStmt *statement, CheckerContext &c) const
{
    ProgramStateRef state = c.getState();

    if (!c.inTopFrame()) {
        check_inlined(c, statement);
        return;
    }
    if (!root(c) || irql_now(state).isUnknown())
        return;
    const Contract &k = contract_of(root(c));
    const Expr     *value = statement ? statement->getRetValue() : nullptr;
    Scope           s = {c, state, k, nullptr, value ? c.getSVal(value) : UnknownVal(), root(c)->getReturnType(), true};

    for (const Annotation &a : k.list)
        if (StringRef(a.name).startswith("_IRQL_"))
            check_kept(c, s, a, statement);
    check_exit(c, statement);
}

void IrqlChangeChecker::checkLiveSymbols(ProgramStateRef state, SymbolReaper &reaper) const
{
    for (auto &pair : state->get<SavedLevels>())
        for (auto s = pair.second.symbol_begin(); s != pair.second.symbol_end(); ++s)
            reaper.markLive(*s);
    for (auto &pair : state->get<KeptLevels>())
        for (auto s = pair.second.symbol_begin(); s != pair.second.symbol_end(); ++s)
            reaper.markLive(*s);
    for (auto &pair : state->get<HiddenLevels>())
        for (auto s = pair.second.symbol_begin(); s != pair.second.symbol_end(); ++s)
            reaper.markLive(*s);
}

} // namespace

SVal irql_in_handle(ProgramStateRef state, const MemRegion *handle)
{
    const SVal *level = state->get<HiddenLevels>(slot_of("QueuedSpinLock", handle));

    return level ? *level : SVal(UnknownVal());
}

DT_CHECKER("irql_change", IrqlChangeChecker);

} // namespace dt
