/* SPDX-License-Identifier: MIT */
/*
 * duetime/storport.h - StorPort miniports on a machine of duetime.h: start an adapter of a loaded driver, send requests to
 * its units, look at it from outside.
 *
 *     dt_driver *drv = dt_driver_load(DriverEntry);
 *     dt_stor   *disk = dt_stor_start(drv, NULL, NULL);
 *     uint8_t    block[512];
 *     dt_expect_eq(dt_stor_read(disk, 0, 17, block, 1), DT_SRB_SUCCESS);
 *     dt_stor_remove(disk);
 *     dt_driver_unload(drv);
 *
 * Everything is called inside a body, at PASSIVE_LEVEL unless it says otherwise. Where Microsoft's documents are silent or
 * contradict each other, a member of struct dt_stor_config decides; zero is what docs/storport.md calls the default.
 */
#pragma once

#include "duetime/duetime.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sp_adapter dt_stor;

/* Windows that the port poses as: routines that are newer answer STOR_STATUS_NOT_IMPLEMENTED. */
enum dt_stor_os {
    DT_STOR_CURRENT,
    DT_STOR_SERVER_2003,
    DT_STOR_WINDOWS_7,
    DT_STOR_WINDOWS_8,
    DT_STOR_WINDOWS_8_1,
    DT_STOR_WINDOWS_10,
    DT_STOR_WINDOWS_10_1809,
    DT_STOR_WINDOWS_11
};

/* A value of the adapter's registry key, present before the start. */
struct dt_stor_value {
    const char *name;    /* NULL ends a list */
    bool        adapter; /* under Device<n>, else under Device */
    uint32_t    type, bytes;
    const void *data;
};

struct device;        /* a model of a card: duetime/device.h */
struct device_memory; /* what it reaches */

struct dt_stor_config {
    struct device        *device;
    struct device_memory *memory;
    const char           *argument; /* ArgumentString of HwStorFindAdapter */
    enum dt_stor_os       os;
    unsigned              dirql;               /* 3 .. 12; 0 = 5 */
    unsigned              messages;            /* MSI messages granted at most; without a device, granted */
    unsigned              message_level_step;  /* per-message mode: message i has dirql + i * step, at most 12 */
    unsigned              line_vector;         /* to share a line between adapters; 0 = one of its own */
    unsigned              perf_flags_off;      /* STOR_PERF_ flags that StorPortInitializePerfOpts does not offer */
    unsigned              channels_max;        /* concurrent channels granted at most; 0 = any number */
    unsigned              control_types;       /* MaxControlType offered; 0 = all */
    unsigned              link_down_timeout_s; /* 0 = 30; at most 600 */
    bool                  no_line;             /* no line interrupt */
    bool                  no_scan;             /* unit 0:0:0 is there, nobody asks */
    bool                  no_class;            /* units are found, but not asked as a disk's driver does */
    bool                  dump;                /* dump mode */
    bool                  spurious_interrupt;  /* one as soon as HwStorInitialize lets it in (STL-093) */
    bool                  timers_early;        /* STM-033: HwStorTimer may run before HwStorInitialize has returned */
    bool                  timer_ex_no_lock;    /* STM-080: extended timer routines run without the StartIo lock */
    bool                  stop_no_lock;     /* STL-009: ScsiStopAdapter, ScsiRestartAdapter at PASSIVE_LEVEL, no lock */
    bool                  link_down_counts; /* STN-054: time-outs go on while the link is down */
    bool                  busy_forever;     /* STQ-045: busy requests are tried again without limit */
    bool                  retries_count;    /* STQ-049: a request's time goes on while it is tried again */
    bool                  prohibited_ddis;  /* STI-050: kernel routines that a physical miniport calls are findings */
    bool                  no_timeouts;      /* requests take as long as they take */
    bool                  breaks_default_0x11; /* STI-023: NumberOfPhysicalBreaks is 0x11, not SP_UNINITIALIZED_VALUE */
    bool                  pause_first_wins;    /* STQ-031: a second StorPortPause while paused fails */
    bool                  start_false_pending; /* STV-012: FALSE from HwStorStartIo without completion is no finding */
    bool                  virtual_no_sgl;      /* STV-026: a virtual miniport gets no scatter/gather list */
    bool
        timer_may_stay; /* STV-015: an HwStorTimer that is left at removal is no finding; it is not called either way */
    const struct dt_stor_value *registry;
};

