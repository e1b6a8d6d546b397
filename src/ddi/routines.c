/* SPDX-License-Identifier: MIT */
/*
 * ddi/routines.c - routines by name. The names are declared as symbols only, so that neither prototypes nor macros of the
 * headers get in the way; a routine that is absent has no address, as on a Windows that lacks it. Variables are found too.
 */
#include "ddi/routines.h"

#include <string.h>

#define NAME_DDI_READY(name)   extern const char routine_##name[] __asm__(#name);
#define NAME_DDI_PARTIAL(name) NAME_DDI_READY(name)
#define NAME_DDI_ABSENT(name)

/* Exported by this library, wherever a program resolves them to. */
#pragma GCC visibility push(default)
#define DDI(name, family, irql_min, irql_max, blocks, status, header, page) NAME_##status(name)
#include "base/ddi.def"
#undef DDI
NAME_DDI_READY(NtBuildNumber)
NAME_DDI_READY(PsInitialSystemProcess)
#define TYPES                   \
    TYPE(ExEventObjectType)     \
    TYPE(ExSemaphoreObjectType) \
    TYPE(IoDeviceObjectType)    \
    TYPE(IoDriverObjectType)    \
    TYPE(IoFileObjectType)      \
    TYPE(PsProcessType)         \
    TYPE(PsThreadType)
#define TYPE(name) extern const void *const type_##name __asm__(#name);
TYPES
#undef TYPE
#pragma GCC visibility pop

#define ROW_DDI_READY(name)   {#name, routine_##name},
#define ROW_DDI_PARTIAL(name) ROW_DDI_READY(name)
#define ROW_DDI_ABSENT(name)

static const struct {
    const char *name;
    const void *address;
} routines[] = {
#define DDI(name, family, irql_min, irql_max, blocks, status, header, page) ROW_##status(name)
#include "base/ddi.def"
#undef DDI
    ROW_DDI_READY(NtBuildNumber) ROW_DDI_READY(PsInitialSystemProcess)};

/* NT exports the variable that the headers' pointer points to, for to a driver imported data are a pointer. */
static const struct {
    const char        *name;
    const void *const *pointer;
} types[] = {
#define TYPE(name) {#name, &type_##name},
    TYPES
#undef TYPE
};

const void *ddi_routine(const char *name)
{
    for (unsigned i = 0; i < sizeof routines / sizeof *routines; i++)
        if (strcmp(routines[i].name, name) == 0)
            return routines[i].address;
    for (unsigned i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].name, name) == 0)
            return *types[i].pointer;
    return NULL;
}
