/* SPDX-License-Identifier: MIT */
/* HwStorFindAdapter: what it is given, what it may change, what it must set, what it may call. */
#include "sp/card.h"

static void (*finder)(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c);
static struct mini finder_mini;

static void find_body(void *ctx)
{
    struct mini m = finder_mini;

    (void)ctx;
    m.find = finder;
    if (m.physical)
        m.cfg.device = plug();
    over(begin(&m));
}

static void physical_passes(void (*fn)(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c))
{
    finder = fn;
    finder_mini = (struct mini){.physical = true};
    passes(find_body);
}

static void physical_caught(
    void (*fn)(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c), const char *rule, uint32_t code)
{
    finder = fn;
    finder_mini = (struct mini){.physical = true};
    caught(find_body, rule, code);
}

/* ---- what is given: STI-020, STI-023 to STI-028 ---- */

static LONG finds;

static void given(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c)
{
    finds++;
    dt_expect_eq(c->Length, sizeof *c);
    dt_expect_eq(c->SystemIoBusNumber, CARD_BUS);
    dt_expect_eq(c->SlotNumber, CARD_SLOT);
    dt_expect_eq(c->NumberOfAccessRanges, 2); /* STI-028: one card's */
    dt_expect_eq((*c->AccessRanges)[0].RangeStart.QuadPart, CARD_MEMORY);
    dt_expect_eq((*c->AccessRanges)[0].RangeInMemory, TRUE);
    dt_expect_eq((*c->AccessRanges)[1].RangeLength, CARD_BYTES);
    dt_expect_eq((*c->AccessRanges)[1].RangeInMemory, FALSE);
    dt_expect_eq(c->MaxNumberOfIO, 1000);
    dt_expect_eq(c->MaxIOsPerLun, 255);
    dt_expect_eq(c->InitialLunQueueDepth, 20);
    for (size_t i = 0; i < sizeof *e; i++)
        dt_expect_eq(((UCHAR *)e)[i], 0); /* STI-027 */
}

/* STI-020 */
static void given_body(void *ctx)
{
    (void)ctx;
    finds = 0;
    over(begin(&(struct mini){.physical = true, .find = given, .cfg.device = plug()}));
    dt_expect_eq(finds, 1);
}

static ULONG breaks_seen, transfer_seen;
static UCHAR dma_seen;

static ULONG see_defaults(
    PVOID ext, PVOID context, PVOID bus, PCHAR argument, PPORT_CONFIGURATION_INFORMATION c, PBOOLEAN again)
{
    breaks_seen = c->NumberOfPhysicalBreaks;
    transfer_seen = c->MaximumTransferLength;
    dma_seen = c->Dma64BitAddresses;
    dt_expect(context == NULL && bus == NULL); /* STI-025 */
    dt_expect(argument == NULL || strcmp(argument, "mirror=2") == 0);
    return mini_find_physical(ext, context, bus, argument, c, again);
}

static void use_see_defaults(PHW_INITIALIZATION_DATA hw)
{
    hw->HwFindAdapter = (PVOID)see_defaults;
}

static void defaults_body(void *ctx)
{
    (void)ctx;
    over(begin(&(struct mini){.physical = true, .data = use_see_defaults}));
    dt_expect_eq(breaks_seen, SP_UNINITIALIZED_VALUE);
    dt_expect_eq(transfer_seen, SP_UNINITIALIZED_VALUE);
    dt_expect_eq(dma_seen, SCSI_DMA64_SYSTEM_SUPPORTED); /* STI-030 */
    over(begin(&(struct mini){.physical = true, .data = use_see_defaults, .cfg.breaks_default_0x11 = true}));
    dt_expect_eq(breaks_seen, 0x11); /* STI-023 */
}

/* STI-025, STV-005 */
static PVOID virtual_args[3];
static char  argument_seen[32];

static ULONG see_arguments(
    PVOID ext, PVOID pdo, PVOID fdo, PVOID lower, PCHAR argument, PPORT_CONFIGURATION_INFORMATION c, PBOOLEAN again)
{
    virtual_args[0] = pdo;
    virtual_args[1] = fdo;
    virtual_args[2] = lower;
    dt_expect(again != NULL && !*again);
    strncpy(argument_seen, argument ? argument : "", sizeof argument_seen - 1);
    return mini_find_virtual(ext, pdo, fdo, lower, argument, c, again);
}

