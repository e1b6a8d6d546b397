/* SPDX-License-Identifier: MIT */
/* A miniport comes up, is scanned, serves requests, goes: virtual and physical, both layouts of requests. */
#include "sp/stor.h"

static void disk_body(void *ctx)
{
    const struct mini  *m = ctx;
    dt_stor            *s = go(m);
    struct dt_stor_unit u;
    UCHAR               out[2 * BLOCK_BYTES], in[2 * BLOCK_BYTES];

    dt_expect_eq(dt_stor_unit_count(s), m->luns ? m->luns : 1);
    dt_expect(dt_stor_unit(s, 0, &u));
    dt_expect_eq(u.blocks, BLOCKS);
    dt_expect_eq(u.block_bytes, BLOCK_BYTES);
    dt_expect(u.ready && u.fua && u.write_cache && u.unmap);
    dt_expect(strcmp(u.vendor, "Duetime") == 0 && strcmp(u.serial, "4711") == 0);
    memset(out, 0x5a, sizeof out);
    dt_expect_eq(dt_stor_write(s, 0, 3, out, 2), SRB_STATUS_SUCCESS);
    dt_expect_eq(dt_stor_read(s, 0, 3, in, 2), SRB_STATUS_SUCCESS);
    dt_expect(memcmp(in, out, sizeof in) == 0);
    dt_expect_eq(dt_stor_read(s, 0, BLOCKS, in, 1), SRB_STATUS_ERROR);
    dt_expect_eq(dt_stor_flush(s, 0), SRB_STATUS_SUCCESS);
    dt_expect_eq(dt_stor_unmap(s, 0, 0, 1), SRB_STATUS_SUCCESS);
    over(s);
}

static void run_disk(const struct mini *m)
{
    struct dt_config cfg = config(2);
    struct dt_result r = {0};

    assert_int_equal(dt_run(&cfg, disk_body, (void *)m, &r), 0);
    if (r.verdict != DT_PASS || r.warnings)
        fail_msg("%s bug check 0x%x: %s %s", r.finding.rule, r.finding.bugcheck, r.finding.what, r.finding.where);
}

static void virtual_disk(void **state)
{
    (void)state;
    run_disk(&(struct mini){.scan = true});
    run_disk(&(struct mini){.scan = true, .luns = 3});
    run_disk(&(struct mini){.scan = true, .extended = true});
}

static void physical_disk(void **state)
{
    (void)state;
    run_disk(&(struct mini){.scan = true, .physical = true, .ext_bytes = 100});
    run_disk(&(struct mini){.scan = true, .physical = true, .half_duplex = true});
    run_disk(&(struct mini){.scan = true, .physical = true, .channels = 2, .extended = true});
    run_disk(&(struct mini){.scan = true, .physical = true, .no_build = true});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(virtual_disk),
        cmocka_unit_test(physical_disk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
