/* SPDX-License-Identifier: MIT */
/* host/stor_io.c - requests of a body to the units of an adapter. */
#include <string.h>

#include "base/be.h"
#include "ddk/scsi.h"
#include "duetime/storport.h"
#include "host/host.h"
#include "sp/priv.h"

struct dt_stor_io {
    struct sp_request       r;
    struct dt_stor_request *user;
    KEVENT                  event;
    uint32_t                done; /* atomic */
    uint8_t                 status;
};

static void take_answer(struct dt_stor_request *to, const struct sp_request *r)
{
    to->srb_status = r->srb_status;
    to->scsi_status = r->scsi_status;
    to->sense_bytes = r->sense_bytes;
    to->transferred = r->transferred;
    to->internal_status = r->internal_status;
    if (r->function == SRB_FUNCTION_CLAIM_DEVICE)
        to->data = r->data;
    to->service_time = r->service_time;
    memcpy(to->sense, r->sense, r->sense_bytes);
}

/* IRQL <= 2. Whoever waits may free io as soon as it is told. */
static void on_done(struct sp_request *r)
{
    struct dt_stor_io      *io = r->context;
    struct dt_stor_request *user = io->user;

    take_answer(user, r);
    io->status = SRB_STATUS(r->srb_status);
    if (user->done)
        user->done(user->context, user);
    __atomic_store_n(&io->done, 1, __ATOMIC_RELEASE);
    ke_event_set(&io->event, IO_NO_INCREMENT);
}

dt_stor_io *dt_stor_submit(dt_stor *s, struct dt_stor_request *r)
{
    struct dt_stor_io *io = ke_object_alloc(sizeof *io);

    if (!io)
        return NULL;
    ke_event_init(&io->event, NotificationEvent, false);
    io->user = r;
    io->r.function = r->function;
    io->r.path = r->path;
    io->r.target = r->target;
    io->r.lun = r->lun;
    io->r.cdb_bytes = r->cdb_bytes;
    memcpy(io->r.cdb, r->cdb, sizeof r->cdb);
    io->r.flags = r->flags;
    io->r.tag_action = r->tag_action;
    io->r.data = r->data;
    io->r.bytes = r->bytes;
    io->r.data_in = r->data_in;
    io->r.data_in_bytes = r->data_in_bytes;
    io->r.io_info = r->io_info;
    io->r.io_flags = r->io_flags;
    io->r.io_key = r->io_key;
    io->r.timeout_s = r->timeout_s;
    io->r.next_srb = r->victim && r->victim->r.slot ? r->victim->r.slot->srb : NULL;
    io->r.done = on_done;
    io->r.context = io;
    sp_submit(s, &io->r);
    return io;
}

bool dt_stor_done(const dt_stor_io *io)
{
    return __atomic_load_n(&io->done, __ATOMIC_ACQUIRE);
}

uint8_t dt_stor_finish(dt_stor_io *io)
{
    ke_wait_one(&io->event, NULL);
    uint8_t status = io->status;

    ke_object_free(io, sizeof *io);
    return status;
}

uint8_t dt_stor_run(dt_stor *s, struct dt_stor_request *r)
{
    dt_stor_io *io = dt_stor_submit(s, r);

    return io ? dt_stor_finish(io) : SRB_STATUS_INSUFFICIENT_RESOURCES;
}

/* ---- commands ---- */

void dt_stor_cdb(struct dt_stor_request *r, bool write, unsigned lun, uint64_t block, void *buf, uint32_t blocks,
    uint32_t block_bytes)
{
    r->lun = (uint8_t)lun;
    r->cdb_bytes = 16;
    r->cdb[0] = write ? SCSIOP_WRITE16 : SCSIOP_READ16;
    be64_put(r->cdb + 2, block);
    be32_put(r->cdb + 10, blocks);
    r->flags |= write ? SRB_FLAGS_DATA_OUT : SRB_FLAGS_DATA_IN;
    r->data = buf;
    r->bytes = blocks * block_bytes;
}

void dt_stor_cdb_unmap(struct dt_stor_request *r, unsigned lun, uint64_t block, uint32_t blocks, uint8_t *list)
{
    memset(list, 0, DT_STOR_UNMAP_BYTES);
    list[1] = DT_STOR_UNMAP_BYTES - 2;
    list[3] = DT_STOR_UNMAP_BYTES - 8;
    be64_put(list + 8, block);
    be32_put(list + 16, blocks);
    r->lun = (uint8_t)lun;
    r->cdb_bytes = 10;
    r->cdb[0] = SCSIOP_UNMAP;
    r->cdb[8] = DT_STOR_UNMAP_BYTES;
    r->flags |= SRB_FLAGS_DATA_OUT;
    r->data = list;
    r->bytes = DT_STOR_UNMAP_BYTES;
}

static uint32_t block_bytes(dt_stor *s, unsigned lun)
{
    struct sp_lun *u = sp_unit_find(s, 0, 0, lun);

    return u && u->info.block_bytes ? u->info.block_bytes : 512;
}

static uint8_t transfer(dt_stor *s, bool write, unsigned lun, uint64_t block, void *buf, uint32_t blocks)
{
    struct dt_stor_request r = {.flags = SRB_FLAGS_NO_QUEUE_FREEZE};

    dt_stor_cdb(&r, write, lun, block, buf, blocks, block_bytes(s, lun));
    return dt_stor_run(s, &r);
}

uint8_t dt_stor_read(dt_stor *s, unsigned lun, uint64_t block, void *buf, uint32_t blocks)
{
    return transfer(s, false, lun, block, buf, blocks);
}

uint8_t dt_stor_write(dt_stor *s, unsigned lun, uint64_t block, const void *buf, uint32_t blocks)
{
    return transfer(s, true, lun, block, (void *)buf, blocks);
}

uint8_t dt_stor_flush(dt_stor *s, unsigned lun)
{
    struct dt_stor_request r = {
        .lun = (uint8_t)lun, .cdb_bytes = 10, .cdb = {SCSIOP_SYNCHRONIZE_CACHE}, .flags = SRB_FLAGS_NO_QUEUE_FREEZE};

    return dt_stor_run(s, &r);
}

/* One descriptor behind a header of 8 bytes. */
uint8_t dt_stor_unmap(dt_stor *s, unsigned lun, uint64_t block, uint32_t blocks)
{
    struct dt_stor_request r = {.flags = SRB_FLAGS_NO_QUEUE_FREEZE};
    uint8_t               *list = sp_buffer_alloc(s, DT_STOR_UNMAP_BYTES), status;

    if (!list)
        return SRB_STATUS_INSUFFICIENT_RESOURCES;
    dt_stor_cdb_unmap(&r, lun, block, blocks, list);
    status = dt_stor_run(s, &r);
    sp_buffer_free(s, list, DT_STOR_UNMAP_BYTES);
    return status;
}
