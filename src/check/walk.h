/* SPDX-License-Identifier: MIT */
/*
 * check/walk.h - a walk over the text of a function or a file, for the rules that look at no path.
 *
 * The names are those of clang's RecursiveASTVisitor, and so is the order: a Visit routine sees a node before what is
 * below it, and false ends the walk. But clang's is a template whose every instance takes a compiler ten seconds; here it
 * is instantiated once, in walk.cc, and rules override virtual functions. A node that no rule has wanted yet is one line
 * more in WALK_NODES.
 */
#pragma once

#include "check/clang.h"

namespace dt {

using namespace clang;

#define WALK_NODES(NODE)      \
    NODE(BinaryOperator)      \
    NODE(CallExpr)            \
    NODE(CompoundStmt)        \
    NODE(ConditionalOperator) \
    NODE(DeclRefExpr)         \
    NODE(DoStmt)              \
    NODE(ForStmt)             \
    NODE(FunctionDecl)        \
    NODE(IfStmt)              \
    NODE(InitListExpr)        \
    NODE(MemberExpr)          \
    NODE(ReturnStmt)          \
    NODE(UnaryOperator)       \
    NODE(VarDecl)             \
    NODE(WhileStmt)

class Walker {
  public:
    virtual ~Walker() = default;

    /* Each returns false when a Visit routine ended the walk. */
    bool TraverseAST(ASTContext &ast);
    bool TraverseDecl(const Decl *d);
    bool TraverseStmt(const Stmt *s); /* nullptr: nothing to see */

    /* Called for each function with what is in it; the default walks through it. */
    virtual bool TraverseFunctionDecl(FunctionDecl *f);

#define NODE(type)                   \
    virtual bool Visit##type(type *) \
    {                                \
        return true;                 \
    }
    WALK_NODES(NODE)
#undef NODE
};

/* The first call, in the order they are written in, that is wanted; nullptr when there is none, or no body. */
using WantedCall = llvm::function_ref<bool(const CallExpr *)>;

const CallExpr *find_call(const Stmt *s, WantedCall wanted);
const CallExpr *find_call(const FunctionDecl *f, WantedCall wanted);
const CallExpr *find_call(ASTContext &ast, WantedCall wanted);

} // namespace dt
