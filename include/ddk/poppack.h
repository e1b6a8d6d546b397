/* SPDX-License-Identifier: MIT */
/* Ends a packing region; no include guard: it is included once per region. */
#pragma pack(pop)
