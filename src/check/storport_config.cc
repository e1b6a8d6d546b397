/* SPDX-License-Identifier: MIT */
/*
 * check/storport_config.cc - HwStorFindAdapter: what it must set in the configuration, and what it may return (DT-S17).
 * What a path has read it has thought about; what a function elsewhere is given it may have set.
 */
#include "check/annot.h"

REGISTER_TRAIT_WITH_PROGRAMSTATE(ConfigSet, unsigned)

namespace dt {

namespace {

enum : unsigned { NOTHING, LENGTH = 1, BREAKS = 2, VIRTUAL = 4, ALL = 7 };
enum { SP_RETURN_FOUND = 1, SP_RETURN_BAD_CONFIG = 3 };

class StorConfigChecker : public Checker<check::Location, check::Bind, check::PostCall, check::EndFunction> {
  public:
    void checkLocation(SVal place, bool, const Stmt *, CheckerContext &c) const;
    void checkBind(SVal place, SVal value, const Stmt *s, CheckerContext &c) const;
    void checkPostCall(const CallEvent &call, CheckerContext &c) const;
    void checkEndFunction(const ReturnStmt *statement, CheckerContext &c) const;
};

bool is_virtual(CheckerContext &c)
{
    return has_class(contract_of(root(c)), "VIRTUAL_HW_FIND_ADAPTER");
}

bool finds(CheckerContext &c)
{
    return root(c) && (has_class(contract_of(root(c)), "HW_FIND_ADAPTER") || is_virtual(c));
}

StringRef member_named(SVal place)
{
    auto *f = dyn_cast_or_null<FieldRegion>(place.getAsRegion());

    return f ? f->getDecl()->getName() : StringRef();
}

void add(CheckerContext &c, unsigned what)
{
    unsigned before = c.getState()->get<ConfigSet>();

    if (what & ~before)
        c.addTransition(c.getState()->set<ConfigSet>(before | what));
}

void StorConfigChecker::checkLocation(SVal place, bool, const Stmt *, CheckerContext &c) const
{
    StringRef name = member_named(place);

    if (finds(c))
        add(c, name == "MaximumTransferLength" ? LENGTH : name == "NumberOfPhysicalBreaks" ? BREAKS : NOTHING);
}

void StorConfigChecker::checkBind(SVal place, SVal value, const Stmt *s, CheckerContext &c) const
{
    auto n = number_of(c.getState(), value);

    if (!finds(c) || member_named(place) != "VirtualDevice")
        return;
    ProgramStateRef state = c.getState()->set<ConfigSet>(c.getState()->get<ConfigSet>() | VIRTUAL);
    if (n && !*n == is_virtual(c))
        report(c, this, S17,
            is_virtual(c) ? "a virtual miniport calls itself a physical device"
                          : "a physical miniport calls itself a virtual device",
            s, 0, state);
    else
        add(c, VIRTUAL);
}

void StorConfigChecker::checkPostCall(const CallEvent &call, CheckerContext &c) const
{
    auto *f = dyn_cast_or_null<FunctionDecl>(call.getDecl());

    if (c.wasInlined || !finds(c) || (f && !is_users(c.getSourceManager(), f->getLocation())))
        return;
    for (unsigned i = 0; i < call.getNumArgs(); i++)
        if (call.getArgExpr(i)->getType().getAsString().find("PORT_CONFIGURATION_INFORMATION") != std::string::npos)
            add(c, ALL);
}

void StorConfigChecker::checkEndFunction(const ReturnStmt *statement, CheckerContext &c) const
{
    const Expr *value = statement ? statement->getRetValue() : nullptr;

    if (!c.inTopFrame() || !finds(c) || !value)
        return;
    const FunctionDecl *f = root(c);
    auto                n = number_of(c.getState(), c.getSVal(value));
    unsigned            set = c.getState()->get<ConfigSet>();
    const char         *missing = !(set & LENGTH)                     ? "MaximumTransferLength"
                                  : !(set & BREAKS)                   ? "NumberOfPhysicalBreaks"
                                  : is_virtual(c) && !(set & VIRTUAL) ? "VirtualDevice"
                                                                      : nullptr;

    if (n && (*n < 0 || *n > SP_RETURN_BAD_CONFIG))
        report(c, this, S17, "'" + f->getNameAsString() + "' returns none of the SP_RETURN_ values", statement);
    else if (n && *n == SP_RETURN_FOUND && missing)
        report_at(c.getBugReporter(), this, f, S17,
            "'" + f->getNameAsString() + "' does not set " + missing + " of the configuration", f->getLocation());
}

} // namespace

DT_CHECKER("storport_config", StorConfigChecker);

} // namespace dt
