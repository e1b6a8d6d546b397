/* SPDX-License-Identifier: MIT */
/*
 * Bounded string functions. Counts named cch are in characters, cb in bytes, both with room for the terminator. A result
 * that does not fit is cut, terminated, and reported as STATUS_BUFFER_OVERFLOW; a bad size as STATUS_INVALID_PARAMETER.
 * Every function exists for char (A) and for 16-bit WCHAR (W), with counts in characters (Cch) and in bytes (Cb).
 */
#pragma once

#include <nt/strsafe_core.h>
#include <nt/strsafe_unicode.h>
