/* SPDX-License-Identifier: MIT */
/* What a WDM driver sees. The parts live in nt/, one file per family. */
#pragma once

#include <ntdef.h>
#include <ntstatus.h>
#include <bugcodes.h>

#include <nt/hooks.h>
#include <nt/levels.h>
#include <nt/interlocked.h>
#include <nt/list.h>
#include <nt/rtl_memory.h>
#include <nt/rtl.h>
#ifdef DUETIME_DRIVER
#include <nt/crt.h>
#endif

#include <nt/ke_types.h>
#include <nt/ke_irql.h>
#include <nt/ke_timer.h>
#include <nt/ke_sched.h>
#include <nt/debug.h>

#include <nt/ex_types.h>
#include <nt/ex_api.h>
#include <nt/ex_sync.h>

#include <nt/io_types.h>
#include <nt/io_irp.h>
#include <nt/io_api.h>
#include <nt/io_interrupt.h>
#include <nt/ob_mm.h>
#include <nt/io_wmi.h>
#include <nt/pci.h>
#include <nt/pnp_api.h>
#include <nt/zw.h>
