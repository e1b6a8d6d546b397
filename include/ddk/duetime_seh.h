/* SPDX-License-Identifier: MIT */
/*
 * What `duetime build` makes of __try (src/tool/seh.c): a frame on the stack of the function, linked to the one around it.
 * Force-included into sources with structured exception handling; no source names any of this itself.
 */
#pragma once

enum { __DT_SEH_BODY, __DT_SEH_ASKED, __DT_SEH_HANDLER }; /* what __dt_seh_enter() returns: now, and later again */
enum { __DT_SEH_EXCEPT = 1, __DT_SEH_FINALLY = 2 };

struct __dt_seh_frame {
    void *regs[8]; /* rbx rbp r12 r13 r14 r15 rsp rip at __dt_seh_enter(); known to assembly */
    void *back[8]; /* of who asked the filter or the finally block, to go on there */
    struct __dt_seh_frame *outer, *search; /* search: where the search goes on from here */
    void *pointers; /* EXCEPTION_POINTERS, while the filter runs */
    int kind, state;
    unsigned int code;
    int normal; /* the end of the __try block was reached */
};

#ifdef __cplusplus
extern "C" {
#endif
/* Not returns_twice: without optimization it makes no difference, and inline functions could not have it. Returns once as BODY, and again whenever an exception makes the function go on: as ASKED on a lower stack, to evaluate
 * the filter or to run the finally block, or as HANDLER. */
__attribute((visibility("default"))) int __dt_seh_enter(struct __dt_seh_frame *f, int kind);

/* Go back to who asked. */
__attribute((visibility("default"), noreturn)) void __dt_seh_filtered(struct __dt_seh_frame *f, long answer);
__attribute((visibility("default"), noreturn)) void __dt_seh_finished(struct __dt_seh_frame *f);

/* However the block is left. */
__attribute((visibility("default"))) void __dt_seh_exit_except(struct __dt_seh_frame *f);
__attribute((visibility("default"))) void __dt_seh_exit_finally(struct __dt_seh_frame *f);
#ifdef __cplusplus
}
#endif
