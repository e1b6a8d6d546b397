/* SPDX-License-Identifier: MIT */
/* ddi/ddi_stor_buffer.c - buffers of requests as miniports see them: addresses, scatter/gather lists, MDLs, what is known of them. */
#include "ddi/ddi_stor.h"

/* ---- addresses ---- */

static bool in_bytes(const void *p, const void *start, size_t bytes)
{
    return start && (uintptr_t)p >= (uintptr_t)start && (uintptr_t)p < (uintptr_t)start + bytes;
}

/* Data or sense buffer of a request that the miniport has; what is left of it, and where the device finds it. */
static bool in_request(struct sp_adapter *a, const void *srb, const void **at, uint64_t *left)
{
    const void     *p = *at;
    unsigned        old = sp_lock(a);
    struct sp_slot *s = srb ? sp_slot_find_locked(a, srb) : NULL;
    bool            data = s && s->state == SP_SLOT_DRIVER && in_bytes(p, s->r->data, s->r->bytes);
    bool            sense = s && s->state == SP_SLOT_DRIVER && in_bytes(p, s->srb, s->bytes);

    if (data) {
        *left = (uintptr_t)s->r->data + s->r->bytes - (uintptr_t)p;
        *at = sp_list_place(s, p);
    }
    if (sense)
        *left = (uintptr_t)s->srb + s->bytes - (uintptr_t)p;
    sp_unlock(a, old);
    return data || sense;
}

/* STS-056: 0 for what has no address for this device, or not in this way. */
static uint64_t physical_address(struct sp_adapter *a, const void *srb, const void *p, ULONG *length)
{
    uint64_t run = 0, left = UINT32_MAX;

    if (!in_request(a, srb, &p, &left) && !sp_is_common(a, p))
        return 0;
    uint64_t address = sp_bus_address(a, p, &run);

    if (run > left)
        run = left;
    if (length)
        *length = address ? (ULONG)(run > UINT32_MAX ? UINT32_MAX : run) : 0;
    return address;
}

STORPORTAPI STOR_PHYSICAL_ADDRESS StorPortGetPhysicalAddress(
    PVOID HwDeviceExtension, PSCSI_REQUEST_BLOCK Srb, PVOID VirtualAddress, ULONG *Length)
{
    STOR_PHYSICAL_ADDRESS address = {.QuadPart = 0};

    STOR_ENTER(StorPortGetPhysicalAddress, HwDeviceExtension);
    if (Length)
        *Length = 0;
    if (a)
        address.QuadPart = (LONGLONG)physical_address(a, Srb, VirtualAddress, Length);
    DDI_LEAVE(StorPortGetPhysicalAddress, HwDeviceExtension, address.QuadPart);
    return address;
}

/* STS-058. */
STORPORTAPI PVOID StorPortGetVirtualAddress(PVOID HwDeviceExtension, STOR_PHYSICAL_ADDRESS PhysicalAddress)
{
    PVOID p = NULL;

    STOR_ENTER(StorPortGetVirtualAddress, HwDeviceExtension);
    if (a && a->cfg.memory)
        p = a->cfg.memory->at(a->cfg.memory, (uint64_t)PhysicalAddress.QuadPart, 1);
    else if (a)
        p = (PVOID)(uintptr_t)PhysicalAddress.QuadPart;
    if (a && !sp_is_common(a, p)) {
        sp_stop("DT-S20", p, __builtin_return_address(0),
            "StorPortGetVirtualAddress is given 0x%llx, which is no address of an uncached or SRB extension",
            (unsigned long long)PhysicalAddress.QuadPart);
        p = NULL;
    }
    DDI_LEAVE(StorPortGetVirtualAddress, HwDeviceExtension, (uintptr_t)p);
    return p;
}

/* ---- scatter/gather lists ---- */

STORPORTAPI PSTOR_SCATTER_GATHER_LIST StorPortGetScatterGatherList(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    STOR_ENTER(StorPortGetScatterGatherList, DeviceExtension);
    PSTOR_SCATTER_GATHER_LIST list = a ? sp_list_of(a, Srb, false) : NULL;

    DDI_LEAVE(StorPortGetScatterGatherList, DeviceExtension, (uintptr_t)list);
    return list;
}