static void use_see_arguments(PHW_INITIALIZATION_DATA hw)
{
    hw->HwFindAdapter = (PVOID)see_arguments;
}

static void arguments_body(void *ctx)
{
    PVOID adapter = NULL, physical = NULL, lower = NULL;

    (void)ctx;
    dt_stor *s = begin(&(struct mini){.data = use_see_arguments});

    dt_expect_eq(StorPortGetDeviceObjects(ext_of(s), &adapter, &physical, &lower), STOR_STATUS_SUCCESS);
    dt_expect(virtual_args[0] == physical && virtual_args[1] == adapter && virtual_args[2] == lower);
    dt_expect(virtual_args[0] && virtual_args[1] && virtual_args[0] != virtual_args[1]);
    over(s);
}

/* STI-026 */
static void argument_body(void *ctx)
{
    const struct dt_stor_value values[] = {
        {.name = "DriverParameter", .type = REG_SZ, .bytes = 9, .data = "mirror=2"}, {0}};

    (void)ctx;
    over(begin(&(struct mini){.data = use_see_arguments}));
    dt_expect(strcmp(argument_seen, "") == 0);
    over(begin(&(struct mini){.data = use_see_arguments, .cfg.registry = values}));
    dt_expect(strcmp(argument_seen, "mirror=2") == 0);
    over(begin(&(struct mini){.physical = true, .data = use_see_defaults, .cfg.registry = values}));
    over(begin(&(struct mini){.data = use_see_arguments, .cfg.argument = "size=4"}));
    dt_expect(strcmp(argument_seen, "size=4") == 0);
}

static void what_is_given(void **state)
{
    (void)state;
    passes(given_body);
    passes(defaults_body);
    passes(arguments_body);
    passes(argument_body);
}

/* ---- results: STI-021 ---- */

static ULONG find_result;

static ULONG find_answers(
    PVOID ext, PVOID pdo, PVOID fdo, PVOID lower, PCHAR argument, PPORT_CONFIGURATION_INFORMATION c, PBOOLEAN again)
{
    mini_find_virtual(ext, pdo, fdo, lower, argument, c, again);
    return find_result;
}

static void use_find_answers(PHW_INITIALIZATION_DATA hw)
{
    hw->HwFindAdapter = (PVOID)find_answers;
}

static void result_body(void *ctx)
{
    dt_status status = 0;

    (void)ctx;
    mini = (struct mini){.data = use_find_answers, .cfg.no_scan = true};
    mini_drv = dt_driver_load((dt_driver_entry *)mini_entry);
    dt_stor *s = dt_stor_start(mini_drv, &mini.cfg, &status);

    dt_expect_eq(NT_SUCCESS(status), find_result == SP_RETURN_FOUND);
    if (s)
        dt_expect_eq(dt_stor_remove(s), STATUS_SUCCESS);
    dt_expect_eq(dt_driver_unload(mini_drv), STATUS_SUCCESS);
}

static void results(void **state)
{
    (void)state;
    for (find_result = SP_RETURN_NOT_FOUND; find_result <= SP_RETURN_BAD_CONFIG; find_result++)
        passes(result_body);
    caught(result_body, "DT-S17", 0);
}

/* ---- what must be set, what must not: STI-020, STI-022, STI-024, STI-029, STI-030, STI-034 ---- */

static void zero_it(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c)
{
    (void)e;
    memset(c, 0, sizeof *c);
}

#define SETS(name, member, value)                                           \
    static void name(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c) \
    {                                                                       \
        (void)e;                                                            \
        c->member = value;                                                  \
    }

