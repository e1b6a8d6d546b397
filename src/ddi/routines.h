/* SPDX-License-Identifier: MIT */
/* ddi/routines.h - the address of an NT routine by its name. */
#pragma once

/* Of a routine or an exported variable. NULL: no such routine, or one that is absent (base/ddi.def). */
const void *ddi_routine(const char *name);
