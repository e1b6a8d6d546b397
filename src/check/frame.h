/* SPDX-License-Identifier: MIT */
/*
 * check/frame.h - what every checker of the plug-in uses. A checker is one class in one .cc file, derived from clang's
 * Checker<...>, made known by DT_CHECKER("name", Class), and reports through the functions below.
 *
 * The driver's functions are entered in three ways: role routines and annotated ones at the level and with the locks
 * their annotations give; others with nothing known; and, besides, inlined wherever they are called. So a checker
 * looks at what happens on a path and need not care who called whom.
 */
#pragma once

#include "check/clang.h"
#include "check/rules.h"

namespace dt {

using namespace clang;
using namespace clang::ento;

/* ---- reports ---- */

/* Reports rule at the statement (or at the call, or where the path is) and lets the path go on. number: a nearer warning
 * number of Microsoft's than the rule's own. Null node (the path was seen before): reports nothing. */
void report(CheckerContext &c, const CheckerBase *by, Rule rule, const llvm::Twine &message, const Stmt *at = nullptr,
    int number = 0, ProgramStateRef state = nullptr);

/* The same, and the path ends: nothing comes after a deadlock. */
void report_end(CheckerContext &c, const CheckerBase *by, Rule rule, const llvm::Twine &message,
    const Stmt *at = nullptr, int number = 0);

/* The same without a path. */
void report_at(BugReporter &br, const CheckerBase *by, const Decl *in, Rule rule, const llvm::Twine &message,
    SourceLocation at, SourceRange range = SourceRange(), int number = 0);

/* A transition whose text the path of a later report shows at this place. */
void note(CheckerContext &c, ProgramStateRef state, const llvm::Twine &text);

/* ---- what is looked at ---- */

/* Is this place in the driver's sources, not in a header of the DDK? */
bool is_users(const SourceManager &sm, SourceLocation at);

/* The function the analysis began with. */
const FunctionDecl *root(CheckerContext &c);

/* "a KDEFERRED_ROUTINE", "an HW_TIMER": as it is spoken. */
std::string with_article(StringRef name);

/* "KeSetTimer", or "" when it is not known what is called. */
StringRef callee_name(const CallEvent &call);

/* Of a call in the text. */
StringRef callee_name(const CallExpr *e);

/* The object a pointer argument means, without casts; nullptr when unknown. */
const MemRegion *object(SVal pointer);
const MemRegion *argument_object(const CallEvent &call, unsigned i);

/* What element i of an array of pointers points to. */
const MemRegion *element(CheckerContext &c, SVal array, unsigned i);

/* The number a value certainly is on this path. */
llvm::Optional<int64_t> number_of(ProgramStateRef state, SVal value);

/* The variable or member an expression names, below casts, & and *: tells objects apart where there is no path. */
const ValueDecl *named_object(const Expr *e);

/* Is the result of this call looked at: assigned, passed on, tested? */
bool is_used(CheckerContext &c, const CallEvent &call);

/* Memory this path has got itself and nobody else knows: a local, or pool it allocated. */
bool is_local(const MemRegion *r);

/* How messages call an object: "ext->Lock", "'timer'"; empty when nothing good is known. */
std::string name_of(const MemRegion *region);

/* A new unknown value of this type; the tag tells apart several at one place. */
SVal fresh(CheckerContext &c, const Expr *at, QualType type, const void *tag);

/* ---- making a checker known ---- */

struct Registration {
    const char *name;
    void (*add)(CheckerRegistry &registry, const char *name);
    Registration *next;

    Registration(const char *name, void (*add)(CheckerRegistry &, const char *));
};

template <class T> void add_checker(CheckerRegistry &registry, const char *name)
{
    registry.addChecker<T>(name, name, "");
}

#define DT_CHECKER(name, type) static dt::Registration registration_of_##type("duetime." name, dt::add_checker<type>)

} // namespace dt