SETS(no_transfer, MaximumTransferLength, SP_UNINITIALIZED_VALUE)
SETS(no_breaks, NumberOfPhysicalBreaks, SP_UNINITIALIZED_VALUE)
SETS(other_device_kind, VirtualDevice, mini.physical)
SETS(keeps_dma, Dma64BitAddresses, SCSI_DMA64_SYSTEM_SUPPORTED)
SETS(only_32_bits, Dma64BitAddresses, 0)
SETS(one_4gb, Dma64BitAddresses, SCSI_DMA64_MINIPORT_64BIT_ONE_4GB_SUPPORTED)
SETS(masters, Master, TRUE)
SETS(scatters, ScatterGather, TRUE)
SETS(no_master, Master, FALSE)
SETS(other_length, Length, 1)
SETS(other_bus, SystemIoBusNumber, 9)
SETS(other_interface, AdapterInterfaceType, Internal)
SETS(other_level, BusInterruptLevel, 1)
SETS(other_vector, BusInterruptVector, 99)
SETS(other_mode, InterruptMode, Latched)
SETS(other_channel, DmaChannel, 1)
SETS(other_port, DmaPort, 1)
SETS(other_width, DmaWidth, Width16Bits)
SETS(other_speed, DmaSpeed, TypeA)
SETS(other_ranges, NumberOfAccessRanges, 1)
SETS(other_range, AccessRanges, NULL)
SETS(no_tags, TaggedQueuing, FALSE)
SETS(no_sense, AutoRequestSense, FALSE)
SETS(no_multiple, MultipleRequestPerLu, FALSE)
SETS(no_addresses, NeedPhysicalAddresses, FALSE)
SETS(other_slot, SlotNumber, 1)

static void read_only(void **state)
{
    static void (*const changes[])(struct mini_ext * e, PPORT_CONFIGURATION_INFORMATION c) = {zero_it, no_master,
        other_length, other_bus, other_interface, other_level, other_vector, other_mode, other_channel, other_port,
        other_width, other_speed, other_ranges, other_range, no_tags, no_sense, no_multiple, no_addresses, other_slot};

    (void)state;
    for (unsigned i = 0; i < ARRAYSIZE(changes); i++)
        physical_caught(changes[i], "DT-S17", 0);
    physical_passes(masters); /* old drivers do */
    physical_passes(scatters);
}

static void must_be_set(void **state)
{
    (void)state;
    physical_caught(no_transfer, "DT-S17", 0);
    physical_caught(no_breaks, "DT-S17", 0);
    physical_caught(other_device_kind, "DT-S17", 0);
    physical_caught(keeps_dma, "DT-S17", 0);
    physical_passes(only_32_bits);
    physical_passes(one_4gb);
    finder_mini = (struct mini){0};
    finder = other_device_kind; /* STV-006 */
    caught(find_body, "DT-S17", 0);
    finder = no_breaks;
    passes(find_body);
}

/* STI-024: unlimited is a number all the same. */
static void unlimited_body(void *ctx)
{
    struct dt_stor_request r = {.cdb_bytes = 6, .data = &r, .bytes = 0x7fffffff};

    (void)ctx;
    dt_stor *s = begin(&(struct mini){.find = no_transfer});

    dt_expect_eq(dt_stor_run(s, &r), SRB_STATUS_INTERNAL_ERROR);
    dt_expect_eq(run_one(s), SRB_STATUS_SUCCESS);
    over(s);
}

static void unlimited(void **state)
{
    (void)state;
    passes(unlimited_body);
}

/* ---- values: STI-032, STI-033, STI-035, STI-037 ---- */

static ULONG a_value;

SETS(set_alignment, AlignmentMask, a_value)
SETS(set_map, MapBuffers, (UCHAR)a_value)

static void set_width(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c)
{
    (void)e;
    c->FeatureSupport |= STOR_ADAPTER_DMA_ADDRESS_WIDTH_SPECIFIED;
    c->DmaAddressWidth = (UCHAR)a_value;
}

static void set_width_only(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c)
{
    (void)e;
    c->DmaAddressWidth = (UCHAR)a_value;
}

static void values(void **state)
{
    static const ULONG good[] = {0, 1, 3, 7, 0xf, 0x1f, 0x3f, 0x7f, 0xff, 0x1ff}, bad[] = {2, 5, 0x3ff, 0x100};

    (void)state;
    for (unsigned i = 0; i < ARRAYSIZE(good); i++) {
        a_value = good[i];
        physical_passes(set_alignment);
    }
    for (unsigned i = 0; i < ARRAYSIZE(bad); i++) {
        a_value = bad[i];
        physical_caught(set_alignment, "DT-S17", 0);
    }
    for (a_value = STOR_MAP_NO_BUFFERS; a_value <= STOR_MAP_ALL_BUFFERS_INCLUDING_READ_WRITE; a_value++)
        physical_passes(set_map);
    physical_caught(set_map, "DT-S17", 0);
    a_value = 65;
    physical_caught(set_width, "DT-S17", 0);
    physical_passes(set_width_only);
    a_value = 0;
    physical_caught(set_width, "DT-S17", 0);
    a_value = 48;
    physical_passes(set_width);
}

