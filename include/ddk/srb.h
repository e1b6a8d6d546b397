/* SPDX-License-Identifier: MIT */
/* SCSI requests, and the role types of SCSI and StorPort miniports (HW_TIMER among them: STM-006). */
#pragma once

#include <miniport.h>

#include <nt/srb_types.h>
#include <nt/stor_control.h>
#include <nt/stor_types.h>
