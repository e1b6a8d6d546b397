/* SPDX-License-Identifier: MIT */
/*
 * duetime.h - run NT driver code on a simulated or a real-time machine: the embedding API.
 *
 * A *body* is a function of yours that runs on the machine as a system thread at PASSIVE_LEVEL, on processor
 * 0 with priority 8. It loads drivers, sends them requests, starts threads, lets time pass, and may call any
 * NT routine itself. dt_run() runs it once, dt_explore() under many schedules.
 *
 *     static void body(void *ctx)
 *     {
 *         dt_driver *drv = dt_driver_load(DriverEntry);
 *         dt_file *f = dt_open("Heartbeat", NULL);
 *         dt_expect_eq(dt_ioctl(f, IOCTL_HB_START, NULL, 0, NULL, 0, NULL), 0);
 *         dt_run_for(DT_MS(1000));
 *         dt_close(f);
 *         dt_driver_unload(drv);
 *     }
 *     struct dt_explore_result r;
 *     int e = dt_explore(body, NULL, &(struct dt_explore_options){.strategy = "dfs:3"}, &r);
 *
 * The header needs no NT header and stands beside them; an NTSTATUS is an int32_t here. No main() is forced on
 * anybody.
 *
 * Functions marked "host" are called outside a body, from one thread at a time; they return 0 or a negative
 * errno. All others are called inside a body or a thread that it started, at PASSIVE_LEVEL unless they say
 * otherwise. Times are nanoseconds of the machine's clock.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DT_API __attribute__((visibility("default")))

typedef uint64_t dt_ns;
typedef int32_t  dt_status; /* NTSTATUS */

#define DT_US(n) ((dt_ns)(n)*1000)
#define DT_MS(n) ((dt_ns)(n)*1000000)
#define DT_S(n)  ((dt_ns)(n)*1000000000)
#define DT_NEVER UINT64_MAX

typedef struct _DRIVER_OBJECT dt_driver; /* a DRIVER_OBJECT: the NT headers' view of it is the same thing */
typedef struct _DEVICE_OBJECT dt_device;
typedef struct _FILE_OBJECT   dt_file;
struct _UNICODE_STRING;
typedef dt_status dt_driver_entry(struct _DRIVER_OBJECT *driver, struct _UNICODE_STRING *registry_path);

/* ---- one run (host) ---- */

#define DT_TICK_DEFAULT 0u         /* 156,250: NT's 15.625 ms */
#define DT_TICK_EXACT   UINT32_MAX /* timers expire at their due time, not at the next tick */

/* Where another processor, the clock or an interrupt may come in between. */
enum dt_level { DT_LEVEL_API, DT_LEVEL_ATOMIC, DT_LEVEL_MEMORY };

typedef void dt_body(void *ctx);
typedef void dt_print(void *io, const char *text); /* text: one or more whole lines */

struct dt_config {
    unsigned      processors;        /* 1 .. 64; 0 = 2 */
    unsigned      processor_groups;  /* 1 .. processors, which are spread over them evenly; 0 = 1 */
    uint32_t      tick_100ns;        /* DT_TICK_DEFAULT, DT_TICK_EXACT or the clock tick in 100 ns */
    enum dt_level level;             /* simulated machine */
    uint64_t      seed;              /* of everything that NT leaves undefined, and of random strategies */
    uint64_t      steps_max;         /* simulated: choices per run; 0 = 1,000,000, in searches 50,000 */
    dt_ns         time_max;          /* simulated: virtual time per run; 0 = no limit */
    bool          threaded_dpcs_off; /* as if ThreadDpcEnable were 0 */
    uint32_t
        dpc_watchdog_ms; /* bug check 0x133 when a DPC stalls for longer, or a series for 6 times as long; 0 = off */
    /* Strict (false): a driver is held to all that Driver Verifier checks, and to Duetime's own rules. Faithful: as on
     * Windows without Driver Verifier, only what Windows itself stops for ends a run; what it tolerates goes on. */
    bool  faithful;
    bool  faults;   /* simulated: each allocation is a choice of the schedule, 1 = it fails */
    dt_ns duration; /* what dt_duration() says in the body; 0 = what the body says */
    /* Prints reports of findings and, in single runs, DbgPrint and dt_note; NULL = stderr. quiet: nothing. */
    dt_print *print;
    void     *print_io;
    bool      quiet;
    bool      brief;         /* reports without what happened before: nothing is recorded during the run */
    bool      whole_story;   /* reports leave nothing out */
    void (*reset)(void *io); /* before each run: puts back state that Duetime does not know of; may be NULL */
    void *reset_io;
};