static void aligned_body(void *ctx)
{
    _Alignas(512) UCHAR    buf[1024];
    struct dt_stor_request r = {.cdb_bytes = 6, .data = buf + 1, .bytes = 512};

    (void)ctx;
    a_value = 0x1ff;
    dt_stor *s = begin(&(struct mini){.find = set_alignment});

    dt_expect_eq(dt_stor_run(s, &r), SRB_STATUS_INTERNAL_ERROR);
    r.data = buf;
    dt_expect_eq(dt_stor_run(s, &r), SRB_STATUS_SUCCESS);
    over(s);
}

/* STI-033, STV-018: which buffers have an address. */
static PVOID read_write_seen, other_seen;

static bool see_buffers(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    if (mini_cdb(srb)[0] == SCSIOP_READ16)
        read_write_seen = mini_data(srb);
    else
        other_seen = mini_data(srb);
    return mini_execute(e, srb);
}

static void take_map(PHW_INITIALIZATION_DATA hw)
{
    hw->MapBuffers = (UCHAR)a_value;
}

static void expect_mapped(UCHAR map, bool read_write, bool others)
{
    UCHAR                  buf[BLOCK_BYTES];
    struct dt_stor_request r = {0}, o = {.cdb_bytes = 6, .cdb = {SCSIOP_INQUIRY}, .data = buf, .bytes = 36};

    a_value = map;
    dt_stor *s = begin(&(struct mini){.start = see_buffers, .data = take_map});

    dt_stor_cdb(&r, false, 0, 0, buf, 1, BLOCK_BYTES);
    dt_stor_run(s, &r);
    dt_stor_run(s, &o);
    dt_expect_eq(read_write_seen == (PVOID)buf, read_write);
    dt_expect_eq(other_seen == (PVOID)buf, others);
    over(s);
}

static void map_body(void *ctx)
{
    (void)ctx;
    expect_mapped(STOR_MAP_NO_BUFFERS, false, false);
    expect_mapped(STOR_MAP_ALL_BUFFERS, false, true);
    expect_mapped(STOR_MAP_NON_READ_WRITE_BUFFERS, false, true);
    expect_mapped(STOR_MAP_ALL_BUFFERS_INCLUDING_READ_WRITE, true, true);
}

/* STI-035 */
static ULONG scan_max[3], scan_addresses;

static bool note_address(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    scan_addresses++;
    dt_expect(srb->PathId < scan_max[0] && srb->TargetId < scan_max[1] && srb->Lun < scan_max[2]);
    complete(e, srb, mini_cdb(srb)[0] == SCSIOP_REPORT_LUNS ? SRB_STATUS_INVALID_REQUEST : SRB_STATUS_NO_DEVICE);
    return true;
}

static void bound_scan(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c)
{
    (void)e;
    c->NumberOfBuses = (UCHAR)scan_max[0];
    c->MaximumNumberOfTargets = (UCHAR)scan_max[1];
    c->MaximumNumberOfLogicalUnits = (UCHAR)scan_max[2];
}

static void scan_body(void *ctx)
{
    (void)ctx;
    memcpy(scan_max, (ULONG[3]){2, 3, 4}, sizeof scan_max);
    scan_addresses = 0;
    dt_stor *s = begin(&(struct mini){.scan = true, .start = note_address, .find = bound_scan});

    dt_expect_eq(dt_stor_unit_count(s), 0);
    dt_expect(scan_addresses >= 6); /* every target */
    over(s);
}

static void effects(void **state)
{
    (void)state;
    passes(aligned_body);
    passes(map_body);
    passes(scan_body);
}

/* ---- bus data: STI-038 to STI-041 ---- */

