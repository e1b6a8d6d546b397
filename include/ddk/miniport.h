/* SPDX-License-Identifier: MIT */
/* The basic types of miniports. Microsoft's holds a subset of wdm.h for drivers that include no wdm.h; here it is wdm.h. */
#pragma once

#include <nt/pci.h>
#include <wdm.h>

#if defined(DUETIME_DRIVER) && !defined(__cplusplus)
#ifndef max
#define max(a, b) (((a) > (b)) ? (a) : (b))
#endif
#ifndef min
#define min(a, b) (((a) < (b)) ? (a) : (b))
#endif
#endif
