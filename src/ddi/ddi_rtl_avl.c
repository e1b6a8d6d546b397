/* SPDX-License-Identifier: MIT */
/*
 * ddi/ddi_rtl_avl.c - generic tables as AVL trees. The node in the table is above the root, its right child. Balance is
 * height on the right minus height on the left. The caller holds a lock; lookups move nothing, so shared is enough.
 */
#include "ddi/ddi.h"
#include "ke/ke.h"

typedef RTL_BALANCED_LINKS node;

static PVOID data_of(node *n)
{
    return n ? n + 1 : NULL;
}

static node *root_of(PRTL_AVL_TABLE t)
{
    return t->BalancedRoot.RightChild;
}

/* ---- shape ---- */

static void hook(node *parent, bool left, node *n)
{
    if (left)
        parent->LeftChild = n;
    else
        parent->RightChild = n;
    if (n)
        n->Parent = parent;
}

static bool is_left(const node *n)
{
    return n->Parent->LeftChild == n;
}

/* The node goes down to the left (or right), its other child takes its place. */
static node *rotate(node *n, bool to_left)
{
    node *up = to_left ? n->RightChild : n->LeftChild;

    hook(n->Parent, is_left(n), up);
    hook(n, !to_left, to_left ? up->LeftChild : up->RightChild);
    hook(up, to_left, n);
    if (to_left) {
        n->Balance = (CHAR)(n->Balance - 1 - (up->Balance > 0 ? up->Balance : 0));
        up->Balance = (CHAR)(up->Balance - 1 + (n->Balance < 0 ? n->Balance : 0));
    } else {
        n->Balance = (CHAR)(n->Balance + 1 - (up->Balance < 0 ? up->Balance : 0));
        up->Balance = (CHAR)(up->Balance + 1 + (n->Balance > 0 ? n->Balance : 0));
    }
    return up;
}

/* Balance is 2 or -2: the root of the balanced subtree. */
static node *rebalance(node *n)
{
    if (n->Balance > 0) {
        if (n->RightChild->Balance < 0)
            rotate(n->RightChild, false);
        return rotate(n, true);
    }
    if (n->LeftChild->Balance > 0)
        rotate(n->LeftChild, true);
    return rotate(n, false);
}

static void grown(PRTL_AVL_TABLE t, node *n)
{
    for (node *p = n->Parent; p != &t->BalancedRoot; n = p, p = p->Parent) {
        p->Balance = (CHAR)(p->Balance + (is_left(n) ? -1 : 1));
        if (p->Balance == 0)
            return;
        if (p->Balance == 2 || p->Balance == -2) {
            rebalance(p);
            return;
        }
    }
    t->DepthOfTree++;
}

/* The subtree on that side of p is lower by one. */
static void shrunk(PRTL_AVL_TABLE t, node *p, bool left)
{
    while (p != &t->BalancedRoot) { /* up to the root */
        p->Balance = (CHAR)(p->Balance + (left ? 1 : -1));
        if (p->Balance == 1 || p->Balance == -1)
            return;
        if (p->Balance != 0)
            p = rebalance(p);
        if (p->Balance != 0)
            return;
        left = is_left(p);
        p = p->Parent;
    }
    t->DepthOfTree--;
}

static node *leftmost(node *n)
{
    while (n && n->LeftChild)
        n = n->LeftChild;
    return n;
}

static node *next_of(PRTL_AVL_TABLE t, node *n)
{
    if (n->RightChild)
        return leftmost(n->RightChild);
    while (n->Parent != &t->BalancedRoot && !is_left(n))
        n = n->Parent;
    return n->Parent == &t->BalancedRoot ? NULL : n->Parent;
}

/* NULL: it is the first. */
static node *before(PRTL_AVL_TABLE t, node *n)
{
    node *p = n->LeftChild;

    while (p && p->RightChild)
        p = p->RightChild;
    if (p)
        return p;
    while (n->Parent != &t->BalancedRoot && is_left(n))
        n = n->Parent;
    return n->Parent == &t->BalancedRoot ? NULL : n->Parent;
}

static void take_out(PRTL_AVL_TABLE t, node *n)
{
    bool  both = n->LeftChild && n->RightChild;
    node *out = both ? leftmost(n->RightChild) : n, *from = out->Parent;
    bool  left = is_left(out);

    hook(from, left, out->LeftChild ? out->LeftChild : out->RightChild);
    if (both) { /* out takes the node's place */
        hook(n->Parent, is_left(n), out);
        hook(out, true, n->LeftChild);
        hook(out, false, n->RightChild);
        out->Balance = n->Balance;
        if (from == n)
            from = out;
    }
    shrunk(t, from, left);
}

