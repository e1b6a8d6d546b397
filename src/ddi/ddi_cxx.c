/* SPDX-License-Identifier: MIT */
/* ddi/ddi_cxx.c - the one routine that compiled C++ calls by itself (include/ddk/duetime_prelude.h names it). */
#include <ntddk.h>

/*
 * A virtual function that no class has defined, called from a constructor or destructor. The kernel exports it to C++
 * drivers as _purecall(). Inferred: Windows' bug check for it is documented nowhere; this is the one of an exception
 * that nobody handles.
 */
DT_EXPORT void dt_nt_purecall(void);
DT_EXPORT void dt_nt_purecall(void)
{
    KeBugCheckEx(KMODE_EXCEPTION_NOT_HANDLED, (ULONG_PTR)(ULONG)STATUS_NOT_IMPLEMENTED,
        (ULONG_PTR)__builtin_return_address(0), 0, 0);
}
