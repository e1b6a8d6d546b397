/* SPDX-License-Identifier: MIT */
/* The basic types of miniports. Microsoft's holds a subset of wdm.h for drivers that include no wdm.h; here it is wdm.h. */
#pragma once

#include <nt/pci.h>
#include <wdm.h>
