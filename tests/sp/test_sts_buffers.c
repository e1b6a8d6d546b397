/* SPDX-License-Identifier: MIT */
/* Buffers of requests: scatter/gather lists, addresses, mappings, MDLs, what is known of a request. */
#include "sp/stx.h"

#include "base/device.h"

#include "ddk/srbhelper.h"

enum { BYTES = 5 * PAGE_SIZE };

static __attribute__((aligned(4096))) UCHAR buffer[BYTES + PAGE_SIZE];
static struct dt_stor_request               request;

static struct dt_stor_request transfer(void *data, uint32_t bytes)
{
    struct dt_stor_request r = {.flags = SRB_FLAGS_DATA_IN | SRB_FLAGS_NO_QUEUE_FREEZE, .data = data, .bytes = bytes};

    r.cdb_bytes = 16;
    r.cdb[0] = SCSIOP_READ16;
    return r;
}

/* A body's whole work: one request of that length whose StartIo is start. */
static bool shuffled;

static void one_request(bool (*start)(struct mini_ext *, PSCSI_REQUEST_BLOCK), void *data, uint32_t bytes)
{
    dt_stor *s = go(&(struct mini){.physical = true, .start = start, .cfg.memory = dt_bus_memory(shuffled)});

    request = transfer(data, bytes);
    dt_expect_eq(dt_stor_run(s, &request), SRB_STATUS_SUCCESS);
    over(s);
}

/* ---- scatter/gather lists ---- */

/* STS-050, STS-051: the lengths sum up; what is contiguous is one element; each begins where the address says. */
static ULONG elements;

static bool start_list(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    PSTOR_SCATTER_GATHER_LIST l = StorPortGetScatterGatherList(e, srb);
    ULONG                     sum = 0, run;

    dt_expect(l != NULL && l == StorPortGetScatterGatherList(e, srb));
    for (ULONG i = 0; l && i < l->NumberOfElements; i++) {
        STOR_PHYSICAL_ADDRESS a = StorPortGetPhysicalAddress(e, srb, (PUCHAR)srb->DataBuffer + sum, &run);

        dt_expect_eq(a.QuadPart, l->List[i].PhysicalAddress.QuadPart);
        dt_expect(l->List[i].Length > 0);
        sum += l->List[i].Length;
    }
    dt_expect_eq(sum, srb->DataTransferLength);
    elements = l ? l->NumberOfElements : 0;
    dt_expect(elements <= 17 + 1);
    return mini_execute(e, srb);
}

static void list_straight(void *ctx)
{
    (void)ctx;
    shuffled = false;
    one_request(start_list, buffer + 100, BYTES);
    dt_expect_eq(elements, 1);
}

static void list_shuffled(void *ctx)
{
    (void)ctx;
    shuffled = true;
    one_request(start_list, buffer + 100, BYTES);
    dt_expect(elements >= 4 && elements <= 6);
}

/* STS-053: without data there is no list. */
static bool start_no_list(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    PVOID p;

    dt_expect(StorPortGetScatterGatherList(e, srb) == NULL);
    dt_expect_eq(StorPortGetSystemAddress(e, srb, &p), STOR_STATUS_INVALID_PARAMETER); /* STS-054 */
    return mini_execute(e, srb);
}

static void list_none(void *ctx)
{
    (void)ctx;
    one_request(start_no_list, NULL, 0);
}

/* STS-050: a list that the miniport changes; one that it looks at afterwards is gone. */
static bool start_changes_list(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    StorPortGetScatterGatherList(e, srb)->List[0].Length--;
    return mini_execute(e, srb);
}

static void list_changed(void *ctx)
{
    (void)ctx;
    one_request(start_changes_list, buffer, 512);
}

static bool start_looks_late(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    PSTOR_SCATTER_GATHER_LIST l = StorPortGetScatterGatherList(e, srb);

    mini_execute(e, srb);
    dt_expect_eq(l->NumberOfElements, 0xdbdbdbdb);
    return true;
}

static void list_late(void *ctx)
{
    (void)ctx;
    one_request(start_looks_late, buffer, 512);
}

/* STS-052: a miniport without 64-bit addresses gets none above 4 GB; the data arrives all the same. */
static struct device_memory *narrow;

static void find_narrow(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c)
{
    (void)e;
    c->Dma64BitAddresses = 0;
}

