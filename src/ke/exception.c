/* SPDX-License-Identifier: MIT */
/*
 * ke/exception.c - exceptions: who raises, who is asked, what runs on the way to the handler.
 *
 * The wrapper (tool/seh.c) turns each __try into a frame on the function's stack that __dt_seh_enter() links into the
 * chain of the thread. An exception is dispatched in NT's two phases. First the filters are asked, innermost first, while
 * everything below is still there: a filter runs in its function's frame (rbp) but on the raiser's stack (rsp), so that
 * the function's locals and what the exception points to are both alive. When one answers EXCEPTION_EXECUTE_HANDLER, the
 * __finally blocks in between run the same way, and then the handler, on its function's own stack. That works because
 * functions with __try are compiled so that locals are found by rbp (or the base pointer, which is kept too) alone.
 *
 * An interrupt begins an empty chain on top of the interrupted thread's (boot.c), so what a DPC raises is
 * never handled by the thread below. An exception leaves kernel routines without any more of them being run: it may be
 * raised only where no kernel lock is held and nothing is left to undo.
 */
#include <stdarg.h>

#include "ddk/duetime_seh.h"
#include "ke/priv.h"

typedef struct __dt_seh_frame frame;

enum { MARK = 3 }; /* kind of the frame that stands for a running filter */
enum { INACTIVE, ACTIVE };

#define REG_SP 6 /* in regs and back */

/* ---- switching between a raiser and the functions of the chain ---- */

/* Goes on where regs says, on the stack sp, as if the call there returned value. */
_Noreturn void ke_seh_jump(void *const regs[8], int value, void *sp);

/* Lets f's function go on, below this stack; returns what it answers, or never. */
int ke_seh_ask(frame *f, int what);

int ke_seh_push(frame *f, int kind);

/* clang-format off */
__asm__(
    ".text\n"
    ".globl __dt_seh_enter\n"
    ".type __dt_seh_enter, @function\n"
    "__dt_seh_enter:\n"
    "    movq %rbx, 0(%rdi)\n"
    "    movq %rbp, 8(%rdi)\n"
    "    movq %r12, 16(%rdi)\n"
    "    movq %r13, 24(%rdi)\n"
    "    movq %r14, 32(%rdi)\n"
    "    movq %r15, 40(%rdi)\n"
    "    leaq 8(%rsp), %rax\n"
    "    movq %rax, 48(%rdi)\n"
    "    movq (%rsp), %rax\n"
    "    movq %rax, 56(%rdi)\n"
    "    jmp ke_seh_push\n"
    ".size __dt_seh_enter, . - __dt_seh_enter\n"
    ".hidden ke_seh_ask\n"
    ".globl ke_seh_ask\n"
    ".type ke_seh_ask, @function\n"
    "ke_seh_ask:\n"
    "    movq %rbx, 64(%rdi)\n"
    "    movq %rbp, 72(%rdi)\n"
    "    movq %r12, 80(%rdi)\n"
    "    movq %r13, 88(%rdi)\n"
    "    movq %r14, 96(%rdi)\n"
    "    movq %r15, 104(%rdi)\n"
    "    leaq 8(%rsp), %rax\n"
    "    movq %rax, 112(%rdi)\n"
    "    movq (%rsp), %rax\n"
    "    movq %rax, 120(%rdi)\n"
    "    leaq -512(%rsp), %rdx\n"
    "    andq $-16, %rdx\n"
    ".size ke_seh_ask, . - ke_seh_ask\n"
    ".hidden ke_seh_jump\n"
    ".globl ke_seh_jump\n"
    ".type ke_seh_jump, @function\n"
    "ke_seh_jump:\n"
    "    movq 0(%rdi), %rbx\n"
    "    movq 8(%rdi), %rbp\n"
    "    movq 16(%rdi), %r12\n"
    "    movq 24(%rdi), %r13\n"
    "    movq 32(%rdi), %r14\n"
    "    movq 40(%rdi), %r15\n"
    "    movq 56(%rdi), %rcx\n"
    "    movl %esi, %eax\n"
    "    movq %rdx, %rsp\n"
    "    jmp *%rcx\n"
    ".size ke_seh_jump, . - ke_seh_jump\n"
    ".hidden ke_probes, ke_probes_end, ke_probe_read, ke_probe_write\n"
    ".globl ke_probes, ke_probes_end, ke_probe_read, ke_probe_write\n"
    "ke_probes:\n"
    "ke_probe_read:\n"
    "    movb (%rdi), %al\n"
    "    ret\n"
    "ke_probe_write:\n"
    "    lock orb $0, (%rdi)\n"
    "    ret\n"
    "ke_probes_end:\n");
/* clang-format on */

static frame **chain(void)
{
    return (frame **)&ke_thread_current()->exception_frames;
}

