/* SPDX-License-Identifier: MIT */
/*
 * ke/group.c - processor groups.
 *
 * Inside, a processor is its systemwide index, and an affinity is a mask of indexes: at most 64 processors in all. Drivers see
 * a group and a number in it. Groups follow each other in order of index, as even as can be, the first ones with one more; each
 * is a node of its own, since on NT a node lies in one group.
 *
 * The number of groups is fixed at boot, and so is all that is computed here: no lock is needed, any IRQL will do.
 */
#include "ke/priv.h"

unsigned ke_group_count(void)
{
    return ke.cfg.groups;
}

struct ke_group ke_group(unsigned g)
{
    unsigned each = ke.cpus / ke.cfg.groups, more = ke.cpus % ke.cfg.groups;

    if (g >= ke.cfg.groups)
        return (struct ke_group){0, 0};
    return (struct ke_group){g * each + (g < more ? g : more), each + (g < more)};
}

unsigned ke_group_of(unsigned cpu)
{
    unsigned g = 0;

    while (cpu >= ke_group(g).first + ke_group(g).count) /* ends: every processor is in a group */
        g++;
    return g;
}

uint64_t ke_group_mask(unsigned g)
{
    unsigned count = ke_group(g).count;

    return count ? UINT64_MAX >> (64 - count) : 0;
}

uint64_t ke_affinity_in(unsigned g, uint64_t mask)
{
    return mask & ~ke_group_mask(g) ? 0 : mask << ke_group(g).first;
}

uint64_t ke_affinity_of(uint64_t affinity, unsigned *group)
{
    *group = affinity ? ke_group_of((unsigned)__builtin_ctzll(affinity)) : 0;
    return affinity >> ke_group(*group).first & ke_group_mask(*group);
}
