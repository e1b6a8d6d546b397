/* SPDX-License-Identifier: MIT */
/* Splay trees and the generic table built on them. */
#pragma once

#include <ntdef.h>

EXTERN_C_START

typedef struct _RTL_SPLAY_LINKS {
    struct _RTL_SPLAY_LINKS *Parent; /* the root is its own parent */
    struct _RTL_SPLAY_LINKS *LeftChild;
    struct _RTL_SPLAY_LINKS *RightChild;
} RTL_SPLAY_LINKS, *PRTL_SPLAY_LINKS;

#define RtlInitializeSplayLinks(l)                                              \
    do {                                                                        \
        PRTL_SPLAY_LINKS _links = (PRTL_SPLAY_LINKS)(l);                        \
        _links->Parent = _links;                                                \
        _links->LeftChild = NULL;                                               \
        _links->RightChild = NULL;                                              \
    } while (0)
#define RtlParent(l) ((PRTL_SPLAY_LINKS)(l)->Parent)
#define RtlLeftChild(l) ((PRTL_SPLAY_LINKS)(l)->LeftChild)
#define RtlRightChild(l) ((PRTL_SPLAY_LINKS)(l)->RightChild)
#define RtlIsRoot(l) (RtlParent(l) == (PRTL_SPLAY_LINKS)(l))
#define RtlIsLeftChild(l) (RtlLeftChild(RtlParent(l)) == (PRTL_SPLAY_LINKS)(l))
#define RtlIsRightChild(l) (RtlRightChild(RtlParent(l)) == (PRTL_SPLAY_LINKS)(l))
#define RtlInsertAsLeftChild(parent, child)                                     \
    do {                                                                        \
        PRTL_SPLAY_LINKS _parent = (PRTL_SPLAY_LINKS)(parent);                  \
        PRTL_SPLAY_LINKS _child = (PRTL_SPLAY_LINKS)(child);                    \
        _parent->LeftChild = _child;                                            \
        _child->Parent = _parent;                                               \
    } while (0)
#define RtlInsertAsRightChild(parent, child)                                    \
    do {                                                                        \
        PRTL_SPLAY_LINKS _parent = (PRTL_SPLAY_LINKS)(parent);                  \
        PRTL_SPLAY_LINKS _child = (PRTL_SPLAY_LINKS)(child);                    \
        _parent->RightChild = _child;                                           \
        _child->Parent = _parent;                                               \
    } while (0)

NTSYSAPI PRTL_SPLAY_LINKS RtlSplay(_Inout_ PRTL_SPLAY_LINKS Links);
NTSYSAPI PRTL_SPLAY_LINKS RtlDelete(_In_ PRTL_SPLAY_LINKS Links);
NTSYSAPI VOID RtlDeleteNoSplay(_In_ PRTL_SPLAY_LINKS Links, _Inout_ PRTL_SPLAY_LINKS *Root);
NTSYSAPI PRTL_SPLAY_LINKS RtlSubtreeSuccessor(_In_ PRTL_SPLAY_LINKS Links);
NTSYSAPI PRTL_SPLAY_LINKS RtlSubtreePredecessor(_In_ PRTL_SPLAY_LINKS Links);
NTSYSAPI PRTL_SPLAY_LINKS RtlRealSuccessor(_In_ PRTL_SPLAY_LINKS Links);
NTSYSAPI PRTL_SPLAY_LINKS RtlRealPredecessor(_In_ PRTL_SPLAY_LINKS Links);

/* ---- generic tables ---------------------------------------------------------------------------------------------- */
typedef enum _TABLE_SEARCH_RESULT { TableEmptyTree, TableFoundNode, TableInsertAsLeft, TableInsertAsRight } TABLE_SEARCH_RESULT;
typedef enum _RTL_GENERIC_COMPARE_RESULTS { GenericLessThan, GenericGreaterThan, GenericEqual } RTL_GENERIC_COMPARE_RESULTS;

struct _RTL_GENERIC_TABLE;
typedef RTL_GENERIC_COMPARE_RESULTS RTL_GENERIC_COMPARE_ROUTINE(_In_ struct _RTL_GENERIC_TABLE *Table,
                                                                _In_ PVOID FirstStruct, _In_ PVOID SecondStruct);
typedef RTL_GENERIC_COMPARE_ROUTINE *PRTL_GENERIC_COMPARE_ROUTINE;
typedef PVOID RTL_GENERIC_ALLOCATE_ROUTINE(_In_ struct _RTL_GENERIC_TABLE *Table, _In_ CLONG ByteSize);
typedef RTL_GENERIC_ALLOCATE_ROUTINE *PRTL_GENERIC_ALLOCATE_ROUTINE;
typedef VOID RTL_GENERIC_FREE_ROUTINE(_In_ struct _RTL_GENERIC_TABLE *Table, _In_ PVOID Buffer);
typedef RTL_GENERIC_FREE_ROUTINE *PRTL_GENERIC_FREE_ROUTINE;

