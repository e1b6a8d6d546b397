/* SPDX-License-Identifier: MIT */
/* tests/sp/clients.h - many requests at once, and a miniport that keeps them until the test says what becomes of them. */
#pragma once

#include "sp/stor.h"

enum { CLIENTS_MAX = 320 };

static struct dt_stor_request rq[CLIENTS_MAX];
static dt_stor_io            *io[CLIENTS_MAX];
static unsigned               n_sent;

static void         *kept[CLIENTS_MAX]; /* what the miniport has been given, in order */
static volatile LONG n_kept, n_given_back;

static inline void clients_begin(void)
{
    for (LONG i = 0; i < n_kept; i++)
        kept[i] = NULL;
    n_sent = 0;
    n_kept = n_given_back = 0;
}

/* A HwStorStartIo that keeps everything. */
static inline bool keep(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    (void)e;
    __atomic_store_n(&kept[InterlockedIncrement(&n_kept) - 1], srb, __ATOMIC_RELEASE);
    return true;
}

/* One of those that are counted; it may be on its way here still. */
static inline void *kept_one(LONG i)
{
    void *srb;

    dt_expect(i < __atomic_load_n(&n_kept, __ATOMIC_ACQUIRE));
    while (!(srb = __atomic_load_n(&kept[i], __ATOMIC_ACQUIRE)))
        YieldProcessor();
    return srb;
}

/* The oldest that is kept is completed so. IRQL <= DISPATCH_LEVEL. */
static inline void give_back(dt_stor *s, UCHAR status)
{
    complete(ext_of(s), kept_one(InterlockedIncrement(&n_given_back) - 1), status);
}

static inline void give_all_back(dt_stor *s)
{
    while (ReadNoFence(&n_given_back) < ReadNoFence(&n_kept))
        give_back(s, SRB_STATUS_SUCCESS);
}

/* Its number. */
static inline unsigned send(dt_stor *s, unsigned lun)
{
    unsigned i = n_sent++;

    rq[i] = simple(lun);
    io[i] = dt_stor_submit(s, &rq[i]);
    dt_expect(io[i] != NULL);
    return i;
}

static inline void send_many(dt_stor *s, unsigned lun, unsigned n)
{
    while (n-- > 0)
        send(s, lun);
}

/* Lets everything that can go on do so: nothing here takes longer than a tick. What has been done then can be read. */
static inline void calm(void)
{
    sleep_ms(simulated() ? 3 : 40);
    if (!simulated())
        dt_run_until_idle();
}

/* Everything is answered, as it comes. */
static inline void finish_all(dt_stor *s)
{
    for (unsigned i = 0; i < n_sent; i++) {
        while (!dt_stor_done(io[i])) {
            give_all_back(s);
            sleep_ms(1);
        }
        dt_stor_finish(io[i]);
    }
    n_sent = 0;
}

static inline void end(dt_stor *s)
{
    finish_all(s);
    over(s);
}

static inline dt_stor *begin(const struct mini *m)
{
    clients_begin();
    return go(m);
}