enum dt_verdict {
    DT_PASS,
    DT_FINDING,    /* a bug check, a broken rule, a failed expectation, a deadlock */
    DT_STEP_LIMIT, /* cut by steps_max */
    DT_TIME_LIMIT, /* cut by time_max */
};

struct dt_finding {
    char     rule[16]; /* "DT-T03"; empty for a plain bug check */
    uint32_t bugcheck; /* NT's code; 0 where Windows has none */
    uint64_t param[4];
    char     what[200];  /* one sentence */
    char     where[160]; /* "heartbeat.c:74 HbStop", or empty when unknown */
    bool     warning;    /* the run went on */
};

struct dt_result {
    enum dt_verdict   verdict;
    struct dt_finding finding; /* the first STOP when verdict is DT_FINDING, else the first warning, if any */
    unsigned          warnings;
    uint64_t          choices; /* asked */
    dt_ns             time;    /* of the machine when it ended */
};

/* Runs body(ctx) once with the default schedule. cfg NULL = defaults; r may be NULL.
 * -EBUSY: on the real-time machine a bug check has stopped this process's machine for good, or a run is under
 * way. -EINVAL: a number out of range. -ENOMEM. A finding is not an error: see r->verdict. */
DT_API int dt_run(const struct dt_config *cfg, dt_body *body, void *ctx, struct dt_result *r);

/* "sim" or "rt": the machine in this library. */
DT_API const char *dt_machine(void);

/* ---- many runs (host) ---- */

struct dt_progress {
    uint64_t schedules, rate; /* run so far; per second */
    double   fraction;        /* 0 .. 1, of what the options allow */
    unsigned level;           /* dfs: schedules with this many switches are being run */
    dt_ns    elapsed;
    bool     shrinking;
};

struct dt_explore_options {
    struct dt_config config;
    /* "random" (default), "uniform", "sticky:N", "pct:D", "dfs" (all schedules), "dfs:D" (all with at most D
     * switches), "replay" (needs schedule) */
    const char *strategy;
    const char *schedule;  /* replay: "v1...." as printed with the finding */
    uint64_t    schedules; /* at most; 0 = 10,000, for dfs no limit. Real-time machine: repetitions; 0 = 1 */
    dt_ns       budget;    /* host time; 0 = none */
    bool        no_shrink;
    bool        loose;  /* replay: go on with random switches where the program has changed */
    const char *replay; /* how the report words the replay command, its last "%s" is the schedule; NULL = a hint */
    int (*progress)(void *io, const struct dt_progress *p); /* every 250 ms; nonzero stops */
    void *progress_io;
};

enum dt_end { DT_END_ALL, DT_END_FINDING, DT_END_SCHEDULES, DT_END_BUDGET, DT_END_STOPPED, DT_END_DIVERGED };

struct dt_explore_result {
    enum dt_end      end;
    struct dt_result run;                 /* the failing run when there is one, else the last */
    bool             complete;            /* dfs: every schedule within the bound was run to its end */
    bool             exhaustive;          /* complete, and the bound excluded nothing: all there are, none paused */
    uint64_t         schedules, found_at; /* run; number of the failing one, from 1 */
    uint64_t         choices_max;
    uint64_t         cut;                      /* schedules ended by steps_max or time_max */
    uint64_t         warned;                   /* schedules with a warning, of a search without a finding */
    unsigned         switches, switches_found; /* of the failing schedule: shrunk, and as first found */
    uint64_t         shrink_runs;
    dt_ns            elapsed;       /* host time */
    unsigned         bound;         /* dfs: switches of the longest schedules begun */
    char             schedule[512]; /* of the finding; empty when there is none or it is longer than this */
    char             error[200];    /* with a negative return or DT_END_DIVERGED: one line */
};

/* Runs body(ctx) under many schedules, each from the same initial state, until a finding or the end; then shrinks
 * the failing schedule and replays it with a trace, whose report goes to config.print. The globals of loaded images
 * (dt_image_open) are restored before each run; state of your own program is yours to reset (config.reset).
 * On the real-time machine it just repeats the body. 0, also with a finding; -EINVAL (error says why), -EBUSY, -ENOMEM. */
DT_API int dt_explore(dt_body *body, void *ctx, const struct dt_explore_options *o, struct dt_explore_result *r);

/* ---- images (host) ---- */

typedef struct dt_image dt_image;

/* Opens a driver or test .so built by `duetime build` and remembers its writable data, which every run starts from.
 * -ENOENT, -ENOEXEC with one line in error, for example when it needs NT routines that Duetime does not know. */
DT_API int dt_image_open(const char *path, dt_image **image, char *error, size_t error_size);

