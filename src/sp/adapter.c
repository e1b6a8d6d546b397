/* SPDX-License-Identifier: MIT */
/*
 * sp/adapter.c - the life of an adapter.
 *
 *     AddDevice        created
 *     START_DEVICE     HwStorFindAdapter, interrupts connected, HwStorInitialize, passive initialisation, control types asked
 *                      for, units looked for: ready
 *     REMOVE_DEVICE    requests drained, PnP remove SRB, DPCs drained, ScsiStopAdapter, timers and interrupts off,
 *                      HwFreeAdapterResources, memory freed
 *
 * Two flags say what may call the miniport by itself: `interruptible` from the moment interrupts are connected (they may come
 * during HwStorInitialize, whose Interrupt lock holds them back), `callable` (timers, DPCs) from its return.
 */
#include <string.h>

#include "base/ddi.h"
#include "sp/priv.h"

static struct {
    struct mach_lock lock; /* protects the list; taken at HIGH_LEVEL */
    struct list      all;
    unsigned         next_number;
} adapters;

void sp_boot(void)
{
    sp_bus_boot();
    adapters.lock = (struct mach_lock){0};
    adapters.next_number = 0;
    list_init(&adapters.all);
}

static unsigned list_lock(void)
{
    unsigned old = ke_raise_to(HIGH_LEVEL);

    mach_lock(&adapters.lock);
    return old;
}

static void list_unlock(unsigned old)
{
    mach_unlock(&adapters.lock);
    mach_irql_lower(old);
}

/* ---- by its extension ---- */

struct sp_adapter *sp_adapter_find(const void *ext)
{
    struct sp_adapter *found = NULL;
    unsigned           old = list_lock();

    for (struct list *l = adapters.all.next; l != &adapters.all && !found; l = l->next) {
        struct sp_adapter *a = container_of(l, struct sp_adapter, link);

        found = a->extension == ext ? a : NULL;
    }
    list_unlock(old);
    return ext ? found : NULL;
}

struct sp_adapter *sp_adapter_of(const void *ext, const char *routine, const void *caller)
{
    struct sp_adapter *a = sp_adapter_find(ext);

    if (!a)
        sp_stop("DT-S12", ext, caller, "%s is called with %p, which is no adapter's device extension", routine, ext);
    return a;
}

PVOID sp_adapter_extension(const struct sp_adapter *a)
{
    return a->extension;
}

bool sp_callable(const struct sp_adapter *a)
{
    return __atomic_load_n(&a->callable, __ATOMIC_ACQUIRE);
}

bool sp_interruptible(const struct sp_adapter *a)
{
    return __atomic_load_n(&a->interruptible, __ATOMIC_ACQUIRE);
}

static void set_flag(bool *flag, bool value)
{
    __atomic_store_n(flag, value, __ATOMIC_RELEASE);
}

/* ---- made and freed ---- */

static void init_cpus(struct sp_adapter *a)
{
    a->n_cpus = mach_cpus();
    for (unsigned i = 0; i < a->n_cpus; i++) {
        struct sp_cpu *c = &a->cpu[i];

        c->a = a;
        list_init(&c->done);
        ke_dpc_init(&c->dpc, sp_cpu_dpc, c, false);
        ke_dpc_importance(&c->dpc, MediumHighImportance);
        ke_dpc_target(&c->dpc, i);
    }
}

static void init_gates(struct sp_adapter *a)
{
    a->gates = SP_GATE_NOT_READY;
    sp_gate_timer_init(&a->pause, a, NULL, SP_GATE_PAUSED);
    sp_gate_timer_init(&a->hold, a, NULL, SP_GATE_HOLD);
    sp_gate_timer_init(&a->link_down, a, NULL, SP_GATE_LINK_DOWN);
}

static void join(struct sp_adapter *a)
{
    unsigned old = list_lock();

    a->number = adapters.next_number++;
    list_add_tail(&adapters.all, &a->link);
    list_unlock(old);
}

