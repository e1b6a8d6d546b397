/* SPDX-License-Identifier: MIT */
/*
 * check/storport_pool.cc - pool of the port (DT-S19): given back twice; allocated into a variable that still holds some; lost
 * with the variable. What a path has stored elsewhere, or shown to others, is none of this.
 */
#include "check/frame.h"

namespace dt {

/* A variable that StorPortAllocatePool was to set. */
struct Buffer {
    SVal content, status; /* status 0: there is something */

    bool operator==(const Buffer &o) const
    {
        return content == o.content && status == o.status;
    }
    void Profile(llvm::FoldingSetNodeID &id) const
    {
        content.Profile(id);
        status.Profile(id);
    }
};

} // namespace dt

REGISTER_MAP_WITH_PROGRAMSTATE(PortBuffers, const clang::ento::MemRegion *, dt::Buffer)
REGISTER_SET_WITH_PROGRAMSTATE(PortFreed, clang::ento::SymbolRef)

namespace dt {

namespace {

class StorPoolChecker : public Checker<check::PreCall, check::PostCall, check::Bind, check::PointerEscape,
                            check::EndFunction, check::LiveSymbols> {
  public:
    void            checkPreCall(const CallEvent &call, CheckerContext &c) const;
    void            checkPostCall(const CallEvent &call, CheckerContext &c) const;
    void            checkBind(SVal place, SVal value, const Stmt *, CheckerContext &c) const;
    void            checkEndFunction(const ReturnStmt *statement, CheckerContext &c) const;
    void            checkLiveSymbols(ProgramStateRef state, SymbolReaper &reaper) const;
    ProgramStateRef checkPointerEscape(
        ProgramStateRef state, const InvalidatedSymbols &escaped, const CallEvent *call, PointerEscapeKind) const;
};

/* Of a member the path may have lost the content: its name says enough. */
ProgramStateRef without(ProgramStateRef state, SymbolRef content)
{
    for (auto &pair : state->get<PortBuffers>())
        if (content &&
            (pair.second.content.getAsLocSymbol(true) == content || content->getOriginRegion() == pair.first))
            state = state->remove<PortBuffers>(pair.first);
    return state;
}

/* Certainly allocated on this path? */
bool holds(ProgramStateRef state, const Buffer &b)
{
    return state->isNull(b.status).isConstrainedTrue() && !state->isNull(b.content).isConstrainedTrue();
}

void StorPoolChecker::checkPreCall(const CallEvent &call, CheckerContext &c) const
{
    StringRef        name = callee_name(call);
    ProgramStateRef  state = c.getState();
    const MemRegion *into = name == "StorPortAllocatePool" ? argument_object(call, 3) : nullptr;
    SymbolRef        freed = name == "StorPortFreePool" ? call.getArgSVal(1).getAsLocSymbol(true) : nullptr;
    const Buffer    *b = into ? state->get<PortBuffers>(into) : nullptr;

    if (freed && state->contains<PortFreed>(freed))
        report(c, this, S19, "this buffer was given back before", call.getOriginExpr());
    else if (b && holds(state, *b))
        report(c, this, S19, "the buffer that " + name_of(into) + " holds is lost: it is allocated again",
            call.getOriginExpr(), 0, state->remove<PortBuffers>(into));
}

void StorPoolChecker::checkPostCall(const CallEvent &call, CheckerContext &c) const
{
    StringRef        name = callee_name(call);
    ProgramStateRef  state = c.getState();
    const MemRegion *into = name == "StorPortAllocatePool" ? argument_object(call, 3) : nullptr;
    SymbolRef        freed = name == "StorPortFreePool" ? call.getArgSVal(1).getAsLocSymbol(true) : nullptr;

    if (into && (is_local(into) || isa<FieldRegion>(into)))
        state = state->set<PortBuffers>(
            into, {state->getSVal(loc::MemRegionVal(into), c.getASTContext().VoidPtrTy), call.getReturnValue()});
    if (freed)
        state = without(state, freed)->add<PortFreed>(freed);
    if (state != c.getState())
        c.addTransition(state);
}

/* Kept elsewhere, too. */
void StorPoolChecker::checkBind(SVal place, SVal value, const Stmt *, CheckerContext &c) const
{
    ProgramStateRef state = without(c.getState(), value.getAsLocSymbol(true));

    if (place.getAsRegion())
        state = state->remove<PortBuffers>(place.getAsRegion());

    if (state != c.getState())
        c.addTransition(state);
}

ProgramStateRef StorPoolChecker::checkPointerEscape(
    ProgramStateRef state, const InvalidatedSymbols &escaped, const CallEvent *call, PointerEscapeKind) const
{
    for (SymbolRef s : escaped)
        if (!call || (callee_name(*call) != "StorPortFreePool" && callee_name(*call) != "StorPortAllocatePool"))
            state = without(state, s)->remove<PortFreed>(s);
    return state;
}

/* A status other than success, FALSE, NULL: what was allocated for success must go. */
bool fails(CheckerContext &c, const Expr *value)
{
    auto       *f = dyn_cast<FunctionDecl>(c.getStackFrame()->getDecl());
    auto        n = value ? number_of(c.getState(), c.getSVal(value)) : llvm::None;
    std::string type = f ? f->getReturnType().getAsString() : "";

    return n && (type == "ULONG" || type == "NTSTATUS" ? *n != 0 : *n == 0);
}

void StorPoolChecker::checkEndFunction(const ReturnStmt *statement, CheckerContext &c) const
{
    if (!fails(c, statement ? statement->getRetValue() : nullptr))
        return;
    for (auto &pair : c.getState()->get<PortBuffers>()) {
        auto *v = dyn_cast<VarRegion>(pair.first);
        if (!v || v->getStackFrame() != c.getStackFrame() || !holds(c.getState(), pair.second))
            continue;
        report(c, this, S19, "the buffer that " + name_of(v) + " holds is lost on this way out", statement, 0,
            c.getState()->remove<PortBuffers>(pair.first));
        return;
    }
}

void StorPoolChecker::checkLiveSymbols(ProgramStateRef state, SymbolReaper &reaper) const
{
    for (auto &pair : state->get<PortBuffers>())
        for (SVal v : {pair.second.content, pair.second.status})
            for (auto s = v.symbol_begin(); s != v.symbol_end(); ++s)
                reaper.markLive(*s);
}

} // namespace

DT_CHECKER("storport_pool", StorPoolChecker);

} // namespace dt
