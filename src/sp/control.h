/* SPDX-License-Identifier: MIT */
/*
 * sp/control.h - what the port and a miniport say to each other besides requests: what HwStorFindAdapter may do, control
 * types, power, removal, the registry. find.c, bus.c, units.c, power.c, pofx.c, registry.c, service.c. Part of sp/priv.h.
 */
#pragma once

#include "ddk/storport.h"
#include "ex/work.h"
#include "sp/sp.h"

struct sp_adapter;
struct sp_driver;
struct sp_lun;

enum { SP_GUIDS = 8, SP_FEATURES = 32, SP_SERVICES = 16 };

/* Idle power of the adapter or of a unit (pofx.c). sp_lock(). */
struct sp_pofx {
    bool     registered, idle;
    unsigned count; /* activations less idlings */
    ULONG    idle_timeout_ms;
};

struct sp_pofx_call {
    const void *srb; /* or NULL */
    ULONG       component, flags;
    bool        activate;
};

/* Part of an adapter. */
struct sp_control {
    /* HwStorFindAdapter */
    PVOID    uncached;
    size_t   uncached_bytes;
    bool     bus_type_set;
    ULONG    bus_type;
    bool     features[SP_FEATURES]; /* by STORPORT_FEATURE_TYPE */
    void    *bus_data;              /* StorPortGetBusData's own buffer, until its next call or the routine's return */
    GUID     guids[SP_GUIDS];
    unsigned n_guids;
    bool     running_config; /* inside ScsiSetRunningConfig */
    /* registry */
    struct list values; /* registry.c */
    UCHAR      *buffer; /* StorPortAllocateRegistryBuffer's; NULL: free */
    ULONG       buffer_bytes;
    PVOID       registry_routine;
    /* power */
    bool           stopped, powered_down, gone; /* gone: surprise removal */
    struct sp_pofx pofx;
    KDPC           pofx_dpc;
    struct ex_work perf_work;
    PVOID          perf_context;
    KEVENT         perf_told;
    /* virtual miniports: IRPs that the miniport has; sp_lock() */
    PIRP services[SP_SERVICES];
};

/* ---- HwStorFindAdapter (find.c); IRQL 0 ---- */

/* What it left in the configuration: read-only members, values, limits (STI-028 to STI-037). */
void sp_find_check(struct sp_adapter *a, const PORT_CONFIGURATION_INFORMATION *before);

/* Anybody may make this call only there: else a finding, DT-S13. Returns whether it is so. Any IRQL. */
bool sp_find_only(struct sp_adapter *a, const char *routine, const void *caller);

/* ---- bus data, device base, uncached extension (bus.c); IRQL 0 ---- */

ULONG sp_bus_data_get(
    struct sp_adapter *a, ULONG type, ULONG bus, ULONG slot, PVOID buffer, ULONG bytes, const void *caller);
ULONG sp_bus_data_set(struct sp_adapter *a, ULONG type, ULONG bus, ULONG slot, PVOID buffer, ULONG offset, ULONG bytes,
    const void *caller);
PVOID sp_uncached_extension(
    struct sp_adapter *a, const PORT_CONFIGURATION_INFORMATION *c, ULONG bytes, const void *caller);
void  sp_bus_data_end(struct sp_adapter *a); /* HwStorFindAdapter has returned */
void  sp_bus_boot(void);
PVOID sp_device_base(struct sp_adapter *a, uint64_t start, ULONG bytes, bool io_space);
void  sp_device_base_free(struct sp_adapter *a, PVOID base, const void *caller);
void  sp_filter_resources(struct sp_adapter *a); /* STI-083, before HwStorFindAdapter */

/* Registers; any IRQL. */
uint64_t sp_register_read(struct sp_adapter *a, const volatile void *p, unsigned bytes, bool port, const void *caller);
void     sp_register_write(
        struct sp_adapter *a, const volatile void *p, uint64_t value, unsigned bytes, bool port, const void *caller);

ULONG sp_features_set(struct sp_adapter *a, ULONG count, const STORPORT_FEATURE_TYPE *list, const void *caller);
ULONG sp_bus_type_set(struct sp_adapter *a, ULONG type);
ULONG sp_power_guids_set(struct sp_adapter *a, const GUID *guids, ULONG count, const void *caller);
bool  sp_power_setting(struct sp_adapter *a, const GUID *guid, PVOID value, ULONG bytes); /* one that is registered */
void  sp_tracing_enabled(struct sp_adapter *a, bool enabled);
void  sp_find_fini(struct sp_adapter *a);