static void free_adapter(struct sp_adapter *a);

struct sp_adapter *sp_adapter_create(struct sp_driver *d, PDEVICE_OBJECT pdo, PDEVICE_OBJECT fdo)
{
    struct sp_adapter *a = ex_pool_alloc(
        EX_POOL_NX | EX_POOL_ZERO, sizeof *a + mach_cpus() * sizeof a->cpu[0] + sizeof *a->config, SP_TAG, NULL);

    if (!a)
        return NULL;
    a->config = (PPORT_CONFIGURATION_INFORMATION)(void *)&a->cpu[mach_cpus()];
    a->driver = d;
    a->pdo = pdo;
    a->fdo = fdo;
    a->is_virtual = d->virtual_miniport;
    if (d->start)
        a->cfg = *d->start;
    list_init(&a->units);
    list_init(&a->slots_free);
    list_init(&a->timers_ex);
    list_init(&a->dpcs);
    ke_event_init(&a->drained, SynchronizationEvent, false);
    sp_lock_init(&a->startio_lock);
    init_cpus(a);
    init_gates(a);
    sp_timer_init(a);
    sp_scan_init(a);
    if (a->cfg.prohibited_ddis)
        __atomic_add_fetch(&ddi_watch, 1, __ATOMIC_RELAXED);
    sp_watch_init(a);
    sp_pofx_init(a);
    sp_more_init(a);
    join(a);
    if (sp_registry_init(a))
        return a;
    sp_registry_fini(a);
    free_adapter(a);
    return NULL;
}

static void free_adapter(struct sp_adapter *a)
{
    unsigned old = list_lock();

    list_del(&a->link);
    list_unlock(old);
    if (a->cfg.prohibited_ddis)
        __atomic_sub_fetch(&ddi_watch, 1, __ATOMIC_RELAXED);
    sp_device_unplug(a);
    if (a->extension)
        ex_pool_free(a->extension, 0, NULL);
    ex_pool_free(a, 0, NULL);
}

/* ---- up ---- */

static ULONG call_find_adapter(struct sp_adapter *a)
{
    struct sp_frame f = {.message = -1};
    BOOLEAN         again = FALSE;
    PCHAR           argument = (PCHAR)sp_registry_argument(a);
    ULONG           result;

    sp_call_begin(&f, a, SP_CALL_FIND_ADAPTER, a->driver->hw.HwFindAdapter);
    if (a->is_virtual) /* STV-005 */
        result = ((PVIRTUAL_HW_FIND_ADAPTER)a->driver->hw.HwFindAdapter)(
            a->extension, a->pdo, a->fdo, a->pdo, argument, a->config, &again);
    else
        result = ((PHW_FIND_ADAPTER)a->driver->hw.HwFindAdapter)(a->extension, NULL, NULL, argument, a->config, &again);
    sp_call_end(&f);
    sp_bus_data_end(a);
    if (result > SP_RETURN_BAD_CONFIG) /* STI-021 */
        sp_stop("DT-S17", a->extension, a->driver->hw.HwFindAdapter, "HwStorFindAdapter returned %u", (unsigned)result);
    return result;
}

static bool find_adapter(struct sp_adapter *a)
{
    a->extension = ex_pool_alloc(
        EX_POOL_NX | EX_POOL_ZERO | EX_POOL_CACHE_ALIGNED, a->driver->hw.DeviceExtensionSize, SP_TAG, NULL);
    if (!a->extension)
        return false;
    ev(EV_STOR_ADAPTER, a->extension, EV_STOR_CREATED, a->driver->hw.DeviceExtensionSize, (uintptr_t)&a->driver->hw);
    sp_device_plug(a);
    sp_config_fill(a);
    a->state = SP_FINDING;
    unsigned old = a->cfg.dump ? ke_raise_to(HIGH_LEVEL) : mach_irql(); /* STL-002 */
    ULONG    result = call_find_adapter(a);

    mach_irql_lower(old);
    if (result != SP_RETURN_FOUND)
        return false;
    sp_config_take(a);
    a->state = SP_FOUND;
    return true;
}

