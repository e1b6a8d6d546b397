/* SPDX-License-Identifier: MIT */
/* Requests as a miniport sees them: both layouts, field by field; what is there when, and what is not. */
#include "sp/stor.h"

#include "ddk/srbhelper.h"

#define AT(type, field, offset) _Static_assert(offsetof(type, field) == (offset), #type "." #field)

/* STS-001, STS-002 */
AT(SCSI_REQUEST_BLOCK, Function, 0x02);
AT(SCSI_REQUEST_BLOCK, SrbStatus, 0x03);
AT(SCSI_REQUEST_BLOCK, ScsiStatus, 0x04);
AT(SCSI_REQUEST_BLOCK, Lun, 0x07);
AT(SCSI_REQUEST_BLOCK, CdbLength, 0x0a);
AT(SCSI_REQUEST_BLOCK, SenseInfoBufferLength, 0x0b);
AT(SCSI_REQUEST_BLOCK, SrbFlags, 0x0c);
AT(SCSI_REQUEST_BLOCK, DataTransferLength, 0x10);
AT(SCSI_REQUEST_BLOCK, TimeOutValue, 0x14);
AT(SCSI_REQUEST_BLOCK, DataBuffer, 0x18);
AT(SCSI_REQUEST_BLOCK, SenseInfoBuffer, 0x20);
AT(SCSI_REQUEST_BLOCK, NextSrb, 0x28);
AT(SCSI_REQUEST_BLOCK, OriginalRequest, 0x30);
AT(SCSI_REQUEST_BLOCK, SrbExtension, 0x38);
AT(SCSI_REQUEST_BLOCK, InternalStatus, 0x40);
AT(SCSI_REQUEST_BLOCK, Cdb, 0x48);
_Static_assert(sizeof(SCSI_REQUEST_BLOCK) == 0x58, "SCSI_REQUEST_BLOCK");

/* STS-003 */
AT(SCSI_PNP_REQUEST_BLOCK, PnPAction, 0x08);
AT(SCSI_PNP_REQUEST_BLOCK, SrbPnPFlags, 0x40);
AT(SCSI_POWER_REQUEST_BLOCK, DevicePowerState, 0x08);
AT(SCSI_POWER_REQUEST_BLOCK, PowerAction, 0x40);
AT(SCSI_WMI_REQUEST_BLOCK, WMISubFunction, 0x04);
AT(SCSI_WMI_REQUEST_BLOCK, WMIFlags, 0x09);
AT(SCSI_WMI_REQUEST_BLOCK, DataPath, 0x20);
_Static_assert(sizeof(SCSI_PNP_REQUEST_BLOCK) == 0x58 && sizeof(SCSI_POWER_REQUEST_BLOCK) == 0x58, "PnP, power");

/* STS-005 */
_Static_assert(SRB_FUNCTION_EXECUTE_SCSI == 0x00 && SRB_FUNCTION_CLAIM_DEVICE == 0x01 &&
                   SRB_FUNCTION_IO_CONTROL == 0x02 && SRB_FUNCTION_RECEIVE_EVENT == 0x03 &&
                   SRB_FUNCTION_RELEASE_QUEUE == 0x04 && SRB_FUNCTION_ATTACH_DEVICE == 0x05 &&
                   SRB_FUNCTION_RELEASE_DEVICE == 0x06 && SRB_FUNCTION_SHUTDOWN == 0x07 && SRB_FUNCTION_FLUSH == 0x08 &&
                   SRB_FUNCTION_ABORT_COMMAND == 0x10 && SRB_FUNCTION_RESET_BUS == 0x12 &&
                   SRB_FUNCTION_RESET_DEVICE == 0x13 && SRB_FUNCTION_FLUSH_QUEUE == 0x15 &&
                   SRB_FUNCTION_REMOVE_DEVICE == 0x16 && SRB_FUNCTION_WMI == 0x17 && SRB_FUNCTION_LOCK_QUEUE == 0x18 &&
                   SRB_FUNCTION_UNLOCK_QUEUE == 0x19 && SRB_FUNCTION_RESET_LOGICAL_UNIT == 0x20 &&
                   SRB_FUNCTION_POWER == 0x24 && SRB_FUNCTION_PNP == 0x25 && SRB_FUNCTION_DUMP_POINTERS == 0x26 &&
                   SRB_FUNCTION_FREE_DUMP_POINTERS == 0x27 && SRB_FUNCTION_STORAGE_REQUEST_BLOCK == 0x28,
    "functions");

