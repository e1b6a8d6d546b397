/* SPDX-License-Identifier: MIT */
/*
 * duetime/device.h - cards and disks behind a StorPort miniport on a machine of duetime.h: those that Duetime has, and
 * your own.
 *
 *     dt_disk  *disk = dt_disk_ram(16 << 20, 512);
 *     dt_card  *card = dt_card_hba(disk, NULL);
 *     dt_stor  *stor = dt_stor_start(drv, &(struct dt_stor_config){.device = card, .memory = dt_bus_memory(false)}, NULL);
 *     ...
 *     dt_stor_remove(stor);
 *     dt_card_remove(card);
 *
 * Everything is made inside a body, at PASSIVE_LEVEL, and goes with its run. docs/device-models.md shows how a model of your
 * own card is written, docs/hba.md is the data sheet of dt_card_hba().
 */
#pragma once

#include "duetime/duetime.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct device dt_card;
typedef struct disk   dt_disk;
struct device_memory;

/* The memory that cards reach. Shuffled: pages of a buffer have bus addresses that are not neighbours, so that its
 * scatter/gather list has an element per page. Before anything else; a second call forgets what was allocated. NULL: no address
 * space. */
DT_API struct device_memory *dt_bus_memory(bool shuffled);

/* ---- disks ---- */

/* Of zeroes; bytes are a whole number of blocks of 512 or 4096 bytes. NULL: no memory, or more than 16 disks. */
DT_API dt_disk *dt_disk_ram(uint64_t bytes, uint32_t block_bytes);

/* A file of the host. NULL: *error (may be NULL) is a negative errno. */
DT_API dt_disk *dt_disk_file(const char *path, uint32_t block_bytes, bool read_only, int *error);

/* Rates are per million requests; the n-th request has the same fate in every run with the same seed. explore: on the
 * simulated machine the schedule decides instead, for each request, among the kinds that have a rate. */
struct dt_disk_faults {
    uint32_t error_ppm, lost_ppm, delay_ppm; /* fails; is never answered; takes delay longer */
    dt_ns    delay, latency;                 /* latency: what every request takes */
    uint64_t seed;
    uint64_t first; /* requests before the first fault */
    uint32_t count; /* faults at most; 0 = any number */
    bool     explore;
};

/* A disk in front of another one. */
DT_API dt_disk *dt_disk_faulty(dt_disk *disk, const struct dt_disk_faults *faults);
DT_API unsigned dt_disk_faults_made(const dt_disk *disk);

/* What the disk holds, beside the card; whole blocks. False: beyond the end. */
DT_API bool dt_disk_peek(dt_disk *disk, uint64_t offset, void *to, size_t bytes);
DT_API bool dt_disk_poke(dt_disk *disk, uint64_t offset, const void *from, size_t bytes);

/* ---- cards ---- */

struct dt_card_options {
    unsigned messages; /* MSI-X messages that it has; 0 = a line only */
    unsigned queues;   /* virtio: 1 .. 8, AHCI: ports, 1 .. 4; 0 = 1 */
    unsigned depth;    /* virtio: entries of a queue, a power of two up to 256; 0 = 128 */
    bool     in_order; /* answers in the order of asking; else, on the simulated machine, the schedule decides */
    bool     no_cache; /* virtio: no volatile write cache */
    bool     no_logs;  /* AHCI: no general purpose logs; Microsoft's sample has them written to bus address 0 */
    bool     no_trim;  /* AHCI: no trim; that sample asserts when a disk can */
    bool     line;     /* has messages, but the bus gives it none, as without MSISupported in an INF file */
};

/* NULL options: all zero. NULL: an option out of range, or more than 8 cards. */
DT_API dt_card *dt_card_hba(dt_disk *disk, const struct dt_card_options *o);
DT_API dt_card *dt_card_virtio_blk(dt_disk *disk, const struct dt_card_options *o);
DT_API dt_card *dt_card_ahci(dt_disk *disk, const struct dt_card_options *o); /* the disk is at port 0; NULL: none */

