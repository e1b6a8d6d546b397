/* SPDX-License-Identifier: MIT */
/* sp/class.c - what the class driver of a disk asks of a unit that has appeared: is it ready, how large, what can it do. */
#include <string.h>

#include "base/be.h"
#include "ddk/scsi.h"
#include "sp/priv.h"

enum { BUF_BYTES = 255, READY_TRIES = 10 };

/* NOT READY takes a little while. */
static bool wait_ready(struct sp_lun *u)
{
    UCHAR cdb[6] = {SCSIOP_TEST_UNIT_READY};

    for (unsigned i = 0; i < READY_TRIES; i++) {
        if (sp_scan_command(u, cdb, sizeof cdb, NULL, 0))
            return true;
        ke_delay(false, KernelMode, -(int64_t)(10 * NT_100NS_PER_MS));
    }
    return false;
}

static bool capacity16(struct sp_lun *u, UCHAR *buf)
{
    UCHAR cdb[16] = {SCSIOP_READ_CAPACITY16, SERVICE_ACTION_READ_CAPACITY16, [13] = 32};

    memset(buf, 0, 32);
    if (sp_scan_command(u, cdb, sizeof cdb, buf, 32) < 12)
        return false;
    u->info.blocks = be64_get(buf) + 1;
    u->info.block_bytes = be32_get(buf + 8);
    u->info.physical_block_bytes = u->info.block_bytes << (buf[13] & 0xf);
    u->info.unmap = buf[14] & 0x80;
    return true;
}

static void capacity10(struct sp_lun *u, UCHAR *buf)
{
    UCHAR cdb[10] = {SCSIOP_READ_CAPACITY};

    memset(buf, 0, 8);
    if (sp_scan_command(u, cdb, sizeof cdb, buf, 8) < 8)
        return;
    u->info.blocks = (uint64_t)be32_get(buf) + 1;
    u->info.block_bytes = u->info.physical_block_bytes = be32_get(buf + 4);
}

/* Byte 2 of the header: write protected, FUA. Page 08: write cache. */
static void mode_sense(struct sp_lun *u, UCHAR *buf, UCHAR page)
{
    UCHAR  cdb[6] = {SCSIOP_MODE_SENSE, 0, page, 0, 192, 0};
    size_t bytes;

    memset(buf, 0, 192);
    bytes = sp_scan_command(u, cdb, sizeof cdb, buf, 192);
    if (bytes < 4)
        return;
    u->info.write_protected = buf[2] & 0x80;
    u->info.fua = buf[2] & 0x10;
    size_t at = 4u + buf[3];

    if (at + 2 < bytes && (buf[at] & 0x3f) == 0x08)
        u->info.write_cache = buf[at + 2] & 0x04;
}

/* B0 block limits, B1 characteristics, B2 provisioning: asked for as a disk's driver does; UNMAP counts. */
static void pages(struct sp_lun *u, UCHAR *buf)
{
    static const UCHAR page[] = {0xb0, 0xb1, 0xb2};

    for (unsigned i = 0; i < sizeof page; i++) {
        UCHAR cdb[6] = {SCSIOP_INQUIRY, 1, page[i], 0, BUF_BYTES, 0};

        memset(buf, 0, BUF_BYTES);
        if (sp_scan_command(u, cdb, sizeof cdb, buf, BUF_BYTES) > 5 && page[i] == 0xb2)
            u->info.unmap |= buf[5] & 0x80;
    }
}

void sp_class_start(struct sp_lun *u)
{
    UCHAR *buf = sp_buffer_alloc(u->a, BUF_BYTES);

    if (!buf)
        return;
    u->info.ready = wait_ready(u);
    if (u->info.ready && u->info.type == DIRECT_ACCESS_DEVICE) {
        if (!capacity16(u, buf))
            capacity10(u, buf);
        mode_sense(u, buf, 0x3f);
        mode_sense(u, buf, 0x08);
        pages(u, buf);
    }
    sp_buffer_free(u->a, buf, BUF_BYTES);
}
