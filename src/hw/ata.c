/* SPDX-License-Identifier: MIT */
/*
 * hw/ata.c - commands of an ATA disk: 48-bit addresses, DMA, PIO and native queueing, SMART as far as "is it well", general
 * purpose logs, trim. Everything else is aborted, as the standard wants it of commands that a device does not have.
 */
#include "hw/ata.h"

#include <string.h>

enum {
    CMD_DSM = 0x06,
    CMD_READ_PIO = 0x20,
    CMD_READ_PIO_EXT = 0x24,
    CMD_READ_DMA_EXT = 0x25,
    CMD_READ_LOG_EXT = 0x2f,
    CMD_WRITE_PIO = 0x30,
    CMD_WRITE_PIO_EXT = 0x34,
    CMD_WRITE_DMA_EXT = 0x35,
    CMD_WRITE_DMA_FUA_EXT = 0x3d,
    CMD_VERIFY = 0x40,
    CMD_VERIFY_EXT = 0x42,
    CMD_READ_LOG_DMA_EXT = 0x47,
    CMD_READ_QUEUED = 0x60,
    CMD_WRITE_QUEUED = 0x61,
    CMD_DIAGNOSTIC = 0x90,
    CMD_SMART = 0xb0,
    CMD_READ_DMA = 0xc8,
    CMD_WRITE_DMA = 0xca,
    CMD_STANDBY_NOW = 0xe0,
    CMD_IDLE_NOW = 0xe1,
    CMD_STANDBY = 0xe2,
    CMD_IDLE = 0xe3,
    CMD_CHECK_POWER = 0xe5,
    CMD_SLEEP = 0xe6,
    CMD_FLUSH = 0xe7,
    CMD_FLUSH_EXT = 0xea,
    CMD_IDENTIFY = 0xec,
    CMD_SET_FEATURES = 0xef,
    CMD_SECURITY_FREEZE = 0xf5
};
enum { SMART_DATA = 0xd0, SMART_READ_LOG = 0xd5, SMART_ENABLE = 0xd8, SMART_DISABLE = 0xd9, SMART_STATUS = 0xda };
enum { FEATURE_CACHE_ON = 0x02, FEATURE_MODE = 0x03, FEATURE_AHEAD_OFF = 0x55, FEATURE_CACHE_OFF = 0x82 };
enum {
    FEATURE_AHEAD_ON = 0xaa,
    FEATURE_SATA_ON = 0x10,
    FEATURE_SATA_OFF = 0x90,
    FEATURE_KEEP_ON_RESET = 0x66,
    FEATURE_REVERT_ON_RESET = 0xcc
};
enum { LOG_DIRECTORY = 0x00, LOG_QUEUED_ERROR = 0x10, LOG_IDENTIFY = 0x30, LOG_IDENTIFY_PAGES = 9, DEPTH = 32 };
enum { POWER_STANDBY = 0x00, POWER_IDLE = 0x80, POWER_ACTIVE = 0xff, SECTOR = 512 };

void ata_reset(struct ata_drive *d)
{
    struct disk *disk = d->disk;

    *d = (struct ata_drive){.disk = disk,
        .no_logs = d->no_logs,
        .no_trim = d->no_trim,
        .cache = true,
        .ahead = true,
        .smart = true,
        .power = POWER_ACTIVE};
}

uint8_t ata_error_of(enum disk_status s)
{
    switch (s) {
    case DISK_OK:
        return 0;
    case DISK_RANGE:
        return ATA_ERROR_ID;
    case DISK_MEDIUM:
        return ATA_ERROR_MEDIUM;
    default:
        return ATA_ERROR_ABORT;
    }
}

/* ---- what it is ---- */

struct row {
    uint8_t       command;
    enum ata_kind kind;
    bool          ext, pio, fua;
};

