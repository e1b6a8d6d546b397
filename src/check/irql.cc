/* SPDX-License-Identifier: MIT */
/*
 * check/irql.cc - the level of a path, and the rules about calls at a level (DT-I01, DT-I02).
 *
 * The level is a value of the analyzer's own. At the beginning it is a number, when the annotations leave one only, or a
 * symbol with a range; KeGetCurrentIrql() returns it, KeRaiseIrql() stores it where the driver keeps old levels, and
 * KeLowerIrql(old) makes whatever is found there the level. So saving and restoring, through variables, fields or
 * wrappers, needs no bookkeeping here, and `if (irql < DISPATCH_LEVEL)` narrows the level by itself.
 *
 * A report is made of what is certain on a path. One exception: a function that its own annotation lets be called at a
 * level the callee does not allow (C28118), for there the annotation says so.
 */
#include "check/irql.h"

#include "check/lock.h"

REGISTER_MAP_WITH_PROGRAMSTATE(IrqlLevels, unsigned, clang::ento::SVal)

namespace dt {

enum { NOW, ENTRY };

static SVal level_at(ProgramStateRef state, unsigned key)
{
    const SVal *v = state->get<IrqlLevels>(key);

    return v ? *v : UnknownVal();
}

SVal irql_now(ProgramStateRef state)
{
    return level_at(state, NOW);
}

SVal irql_at_entry(ProgramStateRef state)
{
    return level_at(state, ENTRY);
}

ProgramStateRef irql_set(ProgramStateRef state, SVal level)
{
    return state->set<IrqlLevels>(NOW, level);
}

/* The state in which (now OP level) holds, null if it cannot. */
static ProgramStateRef assumed(CheckerContext &c, ProgramStateRef state, BinaryOperatorKind op, int64_t level)
{
    SValBuilder &b = c.getSValBuilder();
    SVal         now = irql_now(state);

    if (auto n = number_of(state, now)) {
        bool holds = op == BO_LE ? *n <= level : *n >= level;
        return holds ? state : nullptr;
    }
    auto known = now.getAs<NonLoc>();
    if (!known)
        return state;
    QualType type = c.getASTContext().UnsignedCharTy;
    if (SymbolRef s = now.getAsSymbol())
        type = s->getType();
    if (!type->isIntegralOrEnumerationType())
        return state;
    SVal compared =
        b.evalBinOpNN(state, op, *known, b.makeIntVal((uint64_t)level, type).castAs<NonLoc>(), b.getConditionType());
    auto defined = compared.getAs<DefinedSVal>();
    return defined ? state->assume(*defined, true) : state;
}

ProgramStateRef irql_at_most(CheckerContext &c, ProgramStateRef state, int64_t level)
{
    return assumed(c, state, BO_LE, level);
}

ProgramStateRef irql_at_least(CheckerContext &c, ProgramStateRef state, int64_t level)
{
    return assumed(c, state, BO_GE, level);
}

bool irql_above(CheckerContext &c, ProgramStateRef state, int64_t level)
{
    return !irql_at_most(c, state, level);
}

bool irql_below(CheckerContext &c, ProgramStateRef state, int64_t level)
{
    return !irql_at_least(c, state, level);
}

bool irql_may_exceed(CheckerContext &c, ProgramStateRef state, int64_t level)
{
    return irql_at_least(c, state, level + 1) != nullptr;
}

std::string irql_text(CheckerContext &c, ProgramStateRef state)
{
    if (auto n = number_of(state, irql_now(state)))
        return level_name(*n);
    for (int64_t low = HIGH_LEVEL; low > 0; low--)
        if (irql_above(c, state, low - 1))
            return level_name(low) + " or above";
    for (int64_t high = 0; high < HIGH_LEVEL; high++)
        if (irql_below(c, state, high + 1))
            return "up to " + level_name(high);
    return "an unknown level";
}

/* Those are called at any level up to DISPATCH_LEVEL. */
static bool is_virtual_miniport(ASTContext &ast)
{
    static llvm::Optional<bool> known; /* one source in a process */

    if (!known) {
        known = false;
        for (const Decl *d : ast.getTranslationUnitDecl()->decls())
            if (auto *f = dyn_cast<FunctionDecl>(d))
                known = *known || has_class(contract_of(f), "VIRTUAL_HW_FIND_ADAPTER");
    }
    return *known;
}

Levels entry_levels(ASTContext &ast, const Preprocessor &pp, const Contract &k)
{
    Levels l;
    bool   any = false, maximum = false;

    for (const Annotation &a : k.list) {
        if (a.parameter >= 0 || !StringRef(a.name).startswith("_IRQL_"))
            continue;
        any = true;
        if (!a.conditions.empty())
            continue;
        auto n = constant(ast, pp, a.argument);
        if (!n || *n < 0 || *n > LEVEL_LIMIT)
            continue;
        if (a.name == "_IRQL_requires_" || a.name == "_IRQL_requires_min_" || a.name == "_IRQL_always_function_min_")
            l.low = std::max(l.low, *n);
        if (a.name == "_IRQL_requires_" || a.name == "_IRQL_requires_max_" || a.name == "_IRQL_always_function_max_") {
            l.high = std::min(l.high, *n);
            maximum = true;
        }
    }
    StringRef role = k.role_name;
    if (role == "HW_INTERRUPT" || role == "HW_MESSAGE_SIGNALED_INTERRUPT_ROUTINE" ||
        role == "STOR_SYNCHRONIZED_ACCESS") {
        l.low = DISPATCH_LEVEL + 1;
        l.stated = true;
        return l;
    }
    if (role == "sp_DRIVER_INITIALIZE") {
        l.high = PASSIVE_LEVEL;
        l.stated = true;
        return l;
    }
    if (role.startswith("EVT_WDF_") && !any) { /* ANN-052: also without the framework's headers */
        bool dpc = role == "EVT_WDF_DPC" || role == "EVT_WDF_INTERRUPT_DPC";
        l.low = dpc ? DISPATCH_LEVEL : PASSIVE_LEVEL;
        l.high = role == "EVT_WDF_WORKITEM" ? PASSIVE_LEVEL : DISPATCH_LEVEL;
        l.stated = dpc || role == "EVT_WDF_TIMER" || role == "EVT_WDF_WORKITEM";
        return l;
    }
    if (role == "HW_TIMER" || role == "HW_TIMER_EX" || role == "HW_RESET_BUS" || role == "HW_STATE_CHANGE" ||
        (role == "HW_STARTIO" && !is_virtual_miniport(ast))) {
        l.low = l.high = DISPATCH_LEVEL; /* a half-duplex adapter: above */
        l.stated = true;
        return l;
    }
    if (role.startswith("HW_") && !maximum)
        return l; /* StorPort's other routines: at the level the adapter's model makes it */
    if (any && !maximum && l.low <= DISPATCH_LEVEL)
        l.high = DISPATCH_LEVEL; /* ANN-010 */
    if (l.low == HIGH_LEVEL && l.high == HIGH_LEVEL)
        l.low = DISPATCH_LEVEL + 1; /* how headers write "some DIRQL" */
    l.stated = any && l.high < LEVEL_LIMIT;
    return l;
}

namespace {

class IrqlChecker : public Checker<check::BeginFunction, check::PreCall, check::LiveSymbols> {
  public:
    void checkBeginFunction(CheckerContext &c) const;
    void checkPreCall(const CallEvent &call, CheckerContext &c) const;
    void checkLiveSymbols(ProgramStateRef state, SymbolReaper &reaper) const;

