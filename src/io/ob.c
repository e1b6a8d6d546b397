/* SPDX-License-Identifier: MIT */
/*
 * io/ob.c - objects live in pool as  prefix | header | body; whoever holds the body finds the header in front of it.
 *
 * References keep an object, handles are counted apart: the last handle ends a file's use (IRP_MJ_CLEANUP), the last
 * reference its life (IRP_MJ_CLOSE). Counts are atomic, so neither needs a lock; ob.lock protects the handle table.
 * Threads have no header, the kernel counts their references: what is not in pool must be one, and its dispatcher header
 * says so.
 */
#include "io/ob.h"

#include "ex/pool.h"
#include "ex/work.h"

#define OB_MAGIC    0x4f6a4264u
#define OB_TAG      0x206a624fu /* 'Obj ' */
#define HANDLES_MAX 4096u

struct DECLSPEC_ALIGN(16) header {
    uint32_t       magic;
    LONG           references;
    LONG           handles;
    LONG           unused;
    POBJECT_TYPE   type;
    void          *body;
    struct ex_work destroy_later;
};
_Static_assert(sizeof(struct header) % 16 == 0, "bodies are 16-byte aligned");

OBJECT_TYPE ob_type_thread = {.name = "Thread"}, ob_type_process = {.name = "Process"};

/* Not in pool: there from boot to the end. */
static struct {
    struct header     header;
    DISPATCHER_HEADER body; /* of a process that never ends: not signaled */
} process;

static struct {
    struct mach_lock lock;
    unsigned         used; /* entries ever used in this run */
    unsigned         free; /* first of the free list, index + 1 */
    struct {
        void    *body; /* NULL: free */
        unsigned next;
    } entry[HANDLES_MAX];
} ob;

void ob_boot(void)
{
    ob.lock = (struct mach_lock){0};
    process.header =
        (struct header){.magic = OB_MAGIC, .references = 1, .type = &ob_type_process, .body = &process.body};
    ke_header_init(&process.body, ProcessObject, sizeof process.body, 0);
    ob.used = ob.free = 0;
}

/* ---- objects ---- */

static bool is_thread(const void *body)
{
    return ((const DISPATCHER_HEADER *)body)->Type == 6; /* ThreadObject */
}

static _Noreturn void bad_reference(const void *body, const char *what)
{
    uint64_t p[4] = {0, (uintptr_t)body, 0, 0};

    ke_bugcheckf(NULL, REFERENCE_BY_POINTER, p, "object %p: %s", body, what);
}

void *ob_system_process(void)
{
    return &process.body;
}

/* NULL: a thread. Pool comes first, so that nothing of a freed object is read. */
static struct header *header_of(void *body)
{
    struct ex_pool_block block;
    struct header       *h = (struct header *)body - 1;

    if (body == &process.body)
        return h;
    if (!ex_pool_find(body, &block)) {
        if (!body || !is_thread(body))
            bad_reference(body, "not an object");
        return NULL;
    }
    if (block.freed)
        bad_reference(body, "used after its last reference was dropped");
    if (block.tag != OB_TAG || h->magic != OB_MAGIC)
        bad_reference(body, "not an object");
    return h;
}

bool ob_is_object(void *body)
{
    struct ex_pool_block block;

    if (!ex_pool_find(body, &block))
        return body == &process.body || (body && is_thread(body));
    return !block.freed && block.tag == OB_TAG && ((struct header *)body - 1)->magic == OB_MAGIC;
}

void *ob_create(POBJECT_TYPE type, size_t body_bytes)
{
    char *block =
        ex_pool_alloc(EX_POOL_NX | EX_POOL_ZERO, type->prefix + sizeof(struct header) + body_bytes, OB_TAG, NULL);

    if (!block)
        return NULL;
    struct header *h = (struct header *)(block + type->prefix);

    *h = (struct header){.magic = OB_MAGIC, .references = 1, .type = type, .body = h + 1};
    return h + 1;
}

void *ob_prefix(void *body)
{
    struct header *h = (struct header *)body - 1;

    return (char *)h - h->type->prefix;
}

POBJECT_TYPE ob_type_of(void *body)
{
    struct header *h = header_of(body);

    return h ? h->type : &ob_type_thread;
}

LONG ob_reference(void *body)
{
    struct header *h = header_of(body);

    if (!h) {
        ke_thread_reference(body);
        return 2;
    }
    LONG now = __atomic_add_fetch(&h->references, 1, __ATOMIC_RELAXED);

    if (now <= 1)
        bad_reference(body, "referenced although its last reference was dropped");
    return now;
}

static void destroy(struct header *h)
{
    if (h->type->destroy)
        h->type->destroy(h->body);
    h->magic = 0;
    ex_pool_free((char *)h - h->type->prefix, OB_TAG, NULL);
}

static void destroy_in_worker(struct ex_work *w)
{
    destroy(CONTAINING_RECORD(w, struct header, destroy_later));
}