static const struct row rows[] = {
    {CMD_READ_PIO, ATA_READ, false, true, false},
    {CMD_READ_PIO_EXT, ATA_READ, true, true, false},
    {CMD_READ_DMA, ATA_READ, false, false, false},
    {CMD_READ_DMA_EXT, ATA_READ, true, false, false},
    {CMD_WRITE_PIO, ATA_WRITE, false, true, false},
    {CMD_WRITE_PIO_EXT, ATA_WRITE, true, true, false},
    {CMD_WRITE_DMA, ATA_WRITE, false, false, false},
    {CMD_WRITE_DMA_EXT, ATA_WRITE, true, false, false},
    {CMD_WRITE_DMA_FUA_EXT, ATA_WRITE, true, false, true},
    {CMD_READ_QUEUED, ATA_READ, true, false, false},
    {CMD_WRITE_QUEUED, ATA_WRITE, true, false, false},
    {CMD_DSM, ATA_TRIM, true, false, false},
    {CMD_READ_LOG_EXT, ATA_ANSWER, true, true, false},
    {CMD_READ_LOG_DMA_EXT, ATA_ANSWER, true, false, false},
    {CMD_IDENTIFY, ATA_ANSWER, false, true, false},
    {CMD_VERIFY, ATA_NO_DATA, false, false, false},
    {CMD_VERIFY_EXT, ATA_NO_DATA, true, false, false},
    {CMD_DIAGNOSTIC, ATA_NO_DATA, false, false, false},
    {CMD_STANDBY_NOW, ATA_NO_DATA, false, false, false},
    {CMD_IDLE_NOW, ATA_NO_DATA, false, false, false},
    {CMD_STANDBY, ATA_NO_DATA, false, false, false},
    {CMD_IDLE, ATA_NO_DATA, false, false, false},
    {CMD_CHECK_POWER, ATA_NO_DATA, false, false, false},
    {CMD_SLEEP, ATA_NO_DATA, false, false, false},
    {CMD_FLUSH, ATA_NO_DATA, false, false, false},
    {CMD_FLUSH_EXT, ATA_NO_DATA, true, false, false},
    {CMD_SET_FEATURES, ATA_NO_DATA, false, false, false},
    {CMD_SECURITY_FREEZE, ATA_NO_DATA, false, false, false},
    {CMD_SMART, ATA_NO_DATA, false, true, false},
};

static const struct row *find(uint8_t command)
{
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].command == command)
            return &rows[i];
    return NULL;
}

/* Counts of 0 mean the most that there is. */
static uint64_t count_of(const struct ata_command *c, bool ext)
{
    unsigned n = c->queued ? c->features : c->count;

    if (!ext)
        return n & 0xff ? n & 0xff : 256;
    return n ? n : 65536;
}

static void derive_smart(struct ata_command *c)
{
    uint8_t what = c->features & 0xff;

    if (what != SMART_DATA && what != SMART_READ_LOG)
        return;
    c->kind = ATA_ANSWER;
    c->bytes = SECTOR;
}

static void derive(const struct ata_drive *d, struct ata_command *c, const struct row *r)
{
    c->kind = r ? r->kind : ATA_BAD;
    if (!r)
        return;
    c->pio = r->pio;
    c->fua = r->fua || (c->queued && c->device & 0x80);
    if (!r->ext)
        c->lba = (c->lba & 0xffffff) | (uint64_t)(c->device & 0xf) << 24;
    c->op = c->kind == ATA_WRITE ? DISK_WRITE : c->kind == ATA_TRIM ? DISK_TRIM : DISK_READ;
    if (c->command == CMD_FLUSH || c->command == CMD_FLUSH_EXT)
        c->op = DISK_FLUSH;
    if (c->kind == ATA_READ || c->kind == ATA_WRITE) {
        c->offset = c->lba * d->disk->block_bytes;
        c->bytes = count_of(c, r->ext) * d->disk->block_bytes;
    } else if (c->kind == ATA_TRIM) {
        c->bytes = (uint64_t)c->count * SECTOR;
    } else if (c->kind == ATA_ANSWER) {
        c->bytes = c->command == CMD_IDENTIFY ? SECTOR : count_of(c, true) * SECTOR;
    } else if (c->command == CMD_SMART) {
        derive_smart(c);
    }
    if (c->kind == ATA_ANSWER && c->bytes > ATA_DATA_BYTES)
        c->kind = ATA_BAD;
}

void ata_parse(const struct ata_drive *d, const uint8_t f[ATA_FIS_BYTES], struct ata_command *c)
{
    *c = (struct ata_command){.command = f[2],
        .device = f[7],
        .tag = f[12] >> 3,
        .features = (uint16_t)(f[3] | f[11] << 8),
        .count = (uint16_t)(f[12] | f[13] << 8),
        .lba = f[4] | (uint64_t)f[5] << 8 | (uint64_t)f[6] << 16 | (uint64_t)f[8] << 24 | (uint64_t)f[9] << 32 |
               (uint64_t)f[10] << 40,
        .queued = f[2] == CMD_READ_QUEUED || f[2] == CMD_WRITE_QUEUED};
    derive(d, c, find(c->command));
}

/* ---- IDENTIFY DEVICE ---- */

