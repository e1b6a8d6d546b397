/* SPDX-License-Identifier: MIT */
/* check/timer_leak.cc - an EX_TIMER that a path loses without having deleted it (DT-T18). */
#include "check/frame.h"

REGISTER_SET_WITH_PROGRAMSTATE(OwnTimers, clang::ento::SymbolRef) /* allocated here, and nobody else knows them */

namespace dt {

namespace {

class TimerLeakChecker : public Checker<check::PostCall, check::DeadSymbols, check::PointerEscape> {
  public:
    void checkPostCall(const CallEvent &call, CheckerContext &c) const
    {
        StringRef name = callee_name(call);
        SymbolRef made = name == "ExAllocateTimer" ? call.getReturnValue().getAsLocSymbol() : nullptr;
        SymbolRef gone = name == "ExDeleteTimer" ? call.getArgSVal(0).getAsLocSymbol() : nullptr;

        if (made)
            c.addTransition(c.getState()->add<OwnTimers>(made));
        else if (gone)
            c.addTransition(c.getState()->remove<OwnTimers>(gone));
    }

    void checkDeadSymbols(SymbolReaper &reaper, CheckerContext &c) const
    {
        ProgramStateRef state = c.getState();
        bool            lost = false;

        for (SymbolRef s : state->get<OwnTimers>()) {
            if (!reaper.isDead(s))
                continue;
            lost |= !state->getConstraintManager().isNull(state, s).isConstrainedTrue();
            state = state->remove<OwnTimers>(s);
        }
        if (lost)
            report(
                c, this, T18, "an EX_TIMER that was allocated here is lost without ExDeleteTimer", nullptr, 0, state);
        else if (state != c.getState())
            c.addTransition(state);
    }

    ProgramStateRef checkPointerEscape(
        ProgramStateRef state, const InvalidatedSymbols &escaped, const CallEvent *call, PointerEscapeKind) const
    {
        StringRef name = call ? callee_name(*call) : "";

        if (name == "ExSetTimer" || name == "ExCancelTimer")
            return state;
        for (SymbolRef s : escaped)
            state = state->remove<OwnTimers>(s);
        return state;
    }
};

} // namespace

DT_CHECKER("timer_leak", TimerLeakChecker);

} // namespace dt
