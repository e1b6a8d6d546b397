/* SPDX-License-Identifier: MIT */
/* tool/machine.c - the one machine library of this process; drivers and tests are opened after it. */
#include <dlfcn.h>
#include <string.h>

#include "tool/tool.h"

struct api api;

static void *symbol(void *library, const char *name)
{
    void *p = dlsym(library, name);

    if (!p)
        die("the machine library has no %s: it is of another version", name);
    return p;
}

void open_machine(bool real_time)
{
    const char *name = real_time ? DUETIME_LIB_RT : DUETIME_LIB_SIM;
    void       *library = dlopen(name, RTLD_NOW | RTLD_GLOBAL);

    if (!library)
        die("%s", dlerror());
#define FIELD(f)                       \
    {                                  \
        void *p = symbol(library, #f); \
        memcpy(&api.f, &p, sizeof p);  \
    }
    API(FIELD)
#undef FIELD
}
