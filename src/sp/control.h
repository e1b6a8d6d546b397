/* SPDX-License-Identifier: MIT */
/*
 * sp/control.h - what the port asks a miniport besides requests: configuration, control types, power, removal, and what the
 * registry tells both. Part of sp/priv.h.
 *
 * Where the spine calls in here:
 *   StorPortInitialize   sp_hw_check()
 *   adapter start        sp_find_prepare(a) fills the configuration, sp_find_check(a, result) after HwStorFindAdapter;
 *                        sp_control_query(a) after (passive) initialisation; sp_unit_started(u) when a scan has found a unit
 *   adapter remove       sp_unit_removing(u, surprise), sp_adapter_leave(a, surprise): PnP SRB, stop; then the spine frees
 */
#pragma once

struct sp_adapter;
struct sp_lun;

/* A registry value of an adapter's or of all of a driver's adapters. */
struct sp_value {
    struct list link;
    char        name[64];
    bool        global; /* Parameters\Device, else Parameters\Device<n> */
    ULONG       type, bytes;
    UCHAR      *data;
};

enum { SP_GUIDS = 8, SP_GUARD = 0xa5 };

struct sp_control {
    /* HwStorFindAdapter */
    PORT_CONFIGURATION_INFORMATION before; /* as it was given */
    PVOID                          uncached;
    size_t                         uncached_bytes;
    bool                           bus_type_set;
    ULONG                          bus_type;
    UCHAR                          features[16]; /* STORPORT_FEATURE_TYPE that were set */
    void                          *bus_data;     /* StorPortGetBusData's own buffer, until the next call */
    /* registry */
    struct list values; /* struct sp_value */
    UCHAR      *registry_buffer;
    ULONG       registry_bytes;
    PVOID       registry_routine;
    /* power */
    enum { SP_D0, SP_D3 } power;
    bool  stopped;
    bool  gone; /* surprise removal: registers read as ones */
    bool  pofx, d3_cold;
    int   active;        /* components activated less idled */
    ULONG idle_timeout_ms;
    GUID  guids[SP_GUIDS];
    unsigned n_guids;
    /* virtual miniports */
    struct list services; /* IRPs that the miniport has */
};

/* ---- StorPortInitialize (init.c) ---- */

/* STATUS_SUCCESS, or what StorPortInitialize returns; misuse is a finding. */
NTSTATUS sp_hw_check(PVOID argument1, PVOID argument2, const HW_INITIALIZATION_DATA *hw, const void *caller);

/* ---- HwStorFindAdapter (find.c); IRQL 0 ---- */

void     sp_find_prepare(struct sp_adapter *a); /* a->config exists and is zeroed but for AccessRanges */
NTSTATUS sp_find_check(struct sp_adapter *a, ULONG result);

/* ---- control (control.c) ---- */

/* Asks which control types there are. False: the adapter cannot be used. IRQL 0. */
bool sp_control_query(struct sp_adapter *a);

/* SCSI_ADAPTER_CONTROL_TYPE at the IRQL and with the locks of its kind; nothing happens when it is not supported.
 * Returns whether it was called and succeeded. IRQL 0. */
bool sp_adapter_control(struct sp_adapter *a, unsigned type, PVOID parameters);
bool sp_unit_control(struct sp_lun *u, unsigned type, PVOID parameters);

void sp_unit_started(struct sp_lun *u);
void sp_unit_removing(struct sp_lun *u, bool surprise);

/* ---- power, stop, restart, removal (power.c); IRQL 0 ---- */

NTSTATUS sp_adapter_power(struct sp_adapter *a, bool on, ULONG action); /* STOR_POWER_ACTION */
NTSTATUS sp_unit_power(struct sp_lun *u, bool on, ULONG action);
void     sp_adapter_flush(struct sp_adapter *a, bool shutdown);
void     sp_adapter_surprise(struct sp_adapter *a);
void     sp_adapter_leave(struct sp_adapter *a);

/* ---- registry (registry.c) ---- */

void sp_registry_init(struct sp_adapter *a);
void sp_registry_fini(struct sp_adapter *a);
bool sp_registry_set(struct sp_adapter *a, const char *name, bool global, ULONG type, const void *data, ULONG bytes);
void sp_knobs_read(struct sp_adapter *a);
