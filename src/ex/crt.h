/* SPDX-License-Identifier: MIT */
/* ex/crt.h - the C library's only state: the seed behind rand(). */
#pragma once

/* Before each run: as after a program's start. */
void ex_crt_boot(void);