/* ---- units (units.c); IRQL 0 ---- */

/* A scan has found it, or does not find it any more. */
void sp_unit_started(struct sp_lun *u);
void sp_unit_removing(struct sp_lun *u, bool surprise);
void sp_unit_usage(struct sp_lun *u, ULONG usage, bool in_use); /* SCSI_UC_DEVICE_USAGE_TYPE */

/* ---- power, removal (power.c); IRQL 0 ---- */

NTSTATUS sp_adapter_power(struct sp_adapter *a, bool on, ULONG action); /* STOR_POWER_ACTION */
NTSTATUS sp_unit_power(struct sp_lun *u, bool on, ULONG action);
void     sp_adapter_flush(struct sp_adapter *a, bool shutdown);
void     sp_adapter_surprise(struct sp_adapter *a);    /* IRP_MN_SURPRISE_REMOVAL */
void     sp_adapter_stop(struct sp_adapter *a);        /* IRP_MN_STOP_DEVICE */
NTSTATUS sp_adapter_start_again(struct sp_adapter *a); /* and IRP_MN_START_DEVICE after it */
void     sp_adapter_leave(struct sp_adapter *a);       /* removal: what a miniport hears before ScsiStopAdapter */
bool     sp_adapter_revive(struct sp_adapter *a);      /* adapter.c */
bool     sp_adapter_reinitialize(struct sp_adapter *a, bool at_dispatch);
UCHAR    sp_power_request(struct sp_adapter *a, bool on, ULONG action);
UCHAR    sp_pnp_request(struct sp_adapter *a, struct sp_lun *u, ULONG action, void *data, ULONG bytes);

/* ---- idle power (pofx.c) ---- */

void  sp_pofx_init(struct sp_adapter *a);
void  sp_pofx_fini(struct sp_adapter *a);
ULONG sp_pofx_initialize(
    struct sp_adapter *a, const STOR_ADDRESS *address, const STOR_POFX_DEVICE *device, PBOOLEAN d3_cold);
ULONG sp_pofx_component(
    struct sp_adapter *a, const STOR_ADDRESS *address, const struct sp_pofx_call *c, const void *caller);
ULONG sp_pofx_idle_timeout(struct sp_adapter *a, const STOR_ADDRESS *address, ULONG timeout_ms);

/* Hints about a component, and requests to the power engine: whether they may be given at all. */
ULONG sp_pofx_known(struct sp_adapter *a, const STOR_ADDRESS *address, ULONG component);
ULONG sp_pofx_perf_state(struct sp_adapter *a, const STOR_ADDRESS *address, ULONG component, PVOID context);

/* ---- registry (registry.c) ---- */

const char *sp_registry_argument(struct sp_adapter *a); /* DriverParameter; NULL: absent */
bool        sp_registry_change(struct sp_adapter *a, const struct sp_registry_value *v); /* an administrator's */

/* From the start's configuration. */
bool    sp_registry_init(struct sp_adapter *a);
void    sp_registry_fini(struct sp_adapter *a);
void    sp_knobs_read(struct sp_adapter *a);
PUCHAR  sp_registry_buffer(struct sp_adapter *a, PULONG bytes);
void    sp_registry_buffer_free(struct sp_adapter *a, PUCHAR buffer, const void *caller);
BOOLEAN sp_registry_read(struct sp_adapter *a, const char *name, ULONG global, ULONG type, PUCHAR buffer, PULONG bytes);
ULONG   sp_registry_read_key(struct sp_adapter *a, const char *name, ULONG type, PVOID *data, PULONG bytes);
BOOLEAN sp_registry_write(
    struct sp_adapter *a, const char *name, ULONG global, ULONG type, const UCHAR *data, ULONG bytes);

/* ---- IRPs for virtual miniports (service.c) ---- */

/* IOCTL_MINIPORT_PROCESS_SERVICE_IRP: STATUS_PENDING, or refused. IRQL 0. */
NTSTATUS sp_service(struct sp_adapter *a, PIRP irp);
ULONG    sp_service_complete(struct sp_adapter *a, PVOID irp, const void *caller);
void     sp_service_end(struct sp_adapter *a); /* at removal: HwCompleteServiceIrp, and what it must have done */