/* STI-039, STI-040, STI-041 */
static void bus_data(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c)
{
    UCHAR  buf[64];
    PUCHAR own = NULL, own2 = NULL;
    UCHAR  value = 0x42;

    dt_expect_eq(StorPortGetBusData(e, PCIConfiguration, CARD_BUS, CARD_SLOT, buf, sizeof buf), sizeof buf);
    dt_expect_eq(buf[17], 17);
    dt_expect_eq(StorPortGetBusData(e, PCIConfiguration, CARD_BUS + 1, CARD_SLOT, buf, sizeof buf), 0);
    dt_expect_eq(StorPortGetBusData(e, PCIConfiguration, CARD_BUS, CARD_SLOT + 1, buf, sizeof buf), 2);
    dt_expect(buf[0] == 0xff && buf[1] == 0xff);
    dt_expect_eq(StorPortGetBusData(e, PCIConfiguration, CARD_BUS, CARD_SLOT, &own, 0), 256);
    dt_expect_eq(own[200], 200);
    dt_expect_eq(StorPortSetBusDataByOffset(e, PCIConfiguration, CARD_BUS, CARD_SLOT, &value, 200, 1), 1);
    dt_expect_eq(StorPortGetBusData(e, PCIConfiguration, CARD_BUS, CARD_SLOT, &own2, 0), 256);
    dt_expect_eq(own2[200], 0x42);
    dt_expect_eq(StorPortSetBusDataByOffset(e, PCIConfiguration, CARD_BUS, CARD_SLOT + 1, &value, 200, 1), 0);
    dt_expect(c->SlotNumber == CARD_SLOT);
}

static PUCHAR lent;

static void borrow(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c)
{
    (void)c;
    StorPortGetBusData(e, PCIConfiguration, CARD_BUS, CARD_SLOT, &lent, 0);
}

/* STI-040: it is freed pool afterwards, and looks like it. */
static void lent_body(void *ctx)
{
    (void)ctx;
    dt_stor *s = begin(&(struct mini){.physical = true, .find = borrow, .cfg.device = plug()});

    if (!SANITIZED)
        dt_expect(*(volatile UCHAR *)(lent + 100) != 100);
    over(s);
}

static int where;

static void bus_data_elsewhere(PVOID e)
{
    UCHAR value = 0;

    if (where == 0)
        StorPortGetBusData(e, PCIConfiguration, CARD_BUS, CARD_SLOT, &value, 1);
    else
        StorPortSetBusDataByOffset(e, PCIConfiguration, CARD_BUS, CARD_SLOT, &value, 0, 1);
}

static bool bus_data_in_initialize(struct mini_ext *e)
{
    bus_data_elsewhere(e);
    return true;
}

static void elsewhere_body(void *ctx)
{
    (void)ctx;
    over(begin(&(struct mini){.physical = true, .initialize = bus_data_in_initialize, .cfg.device = plug()}));
}

static void configuration_space(void **state)
{
    (void)state;
    physical_passes(bus_data);
    passes(lent_body);
    for (where = 0; where < 2; where++)
        caught(elsewhere_body, "DT-S13", 0);
}

/* ---- mapped ranges: STI-042, STI-043, STI-046 ---- */

static PVOID memory_base, port_base;

static PVOID map(PVOID e, ULONG start, ULONG bytes, BOOLEAN io_space)
{
    STOR_PHYSICAL_ADDRESS at = {.QuadPart = start};

    return StorPortGetDeviceBase(e, PCIBus, CARD_BUS, at, bytes, io_space);
}

static void map_ranges(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c)
{
    (void)c;
    memory_base = map(e, CARD_MEMORY, CARD_BYTES, FALSE);
    port_base = map(e, CARD_PORTS, CARD_BYTES, TRUE);
    dt_expect(memory_base && port_base && memory_base != port_base);
    dt_expect(map(e, CARD_MEMORY, CARD_BYTES, TRUE) == NULL);
    dt_expect(map(e, CARD_PORTS, CARD_BYTES, FALSE) == NULL);
    dt_expect(map(e, CARD_MEMORY + 1, CARD_BYTES, FALSE) == NULL);
    dt_expect(map(e, 0x5000, 4, FALSE) == NULL);
    PVOID again = map(e, CARD_MEMORY + 16, 16, FALSE);

    dt_expect(again != NULL);
    StorPortFreeDeviceBase(e, again);
}

#define AT(type, base, offset) ((volatile type *)((PUCHAR)(base) + (offset)))

