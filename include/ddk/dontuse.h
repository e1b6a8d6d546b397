/* SPDX-License-Identifier: MIT */
/* Microsoft's header poisons unsafe string functions; the checker reports them instead. */
#pragma once