static bool start_narrow(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    PSTOR_SCATTER_GATHER_LIST l = StorPortGetScatterGatherList(e, srb);
    PUCHAR                    p = srb->DataBuffer;
    ULONG                     run;

    for (ULONG i = 0; l && i < l->NumberOfElements; i++) {
        STOR_SCATTER_GATHER_ELEMENT m = l->List[i];

        dt_expect((ULONGLONG)m.PhysicalAddress.QuadPart + m.Length <= 1ull << 32);
        dt_expect_eq(StorPortGetPhysicalAddress(e, srb, p, &run).QuadPart, m.PhysicalAddress.QuadPart);
        memset(narrow->at(narrow, (uint64_t)m.PhysicalAddress.QuadPart, m.Length), 0xa7, m.Length);
        p += m.Length;
    }
    dt_expect(p == (PUCHAR)srb->DataBuffer + srb->DataTransferLength);
    return mini_execute(e, srb);
}

static void list_narrow(void *ctx)
{
    narrow = dt_bus_memory(false);
    dt_stor *s = go(&(struct mini){.physical = true, .start = start_narrow, .find = find_narrow, .cfg.memory = narrow});

    (void)ctx;
    memset(buffer, 0, sizeof buffer);
    request = transfer(buffer + 5, 2 * PAGE_SIZE);
    dt_expect_eq(dt_stor_run(s, &request), SRB_STATUS_SUCCESS);
    over(s);
    dt_expect(
        buffer[4] == 0 && buffer[5] == 0xa7 && buffer[4 + 2 * PAGE_SIZE] == 0xa7 && buffer[5 + 2 * PAGE_SIZE] == 0);
}

static void scatter_gather(void **state)
{
    (void)state;
    passes(list_straight);
    passes(list_shuffled);
    passes(list_none);
    passes(list_narrow);
    passes(list_late);
    caught(list_changed, "DT-S09", ANY_CODE);
    shuffled = false;
}

/* STS-061: no request is longer than the adapter takes. */
static ULONG longest;

static bool start_measures(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    if (srb->DataTransferLength > longest)
        longest = srb->DataTransferLength;
    return mini_execute(e, srb);
}

static void find_small(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c)
{
    (void)e;
    c->MaximumTransferLength = PAGE_SIZE;
}

static void too_long(void *ctx)
{
    dt_stor *s = go(&(struct mini){.physical = true, .scan = true, .start = start_measures, .find = find_small});

    (void)ctx;
    longest = 0;
    dt_stor_read(s, 0, 0, buffer, 8);
    dt_expect(longest <= PAGE_SIZE);
    over(s);
}

/* ---- mappings, MDLs ---- */

/* STS-054, STS-055. */
static bool start_maps(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    PVOID p = NULL, mdl = NULL, again = NULL, pfns = NULL;
    ULONG count = 0, offset = 0, run;
    KIRQL old;

    dt_expect_eq(StorPortGetSystemAddress(e, srb, &p), STOR_STATUS_SUCCESS);
    dt_expect(p == buffer + 100);
    ((PUCHAR)p)[0] = 0x5a;
    dt_expect_eq(StorPortGetSystemAddress(e, srb, NULL), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortGetSystemAddress(e, NULL, &p), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortGetOriginalMdl(e, srb, &mdl), STOR_STATUS_SUCCESS);
    dt_expect_eq(StorPortGetOriginalMdl(e, srb, &again), STOR_STATUS_SUCCESS);
    dt_expect(
        mdl == again && MmGetMdlByteCount((PMDL)mdl) == BYTES && MmGetMdlVirtualAddress((PMDL)mdl) == buffer + 100);
    dt_expect_eq(StorPortGetPfns(e, srb, mdl, &pfns, &count, &offset), STOR_STATUS_SUCCESS);
    dt_expect_eq(count, 6);
    dt_expect_eq(offset, 100);
    for (ULONG i = 1; i < count; i++)
        dt_expect_eq(((PPFN_NUMBER)pfns)[i],
            (ULONGLONG)StorPortGetPhysicalAddress(e, srb, buffer + i * PAGE_SIZE, &run).QuadPart >> 12);
    dt_expect_eq(StorPortGetPfns(e, srb, e, &pfns, &count, &offset), STOR_STATUS_INVALID_PARAMETER);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dt_expect_eq(StorPortGetSystemAddress(e, srb, &p), STOR_STATUS_SUCCESS);
    KeLowerIrql(old);
    return mini_execute(e, srb);
}

