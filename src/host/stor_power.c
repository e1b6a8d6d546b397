/* SPDX-License-Identifier: MIT */
/* host/stor_power.c - what a body does to an adapter besides requests: power, plug and play, controls, registry, service IRPs. */
#include "ddk/ntddscsi.h"
#include "duetime/storport.h"
#include "host/host.h"
#include "sp/priv.h"

dt_status dt_stor_power(dt_stor *s, bool on, unsigned action)
{
    return sp_adapter_power(s, on, action);
}

dt_status dt_stor_unit_power(dt_stor *s, unsigned path, unsigned target, unsigned lun, bool on, unsigned action)
{
    struct sp_lun *u = sp_unit_find(s, path, target, lun);

    return u ? sp_unit_power(u, on, action) : STATUS_NO_SUCH_DEVICE;
}

/* Through the driver object's table, which the miniport may have changed (STV-027). */
static dt_status send_pnp(dt_stor *s, UCHAR minor)
{
    struct io_request r = {.device = s->pdo, .major = IRP_MJ_PNP, .minor = minor};

    return io_request_run(&r);
}

dt_status dt_stor_stop(dt_stor *s)
{
    return send_pnp(s, IRP_MN_STOP_DEVICE);
}

dt_status dt_stor_restart(dt_stor *s)
{
    return send_pnp(s, IRP_MN_START_DEVICE);
}

dt_status dt_stor_surprise_removal(dt_stor *s)
{
    return send_pnp(s, IRP_MN_SURPRISE_REMOVAL);
}

void dt_stor_flush_adapter(dt_stor *s, bool shutdown)
{
    sp_adapter_flush(s, shutdown);
}

bool dt_stor_control(dt_stor *s, unsigned type, void *parameters)
{
    return sp_control(s, (SCSI_ADAPTER_CONTROL_TYPE)type, parameters);
}

bool dt_stor_power_setting(dt_stor *s, const void *guid, void *value, uint32_t bytes)
{
    return sp_power_setting(s, guid, value, bytes);
}

void dt_stor_unit_usage(dt_stor *s, unsigned path, unsigned target, unsigned lun, unsigned usage, bool in_use)
{
    struct sp_lun *u = sp_unit_find(s, path, target, lun);

    if (u)
        sp_unit_usage(u, usage, in_use);
}

bool dt_stor_registry_set(dt_stor *s, const struct dt_stor_value *v)
{
    return sp_registry_change(s, (const struct sp_registry_value *)v);
}

void dt_stor_tracing(dt_stor *s, bool enabled)
{
    sp_tracing_enabled(s, enabled);
}

/* ---- service IRPs ---- */

struct dt_stor_service {
    struct io_request r;
};

dt_stor_service *dt_stor_service_send(dt_stor *s, void *buffer, uint32_t bytes, dt_status *returned)
{
    dt_stor_service *sv = ke_object_alloc(sizeof *sv);

    if (!sv)
        return NULL;
    sv->r = (struct io_request){.device = s->fdo,
        .major = IRP_MJ_DEVICE_CONTROL,
        .ioctl = IOCTL_MINIPORT_PROCESS_SERVICE_IRP,
        .in = buffer,
        .in_bytes = bytes,
        .out = buffer,
        .out_bytes = bytes};
    NTSTATUS status = io_request_send(&sv->r);

    if (returned)
        *returned = status;
    return sv;
}

dt_status dt_stor_service_wait(dt_stor_service *sv)
{
    io_request_wait(&sv->r, NULL);
    NTSTATUS status = sv->r.iosb.Status;

    ke_object_free(sv, sizeof *sv);
    return status;
}

/* ---- for tests ---- */

void dt_stor_state(dt_stor *s, struct dt_stor_state *st)
{
    unsigned old = sp_lock(s);

    *st = (struct dt_stor_state){.gates = s->gates,
        .outstanding = s->outstanding,
        .depth_max = s->max_per_unit,
        .requests_max = s->max_io,
        .bus_type = s->control.bus_type_set ? s->control.bus_type : s->knobs.bus_type,
        .idle_timeout_ms = s->control.pofx.registered ? s->control.pofx.idle_timeout_ms : 0,
        .powered_down = s->control.powered_down};
    sp_unlock(s, old);
}
