/* SPDX-License-Identifier: MIT */
/*
 * hba.h - a physical StorPort miniport for the card of docs/hba.md, which dt_card_hba() models: full duplex, BuildIo for
 * what needs no lock, a DPC for answers, messages or a shared line.
 *
 * Who touches what:
 *   BuildIo    the request's own SRB extension
 *   StartIo    under the StartIo lock: the request ring and the table of outstanding requests
 *   interrupt  the card's interrupt register; issues the DPC
 *   DPC        takes the StartIo lock: the answer ring and the table; completes after it has let go
 *   ResetBus   under the StartIo lock: all of it
 */
#pragma once

#include <ntddk.h>

#include <srbhelper.h>
#include <storport.h>

/* Registers of range 0, 32 bits each. */
#define HBA_ID             0x00
#define HBA_CAPS           0x08
#define HBA_CONTROL        0x0C
#define HBA_STATUS         0x10
#define HBA_INTERRUPT      0x14
#define HBA_REQUESTS       0x20
#define HBA_REQUESTS_ORDER 0x28
#define HBA_ANSWERS        0x30
#define HBA_ANSWERS_ORDER  0x38
#define HBA_REQUEST_TAIL   0x40
#define HBA_ANSWER_HEAD    0x48
#define HBA_BLOCKS         0x50
#define HBA_BLOCK_BYTES    0x58
#define HBA_MESSAGE        0x5C
#define HBA_REGISTER_BYTES 4096
#define HBA_ID_VALUE       0x41424844
#define HBA_ENABLE         1
#define HBA_RESET          2
#define HBA_INTERRUPTS     4
#define HBA_READY          1

enum HBA_OP { HBA_READ = 1, HBA_WRITE, HBA_FLUSH, HBA_TRIM, HBA_ZERO };
enum HBA_ANSWER_STATUS { HBA_OK, HBA_INVALID, HBA_RANGE, HBA_MEDIUM, HBA_PROTECTED, HBA_MEMORY };

#define HBA_ORDER    6
#define HBA_ENTRIES  (1 << HBA_ORDER)
#define HBA_ELEMENTS 33 /* 128 KB in pages, not aligned */
#define HBA_TRANSFER (128 * 1024)

typedef struct _HBA_REQUEST {
    UCHAR     Op, Reserved;
    USHORT    Tag;
    ULONG     Blocks;
    ULONGLONG Lba;
    ULONGLONG Elements;
    ULONG     Count;
    UCHAR     Padding[36];
} HBA_REQUEST, *PHBA_REQUEST;

typedef struct _HBA_ANSWER {
    USHORT    Tag;
    UCHAR     Status, Phase;
    ULONG     Bytes;
    ULONGLONG Reserved;
} HBA_ANSWER, *PHBA_ANSWER;

typedef struct _HBA_ELEMENT {
    ULONGLONG Address;
    ULONG     Bytes, Reserved;
} HBA_ELEMENT, *PHBA_ELEMENT;

C_ASSERT(sizeof(HBA_REQUEST) == 64 && sizeof(HBA_ANSWER) == 16 && sizeof(HBA_ELEMENT) == 16);

/* A request as BuildIo has prepared it. */
typedef struct _HBA_SRB {
    HBA_ELEMENT Elements[HBA_ELEMENTS];
    HBA_REQUEST Request;
} HBA_SRB, *PHBA_SRB;

typedef struct _HBA_ADAPTER {
    PUCHAR              Registers;
    PHBA_REQUEST        Requests; /* both rings are in the uncached extension */
    PHBA_ANSWER         Answers;
    ULONG               Tail, Head;
    UCHAR               Phase;
    PSCSI_REQUEST_BLOCK Outstanding[HBA_ENTRIES]; /* by tag; NULL: free */
    ULONG               Count;
    ULONGLONG           Blocks;
    ULONG               BlockBytes;
    STOR_DPC            Dpc;
    volatile LONG       DpcReady;
    volatile LONG       Interrupts, Resets;
} HBA_ADAPTER, *PHBA_ADAPTER;

/* What a command is: to be given to the card, or answered here. */
typedef struct _HBA_RESULT {
    UCHAR SrbStatus; /* SRB_STATUS_PENDING: the card's */
    UCHAR SenseKey, Asc;
} HBA_RESULT, *PHBA_RESULT;

/* hba_scsi.c */
HBA_RESULT HbaAnswerCommand(PHBA_ADAPTER Adapter, PSCSI_REQUEST_BLOCK Srb);
UCHAR      HbaDecode(PHBA_ADAPTER Adapter, PSCSI_REQUEST_BLOCK Srb, PHBA_REQUEST Request);
HBA_RESULT HbaResultOf(UCHAR AnswerStatus);
VOID       HbaSetResult(PSCSI_REQUEST_BLOCK Srb, HBA_RESULT Result);
