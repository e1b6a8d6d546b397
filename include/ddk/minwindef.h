/* SPDX-License-Identifier: MIT */
/* Names of user-mode windef.h that shared headers use. */
#pragma once

#include <ntdef.h>

typedef FLOAT *PFLOAT;
typedef unsigned short ATOM;
typedef UINT_PTR WPARAM;
typedef LONG_PTR LPARAM, LRESULT;
typedef const void *LPCVOID;
typedef DWORD *LPDWORD;
typedef BYTE *LPBYTE;
typedef WORD *LPWORD;
typedef int *LPINT;
typedef BOOL *LPBOOL;
typedef LONG *LPLONG;
#define WINAPI
#define CALLBACK
#define APIENTRY
#define PASCAL
#define MAX_PATH 260
#ifndef __cplusplus
#ifndef max
#define max(a, b) (((a) > (b)) ? (a) : (b))
#define min(a, b) (((a) < (b)) ? (a) : (b))
#endif
#endif
#define LOWORD(l) ((WORD)(((DWORD_PTR)(l)) & 0xffff))
#define HIWORD(l) ((WORD)((((DWORD_PTR)(l)) >> 16) & 0xffff))
#define LOBYTE(w) ((BYTE)(((DWORD_PTR)(w)) & 0xff))
#define HIBYTE(w) ((BYTE)((((DWORD_PTR)(w)) >> 8) & 0xff))