  private:
    bool too_high(const CallEvent &call, CheckerContext &c, int64_t max) const;
    bool too_low(const CallEvent &call, CheckerContext &c, int64_t min) const;
};

void IrqlChecker::checkBeginFunction(CheckerContext &c) const
{
    ProgramStateRef state = c.getState();

    if (!c.inTopFrame() || !root(c))
        return;
    const Contract &k = contract_of(root(c));
    Levels          l = entry_levels(c.getASTContext(), c.getPreprocessor(), k);
    QualType        type = c.getASTContext().UnsignedCharTy;
    SVal            level =
        l.low == l.high ? SVal(c.getSValBuilder().makeIntVal((uint64_t)l.low, type)) : fresh(c, nullptr, type, this);

    state = state->set<IrqlLevels>(ENTRY, level)->set<IrqlLevels>(NOW, level);
    if (ProgramStateRef narrower = irql_at_least(c, state, l.low))
        state = narrower;
    if (ProgramStateRef narrower = irql_at_most(c, state, l.high))
        state = narrower;
    c.addTransition(state);
}

void IrqlChecker::checkLiveSymbols(ProgramStateRef state, SymbolReaper &reaper) const
{
    for (auto &pair : state->get<IrqlLevels>())
        for (auto s = pair.second.symbol_begin(); s != pair.second.symbol_end(); ++s)
            reaper.markLive(*s);
}

/* "'Foo', a KDEFERRED_ROUTINE, is entered at DISPATCH_LEVEL" */
static std::string whence(CheckerContext &c)
{
    const FunctionDecl *f = root(c);
    const Contract     &k = contract_of(f);
    std::string         text = "'" + f->getNameAsString() + "'";

    return k.role_name.empty() ? text + " is annotated so" : text + " is " + with_article(k.role_name);
}

static std::string name_called(const CallEvent &call)
{
    StringRef       name = callee_name(call);
    const Contract &k = contract_of(call);

    if (!name.empty())
        return name.str();
    return k.role_name.empty() ? "the routine called" : "the " + k.role_name + " called";
}

/* Routines that wait, always or when asked to. */
static bool is_wait(StringRef name)
{
    return name == "KeWaitForSingleObject" || name == "KeWaitForMultipleObjects" || name == "KeDelayExecutionThread" ||
           name == "ZwWaitForSingleObject" || name == "KeWaitForMutexObject";
}

static bool allocates_or_blocks(StringRef name)
{
    return name.startswith("ExAllocatePool") || name.startswith("MmAllocate") || name.startswith("ExAcquireResource") ||
           name.startswith("ExAcquireShared") || name.startswith("ExEnterCriticalRegionAndAcquire") ||
           name.startswith("PsCreateSystemThread") || name.startswith("ObReferenceObjectByHandle") ||
           name.startswith("IoCreate") || name.startswith("ExWaitForRundown") || name.startswith("ExAcquirePushLock") ||
           name.startswith("MmProbeAndLock") || name == "IoReleaseRemoveLockAndWaitEx" ||
           name.startswith("MmMapLocked");
}

static bool is_dpc(const Contract &k)
{
    return k.role_name == "KDEFERRED_ROUTINE" || k.role_name == "IO_DPC_ROUTINE" || k.role_name == "HW_DPC_ROUTINE" ||
           k.role_name == "IO_TIMER_ROUTINE" || k.role_name == "EXT_CALLBACK" || k.role_name == "HW_TIMER" ||
           k.role_name == "HW_TIMER_EX" || k.role_name == "EVT_WDF_DPC" || k.role_name == "EVT_WDF_TIMER";
}

/* The nearest of the rules about a level that is too high. */
static Rule rule_for_high(CheckerContext &c, StringRef name)
{
    bool waits = is_wait(name) || name == "KeFlushQueuedDpcs";

    if (name == "KeFlushQueuedDpcs")
        return D09;
    if (name == "ExDeleteTimer")
        return T16;
    if (name.contains("FastMutex") || name.contains("GuardedMutex"))
        return L16;
    if (spin_lock_held(c.getState()) && (waits || allocates_or_blocks(name)))
        return L14;
    if (waits)
        return is_dpc(contract_of(root(c))) ? D06 : W01;
    if (name.startswith("ExAllocatePool"))
        return I10;
    if (name == "KeSetEvent" || name == "KeReleaseSemaphore" || name == "KeReleaseMutex")
        return W05; /* Wait = TRUE */
    return name.startswith("StorPort") ? S12 : I01;
}

bool IrqlChecker::too_high(const CallEvent &call, CheckerContext &c, int64_t max) const
{
    ProgramStateRef state = c.getState();
    std::string     name = name_called(call);

    if (irql_above(c, state, max)) {
        std::string at = irql_text(c, state);
        bool        entry = irql_now(state) == irql_at_entry(state);
        int         number =
            entry && !entry_levels(c.getASTContext(), c.getPreprocessor(), contract_of(root(c))).stated ? 28123 : 28121;
        report(c, this, rule_for_high(c, callee_name(call)),
            name + " must not be called above " + level_name(max) + "; here the IRQL is " + at +
                (entry && number == 28121 ? ": " + whence(c) : ""),
            call.getOriginExpr(), number);
        return true;
    }
    if (!(irql_now(state) == irql_at_entry(state)) || !irql_may_exceed(c, state, max))
        return false;
    const Contract &k = contract_of(root(c));
    if (!entry_levels(c.getASTContext(), c.getPreprocessor(), k).stated)
        return false;
    report(c, this, rule_for_high(c, callee_name(call)),
        name + " must not be called above " + level_name(max) + "; here the IRQL may be " + irql_text(c, state) + ": " +
            whence(c),
        call.getOriginExpr(), 28118, irql_at_most(c, state, max));
    return true;
}

bool IrqlChecker::too_low(const CallEvent &call, CheckerContext &c, int64_t min) const
{
    ProgramStateRef state = c.getState();

    if (!irql_below(c, state, min))
        return false;
    bool entry = irql_now(state) == irql_at_entry(state);
    bool inferred = entry && !entry_levels(c.getASTContext(), c.getPreprocessor(), contract_of(root(c))).stated;
    bool at_dpc = callee_name(call).contains("DpcLevel");

    report(c, this, at_dpc ? L08 : I02,
        name_called(call) + " must not be called below " + level_name(min) + "; here the IRQL is " +
            irql_text(c, state) + (entry && !inferred ? ": " + whence(c) : ""),
        call.getOriginExpr(), inferred ? 28122 : 28120);
    return true;
}

/* What one annotation of the callee demands of the level. A role says how the system calls a routine; when the driver
 * itself does, its body says what it needs. */
static void demand(const Scope &s, const Annotation &a, int64_t &low, int64_t &high)
{
    bool exact = a.name == "_IRQL_requires_";
    bool maximum = a.name == "_IRQL_requires_max_" || a.name == "_IRQL_always_function_max_";
    bool minimum = a.name == "_IRQL_requires_min_" || a.name == "_IRQL_always_function_min_";

    if (a.of_role && s.contract.function && s.contract.function->hasBody())
        return;
    if (a.parameter >= 0 || (!exact && !maximum && !minimum) || applies(s, a) != YES)
        return;
    auto n = number_of(s.state, evaluate(s, a.argument));
    if (!n)
        return;
    bool some_dirql = exact && *n == HIGH_LEVEL;
    if (some_dirql || !maximum)
        low = std::max<int64_t>(low, some_dirql ? DISPATCH_LEVEL + 1 : *n);
    if (!some_dirql && !minimum)
        high = std::min(high, *n);
}

/* _IRQL_limited_to_: at this point the level is taken to be no higher, whatever the role says. */
static void limit(const CallEvent &call, CheckerContext &c)
{
    auto            level = number_of(c.getState(), call.getArgSVal(0));
    ProgramStateRef lower = level ? irql_at_most(c, c.getState(), *level) : nullptr;

    if (level && !lower)
        lower =
            irql_set(c.getState(), c.getSValBuilder().makeIntVal((uint64_t)*level, c.getASTContext().UnsignedCharTy));
    if (lower)
        c.addTransition(lower);
}

void IrqlChecker::checkPreCall(const CallEvent &call, CheckerContext &c) const
{
    ProgramStateRef state = c.getState();
    if (callee_name(call) == "__dt_irql_limited_to")
        return limit(call, c);
    const Contract &k = contract_of(call);
    Scope           s = {c, state, k, &call, UnknownVal(), QualType(), false};
    int64_t         low = PASSIVE_LEVEL, high = LEVEL_LIMIT;

    if (irql_now(state).isUnknown())
        return;
    for (const Annotation &a : k.list)
        demand(s, a, low, high);
    const LockCall *l = lock_call(callee_name(call));
    if (l && l->what == LockCall::RELEASE && !is_spin(l->kind))
        return; /* its acquire was at the wrong level */
    if (too_high(call, c, high) || too_low(call, c, low))
        return;
    state = irql_at_most(c, state, high); /* it returned: so the level was allowed (ANN-016) */
    if (state)
        state = irql_at_least(c, state, low);
    if (state)
        c.addTransition(state);
}

} // namespace

DT_CHECKER("irql", IrqlChecker);

} // namespace dt
