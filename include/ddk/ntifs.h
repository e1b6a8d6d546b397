/* SPDX-License-Identifier: MIT */
/* What a file system driver sees: ntddk.h and more. */
#pragma once

#include <ntddk.h>

#include <nt/ke_queue.h>
