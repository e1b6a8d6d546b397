/* SPDX-License-Identifier: MIT */
/*
 * Tests of general/ioctl/wdm/sys/sioctl.c of microsoft/Windows-driver-samples, unmodified: the four ways to hand buffers over,
 * and exceptions on the user's addresses. Built and run by tests/tool/test_samples.sh.
 */
#include <duetime/test.h>

#include <ntddk.h>
#include <sioctl.h>
#include <string.h>

extern DRIVER_INITIALIZE DriverEntry;

static const char answer[] = "This String is from Device Driver !!!";

struct fixture {
    dt_driver *driver;
    dt_file   *file;
};

static struct fixture set_up(void)
{
    struct fixture f = {.driver = dt_driver_load(DriverEntry)};

    f.file = dt_open("IoctlTest", NULL);
    dt_expect(f.file != NULL);
    return f;
}

static void tear_down(struct fixture *f)
{
    dt_close(f->file);
    dt_driver_unload(f->driver);
}

static void expect_answer(struct fixture *f, uint32_t code)
{
    char   in[] = "from the application", out[sizeof answer] = "";
    size_t returned = 0;

    dt_expect_eq(dt_ioctl(f->file, code, in, sizeof in, out, sizeof out, &returned), STATUS_SUCCESS);
    dt_expect_eq(returned, sizeof answer);
    dt_expect(memcmp(out, answer, sizeof answer) == 0);
}

DT_TEST(answers_in_every_way, .processors = 1, .strategy = "dfs:0")
{
    struct fixture f = set_up();

    expect_answer(&f, IOCTL_SIOCTL_METHOD_BUFFERED);
    expect_answer(&f, IOCTL_SIOCTL_METHOD_OUT_DIRECT);
    expect_answer(&f, IOCTL_SIOCTL_METHOD_NEITHER);
    tear_down(&f);
}

DT_TEST(reads_both_buffers, .processors = 1, .strategy = "dfs:0")
{
    struct fixture f = set_up();
    char           in[] = "first", out[] = "the second buffer";
    size_t         returned = 0;

    dt_expect_eq(
        dt_ioctl(f.file, IOCTL_SIOCTL_METHOD_IN_DIRECT, in, sizeof in, out, sizeof out, &returned), STATUS_SUCCESS);
    dt_expect_eq(returned, sizeof out);
    dt_expect_eq(
        dt_ioctl(f.file, IOCTL_SIOCTL_METHOD_BUFFERED, NULL, 0, out, sizeof out, NULL), STATUS_INVALID_PARAMETER);
    dt_expect_eq(dt_ioctl(f.file, CTL_CODE(SIOCTL_TYPE, 0x999, METHOD_BUFFERED, FILE_ANY_ACCESS), in, sizeof in, out,
                     sizeof out, NULL),
        STATUS_INVALID_DEVICE_REQUEST);
    tear_down(&f);
}

/* Each of the driver's three handlers in turn. It leaks nothing and completes the request. */
DT_TEST(bad_addresses_are_refused, .processors = 1, .strategy = "dfs:0")
{
    static const char constant[sizeof answer];
    struct fixture    f = set_up();
    char              good[sizeof answer] = "x";
    void             *nowhere = (void *)(ULONG_PTR)0x1000, *kernels = (void *)0xffff800000001000;

    dt_expect_eq(dt_ioctl(f.file, IOCTL_SIOCTL_METHOD_NEITHER, nowhere, 16, good, sizeof good, NULL),
        STATUS_ACCESS_VIOLATION); /* probed well, then read */
    dt_expect_eq(dt_ioctl(f.file, IOCTL_SIOCTL_METHOD_NEITHER, kernels, 16, good, sizeof good, NULL),
        STATUS_ACCESS_VIOLATION); /* ProbeForRead */
    dt_expect_eq(dt_ioctl(f.file, IOCTL_SIOCTL_METHOD_NEITHER, good, sizeof good, nowhere, 16, NULL),
        STATUS_ACCESS_VIOLATION); /* MmProbeAndLockPages */
    dt_expect_eq(
        dt_ioctl(f.file, IOCTL_SIOCTL_METHOD_NEITHER, good, sizeof good, (void *)constant, sizeof constant, NULL),
        STATUS_ACCESS_VIOLATION);
    expect_answer(&f, IOCTL_SIOCTL_METHOD_NEITHER);
    tear_down(&f);
}

static void ask(void *f)
{
    expect_answer(f, IOCTL_SIOCTL_METHOD_NEITHER);
}

DT_TEST(two_threads_ask, .processors = 2, .strategy = "dfs:1")
{
    struct fixture f = set_up();
    dt_thread     *other = dt_spawn(1, ask, &f);

    ask(&f);
    dt_join(other);
    tear_down(&f);
}
