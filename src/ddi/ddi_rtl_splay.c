/* SPDX-License-Identifier: MIT */
/* ddi/ddi_rtl_splay.c - splay trees on the caller's own nodes. A root is its own parent. The caller holds a lock. */
#include "ddi/ddi.h"
#include "ke/ke.h"

/* Puts `to` (or nothing) where `from` hangs. */
static void replace(PRTL_SPLAY_LINKS from, PRTL_SPLAY_LINKS to)
{
    PRTL_SPLAY_LINKS parent = from->Parent;
    bool             is_root = parent == from;

    if (!is_root && parent->LeftChild == from)
        parent->LeftChild = to;
    else if (!is_root)
        parent->RightChild = to;
    if (to)
        to->Parent = is_root ? to : parent;
}

/* The node takes its parent's place. */
static void rotate(PRTL_SPLAY_LINKS n)
{
    PRTL_SPLAY_LINKS parent = n->Parent, inner;
    bool             is_left = parent->LeftChild == n;

    replace(parent, n);
    inner = is_left ? n->RightChild : n->LeftChild;
    if (is_left) {
        parent->LeftChild = inner;
        n->RightChild = parent;
    } else {
        parent->RightChild = inner;
        n->LeftChild = parent;
    }
    if (inner)
        inner->Parent = parent;
    parent->Parent = n;
}

/* The node becomes the root, which is returned. */
NTSYSAPI PRTL_SPLAY_LINKS RtlSplay(PRTL_SPLAY_LINKS Links)
{
    while (!RtlIsRoot(Links)) { /* each turn takes it up by one or two */
        PRTL_SPLAY_LINKS parent = RtlParent(Links);

        if (!RtlIsRoot(parent))
            rotate(RtlIsLeftChild(Links) == RtlIsLeftChild(parent) ? parent : Links);
        rotate(Links);
    }
    return Links;
}

NTSYSAPI PRTL_SPLAY_LINKS RtlSubtreeSuccessor(PRTL_SPLAY_LINKS Links)
{
    PRTL_SPLAY_LINKS n = Links->RightChild;

    while (n && n->LeftChild)
        n = n->LeftChild;
    return n;
}

NTSYSAPI PRTL_SPLAY_LINKS RtlSubtreePredecessor(PRTL_SPLAY_LINKS Links)
{
    PRTL_SPLAY_LINKS n = Links->LeftChild;

    while (n && n->RightChild)
        n = n->RightChild;
    return n;
}

NTSYSAPI PRTL_SPLAY_LINKS RtlRealSuccessor(PRTL_SPLAY_LINKS Links)
{
    PRTL_SPLAY_LINKS n = Links;

    if (n->RightChild)
        return RtlSubtreeSuccessor(n);
    while (!RtlIsRoot(n) && RtlIsRightChild(n))
        n = RtlParent(n);
    return RtlIsRoot(n) ? NULL : RtlParent(n);
}

NTSYSAPI PRTL_SPLAY_LINKS RtlRealPredecessor(PRTL_SPLAY_LINKS Links)
{
    PRTL_SPLAY_LINKS n = Links;

    if (n->LeftChild)
        return RtlSubtreePredecessor(n);
    while (!RtlIsRoot(n) && RtlIsLeftChild(n))
        n = RtlParent(n);
    return RtlIsRoot(n) ? NULL : RtlParent(n);
}

/* ---- removal ---- */

/* A node with one child at most. */
static void unhook(PRTL_SPLAY_LINKS n, PRTL_SPLAY_LINKS *root)
{
    PRTL_SPLAY_LINKS child = n->LeftChild ? n->LeftChild : n->RightChild;

    if (RtlIsRoot(n))
        *root = child;
    replace(n, child);
}

NTSYSAPI VOID RtlDeleteNoSplay(PRTL_SPLAY_LINKS Links, PRTL_SPLAY_LINKS *Root)
{
    PRTL_SPLAY_LINKS heir = NULL;

    if (Links->LeftChild && Links->RightChild)
        heir = RtlSubtreePredecessor(Links);
    if (!heir) {
        unhook(Links, Root);
        return;
    }
    unhook(heir, Root); /* below the node, so never the root */
    if (RtlIsRoot(Links))
        *Root = heir;
    replace(Links, heir);
    heir->LeftChild = Links->LeftChild;
    heir->RightChild = Links->RightChild;
    if (heir->LeftChild)
        heir->LeftChild->Parent = heir;
    heir->RightChild->Parent = heir;
}

/* The parent of what was removed is splayed. The new root, NULL for an empty tree. */
NTSYSAPI PRTL_SPLAY_LINKS RtlDelete(PRTL_SPLAY_LINKS Links)
{
    PRTL_SPLAY_LINKS root = NULL, parent = RtlIsRoot(Links) ? NULL : RtlParent(Links);

    RtlDeleteNoSplay(Links, &root);
    return parent ? RtlSplay(parent) : root;
}