static void mappings(void *ctx)
{
    (void)ctx;
    shuffled = true;
    one_request(start_maps, buffer + 100, BYTES);
    dt_expect_eq(buffer[100], 0x5a);
    shuffled = false;
}

/* STS-054, STX-120: above DISPATCH_LEVEL. */
static bool start_maps_high(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    PVOID p;

    dt_expect_eq(AT_IRQL(DIRQL_TEST, StorPortGetSystemAddress(e, srb, &p)), STOR_STATUS_INVALID_IRQL);
    return mini_execute(e, srb);
}

static void mapping_high(void *ctx)
{
    (void)ctx;
    one_request(start_maps_high, buffer, 512);
}

static void buffers(void **state)
{
    (void)state;
    passes(mappings);
    passes(too_long);
    warned(mapping_high, "DT-S12");
}

/* ---- addresses ---- */

/* STS-056, STS-057: what may be asked for how; the length to the end of the run or of what was asked for. */
static PVOID uncached;

static void find_uncached(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c)
{
    uncached = StorPortGetUncachedExtension(e, c, 3 * PAGE_SIZE);
}

static bool start_addresses(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    ULONG length = 0;

    dt_expect(StorPortGetPhysicalAddress(e, srb, srb->DataBuffer, &length).QuadPart != 0);
    dt_expect_eq(length, BYTES);
    dt_expect(StorPortGetPhysicalAddress(e, srb, (PUCHAR)srb->DataBuffer + 10, &length).QuadPart != 0);
    dt_expect_eq(length, BYTES - 10);
    dt_expect(StorPortGetPhysicalAddress(e, srb, srb->SenseInfoBuffer, &length).QuadPart != 0);
    dt_expect_eq(StorPortGetPhysicalAddress(e, NULL, srb->DataBuffer, &length).QuadPart, 0); /* without its request */
    dt_expect_eq(length, 0);
    dt_expect(StorPortGetPhysicalAddress(e, NULL, srb->SrbExtension, &length).QuadPart != 0);
    dt_expect(length >= 64);
    return mini_execute(e, srb);
}

static void addresses(void *ctx)
{
    dt_stor              *s = go(&(struct mini){.physical = true,
                     .ext_bytes = 64,
                     .find = find_uncached,
                     .start = start_addresses,
                     .cfg.memory = dt_bus_memory(false)});
    struct mini_ext      *e = ext_of(s);
    STOR_PHYSICAL_ADDRESS a;
    ULONG                 length;

    (void)ctx;
    a = StorPortGetPhysicalAddress(e, NULL, (PUCHAR)uncached + 50, &length);
    dt_expect(a.QuadPart != 0);
    dt_expect(length >= 3 * PAGE_SIZE - 50);
    dt_expect(StorPortGetVirtualAddress(e, a) == (PUCHAR)uncached + 50); /* STS-058 */
    dt_expect_eq(StorPortConvertPhysicalAddressToUlong64(StorPortConvertUlong64ToPhysicalAddress(77)), 77);
    dt_expect_eq(StorPortConvertPhysicalAddressToUlong(StorPortConvertUlongToPhysicalAddress(78)), 78);
    request = transfer(buffer, BYTES);
    dt_expect_eq(dt_stor_run(s, &request), SRB_STATUS_SUCCESS);
    over(s);
}

/* STS-058: an address of a client's buffer does not lead back. */
static bool start_inverts(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    ULONG length;

    StorPortGetVirtualAddress(e, StorPortGetPhysicalAddress(e, srb, srb->DataBuffer, &length));
    return mini_execute(e, srb);
}

static void inverted(void *ctx)
{
    (void)ctx;
    one_request(start_inverts, buffer, 512);
}

static void physical_addresses(void **state)
{
    (void)state;
    passes(addresses);
    caught(inverted, "DT-S20", ANY_CODE);
}

/* ---- lists that the miniport builds ---- */

static __attribute__((aligned(16))) UCHAR list_memory[1024];
static volatile LONG                      executed;
static bool                               before_return, after_return;

static VOID on_execute(PVOID *device, PVOID *irp, PSTOR_SCATTER_GATHER_LIST list, PVOID context)
{
    (void)device, (void)irp;
    dt_expect(list == (PVOID)list_memory && context == buffer);
    dt_expect_eq(list->List[0].Length, 700);
    InterlockedIncrement(&executed);
}

