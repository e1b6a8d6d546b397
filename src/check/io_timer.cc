/* SPDX-License-Identifier: MIT */
/* check/io_timer.cc - IoInitializeTimer belongs into AddDevice, which comes once for each device (DT-R07). */
#include "check/annot.h"

namespace dt {

namespace {

class IoTimerChecker : public Checker<check::PreCall> {
  public:
    void checkPreCall(const CallEvent &call, CheckerContext &c) const
    {
        if (callee_name(call) != "IoInitializeTimer" || !root(c))
            return;
        const Contract &k = contract_of(root(c));
        /* An unannotated function may be what AddDevice calls: then it is seen from there. */
        bool unknown = k.role_name.empty() && root(c)->getNameAsString() != "DriverEntry" && is_called(c);
        if (!unknown && !has_class(k, "DRIVER_ADD_DEVICE"))
            report(c, this, R07, "IoInitializeTimer is called outside of AddDevice", call.getOriginExpr());
    }

  private:
    /* Does anything in this file call the root? */
    static bool is_called(CheckerContext &c)
    {
        return root(c)->isReferenced() || root(c)->isUsed() || root(c)->getCanonicalDecl()->isReferenced();
    }
};

} // namespace

DT_CHECKER("io_timer", IoTimerChecker);

} // namespace dt