/* STS-007 */
_Static_assert(
    SRB_STATUS_PENDING == 0 && SRB_STATUS_SUCCESS == 1 && SRB_STATUS_ABORTED == 2 && SRB_STATUS_ABORT_FAILED == 3 &&
        SRB_STATUS_ERROR == 4 && SRB_STATUS_BUSY == 5 && SRB_STATUS_INVALID_REQUEST == 6 && SRB_STATUS_NO_DEVICE == 8 &&
        SRB_STATUS_TIMEOUT == 9 && SRB_STATUS_SELECTION_TIMEOUT == 0xa && SRB_STATUS_COMMAND_TIMEOUT == 0xb &&
        SRB_STATUS_BUS_RESET == 0xe && SRB_STATUS_DATA_OVERRUN == 0x12 && SRB_STATUS_REQUEST_FLUSHED == 0x16 &&
        SRB_STATUS_INVALID_LUN == 0x20 && SRB_STATUS_BAD_FUNCTION == 0x22 && SRB_STATUS_NOT_POWERED == 0x24 &&
        SRB_STATUS_LINK_DOWN == 0x25 && SRB_STATUS_INTERNAL_ERROR == 0x30 && SRB_STATUS(0xc4) == SRB_STATUS_ERROR,
    "statuses");

/* STS-008 */
_Static_assert(SCSISTAT_GOOD == 0 && SCSISTAT_CHECK_CONDITION == 2 && SCSISTAT_CONDITION_MET == 4 &&
                   SCSISTAT_BUSY == 8 && SCSISTAT_INTERMEDIATE == 0x10 && SCSISTAT_INTERMEDIATE_COND_MET == 0x14 &&
                   SCSISTAT_RESERVATION_CONFLICT == 0x18 && SCSISTAT_COMMAND_TERMINATED == 0x22 &&
                   SCSISTAT_QUEUE_FULL == 0x28,
    "SCSI statuses");

/* STS-014 */
_Static_assert(SRB_SIMPLE_TAG_REQUEST == 0x20 && SRB_HEAD_OF_QUEUE_TAG_REQUEST == 0x21 &&
                   SRB_ORDERED_QUEUE_TAG_REQUEST == 0x22 && SRB_FLAGS_QUEUE_ACTION_ENABLE == 2,
    "tags");

/* STS-030, STS-037 */
AT(STORAGE_REQUEST_BLOCK, Function, 0x02);
AT(STORAGE_REQUEST_BLOCK, Signature, 0x08);
AT(STORAGE_REQUEST_BLOCK, SrbFunction, 0x14);
AT(STORAGE_REQUEST_BLOCK, SrbExDataOffset, 0x78);
_Static_assert(SRBEX_DATA_SCSI_CDB16_LENGTH == 32 && SRBEX_DATA_SCSI_CDB32_LENGTH == 48 &&
                   SRBEX_DATA_SCSI_CDB_VAR_LENGTH_MIN == 24,
    "lengths");

/* ---- what HwStorBuildIo and HwStorStartIo find ---- */

static UCHAR    copy[512], data_out[1024];
static PVOID    srb_seen, extension_seen[2];
static UCHAR    pattern_seen;
static unsigned seen;

static void look(PSCSI_REQUEST_BLOCK srb)
{
    PSTORAGE_REQUEST_BLOCK x = mini_extended(srb);

    dt_expect_eq(srb->SrbStatus, SRB_STATUS_PENDING); /* STS-004 */
    if (mini_function(srb) != SRB_FUNCTION_EXECUTE_SCSI)
        return;
    srb_seen = srb;
    memcpy(copy, srb, x ? x->SrbLength : sizeof *srb);
    extension_seen[seen++ & 1] = SrbGetMiniportContext(srb);
    if (SrbGetMiniportContext(srb))
        pattern_seen = *(UCHAR *)SrbGetMiniportContext(srb);
}

static bool build_looks(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    (void)e;
    dt_expect_eq(srb->SrbStatus, SRB_STATUS_PENDING);
    return true;
}

static bool start_looks(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    look(srb);
    complete(e, srb, SRB_STATUS_SUCCESS);
    return true;
}

