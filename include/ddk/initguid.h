/* SPDX-License-Identifier: MIT */
/* After this header, DEFINE_GUID defines instead of declaring; no include guard, as in the SDK. */
#ifndef INITGUID
#define INITGUID
#endif
#include <guiddef.h>
