/* SPDX-License-Identifier: MIT */
/* <stdlib.h> of a driver: the kernel-mode C library. On the include path of driver builds only. */
#pragma once

#include <nt/crt.h>
