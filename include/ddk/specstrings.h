/* SPDX-License-Identifier: MIT */
/* SAL under its older header name, with the SAL 1 spellings. */
#pragma once

#include <sal.h>
#include <nt/sal_legacy.h>
