/* SPDX-License-Identifier: MIT */
/* libev, libevent and libuv as engines for timerq_workload.h, each used the way its manual recommends. */
#pragma once

#include <ev.h>
#include <event2/event.h>
#include <uv.h>

/* ---- libev ---- */

static struct ev_loop *libev_loop;
static ev_timer       *libev_timer;
static size_t          libev_bytes;

enum { libev_handle = sizeof(ev_timer) };
static const char *const libev_name = "libev";

static void libev_cb(struct ev_loop *loop, ev_timer *w, int events)
{
    (void)loop, (void)events;
    fired((size_t)(w - libev_timer));
}

static void libev_init(size_t n)
{
    libev_loop = ev_loop_new(EVBACKEND_EPOLL);
    ev_now_update(libev_loop);
    libev_bytes = n * sizeof *libev_timer;
    libev_timer = (ev_timer *)memory(libev_bytes);
    for (size_t i = 0; i < n; i++)
        ev_timer_init(&libev_timer[i], libev_cb, 0., 0.);
}

static void libev_fini(void)
{
    ev_loop_destroy(libev_loop);
    munmap(libev_timer, libev_bytes);
}

static inline void libev_set(uint32_t i, uint64_t rel)
{
    ev_timer_set(&libev_timer[i], (double)rel * 1e-7, 0.);
    ev_timer_start(libev_loop, &libev_timer[i]);
}

static inline void libev_reset(uint32_t i, uint64_t rel)
{
    libev_timer[i].repeat = (double)rel * 1e-7;
    ev_timer_again(libev_loop, &libev_timer[i]);
}

static inline void libev_cancel(uint32_t i)
{
    ev_timer_stop(libev_loop, &libev_timer[i]);
}

static inline void libev_periodic(uint32_t i, uint32_t ms)
{
    ev_timer_set(&libev_timer[i], ms * 1e-3, ms * 1e-3);
    ev_timer_start(libev_loop, &libev_timer[i]);
}

static inline void libev_advance(void)
{
    ev_run(libev_loop, EVRUN_NOWAIT);
}

#define ENGINE libev
#include "timerq_workload.h"
#undef ENGINE

/* ---- libevent ---- */

static struct event_base *libevent_base;
static char              *libevent_timer;
static size_t             libevent_bytes, libevent_handle;

static const char *const libevent_name = "libevent";

static struct event *libevent_at(size_t i)
{
    return (struct event *)(libevent_timer + i * libevent_handle);
}

static void libevent_cb(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    fired((size_t)((char *)arg - libevent_timer) / libevent_handle);
}

static void libevent_init(size_t n)
{
    libevent_base = event_base_new();
    libevent_handle = event_get_struct_event_size();
    libevent_bytes = n * libevent_handle;
    libevent_timer = (char *)memory(libevent_bytes);
    for (size_t i = 0; i < n; i++)
        event_assign(libevent_at(i), libevent_base, -1, 0, libevent_cb, libevent_at(i));
}

static void libevent_fini(void)
{
    event_base_free(libevent_base);
    munmap(libevent_timer, libevent_bytes);
}

static inline void libevent_set(uint32_t i, uint64_t rel)
{
    struct timeval tv = {(time_t)(rel / SECOND), (suseconds_t)(rel % SECOND / 10)};

    event_add(libevent_at(i), &tv);
}

static inline void libevent_reset(uint32_t i, uint64_t rel)
{
    libevent_set(i, rel);
}

static inline void libevent_cancel(uint32_t i)
{
    event_del(libevent_at(i));
}

static inline void libevent_periodic(uint32_t i, uint32_t ms)
{
    event_assign(libevent_at(i), libevent_base, -1, EV_PERSIST, libevent_cb, libevent_at(i));
    libevent_set(i, ms * UINT64_C(10000));
}

static inline void libevent_advance(void)
{
    event_base_loop(libevent_base, EVLOOP_NONBLOCK);
}

#define ENGINE libevent
#include "timerq_workload.h"
#undef ENGINE

/* ---- libuv ---- */

static uv_loop_t   libuv_loop;
static uv_timer_t *libuv_timer;
static size_t      libuv_bytes, libuv_count;

enum { libuv_handle = sizeof(uv_timer_t) };
static const char *const libuv_name = "libuv";

static void libuv_cb(uv_timer_t *t)
{
    fired((size_t)(t - libuv_timer));
}

static void libuv_init(size_t n)
{
    uv_loop_init(&libuv_loop);
    libuv_count = n;
    libuv_bytes = n * sizeof *libuv_timer;
    libuv_timer = (uv_timer_t *)memory(libuv_bytes);
    for (size_t i = 0; i < n; i++)
        uv_timer_init(&libuv_loop, &libuv_timer[i]);
}

static void libuv_fini(void)
{
    for (size_t i = 0; i < libuv_count; i++)
        uv_close((uv_handle_t *)&libuv_timer[i], NULL);
    uv_run(&libuv_loop, UV_RUN_DEFAULT);
    uv_loop_close(&libuv_loop);
    munmap(libuv_timer, libuv_bytes);
}

static inline void libuv_set(uint32_t i, uint64_t rel)
{
    uv_timer_start(&libuv_timer[i], libuv_cb, rel / 10000, 0);
}

static inline void libuv_reset(uint32_t i, uint64_t rel)
{
    libuv_set(i, rel);
}

static inline void libuv_cancel(uint32_t i)
{
    uv_timer_stop(&libuv_timer[i]);
}

static inline void libuv_periodic(uint32_t i, uint32_t ms)
{
    uv_timer_start(&libuv_timer[i], libuv_cb, ms, ms);
}

static inline void libuv_advance(void)
{
    uv_run(&libuv_loop, UV_RUN_NOWAIT);
}

#define ENGINE libuv
#include "timerq_workload.h"
#undef ENGINE