LONG ob_dereference(void *body)
{
    struct header *h = header_of(body);

    if (!h) {
        ke_thread_dereference(body);
        return 1;
    }
    LONG now = __atomic_sub_fetch(&h->references, 1, __ATOMIC_ACQ_REL);

    if (now > 0)
        return now;
    if (now < 0)
        bad_reference(body, "dereferenced more often than referenced");
    if (h->type->passive && mach_irql() != PASSIVE_LEVEL) {
        h->destroy_later.fn = destroy_in_worker;
        ex_work_submit(&h->destroy_later, DelayedWorkQueue);
    } else {
        destroy(h);
    }
    return 0;
}

/* ---- handles ---- */

static unsigned lock_ob(void)
{
    unsigned irql = ke_raise_to(DISPATCH_LEVEL);

    mach_lock(&ob.lock);
    return irql;
}

static void unlock_ob(unsigned irql)
{
    mach_unlock(&ob.lock);
    mach_irql_lower(irql);
}

void ob_handle_count_up(void *body)
{
    struct header *h = header_of(body);

    if (h)
        __atomic_add_fetch(&h->handles, 1, __ATOMIC_RELAXED);
}

void ob_handle_count_down(void *body)
{
    struct header *h = header_of(body);

    if (h && __atomic_sub_fetch(&h->handles, 1, __ATOMIC_ACQ_REL) == 0 && h->type->last_handle)
        h->type->last_handle(body);
}

static unsigned entries_of(const void *body)
{
    unsigned irql = lock_ob(), n = 0;

    for (unsigned i = 0; i < ob.used; i++)
        n += ob.entry[i].body == body;
    unlock_ob(irql);
    return n;
}

unsigned ob_handle_count(void *body)
{
    struct header *h = header_of(body);

    return h ? (unsigned)__atomic_load_n(&h->handles, __ATOMIC_RELAXED) : entries_of(body);
}

unsigned ob_reference_count(void *body)
{
    struct header *h = header_of(body);

    return h ? (unsigned)__atomic_load_n(&h->references, __ATOMIC_RELAXED) : ke_thread_references(body);
}

/* Index + 1 of a free entry, 0 when the table is full. */
static unsigned take_entry_locked(void)
{
    unsigned i = ob.free;

    if (i)
        ob.free = ob.entry[i - 1].next;
    else if (ob.used < HANDLES_MAX)
        i = ++ob.used;
    return i;
}

NTSTATUS ob_handle_create(void *body, HANDLE *out)
{
    ob_reference(body);
    ob_handle_count_up(body);
    unsigned irql = lock_ob(), i = take_entry_locked();

    if (i)
        ob.entry[i - 1].body = body;
    unlock_ob(irql);
    if (!i) {
        ob_handle_count_down(body);
        ob_dereference(body);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *out = (HANDLE)(uintptr_t)(i * 4);
    return STATUS_SUCCESS;
}

/* Entry of a handle, or NULL. The lock is held. */
static void **entry_locked(HANDLE handle)
{
    uintptr_t value = (uintptr_t)handle;

    if (value == 0 || value / 4 > ob.used || !ob.entry[value / 4 - 1].body)
        return NULL;
    return &ob.entry[value / 4 - 1].body;
}

NTSTATUS ob_handle_close(HANDLE handle)
{
    unsigned irql = lock_ob();
    void   **entry = entry_locked(handle), *body = entry ? *entry : NULL;

    if (entry) {
        unsigned i = (unsigned)((uintptr_t)handle / 4);

        *entry = NULL;
        ob.entry[i - 1].next = ob.free;
        ob.free = i;
    }
    unlock_ob(irql);
    if (!body)
        return STATUS_INVALID_HANDLE;
    ob_handle_count_down(body);
    ob_dereference(body);
    return STATUS_SUCCESS;
}

static NTSTATUS check_type(void *body, POBJECT_TYPE type)
{
    return !type || ob_type_of(body) == type ? STATUS_SUCCESS : STATUS_OBJECT_TYPE_MISMATCH;
}

/* What NtCurrentProcess() and NtCurrentThread() stand for; NULL: an ordinary handle. */
static void *current_of(HANDLE handle)
{
    switch ((intptr_t)handle) {
    case -1:
        return ob_system_process();
    case -2:
        return ke_thread_current();
    default:
        return NULL;
    }
}

NTSTATUS ob_handle_reference(HANDLE handle, POBJECT_TYPE type, void **out)
{
    void    *current = current_of(handle);
    unsigned irql = lock_ob();
    void   **entry = entry_locked(handle), *body = current ? current : entry ? *entry : NULL;

    if (body)
        ob_reference(body);
    unlock_ob(irql);
    NTSTATUS status = body ? check_type(body, type) : STATUS_INVALID_HANDLE;

    if (body && !NT_SUCCESS(status))
        ob_dereference(body);
    *out = NT_SUCCESS(status) ? body : NULL;
    return status;
}

void ob_handle_each(bool (*fn)(void *ctx, HANDLE handle, POBJECT_TYPE type, void *body), void *ctx)
{
    for (unsigned i = 0; i < ob.used; i++) {
        void *body = ob.entry[i].body;

        if (body && !fn(ctx, (HANDLE)(uintptr_t)((i + 1) * 4), ob_type_of(body), body))
            return;
    }
}
