/* SPDX-License-Identifier: MIT */
/*
 * ddi/ddi_rtl_table.c - generic tables as splay trees. An element is the caller's memory: links, an entry of the list in
 * order of insertion, then a copy of the caller's data. The caller holds a lock, for lookups too: they move nodes.
 */
#include "ddi/ddi.h"
#include "ke/ke.h"

struct element {
    RTL_SPLAY_LINKS links;
    LIST_ENTRY      entry;
    LONGLONG        data[];
};

static struct element *element_of(PRTL_SPLAY_LINKS links)
{
    return CONTAINING_RECORD(links, struct element, links);
}

static PVOID data_of(PRTL_SPLAY_LINKS links)
{
    return links ? element_of(links)->data : NULL;
}

static PRTL_SPLAY_LINKS leftmost(PRTL_SPLAY_LINKS n)
{
    while (n && n->LeftChild)
        n = n->LeftChild;
    return n;
}

NTSYSAPI VOID RtlInitializeGenericTable(PRTL_GENERIC_TABLE Table, PRTL_GENERIC_COMPARE_ROUTINE CompareRoutine,
    PRTL_GENERIC_ALLOCATE_ROUTINE AllocateRoutine, PRTL_GENERIC_FREE_ROUTINE FreeRoutine, PVOID TableContext)
{
    DDI_ENTER_QUIET(RtlInitializeGenericTable, Table);
    *Table = (RTL_GENERIC_TABLE){.CompareRoutine = CompareRoutine,
        .AllocateRoutine = AllocateRoutine,
        .FreeRoutine = FreeRoutine,
        .TableContext = TableContext};
    InitializeListHead(&Table->InsertOrderList);
    Table->OrderedPointer = &Table->InsertOrderList;
}

/* Where the data is, or where it would be. */
static TABLE_SEARCH_RESULT search(PRTL_GENERIC_TABLE t, PVOID data, PRTL_SPLAY_LINKS *at)
{
    PRTL_SPLAY_LINKS next = t->TableRoot;

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

/* ---- insertion and removal ---- */

static struct element *new_element(PRTL_GENERIC_TABLE t, PVOID data, CLONG bytes)
{
    struct element *e = t->AllocateRoutine(t, (CLONG)(bytes + sizeof *e));

    if (!e)
        return NULL;
    RtlInitializeSplayLinks(&e->links);
    InsertTailList(&t->InsertOrderList, &e->entry);
    t->NumberGenericTableElements++;
    RtlCopyMemory(e->data, data, bytes);
    return e;
}

NTSYSAPI PVOID RtlInsertElementGenericTableFull(PRTL_GENERIC_TABLE Table, PVOID Buffer, CLONG BufferSize,
    PBOOLEAN NewElement, PVOID NodeOrParent, TABLE_SEARCH_RESULT SearchResult)
{
    PRTL_SPLAY_LINKS at = NodeOrParent;
    struct element  *e = SearchResult == TableFoundNode ? element_of(at) : new_element(Table, Buffer, BufferSize);

    if (NewElement)
        *NewElement = e && SearchResult != TableFoundNode;
    if (!e)
        return NULL;
    if (SearchResult == TableInsertAsLeft)
        RtlInsertAsLeftChild(at, &e->links);
    else if (SearchResult == TableInsertAsRight)
        RtlInsertAsRightChild(at, &e->links);
    Table->TableRoot = RtlSplay(&e->links);
    return e->data;
}

NTSYSAPI PVOID RtlInsertElementGenericTable(
    PRTL_GENERIC_TABLE Table, PVOID Buffer, CLONG BufferSize, PBOOLEAN NewElement)
{
    PRTL_SPLAY_LINKS at;

    DDI_ENTER_QUIET(RtlInsertElementGenericTable, Table);
    TABLE_SEARCH_RESULT result = search(Table, Buffer, &at);

    return RtlInsertElementGenericTableFull(Table, Buffer, BufferSize, NewElement, at, result);
}

/* The counting of RtlGetElementGenericTable begins anew. */
NTSYSAPI BOOLEAN RtlDeleteElementGenericTable(PRTL_GENERIC_TABLE Table, PVOID Buffer)
{
    PRTL_SPLAY_LINKS at;

    if (search(Table, Buffer, &at) != TableFoundNode)
        return FALSE;
    Table->TableRoot = RtlDelete(at);
    RemoveEntryList(&element_of(at)->entry);
    Table->NumberGenericTableElements--;
    Table->WhichOrderedElement = 0;
    Table->OrderedPointer = &Table->InsertOrderList;
    Table->FreeRoutine(Table, at);
    return TRUE;
}

/* ---- questions ---- */

NTSYSAPI PVOID RtlLookupElementGenericTableFull(
    PRTL_GENERIC_TABLE Table, PVOID Buffer, PVOID *NodeOrParent, TABLE_SEARCH_RESULT *SearchResult)
{
    PRTL_SPLAY_LINKS at;

    *SearchResult = search(Table, Buffer, &at);
    *NodeOrParent = at;
    if (*SearchResult != TableFoundNode)
        return NULL;
    Table->TableRoot = RtlSplay(at);
    return data_of(at);
}

NTSYSAPI PVOID RtlLookupElementGenericTable(PRTL_GENERIC_TABLE Table, PVOID Buffer)
{
    TABLE_SEARCH_RESULT result;
    PVOID               at;

    return RtlLookupElementGenericTableFull(Table, Buffer, &at, &result);
}

/* In order of the keys: what was returned last is the root. */
NTSYSAPI PVOID RtlEnumerateGenericTable(PRTL_GENERIC_TABLE Table, BOOLEAN Restart)
{
    DDI_ENTER_QUIET(RtlEnumerateGenericTable, Table);
    PRTL_SPLAY_LINKS root = Table->TableRoot, next = NULL;

    if (root)
        next = Restart ? leftmost(root) : RtlRealSuccessor(root);
    if (next)
        Table->TableRoot = RtlSplay(next);
    return data_of(next);
}

NTSYSAPI PVOID RtlEnumerateGenericTableWithoutSplaying(PRTL_GENERIC_TABLE Table, PVOID *RestartKey)
{
    PRTL_SPLAY_LINKS next = NULL;

    if (Table->TableRoot)
        next = *RestartKey ? RtlRealSuccessor(*RestartKey) : leftmost(Table->TableRoot);
    if (next)
        *RestartKey = next;
    return data_of(next);
}

/* In order of insertion, from 0. The walk goes on where the last one ended, when that is not beyond. */
NTSYSAPI PVOID RtlGetElementGenericTable(PRTL_GENERIC_TABLE Table, ULONG I)
{
    if (I >= Table->NumberGenericTableElements)
        return NULL;
    if (I + 1 < Table->WhichOrderedElement) {
        Table->WhichOrderedElement = 0;
        Table->OrderedPointer = &Table->InsertOrderList;
    }
    for (; Table->WhichOrderedElement < I + 1; Table->WhichOrderedElement++)
        Table->OrderedPointer = Table->OrderedPointer->Flink;
    return CONTAINING_RECORD(Table->OrderedPointer, struct element, entry)->data;
}

NTSYSAPI ULONG RtlNumberGenericTableElements(PRTL_GENERIC_TABLE Table)
{
    DDI_ENTER_QUIET(RtlNumberGenericTableElements, Table);
    return Table->NumberGenericTableElements;
}

NTSYSAPI BOOLEAN RtlIsGenericTableEmpty(PRTL_GENERIC_TABLE Table)
{
    DDI_ENTER_QUIET(RtlIsGenericTableEmpty, Table);
    return Table->TableRoot == NULL;
}
