/* SPDX-License-Identifier: MIT */
/*
 * ddi/ddi_stor_log.c - what a miniport tells of itself: system events, tracing, telemetry, failures, changes. All of it becomes
 * an event (EV_NOTE), which the trace shows, and a number that tests can ask for.
 */
#include <stdarg.h>

#include "ddi/ddi_stor.h"
#include "ex/format.h"

enum {
    TEXT_MAX = 256,
    DUMP_MAX = 150,       /* STX-100: dump data and strings of an event together, bytes */
    REVISION_MASK = ~0xff /* the low byte is not looked at */
};

static void note_list(const char *format, va_list ap)
{
    char text[TEXT_MAX + 1];

    if (!ev_wanted(EV_NOTE))
        return;
    size_t n = ex_format(text, TEXT_MAX, format, ap);

    text[n < TEXT_MAX ? n : TEXT_MAX] = 0;
    ev(EV_NOTE, text, 0, 0, 0);
}

static void note(const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    note_list(format, ap);
    va_end(ap);
}

/* Levels 0 to 3 are not filtered (STX-103). */
STORPORTAPI VOID StorPortDebugPrint(ULONG DebugPrintLevel, PCCHAR DebugMessage, ...)
{
    va_list ap;

    (void)DebugPrintLevel;
    va_start(ap, DebugMessage);
    note_list(DebugMessage, ap);
    va_end(ap);
}

/* ---- the system's event log ---- */

/* STQ-124. */
STORPORTAPI VOID StorPortLogError(PVOID HwDeviceExtension, PSCSI_REQUEST_BLOCK Srb, UCHAR PathId, UCHAR TargetId,
    UCHAR Lun, ULONG ErrorCode, ULONG UniqueId)
{
    STOR_ENTER(StorPortLogError, HwDeviceExtension);
    (void)Srb;
    if (a) {
        sp_warn("DT-S16", HwDeviceExtension, __builtin_return_address(0),
            "StorPortLogError is deprecated: StorPortLogSystemEvent is in its place");
        a->more.log.events++;
        note("StorPortLogError: %u:%u:%u error 0x%x, 0x%x", PathId, TargetId, Lun, (unsigned)ErrorCode,
            (unsigned)UniqueId);
    }
    DDI_LEAVE(StorPortLogError, HwDeviceExtension, 0);
}

static size_t string_bytes(PCWSTR s)
{
    size_t n = 0;

    while (s[n])
        n++;
    return (n + 1) * sizeof *s;
}

static size_t variable_bytes(const STOR_LOG_EVENT_DETAILS *d)
{
    size_t n = d->DumpDataSize;

    for (ULONG i = 0; i < d->StringCount; i++)
        n += string_bytes(d->StringList[i]);
    return n;
}

static bool is_consistent(const STOR_LOG_EVENT_DETAILS *d)
{
    return d->Flags == 0 && d->Size >= sizeof *d && (ULONG)d->EventAssociation < StorEventInvalidAssociation &&
           (d->DumpData || !d->DumpDataSize) && (d->StringList || !d->StringCount);
}

/* STX-100. */
static ULONG log_event(struct sp_adapter *a, PSTOR_LOG_EVENT_DETAILS d, PULONG maximum)
{
    if ((d->InterfaceRevision & REVISION_MASK) > (STOR_CURRENT_LOG_INTERFACE_REVISION & REVISION_MASK)) {
        d->InterfaceRevision = STOR_CURRENT_LOG_INTERFACE_REVISION;
        return STOR_STATUS_UNSUPPORTED_VERSION;
    }
    if (!is_consistent(d))
        return STOR_STATUS_INVALID_PARAMETER;
    if (variable_bytes(d) > DUMP_MAX) {
        if (maximum)
            *maximum = DUMP_MAX;
        return STOR_STATUS_INVALID_BUFFER_SIZE;
    }
    a->more.log.events++;
    note("StorPortLogSystemEvent: error 0x%x, 0x%x", (unsigned)d->ErrorCode, (unsigned)d->UniqueId);
    return STOR_STATUS_SUCCESS;
}

