/* SPDX-License-Identifier: MIT */
/* check/timer_facts.h - what a whole file says about its timers and DPCs, whatever the path. */
#pragma once

#include <map>
#include <set>

#include "check/annot.h"

namespace dt {

struct TimerFacts {
    std::set<const ValueDecl *>                   periodic;   /* members or variables set with a period */
    std::map<const ValueDecl *, int64_t>          attributes; /* of ExAllocateTimer, by where the result goes */
    std::set<const FunctionDecl *>                threaded;   /* routines of threaded DPCs */
    std::set<const FunctionDecl *>                ordinary;   /* of ordinary ones */
    std::map<const ValueDecl *, const CallExpr *> allocated;
    bool                                          deletes = false; /* ExDeleteTimer is called */
    bool                                          ends = false;    /* timers are stopped here, or memory is freed */
    struct Use {
        const CallExpr     *call;
        const FunctionDecl *in;
        const ValueDecl    *timer; /* null: a direct queue call */
    };
    std::map<const ValueDecl *, std::vector<Use>> dpcs; /* by the DPC they name */
    std::vector<const ValueDecl *>                dpc_order;
};

const TimerFacts &timer_facts(ASTContext &ast);

} // namespace dt
