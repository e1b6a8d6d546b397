/* SPDX-License-Identifier: MIT */
/* SCSI commands and data. */
#pragma once

#include <ntdef.h>
