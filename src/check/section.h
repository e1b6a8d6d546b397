/* SPDX-License-Identifier: MIT */
/* check/section.h - sections that the driver's pragmas put code and data into. */
#pragma once

#include "check/frame.h"

namespace dt {

/* "PAGE", "INIT", "" for the resident one: alloc_text, code_seg or __declspec(code_seg()). */
std::string section_of(const FunctionDecl *f, const SourceManager &sm);
std::string section_of(const VarDecl *v, const SourceManager &sm);

bool is_pageable(StringRef section); /* PAGE... */

/* How often the body says PAGED_CODE(). */
unsigned paged_code_count(const FunctionDecl *f, SourceLocation *last);

} // namespace dt