/* Another disk at a port of the AHCI adapter, or none (NULL): hot plug. */
DT_API void dt_card_ahci_plug(dt_card *card, unsigned port, dt_disk *disk);

/* Pulled out at this instant: registers read as ones, memory is left alone, no interrupt comes. Any IRQL. */
DT_API void dt_card_pull(dt_card *card);

/* After dt_stor_remove(). */
DT_API void dt_card_remove(dt_card *card);

/* ---- your own card ---- */

struct dt_card_model {
    uint16_t vendor, device, subsystem_vendor, subsystem;
    uint8_t  base_class, sub_class, interface, revision;
    struct {
        uint32_t bytes; /* a power of two, 16 .. 1 MB; 0 = there is no such range */
        bool     io_space;
    } range[6];
    unsigned messages;   /* MSI-X, at most 64; 0 = a line only */
    unsigned msix_range; /* where its tables are: 16 bytes a message at msix_table, 8 bytes at msix_pending */
    uint32_t msix_table, msix_pending;

    /* The driver reads or writes 1, 2, 4 or 8 bytes of a range (not of the MSI-X tables). Any IRQL; one call at a time, and none
     * during reset. No DDIs, no waiting: see docs/device-models.md. */
    uint64_t (*read)(void *ctx, unsigned range, uint64_t offset, unsigned bytes);
    void (*write)(void *ctx, unsigned range, uint64_t offset, uint64_t value, unsigned bytes);

    /* One piece of the card's own work, after dt_card_ring() or when dt_card_at() is due; true: there is more. It runs beside
     * read and write: what they share it touches between dt_card_lock() and dt_card_unlock(). May be NULL. */
    bool (*step)(void *ctx);

    /* To the state after power-on; nothing else runs. */
    void (*reset)(void *ctx);
};

/* The model must live as long as the card. NULL: a number out of range, or more than 8 cards. */
DT_API dt_card *dt_card_create(const struct dt_card_model *model, void *ctx);

/* Adds a capability to the configuration space, before dt_stor_start(): content follows its two-byte header. Returns its
 * offset; 0: no room. */
DT_API unsigned dt_card_capability(dt_card *card, uint8_t id, const void *content, unsigned bytes);

/* From read, write and step. */
DT_API void  dt_card_ring(dt_card *card);
DT_API void  dt_card_at(dt_card *card, dt_ns due); /* on dt_card_now()'s clock; replaces; DT_NEVER = not at all */
DT_API dt_ns dt_card_now(void);
DT_API void  dt_card_message(dt_card *card, unsigned message);
DT_API void  dt_card_line(dt_card *card, bool asserted); /* with the lock held, as read and write have it */
DT_API bool  dt_card_uses_messages(const dt_card *card); /* the port has connected messages, not the line */

/* From step alone. */
DT_API void dt_card_lock(dt_card *card);
DT_API void dt_card_unlock(dt_card *card);

/* 0 .. n-1: what the card does is the schedule's choice; 0 by default, and on the real-time machine. */
DT_API unsigned dt_card_choose(unsigned n);

/* DMA. False: the card may not (bus master is off), or is not plugged in. An address that is no memory, or not any more, is a
 * finding, DT-S21. load and store move an aligned word of 1, 2, 4 or 8 bytes whole: the index of a ring, for example. */
DT_API bool     dt_card_dma_read(dt_card *card, uint64_t address, void *to, size_t bytes);
DT_API bool     dt_card_dma_write(dt_card *card, uint64_t address, const void *from, size_t bytes);
DT_API uint64_t dt_card_dma_load(dt_card *card, uint64_t address, unsigned bytes);
DT_API void     dt_card_dma_store(dt_card *card, uint64_t address, uint64_t value, unsigned bytes);

/* The disk of your card; offset and bytes in whole blocks. False: it cannot; delay and loss are for the ready-made cards. */
DT_API bool dt_disk_read(dt_disk *disk, uint64_t offset, void *to, size_t bytes);
DT_API bool dt_disk_write(dt_disk *disk, uint64_t offset, const void *from, size_t bytes);

#ifdef __cplusplus
}
#endif
