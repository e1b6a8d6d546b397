/* SPDX-License-Identifier: MIT */
/* check/irql.h - the IRQL of a path, as other rules ask for it. */
#pragma once

#include "check/annot.h"

namespace dt {

enum { PASSIVE_LEVEL = 0, APC_LEVEL = 1, DISPATCH_LEVEL = 2, HIGH_LEVEL = 15, LEVEL_LIMIT = 31 };

/* The level as a value of the analyzer: a number, or a symbol with a range. Saving a level stores this very value. */
SVal irql_now(ProgramStateRef state);

/* The level the root function was entered at. */
SVal irql_at_entry(ProgramStateRef state);

ProgramStateRef irql_set(ProgramStateRef state, SVal level);

/* The level that KeAcquireInStackQueuedSpinLock keeps in this handle; unknown: none. */
SVal irql_in_handle(ProgramStateRef state, const MemRegion *handle);

/* Certainly above, below on this path? */
bool irql_above(CheckerContext &c, ProgramStateRef state, int64_t level);
bool irql_below(CheckerContext &c, ProgramStateRef state, int64_t level);

/* Can it be above? */
bool irql_may_exceed(CheckerContext &c, ProgramStateRef state, int64_t level);

/* The state in which the level is at most / at least this; null when that cannot be. */
ProgramStateRef irql_at_most(CheckerContext &c, ProgramStateRef state, int64_t level);
ProgramStateRef irql_at_least(CheckerContext &c, ProgramStateRef state, int64_t level);

/* "DISPATCH_LEVEL", "DISPATCH_LEVEL or above", "an unknown level". */
std::string irql_text(CheckerContext &c, ProgramStateRef state);

/* The levels a function may be entered at, by its annotations. */
struct Levels {
    int64_t low = PASSIVE_LEVEL, high = LEVEL_LIMIT;
    bool    stated = false; /* the maximum comes from an annotation or a role */
};
Levels entry_levels(ASTContext &ast, const Preprocessor &pp, const Contract &k);

} // namespace dt
