/* SPDX-License-Identifier: MIT */
/*
 * check/pageable.cc - pageable code and memory at DISPATCH_LEVEL or above (DT-I10, DT-D07), the macro and the section of
 * paged code (DT-I11), and objects of the kernel in pageable memory (DT-I13).
 */
#include "check/irql.h"
#include "check/lock.h"
#include "check/section.h"

REGISTER_SET_WITH_PROGRAMSTATE(PagedMemory, clang::ento::SymbolRef) /* what paged pool routines returned */
REGISTER_TRAIT_WITH_PROGRAMSTATE(PageableReported, bool)

namespace dt {

namespace {

class PageableChecker : public Checker<check::BeginFunction, check::PreCall, check::PostCall, check::Location,
                            check::ASTDecl<TranslationUnitDecl>> {
  public:
    void checkBeginFunction(CheckerContext &c) const;
    void checkPreCall(const CallEvent &call, CheckerContext &c) const;
    void checkPostCall(const CallEvent &call, CheckerContext &c) const;
    void checkLocation(SVal place, bool is_load, const Stmt *s, CheckerContext &c) const;
    void checkASTDecl(const TranslationUnitDecl *unit, AnalysisManager &m, BugReporter &br) const;

  private:
    void check_section(const FunctionDecl *f, AnalysisManager &m, BugReporter &br) const;
    void tell(CheckerContext &c, const llvm::Twine &text, const Stmt *at) const;
    void check_object(const CallEvent &call, CheckerContext &c) const;
    void check_paged_code(const CallEvent &call, CheckerContext &c) const;
};

bool in_dpc(CheckerContext &c)
{
    const Contract &k = contract_of(root(c));

    return k.role_name == "KDEFERRED_ROUTINE" || k.role_name == "IO_DPC_ROUTINE" || k.role_name == "EXT_CALLBACK" ||
           k.role_name == "HW_DPC_ROUTINE" || k.role_name == "IO_TIMER_ROUTINE";
}

/* Once on a path. */
void PageableChecker::tell(CheckerContext &c, const llvm::Twine &text, const Stmt *at) const
{
    if (c.getState()->get<PageableReported>())
        return;
    report(c, this, in_dpc(c) ? D07 : I10, text, at, 0, c.getState()->set<PageableReported>(true));
}

/* ---- code ---- */

/* A role that runs at DISPATCH_LEVEL, in a section that can be paged out. */
void PageableChecker::checkBeginFunction(CheckerContext &c) const
{
    auto *f = dyn_cast<FunctionDecl>(c.getStackFrame()->getDecl());

    if (!f || irql_now(c.getState()).isUnknown() || !irql_above(c, c.getState(), APC_LEVEL) ||
        !is_pageable(section_of(f, c.getSourceManager())))
        return;
    if (paged_code_count(f, nullptr) == 0) /* else the macro itself reports */
        tell(c, "'" + f->getNameAsString() + "' is in a pageable section and runs at " + irql_text(c, c.getState()),
            nullptr);
}

void PageableChecker::check_paged_code(const CallEvent &call, CheckerContext &c) const
{
    const Contract &k = contract_of(root(c));
    Levels          l = entry_levels(c.getASTContext(), c.getPreprocessor(), k);
    ProgramStateRef state = c.getState();

    if (irql_above(c, state, APC_LEVEL))
        tell(c, "pageable code runs at " + irql_text(c, state), call.getOriginExpr());
    else if (irql_now(state) == irql_at_entry(state) && l.stated && irql_may_exceed(c, state, APC_LEVEL) && k.own)
        tell(c, "pageable code: '" + root(c)->getNameAsString() + "' may be called at " + irql_text(c, state),
            call.getOriginExpr());
    else if (ProgramStateRef narrower = irql_at_most(c, state, APC_LEVEL)) /* ANN-032 */
        c.addTransition(narrower);
}

/* ---- memory ---- */

bool is_paged_pool(const CallEvent &call, ProgramStateRef state)
{
    StringRef name = callee_name(call);
    auto      flags = call.getNumArgs() ? number_of(state, call.getArgSVal(0)) : llvm::None;

    if (!name.startswith("ExAllocatePool") || !flags)
        return false;
    bool by_flags = name == "ExAllocatePool2" || name == "ExAllocatePool3";
    return by_flags ? (*flags & 0x100) != 0 : (*flags & 1) != 0;
}

bool is_paged_memory(CheckerContext &c, const MemRegion *r)
{
    const MemRegion *base = r ? r->getBaseRegion() : nullptr;

    if (auto *s = dyn_cast_or_null<SymbolicRegion>(base))
        return c.getState()->contains<PagedMemory>(s->getSymbol());
    auto *v = dyn_cast_or_null<VarRegion>(base);
    return v && is_pageable(section_of(v->getDecl(), c.getSourceManager()));
}

/* Objects that the kernel touches at DISPATCH_LEVEL. */
const char *const initializers[] = {"KeInitializeTimer", "KeInitializeTimerEx", "KeInitializeDpc",
    "KeInitializeThreadedDpc", "KeInitializeEvent", "KeInitializeMutex", "KeInitializeSemaphore",
    "KeInitializeSpinLock", "KeInitializeGuardedMutex", "ExInitializeFastMutex", "ExInitializeResourceLite",
    "IoInitializeRemoveLockEx"};

void PageableChecker::check_object(const CallEvent &call, CheckerContext &c) const
{
    for (const char *name : initializers)
        if (callee_name(call) == name && is_paged_memory(c, argument_object(call, 0)))
            report(c, this, I13, llvm::Twine(name) + ": the object is in pageable memory", call.getOriginExpr());
}

void PageableChecker::checkPreCall(const CallEvent &call, CheckerContext &c) const
{
    StringRef       name = callee_name(call);
    ProgramStateRef state = c.getState();
    auto           *f = dyn_cast_or_null<FunctionDecl>(call.getDecl());

    if (irql_now(state).isUnknown() || !root(c))
        return;
    if (name == "dt_hook_paged_code") {
        check_paged_code(call, c);
        return;
    }
    check_object(call, c);
    bool high = irql_above(c, state, APC_LEVEL);
    if (high && is_paged_pool(call, state))
        report(c, this, spin_lock_held(state) ? L14 : I10, name + ": paged pool is allocated at " + irql_text(c, state),
            call.getOriginExpr());
    else if (high && f && !f->hasBody() && is_pageable(section_of(f, c.getSourceManager())))
        tell(
            c, "'" + name + "' is in a pageable section and is called at " + irql_text(c, state), call.getOriginExpr());
    auto           *here = dyn_cast<FunctionDecl>(c.getStackFrame()->getDecl());
    const LockCall *l = lock_call(name);
    bool            raises = name == "KfRaiseIrql" || name == "KeRaiseIrqlToDpcLevel" ||
                  (l && l->what == LockCall::ACQUIRE && is_spin(l->kind));
    if (raises && here && name != "KeGetCurrentIrql" && is_pageable(section_of(here, c.getSourceManager())) &&
        (name != "KfRaiseIrql" || number_of(state, call.getArgSVal(0)).getValueOr(0) >= DISPATCH_LEVEL))
        tell(c, "'" + here->getNameAsString() + "' is in a pageable section and goes on at DISPATCH_LEVEL",
            call.getOriginExpr());
}

void PageableChecker::checkPostCall(const CallEvent &call, CheckerContext &c) const
{
    SymbolRef s = call.getReturnValue().getAsLocSymbol();

    if (s && is_paged_pool(call, c.getState()))
        c.addTransition(c.getState()->add<PagedMemory>(s));
}

void PageableChecker::checkLocation(SVal place, bool, const Stmt *s, CheckerContext &c) const
{
    if (irql_now(c.getState()).isUnknown() || !irql_above(c, c.getState(), APC_LEVEL))
        return;
    if (is_paged_memory(c, place.getAsRegion()))
        tell(c, "pageable memory is touched at " + irql_text(c, c.getState()), s);
}

/* ---- macro and section ---- */

void PageableChecker::check_section(const FunctionDecl *f, AnalysisManager &m, BugReporter &br) const
{
    SourceLocation last;
    unsigned       count = paged_code_count(f, &last);
    std::string    section = section_of(f, m.getSourceManager());

    if (count > 1)
        report_at(br, this, f, I11, "'" + f->getNameAsString() + "' says PAGED_CODE() more than once", last,
            SourceRange(), 28171);
    else if (count == 0 && is_pageable(section))
        report_at(br, this, f, I11,
            "'" + f->getNameAsString() + "' is in the pageable section " + section + " but has no PAGED_CODE()",
            f->getLocation(), SourceRange(), 28170);
    else if (count == 1 && section.empty())
        report_at(br, this, f, I11, "'" + f->getNameAsString() + "' says PAGED_CODE() but is in no pageable section",
            last, SourceRange(), 28172);
}

void PageableChecker::checkASTDecl(const TranslationUnitDecl *unit, AnalysisManager &m, BugReporter &br) const
{
    for (const Decl *d : unit->decls()) {
        auto *f = dyn_cast<FunctionDecl>(d);
        if (f && f->isThisDeclarationADefinition() && m.isInCodeFile(f->getLocation()))
            check_section(f, m, br);
    }
}

} // namespace

DT_CHECKER("pageable", PageableChecker);

} // namespace dt
