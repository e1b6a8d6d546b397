/* SPDX-License-Identifier: MIT */
/*
 * base/rng.h - counter-based random numbers: value k of seed s is a pure function of (s, k), so a decision
 * stays the same whatever was asked before it. rng_at(s, 0), rng_at(s, 1), ... is splitmix64 seeded with s.
 */
#pragma once

#include <stdint.h>

/* splitmix64's finaliser: a bijection that lets every input bit reach every output bit. */
static inline uint64_t rng_mix(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ x >> 27) * 0x94d049bb133111ebull;
    return x ^ x >> 31;
}

static inline uint64_t rng_at(uint64_t seed, uint64_t k)
{
    return rng_mix(seed + (k + 1) * 0x9e3779b97f4a7c15ull);
}

/* 0 .. n-1 from 32 random bits; the bias is below n / 2^32. */
static inline uint32_t rng_below(uint32_t bits, uint32_t n)
{
    return (uint32_t)((uint64_t)bits * n >> 32);
}