/* STS-059, STS-060. */
static void builds(void *ctx)
{
    struct mini_ext *e = ext_of(go(&(struct mini){.physical = true, .cfg.memory = dt_bus_memory(false)}));
    PVOID            mdl;
    KIRQL            old;

    (void)ctx;
    executed = 0;
    StorPortAllocateMdl(e, buffer, 700, &mdl);
    StorPortBuildMdlForNonPagedPool(e, mdl);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dt_expect_eq(StorPortBuildScatterGatherList(NULL, mdl, buffer, 700, on_execute, buffer, TRUE, list_memory, 1024),
        STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortBuildScatterGatherList(e, mdl, buffer, 700, on_execute, buffer, TRUE, list_memory, 20),
        STOR_STATUS_BUFFER_TOO_SMALL);
    dt_expect_eq(StorPortBuildScatterGatherList(e, mdl, buffer, 700, on_execute, buffer, TRUE, list_memory, 1024),
        STOR_STATUS_SUCCESS);
    before_return |= executed == 1;
    after_return |= executed == 0;
    KeLowerIrql(old);
    sleep_ms(1);
    eventually(&executed, 1);
    dt_expect_eq(
        AT_IRQL(DISPATCH_LEVEL, StorPortPutScatterGatherList(e, (PVOID)list_memory, TRUE)), STOR_STATUS_SUCCESS);
    memset(buffer, 1, 700); /* still the miniport's */
    StorPortFreeMdl(e, mdl);
    over(mini_stor);
}

/* STS-060: put twice; STS-059: at PASSIVE_LEVEL. */
static void puts_twice(void *ctx)
{
    struct mini_ext *e = ext_of(go(&(struct mini){.physical = true, .cfg.memory = dt_bus_memory(false)}));

    (void)ctx;
    AT_IRQL(DISPATCH_LEVEL,
        StorPortBuildScatterGatherList(e, buffer, buffer, 700, on_execute, buffer, TRUE, list_memory, 1024));
    AT_IRQL(DISPATCH_LEVEL, StorPortPutScatterGatherList(e, (PVOID)list_memory, TRUE));
    AT_IRQL(DISPATCH_LEVEL, StorPortPutScatterGatherList(e, (PVOID)list_memory, TRUE));
    over(mini_stor);
}

static void builds_low(void *ctx)
{
    struct mini_ext *e = ext_of(go(&(struct mini){.physical = true, .cfg.memory = dt_bus_memory(false)}));

    (void)ctx;
    dt_expect_eq(StorPortBuildScatterGatherList(e, buffer, buffer, 700, on_execute, buffer, TRUE, list_memory, 1024),
        STOR_STATUS_INVALID_IRQL);
    over(mini_stor);
}

static void built_lists(void **state)
{
    (void)state;
    before_return = after_return = false;
    reached(builds, 1, &before_return);
    if (simulated())
        assert_true(after_return);
    passes(builds);
    warned(builds_low, "DT-S12");
    caught(puts_twice, "DT-S19", ANY_CODE);
}

/* ---- what is known of a request ---- */

/* STS-062, STX-091. */
static bool start_asks(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    STOR_REQUEST_INFO info = {.Version = STOR_REQUEST_INFO_VER_1, .Size = sizeof info};
    GUID              id;

    dt_expect_eq(StorPortGetRequestInfo(e, srb, &info), STOR_STATUS_SUCCESS);
    dt_expect_eq(info.Length, 512);
    dt_expect(!info.IsWriteRequest);
    dt_expect_eq(info.PriorityHint, IoPriorityNormal);
    info.Version = 2;
    dt_expect_eq(StorPortGetRequestInfo(e, srb, &info), STOR_STATUS_UNSUPPORTED_VERSION);
    info.Version = 1;
    info.Size = 4;
    dt_expect_eq(StorPortGetRequestInfo(e, srb, &info), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortGetRequestInfo(e, NULL, &info), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortGetActivityIdSrb(e, srb, &id), STOR_STATUS_UNSUCCESSFUL);
    dt_expect_eq(StorPortGetActivityIdSrb(e, srb, NULL), STOR_STATUS_INVALID_PARAMETER);
    dt_expect(StorPortGetSrb(e, 0, 0, 0, srb->QueueTag) == srb);
    dt_expect(StorPortGetSrb(e, 0, 0, 5, srb->QueueTag) == NULL);
    return mini_execute(e, srb);
}

