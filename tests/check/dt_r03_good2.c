/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef _Function_class_(MY_VISIT) VOID VISIT(PVOID Context);
typedef VISIT *PVISIT;
typedef VISIT  OTHER_NAME;

VISIT      Visit;
OTHER_NAME Other;

_Function_class_(MY_VISIT) VOID Plain(PVOID Context);

static PVISIT first = Visit;

VOID Start(PVISIT *Out)
{
    *Out = Other;
    *Out = Plain;
    *Out = first;
}
