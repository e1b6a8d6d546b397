/* SPDX-License-Identifier: MIT */
/* check/irql_annotation.cc - annotations that say nothing: levels that do not exist or cannot be evaluated (DT-I08). */
#include "check/irql.h"

namespace dt {

namespace {

class IrqlAnnotationChecker : public Checker<check::ASTDecl<FunctionDecl>, check::ASTDecl<TypedefDecl>> {
  public:
    void checkASTDecl(const FunctionDecl *f, AnalysisManager &m, BugReporter &br) const
    {
        check(f, contract_of(f), m, br);
        if (is_users(m.getSourceManager(), f->getLocation()) && f->isThisDeclarationADefinition())
            check_definition(f, m, br);
    }

    void checkASTDecl(const TypedefDecl *t, AnalysisManager &m, BugReporter &br) const
    {
        if (t->getUnderlyingType()->isFunctionType())
            check(t, contract_of(t), m, br);
    }

  private:
    void check(const NamedDecl *d, const Contract &k, AnalysisManager &m, BugReporter &br) const
    {
        if (!is_users(m.getSourceManager(), d->getLocation()))
            return;
        for (const Annotation &a : annotations_of(d, -1))
            check_one(d, k, a, m, br);
    }

    void check_definition(const FunctionDecl *f, AnalysisManager &m, BugReporter &br) const;
    void check_one(
        const NamedDecl *d, const Contract &k, const Annotation &a, AnalysisManager &m, BugReporter &br) const;
};

bool takes_level(StringRef name)
{
    return name == "_IRQL_requires_" || name == "_IRQL_requires_max_" || name == "_IRQL_requires_min_" ||
           name == "_IRQL_raises_" || name == "_IRQL_always_function_max_" || name == "_IRQL_always_function_min_";
}

/* What a definition adds to its role or its earlier declarations must not contradict them (ANN-006); `_Use_decl_annotations_`
 * needs a declaration to use (ANN-007). */
void IrqlAnnotationChecker::check_definition(const FunctionDecl *f, AnalysisManager &m, BugReporter &br) const
{
    Levels l = entry_levels(m.getASTContext(), m.getPreprocessor(), contract_of(f));
    bool   uses = false, adds = false;

    for (const Annotation &a : annotations_of(f, -1)) {
        uses |= a.name == "_Use_decl_annotations_";
        adds |= StringRef(a.name).startswith("_IRQL_");
    }
    for (const FunctionDecl *d = f->getPreviousDecl(); d; d = d->getPreviousDecl())
        for (const Annotation &a : annotations_of(f, -1))
            for (const Annotation &b : annotations_of(d, -1)) {
                auto x = constant(m.getASTContext(), m.getPreprocessor(), a.argument);
                auto y = constant(m.getASTContext(), m.getPreprocessor(), b.argument);
                bool same = a.name == b.name && a.conditions == b.conditions && takes_level(a.name);
                if (!same || !x || !y || *x == *y)
                    continue;
                report_at(br, this, f, I08,
                    "'" + f->getName() + "' says " + a.name + "(" + a.argument + "), an earlier declaration " + b.name +
                        "(" + b.argument + ")",
                    f->getLocation(), SourceRange(), 28251);
                return;
            }
    if (l.low > l.high)
        report_at(br, this, f, I08, "the IRQL annotations of '" + f->getNameAsString() + "' contradict each other",
            f->getLocation(), SourceRange(), 28251);
    else if (uses && !f->getPreviousDecl())
        report_at(br, this, f, I08,
            "'" + f->getNameAsString() + "' has _Use_decl_annotations_, but no declaration before this one",
            f->getLocation(), SourceRange(), 28213);
    else if (uses && adds)
        report_at(br, this, f, I08,
            "'" + f->getNameAsString() + "' has _Use_decl_annotations_ and annotations of its own", f->getLocation(),
            SourceRange(), 28213);
}

void IrqlAnnotationChecker::check_one(
    const NamedDecl *d, const Contract &k, const Annotation &a, AnalysisManager &m, BugReporter &br) const
{
    if (!takes_level(a.name) || !is_users(m.getSourceManager(), a.at))
        return;
    auto n = constant(m.getASTContext(), m.getPreprocessor(), a.argument);
    if (n && (*n < PASSIVE_LEVEL || *n > LEVEL_LIMIT)) {
        report_at(br, this, d, I08, llvm::Twine(*n) + " in " + a.name + " is no IRQL", a.at, SourceRange(), 28151);
        return;
    }
    bool parameter = false;
    for (const std::string &p : k.parameters)
        parameter |= !p.empty() && a.argument.find(p) != std::string::npos;
    if (n || (parameter && a.name == "_IRQL_raises_"))
        return;
    bool empty = a.argument.empty();
    report_at(br, this, d, I08,
        empty ? a.name + " has no level" : a.name + "(" + a.argument + ") cannot be evaluated: it needs a constant",
        a.at, SourceRange(), empty ? 28260 : 28153);
}

} // namespace

DT_CHECKER("irql_annotation", IrqlAnnotationChecker);

} // namespace dt