static void registers_body(void *ctx)
{
    UCHAR            bytes[4] = {1, 2, 3, 4}, back[4] = {0};
    ULONG            words[2] = {0x11111111, 0x22222222}, words_back[2] = {0};
    UCHAR            stream[3] = {7, 8, 9};
    struct mini_ext *e;

    (void)ctx;
    dt_stor *s = begin(&(struct mini){.physical = true, .find = map_ranges, .cfg.device = plug()});

    e = ext_of(s);
    StorPortWriteRegisterUchar(e, AT(UCHAR, memory_base, 0), 0x81);
    StorPortWriteRegisterUshort(e, AT(USHORT, memory_base, 2), 0x8182);
    StorPortWriteRegisterUlong(e, AT(ULONG, memory_base, 4), 0x81828384);
    StorPortWriteRegisterUlong64(e, AT(ULONG64, memory_base, 8), 0x8182838485868788ull);
    dt_expect_eq(StorPortReadRegisterUchar(e, AT(UCHAR, memory_base, 0)), 0x81);
    dt_expect_eq(StorPortReadRegisterUshort(e, AT(USHORT, memory_base, 2)), 0x8182);
    dt_expect_eq(StorPortReadRegisterUlong(e, AT(ULONG, memory_base, 4)), 0x81828384);
    dt_expect(StorPortReadRegisterUlong64(e, AT(ULONG64, memory_base, 8)) == 0x8182838485868788ull);
    StorPortWriteRegisterBufferUchar(e, AT(UCHAR, memory_base, 32), bytes, 4);
    StorPortReadRegisterBufferUchar(e, AT(UCHAR, memory_base, 32), back, 4);
    dt_expect(memcmp(bytes, back, 4) == 0);
    dt_expect_eq(card.memory[36], 0); /* exactly four */
    StorPortWriteRegisterBufferUlong(e, AT(ULONG, memory_base, 64), words, 2);
    StorPortReadRegisterBufferUlong(e, AT(ULONG, memory_base, 64), words_back, 2);
    dt_expect(memcmp(words, words_back, sizeof words) == 0);
    StorPortWritePortUlong(e, AT(ULONG, port_base, 0), 0x12345678);
    dt_expect_eq(StorPortReadPortUshort(e, AT(USHORT, port_base, 0)), 0x5678);
    StorPortWritePortBufferUchar(e, AT(UCHAR, port_base, 16), stream, 3); /* all to the one port */
    dt_expect_eq(card.ports[16], 9);
    dt_expect_eq(card.ports[17], 0);
    over(s);
}

static ULONG access_at;
static bool  access_as_port;

static void access_body(void *ctx)
{
    (void)ctx;
    dt_stor *s = begin(&(struct mini){.physical = true, .find = map_ranges, .cfg.device = plug()});

    if (access_as_port)
        StorPortReadPortUlong(ext_of(s), AT(ULONG, memory_base, access_at));
    else
        StorPortReadRegisterUlong(ext_of(s), AT(ULONG, memory_base, access_at));
    over(s);
}

static void free_later(void *ctx)
{
    (void)ctx;
    dt_stor *s = begin(&(struct mini){.physical = true, .find = map_ranges, .cfg.device = plug()});

    StorPortFreeDeviceBase(ext_of(s), memory_base);
    over(s);
}

static void free_other(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c)
{
    (void)c;
    StorPortFreeDeviceBase(e, &card);
}

static void mapped_ranges(void **state)
{
    (void)state;
    passes(registers_body);
    access_at = CARD_BYTES - 4;
    passes(access_body);
    access_at = CARD_BYTES - 2;
    caught(access_body, "DT-S20", 0xF1);
    access_at = 0x100000;
    caught(access_body, "DT-S20", 0xF1);
    access_at = 0;
    access_as_port = true;
    caught(access_body, "DT-S20", 0xF1);
    access_as_port = false;
    caught(free_later, "DT-S13", 0xF1);
    physical_caught(free_other, "DT-S20", 0);
}

/* ---- the uncached extension: STI-044, STI-045 ---- */

static PVOID uncached;

static void take_uncached(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c)
{
    uncached = StorPortGetUncachedExtension(e, c, 5000);
    dt_expect(uncached != NULL);
    dt_expect(StorPortGetUncachedExtension(e, c, 9000) == uncached);
    dt_expect_eq((uintptr_t)uncached % PAGE_SIZE, 0);
    memset(uncached, 1, 5000);
    dt_expect(StorPortGetUncachedExtension(e, c, 0) == NULL);
}

static void no_uncached(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c)
{
    dt_expect(StorPortGetUncachedExtension(e, c, 100) == NULL);
}

static bool uncached_in_initialize(struct mini_ext *e)
{
    PORT_CONFIGURATION_INFORMATION c = {.Master = TRUE};

    StorPortGetUncachedExtension(e, &c, 100);
    return true;
}

static void uncached_elsewhere(void *ctx)
{
    (void)ctx;
    over(begin(&(struct mini){.physical = true, .initialize = uncached_in_initialize}));
}

