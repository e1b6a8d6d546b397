/* SPDX-License-Identifier: MIT */
/*
 * ramdisk.h - a disk in memory: a virtual StorPort miniport with four concurrent channels and a HwStorTimer watchdog.
 *
 * A data command takes a slot and is done by a DPC. The watchdog times out what stays in its slot for too long. Each
 * slot's State says to whom the request belongs, and is only changed by InterlockedCompareExchange from a
 * state that the changer owns or competes for:
 *
 *     FREE -> RESERVED (StartIo) -> QUEUED (StartIo) -> RUNNING (DPC)  -> FREE    done
 *                                                    -> CLAIMED (watchdog, reset) -> FREE    timed out, reset
 *
 * Compiled with -D RAMDISK_BUG=n it has the n-th of ten deliberate bugs; README.md lists them.
 */
#pragma once

#include <ntddk.h>

#include <srbhelper.h>
#include <storport.h>

#ifndef RAMDISK_BUG
#    define RAMDISK_BUG 0
#endif

#define RD_TAG        'ksDR'
#define RD_BLOCK_SIZE 512
#define RD_CHANNELS   4
#define RD_SLOTS      64

enum RD_SLOT_STATE { SLOT_FREE, SLOT_RESERVED, SLOT_QUEUED, SLOT_RUNNING, SLOT_CLAIMED };

typedef struct _RD_SLOT {
    volatile LONG       State;
    PSCSI_REQUEST_BLOCK Srb;
    ULONGLONG           Deadline; /* interrupt time, 100 ns */
} RD_SLOT, *PRD_SLOT;

typedef struct _RD_ADAPTER {
    PUCHAR        Media;
    ULONGLONG     Blocks;
    PRD_SLOT      Slots;
    ULONG         SlotCount;
    ULONG         PeriodUs;  /* of the watchdog */
    ULONGLONG     Patience;  /* 100 ns; a request that waits for longer is timed out */
    ULONG         LoseEvery; /* every n-th data command is not given to the DPC; 0 = none */
    STOR_DPC      Dpc;
    volatile LONG DpcReady;
    volatile LONG Stopping;
    volatile LONG Arrivals; /* data commands */
    volatile LONG Busy;     /* slots in use */
    volatile LONG TimedOut, Beats, IdleBeats;
} RD_ADAPTER, *PRD_ADAPTER;

/* How a command ended, for RdFinish. */
typedef struct _RD_RESULT {
    UCHAR SrbStatus, ScsiStatus;
    UCHAR SenseKey, Asc;
} RD_RESULT, *PRD_RESULT;

ULONG DriverEntry(_In_ PVOID DriverObject, _In_ PVOID RegistryPath);

/* ramdisk_scsi.c */

/* True for a command that moves data of the medium: its first block and its number of blocks. */
BOOLEAN RdIsTransfer(_In_ PCDB Cdb, _Out_ PULONGLONG Block, _Out_ PULONG Count);
BOOLEAN RdIsWrite(_In_ PCDB Cdb);

/* Carries a command out, data command or not. IRQL <= DISPATCH_LEVEL. */
RD_RESULT RdExecute(_In_ PRD_ADAPTER Adapter, _In_ PSCSI_REQUEST_BLOCK Srb);

/* Writes status and sense into the SRB. */
VOID RdSetResult(_In_ PSCSI_REQUEST_BLOCK Srb, _In_ RD_RESULT Result);
