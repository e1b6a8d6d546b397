/* SPDX-License-Identifier: MIT */
/*
 * sp/interrupt.c - interrupts: the line, or messages with one lock for all or one for each.
 *
 * Connected between HwStorFindAdapter and HwStorInitialize. The KINTERRUPT's spin lock is the adapter's Interrupt lock, so what
 * StorPortAcquireSpinLock(InterruptLock) takes is what the interrupt routine runs under.
 */
#include "sp/priv.h"

enum { VECTOR_FIRST = 0x1000, LEVEL_DEFAULT = 5, LEVEL_MAX = 12 };

static bool call_message(struct sp_interrupt *i)
{
    struct sp_adapter                     *a = i->a;
    PHW_MESSAGE_SIGNALED_INTERRUPT_ROUTINE routine = a->config->HwMSInterruptRoutine;
    struct sp_frame                        f = {.entered = true, .message = i->message};

    sp_call_begin(&f, a, SP_CALL_MESSAGE, (const void *)routine);
    bool mine = routine(a->extension, (ULONG)i->message);

    sp_call_end(&f);
    return mine;
}

static bool call_line(struct sp_interrupt *i)
{
    struct sp_adapter *a = i->a;
    struct sp_frame    f = {.entered = true, .message = DEVICE_LINE};

    sp_call_begin(&f, a, SP_CALL_INTERRUPT, (const void *)a->driver->hw.HwInterrupt);
    bool mine = a->driver->hw.HwInterrupt(a->extension);

    sp_call_end(&f);
    return mine;
}

/* lock held; the line is still asserted after the routine has looked: the interrupt comes again */
static void again(struct sp_interrupt *i)
{
    unsigned old = sp_lock(i->a);
    bool     asserted = i->asserted;

    sp_unlock(i->a, old);
    if (asserted)
        io_interrupt_assert(i->vector);
}

/* At the interrupt's level with its lock. A stopped miniport is not called (STI-077). */
static BOOLEAN on_interrupt(PKINTERRUPT k, PVOID context)
{
    struct sp_interrupt *i = context;

    (void)k;
    if (!sp_interruptible(i->a))
        return FALSE;
    if (i->message >= 0)
        return call_message(i);
    bool mine = call_line(i);

    again(i);
    return mine;
}

/* ---- what the device calls ---- */

static struct sp_interrupt *find(struct sp_adapter *a, int message)
{
    if (a->messages == 0)
        return a->n_interrupts ? &a->interrupt[0] : NULL;
    return message >= 0 && (unsigned)message < a->messages ? &a->interrupt[message] : NULL;
}

/* Also in a step of the device, which has no processor: so the lock is taken as it is. False: kept for later. */
static bool note_raise(struct sp_adapter *a, struct sp_interrupt *i, int message)
{
    mach_lock(&a->lock);
    i->asserted = message == DEVICE_LINE;
    bool masked = i->masked;

    i->kept |= masked;
    mach_unlock(&a->lock);
    return !masked;
}

static void port_raise(struct device_port *port, int message)
{
    struct sp_adapter   *a = container_of(port, struct sp_adapter, port);
    struct sp_interrupt *i = find(a, message);

    if (i && note_raise(a, i, message))
        io_interrupt_assert(i->vector);
}

static void port_lower(struct device_port *port)
{
    struct sp_adapter *a = container_of(port, struct sp_adapter, port);

    mach_lock(&a->lock);
    a->interrupt[0].asserted = false;
    mach_unlock(&a->lock);
}

/* As a device would, by a test: DEVICE_LINE is an edge here. */
bool sp_interrupt_raise(struct sp_adapter *a, int message)
{
    struct sp_interrupt *i = find(a, message);

    if (!i || !i->object)
        return false;
    unsigned old = sp_lock(a);
    bool     masked = i->masked;

    i->kept |= masked;
    sp_unlock(a, old);
    return masked || io_interrupt_raise(i->vector, -1);
}

/* ---- connecting ---- */

/* MSI goes before the line, when the miniport has a routine for it (STL-102). */
static unsigned granted(const struct sp_adapter *a)
{
    unsigned n = a->cfg.messages;

    if (!a->config->HwMSInterruptRoutine || a->config->InterruptSynchronizationMode == InterruptSupportNone)
        return 0;
    if (a->cfg.device)
        n = n && n < a->cfg.device->messages ? n : a->cfg.device->messages;
    return n < DEVICE_MESSAGES ? n : DEVICE_MESSAGES;
}

static KIRQL level_of(const struct sp_adapter *a, unsigned i)
{
    unsigned base = a->cfg.dirql ? a->cfg.dirql : LEVEL_DEFAULT;
    unsigned level = base + (a->per_message ? i * a->cfg.msi_level_step : 0);

    return (KIRQL)(level < LEVEL_MAX ? level : LEVEL_MAX);
}

