/* SPDX-License-Identifier: MIT */
/* What a StorPort miniport sees. The parts live in nt/, one file per topic. */
#pragma once

#include <miniport.h>

#include <scsi.h>

#include <nt/srb_types.h>
#include <nt/stor_api.h>
#include <nt/stor_control.h>
#include <nt/stor_data.h>
#include <nt/stor_ext.h>
#include <nt/stor_regs.h>
#include <nt/stor_types.h>
