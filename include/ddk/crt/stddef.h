/* SPDX-License-Identifier: MIT */
/* <stddef.h> of a driver. On the include path of driver builds only. */
#pragma once

#include <ntdef.h>