typedef struct _RTL_GENERIC_TABLE {
    PRTL_SPLAY_LINKS TableRoot;
    LIST_ENTRY InsertOrderList;
    PLIST_ENTRY OrderedPointer;
    ULONG WhichOrderedElement;
    ULONG NumberGenericTableElements;
    PRTL_GENERIC_COMPARE_ROUTINE CompareRoutine;
    PRTL_GENERIC_ALLOCATE_ROUTINE AllocateRoutine;
    PRTL_GENERIC_FREE_ROUTINE FreeRoutine;
    PVOID TableContext;
} RTL_GENERIC_TABLE, *PRTL_GENERIC_TABLE;

_IRQL_requires_max_(DISPATCH_LEVEL)
NTSYSAPI VOID RtlInitializeGenericTable(_Out_ PRTL_GENERIC_TABLE Table,
                                        _In_ PRTL_GENERIC_COMPARE_ROUTINE CompareRoutine,
                                        _In_ PRTL_GENERIC_ALLOCATE_ROUTINE AllocateRoutine,
                                        _In_ PRTL_GENERIC_FREE_ROUTINE FreeRoutine, _In_opt_ PVOID TableContext);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI PVOID RtlInsertElementGenericTable(_In_ PRTL_GENERIC_TABLE Table, _In_ PVOID Buffer, _In_ CLONG BufferSize,
                                            _Out_opt_ PBOOLEAN NewElement);
NTSYSAPI PVOID RtlInsertElementGenericTableFull(_In_ PRTL_GENERIC_TABLE Table, _In_ PVOID Buffer, _In_ CLONG BufferSize,
                                                _Out_opt_ PBOOLEAN NewElement, _In_ PVOID NodeOrParent,
                                                _In_ TABLE_SEARCH_RESULT SearchResult);
NTSYSAPI BOOLEAN RtlDeleteElementGenericTable(_In_ PRTL_GENERIC_TABLE Table, _In_ PVOID Buffer);
NTSYSAPI PVOID RtlLookupElementGenericTable(_In_ PRTL_GENERIC_TABLE Table, _In_ PVOID Buffer);
NTSYSAPI PVOID RtlLookupElementGenericTableFull(_In_ PRTL_GENERIC_TABLE Table, _In_ PVOID Buffer,
                                                _Out_ PVOID *NodeOrParent, _Out_ TABLE_SEARCH_RESULT *SearchResult);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI PVOID RtlEnumerateGenericTable(_In_ PRTL_GENERIC_TABLE Table, _In_ BOOLEAN Restart);
NTSYSAPI PVOID RtlEnumerateGenericTableWithoutSplaying(_In_ PRTL_GENERIC_TABLE Table, _Inout_ PVOID *RestartKey);
NTSYSAPI PVOID RtlGetElementGenericTable(_In_ PRTL_GENERIC_TABLE Table, _In_ ULONG I);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI ULONG RtlNumberGenericTableElements(_In_ PRTL_GENERIC_TABLE Table);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI BOOLEAN RtlIsGenericTableEmpty(_In_ PRTL_GENERIC_TABLE Table);

/* ---- generic tables, balanced ------------------------------------------------------------------------------------ */
typedef struct _RTL_BALANCED_LINKS {
    struct _RTL_BALANCED_LINKS *Parent;
    struct _RTL_BALANCED_LINKS *LeftChild;
    struct _RTL_BALANCED_LINKS *RightChild;
    CHAR Balance;
    UCHAR Reserved[3];
} RTL_BALANCED_LINKS, *PRTL_BALANCED_LINKS;

struct _RTL_AVL_TABLE;
typedef RTL_GENERIC_COMPARE_RESULTS RTL_AVL_COMPARE_ROUTINE(_In_ struct _RTL_AVL_TABLE *Table, _In_ PVOID FirstStruct,
                                                            _In_ PVOID SecondStruct);
