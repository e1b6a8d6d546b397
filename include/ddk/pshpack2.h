/* SPDX-License-Identifier: MIT */
/* Begins a packing region of 2 bytes; no include guard: it is included once per region. */
#pragma pack(push, 2)
