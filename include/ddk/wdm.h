/* SPDX-License-Identifier: MIT */
/* What a WDM driver sees. The parts live in nt/, one file per family. */
#pragma once

#include <ntdef.h>
#include <ntstatus.h>
#include <bugcodes.h>
#include <nt/levels.h>
#include <nt/ke_types.h>
#include <nt/ex_types.h>
#include <nt/io_types.h>
