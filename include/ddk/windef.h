/* SPDX-License-Identifier: MIT */
/* User-mode base types, for headers shared with applications. */
#pragma once

#include <minwindef.h>
