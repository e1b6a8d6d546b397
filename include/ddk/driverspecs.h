/* SPDX-License-Identifier: MIT */
/* Driver annotations; all of them come with sal.h. */
#pragma once

#include <specstrings.h>
