/* SPDX-License-Identifier: MIT */
/* host/stor.c - adapters of a body: start, remove, look at. */
#include <string.h>

#include "duetime/storport.h"
#include "host/host.h"
#include "sp/priv.h"

_Static_assert((int)DT_STOR_WINDOWS_11 == (int)SP_OS_11, "both name the same systems");
_Static_assert(sizeof(struct dt_stor_unit) == sizeof(struct sp_unit_info), "both have the same members");
_Static_assert(sizeof(struct dt_stor_value) == sizeof(struct sp_registry_value), "both have the same members");

static struct sp_config config_of(const struct dt_stor_config *c)
{
    return (struct sp_config){.device = c->device,
        .memory = c->memory,
        .argument = c->argument,
        .os = (enum sp_os)c->os,
        .dirql = c->dirql,
        .messages = c->messages,
        .msi_level_step = c->message_level_step,
        .line_vector = c->line_vector,
        .perf_flags_off = c->perf_flags_off,
        .channels_max = c->channels_max,
        .control_types = c->control_types,
        .link_down_timeout_s = c->link_down_timeout_s,
        .no_line = c->no_line,
        .no_scan = c->no_scan,
        .no_class = c->no_class,
        .dump = c->dump,
        .spurious = c->spurious_interrupt,
        .timers_early = c->timers_early,
        .timer_ex_no_lock = c->timer_ex_no_lock,
        .stop_no_lock = c->stop_no_lock,
        .link_down_counts = c->link_down_counts,
        .busy_forever = c->busy_forever,
        .no_timeouts = c->no_timeouts,
        .prohibited_ddis = c->prohibited_ddis,
        .retries_count = c->retries_count,
        .breaks_default_0x11 = c->breaks_default_0x11,
        .pause_first_wins = c->pause_first_wins,
        .start_false_pending = c->start_false_pending,
        .virtual_no_sgl = c->virtual_no_sgl,
        .timer_may_stay = c->timer_may_stay,
        .registry = (const struct sp_registry_value *)c->registry};
}

dt_stor *dt_stor_start(dt_driver *driver, const struct dt_stor_config *cfg, dt_status *status)
{
    static const struct dt_stor_config none;
    struct sp_config                   c = config_of(cfg ? cfg : &none);
    struct sp_adapter                 *a = NULL;
    NTSTATUS                           s = sp_adapter_start(driver, &c, &a);

    if (status)
        *status = s;
    return a;
}

dt_status dt_stor_remove(dt_stor *s)
{
    return sp_adapter_remove(s);
}

dt_status dt_stor_rescan(dt_stor *s)
{
    return sp_adapter_scan(s, -1);
}

void *dt_stor_extension(const dt_stor *s)
{
    return sp_adapter_extension(s);
}

unsigned dt_stor_locks_held(dt_stor *s)
{
    return sp_locks_held(s);
}

bool dt_stor_interrupt(dt_stor *s, int message)
{
    return sp_interrupt_raise(s, message);
}

bool dt_stor_reset_bus(dt_stor *s, unsigned path)
{
    return sp_reset_bus(s, path);
}

void dt_stor_wmi(dt_stor *s, struct dt_stor_wmi *w)
{
    unsigned old = sp_lock(s);

    *w = (struct dt_stor_wmi){.count = s->wmi.count,
        .reregistered = s->wmi.reregistered,
        .bytes = s->wmi.bytes,
        .path = s->wmi.path,
        .target = s->wmi.target,
        .lun = s->wmi.lun};
    memcpy(w->data, s->wmi.data, sizeof w->data);
    sp_unlock(s, old);
}

unsigned dt_stor_unit_count(dt_stor *s)
{
    return sp_unit_count(s);
}

bool dt_stor_unit(dt_stor *s, unsigned n, struct dt_stor_unit *u)
{
    struct sp_lun      *l = sp_unit_at(s, n);
    struct sp_unit_info info;

    if (!l)
        return false;
    sp_unit_info(l, &info);
    memcpy(u, &info, sizeof *u);
    return true;
}