STORPORTAPI ULONG StorPortLogSystemEvent(
    PVOID HwDeviceExtension, PSTOR_LOG_EVENT_DETAILS LogDetails, PULONG MaximumSize)
{
    STOR_ENTER_ANY(StorPortLogSystemEvent, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortLogSystemEvent, a, LogDetails, SP_OS_SERVER_2003);

    if (status == STOR_STATUS_SUCCESS)
        status = log_event(a, LogDetails, MaximumSize);
    STOR_LEAVE(StorPortLogSystemEvent, HwDeviceExtension, status);
}

/* ---- tracing (STX-101) ---- */

struct parameter {
    PWSTR     name;
    ULONGLONG value; /* logged as 0 without a name */
};

struct trace {
    ULONG            id;
    PWSTR            description;
    unsigned         n;
    struct parameter p[8];
};

static void trace_event(struct sp_adapter *a, const struct trace *t)
{
    a->more.log.etw++;
    if (!ev_wanted(EV_NOTE))
        return;
    note("StorPortEtw: event %u %ws", (unsigned)t->id, t->description);
    for (unsigned i = 0; i < t->n; i++)
        if (t->p[i].name)
            note("    %ws 0x%llx", t->p[i].name, t->p[i].value);
}

#define TRACE_EVENT(routine, since, count, ...)                                                              \
    const struct trace t = {.id = EventId, .description = EventDescription, .n = count, .p = {__VA_ARGS__}}; \
                                                                                                             \
    STOR_ENTER_ANY(routine, HwDeviceExtension);                                                              \
    ULONG status = STOR_CHECK(routine, a, EventDescription, since);                                          \
                                                                                                             \
    (void)Address, (void)EventKeywords, (void)EventLevel, (void)EventOpcode, (void)Srb;                      \
    if (status == STOR_STATUS_SUCCESS)                                                                       \
        trace_event(a, &t);                                                                                  \
    STOR_LEAVE(routine, HwDeviceExtension, status)

#define FROM PVOID HwDeviceExtension, PSTOR_ADDRESS Address
#define WHAT                                                                                       \
    ULONG EventId, PWSTR EventDescription, ULONGLONG EventKeywords, STORPORT_ETW_LEVEL EventLevel, \
        STORPORT_ETW_EVENT_OPCODE EventOpcode, PSCSI_REQUEST_BLOCK Srb
#define ONE(i) PWSTR Parameter##i##Name, ULONGLONG Parameter##i##Value
#define TAKE(i)                                 \
    {                                           \
        Parameter##i##Name, Parameter##i##Value \
    }
#define ONE_4  ONE(1), ONE(2), ONE(3), ONE(4)
#define TAKE_4 TAKE(1), TAKE(2), TAKE(3), TAKE(4)
#define ONE_8  ONE_4, ONE(5), ONE(6), ONE(7), ONE(8)
#define TAKE_8 TAKE_4, TAKE(5), TAKE(6), TAKE(7), TAKE(8)

STORPORTAPI ULONG StorPortEtwEvent2(FROM, WHAT, ONE(1), ONE(2))
{
    TRACE_EVENT(StorPortEtwEvent2, SP_OS_8_1, 2, TAKE(1), TAKE(2));
}

STORPORTAPI ULONG StorPortEtwEvent4(FROM, WHAT, ONE_4)
{
    TRACE_EVENT(StorPortEtwEvent4, SP_OS_8_1, 4, TAKE_4);
}

STORPORTAPI ULONG StorPortEtwEvent8(FROM, WHAT, ONE_8)
{
    TRACE_EVENT(StorPortEtwEvent8, SP_OS_8_1, 8, TAKE_8);
}

STORPORTAPI ULONG StorPortEtwChannelEvent2(FROM, STORPORT_ETW_EVENT_CHANNEL EventChannel, WHAT, ONE(1), ONE(2))
{
    (void)EventChannel;
    TRACE_EVENT(StorPortEtwChannelEvent2, SP_OS_10, 2, TAKE(1), TAKE(2));
}

STORPORTAPI ULONG StorPortEtwChannelEvent4(FROM, STORPORT_ETW_EVENT_CHANNEL EventChannel, WHAT, ONE_4)
{
    (void)EventChannel;
    TRACE_EVENT(StorPortEtwChannelEvent4, SP_OS_10, 4, TAKE_4);
}

