/* SPDX-License-Identifier: MIT */
/*
 * ddi/ddi_ob_sync.c - semaphores and mutants with handles.
 *
 * What KeReleaseSemaphore and KeReleaseMutex raise is returned here. Microsoft's pages do not speak of these routines.
 * Inferred: they follow those of events and timers, and the states of the objects are those of the Ke routines, which do
 * the work. A mutant is abandoned by the thread that ends with it (MTX-022), and disables no APCs.
 */
#include "ddi/ddi.h"
#include "ddi/twin.h"
#include "ddk/nt/ob_sync.h"
#include "io/ob.h"

static void mutant_destroy(void *body)
{
    ke_mutex_rundown(body);
}

static OBJECT_TYPE semaphore = {.name = "Semaphore", .last_handle = io_named_forget};
static OBJECT_TYPE mutant = {.name = "Mutant", .destroy = mutant_destroy, .last_handle = io_named_forget};

static POBJECT_TYPE     semaphore_type = &semaphore;
DT_EXPORT POBJECT_TYPE *ExSemaphoreObjectType = &semaphore_type;

/* ---- what both do ---- */

static NTSTATUS create_named(const OBJECT_ATTRIBUTES *a, struct io_named_config *c, PHANDLE handle)
{
    void *body;

    c->name = a ? a->ObjectName : NULL;
    NTSTATUS status = io_named_create(c, handle, &body);

    return io_named_settle(status, a && (a->Attributes & OBJ_OPENIF), *handle);
}

static NTSTATUS open_named(const OBJECT_ATTRIBUTES *a, POBJECT_TYPE type, PHANDLE handle)
{
    struct io_named_config c = {a->ObjectName, type, NULL, NULL};
    void                  *body;
    NTSTATUS               status = io_named_create(&c, handle, &body);

    return status == STATUS_OBJECT_NAME_EXISTS ? STATUS_SUCCESS : status;
}

/* There is one class of information about each, of one size. */
static NTSTATUS begin_query(HANDLE handle, POBJECT_TYPE type, int class, bool fits, void **body)
{
    if (class != 0)
        return STATUS_INVALID_INFO_CLASS;
    if (!fits)
        return STATUS_INFO_LENGTH_MISMATCH;
    return ob_handle_reference(handle, type, body);
}

/* ---- semaphores ---- */

struct counts {
    LONG initial, maximum;
};

static void *create_semaphore(const struct io_named_config *c)
{
    const struct counts *n = c->io;
    PKSEMAPHORE          s = ob_create(&semaphore, sizeof *s);

    if (s)
        ke_semaphore_init(s, n->initial, n->maximum);
    return s;
}

NTSYSAPI NTSTATUS NTAPI ZwCreateSemaphore(PHANDLE SemaphoreHandle, ACCESS_MASK DesiredAccess,
    POBJECT_ATTRIBUTES ObjectAttributes, LONG InitialCount, LONG MaximumCount)
{
    struct counts          n = {InitialCount, MaximumCount};
    struct io_named_config c = {NULL, &semaphore, create_semaphore, &n};
    NTSTATUS               status = STATUS_INVALID_PARAMETER;

    DDI_ENTER(ZwCreateSemaphore, SemaphoreHandle);
    (void)DesiredAccess;
    if (InitialCount >= 0 && MaximumCount > 0 && InitialCount <= MaximumCount)
        status = create_named(ObjectAttributes, &c, SemaphoreHandle);
    DDI_LEAVE(ZwCreateSemaphore, SemaphoreHandle, status);
    return status;
}
TWIN(NtCreateSemaphore, ZwCreateSemaphore)

NTSYSAPI NTSTATUS NTAPI ZwOpenSemaphore(
    PHANDLE SemaphoreHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes)
{
    DDI_ENTER(ZwOpenSemaphore, SemaphoreHandle);
    (void)DesiredAccess;
    NTSTATUS status = open_named(ObjectAttributes, &semaphore, SemaphoreHandle);

    DDI_LEAVE(ZwOpenSemaphore, SemaphoreHandle, status);
    return status;
}
TWIN(NtOpenSemaphore, ZwOpenSemaphore)

NTSYSAPI NTSTATUS NTAPI ZwReleaseSemaphore(HANDLE SemaphoreHandle, LONG ReleaseCount, PLONG PreviousCount)
{
    void *s;
    LONG  before;

    DDI_ENTER(ZwReleaseSemaphore, SemaphoreHandle);
    NTSTATUS status =
        ReleaseCount <= 0 ? STATUS_INVALID_PARAMETER : ob_handle_reference(SemaphoreHandle, &semaphore, &s);

    if (NT_SUCCESS(status)) {
        if (!ke_semaphore_try_release(s, SEMAPHORE_INCREMENT, ReleaseCount, &before))
            status = STATUS_SEMAPHORE_LIMIT_EXCEEDED;
        else if (PreviousCount)
            *PreviousCount = before;
        ob_dereference(s);
    }
    DDI_LEAVE(ZwReleaseSemaphore, SemaphoreHandle, status);
    return status;
}
TWIN(NtReleaseSemaphore, ZwReleaseSemaphore)