/* STS-042: SUCCESS and NULL for a request that is not bidirectional. */
STORPORTAPI ULONG StorPortGetDataInBufferScatterGatherList(
    PVOID HwDeviceExtension, PSTORAGE_REQUEST_BLOCK Srb, PSTOR_SCATTER_GATHER_LIST *SgList)
{
    STOR_ENTER_ANY(StorPortGetDataInBufferScatterGatherList, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortGetDataInBufferScatterGatherList, a, Srb && SgList, SP_OS_8);

    if (status == STOR_STATUS_SUCCESS)
        *SgList = sp_list_of(a, Srb, true);
    STOR_LEAVE(StorPortGetDataInBufferScatterGatherList, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortBuildScatterGatherList(PVOID HwDeviceExtension, PVOID Mdl, PVOID CurrentVa, ULONG Length,
    PpostScaterGatherExecute ExecutionRoutine, PVOID Context, BOOLEAN WriteToDevice, PVOID ScatterGatherBuffer,
    ULONG ScatterGatherBufferLength)
{
    const struct sp_build b = {.mdl = Mdl,
        .va = CurrentVa,
        .bytes = Length,
        .routine = ExecutionRoutine,
        .context = Context,
        .buffer = ScatterGatherBuffer,
        .buffer_bytes = ScatterGatherBufferLength};
    bool                  arguments = Mdl && CurrentVa && ExecutionRoutine && ScatterGatherBuffer;

    STOR_ENTER_ANY(StorPortBuildScatterGatherList, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortBuildScatterGatherList, a, arguments, SP_OS_SERVER_2003);

    (void)WriteToDevice;
    if (status == STOR_STATUS_SUCCESS && mach_irql() < DISPATCH_LEVEL) {
        stor_irql_fits(DDI_StorPortBuildScatterGatherList, 2, 2, __builtin_return_address(0));
        status = STOR_STATUS_INVALID_IRQL;
    }
    if (status == STOR_STATUS_SUCCESS)
        status = sp_list_build(a, &b);
    STOR_LEAVE(StorPortBuildScatterGatherList, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortPutScatterGatherList(
    PVOID HwDeviceExtension, PSTOR_SCATTER_GATHER_LIST ScatterGatherList, BOOLEAN WriteToDevice)
{
    STOR_ENTER_ANY(StorPortPutScatterGatherList, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortPutScatterGatherList, a, ScatterGatherList, SP_OS_SERVER_2003);

    (void)WriteToDevice;
    if (status == STOR_STATUS_SUCCESS && mach_irql() < DISPATCH_LEVEL) {
        stor_irql_fits(DDI_StorPortPutScatterGatherList, 2, 2, __builtin_return_address(0));
        status = STOR_STATUS_INVALID_IRQL;
    }
    if (status == STOR_STATUS_SUCCESS)
        status = sp_list_put(a, ScatterGatherList, __builtin_return_address(0));
    STOR_LEAVE(StorPortPutScatterGatherList, HwDeviceExtension, status);
}

/* ---- mappings ---- */

static struct sp_request *request_of(struct sp_adapter *a, const void *srb)
{
    unsigned           old = sp_lock(a);
    struct sp_slot    *s = sp_slot_find_locked(a, srb);
    struct sp_request *r = s && s->state == SP_SLOT_DRIVER ? s->r : NULL;

    sp_unlock(a, old);
    return r;
}

/* STS-054: all memory is mapped already; a mapping can fail all the same. */
static ULONG system_address(struct sp_adapter *a, const void *srb, bool in, PVOID *to)
{
    struct sp_request *r = request_of(a, srb);
    void              *p = !r ? NULL : in ? r->data_in : r->data;

    if (!p)
        return STOR_STATUS_INVALID_PARAMETER;
    if (ex_pool_fault())
        return STOR_STATUS_INSUFFICIENT_RESOURCES;
    *to = p;
    return STOR_STATUS_SUCCESS;
}

STORPORTAPI ULONG StorPortGetSystemAddress(PVOID HwDeviceExtension, PSCSI_REQUEST_BLOCK Srb, PVOID *SystemAddress)
{
    STOR_ENTER_ANY(StorPortGetSystemAddress, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortGetSystemAddress, a, Srb && SystemAddress, SP_OS_SERVER_2003);

    if (status == STOR_STATUS_SUCCESS)
        status = system_address(a, Srb, false, SystemAddress);
    STOR_LEAVE(StorPortGetSystemAddress, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortGetDataInBufferSystemAddress(
    PVOID HwDeviceExtension, PSTORAGE_REQUEST_BLOCK Srb, PVOID *SystemAddress)
{
    STOR_ENTER_ANY(StorPortGetDataInBufferSystemAddress, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortGetDataInBufferSystemAddress, a, Srb && SystemAddress, SP_OS_8);

    if (status == STOR_STATUS_SUCCESS)
        status = system_address(a, Srb, true, SystemAddress);
    STOR_LEAVE(StorPortGetDataInBufferSystemAddress, HwDeviceExtension, status);
}

/* ---- MDLs; the page gives no level, making one takes memory ---- */

static ULONG original_mdl(struct sp_adapter *a, const void *srb, bool in, PVOID *mdl)
{
    return mach_irql() > DISPATCH_LEVEL ? STOR_STATUS_INVALID_IRQL : sp_mdl_of(a, srb, in, mdl);
}

STORPORTAPI ULONG StorPortGetOriginalMdl(PVOID HwDeviceExtension, PSCSI_REQUEST_BLOCK Srb, PVOID *Mdl)
{
    STOR_ENTER_ANY(StorPortGetOriginalMdl, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortGetOriginalMdl, a, Srb && Mdl, SP_OS_SERVER_2003);

    if (status == STOR_STATUS_SUCCESS)
        status = original_mdl(a, Srb, false, Mdl);
    STOR_LEAVE(StorPortGetOriginalMdl, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortGetDataInBufferMdl(PVOID HwDeviceExtension, PSTORAGE_REQUEST_BLOCK Srb, PVOID *Mdl)
{
    STOR_ENTER_ANY(StorPortGetDataInBufferMdl, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortGetDataInBufferMdl, a, Srb && Mdl, SP_OS_8);

    if (status == STOR_STATUS_SUCCESS)
        status = original_mdl(a, Srb, true, Mdl);
    STOR_LEAVE(StorPortGetDataInBufferMdl, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortGetPfns(
    PVOID HwDeviceExtension, PSCSI_REQUEST_BLOCK Srb, PVOID Mdl, PVOID *Pfns, PULONG PfnCount, PULONG StartingOffset)
{
    STOR_ENTER_ANY(StorPortGetPfns, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortGetPfns, a, Srb && Mdl && Pfns && PfnCount && StartingOffset, SP_OS_10_1809);

    if (status == STOR_STATUS_SUCCESS)
        status = sp_pfns_of(a, Srb, Mdl, Pfns, PfnCount, StartingOffset);
    STOR_LEAVE(StorPortGetPfns, HwDeviceExtension, status);
}

/* ---- what is known of a request ---- */

static void fill_info(const struct sp_request *r, PSTOR_REQUEST_INFO info)
{
    info->PriorityHint = IoPriorityNormal;
    info->Flags = r->io_flags;
    info->Key = r->io_key;
    info->Length = r->bytes;
    info->IsWriteRequest = r->flags & SRB_FLAGS_DATA_OUT ? TRUE : FALSE;
}

/* STS-062: UNSUPPORTED_VERSION, as the function's page says; INVALID_PARAMETER for a size that does not fit. */
STORPORTAPI ULONG StorPortGetRequestInfo(
    PVOID HwDeviceExtension, PSCSI_REQUEST_BLOCK Srb, PSTOR_REQUEST_INFO RequestInfo)
{
    STOR_ENTER_ANY(StorPortGetRequestInfo, HwDeviceExtension);
    ULONG              status = STOR_CHECK(StorPortGetRequestInfo, a, Srb && RequestInfo, SP_OS_8);
    struct sp_request *r = status == STOR_STATUS_SUCCESS ? request_of(a, Srb) : NULL;

    if (status == STOR_STATUS_SUCCESS && RequestInfo->Version != STOR_REQUEST_INFO_VER_1)
        status = STOR_STATUS_UNSUPPORTED_VERSION;
    else if (status == STOR_STATUS_SUCCESS && (!r || RequestInfo->Size < sizeof *RequestInfo))
        status = STOR_STATUS_INVALID_PARAMETER;
    if (status == STOR_STATUS_SUCCESS)
        fill_info(r, RequestInfo);
    STOR_LEAVE(StorPortGetRequestInfo, HwDeviceExtension, status);
}

/* STX-091: no client has an activity id here. */
STORPORTAPI ULONG StorPortGetActivityIdSrb(PVOID HwDeviceExtension, PSCSI_REQUEST_BLOCK Srb, LPGUID ActivityId)
{
    STOR_ENTER_ANY(StorPortGetActivityIdSrb, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortGetActivityIdSrb, a, Srb && ActivityId, SP_OS_8);

    if (status == STOR_STATUS_SUCCESS)
        status = STOR_STATUS_UNSUCCESSFUL;
    STOR_LEAVE(StorPortGetActivityIdSrb, HwDeviceExtension, status);
}

/* STS-017, STS-018: at DISPATCH_LEVEL it takes the Interrupt lock, which the caller must not have. */
STORPORTAPI PVOID StorPortGetLogicalUnit(PVOID HwDeviceExtension, UCHAR PathId, UCHAR TargetId, UCHAR Lun)
{
    STOR_ENTER(StorPortGetLogicalUnit, HwDeviceExtension);
    PVOID ext = NULL;

    if (a && mach_irql() == DISPATCH_LEVEL && sp_interrupt_held(a))
        sp_stop("DT-S06", HwDeviceExtension, __builtin_return_address(0),
            "StorPortGetLogicalUnit takes the Interrupt lock, which the caller holds");
    if (a) {
        unsigned       old = sp_lock(a);
        struct sp_lun *u = sp_lun_find_locked(a, PathId, TargetId, Lun);

        ext = u && !u->hidden ? u->extension : NULL;
        sp_unlock(a, old);
    }
    DDI_LEAVE(StorPortGetLogicalUnit, HwDeviceExtension, (uintptr_t)ext);
    return ext;
}

static void *srb_by_tag(struct sp_adapter *a, UCHAR path, UCHAR target, UCHAR lun, LONG tag)
{
    void    *found = NULL;
    unsigned old = sp_lock(a);

    for (unsigned i = 0; i < a->n_slots && !found; i++) {
        const struct sp_slot *s = a->slots[i];

        if (s->state == SP_SLOT_DRIVER && s->r->path == path && s->r->target == target && s->r->lun == lun &&
            (tag == (LONG)s->index || (UCHAR)tag == SP_UNTAGGED))
            found = s->srb;
    }
    sp_unlock(a, old);
    return found;
}

STORPORTAPI PSCSI_REQUEST_BLOCK StorPortGetSrb(
    PVOID HwDeviceExtension, UCHAR PathId, UCHAR TargetId, UCHAR Lun, LONG QueueTag)
{
    STOR_ENTER(StorPortGetSrb, HwDeviceExtension);
    PSCSI_REQUEST_BLOCK srb = a ? srb_by_tag(a, PathId, TargetId, Lun, QueueTag) : NULL;

    DDI_LEAVE(StorPortGetSrb, HwDeviceExtension, (uintptr_t)srb);
    return srb;
}

/* ---- conversions ---- */

STORPORTAPI STOR_PHYSICAL_ADDRESS StorPortConvertUlongToPhysicalAddress(ULONG_PTR UlongAddress)
{
    return (STOR_PHYSICAL_ADDRESS){.QuadPart = (LONGLONG)UlongAddress};
}

STORPORTAPI STOR_PHYSICAL_ADDRESS StorPortConvertUlong64ToPhysicalAddress(ULONG64 UlongAddress)
{
    return (STOR_PHYSICAL_ADDRESS){.QuadPart = (LONGLONG)UlongAddress};
}

STORPORTAPI ULONG64 StorPortConvertPhysicalAddressToUlong64(STOR_PHYSICAL_ADDRESS Address)
{
    return (ULONG64)Address.QuadPart;
}

STORPORTAPI ULONG(StorPortConvertPhysicalAddressToUlong)(STOR_PHYSICAL_ADDRESS Address)
{
    return Address.LowPart;
}