static void put(uint8_t *data, unsigned word, uint16_t value)
{
    data[word * 2] = (uint8_t)value;
    data[word * 2 + 1] = (uint8_t)(value >> 8);
}

/* Two characters to a word, the first in its upper half; blanks at the end. */
static void put_text(uint8_t *data, unsigned word, unsigned bytes, const char *text)
{
    size_t n = strlen(text);

    for (unsigned i = 0; i < bytes; i++)
        data[word * 2 + (i ^ 1)] = i < n ? (uint8_t)text[i] : ' ';
}

static void put_size(uint8_t *data, const struct disk *disk)
{
    uint64_t n = disk->bytes / disk->block_bytes, small = n < 0xfffffff ? n : 0xfffffff;

    put(data, 60, (uint16_t)small);
    put(data, 61, (uint16_t)(small >> 16));
    for (unsigned i = 0; i < 4; i++)
        put(data, 100 + i, (uint16_t)(n >> i * 16));
    if (disk->block_bytes == SECTOR)
        return;
    put(data, 106, 0x5000);
    put(data, 117, (uint16_t)(disk->block_bytes / 2));
}

static const uint16_t identity[][2] = {
    {0, 0x0040},
    {1, 16383},
    {3, 16},
    {6, 63},
    {47, 0x8010},
    {49, 0x2f00},
    {50, 0x4000},
    {53, 0x0006},
    {59, 0x0000},
    {63, 0x0007},
    {64, 0x0003},
    {65, 120},
    {66, 120},
    {67, 120},
    {68, 120},
    {75, DEPTH - 1},
    {76, 0x030e},
    {78, 0x0000},
    {80, 0x07f0},
    {82, 0x0069},
    {83, 0x7400},
    {84, 0x4160},
    {86, 0x3400},
    {87, 0x4160},
    {88, 0x407f},
    {106, 0x4000},
    {108, 0x5d75},
    {109, 0x6574},
    {110, 0x696d},
    {217, 0x0001},
    {222, 0x107f},
};

static void identify(const struct ata_drive *d, uint8_t *data)
{
    uint8_t sum = 0;

    for (unsigned i = 0; i < sizeof identity / sizeof *identity; i++)
        put(data, identity[i][0], identity[i][1]);
    put(data, 85, (uint16_t)(0x0008 | (d->smart ? 1 : 0) | (d->cache ? 0x20 : 0) | (d->ahead ? 0x40 : 0)));
    put_text(data, 10, 20, d->disk->serial);
    put_text(data, 23, 8, "1.0");
    put_text(data, 27, 40, "Duetime ATA disk");
    put_size(data, d->disk);
    if (disk_can(d->disk, DISK_TRIM) && !d->no_trim) {
        put(data, 69, 0x4020); /* what was trimmed reads as zeroes */
        put(data, 105, 8);
        put(data, 169, 1);
    }
    if (d->no_logs) {
        put(data, 84, 0x4140);
        put(data, 87, 0x4140);
    }
    data[510] = 0xa5;
    for (unsigned i = 0; i < 511; i++)
        sum = (uint8_t)(sum + data[i]);
    data[511] = (uint8_t)(0 - sum);
}

/* ---- logs ---- */

static void log_directory(uint8_t *data)
{
    put(data, 0, 1);
    put(data, LOG_QUEUED_ERROR, 1);
    put(data, LOG_IDENTIFY, LOG_IDENTIFY_PAGES);
}

/* Page 0 lists the pages: the copy of IDENTIFY, supported capabilities, Serial ATA. */
static bool log_identify(const struct ata_drive *d, unsigned page, uint8_t *data)
{
    static const uint8_t list[] = {0, 1, 3, 8};

    if (page == 1) {
        identify(d, data);
        return true;
    }
    if (page != 0 && page != 3 && page != 8)
        return false;
    data[0] = 1; /* revision, page, and that it is valid */
    data[2] = (uint8_t)page;
    if (page == 0) {
        data[8] = sizeof list;
        memcpy(data + 9, list, sizeof list);
    } else {
        data[7] = 0x80;
    }
    return true;
}

static void queued_error(const struct ata_drive *d, uint8_t *data)
{
    uint8_t sum = 0;

    memcpy(data, d->failed, sizeof d->failed);
    for (unsigned i = 0; i < 511; i++)
        sum = (uint8_t)(sum + data[i]);
    data[511] = (uint8_t)(0 - sum);
}

