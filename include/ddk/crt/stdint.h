/* SPDX-License-Identifier: MIT */
/* <stdint.h> of a driver. On the include path of driver builds only. */
#pragma once

#include <ntdef.h>

typedef INT8 int8_t;
typedef INT16 int16_t;
typedef INT32 int32_t;
typedef INT64 int64_t;
typedef UINT8 uint8_t;
typedef UINT16 uint16_t;
typedef UINT32 uint32_t;
typedef UINT64 uint64_t;
#define INT8_MAX MAXINT8
#define INT16_MAX MAXINT16
#define INT32_MAX MAXINT32
#define INT64_MAX MAXINT64
#define UINT8_MAX MAXUINT8
#define UINT16_MAX MAXUINT16
#define UINT32_MAX MAXUINT32
#define UINT64_MAX MAXUINT64
