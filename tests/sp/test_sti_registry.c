/* SPDX-License-Identifier: MIT */
/* The registry as a miniport sees it, and what the port reads there for itself. */
#include "sp/heard.h"

static const ULONG                four = 4, eight = 8;
static const struct dt_stor_value present[] = {{.name = "Depth", .type = REG_DWORD, .bytes = 4, .data = &four},
    {.name = "Depth", .adapter = true, .type = REG_DWORD, .bytes = 4, .data = &eight},
    {.name = "Text", .adapter = true, .type = REG_SZ, .bytes = 6, .data = "hello"}, {0}};

#define NAME(text) ((PUCHAR)(text))

/* STI-120 */
static void buffer_body(void *ctx)
{
    ULONG length = 100;

    (void)ctx;
    dt_stor *s = begin(&(struct mini){0});
    void    *e = ext_of(s);
    PUCHAR   p = StorPortAllocateRegistryBuffer(e, &length);

    dt_expect(p != NULL);
    dt_expect_eq(length, 100);
    memset(p, 1, 100);
    dt_expect(StorPortAllocateRegistryBuffer(e, &length) == NULL);
    StorPortFreeRegistryBuffer(e, p);
    p = StorPortAllocateRegistryBuffer(e, &length);
    dt_expect(p != NULL);
    StorPortFreeRegistryBuffer(e, p);
    over(s);
}

static void other_buffer(void *ctx)
{
    ULONG length = 8;

    (void)ctx;
    dt_stor *s = begin(&(struct mini){0});

    StorPortAllocateRegistryBuffer(ext_of(s), &length);
    StorPortFreeRegistryBuffer(ext_of(s), (PUCHAR)&length);
    over(s);
}

static void too_high(void *ctx)
{
    ULONG length = 8;
    KIRQL old;

    (void)ctx;
    dt_stor *s = begin(&(struct mini){0});

    KeRaiseIrql(DISPATCH_LEVEL, &old);
    StorPortAllocateRegistryBuffer(ext_of(s), &length);
    KeLowerIrql(old);
    over(s);
}

static void buffers(void **state)
{
    (void)state;
    passes(buffer_body);
    caught(other_buffer, "DT-S19", 0);
    caught(too_high, "DT-I01", ANY_CODE);
}

/* STI-121 */
static void read_body(void *ctx)
{
    ULONG length = 64, n;

    (void)ctx;
    dt_stor *s = begin(&(struct mini){.cfg.registry = present});
    void    *e = ext_of(s);
    PUCHAR   p = StorPortAllocateRegistryBuffer(e, &length);

    n = 64;
    dt_expect_eq(StorPortRegistryRead(e, NAME("Text"), FALSE, REG_SZ, p, &n), TRUE);
    dt_expect(strcmp((char *)p, "hello") == 0);
    dt_expect_eq(n, 6);
    n = 3;
    dt_expect_eq(StorPortRegistryRead(e, NAME("Text"), FALSE, REG_SZ, p, &n), FALSE);
    dt_expect_eq(n, 6);
    n = 64;
    dt_expect_eq(StorPortRegistryRead(e, NAME("Absent"), FALSE, REG_SZ, p, &n), FALSE);
    dt_expect_eq(n, 0);
    n = 64;
    dt_expect_eq(StorPortRegistryRead(e, NAME("Depth"), TRUE, REG_DWORD, p, &n), TRUE);
    dt_expect_eq(*(ULONG *)(void *)p, 4);
    n = 64;
    dt_expect_eq(StorPortRegistryRead(e, NAME("Depth"), FALSE, REG_DWORD, p, &n), TRUE);
    dt_expect_eq(*(ULONG *)(void *)p, 8);
    n = 64;
    dt_expect_eq(StorPortRegistryRead(e, NAME("Text"), TRUE, REG_SZ, p, &n), FALSE);
    StorPortFreeRegistryBuffer(e, p);
    over(s);
}

/* STI-122 */
static void write_body(void *ctx)
{
    ULONG length = 64, n = 64, value = 77, got = 0;
    PVOID data = NULL, own = &got;

    (void)ctx;
    dt_stor *s = begin(&(struct mini){0});
    void    *e = ext_of(s);
    PUCHAR   p = StorPortAllocateRegistryBuffer(e, &length);

    dt_expect_eq(StorPortRegistryWrite(e, NAME("New"), FALSE, REG_SZ, NAME("abc"), 4), TRUE);
    dt_expect_eq(StorPortRegistryRead(e, NAME("New"), FALSE, REG_SZ, p, &n), TRUE);
    dt_expect(strcmp((char *)p, "abc") == 0);
    dt_expect_eq(StorPortRegistryWrite(e, NAME("New"), FALSE, REG_SZ, NULL, 4), FALSE);
    dt_expect_eq(StorPortRegistryWrite(e, NAME("New"), FALSE, 77, NAME("abc"), 4), FALSE);
    StorPortFreeRegistryBuffer(e, p);
    dt_expect_eq(StorPortRegistryWriteAdapterKey(e, NULL, NAME("Key"), REG_DWORD, &value, 4), STOR_STATUS_SUCCESS);
    n = 4;
    dt_expect_eq(StorPortRegistryReadAdapterKey(e, NULL, NAME("Key"), REG_DWORD, &own, &n), STOR_STATUS_SUCCESS);
    dt_expect_eq(got, 77);
    n = 2;
    dt_expect_eq(
        StorPortRegistryReadAdapterKey(e, NULL, NAME("Key"), REG_DWORD, &own, &n), STOR_STATUS_BUFFER_TOO_SMALL);
    dt_expect_eq(StorPortRegistryReadAdapterKey(e, NULL, NAME("None"), REG_DWORD, &own, &n), STOR_STATUS_UNSUCCESSFUL);
    dt_expect_eq(StorPortRegistryReadAdapterKey(e, NULL, NAME("Key"), REG_DWORD, &data, &n), STOR_STATUS_SUCCESS);
    dt_expect_eq(*(ULONG *)data, 77);
    StorPortFreeRegistryBuffer(e, data);
    dt_expect_eq(StorPortRegistryReadAdapterKey(e, NULL, NULL, REG_DWORD, &own, &n), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(
        StorPortRegistryWriteAdapterKey(e, NULL, NAME("Key"), REG_DWORD, NULL, 4), STOR_STATUS_INVALID_PARAMETER);
    over(s);
}

static void values(void **state)
{
    (void)state;
    passes(read_body);
    passes(write_body);
}

/* STI-123 */
static volatile LONG notified;

static VOID changed(PVOID ext)
{
    ULONG n = 4;
    ULONG value = 0;

    dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL);
    dt_expect_eq(StorPortRegistryRead(ext, NAME("Depth"), TRUE, REG_DWORD, (PUCHAR)&value, &n), TRUE);
    notified = (LONG)value;
}