/* ---- adapters ---- */

/* AddDevice and IRP_MN_START_DEVICE: HwStorFindAdapter, HwStorInitialize, bus scan. cfg NULL = defaults. NULL: it did not
 * start; *status (may be NULL) says why. */
DT_API dt_stor *dt_stor_start(dt_driver *driver, const struct dt_stor_config *cfg, dt_status *status);

/* IRP_MN_REMOVE_DEVICE. All before the driver is unloaded. */
DT_API dt_status dt_stor_remove(dt_stor *s);

/* Looks for units anew; returns when that is done. */
DT_API dt_status dt_stor_rescan(dt_stor *s);

/* The miniport's device extension. Any IRQL. */
DT_API void *dt_stor_extension(const dt_stor *s);

/* Locks of the adapter that the calling processor holds (STL-012). Any IRQL. */
enum { DT_STOR_LOCK_DPC = 1, DT_STOR_LOCK_STARTIO = 2, DT_STOR_LOCK_INTERRUPT = 4 };
DT_API unsigned dt_stor_locks_held(dt_stor *s);

/* Raises a message, or the line (-1), as the hardware would. False: there is no such interrupt. Any IRQL. */
DT_API bool dt_stor_interrupt(dt_stor *s, int message);

/* Bus reset as another client of the bus would ask for one. IRQL <= DISPATCH_LEVEL. HwStorResetBus's answer. */
DT_API bool dt_stor_reset_bus(dt_stor *s, unsigned path);

/* The latest WMIEvent that the miniport has sent. */
struct dt_stor_wmi {
    unsigned count, reregistered; /* since the start */
    uint32_t bytes;
    uint8_t  path, target, lun, data[128];
};
DT_API void dt_stor_wmi(dt_stor *s, struct dt_stor_wmi *w);

/* ---- units ---- */

struct dt_stor_unit {
    uint8_t  path, target, lun;
    uint8_t  type; /* peripheral device type */
    bool     removable, write_protected, write_cache, fua, unmap, ready;
    uint64_t blocks;
    uint32_t block_bytes, physical_block_bytes;
    uint32_t max_transfer; /* bytes that one request may move */
    char     vendor[9], product[17], revision[5], serial[33];
    unsigned depth, outstanding, queued;
};

DT_API unsigned dt_stor_unit_count(dt_stor *s);
DT_API bool     dt_stor_unit(dt_stor *s, unsigned n, struct dt_stor_unit *u); /* n-th by address; false: no such */

/* ---- requests ---- */

#define DT_SRB_SUCCESS 1 /* SRB_STATUS_SUCCESS */

struct dt_stor_request {
    /* filled by the caller; zeroed before */
    uint8_t  function; /* SRB_FUNCTION_XXX; 0 = a SCSI command */
    uint8_t  path, target, lun;
    uint8_t  cdb_bytes, cdb[32];
    uint32_t flags; /* SRB_FLAGS_XXX */
    uint8_t  tag_action;
    void    *data;
    uint32_t bytes;
    uint32_t timeout_s; /* 0 = the adapter's default */
    void    *data_in;   /* of a bidirectional request: what the device sends; miniports with extended SRBs only */
    uint32_t data_in_bytes;
    bool     io_info; /* extended SRBs carry SRBEX_DATA_IO_INFO, with these two */
    uint32_t io_flags, io_key;
    struct dt_stor_io *victim;                              /* SRB_FUNCTION_ABORT_COMMAND: whom */
    void (*done)(void *context, struct dt_stor_request *r); /* at IRQL <= DISPATCH_LEVEL, or NULL */
    void *context;
    /* the answer */
    uint8_t  srb_status, scsi_status, sense_bytes;
    uint32_t transferred, internal_status; /* the NTSTATUS where the port itself failed it */
    uint64_t service_time;                 /* 100 ns: IoTargetRequestServiceTime; 0 = the miniport did not tell */
    uint8_t  sense[255];
};

typedef struct dt_stor_io dt_stor_io;

/* r and its data must live until the request is done. IRQL <= DISPATCH_LEVEL. NULL: no memory. */
DT_API dt_stor_io *dt_stor_submit(dt_stor *s, struct dt_stor_request *r);
DT_API bool        dt_stor_done(const dt_stor_io *io); /* any IRQL */

