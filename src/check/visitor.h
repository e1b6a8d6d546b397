/* SPDX-License-Identifier: MIT */
/*
 * check/visitor.h - rules that look at the text of the checked file, not at paths. The visitor is derived from
 * FileVisitor<itself>, the checker is FileChecker<visitor>. Headers are skipped.
 */
#pragma once

#include "check/frame.h"

namespace dt {

template <class Self> class FileVisitor : public RecursiveASTVisitor<Self> {
  public:
    FileVisitor(AnalysisManager &m, BugReporter &br, const CheckerBase *by) : m(m), br(br), by(by) {}

    bool TraverseFunctionDecl(FunctionDecl *f)
    {
        inside = f;
        bool go_on = !m.isInCodeFile(f->getLocation()) || RecursiveASTVisitor<Self>::TraverseFunctionDecl(f);
        inside = nullptr;
        return go_on;
    }

    /* After the whole file. */
    void end(const TranslationUnitDecl *) {}

  protected:
    AnalysisManager    &m;
    BugReporter        &br;
    const CheckerBase  *by;
    const FunctionDecl *inside = nullptr;

    void tell(Rule rule, const llvm::Twine &text, const Expr *at, int number = 0)
    {
        report_at(br, by, inside, rule, text, at->getBeginLoc(), at->getSourceRange(), number);
    }

    const SourceManager &sources() const
    {
        return m.getSourceManager();
    }
};

template <class Visitor> class FileChecker : public Checker<check::ASTDecl<TranslationUnitDecl>> {
  public:
    void checkASTDecl(const TranslationUnitDecl *unit, AnalysisManager &m, BugReporter &br) const
    {
        Visitor v(m, br, this);

        v.TraverseDecl(const_cast<TranslationUnitDecl *>(unit));
        v.end(unit);
    }
};

} // namespace dt