/* The tail of __dt_seh_enter(). */
int ke_seh_push(frame *f, int kind)
{
    frame **head = chain();

    f->kind = kind;
    f->state = ACTIVE;
    f->normal = 0;
    f->code = 0;
    f->pointers = NULL;
    f->outer = f->search = *head;
    *head = f;
    return __DT_SEH_BODY;
}

void __dt_seh_filtered(frame *f, long answer)
{
    ke_seh_jump(f->back, answer > 0 ? 1 : answer < 0 ? -1 : 0, f->back[REG_SP]);
}

void __dt_seh_finished(frame *f)
{
    ke_seh_jump(f->back, 0, f->back[REG_SP]);
}

/* ---- blocks that are left ---- */

/* False: it has been left before; an exception or the block's own end was first. */
static bool leave(frame *f)
{
    if (f->state != ACTIVE)
        return false;
    f->state = INACTIVE;
    *chain() = f->outer;
    return true;
}

void __dt_seh_exit_except(frame *f)
{
    leave(f);
}

void __dt_seh_exit_finally(frame *f)
{
    if (leave(f))
        ke_seh_ask(f, __DT_SEH_ASKED);
}

/* ---- dispatching ---- */

/* While the filter runs, what it raises itself is for the frames around f; on the way there those below f are left too. */
static int ask_filter(frame *f, EXCEPTION_POINTERS *p)
{
    frame **head = chain(), *below = *head;
    frame   mark = {.kind = MARK, .state = ACTIVE, .outer = below, .search = f->outer};

    *head = &mark;
    f->pointers = p;
    f->code = (unsigned)p->ExceptionRecord->ExceptionCode;
    int answer = ke_seh_ask(f, __DT_SEH_ASKED);

    f->pointers = NULL;
    *chain() = below;
    return answer;
}

#if defined(__SANITIZE_ADDRESS__)
void __asan_handle_no_return(void);
#    define STACK_GOES() __asan_handle_no_return()
#else
#    define STACK_GOES() ((void)0)
#endif

static _Noreturn void unwind_to(frame *target)
{
    frame *f;

    while ((f = *chain()) != target)
        if (f->kind == __DT_SEH_FINALLY)
            __dt_seh_exit_finally(f);
        else
            leave(f);
    leave(target);
    STACK_GOES();
    ke_seh_jump(target->regs, __DT_SEH_HANDLER, target->regs[REG_SP]);
}

bool ke_exception_expected(void)
{
    return *chain() != NULL;
}

/* f is not asked again: it would give the same answer. */
static _Noreturn void cannot_continue(const frame *f, const EXCEPTION_RECORD *r)
{
    frame **head = chain();
    frame   mark = {.kind = MARK, .state = ACTIVE, .outer = *head, .search = f->outer};

    *head = &mark;
    ke_raise_status(STATUS_NONCONTINUABLE_EXCEPTION, NULL, r->ExceptionAddress,
        "a filter wants to go on after exception 0x%08x, which cannot be", (unsigned)r->ExceptionCode);
}

bool ke_exception_dispatch(EXCEPTION_RECORD *r)
{
    EXCEPTION_POINTERS p = {.ExceptionRecord = r};

    for (frame *f = *chain(); f; f = f->search) {
        int answer = f->kind == __DT_SEH_EXCEPT ? ask_filter(f, &p) : EXCEPTION_CONTINUE_SEARCH;

        if (answer == EXCEPTION_EXECUTE_HANDLER)
            unwind_to(f);
        if (answer == EXCEPTION_CONTINUE_EXECUTION && !(r->ExceptionFlags & EXCEPTION_NONCONTINUABLE))
            return true;
        if (answer == EXCEPTION_CONTINUE_EXECUTION)
            cannot_continue(f, r);
    }
    return false;
}

/* ---- routines that raise ---- */

/* A thread below DISPATCH_LEVEL is a system thread here (SEM-011). */
static uint32_t unhandled(void)
{
    return mach_irql() >= DISPATCH_LEVEL ? KMODE_EXCEPTION_NOT_HANDLED : SYSTEM_THREAD_EXCEPTION_NOT_HANDLED;
}

void ke_raise_status(NTSTATUS status, const char *rule, const void *address, const char *what, ...)
{
    struct finding f = {
        .severity = FINDING_STOP, .rule = rule, .bugcheck = unhandled(), .object = NULL, .caller = address};
    EXCEPTION_RECORD r = {
        .ExceptionCode = status, .ExceptionFlags = EXCEPTION_NONCONTINUABLE, .ExceptionAddress = (void *)address};
    va_list  ap;
    uint64_t p[4] = {(uint32_t)status, (uintptr_t)address, 0, 0};

    if (mach_irql() < DISPATCH_LEVEL)
        ke_exception_dispatch(&r);
    va_start(ap, what);
    finding_format(&f, what, ap);
    va_end(ap);
    ke_bugcheckf(rule, f.bugcheck, p, "%s: exception 0x%08x", f.what, (unsigned)status);
}
