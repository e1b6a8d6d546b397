/* SPDX-License-Identifier: MIT */
/* check/annot.h - what annotations say: SAL, IRQL, locks, role types. The texts are those of include/ddk/sal.h. */
#pragma once

#include <string>
#include <vector>

#include "check/frame.h"

namespace dt {

/* One annotation: name "_IRQL_requires_max_", argument "DISPATCH_LEVEL". */
struct Annotation {
    std::string              name, argument;
    std::vector<std::string> conditions; /* _When_ around it, outermost first */
    std::string              target;     /* _At_ around it: "*Irql", "return"; empty: what it is written on */
    int                      parameter;  /* -1: on the function or its result */
    bool                     on_failure;
    bool                     of_role; /* said by the role type, not by a declaration */
    SourceLocation           at;
};

/* All that is said about a function, by its declarations and by its role type. */
struct Contract {
    const FunctionDecl      *function = nullptr; /* for the names of parameters; may be null with a pointer's type */
    const TypedefNameDecl   *role = nullptr;     /* KDEFERRED_ROUTINE */
    std::string              role_name;          /* its class, else its name; empty: no role */
    std::vector<Annotation>  list;
    std::vector<std::string> classes;     /* every function class that is named, without repetition */
    std::vector<std::string> parameters;  /* names, of the declaration that has them */
    bool                     own = false; /* annotations beside those of the role */

    const Annotation *find(StringRef name) const;
    bool              has(StringRef name) const
    {
        return find(name) != nullptr;
    }
    bool has_irql() const; /* any annotation about IRQL */
};

const Contract &contract_of(const FunctionDecl *f);

/* Of what is called: the function, or the type of the pointer. */
const Contract &contract_of(const CallEvent &call);
const Contract &contract_of(const TypedefNameDecl *role);

/* The typedef of a function type that a type was written with (also through pointers); nullptr: none. */
const TypedefNameDecl *role_typedef(QualType type);

/* Annotations of one declaration, its own only. */
std::vector<Annotation> annotations_of(const Decl *d, int parameter);

/* Is this the role of a function that others call: "KDEFERRED_ROUTINE" etc.? */
bool has_class(const Contract &k, StringRef name);

/* ---- expressions in annotations ---- */

/* Where names in an expression are looked up: the parameters of a call, or of the function entered. */
struct Scope {
    CheckerContext  &c;
    ProgramStateRef  state;
    const Contract  &contract;
    const CallEvent *call; /* null: values of the root function's own parameters */
    SVal             result;
    QualType         result_type;
    bool             after; /* the call has returned: "return" has a value */
};

/* The value of an annotation's expression: a number, an argument's value, an lvalue's content. */
SVal evaluate(const Scope &s, StringRef expression);

/* Object an expression of a lock annotation means ("*SpinLock", "Ext->Lock", "&g_Lock"); nullptr: unknown. */
const MemRegion *lvalue(const Scope &s, StringRef expression);

/* The value of a member ("QuadPart") of the object at place, through anonymous structures. */
SVal member_of(const Scope &s, SVal place, QualType type, StringRef member);

enum Truth { NO, YES, MAYBE };
Truth truth(const Scope &s, StringRef condition);

/* Do all conditions hold? */
Truth applies(const Scope &s, const Annotation &a);

/* The states in which all conditions hold, and in which one does not; null for what cannot be. */
std::pair<ProgramStateRef, ProgramStateRef> split(const Scope &s, const Annotation &a);

/* A number without any path: constants, macros, enumerators. */
llvm::Optional<int64_t> constant(ASTContext &ast, const Preprocessor &pp, StringRef expression);

/* "DISPATCH_LEVEL" for 2. */
std::string level_name(int64_t level);

} // namespace dt