static struct dt_stor_request write_request(void)
{
    struct dt_stor_request r = {.lun = 3,
        .path = 0,
        .target = 0,
        .flags = SRB_FLAGS_DATA_OUT | SRB_FLAGS_QUEUE_ACTION_ENABLE | SRB_FLAGS_NO_QUEUE_FREEZE,
        .tag_action = SRB_ORDERED_QUEUE_TAG_REQUEST,
        .data = data_out,
        .bytes = sizeof data_out,
        .timeout_s = 7};

    r.cdb_bytes = 16;
    r.cdb[0] = SCSIOP_WRITE16;
    r.cdb[13] = 2;
    return r;
}

/* STS-001, STS-013, STS-015, STS-016: the classic one. */
static void classic(void *ctx)
{
    dt_stor               *s = go(&(struct mini){.scan = true, .luns = 4});
    struct dt_stor_request r = write_request();
    PSCSI_REQUEST_BLOCK    srb = (PSCSI_REQUEST_BLOCK)(void *)copy;

    (void)ctx;
    mini.start = start_looks;
    dt_expect_eq(dt_stor_run(s, &r), SRB_STATUS_SUCCESS);
    dt_expect_eq(srb->Length, sizeof *srb);
    dt_expect_eq(srb->Function, SRB_FUNCTION_EXECUTE_SCSI);
    dt_expect(srb->PathId == 0 && srb->TargetId == 0 && srb->Lun == 3);
    dt_expect_eq(srb->QueueAction, SRB_ORDERED_QUEUE_TAG_REQUEST);
    dt_expect_eq(srb->CdbLength, 16);
    dt_expect_eq(srb->Cdb[0], SCSIOP_WRITE16);
    dt_expect_eq(srb->DataTransferLength, sizeof data_out);
    dt_expect_eq(srb->TimeOutValue, 7);
    dt_expect(srb->SrbFlags & SRB_FLAGS_DATA_OUT && !(srb->SrbFlags & SRB_FLAGS_DATA_IN));
    dt_expect(srb->DataBuffer == data_out);
    dt_expect(srb->SenseInfoBuffer && srb->SenseInfoBufferLength >= 18);
    dt_expect(srb->SrbExtension == NULL);
    over(s);
}

/* STS-015: one of that size, aligned, reachable; STS-016: poisoned, and another one for each issue. */
static void extension(void *ctx)
{
    dt_stor               *s = go(&(struct mini){.physical = true, .ext_bytes = 300});
    struct dt_stor_request r = simple(0);
    ULONG                  length = 0;

    (void)ctx;
    mini.start = start_looks;
    mini.build = build_looks;
    seen = 0;
    for (int i = 0; i < 2; i++)
        dt_expect_eq(dt_stor_run(s, &r), SRB_STATUS_SUCCESS);
    dt_expect(extension_seen[0] && extension_seen[1] && (uintptr_t)extension_seen[0] % 16 == 0);
    dt_expect(extension_seen[0] != extension_seen[1]);
    dt_expect_eq(pattern_seen, 0xcb);
    dt_expect(StorPortGetPhysicalAddress(ext_of(s), NULL, extension_seen[0], &length).QuadPart != 0);
    dt_expect_eq(*(UCHAR *)extension_seen[0], 0xdb);
    over(s);
}

