/* SPDX-License-Identifier: MIT */
/*
 * check/storport_calls.cc - what calls leave alone. The analyzer takes a routine that is given a pointer to change all it
 * can reach. The port never writes to a miniport's extension, which nearly every routine of its is given, nor to a request;
 * and a lock that is acquired changes nothing but itself. So `if (ext->PerMessage)` has one answer before and after a call.
 */
#include "check/lock.h"

namespace dt {

namespace {

class CallModel : public Checker<eval::Call> {
  public:
    bool evalCall(const CallEvent &call, CheckerContext &c) const;
};

bool is_request(QualType type)
{
    std::string name = type.getAsString();

    return name.find("SCSI_REQUEST_BLOCK") != std::string::npos ||
           name.find("STORAGE_REQUEST_BLOCK") != std::string::npos;
}

/* Has the port a routine of the driver called, or is it given something to fill in that is as large as an extension? */
bool is_modelled(StringRef name)
{
    return name.startswith("StorPort") && name != "StorPortSynchronizeAccess" && name != "StorPortMoveMemory" &&
           name != "StorPortCopyMemory" && name != "StorPortInitialize";
}

/* Arguments that the call may write through. */
bool writes(const CallEvent &call, const LockCall *l, unsigned i)
{
    if (l)
        return (int)i == l->handle && is_local(argument_object(call, i));
    unsigned extension = callee_name(call) == "StorPortNotification" ? 1 : 0;
    return i != extension && !is_request(call.getArgExpr(i)->IgnoreParenCasts()->getType());
}

bool CallModel::evalCall(const CallEvent &call, CheckerContext &c) const
{
    StringRef       name = callee_name(call);
    const LockCall *l = lock_call(name);
    auto           *f = dyn_cast_or_null<FunctionDecl>(call.getDecl());
    auto           *e = dyn_cast_or_null<CallExpr>(call.getOriginExpr());

    if (!f || !e || f->hasBody() || is_users(c.getSourceManager(), f->getLocation()) || (!l && !is_modelled(name)))
        return false;
    ProgramStateRef            state = c.getState();
    llvm::SmallVector<SVal, 4> written;
    for (unsigned i = 0; i < call.getNumArgs(); i++)
        if (writes(call, l, i))
            written.push_back(call.getArgSVal(i));
    state = state->invalidateRegions(written, e, c.blockCount(), c.getLocationContext(), true, nullptr, &call);
    QualType type = call.getResultType();
    if (!type->isVoidType())
        state = state->BindExpr(e, c.getLocationContext(), fresh(c, e, type, nullptr));
    c.addTransition(state);
    return true;
}

} // namespace

DT_CHECKER("storport_calls", CallModel);

} // namespace dt
