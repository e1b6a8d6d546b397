/* SPDX-License-Identifier: MIT */
/* SAL under its older header name. */
#pragma once

#include <specstrings.h>