static NTSTATUS connect(struct sp_adapter *a, unsigned i)
{
    struct sp_interrupt           *to = &a->interrupt[i];
    bool                           line = a->messages == 0;
    ULONG                          own = VECTOR_FIRST + a->number * DEVICE_MESSAGES + i;
    struct io_interrupt_connection c = {.routine = on_interrupt,
        .context = to,
        .lock = &a->interrupt_lock[a->per_message ? i : 0],
        .vector = line && a->cfg.line_vector ? a->cfg.line_vector : own,
        .irql = level_of(a, i),
        .sync_irql = level_of(a, i),
        .mode = line ? LevelSensitive : Latched,
        .share = line,
        .port = true,
        .affinity = ke_affinity_all()};

    *to = (struct sp_interrupt){.a = a, .message = line ? DEVICE_LINE : (int)i, .vector = c.vector, .irql = c.irql};
    NTSTATUS status = io_interrupt_connect(&c, &to->object);

    if (NT_SUCCESS(status))
        a->n_interrupts++;
    return status;
}

static void tell_device(const struct sp_adapter *a, unsigned messages)
{
    struct device *d = a->cfg.device;

    if (d && d->ops->connect)
        d->ops->connect(d, messages);
}

/* Before HwStorFindAdapter, which may look whether MSI is on in configuration space: the bus driver has put it on. */
void sp_device_plug(struct sp_adapter *a)
{
    struct device *d = a->cfg.device;

    a->port = (struct device_port){.raise = port_raise, .lower = port_lower, .memory = a->cfg.memory};
    if (!d)
        return;
    __atomic_store_n(&d->port, &a->port, __ATOMIC_RELEASE);
    tell_device(a, a->cfg.messages && a->cfg.messages < d->messages ? a->cfg.messages : d->messages);
}

/* The device is on its own again; what it calls of the port has returned. */
void sp_device_unplug(struct sp_adapter *a)
{
    if (!a->cfg.device)
        return;
    __atomic_store_n(&a->cfg.device->port, NULL, __ATOMIC_RELEASE);
    tell_device(a, 0);
}

/* Level and locks are known before anything is connected, and to virtual miniports too. */
void sp_interrupt_prepare(struct sp_adapter *a)
{
    a->messages = a->is_virtual ? 0 : granted(a);
    tell_device(a, a->messages);
    a->per_message = a->messages && a->config->InterruptSynchronizationMode == InterruptSynchronizePerMessage;
    a->n_interrupt_locks = a->per_message ? a->messages : 1;
    for (unsigned i = 0; i < a->n_interrupt_locks; i++)
        sp_lock_init(&a->interrupt_lock[i]);
    a->dirql = level_of(a, a->n_interrupt_locks - 1);
}

NTSTATUS sp_interrupt_connect(struct sp_adapter *a)
{
    unsigned n = a->messages ? a->messages : a->driver->hw.HwInterrupt && !a->cfg.no_line ? 1 : 0;
    NTSTATUS status = STATUS_SUCCESS;

    for (unsigned i = 0; i < n && NT_SUCCESS(status); i++)
        status = connect(a, i);
    return status;
}

void sp_interrupt_disconnect(struct sp_adapter *a)
{
    while (a->n_interrupts > 0) {
        struct sp_interrupt *i = &a->interrupt[--a->n_interrupts];

        io_interrupt_disconnect(i->object);
        i->object = NULL;
    }
}

/* ---- what the miniport may know and do ---- */

/* STL-102, STL-103. */
ULONG sp_msi_info(struct sp_adapter *a, ULONG message, PMESSAGE_INTERRUPT_INFORMATION info)
{
    if (a->state <= SP_FINDING || a->messages == 0)
        return STOR_STATUS_INVALID_DEVICE_REQUEST;
    if (message >= a->messages)
        return STOR_STATUS_INVALID_PARAMETER;
    *info = (MESSAGE_INTERRUPT_INFORMATION){.MessageId = message,
        .MessageData = a->interrupt[message].vector,
        .MessageAddress.QuadPart = 0xfee00000,
        .InterruptVector = a->interrupt[message].vector,
        .InterruptLevel = a->interrupt[message].irql,
        .InterruptMode = Latched};
    return STOR_STATUS_SUCCESS;
}

/* STL-104. */
ULONG sp_msi_mask(struct sp_adapter *a, ULONG message, bool mask)
{
    if (message >= a->messages)
        return STOR_STATUS_INVALID_PARAMETER;
    struct sp_interrupt *i = &a->interrupt[message];
    unsigned             old = sp_lock(a);
    bool                 raise = !mask && i->kept;

    i->masked = mask;
    if (raise)
        i->kept = false;
    sp_unlock(a, old);
    if (a->cfg.device && a->cfg.device->ops->mask)
        a->cfg.device->ops->mask(a->cfg.device, message, mask);
    if (raise)
        io_interrupt_raise(i->vector, -1);
    return STOR_STATUS_SUCCESS;
}

/* STL-110 to STL-115. */
bool sp_synchronize(struct sp_adapter *a, PSTOR_SYNCHRONIZED_ACCESS routine, PVOID context, const void *caller)
{
    struct sp_frame f = {.message = -1};

    if (sp_interrupt_held(a))
        sp_stop("DT-S06", a->extension, caller,
            "StorPortSynchronizeAccess is called by a processor that holds the Interrupt lock: deadlock");
    sp_call_begin(&f, a, SP_CALL_SYNCHRONIZED, (const void *)routine);
    bool result = routine(a->extension, context);

    sp_call_end(&f);
    return result;
}
