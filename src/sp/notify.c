/* SPDX-License-Identifier: MIT */
/* sp/notify.c - notifications about the bus and the link. All at any IRQL, with any lock of the adapter held. */
#include <string.h>

#include "sp/priv.h"

/* STN-031, STN-032: the driver stays responsible for its requests, the port holds new ones. */
void sp_reset_detected(struct sp_adapter *a)
{
    if (a->config->BusResetHoldTime)
        sp_gate_close_for(&a->hold, (nt_100ns)a->config->BusResetHoldTime * 10);
}

/* STN-050, STN-053, STN-055. */
void sp_link_down(struct sp_adapter *a, const void *caller)
{
    (void)caller;
    sp_gate_close_for(&a->link_down, (nt_100ns)a->knobs.link_down_s * 1000 * NT_100NS_PER_MS);
}

/* STN-051, STN-052. */
void sp_link_up(struct sp_adapter *a, const void *caller)
{
    if (!sp_gate_open_early(&a->link_down))
        sp_warn("DT-S16", a->extension, caller, "LinkUp is notified while the link is not down");
}

/* STN-080, STN-081: larger events are dropped without a word. */
void sp_wmi_event(struct sp_adapter *a, const void *data, ULONG bytes, UCHAR path, UCHAR target, UCHAR lun)
{
    unsigned old = sp_lock(a);

    if (bytes <= sizeof a->wmi.data) {
        a->wmi.count++;
        a->wmi.bytes = bytes;
        a->wmi.path = path;
        a->wmi.target = path == 0xff ? 0 : target;
        a->wmi.lun = path == 0xff ? 0 : lun;
        memcpy(a->wmi.data, data, bytes);
    }
    sp_unlock(a, old);
}

/* STN-082: the data blocks are asked for anew, by a request to the adapter itself. */
void sp_wmi_reregister(struct sp_adapter *a)
{
    unsigned old = sp_lock(a);

    a->wmi.reregistered++;
    sp_unlock(a, old);
    sp_kick(a);
}

/* STN-090: before the request is completed. */
void sp_service_time(struct sp_adapter *a, uint64_t duration, void *srb, const void *caller)
{
    unsigned        old = sp_lock(a);
    struct sp_slot *s = sp_slot_find_locked(a, srb);
    bool            ours = s && s->state == SP_SLOT_DRIVER;

    if (ours)
        s->r->service_time = duration;
    sp_unlock(a, old);
    if (!ours)
        sp_stop("DT-S16", srb, caller, "IoTargetRequestServiceTime names a request that the miniport does not have");
}
