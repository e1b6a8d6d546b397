/* SPDX-License-Identifier: MIT */
#include "check/walk.h"

#include "clang/AST/RecursiveASTVisitor.h"

namespace dt {

namespace {

class Walk : public RecursiveASTVisitor<Walk> {
  public:
    explicit Walk(Walker &to) : to(to) {}

    bool TraverseFunctionDecl(FunctionDecl *f)
    {
        return to.TraverseFunctionDecl(f);
    }

    bool through(FunctionDecl *f)
    {
        return RecursiveASTVisitor<Walk>::TraverseFunctionDecl(f);
    }

#define NODE(type)                   \
    bool Visit##type(type *node)     \
    {                                \
        return to.Visit##type(node); \
    }
    WALK_NODES(NODE)
#undef NODE

  private:
    Walker &to;
};

class CallFinder : public Walker {
  public:
    WantedCall      wanted;
    const CallExpr *found = nullptr;

    explicit CallFinder(WantedCall wanted) : wanted(wanted) {}

    bool VisitCallExpr(CallExpr *e) override
    {
        found = wanted(e) ? e : nullptr;
        return !found;
    }
};

} // namespace

bool Walker::TraverseAST(ASTContext &ast)
{
    return Walk(*this).TraverseAST(ast);
}

bool Walker::TraverseDecl(const Decl *d)
{
    return Walk(*this).TraverseDecl(const_cast<Decl *>(d));
}

bool Walker::TraverseStmt(const Stmt *s)
{
    return Walk(*this).TraverseStmt(const_cast<Stmt *>(s));
}

bool Walker::TraverseFunctionDecl(FunctionDecl *f)
{
    return Walk(*this).through(f);
}

const CallExpr *find_call(const Stmt *s, WantedCall wanted)
{
    CallFinder finder(wanted);

    finder.TraverseStmt(s);
    return finder.found;
}

const CallExpr *find_call(const FunctionDecl *f, WantedCall wanted)
{
    const FunctionDecl *definition = f ? f->getDefinition() : nullptr;

    return definition ? find_call(definition->getBody(), wanted) : nullptr;
}

const CallExpr *find_call(ASTContext &ast, WantedCall wanted)
{
    CallFinder finder(wanted);

    finder.TraverseAST(ast);
    return finder.found;
}

} // namespace dt
