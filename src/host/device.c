/* SPDX-License-Identifier: MIT */
/* host/device.c - cards and disks of a body, and cards that a user models. */
#include "duetime/device.h"

#include "blk/blk.h"
#include "hw/hw.h"
#include "hw/memory.h"
#include "hw/pool.h"

/* ---- memory, disks ---- */

struct device_memory *dt_bus_memory(bool shuffled)
{
    return hw_memory_boot(shuffled);
}

dt_disk *dt_disk_ram(uint64_t bytes, uint32_t block_bytes)
{
    return blk_ram(bytes, block_bytes);
}

dt_disk *dt_disk_file(const char *path, uint32_t block_bytes, bool read_only, int *error)
{
    int      e = 0;
    dt_disk *d = blk_file(path, block_bytes, read_only, &e);

    if (error)
        *error = e;
    return d;
}

dt_disk *dt_disk_faulty(dt_disk *disk, const struct dt_disk_faults *f)
{
    return blk_faulty(disk, &(struct blk_faults){.error_ppm = f->error_ppm,
                                .lost_ppm = f->lost_ppm,
                                .delay_ppm = f->delay_ppm,
                                .delay_ns = f->delay,
                                .latency_ns = f->latency,
                                .seed = f->seed,
                                .first = f->first,
                                .count = f->count,
                                .explore = f->explore});
}

unsigned dt_disk_faults_made(const dt_disk *disk)
{
    return blk_faults_made(disk);
}

static bool in_range(const dt_disk *d, uint64_t offset, size_t bytes)
{
    return offset <= d->bytes && bytes <= d->bytes - offset;
}

bool dt_disk_peek(dt_disk *d, uint64_t offset, void *to, size_t bytes)
{
    return in_range(d, offset, bytes) && d->ops->read(d, offset, to, bytes) == DISK_OK;
}

bool dt_disk_poke(dt_disk *d, uint64_t offset, const void *from, size_t bytes)
{
    return in_range(d, offset, bytes) && d->ops->write(d, offset, from, bytes) == DISK_OK;
}

bool dt_disk_read(dt_disk *d, uint64_t offset, void *to, size_t bytes)
{
    return disk_admit(d, DISK_READ, offset, bytes).status == DISK_OK && d->ops->read(d, offset, to, bytes) == DISK_OK;
}

bool dt_disk_write(dt_disk *d, uint64_t offset, const void *from, size_t bytes)
{
    return disk_admit(d, DISK_WRITE, offset, bytes).status == DISK_OK &&
           d->ops->write(d, offset, from, bytes) == DISK_OK;
}

/* ---- cards ---- */

static struct hw_card *card_of(const dt_card *d)
{
    return (struct hw_card *)(void *)((char *)(uintptr_t)d - offsetof(struct hw_card, device));
}

static dt_card *attached(struct hw_card *c, const struct dt_card_options *o)
{
    if (!c)
        return NULL;
    if (o && o->line)
        c->device.messages = 0;
    if (hw_card_attach(c))
        return &c->device;
    hw_pool_put(c);
    return NULL;
}

static struct hw_disk_config config_of(dt_disk *disk, const struct dt_card_options *o)
{
    static const struct dt_card_options none;

    o = o ? o : &none;
    return (struct hw_disk_config){.disk = disk,
        .messages = o->messages < DEVICE_MESSAGES ? o->messages : DEVICE_MESSAGES,
        .queues = o->queues,
        .depth = o->depth,
        .in_order = o->in_order,
        .no_cache = o->no_cache,
        .no_logs = o->no_logs,
        .no_trim = o->no_trim};
}

dt_card *dt_card_hba(dt_disk *disk, const struct dt_card_options *o)
{
    struct hw_disk_config cfg = config_of(disk, o);

    return disk ? attached(hw_hba_create(&cfg), o) : NULL;
}

dt_card *dt_card_virtio_blk(dt_disk *disk, const struct dt_card_options *o)
{
    struct hw_disk_config cfg = config_of(disk, o);

    return disk ? attached(hw_virtio_blk_create(&cfg), o) : NULL;
}

dt_card *dt_card_ahci(dt_disk *disk, const struct dt_card_options *o)
{
    struct hw_disk_config cfg = config_of(disk, o);

    return attached(hw_ahci_create(&cfg), o);
}

void dt_card_ahci_plug(dt_card *card, unsigned port, dt_disk *disk)
{
    hw_ahci_plug(card_of(card), port, disk);
}

void dt_card_pull(dt_card *card)
{
    hw_card_pull(card_of(card));
}

void dt_card_remove(dt_card *card)
{
    hw_destroy(card_of(card));
}

