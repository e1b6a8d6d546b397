/* SPDX-License-Identifier: MIT */
#include "base/device.h"

struct device_memory *device_memory_current;
