/* SPDX-License-Identifier: MIT */
/*
 * host/nbd/plugin.c - the nbdkit plug-in: duetime-nbd.so driver=MINIPORT.so [size=64M] [argument=TEXT] ...
 *
 * Normally run by `duetime disk`. nbdkit serves several requests at once, each in a thread of its own, and each of these
 * threads carries its request through the miniport itself (disk.c).
 */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE
#endif
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NBDKIT_API_VERSION 2
#include <nbdkit-plugin.h>

#include "host/nbd/disk.h"

#define THREAD_MODEL NBDKIT_THREAD_MODEL_PARALLEL

static struct disk_config config = {.bytes = 64 << 20, .status_fd = -1};

/* nbdkit frees the value after this. */
static const char *keep(const char *value)
{
    char *copy = strdup(value);

    if (!copy)
        nbdkit_error("out of memory");
    return copy;
}

/* 1: it is no number's key; -1: it has been told. */
static int config_number(const char *key, const char *value)
{
    const struct {
        const char *key;
        unsigned   *to;
    } numbers[] = {{"processors", &config.processors}, {"timeout", &config.timeout_s}};
    unsigned n;

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (strcmp(key, numbers[i].key) == 0)
            return nbdkit_parse_unsigned(key, value, numbers[i].to);
    if (strcmp(key, "status-fd") != 0)
        return 1;
    if (nbdkit_parse_unsigned(key, value, &n) != 0)
        return -1;
    config.status_fd = (int)n;
    return 0;
}

static int config_size(const char *value)
{
    int64_t bytes = nbdkit_parse_size(value);

    config.bytes = (uint64_t)bytes;
    return bytes < 0 ? -1 : 0;
}

static int config_bool(const char *value)
{
    int b = nbdkit_parse_bool(value);

    config.faithful = b > 0;
    return b < 0 ? -1 : 0;
}

static int plugin_config(const char *key, const char *value)
{
    static const struct {
        const char  *key;
        const char **to;
    } texts[] = {{"argument", &config.argument}, {"device", &config.device}, {"faults", &config.faults}};

    if (strcmp(key, "driver") == 0 || strcmp(key, "file") == 0) {
        char *path = nbdkit_realpath(value);

        if (!path)
            return -1;
        *(strcmp(key, "driver") == 0 ? &config.driver : &config.file) = path;
        return 0;
    }
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (strcmp(key, texts[i].key) == 0)
            return (*texts[i].to = keep(value)) ? 0 : -1;
    }
    if (strcmp(key, "size") == 0)
        return config_size(value);
    if (strcmp(key, "faithful") == 0)
        return config_bool(value);
    int e = config_number(key, value);

    if (e == 1)
        nbdkit_error("unknown parameter '%s'", key);
    return e ? -1 : 0;
}

static int plugin_config_complete(void)
{
    if (config.driver)
        return 0;
    nbdkit_error("driver=MINIPORT.so is needed");
    return -1;
}

/* Threads do not survive the fork into the background, so the machine starts after it. */
static int plugin_after_fork(void)
{
    char error[256];

    if (disk_start(&config, error, sizeof error))
        return 0;
    nbdkit_error("%s", error);
    return -1;
}

static void plugin_cleanup(void)
{
    disk_stop();
}

static void *plugin_open(int readonly)
{
    (void)readonly;
    return NBDKIT_HANDLE_NOT_NEEDED;
}

static int64_t plugin_get_size(void *handle)
{
    (void)handle;
    return (int64_t)disk_info()->bytes;
}

static int plugin_block_size(void *handle, uint32_t *minimum, uint32_t *preferred, uint32_t *maximum)
{
    const struct disk_info *d = disk_info();

    (void)handle;
    *minimum = d->block_bytes;
    *preferred = d->physical_block_bytes > 4096 ? d->physical_block_bytes : 4096;
    *maximum = 32u << 20;
    return 0;
}

static int plugin_can_write(void *handle)
{
    (void)handle;
    return !disk_info()->read_only;
}

static int plugin_can_flush(void *handle)
{
    (void)handle;
    return 1; /* where nothing is cached it is a request that does nothing */
}

static int plugin_can_trim(void *handle)
{
    (void)handle;
    return disk_info()->unmap;
}

static int plugin_can_fua(void *handle)
{
    (void)handle;
    return disk_info()->fua ? NBDKIT_FUA_NATIVE : NBDKIT_FUA_EMULATE;
}

/* One disk behind all connections: a flush on any is one for all. */
static int plugin_can_multi_conn(void *handle)
{
    (void)handle;
    return 1;
}

static int result(const char *what, int e)
{
    if (e == 0)
        return 0;
    nbdkit_set_error(e);
    nbdkit_error("%s: %s", what, strerror(e));
    return -1;
}

static int plugin_pread(void *handle, void *buf, uint32_t count, uint64_t offset, uint32_t flags)
{
    (void)handle, (void)flags;
    return result("read", disk_read(buf, count, offset));
}

static int plugin_pwrite(void *handle, const void *buf, uint32_t count, uint64_t offset, uint32_t flags)
{
    (void)handle;
    return result("write", disk_write(buf, count, offset, flags & NBDKIT_FLAG_FUA));
}

static int plugin_flush(void *handle, uint32_t flags)
{
    (void)handle, (void)flags;
    return result("flush", disk_flush());
}

static int plugin_trim(void *handle, uint32_t count, uint64_t offset, uint32_t flags)
{
    int e = disk_trim(count, offset);

    (void)handle;
    if (e == 0 && (flags & NBDKIT_FLAG_FUA))
        e = disk_flush();
    return result("trim", e);
}

static struct nbdkit_plugin plugin = {
    .name = "duetime",
    .version = DUETIME_VERSION,
    .longname = "StorPort miniport on Duetime's real-time machine",
    .description = "Serves the first logical unit of a miniport built by `duetime build`.",
    .magic_config_key = "driver",
    .config_help = "driver=<MINIPORT.so>  (required) image built by `duetime build`\n"
                   "size=<SIZE>           of the disk (64M)\n"
                   "argument=<TEXT>       argument string of the miniport\n"
                   "device=<MODEL>        hardware of a physical miniport: hba, virtio-blk, ahci\n"
                   "file=<PATH>           of the device's data (memory)\n"
                   "faults=<LIST>         reset:MS,pause:MS,error:N,lose:N\n"
                   "timeout=<SECONDS>     of a request (the adapter's default)\n"
                   "faithful=<BOOL>       no verifier rules, for speed (false)\n"
                   "processors=<N>        virtual processors (2)",
    .config = plugin_config,
    .config_complete = plugin_config_complete,
    .after_fork = plugin_after_fork,
    .cleanup = plugin_cleanup,
    .open = plugin_open,
    .get_size = plugin_get_size,
    .block_size = plugin_block_size,
    .can_write = plugin_can_write,
    .can_flush = plugin_can_flush,
    .can_trim = plugin_can_trim,
    .can_fua = plugin_can_fua,
    .can_multi_conn = plugin_can_multi_conn,
    .pread = plugin_pread,
    .pwrite = plugin_pwrite,
    .flush = plugin_flush,
    .trim = plugin_trim,
    .errno_is_preserved = 0,
};

struct nbdkit_plugin *plugin_init(void);

NBDKIT_REGISTER_PLUGIN(plugin)