/* STS-030, STS-031, STS-032, STS-033, STS-034, STS-035, STS-036, STS-038, STS-039, STS-040: the extended one. */
static void extended(void *ctx)
{
    dt_stor               *s = go(&(struct mini){.scan = true, .luns = 4, .extended = true, .ext_bytes = 64});
    struct dt_stor_request r = write_request();
    PSTORAGE_REQUEST_BLOCK x = (PSTORAGE_REQUEST_BLOCK)(void *)copy;
    PSTOR_ADDR_BTL8        a;
    PSRBEX_DATA_SCSI_CDB16 c;

    (void)ctx;
    mini.start = start_looks;
    dt_expect_eq(dt_stor_run(s, &r), SRB_STATUS_SUCCESS);
    dt_expect_eq(x->Function, SRB_FUNCTION_STORAGE_REQUEST_BLOCK);
    dt_expect_eq(x->SrbFunction, SRB_FUNCTION_EXECUTE_SCSI);
    dt_expect_eq(x->Length, 8);
    dt_expect_eq(x->Signature, SRB_SIGNATURE);
    dt_expect_eq(x->Version, STORAGE_REQUEST_BLOCK_VERSION_1);
    dt_expect(x->ZeroGuard1 == 0 && x->ZeroGuard2 == NULL);
    dt_expect_eq(x->RequestPriority, 2);
    dt_expect_eq(x->RequestAttribute, SRB_ORDERED_QUEUE_TAG_REQUEST);
    dt_expect(x->MiniportContext != NULL);
    a = (PSTOR_ADDR_BTL8)(void *)(copy + x->AddressOffset);
    dt_expect_eq(a->Type, STOR_ADDRESS_TYPE_BTL8);
    dt_expect_eq(a->AddressLength, STOR_ADDR_BTL8_ADDRESS_LENGTH);
    dt_expect(a->Path == 0 && a->Target == 0 && a->Lun == 3 && a->Port == 0);
    dt_expect_eq(x->NumSrbExData, 1);
    c = (PSRBEX_DATA_SCSI_CDB16)(void *)(copy + x->SrbExDataOffset[0]);
    dt_expect_eq(c->Type, SrbExDataTypeScsiCdb16);
    dt_expect_eq(c->Length, SRBEX_DATA_SCSI_CDB16_LENGTH);
    dt_expect_eq(c->CdbLength, 16);
    dt_expect_eq(c->Cdb[0], SCSIOP_WRITE16);
    dt_expect(c->SenseInfoBuffer && c->SenseInfoBufferLength >= 18);
    dt_expect(x->SrbLength >= x->SrbExDataOffset[0] + sizeof *c);
    over(s);
}

/* STS-035, STS-037: the block is as long as the command needs. */
static void cdb_kinds(void *ctx)
{
    dt_stor               *s = go(&(struct mini){.extended = true, .start = start_looks});
    PSTORAGE_REQUEST_BLOCK x = (PSTORAGE_REQUEST_BLOCK)(void *)copy;
    struct dt_stor_request r = simple(0);

    (void)ctx;
    r.cdb_bytes = 32;
    r.cdb[31] = 0x42;
    dt_expect_eq(dt_stor_run(s, &r), SRB_STATUS_SUCCESS);
    PSRBEX_DATA_SCSI_CDB32 c = (PSRBEX_DATA_SCSI_CDB32)(void *)(copy + x->SrbExDataOffset[0]);

    dt_expect_eq(c->Type, SrbExDataTypeScsiCdb32);
    dt_expect_eq(c->Length, SRBEX_DATA_SCSI_CDB32_LENGTH);
    dt_expect_eq(c->Cdb[31], 0x42);
    over(s);
}

/* STS-035, STS-041: what the sender says of the I/O, and the routines that find a kind of extended data. */
static void io_information(void *ctx)
{
    dt_stor               *s = go(&(struct mini){.extended = true, .start = start_looks});
    PSTORAGE_REQUEST_BLOCK x = (PSTORAGE_REQUEST_BLOCK)(void *)copy;
    struct dt_stor_request r = simple(0);

    (void)ctx;
    r.io_info = true;
    r.io_flags = REQUEST_INFO_SEQUENTIAL_IO_FLAG;
    r.io_key = 77;
    dt_expect_eq(dt_stor_run(s, &r), SRB_STATUS_SUCCESS);
    dt_expect_eq(x->NumSrbExData, 2);
    PSRBEX_DATA_IO_INFO i = (PSRBEX_DATA_IO_INFO)SrbGetSrbExDataByType(x, SrbExDataTypeIoInfo);

    dt_expect(i != NULL);
    dt_expect(i && i->Length == SRBEX_DATA_IO_INFO_LENGTH);
    dt_expect(i && i->Flags == REQUEST_INFO_SEQUENTIAL_IO_FLAG && i->Key == 77);
    dt_expect(SrbGetSrbExDataByType(x, SrbExDataTypePnP) == NULL);
    over(s);
}

/* STS-040: a miniport that takes classic requests only never sees the other ones. */
static void check_classic(void *ctx)
{
    dt_stor *s = go(&(struct mini){.start = start_looks});

    (void)ctx;
    dt_expect_eq(run_one(s), SRB_STATUS_SUCCESS);
    dt_expect(copy[2] == SRB_FUNCTION_EXECUTE_SCSI);
    over(s);
}

