/* SPDX-License-Identifier: MIT */
/* <new.h> of a driver, of which C has nothing. On the include path of driver builds only. */
#pragma once

#ifdef __cplusplus
#include <new>
#endif
