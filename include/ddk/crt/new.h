/* SPDX-License-Identifier: MIT */
/*
 * <new.h> and <new> of a driver: placement new and the names that go with operator new. The allocating operators are the driver's own.
 * On the include path of driver builds only.
 */
#pragma once

#include <ntdef.h>

#ifdef __cplusplus
namespace std {
struct nothrow_t {
    explicit nothrow_t() = default;
};
inline constexpr nothrow_t nothrow{};
enum class align_val_t : size_t {};
} // namespace std

inline void *operator new(size_t, void *at) noexcept
{
    return at;
}
inline void *operator new[](size_t, void *at) noexcept
{
    return at;
}
inline void operator delete(void *, void *) noexcept {}
inline void operator delete[](void *, void *) noexcept {}
#endif
