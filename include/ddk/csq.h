/* SPDX-License-Identifier: MIT */
/* Cancel-safe queues; they are part of wdm.h. */
#pragma once

#include <wdm.h>