/* ---- a user's model ---- */

struct modelled {
    struct hw_card              card;
    const struct dt_card_model *model;
    void                       *ctx;
};

static struct modelled *modelled_of(struct hw_card *c)
{
    return (struct modelled *)(void *)c;
}

static uint64_t model_read(struct hw_card *c, unsigned range, uint64_t offset, unsigned bytes)
{
    const struct modelled *m = modelled_of(c);

    return m->model->read ? m->model->read(m->ctx, range, offset, bytes) : 0;
}

static void model_write(struct hw_card *c, unsigned range, uint64_t offset, uint64_t value, unsigned bytes)
{
    const struct modelled *m = modelled_of(c);

    if (m->model->write)
        m->model->write(m->ctx, range, offset, value, bytes);
}

static bool model_step(struct hw_card *c)
{
    const struct modelled *m = modelled_of(c);

    return m->model->step && m->model->step(m->ctx);
}

static void model_reset(struct hw_card *c)
{
    const struct modelled *m = modelled_of(c);

    if (m->model->reset)
        m->model->reset(m->ctx);
}

static bool is_sane(const struct dt_card_model *m)
{
    for (unsigned i = 0; i < DEVICE_RANGES; i++) {
        uint32_t bytes = m->range[i].bytes;

        if (bytes && (bytes < 16 || bytes > 1u << 20 || bytes & (bytes - 1)))
            return false;
    }
    return m->messages <= DEVICE_MESSAGES && m->msix_range < DEVICE_RANGES &&
           (!m->messages || m->range[m->msix_range].bytes) && m->msix_table % 8 == 0 && m->msix_pending % 8 == 0;
}

dt_card *dt_card_create(const struct dt_card_model *model, void *ctx)
{
    static const struct hw_card_ops ops = {
        .read = model_read, .write = model_write, .step = model_step, .reset = model_reset};
    struct modelled   *m = is_sane(model) ? hw_pool_get(sizeof *m) : NULL;
    struct hw_identity id = {.vendor = model->vendor,
        .device = model->device,
        .subsystem_vendor = model->subsystem_vendor,
        .subsystem = model->subsystem,
        .base_class = model->base_class,
        .sub_class = model->sub_class,
        .interface = model->interface,
        .revision = model->revision};

    if (!m)
        return NULL;
    m->model = model;
    m->ctx = ctx;
    hw_card_init(&m->card, &ops, &id);
    for (unsigned i = 0; i < DEVICE_RANGES; i++)
        if (model->range[i].bytes)
            hw_card_range(&m->card, i, model->range[i].bytes, model->range[i].io_space);
    hw_card_msix(&m->card, &(struct hw_msix){.messages = model->messages,
                               .bar = model->msix_range,
                               .table = model->msix_table,
                               .pending = model->msix_pending});
    return attached(&m->card, NULL);
}

unsigned dt_card_capability(dt_card *card, uint8_t id, const void *content, unsigned bytes)
{
    return hw_card_capability(card_of(card), id, content, bytes);
}

void dt_card_ring(dt_card *card)
{
    hw_card_ring(card_of(card));
}

void dt_card_at(dt_card *card, dt_ns due)
{
    mach_device_at(&card_of(card)->agent, due);
}

dt_ns dt_card_now(void)
{
    return mach_now();
}

void dt_card_message(dt_card *card, unsigned message)
{
    hw_card_message(card_of(card), message);
}

void dt_card_line(dt_card *card, bool asserted)
{
    hw_card_line(card_of(card), asserted);
}

bool dt_card_uses_messages(const dt_card *card)
{
    return hw_card_uses_messages(card_of(card));
}

void dt_card_lock(dt_card *card)
{
    hw_card_lock(card_of(card));
}

void dt_card_unlock(dt_card *card)
{
    hw_card_unlock(card_of(card));
}

unsigned dt_card_choose(unsigned n)
{
    return mach_choose(n, CHOICE_DEVICE);
}

bool dt_card_dma_read(dt_card *card, uint64_t address, void *to, size_t bytes)
{
    return hw_dma_read(card_of(card), address, to, bytes);
}

bool dt_card_dma_write(dt_card *card, uint64_t address, const void *from, size_t bytes)
{
    return hw_dma_write(card_of(card), address, from, bytes);
}

uint64_t dt_card_dma_load(dt_card *card, uint64_t address, unsigned bytes)
{
    return hw_dma_load(card_of(card), address, bytes);
}

void dt_card_dma_store(dt_card *card, uint64_t address, uint64_t value, unsigned bytes)
{
    hw_dma_store(card_of(card), address, value, bytes);
}
