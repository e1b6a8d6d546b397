/* SPDX-License-Identifier: MIT */
/* IRQLs of x64, modes, priorities, and the kernel's opaque object types. */
#pragma once

#include <ntdef.h>

EXTERN_C_START

/* ---- IRQL (x64) -------------------------------------------------------------------------------------------------- */
#define PASSIVE_LEVEL 0
#define LOW_LEVEL 0
#define APC_LEVEL 1
#define DISPATCH_LEVEL 2
#define CMCI_LEVEL 5
#define CLOCK_LEVEL 13
#define IPI_LEVEL 14
#define DRS_LEVEL 14
#define POWER_LEVEL 14
#define PROFILE_LEVEL 15
#define HIGH_LEVEL 15
#define SYNCH_LEVEL 12

/* ---- processors -------------------------------------------------------------------------------------------------- */
typedef CCHAR *PKPROCESSOR_MODE;
#define MAXIMUM_PROCESSORS 64
#define MAXIMUM_GROUPS 32

/* ---- modes and priorities ---------------------------------------------------------------------------------------- */
typedef enum _MODE { KernelMode, UserMode, MaximumMode } MODE;

#define LOW_PRIORITY 0
#define LOW_REALTIME_PRIORITY 16
#define HIGH_PRIORITY 31
#define MAXIMUM_PRIORITY 32
#define THREAD_WAIT_OBJECTS 3
#define MAXIMUM_WAIT_OBJECTS 64
#define MAXIMUM_SUSPEND_COUNT MAXCHAR

/* Priority increments given with IoCompleteRequest and KeSetEvent. */
#define EVENT_INCREMENT 1
#define IO_NO_INCREMENT 0
#define IO_CD_ROM_INCREMENT 1
#define IO_DISK_INCREMENT 1
#define IO_KEYBOARD_INCREMENT 6
#define IO_MAILSLOT_INCREMENT 2
#define IO_MOUSE_INCREMENT 6
#define IO_NAMED_PIPE_INCREMENT 2
#define IO_NETWORK_INCREMENT 2
#define IO_PARALLEL_INCREMENT 1
#define IO_SERIAL_INCREMENT 2
#define IO_SOUND_INCREMENT 8
#define IO_VIDEO_INCREMENT 1
#define SEMAPHORE_INCREMENT 1

/* ---- opaque objects ---------------------------------------------------------------------------------------------- */
typedef struct _KTHREAD *PKTHREAD, *PRKTHREAD, KTHREAD;
typedef struct _ETHREAD *PETHREAD, ETHREAD;
typedef struct _KPROCESS *PKPROCESS, *PRKPROCESS, KPROCESS;
typedef struct _EPROCESS *PEPROCESS, EPROCESS;
typedef struct _KINTERRUPT *PKINTERRUPT, *RESTRICTED_POINTER PRKINTERRUPT, KINTERRUPT;
typedef struct _OBJECT_TYPE *POBJECT_TYPE, OBJECT_TYPE;
typedef struct _CALLBACK_OBJECT *PCALLBACK_OBJECT, CALLBACK_OBJECT;
typedef struct _EJOB *PEJOB, EJOB;
typedef struct _LOADER_PARAMETER_BLOCK *PLOADER_PARAMETER_BLOCK;
typedef struct _DEVICE_HANDLER_OBJECT *PDEVICE_HANDLER_OBJECT;
typedef struct _BUS_HANDLER *PBUS_HANDLER;
typedef struct _ACCESS_STATE *PACCESS_STATE;

struct _DEVICE_OBJECT;
struct _DRIVER_OBJECT;
struct _FILE_OBJECT;
struct _IRP;
struct _MDL;
struct _KDPC;

EXTERN_C_END
