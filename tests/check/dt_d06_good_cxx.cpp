/* SPDX-License-Identifier: MIT */
/* The role of a static member function, and a lock that is a member. */
#include <ntddk.h>

class Device
{
    KSPIN_LOCK Lock_;
    KEVENT     Event_;
    ULONG      Reads_;

    static KDEFERRED_ROUTINE Dpc;

public:
    void  Read(bool Ready);
    ULONG Probe(ULONG *Address);
};

_Use_decl_annotations_
VOID Device::Dpc(PKDPC, PVOID Context, PVOID, PVOID)
{
    KeSetEvent(&static_cast<Device *>(Context)->Event_, IO_NO_INCREMENT, FALSE);
}

void Device::Read(bool Ready)
{
    KIRQL irql;

    KeAcquireSpinLock(&Lock_, &irql);
    if (!Ready)
        Reads_ = 0;
    Reads_++;
    KeReleaseSpinLock(&Lock_, irql);
}

ULONG Device::Probe(ULONG *Address)
{
    KIRQL irql;
    long  value = 0;

    __try {
        value = *Address;
        if (!value)
            __leave;
        long more = 1;
        value += more;
    } __except (GetExceptionCode() ? EXCEPTION_EXECUTE_HANDLER : EXCEPTION_CONTINUE_SEARCH) {
        KeAcquireSpinLock(&Lock_, &irql);
        Reads_++;
        KeReleaseSpinLock(&Lock_, irql);
    }
    return value;
}
