/* SPDX-License-Identifier: MIT */
/* What a legacy (non-PnP) NT driver sees: wdm.h and more. */
#pragma once

#include <wdm.h>

#include <nt/fast_io.h>
#include <nt/rtl_tables.h>