/* ---- the table ---- */

NTSYSAPI VOID RtlInitializeGenericTableAvl(PRTL_AVL_TABLE Table, PRTL_AVL_COMPARE_ROUTINE CompareRoutine,
    PRTL_AVL_ALLOCATE_ROUTINE AllocateRoutine, PRTL_AVL_FREE_ROUTINE FreeRoutine, PVOID TableContext)
{
    DDI_ENTER_QUIET(RtlInitializeGenericTableAvl, Table);
    *Table = (RTL_AVL_TABLE){.CompareRoutine = CompareRoutine,
        .AllocateRoutine = AllocateRoutine,
        .FreeRoutine = FreeRoutine,
        .TableContext = TableContext};
    Table->BalancedRoot.Parent = &Table->BalancedRoot;
}

static TABLE_SEARCH_RESULT search(PRTL_AVL_TABLE t, PVOID data, node **at)
{
    node *next = root_of(t);

    *at = NULL;
    while (next) { /* ends at a leaf */
        RTL_GENERIC_COMPARE_RESULTS order = t->CompareRoutine(t, data, data_of(next));

        *at = next;
        if (order == GenericEqual)
            return TableFoundNode;
        next = order == GenericLessThan ? next->LeftChild : next->RightChild;
        if (!next)
            return order == GenericLessThan ? TableInsertAsLeft : TableInsertAsRight;
    }
    return TableEmptyTree;
}

static node *new_node(PRTL_AVL_TABLE t, PVOID data, CLONG bytes)
{
    node *n = t->AllocateRoutine(t, (CLONG)(bytes + sizeof *n));

    if (!n)
        return NULL;
    *n = (node){0};
    t->NumberGenericTableElements++;
    RtlCopyMemory(n + 1, data, bytes);
    return n;
}

NTSYSAPI PVOID RtlInsertElementGenericTableFullAvl(PRTL_AVL_TABLE Table, PVOID Buffer, CLONG BufferSize,
    PBOOLEAN NewElement, PVOID NodeOrParent, TABLE_SEARCH_RESULT SearchResult)
{
    DDI_ENTER_QUIET(RtlInsertElementGenericTableFullAvl, Table);
    node *at = NodeOrParent, *n = SearchResult == TableFoundNode ? at : new_node(Table, Buffer, BufferSize);

    if (NewElement)
        *NewElement = n && SearchResult != TableFoundNode;
    if (!n || SearchResult == TableFoundNode)
        return data_of(n);
    hook(SearchResult == TableEmptyTree ? &Table->BalancedRoot : at, SearchResult == TableInsertAsLeft, n);
    grown(Table, n);
    return data_of(n);
}

NTSYSAPI PVOID RtlInsertElementGenericTableAvl(
    PRTL_AVL_TABLE Table, PVOID Buffer, CLONG BufferSize, PBOOLEAN NewElement)
{
    node *at;

    DDI_ENTER_QUIET(RtlInsertElementGenericTableAvl, Table);
    TABLE_SEARCH_RESULT result = search(Table, Buffer, &at);

    return RtlInsertElementGenericTableFullAvl(Table, Buffer, BufferSize, NewElement, at, result);
}

NTSYSAPI BOOLEAN RtlDeleteElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer)
{
    node *at;

    if (search(Table, Buffer, &at) != TableFoundNode)
        return FALSE;
    if (Table->RestartKey == at) /* the walk goes on after what was before it */
        Table->RestartKey = before(Table, at);
    take_out(Table, at);
    Table->NumberGenericTableElements--;
    Table->DeleteCount++;
    Table->WhichOrderedElement = 0;
    Table->OrderedPointer = NULL;
    Table->FreeRoutine(Table, at);
    return TRUE;
}

/* ---- questions ---- */

NTSYSAPI PVOID RtlLookupElementGenericTableFullAvl(
    PRTL_AVL_TABLE Table, PVOID Buffer, PVOID *NodeOrParent, TABLE_SEARCH_RESULT *SearchResult)
{
    node *at;

    DDI_ENTER_QUIET(RtlLookupElementGenericTableFullAvl, Table);
    *SearchResult = search(Table, Buffer, &at);
    *NodeOrParent = at;
    return *SearchResult == TableFoundNode ? data_of(at) : NULL;
}

