/* SPDX-License-Identifier: MIT */
/*
 * check/roles.cc - functions given to somebody who will call them: without a role type (DT-R01), with another signature
 * (DT-R02), of another class (DT-R03), in roles of different levels (DT-R04). Looks at every place where a function's name
 * meets a pointer type with a role: arguments, assignments, initializers.
 */
#include "check/irql.h"
#include "check/visitor.h"

#include <map>

namespace dt {

namespace {

/* A function's name below casts; the outermost type it was cast to, if any. */
const FunctionDecl *function_in(const Expr *e, bool *changed, bool *explicitly)
{
    const FunctionDecl *f = nullptr;
    const Expr         *inner = e->IgnoreParenCasts();

    if (auto *u = dyn_cast<UnaryOperator>(inner))
        inner = u->getOpcode() == UO_AddrOf ? u->getSubExpr()->IgnoreParenCasts() : inner;
    if (auto *ref = dyn_cast<DeclRefExpr>(inner))
        f = dyn_cast<FunctionDecl>(ref->getDecl());
    for (const Expr *at = e->IgnoreParens(); f && at;) {
        auto *cast = dyn_cast<CastExpr>(at);
        if (!cast)
            break;
        if (cast->getCastKind() == CK_BitCast)
            *changed = true;
        *explicitly |= isa<ExplicitCastExpr>(cast);
        at = cast->getSubExpr()->IgnoreParens();
    }
    return f;
}

bool uses_declaration(const FunctionDecl *f)
{
    for (const AnnotateAttr *a : f->specific_attrs<AnnotateAttr>())
        if (!a->isInherited() && a->getAnnotation().contains("_Use_decl_annotations_"))
            return true;
    return false;
}

class Visitor : public FileVisitor {
  public:
    using FileVisitor::FileVisitor;

    /* SIO-066, STM-016: the type's annotations apply to the body only when the definition asks for them. */
    bool VisitFunctionDecl(FunctionDecl *f) override
    {
        const FunctionDecl *first = f->getPreviousDecl();

        if (f->isThisDeclarationADefinition() && StringRef(f->getNameAsString()).startswith("DriverEntry") &&
            contract_of(f).role_name.empty())
            report_at(br, by, f, R01,
                "'" + f->getNameAsString() + "' is not declared as a DRIVER_INITIALIZE (DRIVER_INITIALIZE " +
                    f->getNameAsString() + ";)",
                f->getLocation(), f->getSourceRange(), 28101);
        if (!f->isThisDeclarationADefinition() || !first || contract_of(first).role_name != "HW_TIMER" ||
            uses_declaration(f))
            return true;
        report_at(br, by, f, R03,
            "advice: '" + f->getNameAsString() +
                "' is declared as an HW_TIMER; without _Use_decl_annotations_ on its definition the role's "
                "annotations do not apply to the body",
            f->getLocation(), f->getSourceRange(), 28251);
        return true;
    }

    bool VisitCallExpr(CallExpr *e) override
    {
        const FunctionDecl *callee = e->getDirectCallee();

        for (unsigned i = 0; callee && i < e->getNumArgs() && i < callee->getNumParams(); i++)
            meet(e->getArg(i), parameter_type(callee, i));
        return true;
    }

    bool VisitBinaryOperator(BinaryOperator *e) override
    {
        if (e->getOpcode() == BO_Assign)
            meet(e->getRHS(), e->getLHS()->getType());
        return true;
    }

    bool VisitVarDecl(VarDecl *v) override
    {
        if (v->getInit() && !isa<InitListExpr>(v->getInit()))
            meet(v->getInit(), v->getType());
        return true;
    }

    bool VisitInitListExpr(InitListExpr *e) override
    {
        const RecordDecl *r = e->getType()->getAsRecordDecl();
        unsigned          i = 0;

        for (const FieldDecl *f :
            r && r->isStruct() ? r->fields()
                               : RecordDecl::field_range(RecordDecl::field_iterator(), RecordDecl::field_iterator())) {
            if (i < e->getNumInits())
                meet(e->getInit(i), f->getType());
            i++;
        }
        return true;
    }

    void end(const TranslationUnitDecl *unit) override
    {
        for (const Decl *d : unit->decls())
            if (is_users(sources(), d->getLocation()))
                check_classes(d);
    }

  private:
    std::map<const FunctionDecl *, const TypedefNameDecl *> served; /* the first role each function was given in */

    /* As the declaration with annotations or typedef names wrote it. */
    QualType parameter_type(const FunctionDecl *f, unsigned i)
    {
        return f->getParamDecl(i)->getType();
    }