static uint8_t read_log(const struct ata_drive *d, const struct ata_command *c, uint8_t *data)
{
    if (d->no_logs)
        return ATA_ERROR_ABORT;
    unsigned log = c->lba & 0xff, page = (c->lba >> 8 & 0xff) | (c->lba >> 32 & 0xff) << 8;

    for (uint64_t at = 0; at < c->bytes; at += SECTOR, page++) {
        if (log == LOG_DIRECTORY && page == 0)
            log_directory(data + at);
        else if (log == LOG_QUEUED_ERROR && page == 0)
            queued_error(d, data + at);
        else if (log != LOG_IDENTIFY || page >= LOG_IDENTIFY_PAGES ||
                 (!log_identify(d, page, data + at) && c->bytes == SECTOR))
            return ATA_ERROR_ABORT;
    }
    return 0;
}

void ata_queued_error(struct ata_drive *d, const struct ata_command *c, uint8_t error)
{
    uint8_t *f = d->failed;

    memset(f, 0, sizeof d->failed);
    f[0] = c->tag;
    f[2] = ATA_STATUS_ERROR & ~0x10;
    f[3] = error;
    for (unsigned i = 0; i < 3; i++) {
        f[4 + i] = (uint8_t)(c->lba >> i * 8);
        f[8 + i] = (uint8_t)(c->lba >> (i + 3) * 8);
    }
    f[7] = c->device;
    f[12] = (uint8_t)c->count;
    f[13] = (uint8_t)(c->count >> 8);
}

/* ---- the others ---- */

static uint8_t smart(struct ata_drive *d, const struct ata_command *c)
{
    static const uint8_t well[6] = {0, 0x4f, 0xc2};
    uint8_t              what = c->features & 0xff;

    if (what == SMART_ENABLE)
        d->smart = true;
    else if (!d->smart)
        return ATA_ERROR_ABORT;
    else if (what == SMART_DISABLE)
        d->smart = false;
    else if (what == SMART_STATUS)
        memcpy(d->result, well, sizeof well);
    else if (what != SMART_DATA)
        return ATA_ERROR_ABORT;
    return 0;
}

static uint8_t set_features(struct ata_drive *d, const struct ata_command *c)
{
    switch (c->features & 0xff) {
    case FEATURE_CACHE_ON:
    case FEATURE_CACHE_OFF:
        d->cache = (c->features & 0xff) == FEATURE_CACHE_ON;
        return 0;
    case FEATURE_AHEAD_ON:
    case FEATURE_AHEAD_OFF:
        d->ahead = (c->features & 0xff) == FEATURE_AHEAD_ON;
        return 0;
    case FEATURE_MODE:
    case FEATURE_SATA_ON:
    case FEATURE_SATA_OFF:
    case FEATURE_KEEP_ON_RESET:
    case FEATURE_REVERT_ON_RESET:
        return 0;
    default:
        return ATA_ERROR_ABORT;
    }
}

uint8_t ata_execute(struct ata_drive *d, const struct ata_command *c, uint8_t *data)
{
    switch (c->command) {
    case CMD_IDENTIFY:
        identify(d, data);
        return 0;
    case CMD_READ_LOG_EXT:
    case CMD_READ_LOG_DMA_EXT:
        return read_log(d, c, data);
    case CMD_SMART:
        return smart(d, c);
    case CMD_SET_FEATURES:
        return set_features(d, c);
    case CMD_FLUSH:
    case CMD_FLUSH_EXT:
        return ata_error_of(d->disk->ops->flush(d->disk));
    case CMD_STANDBY:
    case CMD_STANDBY_NOW:
    case CMD_SLEEP:
        d->power = POWER_STANDBY;
        return ata_error_of(d->disk->ops->flush(d->disk));
    case CMD_IDLE:
    case CMD_IDLE_NOW:
        d->power = POWER_IDLE;
        return 0;
    case CMD_CHECK_POWER:
        d->result_count = d->power;
        return 0;
    default:
        return 0;
    }
}

uint8_t ata_trim(struct ata_drive *d, const uint8_t ranges[512])
{
    struct disk *disk = d->disk;

    for (unsigned i = 0; i < 64; i++) {
        uint64_t entry, lba, n;

        memcpy(&entry, ranges + i * 8, sizeof entry);
        lba = entry & 0xffffffffffff;
        n = entry >> 48;
        if (n == 0)
            continue;
        if (lba + n > disk->bytes / disk->block_bytes)
            return ATA_ERROR_ID;
        uint8_t error = ata_error_of(disk->ops->trim(disk, lba * disk->block_bytes, n * disk->block_bytes));

        if (error)
            return error;
    }
    return 0;
}
