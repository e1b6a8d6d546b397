/* SPDX-License-Identifier: MIT */
/* Disks in memory, in a file, and with faults in front. */
#include "blk/blk.h"

#include <fcntl.h>
#include <stdlib.h>

#include "machine.h"

static char buf[8192], zeroes[8192];

static enum disk_status rd(struct disk *d, uint64_t at, void *p, size_t n)
{
    struct disk_fate f = disk_admit(d, DISK_READ, at, n);

    return f.status == DISK_OK ? d->ops->read(d, at, p, n) : f.status;
}

static enum disk_status wr(struct disk *d, uint64_t at, const void *p, size_t n)
{
    struct disk_fate f = disk_admit(d, DISK_WRITE, at, n);

    return f.status == DISK_OK ? d->ops->write(d, at, p, n) : f.status;
}

static void exercise(struct disk *d)
{
    memset(buf, 0x77, sizeof buf);
    dt_expect_eq(wr(d, 4096, buf, sizeof buf), DISK_OK);
    memset(buf, 0, sizeof buf);
    dt_expect_eq(rd(d, 4096, buf, sizeof buf), DISK_OK);
    dt_expect(buf[0] == 0x77 && buf[8191] == 0x77);
    dt_expect_eq(d->ops->trim(d, 4096, 512), DISK_OK);
    dt_expect_eq(d->ops->zero(d, 8192, 4096), DISK_OK);
    dt_expect_eq(rd(d, 4096, buf, sizeof buf), DISK_OK);
    dt_expect(buf[0] == 0 && buf[512] == 0x77 && buf[4095] == 0x77 && buf[4096] == 0 && buf[8191] == 0);
    dt_expect_eq(d->ops->flush(d), DISK_OK);
    dt_expect_eq(rd(d, d->bytes, buf, 512), DISK_RANGE);
    dt_expect_eq(rd(d, d->bytes - 512, buf, 1024), DISK_RANGE);
    dt_expect_eq(rd(d, 1, buf, 512), DISK_RANGE);
    dt_expect_eq(rd(d, d->bytes - 512, buf, 512), DISK_OK);
}

static void ram_body(void *ctx)
{
    (void)ctx;
    struct disk *d = blk_ram(1 << 20, 512);

    dt_expect_eq(rd(d, 4096, buf, sizeof buf), DISK_OK);
    dt_expect(memcmp(buf, zeroes, sizeof buf) == 0); /* nothing of the run before */
    exercise(d);
    dt_expect(!blk_ram(1000, 512));
    dt_expect(!blk_ram(1024, 100));
    struct disk *big = blk_ram(1ull << 34, 4096); /* pages come when they are written */

    for (uint64_t at = 0; at < big->bytes; at += big->bytes / 1024)
        dt_expect_eq(wr(big, at, "x", 0) | big->ops->write(big, at, d, 64), DISK_OK);
}

static void ram(void **state)
{
    (void)state;
    passes(ram_body);
    passes(ram_body);
}

static char path[] = "/tmp/dt-blk-XXXXXX";

static void file_body(void *ctx)
{
    int error;

    (void)ctx;
    struct disk *d = blk_file(path, 512, false, &error);

    dt_expect(d && d->bytes == 65536);
    exercise(d);
    struct disk *ro = blk_file(path, 512, true, &error);

    dt_expect_eq(wr(ro, 0, buf, 512), DISK_PROTECTED);
    dt_expect_eq(rd(ro, 4608, buf, 512), DISK_OK);
    dt_expect(buf[0] == 0x77);
    dt_expect(!blk_file("/nonexistent", 512, false, &error) && error < 0);
}

static void file(void **state)
{
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0 && ftruncate(fd, 65536) == 0);
    close(fd);
    passes(file_body);
    unlink(path);
}

static unsigned errors(uint64_t seed, unsigned n)
{
    struct disk *d = blk_faulty(
        blk_ram(65536, 512), &(struct blk_faults){.error_ppm = 100000, .seed = seed, .first = 10, .latency_ns = 5});
    unsigned found = 0;

    for (unsigned i = 0; i < n; i++) {
        struct disk_fate f = disk_admit(d, DISK_READ, 0, 512);

        dt_expect(i >= 10 || f.status == DISK_OK);
        dt_expect_eq(f.delay_ns, 5);
        found = found * 3 + (f.status != DISK_OK);
    }
    dt_expect(blk_faults_made(d) > n / 20 && blk_faults_made(d) < n / 5);
    return found;
}

/* A tenth fails, the same tenth for the same seed. */
static void rates_body(void *ctx)
{
    (void)ctx;
    unsigned first = errors(1, 1000);

    dt_expect_eq(errors(1, 1000), first);
    dt_expect(errors(2, 1000) != first);
}

static void rates(void **state)
{
    (void)state;
    passes(rates_body);
}

static bool seen_error, seen_lost, seen_none;

static void explored_body(void *ctx)
{
    (void)ctx;
    struct disk *d = blk_faulty(
        blk_ram(65536, 512), &(struct blk_faults){.error_ppm = 1, .lost_ppm = 1, .count = 1, .explore = true});
    struct disk_fate f = disk_admit(d, DISK_READ, 0, 512);

    *(f.lost ? &seen_lost : f.status == DISK_OK ? &seen_none : &seen_error) = true;
}

static void explored(void **state)
{
    (void)state;
    reached(explored_body, 1, &seen_none);
    reached(explored_body, 1, &seen_error);
    if (simulated())
        assert_true(seen_lost);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ram),
        cmocka_unit_test(file),
        cmocka_unit_test(rates),
        cmocka_unit_test(explored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
