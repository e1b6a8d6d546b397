/* SPDX-License-Identifier: MIT */
/*
 * sp/perf.c - StorPortInitializePerfOpts: the options that a miniport applies, concurrent channels above all.
 *
 * Channels are tokens: with n of them at most n HwStorStartIo calls are under way, each with a number of its own, and the
 * StartIo lock is not taken for them. Only what was applied counts (STM-012), and the last successful call wins (STL-131).
 */
#include "sp/priv.h"

enum { CHANNELS_MAX = 64 };

static const struct {
    ULONG flag, version, needs;
} options[] = {
    /* STL-125, STL-126 */
    {STOR_PERF_DPC_REDIRECTION, 2, 0},
    {STOR_PERF_CONCURRENT_CHANNELS, 2, 0},
    {STOR_PERF_INTERRUPT_MESSAGE_RANGES, 2, STOR_PERF_DPC_REDIRECTION},
    {STOR_PERF_ADV_CONFIG_LOCALITY, 3, STOR_PERF_INTERRUPT_MESSAGE_RANGES | STOR_PERF_DPC_REDIRECTION},
    {STOR_PERF_OPTIMIZE_FOR_COMPLETION_DURING_STARTIO, 3, STOR_PERF_DPC_REDIRECTION},
    {STOR_PERF_DPC_REDIRECTION_CURRENT_CPU, 4, STOR_PERF_DPC_REDIRECTION},
    {STOR_PERF_NO_SGL, 5, 0},
};

/* Half duplex puts StartIo under the Interrupt lock: channels would be of no use. STL-063: nor before Windows 8. */
static bool offered(const struct sp_adapter *a, ULONG flag)
{
    if (a->cfg.perf_flags_off & flag)
        return false;
    if (flag == STOR_PERF_CONCURRENT_CHANNELS)
        return !a->half_duplex && (a->cfg.os == SP_OS_CURRENT || a->cfg.os >= SP_OS_8);
    return true;
}

static ULONG supported(const struct sp_adapter *a, ULONG version)
{
    ULONG flags = 0;

    for (unsigned i = 0; i < ARRAYSIZE(options); i++)
        if (version >= options[i].version && offered(a, options[i].flag))
            flags |= options[i].flag;
    return flags;
}

static bool needs_met(ULONG flags)
{
    for (unsigned i = 0; i < ARRAYSIZE(options); i++)
        if (flags & options[i].flag && (flags & options[i].needs) != options[i].needs)
            return false;
    return true;
}

static bool channels_fit(const struct sp_adapter *a, const PERF_CONFIGURATION_DATA *d)
{
    unsigned max = a->cfg.channels_max ? a->cfg.channels_max : CHANNELS_MAX;

    return !(d->Flags & STOR_PERF_CONCURRENT_CHANNELS) || (d->ConcurrentChannels > 0 && d->ConcurrentChannels <= max);
}

/* STL-127. */
static bool messages_fit(const PERF_CONFIGURATION_DATA *d)
{
    return !(d->Flags & STOR_PERF_INTERRUPT_MESSAGE_RANGES) ||
           d->FirstRedirectionMessageNumber <= d->LastRedirectionMessageNumber;
}

/* STL-128: element 0 is the first message of the range. There is one node. */
static void tell_locality(struct sp_adapter *a, PPERF_CONFIGURATION_DATA d)
{
    if (!(d->Flags & STOR_PERF_ADV_CONFIG_LOCALITY))
        return;
    d->DeviceNode = 0;
    for (ULONG i = d->FirstRedirectionMessageNumber; d->MessageTargets && i <= d->LastRedirectionMessageNumber; i++)
        d->MessageTargets[i - d->FirstRedirectionMessageNumber] =
            (GROUP_AFFINITY){.Mask = 1ull << ((i - d->FirstRedirectionMessageNumber) % a->n_cpus)};
}

static void apply(struct sp_adapter *a, const PERF_CONFIGURATION_DATA *d)
{
    unsigned old = sp_lock(a);

    a->perf = *d;
    a->channels = d->Flags & STOR_PERF_CONCURRENT_CHANNELS ? d->ConcurrentChannels : 0;
    sp_unlock(a, old);
}

/* STL-120 to STL-132. */
ULONG sp_perf_initialize(struct sp_adapter *a, bool query, PPERF_CONFIGURATION_DATA d)
{
    if (!sp_inside(a, SP_CALL_INITIALIZE) && !sp_inside(a, SP_CALL_PASSIVE_INITIALIZE))
        return STOR_STATUS_UNSUCCESSFUL;
    if (query) {
        d->Flags = supported(a, d->Version);
        return STOR_STATUS_SUCCESS;
    }
    if (d->Flags & ~supported(a, d->Version) || !needs_met(d->Flags) || !channels_fit(a, d) || !messages_fit(d))
        return STOR_STATUS_UNSUCCESSFUL;
    if (ex_pool_fault()) /* STL-124 */
        return STOR_STATUS_INSUFFICIENT_RESOURCES;
    tell_locality(a, d);
    apply(a, d);
    return STOR_STATUS_SUCCESS;
}

/* STL-074 to STL-076. Inside HwStorStartIo. */
ULONG sp_perf_startio(struct sp_adapter *a, void *srb, PSTARTIO_PERFORMANCE_PARAMETERS p)
{
    const struct sp_frame *f = sp_frame_of(a);
    unsigned               old = sp_lock(a);
    struct sp_slot        *s = sp_slot_find_locked(a, srb);
    bool                   ours = s && s->state == SP_SLOT_DRIVER;
    unsigned               cpu = ours ? s->r->cpu : 0;

    sp_unlock(a, old);
    if (!ours || p->Size < sizeof *p)
        return STOR_STATUS_INVALID_PARAMETER;
    bool  ranges = a->perf.Flags & STOR_PERF_INTERRUPT_MESSAGE_RANGES;
    ULONG first = ranges ? a->perf.FirstRedirectionMessageNumber : 0;
    ULONG n = ranges ? a->perf.LastRedirectionMessageNumber - first + 1 : a->messages;

    p->ChannelNumber = f && f->call == SP_CALL_START_IO ? f->channel : 0;
    p->MessageNumber = a->messages && n ? first + cpu % n : 0;
    return STOR_STATUS_SUCCESS;
}