/* NULL: no such exported symbol. */
DT_API void *dt_image_symbol(const dt_image *image, const char *name);

/* The finest level whose points this image has: DT_LEVEL_MEMORY when it was built with --race, DT_LEVEL_ATOMIC when it has
 * interlocked operations. */
DT_API enum dt_level dt_image_level(const dt_image *image);

/* "module!symbol+0x10", and the source line when there is debug information. Host or inside a body. */
DT_API size_t dt_describe_address(const void *address, char *buf, size_t size);

/* ---- drivers ---- */

/* Calls entry as the I/O manager does. NULL when it fails; *status (may be NULL) says how. */
DT_API dt_driver *dt_driver_load(dt_driver_entry *entry);
DT_API dt_driver *dt_driver_load_status(dt_driver_entry *entry, dt_status *status);

/* Calls AddDevice with a fresh physical device object. */
DT_API dt_status dt_driver_add_device(dt_driver *driver);

/* Calls DriverUnload; then armed timers, queued DPCs, pool, devices and the like that are left are findings, and so is pool
 * that was written to after it was freed, by whomever (strict).
 * STATUS_DEVICE_BUSY while files are open, STATUS_INVALID_DEVICE_REQUEST for a driver without DriverUnload. */
DT_API dt_status dt_driver_unload(dt_driver *driver);

/* The driver's n-th device in order of creation, or NULL. */
DT_API dt_device *dt_driver_device(dt_driver *driver, unsigned n);

/* ---- requests ---- */

typedef struct dt_io dt_io;

/* IRP_MJ_CREATE to the top of the device's stack. name: "\\Device\\X", "\\DosDevices\\X", "\\??\\X", "\\.\X"
 * (each backslash once) or plain "X", which is "\\DosDevices\\X": it needs the driver's symbolic link. NULL: no such device,
 * or it refused; *status (may be NULL) says which. */
DT_API dt_file *dt_open(const char *name, dt_status *status);
DT_API dt_file *dt_open_device(dt_device *device, dt_status *status);

/* IRP_MJ_CLEANUP, IRP_MJ_CLOSE. Requests still pending are the driver's to complete in cleanup. */
DT_API void dt_close(dt_file *file);

/* Synchronous: waits for completion. *returned (may be NULL) becomes IoStatus.Information. */
DT_API dt_status dt_ioctl(
    dt_file *file, uint32_t code, const void *in, size_t in_bytes, void *out, size_t out_bytes, size_t *returned);
DT_API dt_status dt_read(dt_file *file, void *buf, size_t bytes, uint64_t offset, size_t *returned);
DT_API dt_status dt_write(dt_file *file, const void *buf, size_t bytes, uint64_t offset, size_t *returned);

/* Asynchronous: the buffers must live until the request is done. Each dt_io ends in dt_io_free(), which waits. */
DT_API dt_io *dt_ioctl_start(
    dt_file *file, uint32_t code, const void *in, size_t in_bytes, void *out, size_t out_bytes);
DT_API dt_io *dt_read_start(dt_file *file, void *buf, size_t bytes, uint64_t offset);
DT_API dt_io *dt_write_start(dt_file *file, const void *buf, size_t bytes, uint64_t offset);

/* IoCancelIrp. IRQL <= DISPATCH_LEVEL. False: already complete, or no cancel routine was set. */
DT_API bool dt_io_cancel(dt_io *io);
DT_API bool dt_io_done(const dt_io *io);

/* The request's status, or STATUS_TIMEOUT (0x102) after timeout. */
DT_API dt_status dt_io_wait(dt_io *io, dt_ns timeout);
DT_API dt_status dt_io_status(const dt_io *io); /* STATUS_PENDING (0x103) while it is not done */
DT_API size_t    dt_io_returned(const dt_io *io);
DT_API void      dt_io_free(dt_io *io);

/* ---- threads and time ---- */

typedef struct dt_thread dt_thread;

#define DT_ANY_PROCESSOR (-1)

/* A system thread at PASSIVE_LEVEL, priority 8. processor: where it must run, or DT_ANY_PROCESSOR. NULL: no memory. */
DT_API dt_thread *dt_spawn(int processor, dt_body *fn, void *ctx);
DT_API dt_thread *dt_spawn_priority(int processor, unsigned priority, dt_body *fn, void *ctx);

/* Waits for one thread, or for all that were spawned and not joined. */
DT_API void dt_join(dt_thread *thread);
DT_API void dt_join_all(void);