static void layouts(void **state)
{
    (void)state;
    passes(classic);
    passes(extension);
    passes(extended);
    passes(cdb_kinds);
    passes(io_information);
    passes(check_classic);
}

/* ---- answers ---- */

/* STS-019: less sense data than there was room for. */
static bool start_senses(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    complete(e, srb, mini_sense(srb, 5, 0x24));
    return true;
}

static void sense(void *ctx)
{
    dt_stor               *s = go(&(struct mini){.start = start_senses});
    struct dt_stor_request r = simple(0);

    (void)ctx;
    dt_expect_eq(SRB_STATUS(dt_stor_run(s, &r)), SRB_STATUS_ERROR);
    dt_expect_eq(r.sense_bytes, 18);
    dt_expect_eq(r.sense[2], 5);
    dt_expect_eq(r.scsi_status, SCSISTAT_CHECK_CONDITION);
    over(s);
}

/* STS-009: either answer to a function that it does not know. */
static UCHAR answer;

static bool start_refuses(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    complete(e, srb, answer);
    return true;
}

static void refusals(void *ctx)
{
    dt_stor *s = go(&(struct mini){.start = start_refuses});

    (void)ctx;
    answer = SRB_STATUS_BAD_FUNCTION;
    dt_expect_eq(run_one(s), SRB_STATUS_BAD_FUNCTION);
    answer = SRB_STATUS_INVALID_REQUEST;
    dt_expect_eq(run_one(s), SRB_STATUS_INVALID_REQUEST);
    over(s);
}

/* STS-012: with STOR_MAP_NO_BUFFERS an address at which there is nothing. */
static void map_nothing(PHW_INITIALIZATION_DATA hw)
{
    hw->MapBuffers = STOR_MAP_NO_BUFFERS;
}

static void map_commands(PHW_INITIALIZATION_DATA hw)
{
    hw->MapBuffers = STOR_MAP_NON_READ_WRITE_BUFFERS;
}

static void unmapped(void *ctx)
{
    dt_stor               *s = go(&(struct mini){.start = start_looks, .data = map_nothing});
    struct dt_stor_request r = write_request();

    (void)ctx;
    r.lun = 0;
    dt_expect_eq(dt_stor_run(s, &r), SRB_STATUS_SUCCESS);
    PVOID seen_buffer = ((PSCSI_REQUEST_BLOCK)(void *)copy)->DataBuffer;

    dt_expect(seen_buffer && seen_buffer != data_out);
    over(s);
}

/* STS-010: NULL for a read or write, the buffer for others, the length always. */
static void mapped_commands(void *ctx)
{
    dt_stor               *s = go(&(struct mini){.start = start_looks, .data = map_commands});
    struct dt_stor_request r = write_request();
    PSCSI_REQUEST_BLOCK    srb = (PSCSI_REQUEST_BLOCK)(void *)copy;

    (void)ctx;
    r.lun = 0;
    dt_expect_eq(dt_stor_run(s, &r), SRB_STATUS_SUCCESS);
    dt_expect(srb->DataBuffer == NULL);
    dt_expect_eq(srb->DataTransferLength, sizeof data_out);
    r.cdb[0] = SCSIOP_MODE_SELECT10;
    dt_expect_eq(dt_stor_run(s, &r), SRB_STATUS_SUCCESS);
    dt_expect(srb->DataBuffer == data_out);
    over(s);
}

/* STS-011: an IO_CONTROL buffer is there in any case. */
static bool control_seen;

static BOOLEAN build_io_control(PVOID ext, PSCSI_REQUEST_BLOCK srb)
{
    (void)ext;
    if (mini_function(srb) == SRB_FUNCTION_IO_CONTROL) {
        ((PUCHAR)mini_data(srb))[0] = 0x77;
        control_seen = true;
    }
    return TRUE;
}

static void map_nothing_and_build(PHW_INITIALIZATION_DATA hw)
{
    map_nothing(hw);
    hw->HwBuildIo = build_io_control;
}

