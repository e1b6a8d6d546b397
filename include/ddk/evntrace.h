/* SPDX-License-Identifier: MIT */
/* Trace levels; there is no event tracing here. */
#pragma once

#include <duetime_wpp.h>
