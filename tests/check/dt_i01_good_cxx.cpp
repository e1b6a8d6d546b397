/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

/* What one raises the other gives back. */
class Guard {
    PKSPIN_LOCK lock;
    KIRQL       irql;

  public:
    explicit Guard(PKSPIN_LOCK Lock) : lock(Lock)
    {
        KeAcquireSpinLock(lock, &irql);
    }
    ~Guard()
    {
        KeReleaseSpinLock(lock, irql);
    }
};

struct Counter {
    ULONG    value;
    Counter &operator++()
    {
        value++;
        return *this;
    }
};

struct Extension {
    KSPIN_LOCK Lock;
    Counter    Count;
};

extern "C" NTSTATUS Close(Extension *Device, HANDLE Handle)
{
    {
        Guard guard(&Device->Lock);

        if (Device->Count.value > 10)
            return STATUS_INVALID_DEVICE_STATE;
        ++Device->Count;
    }
    return ZwClose(Handle);
}
