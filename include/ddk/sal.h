/* SPDX-License-Identifier: MIT */
/*
 * Source annotations: SAL 2, driver, IRQL and concurrency.
 *
 * Under clang the ones a checker can use become `__attribute((annotate("...")))`; the text is the macro as written,
 * for example "_IRQL_requires_max_(DISPATCH_LEVEL)". Conditional and scoped forms (_When_, _At_, _Group_, ...) are a
 * begin mark, the inner annotations in source order, and the mark "_End_". Prefixes such as _Post_ apply to the mark
 * that follows. gcc warns about every unknown attribute, so there all of them vanish. Buffer-size forms keep only
 * direction and nullness: that is all the checker asks of them (behaviour/annotations.md, section F).
 * Define DUETIME_NO_ANNOTATIONS to drop them under clang too.
 *
 * A build that brings its own sal.h keeps it: nothing is redefined (ANN-002).
 */
#pragma once

#ifndef _SAL_VERSION
#define _SAL_VERSION 20
#define __SAL_H_VERSION 180000000

#if defined(__clang__) && !defined(DUETIME_NO_ANNOTATIONS)
#define _DT_NOTE(text) __attribute((annotate(text)))
#else
#define _DT_NOTE(text)
#endif
#define _DT_SCOPE(head, ...) _DT_NOTE(head) __VA_ARGS__ _DT_NOTE("_End_")

#include <nt/sal_buffers.h>
#include <nt/sal_conditions.h>
#include <nt/sal_driver.h>
#include <nt/sal_locks.h>
#ifdef DUETIME_DRIVER
#include <nt/sal_legacy.h>
#endif
#endif