static void uncached_extension(void **state)
{
    (void)state;
    physical_passes(take_uncached);
    finder_mini = (struct mini){0}; /* no bus master */
    finder = no_uncached;
    passes(find_body);
    caught(uncached_elsewhere, "DT-S13", 0);
}

/* ---- other calls: STI-047 to STI-049 ---- */

static void validate_range(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c)
{
    (void)c;
    dt_expect_eq(StorPortValidateRange(e, PCIBus, 0, (STOR_PHYSICAL_ADDRESS){.QuadPart = 1}, 1, FALSE), TRUE);
}

static const GUID guid_a = {1, 2, 3, {4}};

/* STI-048, STI-049 */
static void features_in_find(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c)
{
    STORPORT_FEATURE_TYPE list[] = {StorportFeatureFruIdAdapterControl, (STORPORT_FEATURE_TYPE)99};

    (void)c;
    dt_expect_eq(StorPortSetAdapterBusType(e, BusTypeRAID), STOR_STATUS_SUCCESS);
    dt_expect_eq(StorPortSetAdapterBusType(e, (STORAGE_BUS_TYPE)0x7e), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortSetFeatureList(e, 1, list), STOR_STATUS_SUCCESS);
    dt_expect_eq(StorPortSetFeatureList(e, 2, list), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortSetFeatureList(e, 1, NULL), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortSetFeatureList(e, 0, list), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortSetPowerSettingNotificationGuids(e, 1, &guid_a), STOR_STATUS_SUCCESS);
    dt_expect_eq(StorPortMarkDumpMemory(e, e, 16, 0), STOR_STATUS_SUCCESS);
    dt_expect_eq(StorPortMarkDumpMemory(e, e, 0, 1), STOR_STATUS_SUCCESS);
    dt_expect_eq(StorPortMarkDumpMemory(e, e, 16, 0x80), STOR_STATUS_INVALID_PARAMETER);
}

static void bus_type_body(void *ctx)
{
    struct dt_stor_state st;

    (void)ctx;
    dt_stor *s = begin(&(struct mini){.find = features_in_find});

    dt_stor_state(s, &st);
    dt_expect_eq(st.bus_type, BusTypeRAID);
    dt_expect_eq(StorPortSetAdapterBusType(ext_of(s), BusTypeAta), STOR_STATUS_UNSUCCESSFUL);
    over(s);
}

static void later_body(void *ctx)
{
    STORPORT_FEATURE_TYPE list[] = {StorportFeatureFruIdAdapterControl};

    (void)ctx;
    dt_stor *s = begin(&(struct mini){0});

    if (where == 0)
        StorPortSetFeatureList(ext_of(s), 1, list);
    else if (where == 1)
        StorPortSetPowerSettingNotificationGuids(ext_of(s), 1, &guid_a);
    else
        StorPortMarkDumpMemory(ext_of(s), s, 1, 0);
    over(s);
}

static void other_calls(void **state)
{
    (void)state;
    physical_caught(validate_range, "DT-S16", 0);
    passes(bus_type_body);
    for (where = 0; where < 3; where++)
        caught(later_body, "DT-S13", 0);
}

/* ---- kernel routines: STI-050, STV-010 ---- */

static bool kernel_routine(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    KTIMER timer;

    KeInitializeTimer(&timer);
    return mini_execute(e, srb);
}

static bool kernel_physical, kernel_watched;

static void kernel_body(void *ctx)
{
    (void)ctx;
    dt_stor *s = begin(
        &(struct mini){.physical = kernel_physical, .start = kernel_routine, .cfg.prohibited_ddis = kernel_watched});

    run_one(s);
    over(s);
}

static void prohibited(void **state)
{
    (void)state;
    kernel_physical = kernel_watched = true;
    caught(kernel_body, "DT-S15", 0);
    kernel_physical = false;
    passes(kernel_body);
    kernel_physical = true;
    kernel_watched = false;
    passes(kernel_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_given),
        cmocka_unit_test(results),
        cmocka_unit_test(read_only),
        cmocka_unit_test(must_be_set),
        cmocka_unit_test(unlimited),
        cmocka_unit_test(values),
        cmocka_unit_test(effects),
        cmocka_unit_test(configuration_space),
        cmocka_unit_test(mapped_ranges),
        cmocka_unit_test(uncached_extension),
        cmocka_unit_test(other_calls),
        cmocka_unit_test(prohibited),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
