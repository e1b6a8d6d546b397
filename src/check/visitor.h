/* SPDX-License-Identifier: MIT */
/*
 * check/visitor.h - rules that look at the text of the checked file, not at paths. The visitor is derived from
 * FileVisitor, the checker is FileChecker<visitor>. Headers are skipped.
 */
#pragma once

#include "check/frame.h"
#include "check/walk.h"

namespace dt {

class FileVisitor : public Walker {
  public:
    FileVisitor(AnalysisManager &m, BugReporter &br, const CheckerBase *by) : m(m), br(br), by(by) {}

    bool TraverseFunctionDecl(FunctionDecl *f) override
    {
        inside = f;
        bool go_on = !m.isInCodeFile(f->getLocation()) || Walker::TraverseFunctionDecl(f);
        inside = nullptr;
        return go_on;
    }

    /* After the whole file. */
    virtual void end(const TranslationUnitDecl *) {}

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

        v.TraverseDecl(unit);
        v.end(unit);
    }
};

} // namespace dt