static bool call_initialize(struct sp_adapter *a)
{
    struct sp_frame f = {.message = -1};

    sp_call_begin(&f, a, SP_CALL_INITIALIZE, (const void *)a->driver->hw.HwInitialize);
    bool good = a->driver->hw.HwInitialize(a->extension);

    if (good)
        a->state = SP_PASSIVE;
    set_flag(&a->callable, good);
    sp_call_end(&f);
    return good;
}

static bool passive_initialize(struct sp_adapter *a)
{
    struct sp_frame f = {.message = -1};

    if (!a->passive_routine)
        return true;
    sp_call_begin(&f, a, SP_CALL_PASSIVE_INITIALIZE, (const void *)a->passive_routine);
    bool good = a->passive_routine(a->extension);

    sp_call_end(&f);
    return good;
}

static bool initialize(struct sp_adapter *a)
{
    sp_interrupt_prepare(a);
    if (!sp_slots_init(a))
        return false;
    a->self = sp_lun_make(a, 0xff, 0xff, 0xff);
    if (!a->self)
        return false;
    a->self->hidden = true;
    a->state = SP_INITIALIZING;
    set_flag(&a->callable, a->cfg.timers_early);
    set_flag(&a->interruptible, true);
    if (!NT_SUCCESS(sp_interrupt_connect(a)) || !call_initialize(a))
        return false;
    if (a->cfg.spurious)
        sp_interrupt_raise(a, a->messages ? 0 : DEVICE_LINE);
    sp_timer_resume(a);
    return passive_initialize(a);
}

static void ready(struct sp_adapter *a)
{
    a->state = SP_READY;
    sp_gate_open(a, NULL, SP_GATE_NOT_READY);
    ev(EV_STOR_ADAPTER, a->extension, EV_STOR_STARTED, a->is_virtual, a->channels);
}

static void tear_down(struct sp_adapter *a);

/* IRP_MN_START_DEVICE. IRQL 0. */
NTSTATUS sp_adapter_run(struct sp_adapter *a)
{
    sp_tracing_begin(a->driver);
    if (a->state == SP_STOPPED)
        return sp_adapter_start_again(a);
    sp_filter_resources(a);
    if (!find_adapter(a) || !initialize(a)) {
        tear_down(a);
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    }
    sp_control_query(a);
    ready(a);
    sp_scan_first(a);
    return STATUS_SUCCESS;
}

/* ---- up again (power.c) ---- */

/* Interrupts, timers and DPCs may call the miniport again. */
bool sp_adapter_revive(struct sp_adapter *a)
{
    set_flag(&a->interruptible, true);
    if (!NT_SUCCESS(sp_interrupt_connect(a)))
        return false;
    set_flag(&a->callable, true);
    return true;
}

static ULONG find_again(struct sp_adapter *a, bool at_dispatch)
{
    unsigned old = at_dispatch ? ke_raise_to(DISPATCH_LEVEL) : mach_irql(); /* STL-002 */

    sp_config_fill(a);
    a->state = SP_FINDING;
    a->reinitializing = at_dispatch;
    ULONG result = call_find_adapter(a);

    a->reinitializing = false;
    mach_irql_lower(old);
    return result;
}

bool sp_adapter_reinitialize(struct sp_adapter *a, bool at_dispatch)
{
    if (find_again(a, at_dispatch) != SP_RETURN_FOUND)
        return false;
    sp_config_take(a);
    a->state = SP_INITIALIZING;
    set_flag(&a->interruptible, true);
    return NT_SUCCESS(sp_interrupt_connect(a)) && call_initialize(a) && passive_initialize(a);
}