static void notification_body(void *ctx)
{
    ULONG                      value = 9;
    const struct dt_stor_value v = {.name = "Depth", .type = REG_DWORD, .bytes = 4, .data = &value};

    (void)ctx;
    notified = 0;
    dt_stor *s = begin(&(struct mini){.cfg.registry = present});

    dt_expect(dt_stor_registry_set(s, &v));
    dt_expect_eq(notified, 0);
    dt_expect_eq(StorPortEnableRegistryKeyNotification(ext_of(s), NULL), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortEnableRegistryKeyNotification(ext_of(s), changed), STOR_STATUS_SUCCESS);
    dt_expect(dt_stor_registry_set(s, &v));
    dt_expect_eq(notified, 9);
    over(s);
    s = begin(&(struct mini){.cfg.os = DT_STOR_WINDOWS_10});
    dt_expect_eq(StorPortEnableRegistryKeyNotification(ext_of(s), changed), STOR_STATUS_NOT_IMPLEMENTED);
    over(s);
}

static void notification(void **state)
{
    (void)state;
    passes(notification_body);
}

/* ---- STI-124 ---- */

static unsigned bus_type_for(const ULONG *value)
{
    const struct dt_stor_value v[] = {{.name = "BusType", .type = REG_DWORD, .bytes = 4, .data = value}, {0}};
    struct dt_stor_state       st;
    dt_stor                   *s = begin(&(struct mini){.cfg.registry = value ? v : NULL});

    dt_stor_state(s, &st);
    over(s);
    return st.bus_type;
}

/* As many units as MaximumLogicalUnit lets be found. */
static unsigned units_for(const ULONG *value)
{
    const struct dt_stor_value v[] = {
        {.name = "MaximumLogicalUnit", .type = REG_DWORD, .bytes = 4, .data = value}, {0}};
    dt_stor *s = begin(&(struct mini){.scan = true, .luns = 5, .cfg.no_class = true, .cfg.registry = value ? v : NULL});
    unsigned n = dt_stor_unit_count(s);

    over(s);
    return n;
}

/* Seconds until I/O goes on without LinkUp. */
static unsigned link_seconds(const ULONG *value)
{
    const struct dt_stor_value v[] = {
        {.name = "LinkDownTimeoutValue", .type = REG_DWORD, .bytes = 4, .data = value}, {0}};
    dt_stor *s = begin(&(struct mini){.cfg.registry = value ? v : NULL});
    dt_ns    from = dt_now();

    StorPortNotification(LinkDown, ext_of(s));
    run_one(s);
    unsigned seconds = (unsigned)((dt_now() - from) / 1000000000ull);

    over(s);
    return seconds;
}

static ULONG extension_bytes_at;

static void take_uncached(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c)
{
    extension_bytes_at = (ULONG)((uintptr_t)StorPortGetUncachedExtension(e, c, 64) & 0xffff);
}

static void alignment(ULONG value)
{
    const struct dt_stor_value v[] = {
        {.name = "UncachedExtAlignment", .type = REG_DWORD, .bytes = 4, .data = &value}, {0}};

    over(begin(&(struct mini){.physical = true, .find = take_uncached, .cfg.registry = v}));
    dt_expect_eq(extension_bytes_at % (1u << (value < 12 ? 12 : value > 16 ? 16 : value)), 0);
}

static void knobs_body(void *ctx)
{
    ULONG n;

    (void)ctx;
    dt_expect_eq(bus_type_for(NULL), BusTypeFibre);
    dt_expect_eq(bus_type_for((n = BusTypeSas, &n)), BusTypeSas);
    dt_expect_eq(bus_type_for((n = 0x80, &n)), BusTypeFibre);
    dt_expect_eq(units_for(NULL), 5);
    dt_expect_eq(units_for((n = 2, &n)), 2);
    dt_expect_eq(units_for((n = 200, &n)), 5);
    alignment(12);
    alignment(3);
}

static void link_body(void *ctx)
{
    ULONG n;

    (void)ctx;
    dt_expect_eq(link_seconds(NULL), 30);
    dt_expect_eq(link_seconds((n = 7, &n)), 7);
    dt_expect_eq(link_seconds((n = 10000, &n)), 600);
}

static void knobs(void **state)
{
    (void)state;
    passes(knobs_body);
    if (simulated())
        passes(link_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buffers),
        cmocka_unit_test(values),
        cmocka_unit_test(notification),
        cmocka_unit_test(knobs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