/* Waits and frees; the SrbStatus without its flags. */
DT_API uint8_t dt_stor_finish(dt_stor_io *io);

/* Submits and waits. */
DT_API uint8_t dt_stor_run(dt_stor *s, struct dt_stor_request *r);

/* READ(16), WRITE(16), SYNCHRONIZE CACHE(10), UNMAP to unit 0:0:lun; its block size from READ CAPACITY. The SrbStatus. */
DT_API uint8_t dt_stor_read(dt_stor *s, unsigned lun, uint64_t block, void *buf, uint32_t blocks);
DT_API uint8_t dt_stor_write(dt_stor *s, unsigned lun, uint64_t block, const void *buf, uint32_t blocks);
DT_API uint8_t dt_stor_flush(dt_stor *s, unsigned lun);
DT_API uint8_t dt_stor_unmap(dt_stor *s, unsigned lun, uint64_t block, uint32_t blocks);

/* CDB and data alone, for requests that the caller sends himself. list: DT_STOR_UNMAP_BYTES, until the request is done. */
DT_API void dt_stor_cdb(struct dt_stor_request *r, bool write, unsigned lun, uint64_t block, void *buf, uint32_t blocks,
    uint32_t block_bytes);
#define DT_STOR_UNMAP_BYTES 24
DT_API void dt_stor_cdb_unmap(struct dt_stor_request *r, unsigned lun, uint64_t block, uint32_t blocks, uint8_t *list);

/* ---- power, plug and play, control (PASSIVE_LEVEL) ---- */

/* The adapter goes to D3 or comes back to D0; action: STOR_POWER_ACTION. */
DT_API dt_status dt_stor_power(dt_stor *s, bool on, unsigned action);
DT_API dt_status dt_stor_unit_power(dt_stor *s, unsigned path, unsigned target, unsigned lun, bool on, unsigned action);

/* IRP_MN_STOP_DEVICE, and IRP_MN_START_DEVICE after it; IRP_MN_SURPRISE_REMOVAL, after which only dt_stor_remove() is of use. */
DT_API dt_status dt_stor_stop(dt_stor *s);
DT_API dt_status dt_stor_restart(dt_stor *s);
DT_API dt_status dt_stor_surprise_removal(dt_stor *s);

/* SRB_FUNCTION_FLUSH or SRB_FUNCTION_SHUTDOWN to all units, when the adapter caches data. */
DT_API void dt_stor_flush_adapter(dt_stor *s, bool shutdown);

/* An adapter control of a type that the miniport supports. False: not supported (nothing was called), or refused. */
DT_API bool dt_stor_control(dt_stor *s, unsigned type, void *parameters);

/* ScsiPowerSettingNotification, for a GUID that the miniport has registered. */
DT_API bool dt_stor_power_setting(dt_stor *s, const void *guid, void *value, uint32_t bytes);

/* A unit is used for paging ... (SCSI_UC_DEVICE_USAGE_TYPE), or not any more. */
DT_API void dt_stor_unit_usage(dt_stor *s, unsigned path, unsigned target, unsigned lun, unsigned usage, bool in_use);

/* An administrator changes a value of the registry. */
DT_API bool dt_stor_registry_set(dt_stor *s, const struct dt_stor_value *v);

/* HwStorTracingEnabled. */
DT_API void dt_stor_tracing(dt_stor *s, bool enabled);

/* IOCTL_MINIPORT_PROCESS_SERVICE_IRP of a user program; *returned (may be NULL): what the dispatch routine returned.
 * Waiting frees it and tells its final status. NULL: no memory. */
typedef struct dt_stor_service dt_stor_service;
DT_API dt_stor_service        *dt_stor_service_send(dt_stor *s, void *buffer, uint32_t bytes, dt_status *returned);
DT_API dt_status               dt_stor_service_wait(dt_stor_service *sv);

/* What the port holds and what it has set for itself, for tests. */
struct dt_stor_state {
    unsigned gates; /* SP_GATE_ bits of src/sp/priv.h */
    unsigned outstanding, depth_max, requests_max;
    unsigned bus_type;        /* STORAGE_BUS_TYPE */
    uint32_t idle_timeout_ms; /* 0: the adapter is not registered for idle power */
    bool     powered_down;
};
DT_API void dt_stor_state(dt_stor *s, struct dt_stor_state *st);

#ifdef __cplusplus
}
#endif