NTSTATUS sp_adapter_start(PDRIVER_OBJECT driver, const struct sp_config *cfg, struct sp_adapter **out)
{
    struct sp_driver *d = sp_driver_of(driver);
    PDEVICE_OBJECT    pdo;

    *out = NULL;
    if (!d)
        return STATUS_INVALID_DEVICE_REQUEST;
    d->start = cfg;
    NTSTATUS status = io_driver_add_device(driver, &pdo);

    d->start = NULL;
    if (!NT_SUCCESS(status))
        return status;
    struct sp_adapter *a = sp_adapter_of_fdo(pdo->AttachedDevice);

    status = io_pdo_start(pdo);
    if (NT_SUCCESS(status))
        *out = a;
    else
        io_pdo_remove(pdo);
    return status;
}

/* ---- down ---- */

static void timers_off(struct sp_adapter *a)
{
    set_flag(&a->callable, false);
    sp_timer_stop(a);
    sp_timers_ex_stop(a);
}

static void gates_off(struct sp_adapter *a)
{
    sp_gate_timer_fini(&a->pause);
    sp_gate_timer_fini(&a->hold);
    sp_gate_timer_fini(&a->link_down);
}

/* STM-045, STD-018, STI-077: nothing calls the miniport by itself when this has returned. */
void sp_adapter_quiesce(struct sp_adapter *a)
{
    sp_dpcs_drain(a);
    timers_off(a);
    sp_control_stop(a);
    set_flag(&a->interruptible, false);
    sp_interrupt_disconnect(a);
    a->state = SP_STOPPED;
    ev(EV_STOR_ADAPTER, a->extension, EV_STOR_STOPPED, 0, 0);
}

static void free_resources(struct sp_adapter *a)
{
    PHW_FREE_ADAPTER_RESOURCES routine = a->driver->hw.HwFreeAdapterResources;
    struct sp_frame            f = {.message = -1};

    if (!routine)
        return;
    sp_call_begin(&f, a, SP_CALL_FREE_RESOURCES, (const void *)routine);
    routine(a->extension);
    sp_call_end(&f);
}

/* From whatever state START_DEVICE came to. */
static void tear_down(struct sp_adapter *a)
{
    timers_off(a);
    set_flag(&a->interruptible, false);
    sp_interrupt_disconnect(a);
    a->state = SP_REMOVED;
}

static void wait_for_processors(struct sp_adapter *a)
{
    for (unsigned i = 0; i < a->n_cpus; i++) {
        ke_dpc_remove(&a->cpu[i].dpc);
        ke_dpc_wait_until_idle(&a->cpu[i].dpc);
    }
}

/* A callback that ran while its timer was turned off may have set it again, and one that freed its own extended timer may
 * not have returned. Nobody arms a timer any more; what has expired asks the adapter's locks before it sees that. */
static void wait_for_timers(struct sp_adapter *a)
{
    timers_off(a);
    ke_dpc_flush();
}

/* IRP_MN_REMOVE_DEVICE. IRQL 0. */
void sp_adapter_destroy(struct sp_adapter *a)
{
    sp_more_close(a);
    if (a->state == SP_READY || a->state == SP_STOPPED) {
        sp_remove_drain(a);
        if (a->state == SP_READY) {
            sp_adapter_leave(a);
            sp_adapter_quiesce(a);
        }
        a->state = SP_REMOVING;
        free_resources(a);
        sp_timer_fini(a);
        ev(EV_STOR_ADAPTER, a->extension, EV_STOR_REMOVED, 0, 0);
    }
    gates_off(a);
    wait_for_timers(a);
    sp_watch_fini(a);
    sp_pofx_fini(a);
    wait_for_processors(a);
    sp_timers_ex_fini(a);
    sp_more_fini(a);
    sp_slots_fini(a);
    sp_luns_fini(a);
    sp_find_fini(a);
    sp_registry_fini(a);
    free_adapter(a);
}

NTSTATUS sp_adapter_remove(struct sp_adapter *a)
{
    return io_pdo_remove(a->pdo);
}