STORPORTAPI ULONG StorPortEtwChannelEvent8(FROM, STORPORT_ETW_EVENT_CHANNEL EventChannel, WHAT, ONE_8)
{
    (void)EventChannel;
    TRACE_EVENT(StorPortEtwChannelEvent8, SP_OS_10, 8, TAKE_8);
}

STORPORTAPI ULONG StorPortEtwLogByteStream(PVOID HwDeviceExtension, PSTOR_ADDRESS Address,
    STORPORT_ETW_EVENT_CHANNEL EventChannel, ULONG EventId, PWSTR EventDescription, ULONGLONG EventKeywords,
    STORPORT_ETW_LEVEL EventLevel, STORPORT_ETW_EVENT_OPCODE EventOpcode, ULONG DataLength, PUCHAR Data)
{
    const struct trace t = {.id = EventId, .description = EventDescription};

    STOR_ENTER_ANY(StorPortEtwLogByteStream, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortEtwLogByteStream, a, EventDescription && (Data || !DataLength), SP_OS_10_1809);

    (void)Address, (void)EventChannel, (void)EventKeywords, (void)EventLevel, (void)EventOpcode;
    if (status == STOR_STATUS_SUCCESS)
        trace_event(a, &t);
    STOR_LEAVE(StorPortEtwLogByteStream, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortEtwLogError(PVOID HwDeviceExtension, PSTOR_ADDRESS Address, ULONG Id, PWSTR Description,
    ULONG DataBufferLength, PUCHAR DataBuffer)
{
    const struct trace t = {.id = Id, .description = Description};

    STOR_ENTER_ANY(StorPortEtwLogError, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortEtwLogError, a, Description && (DataBuffer || !DataBufferLength), SP_OS_10_1809);

    (void)Address;
    if (status == STOR_STATUS_SUCCESS)
        trace_event(a, &t);
    STOR_LEAVE(StorPortEtwLogError, HwDeviceExtension, status);
}

/* ---- telemetry (STX-102) ---- */

static ULONG telemetry(struct sp_adapter *a, const STORPORT_TELEMETRY_EVENT *event)
{
    if (event->EventBufferLength > EVENT_BUFFER_MAX_LENGTH)
        return STOR_STATUS_INVALID_BUFFER_SIZE;
    if ((event->EventBufferLength != 0) != (event->EventBuffer != NULL))
        return STOR_STATUS_INVALID_PARAMETER;
    a->more.log.telemetry++;
    note("StorPortLogTelemetry: event %u %.32s", (unsigned)event->EventId, (const char *)event->EventName);
    return STOR_STATUS_SUCCESS;
}

STORPORTAPI ULONG StorPortLogTelemetry(
    PVOID HwDeviceExtension, PSTOR_ADDRESS StorAddress, PSTORPORT_TELEMETRY_EVENT Event)
{
    STOR_ENTER_ANY(StorPortLogTelemetry, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortLogTelemetry, a, Event, SP_OS_10);

    (void)StorAddress;
    if (status == STOR_STATUS_SUCCESS)
        status = telemetry(a, Event);
    STOR_LEAVE(StorPortLogTelemetry, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortLogTelemetryEx(PVOID HwDeviceExtension, PSTOR_ADDRESS StorAddress,
    PSTORPORT_TELEMETRY_EVENT Event, STOR_TELEMETRY_CATEGORY Category)
{
    bool known = Category == StorTelemetryCategory || Category == StorMeasuresCategory;

    STOR_ENTER_ANY(StorPortLogTelemetryEx, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortLogTelemetryEx, a, Event && known, SP_OS_11);

    (void)StorAddress;
    if (status == STOR_STATUS_SUCCESS)
        status = telemetry(a, Event);
    STOR_LEAVE(StorPortLogTelemetryEx, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortCaptureLiveDump(
    PVOID HwDeviceExtension, PSTOR_ADDRESS StorAddress, PSTORPORT_CAPTURE_LIVEDUMP CaptureLivedump)
{
    bool valid = CaptureLivedump && CaptureLivedump->Size >= sizeof *CaptureLivedump &&
                 CaptureLivedump->LiveDumpType != StorportCaptureLiveDumpTypeUndefined;

    STOR_ENTER_ANY(StorPortCaptureLiveDump, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortCaptureLiveDump, a, valid, SP_OS_11);

    (void)StorAddress;
    if (status == STOR_STATUS_SUCCESS)
        a->more.log.dumps++;
    STOR_LEAVE(StorPortCaptureLiveDump, HwDeviceExtension, status);
}

/* ---- units ---- */

STORPORTAPI ULONG StorPortStateChangeDetected(PVOID HwDeviceExtension, ULONG ChangedEntity, PSTOR_ADDRESS Address,
    ULONG Attributes, PHW_STATE_CHANGE HwStateChange, PVOID HwStateChangeContext)
{
    STOR_ENTER_ANY(StorPortStateChangeDetected, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortStateChangeDetected, a, Address, SP_OS_8);

    (void)Attributes; /* for virtual machines, which there are none of */
    if (status == STOR_STATUS_SUCCESS)
        status = sp_change_detected(a, ChangedEntity, Address, HwStateChange, HwStateChangeContext);
    STOR_LEAVE(StorPortStateChangeDetected, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortAsyncNotificationDetected(PVOID HwDeviceExtension, PSTOR_ADDRESS Address, ULONGLONG Flags)
{
    STOR_ENTER_ANY(StorPortAsyncNotificationDetected, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortAsyncNotificationDetected, a, Address, SP_OS_8);

    if (status == STOR_STATUS_SUCCESS)
        status = sp_async_detected(a, Address, Flags);
    STOR_LEAVE(StorPortAsyncNotificationDetected, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortSetUnitAttributes(
    PVOID HwDeviceExtension, PSTOR_ADDRESS Address, STOR_UNIT_ATTRIBUTES Attributes)
{
    union {
        STOR_UNIT_ATTRIBUTES bits;
        ULONG                all;
    } u = {.bits = Attributes};

    STOR_ENTER_ANY(StorPortSetUnitAttributes, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortSetUnitAttributes, a, Address, SP_OS_8);

    if (status == STOR_STATUS_SUCCESS)
        status = sp_unit_attributes(a, Address, u.all);
    STOR_LEAVE(StorPortSetUnitAttributes, HwDeviceExtension, status);
}

/* STX-048. */
static ULONG mark_failed(struct sp_adapter *a, PSTOR_ADDRESS address, ULONG flags)
{
    bool remove = flags & STORPORT_MARK_DEVICE_FAILED_FLAG_REMOVE_DEVICE &&
                  !(flags & STORPORT_MARK_DEVICE_FAILED_FLAG_PREDICTED_FAILURE);

    return sp_mark_failed(a, address, remove);
}

STORPORTAPI ULONG StorPortMarkDeviceFailed(
    PVOID HwDeviceExtension, PSTOR_ADDRESS StorAddress, ULONG Flags, PWSTR FailReason)
{
    STOR_ENTER_ANY(StorPortMarkDeviceFailed, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortMarkDeviceFailed, a, true, SP_OS_10);

    if (status == STOR_STATUS_SUCCESS) {
        note("StorPortMarkDeviceFailed: %ws", FailReason ? FailReason : L"");
        status = mark_failed(a, StorAddress, Flags);
    }
    STOR_LEAVE(StorPortMarkDeviceFailed, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortMarkDeviceFailedEx(PVOID HwDeviceExtension, PSTOR_ADDRESS StorAddress, ULONG Flags,
    ULONG FaultCode, PWSTR FaultDescription, ULONG AdditionalDataSize, PVOID AdditionalData, ULONG CriticalDataSize,
    PVOID CriticalData)
{
    bool data = (AdditionalData || !AdditionalDataSize) && (CriticalData || !CriticalDataSize);

    STOR_ENTER_ANY(StorPortMarkDeviceFailedEx, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortMarkDeviceFailedEx, a, data, SP_OS_11);

    if (status == STOR_STATUS_SUCCESS) {
        note("StorPortMarkDeviceFailedEx: 0x%x %ws", (unsigned)FaultCode, FaultDescription ? FaultDescription : L"");
        status = mark_failed(a, StorAddress, Flags);
    }
    STOR_LEAVE(StorPortMarkDeviceFailedEx, HwDeviceExtension, status);
}
