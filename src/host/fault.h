/* SPDX-License-Identifier: MIT */
/* host/fault.h - processor exceptions and endless loops of driver code become findings. */
#pragma once

#include <stdbool.h>

/* Before the first run; later calls do nothing. Builds with a sanitizer leave faults to the sanitizer. */
void fault_install(void);

/* Where the fault under way happened; false: the finding is not raised by a fault. */
bool fault_origin(const void **pc, const void **frame);

/* Before each run. */
void fault_reset(void);