static void request_info(void *ctx)
{
    (void)ctx;
    one_request(start_asks, buffer, 512);
}

/* STS-042: the second buffer's pointers; a request that is not bidirectional has none. */
static bool start_asks_in(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    PSTORAGE_REQUEST_BLOCK    x = (PSTORAGE_REQUEST_BLOCK)srb;
    PSTOR_SCATTER_GATHER_LIST l = (PSTOR_SCATTER_GATHER_LIST)e;
    PVOID                     p;

    dt_expect_eq(StorPortGetDataInBufferMdl(e, x, NULL), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortGetDataInBufferScatterGatherList(e, x, NULL), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortGetDataInBufferSystemAddress(e, x, NULL), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortGetDataInBufferScatterGatherList(e, x, &l), STOR_STATUS_SUCCESS);
    dt_expect(l == NULL);
    dt_expect_eq(StorPortGetDataInBufferSystemAddress(e, x, &p), STOR_STATUS_INVALID_PARAMETER);
    return mini_execute(e, srb);
}

static void no_second_buffer(void *ctx)
{
    dt_stor *s = go(&(struct mini){.physical = true, .extended = true, .start = start_asks_in});

    (void)ctx;
    request = transfer(buffer, 512);
    dt_expect_eq(dt_stor_run(s, &request), SRB_STATUS_SUCCESS);
    over(s);
}

static UCHAR second[3000];

static bool start_uses_in(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    PSTORAGE_REQUEST_BLOCK    x = (PSTORAGE_REQUEST_BLOCK)srb;
    PSTOR_SCATTER_GATHER_LIST l = NULL;
    PVOID                     p = NULL, mdl = NULL;
    ULONG                     sum = 0;

    dt_expect_eq(StorPortGetDataInBufferScatterGatherList(e, x, &l), STOR_STATUS_SUCCESS);
    for (ULONG i = 0; l && i < l->NumberOfElements; i++)
        sum += l->List[i].Length;
    dt_expect_eq(sum, sizeof second);
    dt_expect_eq(StorPortGetDataInBufferMdl(e, x, &mdl), STOR_STATUS_SUCCESS);
    dt_expect(mdl && MmGetMdlByteCount((PMDL)mdl) == sizeof second);
    dt_expect_eq(StorPortGetDataInBufferSystemAddress(e, x, &p), STOR_STATUS_SUCCESS);
    if (p)
        memset(p, 0x5c, sizeof second);
    return mini_execute(e, srb);
}

static void both_ways(bool (*start)(struct mini_ext *, PSCSI_REQUEST_BLOCK))
{
    dt_stor *s = go(&(struct mini){.physical = true, .extended = true, .start = start});

    memset(second, 0, sizeof second);
    request = transfer(buffer, 512);
    request.flags |= SRB_FLAGS_DATA_OUT;
    request.data_in = second;
    request.data_in_bytes = sizeof second;
    dt_expect_eq(dt_stor_run(s, &request), SRB_STATUS_SUCCESS);
    over(s);
}

static void second_buffer(void *ctx)
{
    (void)ctx;
    both_ways(start_uses_in);
    dt_expect(second[0] == 0x5c && second[sizeof second - 1] == 0x5c);
}

/* STS-042: none of the three above DISPATCH_LEVEL. */
static bool start_asks_high(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    PVOID p = NULL;

    dt_expect_eq(AT_IRQL(DIRQL_TEST, StorPortGetDataInBufferSystemAddress(e, (PSTORAGE_REQUEST_BLOCK)srb, &p)),
        STOR_STATUS_INVALID_IRQL);
    return mini_execute(e, srb);
}

static void second_buffer_high(void *ctx)
{
    (void)ctx;
    both_ways(start_asks_high);
}

static void requests_known(void **state)
{
    (void)state;
    passes(request_info);
    passes(no_second_buffer);
    passes(second_buffer);
    warned(second_buffer_high, "DT-S12");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scatter_gather),
        cmocka_unit_test(buffers),
        cmocka_unit_test(physical_addresses),
        cmocka_unit_test(built_lists),
        cmocka_unit_test(requests_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
