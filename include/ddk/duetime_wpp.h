/* SPDX-License-Identifier: MIT */
/* WPP tracing that traces nothing; the build wrapper serves it for every missing *.tmh. */
#pragma once

#define WPP_INIT_TRACING(...) ((void)(__VA_ARGS__)) /* of a miniport: with a third argument (stortrce.h) */
#define WPP_CLEANUP(...) ((void)(__VA_ARGS__))
#define WPP_CONTROL_GUIDS
#define WPP_DEFINE_CONTROL_GUID(...)
#define WPP_DEFINE_BIT(name)
#define WPP_LEVEL_FLAGS_LOGGER(level, flags)
#define WPP_LEVEL_FLAGS_ENABLED(level, flags) 0
#define WPP_LEVEL_LOGGER(flag)
#define WPP_LEVEL_ENABLED(flag) 0
#define WPP_FLAG_LEVEL_LOGGER(flag, level)
#define WPP_FLAG_LEVEL_ENABLED(flag, level) 0
#define DoTraceMessage(...) ((void)0)
#define DoTraceLevelMessage(...) ((void)0)
#define DoTraceMessageEx(...) ((void)0)
#define TraceEvents(...) ((void)0)
#define TraceMessage(...) ((void)0)
#define FuncEntry(...) ((void)0)
#define FuncExit(...) ((void)0)
#define TRACE_FUNCTION_ENTRY(...) ((void)0)
#define TRACE_FUNCTION_EXIT(...) ((void)0)

#ifndef TRACE_LEVEL_NONE
#define TRACE_LEVEL_NONE 0
#define TRACE_LEVEL_CRITICAL 1
#define TRACE_LEVEL_FATAL 1
#define TRACE_LEVEL_ERROR 2
#define TRACE_LEVEL_WARNING 3
#define TRACE_LEVEL_INFORMATION 4
#define TRACE_LEVEL_VERBOSE 5
#define TRACE_LEVEL_RESERVED6 6
#define TRACE_LEVEL_RESERVED7 7
#define TRACE_LEVEL_RESERVED8 8
#define TRACE_LEVEL_RESERVED9 9
#endif
