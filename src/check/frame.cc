/* SPDX-License-Identifier: MIT */
#include "check/frame.h"

#include "clang/AST/ParentMap.h"

namespace dt {

static Registration *registrations;

Registration::Registration(const char *name, void (*add)(CheckerRegistry &, const char *))
    : name(name), add(add), next(registrations)
{
    registrations = this;
}

const RuleRow rule_rows[RULE_COUNT] = {
#define RULE(id, number, aliases, family, text, page) {"DT-" #id, number, text},
#include "check/rules.def"
};

bool is_users(const SourceManager &sm, SourceLocation at)
{
    return at.isValid() && !sm.isInSystemHeader(sm.getExpansionLoc(at));
}

const FunctionDecl *root(CheckerContext &c)
{
    const LocationContext *l = c.getLocationContext();

    while (l->getParent())
        l = l->getParent();
    return dyn_cast_or_null<FunctionDecl>(l->getDecl());
}

std::string with_article(StringRef name)
{
    bool vowel = name.startswith("HW_") || name.find_first_of("AEIO") == 0;

    return (vowel ? "an " : "a ") + name.str();
}

StringRef callee_name(const CallEvent &call)
{
    const IdentifierInfo *i = call.getCalleeIdentifier();

    return i ? i->getName() : StringRef();
}

StringRef callee_name(const CallExpr *e)
{
    const FunctionDecl *f = e ? e->getDirectCallee() : nullptr;

    return f && f->getIdentifier() ? f->getName() : StringRef();
}

const MemRegion *object(SVal pointer)
{
    const MemRegion *r = pointer.getAsRegion();

    return r ? r->StripCasts() : nullptr;
}

const MemRegion *argument_object(const CallEvent &call, unsigned i)
{
    return i < call.getNumArgs() ? object(call.getArgSVal(i)) : nullptr;
}

const MemRegion *element(CheckerContext &c, SVal array, unsigned i)
{
    QualType         type = c.getASTContext().VoidPtrTy;
    const MemRegion *r = object(array);
    SVal             index = c.getSValBuilder().makeArrayIndex(i);

    return r ? object(c.getState()->getSVal(
                   c.getState()->getLValue(type, index, loc::MemRegionVal(r)).castAs<Loc>(), type))
             : nullptr;
}

llvm::Optional<int64_t> number_of(ProgramStateRef state, SVal value)
{
    if (auto i = value.getAs<nonloc::ConcreteInt>())
        return i->getValue().getExtValue();
    if (auto i = value.getAs<loc::ConcreteInt>())
        return i->getValue().getExtValue();
    if (SymbolRef s = value.getAsSymbol())
        if (const llvm::APSInt *i = state->getConstraintManager().getSymVal(state, s))
            return i->getExtValue();
    return llvm::None;
}

const ValueDecl *named_object(const Expr *e)
{
    e = e->IgnoreParenCasts();
    if (auto *u = dyn_cast<UnaryOperator>(e))
        return named_object(u->getSubExpr());
    if (auto *a = dyn_cast<ArraySubscriptExpr>(e))
        return named_object(a->getBase());
    if (auto *m = dyn_cast<MemberExpr>(e))
        return m->getMemberDecl();
    auto *d = dyn_cast<DeclRefExpr>(e);
    return d ? d->getDecl() : nullptr;
}

bool is_used(CheckerContext &c, const CallEvent &call)
{
    auto *e = call.getOriginExpr();

    return e && c.getLocationContext()->getParentMap().isConsumedExpr(const_cast<Expr *>(e));
}

bool is_local(const MemRegion *r)
{
    auto *v = dyn_cast_or_null<VarRegion>(r ? r->getBaseRegion() : nullptr);

    return v && isa<StackLocalsSpaceRegion>(v->getMemorySpace());
}

/* Loaded through a variable or a field: whose? */
static std::string name_of_symbol(const SymbolicRegion *r)
{
    const MemRegion *origin = r->getSymbol()->getOriginRegion();

    return origin ? name_of(origin) : std::string();
}

std::string name_of(const MemRegion *r)
{
    if (auto *v = dyn_cast<VarRegion>(r))
        return v->getDecl()->getNameAsString();
    if (auto *f = dyn_cast<FieldRegion>(r)) {
        const MemRegion *base = f->getSuperRegion()->StripCasts();
        std::string      name = f->getDecl()->getNameAsString(), whole;

        if (auto *s = dyn_cast<SymbolicRegion>(base))
            whole = name_of_symbol(s) + "->";
        else
            whole = name_of(base) + ".";
        return whole.size() <= 2 || name.empty() ? (name.empty() ? whole.substr(0, whole.find_last_of("-.")) : name)
                                                 : whole + name;
    }
    if (auto *s = dyn_cast<SymbolicRegion>(r)) {
        std::string name = name_of_symbol(s);
        return name.empty() ? name : "*" + name;
    }
    if (auto *e = dyn_cast<ElementRegion>(r))
        return name_of(e->getSuperRegion());
    return std::string();
}

SVal fresh(CheckerContext &c, const Expr *at, QualType type, const void *tag)
{
    return c.getSValBuilder().conjureSymbolVal(tag, at, c.getLocationContext(), type, c.blockCount());
}

void note(CheckerContext &c, ProgramStateRef state, const llvm::Twine &text)
{
    std::string kept = text.str(); /* a StringRef would not live as long as the path */

    c.addTransition(state, c.getNoteTag([kept](PathSensitiveBugReport &) { return kept; }));
}

/* ---- reports ---- */

/* The tool takes the parts before the text away again: rule, number, the function the path begins in. */
static std::string headed(Rule rule, int number, const Decl *in, const llvm::Twine &message)
{
    auto *named = dyn_cast_or_null<NamedDecl>(in);

    return (llvm::Twine(rule_rows[rule].id) + "|" + llvm::Twine(number ? number : rule_rows[rule].number) + "|" +
            (named ? named->getNameAsString() : std::string()) + "|" + message)
        .str();
}

static const BugType &type_of(const CheckerBase *by, Rule rule)
{
    static std::unique_ptr<BugType> types[RULE_COUNT];

    if (!types[rule])
        types[rule] = std::make_unique<BugType>(by, rule_rows[rule].id, "Driver rules");
    return *types[rule];
}

static void emit(CheckerContext &c, ExplodedNode *node, const CheckerBase *by, Rule rule, const llvm::Twine &message,
    const Stmt *at, int number)
{
    if (!node || (at && !is_users(c.getSourceManager(), at->getBeginLoc()))) /* a routine that is inline in a header */
        return;
    std::string text = headed(rule, number, c.getLocationContext()->getDecl(), message);
    auto        r = std::make_unique<PathSensitiveBugReport>(type_of(by, rule), text, node);

    if (at)
        r->addRange(at->getSourceRange());
    c.emitReport(std::move(r));
}

void report(CheckerContext &c, const CheckerBase *by, Rule rule, const llvm::Twine &message, const Stmt *at, int number,
    ProgramStateRef state)
{
    emit(c, state ? c.generateNonFatalErrorNode(state) : c.generateNonFatalErrorNode(), by, rule, message, at, number);
}

void report_end(
    CheckerContext &c, const CheckerBase *by, Rule rule, const llvm::Twine &message, const Stmt *at, int number)
{
    emit(c, c.generateErrorNode(), by, rule, message, at, number);
}

void report_at(BugReporter &br, const CheckerBase *by, const Decl *in, Rule rule, const llvm::Twine &message,
    SourceLocation at, SourceRange range, int number)
{
    PathDiagnosticLocation where(br.getSourceManager().getExpansionLoc(at), br.getSourceManager());
    auto r = std::make_unique<BasicBugReport>(type_of(by, rule), headed(rule, number, in, message), where);

    if (in)
        r->setDeclWithIssue(in);
    if (range.isValid())
        r->addRange(range);
    br.emitReport(std::move(r));
}

/* Calls add_checker for each of them, in whatever order. */
void register_all(CheckerRegistry &registry);

void register_all(CheckerRegistry &registry)
{
    for (Registration *r = registrations; r; r = r->next)
        r->add(registry, r->name);
}

} // namespace dt

extern "C" __attribute__((visibility("default"))) const char clang_analyzerAPIVersionString[];
extern "C" const char clang_analyzerAPIVersionString[] = CLANG_ANALYZER_API_VERSION_STRING;

extern "C" __attribute__((visibility("default"))) void clang_registerCheckers(clang::ento::CheckerRegistry &registry)
{
    dt::register_all(registry);
}
