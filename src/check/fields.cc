/* SPDX-License-Identifier: MIT */
/*
 * check/fields.cc - members of system objects that drivers leave alone (DT-R05), and enumerators of another type (DT-R06).
 * A member that a macro of the DDK names is the DDK's doing.
 */
#include "check/annot.h"
#include "check/visitor.h"

namespace dt {

namespace {

bool in(StringRef name, llvm::ArrayRef<const char *> list)
{
    for (const char *one : list)
        if (name == one)
            return true;
    return false;
}

const char *const opaque[] = {"_KTIMER", "_KDPC", "_DISPATCHER_HEADER", "_KEVENT", "_KSEMAPHORE", "_KMUTANT", "_KQUEUE",
    "_EX_TIMER", "_KINTERRUPT", "_KTHREAD", "_KPROCESS", "_IO_TIMER", "_IO_WORKITEM", "_ERESOURCE", "_FAST_MUTEX",
    "_KDEVICE_QUEUE"};
const char *const device_public[] = {"DeviceExtension", "Flags", "Characteristics", "CurrentIrp", "DeviceType",
    "StackSize", "AlignmentRequirement", "DriverObject", "Vpb", "SecurityDescriptor", "NextDevice", "SectorSize"};
const char *const driver_public[] = {"FastIoDispatch", "Size", "DeviceObject", "HardwareDatabase", "DriverInit",
    "DriverStartIo", "DriverUnload", "MajorFunction", "DriverExtension", "DriverName"};
const char *const read_only[] = {"DriverObject", "NextDevice", "HardwareDatabase", "DriverInit", "Size"};

class Visitor : public FileVisitor {
  public:
    using FileVisitor::FileVisitor;

    bool VisitBinaryOperator(BinaryOperator *e) override
    {
        if (e->isAssignmentOp())
            check_write(e->getLHS()->IgnoreParens());
        return true;
    }

    bool VisitUnaryOperator(UnaryOperator *e) override
    {
        if (e->isIncrementDecrementOp())
            check_write(e->getSubExpr()->IgnoreParens());
        return true;
    }

    bool VisitMemberExpr(MemberExpr *e) override
    {
        auto             *field = dyn_cast<FieldDecl>(e->getMemberDecl());
        const RecordDecl *r = field ? outermost(field) : nullptr;

        if (!r || field->getName().empty() || !is_users_place(e) || is_users(sources(), r->getLocation()))
            return true;
        auto *base = dyn_cast<MemberExpr>(e->getBase()->IgnoreParenImpCasts());
        while (base && base->getMemberDecl()->getName().empty())
            base = dyn_cast<MemberExpr>(base->getBase()->IgnoreParenImpCasts());
        auto *outer = base ? dyn_cast<FieldDecl>(base->getMemberDecl()) : nullptr;
        if (outer && !e->isArrow() && !is_users(sources(), outermost(outer)->getLocation()))
            return true; /* the outer member counts: DeviceObject->Dpc.Number */
        if (in(r->getName(), opaque))
            return leave_alone(e, field, r, 28128, " is opaque: use the routines for it");
        if (r->getName() == "_DEVICE_OBJECT" && !in(field->getName(), device_public))
            return leave_alone(e, field, r, 28175, " must not be accessed by a driver");
        if (r->getName() == "_DEVICE_OBJECT" && field->getName() == "NextDevice" && !may_walk_devices())
            return leave_alone(e, field, r, 28175, " may be accessed in DriverEntry and the unload routine only");
        if (r->getName() == "_DRIVER_OBJECT" && !in(field->getName(), driver_public))
            return leave_alone(e, field, r, 28175, " must not be accessed by a driver");
        return true;
    }

    bool VisitCallExpr(CallExpr *e) override
    {
        const FunctionDecl *f = e->getDirectCallee();

        if (f && is_users_place(e) && !is_users(sources(), f->getLocation()))
            for (unsigned i = 0; i < e->getNumArgs() && i < f->getNumParams(); i++)
                check_argument(e->getArg(i), f, i);
        return true;
    }

  private:
    bool is_users_place(const Expr *e)
    {
        SourceLocation at = isa<MemberExpr>(e) ? cast<MemberExpr>(e)->getMemberLoc() : e->getExprLoc();

        return inside && is_users(sources(), at) && is_users(sources(), sources().getSpellingLoc(at));
    }

