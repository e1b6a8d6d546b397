/* SPDX-License-Identifier: MIT */
/*
 * sp/power.c - an adapter that sleeps, is stopped, is pulled out. IRQL 0, a system thread.
 *
 *     D3   queues paused and drained, FLUSH; ScsiAdapterPower, or else: POWER SRB, ScsiStopAdapter, interrupts off, ScsiSetBootConfig
 *     D0   ScsiAdapterPower, or else: ScsiSetRunningConfig, interrupts on, ScsiRestartAdapter (without it HwStorFindAdapter and
 *          HwStorInitialize again), POWER SRB; queues go on
 *
 * The POWER SRB needs an adapter that is not stopped, which is why it comes first on the way down and last on the way up
 * (STI-100). Between stop and restart nothing calls the miniport, and what its timer was to do is forgotten (STM-045).
 */
#include "sp/priv.h"

/* ---- what is cached goes to the disk ---- */

/* STI-036, STI-105. */
void sp_adapter_flush(struct sp_adapter *a, bool shutdown)
{
    struct sp_request r = {.function = shutdown ? SRB_FUNCTION_SHUTDOWN : SRB_FUNCTION_FLUSH,
        .flags = SRB_FLAGS_NO_QUEUE_FREEZE | SRB_FLAGS_BYPASS_FROZEN_QUEUE,
        .bypasses = true};

    if (!a->config->CachesData)
        return;
    for (unsigned n = 0; n < sp_unit_count(a); n++) {
        struct sp_lun *u = sp_unit_at(a, n);

        if (!u || u->hidden)
            continue;
        r.path = u->path;
        r.target = u->target;
        r.lun = u->lun;
        sp_submit_wait(a, &r);
    }
}

/* ---- down ---- */

/* Whoever submits asks this with the lock held. */
static void set_flag(struct sp_adapter *a, bool *flag, bool value)
{
    unsigned old = sp_lock(a);

    *flag = value;
    sp_unlock(a, old);
}

static void drain(struct sp_adapter *a)
{
    sp_gate_close(a, NULL, SP_GATE_POWER);
    for (unsigned n = 0; n < sp_unit_count(a); n++)
        sp_unit_wait(sp_unit_at(a, n));
}

static bool adapter_power_control(struct sp_adapter *a, bool on, ULONG action)
{
    STOR_ADAPTER_CONTROL_POWER p = {.Header = {.Version = 1, .Size = sizeof p, .Address = NULL},
        .PowerAction = (STOR_POWER_ACTION)action,
        .PowerState = on ? StorPowerDeviceD0 : StorPowerDeviceD3};

    if (!a->control_supported[ScsiAdapterPower])
        return false;
    sp_control(a, ScsiAdapterPower, &p);
    return true;
}

static void device_power(struct sp_adapter *a, bool on)
{
    struct device *d = a->cfg.device;

    if (d && d->ops->power)
        d->ops->power(d, on);
}

/* The two in which configuration space may be written (STI-038, STI-080). */
static void bus_config(struct sp_adapter *a, SCSI_ADAPTER_CONTROL_TYPE type)
{
    a->control.running_config = true;
    sp_control(a, type, NULL);
    a->control.running_config = false;
}

static void go_down(struct sp_adapter *a, ULONG action)
{
    set_flag(a, &a->control.powered_down, true); /* what comes from now on waits */
    drain(a);
    sp_adapter_flush(a, false);
    if (!adapter_power_control(a, false, action)) {
        sp_power_request(a, false, action);
        sp_adapter_quiesce(a);
        bus_config(a, ScsiSetBootConfig);
        a->control.stopped = true;
    }
    device_power(a, false);
}

/* ---- up ---- */

/* STI-063, STI-080. */
static bool restart(struct sp_adapter *a)
{
    bus_config(a, ScsiSetRunningConfig);
    if (!a->control_supported[ScsiRestartAdapter])
        return sp_adapter_reinitialize(a, true);
    return sp_adapter_revive(a) && sp_control(a, ScsiRestartAdapter, NULL);
}

static NTSTATUS go_up(struct sp_adapter *a, ULONG action)
{
    bool good = true;

    device_power(a, true);
    if (!adapter_power_control(a, true, action)) {
        good = restart(a);
        a->control.stopped = !good;
        if (good)
            a->state = SP_READY;
        if (good)
            sp_power_request(a, true, action);
    }
    if (!good)
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    set_flag(a, &a->control.powered_down, false);
    sp_gate_open(a, NULL, SP_GATE_POWER);
    return STATUS_SUCCESS;
}

NTSTATUS sp_adapter_power(struct sp_adapter *a, bool on, ULONG action)
{
    if (a->control.powered_down == !on)
        return STATUS_SUCCESS;
    if (on)
        return go_up(a, action);
    go_down(a, action);
    return STATUS_SUCCESS;
}

/* ---- IRP_MN_STOP_DEVICE: resources are redistributed; a start follows or a removal ---- */

void sp_adapter_stop(struct sp_adapter *a)
{
    if (a->control.stopped)
        return;
    set_flag(a, &a->control.powered_down, true);
    drain(a);
    sp_adapter_flush(a, false);
    sp_pnp_request(a, NULL, StorStopDevice, NULL, 0);
    sp_adapter_quiesce(a);
    a->control.stopped = true;
}

/* The device extension is as the miniport left it (STI-027). */
NTSTATUS sp_adapter_start_again(struct sp_adapter *a)
{
    if (!sp_adapter_reinitialize(a, false))
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    a->state = SP_READY;
    a->control.stopped = false;
    set_flag(a, &a->control.powered_down, false);
    sp_gate_open(a, NULL, SP_GATE_POWER);
    return STATUS_SUCCESS;
}

/* ---- pulled out ---- */

/* STI-111. Registers read as ones from now on; what the miniport has, it must give back. */
void sp_adapter_surprise(struct sp_adapter *a)
{
    set_flag(a, &a->control.gone, true);
    sp_control(a, ScsiAdapterSurpriseRemoval, NULL);
    for (unsigned n = 0; n < sp_unit_count(a); n++) {
        struct sp_lun *u = sp_unit_at(a, n);

        sp_queue_flush(u, SRB_STATUS_NO_DEVICE);
    }
    sp_pnp_request(a, NULL, StorSurpriseRemoval, NULL, 0);
}

/* ---- removed: STI-112 ---- */

void sp_adapter_leave(struct sp_adapter *a)
{
    for (unsigned n = 0; n < sp_unit_count(a); n++)
        if (!sp_unit_at(a, n)->hidden)
            sp_unit_removing(sp_unit_at(a, n), false);
    if (!a->control.gone)
        sp_adapter_flush(a, false);
    sp_pnp_request(a, NULL, StorRemoveDevice, NULL, 0);
    sp_service_end(a);
}
