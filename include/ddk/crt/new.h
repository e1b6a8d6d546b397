/* SPDX-License-Identifier: MIT */
/* <new.h> of a driver. On the include path of driver builds only. */
#pragma once

#include <new>