NTSYSAPI PVOID RtlLookupElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer)
{
    node *at;

    DDI_ENTER_QUIET(RtlLookupElementGenericTableAvl, Table);
    return search(Table, Buffer, &at) == TableFoundNode ? data_of(at) : NULL;
}

/* Where several elements are equal to the data: the first in order. */
NTSYSAPI PVOID RtlLookupFirstMatchingElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer, PVOID *RestartKey)
{
    node *found = NULL, *next = root_of(Table);

    DDI_ENTER_QUIET(RtlLookupFirstMatchingElementGenericTableAvl, Table);
    while (next) { /* ends at a leaf */
        RTL_GENERIC_COMPARE_RESULTS order = Table->CompareRoutine(Table, Buffer, data_of(next));

        if (order == GenericEqual)
            found = next;
        next = order == GenericGreaterThan ? next->RightChild : next->LeftChild;
    }
    *RestartKey = found;
    return data_of(found);
}

static node *after(PRTL_AVL_TABLE t, node *n)
{
    return n ? next_of(t, n) : leftmost(root_of(t));
}

NTSYSAPI PVOID RtlEnumerateGenericTableAvl(PRTL_AVL_TABLE Table, BOOLEAN Restart)
{
    DDI_ENTER_QUIET(RtlEnumerateGenericTableAvl, Table);
    node *next = after(Table, Restart ? NULL : Table->RestartKey);

    if (next)
        Table->RestartKey = next;
    return data_of(next);
}

NTSYSAPI PVOID RtlEnumerateGenericTableWithoutSplayingAvl(PRTL_AVL_TABLE Table, PVOID *RestartKey)
{
    node *next = after(Table, *RestartKey);

    if (next)
        *RestartKey = next;
    return data_of(next);
}

/* Where a walk like a directory's begins: at the data, after it, or where it would be. */
static node *first_of_walk(PRTL_AVL_TABLE t, PVOID data, bool skip)
{
    node               *at;
    TABLE_SEARCH_RESULT result = search(t, data, &at);

    if (result == TableInsertAsRight || (result == TableFoundNode && skip))
        return next_of(t, at);
    return at;
}

/* *RestartKey is good for as long as nothing has been deleted since; else the walk finds its place by the data. */
NTSYSAPI PVOID RtlEnumerateGenericTableLikeADirectory(PRTL_AVL_TABLE Table, PRTL_AVL_MATCH_FUNCTION MatchFunction,
    PVOID MatchData, ULONG NextFlag, PVOID *RestartKey, PULONG DeleteCount, PVOID Buffer)
{
    DDI_ENTER_QUIET(RtlEnumerateGenericTableLikeADirectory, Table);
    node *n = *DeleteCount == Table->DeleteCount ? *RestartKey : NULL;

    if (n)
        n = NextFlag ? next_of(Table, n) : n;
    else
        n = first_of_walk(Table, Buffer, NextFlag);
    NTSTATUS match = STATUS_NO_MATCH;

    for (; n; n = next_of(Table, n)) {
        match = MatchFunction ? MatchFunction(Table, data_of(n), MatchData) : STATUS_SUCCESS;
        if (match != STATUS_NO_MATCH)
            break;
    }
    if (!n || match != STATUS_SUCCESS)
        return NULL;
    *RestartKey = n;
    *DeleteCount = Table->DeleteCount;
    return data_of(n);
}

/* In order of the keys, from 0. */
NTSYSAPI PVOID RtlGetElementGenericTableAvl(PRTL_AVL_TABLE Table, ULONG I)
{
    node *n = leftmost(root_of(Table));

    if (I >= Table->NumberGenericTableElements)
        return NULL;
    while (I--)
        n = next_of(Table, n);
    return data_of(n);
}

NTSYSAPI ULONG RtlNumberGenericTableElementsAvl(PRTL_AVL_TABLE Table)
{
    DDI_ENTER_QUIET(RtlNumberGenericTableElementsAvl, Table);
    return Table->NumberGenericTableElements;
}

NTSYSAPI BOOLEAN RtlIsGenericTableEmptyAvl(PRTL_AVL_TABLE Table)
{
    DDI_ENTER_QUIET(RtlIsGenericTableEmptyAvl, Table);
    return Table->NumberGenericTableElements == 0;
}