/* A thread of yours, one that Duetime did not make, becomes a system thread of the run that is under way, at PASSIVE_LEVEL with
 * priority 8, until it detaches: it may call NT routines and whatever else a body may. The run does not end before
 * that. Real-time machine; host. 0; -ESRCH: no run, or it is ending; -EBUSY: attached already, or a thread of the machine;
 * -EINVAL: no such processor; -ENOMEM; -ENOTSUP: the simulated machine. After a finding the thread stops at its next call. */
DT_API int  dt_attach(int processor);
DT_API void dt_detach(void);

/* The caller sleeps; everything else runs. It wakes at the clock tick at or after the end, as KeDelayExecutionThread. */
DT_API void dt_run_for(dt_ns duration);

/* Until no DPC is queued or running and every other thread waits or has ended. Timers may still be set. */
DT_API void dt_run_until_idle(void);

/* Sets system time, in 100-ns units since 1601: as if a user had set the clock. What is due at a system time moves with it
 * (KTM-021, KTM-022, EXT-046); relative due times do not (EXT-047). IRQL <= DISPATCH_LEVEL. Read it with KeQuerySystemTime. */
DT_API void dt_set_system_time(uint64_t time_100ns);

/* The time zone of ExSystemTimeToLocalTime: local time = system time - bias. Each run begins with 0 (UTC). */
DT_API void dt_set_time_zone(int bias_minutes);

/* How long this run is to last as its caller wishes (`duetime run --for`), else otherwise. For dt_run_for(). */
DT_API dt_ns dt_duration(dt_ns otherwise);

/* Since boot. Any IRQL. */
DT_API dt_ns dt_now(void);

/* ---- devices ---- */

/* Raises the interrupt of that vector (IoConnectInterrupt), on a processor of its affinity: the caller's own if it may,
 * else the lowest; on the simulated machine which one is explored. It is taken when that processor's IRQL is below
 * the interrupt's, perhaps before the call returns. False: nothing is connected. Any IRQL (passive-level interrupts:
 * <= DISPATCH_LEVEL). */
DT_API bool dt_interrupt(uint32_t vector);
DT_API bool dt_interrupt_on(uint32_t vector, unsigned processor);

/* ---- expectations, notes, choices: any IRQL ---- */

/* A failed expectation is a finding, rule DT-X05, and ends the run. */
#define dt_expect(condition) ((condition) ? (void)0 : dt_expect_failed(__FILE__, __LINE__, #condition))
#define dt_expect_eq(actual, expected) \
    dt_expect_equal(__FILE__, __LINE__, #actual, (long long)(actual), (long long)(expected))

DT_API void dt_expect_failed(const char *file, int line, const char *text);
DT_API void dt_expect_equal(const char *file, int line, const char *text, long long actual, long long expected);

/* A line in the trace, printf-like (libc's formats). */
DT_API __attribute__((format(printf, 1, 2))) void dt_note(const char *format, ...);

/* 0 .. n-1, explored like any other choice; 0 on the real-time machine. n >= 1. */
DT_API unsigned dt_choose(unsigned n);

/* Between the two the simulated machine decides as in a plain run: what runs goes on, dt_choose() is 0, allocations succeed.
 * Nothing of it is searched or recorded, so that set-up and tear-down which are not what a test is about do not multiply
 * its schedules; a search with a pause is never `exhaustive`. Ends with the run. Nothing on the real-time machine. */
DT_API void dt_explore_pause(void);
DT_API void dt_explore_resume(void);

/* ---- what was seen (host, after a run, or inside a body) ---- */

/* Totals of a timer routine in the last run; see dt_timers_each. */
struct dt_timer_stats {
    char     name[96]; /* routine of its DPC, callback, or "(no routine)" */
    bool     ex;       /* an EX_TIMER */
    uint64_t set, expired, cancelled, reset;
    dt_ns    late_max; /* expiration after due time */
    bool     still_set;
};
DT_API void dt_timers_watch(bool on); /* before the run; costs time */
DT_API void dt_timers_each(bool (*fn)(void *io, const struct dt_timer_stats *s), void *io);

/* ---- reference (host) ---- */

enum dt_ddi_status { DT_DDI_READY, DT_DDI_PARTIAL, DT_DDI_ABSENT };
struct dt_ddi {
    const char        *name, *family, *header, *page, *note; /* note: NULL unless partial */
    unsigned           irql_min, irql_max;                   /* 15 = any */
    bool               blocks;
    enum dt_ddi_status status;
};
DT_API unsigned dt_ddi_count(void);
DT_API void     dt_ddi_at(unsigned i, struct dt_ddi *d);

/* Text about a rule ("DT-T03") or bug check ("0xC7", "TIMER_OR_DPC_INVALID"). -ENOENT. */
DT_API int dt_explain(const char *what, dt_print *print, void *io);

#ifdef __cplusplus
}
#endif