    void check_classes(const Decl *d);
    void meet(const Expr *e, QualType type);
    bool meet_signature(const Expr *e, const FunctionDecl *f, QualType type, bool changed, bool explicitly, bool ddk);
    void meet_role(const Expr *e, const FunctionDecl *f, const TypedefNameDecl *role);
    bool meet_levels(const Expr *e, const FunctionDecl *f, const TypedefNameDecl *role);
};

/* False: the signature is wrong, and reported. */
bool Visitor::meet_signature(
    const Expr *e, const FunctionDecl *f, QualType type, bool changed, bool explicitly, bool ddk)
{
    ASTContext &ast = m.getASTContext();
    QualType    wanted = type->isPointerType() ? type->getPointeeType() : type;

    if (!changed || (explicitly && !ddk) || !wanted->isFunctionType() || ast.hasSameType(wanted, f->getType()))
        return true;
    if (!f->getType()->getAs<FunctionProtoType>())
        return true;
    tell(R02, "'" + f->getNameAsString() + "' has another signature than " + type.getAsString() + " demands", e, 28127);
    return false;
}

/* True: the function serves an earlier role at another level; reported. */
bool Visitor::meet_levels(const Expr *e, const FunctionDecl *f, const TypedefNameDecl *role)
{
    const TypedefNameDecl *&first = served[f->getCanonicalDecl()];
    ASTContext             &ast = m.getASTContext();
    const Preprocessor     &pp = m.getPreprocessor();

    if (!first)
        first = role;
    if (first == role)
        return false;
    Levels a = entry_levels(ast, pp, contract_of(first)), b = entry_levels(ast, pp, contract_of(role));
    if (!a.stated || !b.stated || (a.low == b.low && a.high == b.high))
        return false;
    tell(R04,
        "'" + f->getNameAsString() + "' serves as " + contract_of(first).role_name + " and as " +
            contract_of(role).role_name + ", which run at different IRQLs",
        e);
    return true;
}

void Visitor::meet_role(const Expr *e, const FunctionDecl *f, const TypedefNameDecl *role)
{
    const Contract &wanted = contract_of(role), &k = contract_of(f);

    if (k.classes.empty() && k.role_name.empty()) {
        tell(R01,
            "'" + f->getNameAsString() + "' is used as " + with_article(wanted.role_name) +
                " but not declared as one (" + wanted.role_name + " " + f->getNameAsString() + ";)",
            e, 28023);
        return;
    }
    if (k.role == role || has_class(k, wanted.role_name) || has_class(k, role->getName()))
        return;
    for (const std::string &c : wanted.classes)
        if (has_class(k, c))
            return;
    tell(R03,
        "'" + f->getNameAsString() + "' is " + with_article(k.role_name) + "; " + with_article(wanted.role_name) +
            " is wanted here",
        e, 28165);
}

void Visitor::meet(const Expr *e, QualType type)
{
    bool                   changed = false, explicitly = false;
    const FunctionDecl    *f = function_in(e, &changed, &explicitly);
    const TypedefNameDecl *role = f ? role_typedef(type) : nullptr;

    if (!f || !is_users(sources(), f->getLocation()) || !type->isPointerType())
        return;
    bool ddk = role && (!is_users(sources(), role->getLocation()) || !contract_of(role).classes.empty());
    if (!meet_signature(e, f, type, changed, explicitly, ddk) || !ddk)
        return;
    if (!meet_levels(e, f, role))
        meet_role(e, f, role);
}

/* Two classes on one function or typedef, or another than its typedef has. */
void Visitor::check_classes(const Decl *d)
{
    auto                    *f = dyn_cast<FunctionDecl>(d);
    auto                    *t = dyn_cast<TypedefNameDecl>(d);
    std::vector<std::string> own;

    if (!f && !(t && t->getUnderlyingType()->isFunctionType()))
        return;
    for (const Annotation &a : annotations_of(d, -1))
        if (a.name == "_Function_class_" && (own.empty() || own.back() != a.argument))
            own.push_back(a.argument);
    if (own.size() > 1) {
        report_at(br, by, d, R03,
            "'" + cast<NamedDecl>(d)->getNameAsString() + "' has two function classes: " + own[0] + ", " + own[1],
            d->getLocation(), SourceRange(), 28177);
        return;
    }
    if (own.empty())
        return;
    const TypedefNameDecl *role = f ? contract_of(f).role : role_typedef(t->getUnderlyingType());
    if (role && role != t && !has_class(contract_of(role), own[0]) && !contract_of(role).classes.empty())
        report_at(br, by, d, R03,
            "'" + cast<NamedDecl>(d)->getNameAsString() + "' has the function class " + own[0] + ", its type " +
                role->getName() + " has " + contract_of(role).classes[0],
            d->getLocation(), SourceRange(), f ? 28268 : 28177);
}

using RoleChecker = FileChecker<Visitor>;

} // namespace

DT_CHECKER("roles", RoleChecker);

} // namespace dt
