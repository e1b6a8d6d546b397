/* SPDX-License-Identifier: MIT */
/*
 * hw/ata.h - an ATA disk behind a port (ACS-3, Serial ATA): what a command is, and what it answers when it needs no
 * media. Reads and writes of the media are moved by the port, which knows where the memory is.
 */
#pragma once

#include "base/disk.h"

enum { ATA_STATUS_OK = 0x50, ATA_STATUS_ERROR = 0x51, ATA_STATUS_BUSY = 0x80 };
enum { ATA_ERROR_ABORT = 0x04, ATA_ERROR_ID = 0x10, ATA_ERROR_MEDIUM = 0x40 };
enum { ATA_SIGNATURE = 0x00000101, ATA_FIS_BYTES = 20, ATA_DATA_BYTES = 512 * 16 };

enum ata_kind {
    ATA_NO_DATA,
    ATA_READ,   /* media to memory */
    ATA_WRITE,  /* memory to media */
    ATA_ANSWER, /* data of the drive's own */
    ATA_TRIM,   /* ranges from memory */
    ATA_TAKE,   /* data from memory that nobody looks at */
    ATA_BAD
};

/* A command as the registers of a host-to-device FIS have it. */
struct ata_command {
    uint8_t  command, device, tag;
    uint16_t features, count;
    uint64_t lba;
    bool     queued, pio, fua;
    /* derived */
    enum ata_kind kind;
    enum disk_op  op;
    uint64_t      offset, bytes; /* of the media, or bytes of the answer */
};

struct ata_drive {
    struct disk *disk; /* NULL: nothing is plugged in */
    bool         no_logs, no_trim;
    bool         cache, ahead, smart;
    uint8_t      power;                   /* what CHECK POWER MODE says */
    uint8_t      failed[16];              /* beginning of the NCQ error log */
    uint8_t      result[6], result_count; /* LBA and count registers of an answer that has them */
};

/* After power-on or a reset. */
void ata_reset(struct ata_drive *d);

/* What a FIS of 20 bytes asks for. */
void ata_parse(const struct ata_drive *d, const uint8_t fis[ATA_FIS_BYTES], struct ata_command *c);

/* Executes what is not ATA_READ, ATA_WRITE or ATA_TRIM. data has c->bytes bytes, at most ATA_DATA_BYTES; zeroed. 0, or the error
 * register. */
uint8_t ata_execute(struct ata_drive *d, const struct ata_command *c, uint8_t *data);

/* One block of 64 trim ranges. */
uint8_t ata_trim(struct ata_drive *d, const uint8_t ranges[512]);

/* Remembers which queued command failed. */
void ata_queued_error(struct ata_drive *d, const struct ata_command *c, uint8_t error);

uint8_t ata_error_of(enum disk_status s);
