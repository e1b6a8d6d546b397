/* SPDX-License-Identifier: MIT */
/* Lock annotations; all of them come with sal.h. */
#pragma once

#include <sal.h>
