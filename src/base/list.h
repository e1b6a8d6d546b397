/* SPDX-License-Identifier: MIT */
/* base/list.h - intrusive doubly linked list. No locking: the owner's lock protects it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *next, *prev;
};

#define container_of(p, T, m) ((T *)((char *)(p)-offsetof(T, m)))

/* Safe against removal of the current entry; the head itself is never visited. */
#define list_for_each_safe(pos, tmp, head) \
    for (struct list *pos = (head)->next, *tmp = pos->next; pos != (head); pos = tmp, tmp = pos->next)

static inline void list_init(struct list *l)
{
    l->next = l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
    return l->next == l;
}

/* Links n before the entry at; with at == head this is "add to the tail". */
static inline void list_add_before(struct list *at, struct list *n)
{
    n->prev = at->prev;
    n->next = at;
    at->prev->next = n;
    at->prev = n;
}

static inline void list_add_tail(struct list *head, struct list *n)
{
    list_add_before(head, n);
}

static inline void list_add_head(struct list *head, struct list *n)
{
    list_add_before(head->next, n);
}

/* Leaves n pointing at itself, so that a second removal is harmless. */
static inline void list_del(struct list *n)
{
    n->prev->next = n->next;
    n->next->prev = n->prev;
    list_init(n);
}

static inline struct list *list_pop(struct list *head)
{
    struct list *n = head->next;

    if (n == head)
        return NULL;
    list_del(n);
    return n;
}
