/* SPDX-License-Identifier: MIT */
/* hw/pool.h - memory of models, for one run. */
#pragma once

#include <stddef.h>

/* Zeroed. NULL: none left, or larger than any model. IRQL < 2. */
void *hw_pool_get(size_t bytes);
void  hw_pool_put(void *p);
void  hw_pool_reset(void);