NTSYSAPI NTSTATUS NTAPI ZwQuerySemaphore(HANDLE SemaphoreHandle, SEMAPHORE_INFORMATION_CLASS SemaphoreInformationClass,
    PVOID SemaphoreInformation, ULONG SemaphoreInformationLength, PULONG ReturnLength)
{
    bool  fits = SemaphoreInformationLength == sizeof(SEMAPHORE_BASIC_INFORMATION);
    void *body;

    DDI_ENTER(ZwQuerySemaphore, SemaphoreHandle);
    NTSTATUS status = begin_query(SemaphoreHandle, &semaphore, (int)SemaphoreInformationClass, fits, &body);

    if (NT_SUCCESS(status)) {
        const KSEMAPHORE *s = body;

        *(PSEMAPHORE_BASIC_INFORMATION)SemaphoreInformation =
            (SEMAPHORE_BASIC_INFORMATION){__atomic_load_n(&s->Header.SignalState, __ATOMIC_RELAXED), s->Limit};
        if (ReturnLength)
            *ReturnLength = sizeof(SEMAPHORE_BASIC_INFORMATION);
        ob_dereference(body);
    }
    DDI_LEAVE(ZwQuerySemaphore, SemaphoreHandle, status);
    return status;
}
TWIN(NtQuerySemaphore, ZwQuerySemaphore)

/* ---- mutants ---- */

static void *create_mutant(const struct io_named_config *c)
{
    PKMUTANT m = ob_create(&mutant, sizeof *m);

    if (m)
        ke_mutex_init(m, false, *(const BOOLEAN *)c->io);
    return m;
}

NTSYSAPI NTSTATUS NTAPI ZwCreateMutant(
    PHANDLE MutantHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes, BOOLEAN InitialOwner)
{
    struct io_named_config c = {NULL, &mutant, create_mutant, &InitialOwner};

    DDI_ENTER(ZwCreateMutant, MutantHandle);
    (void)DesiredAccess;
    NTSTATUS status = create_named(ObjectAttributes, &c, MutantHandle);

    DDI_LEAVE(ZwCreateMutant, MutantHandle, status);
    return status;
}
TWIN(NtCreateMutant, ZwCreateMutant)

NTSYSAPI NTSTATUS NTAPI ZwOpenMutant(
    PHANDLE MutantHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes)
{
    DDI_ENTER(ZwOpenMutant, MutantHandle);
    (void)DesiredAccess;
    NTSTATUS status = open_named(ObjectAttributes, &mutant, MutantHandle);

    DDI_LEAVE(ZwOpenMutant, MutantHandle, status);
    return status;
}
TWIN(NtOpenMutant, ZwOpenMutant)

/* The count is the state before: 0, or below it while the thread owns the mutant still. */
NTSYSAPI NTSTATUS NTAPI ZwReleaseMutant(HANDLE MutantHandle, PLONG PreviousCount)
{
    void *m;
    LONG  before;

    DDI_ENTER(ZwReleaseMutant, MutantHandle);
    NTSTATUS status = ob_handle_reference(MutantHandle, &mutant, &m);

    if (NT_SUCCESS(status)) {
        status = ke_mutex_try_release(m, MUTANT_INCREMENT, false, &before);
        if (status == STATUS_SUCCESS && PreviousCount)
            *PreviousCount = before;
        ob_dereference(m);
    }
    DDI_LEAVE(ZwReleaseMutant, MutantHandle, status);
    return status;
}
TWIN(NtReleaseMutant, ZwReleaseMutant)

NTSYSAPI NTSTATUS NTAPI ZwQueryMutant(HANDLE MutantHandle, MUTANT_INFORMATION_CLASS MutantInformationClass,
    PVOID MutantInformation, ULONG MutantInformationLength, PULONG ReturnLength)
{
    bool  fits = MutantInformationLength == sizeof(MUTANT_BASIC_INFORMATION);
    void *body;

    DDI_ENTER(ZwQueryMutant, MutantHandle);
    NTSTATUS status = begin_query(MutantHandle, &mutant, (int)MutantInformationClass, fits, &body);

    if (NT_SUCCESS(status)) {
        struct ke_mutex_state s = ke_mutex_query(body);

        *(PMUTANT_BASIC_INFORMATION)MutantInformation =
            (MUTANT_BASIC_INFORMATION){s.state, s.owned_by_caller, s.abandoned};
        if (ReturnLength)
            *ReturnLength = sizeof(MUTANT_BASIC_INFORMATION);
        ob_dereference(body);
    }
    DDI_LEAVE(ZwQueryMutant, MutantHandle, status);
    return status;
}
TWIN(NtQueryMutant, ZwQueryMutant)
