/* SPDX-License-Identifier: MIT */
/* check/lower_return.cc - what a dispatch routine returns of a request it passed down (DT-P01). */
#include "check/annot.h"

REGISTER_MAP_WITH_PROGRAMSTATE(PassedDown, const void *, clang::ento::SVal) /* by request: what IoCallDriver returned */

namespace dt {

namespace {

class LowerReturnChecker : public Checker<check::PostCall, check::EndFunction, check::LiveSymbols> {
  public:
    void checkPostCall(const CallEvent &call, CheckerContext &c) const
    {
        StringRef        name = callee_name(call);
        ProgramStateRef  state = c.getState();
        const MemRegion *irp = argument_object(call, name.endswith("CallDriver") ? 1 : 0);

        if (name == "IoCallDriver" || name == "IofCallDriver" || name == "PoCallDriver")
            state = irp ? state->set<PassedDown>(irp, call.getReturnValue()) : state;
        else if (name.startswith("KeWait") || name.endswith("CompleteRequest") || name == "IoMarkIrpPending")
            for (auto &pair : state->get<PassedDown>())
                state = state->remove<PassedDown>(pair.first);
        if (state != c.getState())
            c.addTransition(state);
    }

    void checkEndFunction(const ReturnStmt *statement, CheckerContext &c) const;

    void checkLiveSymbols(ProgramStateRef state, SymbolReaper &reaper) const
    {
        for (auto &pair : state->get<PassedDown>())
            for (auto s = pair.second.symbol_begin(); s != pair.second.symbol_end(); ++s)
                reaper.markLive(*s);
    }
};

void LowerReturnChecker::checkEndFunction(const ReturnStmt *statement, CheckerContext &c) const
{
    ProgramStateRef state = c.getState();
    const Expr     *value = statement ? statement->getRetValue() : nullptr;

    if (!c.inTopFrame() || !value || !has_class(contract_of(root(c)), "DRIVER_DISPATCH"))
        return;
    SVal  returned = c.getSVal(value);
    auto *irp = root(c)->getNumParams() > 1
                    ? state->getLValue(root(c)->getParamDecl(1), c.getStackFrame()).getAsRegion()
                    : nullptr;
    for (auto &pair : state->get<PassedDown>()) {
        auto *s = dyn_cast<SymbolicRegion>(static_cast<const MemRegion *>(pair.first));
        bool  own = s && irp && s->getSymbol()->getOriginRegion() == irp;
        auto  lower = number_of(state, pair.second), upper = number_of(state, returned);
        if (own && upper && *upper != 0x103 && (!lower || *lower != *upper)) {
            report(c, this, P01,
                "'" + root(c)->getNameAsString() +
                    "' passed its request down, but does not return what the lower driver returned",
                statement);
            return;
        }
    }
}

} // namespace

DT_CHECKER("lower_return", LowerReturnChecker);

} // namespace dt
