/* SPDX-License-Identifier: MIT */
/* The in-flight recorder of WPP, which records nothing here. */
#pragma once

#include <duetime_wpp.h>

#define RECORDER_CONFIGURE_PARAMS_INIT(p) ((void)(p))
#define WppRecorderConfigure(p) ((void)(p))
#define WppRecorderIsDefaultLogAvailable() 0
#define WppRecorderLogGetDefault() ((void *)0)
