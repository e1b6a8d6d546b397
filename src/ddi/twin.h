/* SPDX-License-Identifier: MIT */
/*
 * ddi/twin.h - Nt names of Zw routines. On NT a Zw routine sets the previous mode to KernelMode, where its twin leaves it as
 * it is; no thread here comes from user mode, so they are one routine. Events and findings tell the Zw name.
 */
#pragma once

#define TWIN(nt, zw) extern __typeof__(zw) nt __attribute__((alias(#zw)));