typedef RTL_AVL_COMPARE_ROUTINE *PRTL_AVL_COMPARE_ROUTINE;
typedef PVOID RTL_AVL_ALLOCATE_ROUTINE(_In_ struct _RTL_AVL_TABLE *Table, _In_ CLONG ByteSize);
typedef RTL_AVL_ALLOCATE_ROUTINE *PRTL_AVL_ALLOCATE_ROUTINE;
typedef VOID RTL_AVL_FREE_ROUTINE(_In_ struct _RTL_AVL_TABLE *Table, _In_ PVOID Buffer);
typedef RTL_AVL_FREE_ROUTINE *PRTL_AVL_FREE_ROUTINE;
typedef NTSTATUS RTL_AVL_MATCH_FUNCTION(_In_ struct _RTL_AVL_TABLE *Table, _In_ PVOID UserData, _In_ PVOID MatchData);
typedef RTL_AVL_MATCH_FUNCTION *PRTL_AVL_MATCH_FUNCTION;

typedef struct _RTL_AVL_TABLE {
    RTL_BALANCED_LINKS BalancedRoot;
    PVOID OrderedPointer;
    ULONG WhichOrderedElement;
    ULONG NumberGenericTableElements;
    ULONG DepthOfTree;
    PRTL_BALANCED_LINKS RestartKey;
    ULONG DeleteCount;
    PRTL_AVL_COMPARE_ROUTINE CompareRoutine;
    PRTL_AVL_ALLOCATE_ROUTINE AllocateRoutine;
    PRTL_AVL_FREE_ROUTINE FreeRoutine;
    PVOID TableContext;
} RTL_AVL_TABLE, *PRTL_AVL_TABLE;

_IRQL_requires_max_(DISPATCH_LEVEL)
NTSYSAPI VOID RtlInitializeGenericTableAvl(_Out_ PRTL_AVL_TABLE Table, _In_ PRTL_AVL_COMPARE_ROUTINE CompareRoutine,
                                           _In_ PRTL_AVL_ALLOCATE_ROUTINE AllocateRoutine,
                                           _In_ PRTL_AVL_FREE_ROUTINE FreeRoutine, _In_opt_ PVOID TableContext);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI PVOID RtlInsertElementGenericTableAvl(_In_ PRTL_AVL_TABLE Table, _In_ PVOID Buffer, _In_ CLONG BufferSize,
                                               _Out_opt_ PBOOLEAN NewElement);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI PVOID RtlInsertElementGenericTableFullAvl(_In_ PRTL_AVL_TABLE Table, _In_ PVOID Buffer, _In_ CLONG BufferSize,
                                                   _Out_opt_ PBOOLEAN NewElement, _In_ PVOID NodeOrParent,
                                                   _In_ TABLE_SEARCH_RESULT SearchResult);
NTSYSAPI BOOLEAN RtlDeleteElementGenericTableAvl(_In_ PRTL_AVL_TABLE Table, _In_ PVOID Buffer);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI PVOID RtlLookupElementGenericTableAvl(_In_ PRTL_AVL_TABLE Table, _In_ PVOID Buffer);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI PVOID RtlLookupElementGenericTableFullAvl(_In_ PRTL_AVL_TABLE Table, _In_ PVOID Buffer,
                                                   _Out_ PVOID *NodeOrParent, _Out_ TABLE_SEARCH_RESULT *SearchResult);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI PVOID RtlLookupFirstMatchingElementGenericTableAvl(_In_ PRTL_AVL_TABLE Table, _In_ PVOID Buffer,
                                                            _Out_ PVOID *RestartKey);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI PVOID RtlEnumerateGenericTableAvl(_In_ PRTL_AVL_TABLE Table, _In_ BOOLEAN Restart);
NTSYSAPI PVOID RtlEnumerateGenericTableWithoutSplayingAvl(_In_ PRTL_AVL_TABLE Table, _Inout_ PVOID *RestartKey);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI PVOID RtlEnumerateGenericTableLikeADirectory(_In_ PRTL_AVL_TABLE Table,
                                                      _In_opt_ PRTL_AVL_MATCH_FUNCTION MatchFunction,
                                                      _In_opt_ PVOID MatchData, _In_ ULONG NextFlag,
                                                      _Inout_ PVOID *RestartKey, _Inout_ PULONG DeleteCount,
                                                      _In_ PVOID Buffer);
NTSYSAPI PVOID RtlGetElementGenericTableAvl(_In_ PRTL_AVL_TABLE Table, _In_ ULONG I);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI ULONG RtlNumberGenericTableElementsAvl(_In_ PRTL_AVL_TABLE Table);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI BOOLEAN RtlIsGenericTableEmptyAvl(_In_ PRTL_AVL_TABLE Table);

DT_STATIC_ASSERT(sizeof(RTL_SPLAY_LINKS) == 24 && sizeof(RTL_GENERIC_TABLE) == 72, "RTL tables");
DT_STATIC_ASSERT(sizeof(RTL_BALANCED_LINKS) == 32 && sizeof(RTL_AVL_TABLE) == 104, "RTL tables");

EXTERN_C_END
