/* SPDX-License-Identifier: MIT */
/* machines: none */
/* The table against a plain array that does the same. */
#include "observe/feed.h"

#include "observe/tab.c"

enum { KEYS = 600, STEPS = 200000 };

struct item {
    const void *key;
    uint64_t    value;
};

static const void *key_of(unsigned i)
{
    return (const void *)(uintptr_t)(0x10000 + i * 0x40);
}

static uint64_t next(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x;
}

static void same_as_an_array(void **s)
{
    static uint64_t model[KEYS]; /* 0 = absent */
    struct tab      t;
    uint64_t        x = 4711;
    unsigned        live = 0;

    (void)s;
    assert_true(tab_open(&t, sizeof(struct item), 16));
    for (unsigned i = 1; i <= STEPS; i++) {
        unsigned     k = (unsigned)(next(&x) % KEYS);
        struct item *it = tab_find(&t, key_of(k));

        assert_int_equal(it ? it->value : 0, model[k]);
        if (it && next(&x) % 2) {
            tab_remove(&t, it);
            model[k] = 0;
            live--;
        } else {
            live += !it;
            it = tab_get(&t, key_of(k));
            it->value = model[k] = i;
        }
        assert_int_equal(t.count, live);
        if (i % 50000 == 0) {
            tab_reset(&t);
            memset(model, 0, sizeof model);
            live = 0;
        }
    }
    tab_close(&t);
}

static void iteration_sees_each_once_and_may_remove(void **s)
{
    struct tab t;
    unsigned   seen = 0;

    (void)s;
    assert_true(tab_open(&t, sizeof(struct item), 16));
    for (unsigned i = 0; i < 100; i++)
        ((struct item *)tab_get(&t, key_of(i)))->value = i;
    tab_for_each(struct item, it, &t)
    {
        seen++;
        if (it->value % 3)
            tab_remove(&t, it);
    }
    assert_int_equal(seen, 100);
    assert_int_equal(t.count, 34);
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(tab_find(&t, key_of(i)) != NULL, i % 3 == 0);
    tab_close(&t);
}

static void old_cells_stay_old_when_generations_wrap(void **s)
{
    struct tab t;

    (void)s;
    assert_true(tab_open(&t, sizeof(struct item), 16));
    tab_get(&t, key_of(1));
    t.generation = UINT32_MAX;
    tab_reset(&t);
    assert_int_equal(t.generation, 1);
    assert_null(tab_find(&t, key_of(1)));
    tab_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_as_an_array),
        cmocka_unit_test(iteration_sees_each_once_and_may_remove),
        cmocka_unit_test(old_cells_stay_old_when_generations_wrap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
