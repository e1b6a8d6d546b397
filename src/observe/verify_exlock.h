/* SPDX-License-Identifier: MIT */
/* observe/verify_exlock.h - rules about executive locks; part of the verifier (observe/verify.h), which alone calls this. */
#pragma once

#include <stdbool.h>

/* one_thread: as in struct verify_options. -ENOMEM. */
int  verify_exlock_install(bool one_thread);
void verify_exlock_remove(void);
void verify_exlock_reset(void);
