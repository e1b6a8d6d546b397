/* SPDX-License-Identifier: MIT */
/*
 * check/annot.cc - annotations as include/ddk/sal.h writes them into attributes.
 *
 * A redeclaration inherits the attributes of the one before, but clang drops an inherited one whose text the new
 * declaration has already, the closing "_End_" for example. So only what a declaration says itself is read, and every
 * declaration is asked.
 */
#include "check/annot.h"

#include <map>

namespace dt {

static void split(StringRef text, Annotation &a)
{
    size_t open = text.find('(');

    a.name = text.substr(0, open).str();
    if (open != StringRef::npos)
        a.argument = text.substr(open + 1, text.rfind(')') - open - 1).trim().str();
}

namespace {
/* The scopes (_When_, _At_, _Group_) that are open while the attributes of a declaration are read in order. */
struct Scopes {
    std::vector<Annotation> open;

    bool takes(const Annotation &a)
    {
        if (a.name == "_End_") {
            if (!open.empty())
                open.pop_back();
            return true;
        }
        if (a.name != "_When_" && a.name != "_At_" && a.name != "_At_buffer_" && a.name != "_Group_" &&
            a.name != "_On_failure_" && a.name != "_Always_")
            return false;
        open.push_back(a);
        return true;
    }

    void apply(Annotation &a) const
    {
        for (const Annotation &s : open) {
            if (s.name == "_When_")
                a.conditions.push_back(s.argument);
            else if (s.name == "_At_")
                a.target = s.argument;
            else if (s.name == "_On_failure_")
                a.on_failure = true;
        }
    }
};
} // namespace

std::vector<Annotation> annotations_of(const Decl *d, int parameter)
{
    std::vector<Annotation> list;
    Scopes                  scopes;

    for (const Attr *attr : d->attrs()) {
        auto *annotate = dyn_cast<AnnotateAttr>(attr);

        if (!annotate || annotate->isInherited())
            continue;
        Annotation a = {"", "", {}, "", parameter, false, false, annotate->getLocation()};

        split(annotate->getAnnotation(), a);
        if (scopes.takes(a))
            continue;
        scopes.apply(a);
        list.push_back(a);
    }
    return list;
}

const Annotation *Contract::find(StringRef name) const
{
    for (const Annotation &a : list)
        if (name == a.name)
            return &a;
    return nullptr;
}

bool Contract::has_irql() const
{
    for (const Annotation &a : list)
        if (StringRef(a.name).startswith("_IRQL_"))
            return true;
    return false;
}

bool has_class(const Contract &k, StringRef name)
{
    for (const std::string &c : k.classes)
        if (name == c)
            return true;
    return name == k.role_name;
}

const TypedefNameDecl *role_typedef(QualType type)
{
    while (!type.isNull()) {
        const Type *t = type.getTypePtr();

        if (auto *named = dyn_cast<TypedefType>(t)) {
            if (named->getPointeeType().isNull() && named->isFunctionType()) {
                /* PFOO of `typedef FOO *PFOO`, or BAR of `typedef FOO BAR`: the innermost name counts. */
                const TypedefNameDecl *inner = role_typedef(named->getDecl()->getUnderlyingType());
                return inner ? inner : named->getDecl();
            }
            type = named->getDecl()->getUnderlyingType();
        } else if (auto *p = dyn_cast<PointerType>(t)) {
            type = p->getPointeeType();
        } else if (auto *paren = dyn_cast<ParenType>(t)) {
            type = paren->getInnerType();
        } else if (auto *attributed = dyn_cast<AttributedType>(t)) {
            type = attributed->getModifiedType();
        } else if (auto *e = dyn_cast<ElaboratedType>(t)) {
            type = e->getNamedType();
        } else if (auto *d = dyn_cast<DecayedType>(t)) {
            type = d->getOriginalType();
        } else {
            return nullptr;
        }
    }
    return nullptr;
}

static void append(std::vector<Annotation> &to, std::vector<Annotation> from)
{
    to.insert(to.end(), from.begin(), from.end());
}

static void add_classes(Contract &k)
{
    for (const Annotation &a : k.list)
        if (a.name == "_Function_class_" && a.parameter < 0 &&
            std::find(k.classes.begin(), k.classes.end(), a.argument) == k.classes.end())
            k.classes.push_back(a.argument);
}

static void add_typedef(Contract &k, const TypedefNameDecl *t)
{
    FunctionProtoTypeLoc proto;
    int                  i = 0;

    size_t before = k.list.size();

    append(k.list, annotations_of(t, -1));
    if (TypeSourceInfo *info = t->getTypeSourceInfo())
        proto = info->getTypeLoc().getAsAdjusted<FunctionProtoTypeLoc>();
    for (unsigned p = 0; proto && p < proto.getNumParams(); p++, i++) {
        const ParmVarDecl *param = proto.getParam(p);

        if (param) {
            append(k.list, annotations_of(param, i));
            if (k.parameters.size() <= p)
                k.parameters.push_back(param->getNameAsString());
        }
    }
    k.role = t;
    for (size_t a = before; a < k.list.size(); a++)
        k.list[a].of_role = true;
    for (const Annotation &a : k.list)
        if (a.name == "_Function_class_" && a.parameter < 0)
            k.role_name = a.argument;
    if (k.role_name.empty())
        k.role_name = t->getNameAsString();
}

const Contract &contract_of(const TypedefNameDecl *t)
{
    static std::map<const TypedefNameDecl *, Contract> known;
    auto                                               found = known.find(t);

    if (found != known.end())
        return found->second;
    Contract &k = known[t];

    add_typedef(k, t);
    add_classes(k);
    return k;
}

static void add_declaration(Contract &k, const FunctionDecl *f)
{
    std::vector<std::string> names;
    size_t                   before = k.list.size();

    append(k.list, annotations_of(f, -1));
    for (unsigned i = 0; i < f->getNumParams(); i++) {
        append(k.list, annotations_of(f->getParamDecl(i), (int)i));
        names.push_back(f->getParamDecl(i)->getNameAsString());
    }
    for (size_t i = before; i < k.list.size(); i++)
        k.own |= StringRef(k.list[i].name).startswith("_IRQL_") || k.list[i].name.find("lock") != std::string::npos;
    if (!names.empty() && !names[0].empty())
        k.parameters = names;
}

/* As this declaration has it: the type itself is the merged one, which may be an earlier prototype's. */
static QualType written_type(const FunctionDecl *f)
{
    return f->getTypeSourceInfo() ? f->getTypeSourceInfo()->getType() : f->getType();
}

const Contract &contract_of(const FunctionDecl *f)
{
    static std::map<const FunctionDecl *, Contract> known;

    f = f->getCanonicalDecl();
    auto found = known.find(f);
    if (found != known.end())
        return found->second;
    Contract &k = known[f];

    k.function = f;
    for (const FunctionDecl *d : f->redecls()) {
        add_declaration(k, d);
        if (const TypedefNameDecl *t = k.role ? nullptr : role_typedef(written_type(d)))
            add_typedef(k, t);
    }
    if (k.role_name.empty() && k.has("_Function_class_"))
        for (const Annotation &a : k.list)
            if (a.name == "_Function_class_" && a.parameter < 0)
                k.role_name = a.argument;
    add_classes(k);
    return k;
}

/* A call through a pointer: how the pointer was declared. */
static const TypedefNameDecl *called_typedef(const CallEvent &call)
{
    auto *e = dyn_cast_or_null<CallExpr>(call.getOriginExpr());

    return e ? role_typedef(e->getCallee()->IgnoreParenImpCasts()->getType()) : nullptr;
}

/* A pointer without a role: what is written on the variable or member, and on the typedefs of pointers it was made with. */
static const Contract &contract_of_pointer(const Expr *e)
{
    static std::map<const void *, Contract> known;
    const ValueDecl                        *d = named_object(e);
    const void                             *key = d ? (const void *)d : e->getType().getTypePtr();
    auto                                    found = known.find(key);

    if (found != known.end())
        return found->second;
    Contract &k = known[key];
    if (d && d->getType()->isFunctionPointerType())
        append(k.list, annotations_of(d, -1));
    for (auto *t = e->getType()->getAs<TypedefType>(); t; t = t->getDecl()->getUnderlyingType()->getAs<TypedefType>()) {
        append(k.list, annotations_of(t->getDecl(), -1));
        auto proto = t->getDecl()->getTypeSourceInfo()->getTypeLoc().getAsAdjusted<PointerTypeLoc>();
        auto function = proto ? proto.getPointeeLoc().getAsAdjusted<FunctionProtoTypeLoc>() : FunctionProtoTypeLoc();
        for (unsigned p = 0; function && k.parameters.empty() && p < function.getNumParams(); p++)
            k.parameters.push_back(function.getParam(p) ? function.getParam(p)->getNameAsString() : "");
    }
    add_classes(k);
    return k;
}

const Contract &contract_of(const CallEvent &call)
{
    static const Contract none;

    if (auto *f = dyn_cast_or_null<FunctionDecl>(call.getDecl()))
        return contract_of(f);
    if (const TypedefNameDecl *t = called_typedef(call))
        return contract_of(t);
    auto *e = dyn_cast_or_null<CallExpr>(call.getOriginExpr());
    return e ? contract_of_pointer(e->getCallee()->IgnoreParenImpCasts()) : none;
}

std::string level_name(int64_t level)
{
    static const char *const names[] = {"PASSIVE_LEVEL", "APC_LEVEL", "DISPATCH_LEVEL"};

    if (level >= 0 && level <= 2)
        return names[level];
    return level == 13 ? "CLOCK_LEVEL" : level == 14 ? "IPI_LEVEL" : level == 15 ? "HIGH_LEVEL" : std::to_string(level);
}

} // namespace dt