    /* The named record around anonymous structures and unions. */
    static const RecordDecl *outermost(const FieldDecl *f)
    {
        const RecordDecl *r = f->getParent();

        while (r->getName().empty() && isa<RecordDecl>(r->getDeclContext()))
            r = cast<RecordDecl>(r->getDeclContext());
        return r;
    }

    bool may_walk_devices()
    {
        return has_class(contract_of(inside), "DRIVER_UNLOAD") || has_class(contract_of(inside), "DRIVER_INITIALIZE") ||
               inside->getName() == "DriverEntry" || inside->getName().contains("Unload");
    }

    bool leave_alone(const Expr *e, const FieldDecl *f, const RecordDecl *r, int number, const llvm::Twine &why)
    {
        report_at(br, by, inside, R05, "the member " + f->getName() + " of " + r->getName().ltrim('_') + why,
            e->getExprLoc(), e->getSourceRange(), number);
        return true;
    }

    void check_write(const Expr *e)
    {
        auto             *member = dyn_cast<MemberExpr>(e);
        auto             *field = member ? dyn_cast<FieldDecl>(member->getMemberDecl()) : nullptr;
        const RecordDecl *r = field ? outermost(field) : nullptr;

        if (!r || !is_users_place(member) || is_users(sources(), r->getLocation()))
            return;
        if (r->getName() == "_IRP" && field->getName() == "CancelRoutine")
            leave_alone(e, field, r, 28128, " is set with IoSetCancelRoutine");
        if (r->getName() == "_DEVICE_OBJECT" &&
            (field->getName() == "DriverObject" || field->getName() == "NextDevice"))
            leave_alone(e, field, r, 28176, " is read-only");
        if (r->getName() == "_DRIVER_OBJECT" && in(field->getName(), read_only))
            leave_alone(e, field, r, 28176, " is read-only");
    }

    void check_argument(const Expr *e, const FunctionDecl *f, unsigned i);
};

/* The enumeration that a parameter wants: its type, or the one that stands behind KPROCESSOR_MODE. */
const EnumDecl *wanted_enum(QualType type, ASTContext &ast)
{
    if (auto *e = type->getAs<EnumType>())
        return e->getDecl();
    if (type.getAsString() != "KPROCESSOR_MODE")
        return nullptr;
    for (const NamedDecl *d : ast.getTranslationUnitDecl()->lookup(DeclarationName(&ast.Idents.get("KernelMode"))))
        if (auto *c = dyn_cast<EnumConstantDecl>(d))
            return dyn_cast<EnumDecl>(c->getDeclContext());
    return nullptr;
}

void Visitor::check_argument(const Expr *e, const FunctionDecl *f, unsigned i)
{
    const ParmVarDecl *p = f->getParamDecl(i);
    const EnumDecl    *wanted = wanted_enum(p->getType(), m.getASTContext());
    const Expr        *inner = e->IgnoreParenImpCasts();

    if (auto *either = dyn_cast<ConditionalOperator>(inner)) {
        check_argument(either->getTrueExpr(), f, i);
        check_argument(either->getFalseExpr(), f, i);
        return;
    }
    auto *ref = dyn_cast<DeclRefExpr>(inner);
    auto *constant = ref ? dyn_cast<EnumConstantDecl>(ref->getDecl()) : nullptr;

    if (!wanted)
        return;
    auto       *given = constant ? dyn_cast<EnumDecl>(constant->getDeclContext()) : nullptr;
    std::string name = wanted->getName().empty() ? p->getType().getAsString() : wanted->getName().ltrim('_').str();
    if (given && given->getCanonicalDecl() != wanted->getCanonicalDecl())
        tell(R06, "'" + constant->getName() + "' is no " + name + ", which " + f->getName() + " wants here", e, 28139);
    bool strict = false;
    for (const Annotation &a : contract_of(f).list)
        strict |= a.parameter == (int)i && a.name == "_Strict_type_match_";
    if (strict && isa<IntegerLiteral>(inner))
        tell(R06, "a number is given to " + f->getName() + " where " + name + " has names", e, 28039);
}

using FieldChecker = FileChecker<Visitor>;

} // namespace

DT_CHECKER("fields", FieldChecker);

} // namespace dt
