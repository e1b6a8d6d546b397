/* SPDX-License-Identifier: MIT */
/* MmGetSystemRoutineAddress finds each routine that duetime ddi calls ready or partial, and none that it calls absent. */
#include "../machine.h"

static bool named(const char *name)
{
    WCHAR          wide[128];
    UNICODE_STRING s;
    size_t         n = 0;

    for (; name[n] && n < 127; n++)
        wide[n] = (WCHAR)(unsigned char)name[n];
    wide[n] = 0;
    RtlInitUnicodeString(&s, wide);
    return MmGetSystemRoutineAddress(&s) != NULL;
}

static void all_rows(void *ctx)
{
    unsigned found = 0;

    (void)ctx;
    for (unsigned i = 0; i < dt_ddi_count(); i++) {
        struct dt_ddi d;

        dt_ddi_at(i, &d);
        if (named(d.name) != (d.status != DT_DDI_ABSENT))
            dt_expect_failed(__FILE__, __LINE__, d.name);
        found += d.status != DT_DDI_ABSENT;
    }
    dt_expect(found > 500);
}

static void test_all_rows(void **state)
{
    (void)state;
    passes(all_rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_rows)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
