/* SPDX-License-Identifier: MIT */
/*
 * ke/object.c - memory for the kernel's own objects (threads, EX_TIMERs, file objects ...).
 *
 * Objects come from one region at a fixed address, in order, and all go at the next boot by setting a counter back.
 * A freed object is reused only after many others have been freed, so that a driver's use of a stale pointer meets the dead
 * object, not a new one.
 */
#include <string.h>

#include "base/list.h"
#include "ke/priv.h"

enum { REGION_BYTES = 1 << 30, CLASS_BYTES = 64, CLASSES = 64, REUSE_AFTER = 4096 };

/* In the last bytes of a freed block, so that what is in front still tells that the object is dead. */
struct freed {
    struct list link;
};

static struct {
    struct mach_lock lock;
    char            *base;
    size_t           used;
    struct {
        struct list freed;
        unsigned    count;
        bool        ready;
    } class[CLASSES];
    uint64_t classes_used;
} objects;

void ke_object_boot(void)
{
    objects.lock = (struct mach_lock){0};
    objects.used = 0;
    for (; objects.classes_used; objects.classes_used &= objects.classes_used - 1)
        objects.class[__builtin_ctzll(objects.classes_used)].ready = false;
}

static unsigned class_of(size_t bytes)
{
    return (unsigned)((bytes + CLASS_BYTES - 1) / CLASS_BYTES) - 1;
}

static size_t whole_bytes(unsigned class)
{
    return (class + 1) * (size_t)CLASS_BYTES;
}

static struct freed *link_of(void *block, unsigned class)
{
    return (struct freed *)((char *)block + whole_bytes(class)) - 1;
}

/* lock held */
static void *take_locked(unsigned class, size_t bytes)
{
    if (objects.class[class].ready && objects.class[class].count > REUSE_AFTER) {
        objects.class[class].count--;
        struct freed *f = container_of(list_pop(&objects.class[class].freed), struct freed, link);

        return (char *)(f + 1) - whole_bytes(class);
    }
    size_t whole = whole_bytes(class);

    if (!objects.base)
        objects.base = mach_reserve(MACH_REGION_OBJECTS, REGION_BYTES);
    if (!objects.base || objects.used + whole > REGION_BYTES || bytes == 0)
        return NULL;
    void *p = objects.base + objects.used;

    objects.used += whole;
    return p;
}

void *ke_object_alloc(size_t bytes)
{
    unsigned class = class_of(bytes);

    if (bytes == 0 || class >= CLASSES)
        return NULL;
    unsigned old = ke_raise_to(DISPATCH_LEVEL);

    mach_lock(&objects.lock);
    void *p = take_locked(class, bytes);

    mach_unlock(&objects.lock);
    mach_irql_lower(old);
    if (p)
        memset(p, 0, bytes);
    return p;
}

void ke_object_free(void *p, size_t bytes)
{
    unsigned class = class_of(bytes);
    struct freed *f = link_of(p, class);
    unsigned      old = ke_raise_to(DISPATCH_LEVEL);

    mach_lock(&objects.lock);
    if (!objects.class[class].ready) {
        list_init(&objects.class[class].freed);
        objects.class[class].count = 0;
        objects.class[class].ready = true;
        objects.classes_used |= 1ull << class;
    }
    list_add_tail(&objects.class[class].freed, &f->link);
    objects.class[class].count++;
    mach_unlock(&objects.lock);
    mach_irql_lower(old);
}

bool ke_object_contains(const void *p)
{
    return (uintptr_t)p - (uintptr_t)objects.base < objects.used;
}