static void io_control(void *ctx)
{
    dt_stor               *s = go(&(struct mini){.physical = true, .data = map_nothing_and_build});
    UCHAR                  buf[64] = {0};
    struct dt_stor_request r = {
        .function = SRB_FUNCTION_IO_CONTROL, .data = buf, .bytes = sizeof buf, .flags = SRB_FLAGS_DATA_IN};

    (void)ctx;
    control_seen = false;
    dt_expect_eq(dt_stor_run(s, &r), SRB_STATUS_SUCCESS);
    dt_expect(control_seen);
    dt_expect_eq(buf[0], 0x77);
    over(s);
}

/* STS-006: none of those that are between class and port ever comes by. */
static volatile LONG strangers;

static BOOLEAN build_counts(PVOID ext, PSCSI_REQUEST_BLOCK srb)
{
    UCHAR f = mini_function(srb);

    (void)ext;
    if (f == SRB_FUNCTION_CLAIM_DEVICE || f == SRB_FUNCTION_ATTACH_DEVICE || f == SRB_FUNCTION_RELEASE_DEVICE ||
        f == SRB_FUNCTION_FLUSH_QUEUE || f == SRB_FUNCTION_RELEASE_QUEUE || f == SRB_FUNCTION_LOCK_QUEUE ||
        f == SRB_FUNCTION_UNLOCK_QUEUE || f == SRB_FUNCTION_REMOVE_DEVICE)
        InterlockedIncrement(&strangers);
    return TRUE;
}

static void count(PHW_INITIALIZATION_DATA hw)
{
    hw->HwBuildIo = build_counts;
}

static void port_functions(void *ctx)
{
    static const UCHAR functions[] = {SRB_FUNCTION_LOCK_QUEUE, SRB_FUNCTION_UNLOCK_QUEUE, SRB_FUNCTION_RELEASE_QUEUE,
        SRB_FUNCTION_FLUSH_QUEUE, SRB_FUNCTION_RELEASE_DEVICE};
    dt_stor           *s = go(&(struct mini){.physical = true, .scan = true, .data = count});

    (void)ctx;
    strangers = 0;
    for (size_t i = 0; i < sizeof functions; i++) {
        struct dt_stor_request r = {.function = functions[i], .flags = SRB_FLAGS_BYPASS_LOCKED_QUEUE};

        dt_stor_run(s, &r);
    }
    dt_expect_eq(strangers, 0);
    over(s);
}

static void buffers_and_answers(void **state)
{
    (void)state;
    passes(sense);
    passes(refusals);
    passes(unmapped);
    passes(mapped_commands);
    passes(io_control);
    passes(port_functions);
}

/* ---- memory after its time ---- */

/* STS-016: written after completion. */
static bool start_writes_late(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    complete(e, srb, SRB_STATUS_SUCCESS);
    srb->TimeOutValue = 1;
    return true;
}

static void written_late(void *ctx)
{
    dt_stor *s = go(&(struct mini){.start = start_writes_late});

    (void)ctx;
    for (int i = 0; i < 8; i++)
        run_one(s);
    over(s);
}

/* STS-017: zeroed when it is made; NULL for no unit. */
static void unit_bytes(PHW_INITIALIZATION_DATA hw)
{
    hw->SpecificLuExtensionSize = 40;
}

static void unit_extension(void *ctx)
{
    dt_stor         *s = go(&(struct mini){.scan = true, .luns = 2, .data = unit_bytes});
    struct mini_ext *e = ext_of(s);
    UCHAR           *u = StorPortGetLogicalUnit(e, 0, 0, 0), *v = StorPortGetLogicalUnit(e, 0, 0, 1);

    (void)ctx;
    dt_expect(u && v && u != v);
    for (int i = 0; u && i < 40; i++)
        dt_expect_eq(u[i], 0);
    dt_expect(StorPortGetLogicalUnit(e, 0, 0, 7) == NULL);
    over(s);
}

static void no_unit_extension(void *ctx)
{
    dt_stor *s = go(&(struct mini){.scan = true});

    (void)ctx;
    dt_expect(StorPortGetLogicalUnit(ext_of(s), 0, 0, 0) == NULL);
    over(s);
}

static void memory_of_requests(void **state)
{
    (void)state;
    caught(written_late, "DT-S09", ANY_CODE);
    passes(unit_extension);
    passes(no_unit_extension);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layouts),
        cmocka_unit_test(buffers_and_answers),
        cmocka_unit_test(memory_of_requests),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
