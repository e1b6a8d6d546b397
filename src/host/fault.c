/* SPDX-License-Identifier: MIT */
/*
 * host/fault.c - what the processor says about driver code: bad addresses, divisions by zero, stack overflows; and
 * what it does not say: a loop that never ends and never calls anything.
 *
 * A fault in a run is the bug check that Windows would give, with the driver's line, and ends the run like any STOP. The
 * signal handler does not return then: on the simulated machine it switches to the stack of the caller of the run, on the
 * real-time one its thread stops for good. That is sound because the fault is synchronous, in the driver or in a routine of
 * ours that was handed a bad pointer. Outside runs the signals do what they did before.
 *
 * Before that, __except filters are asked (ke/exception.c), if there are any and if the code may be left where it is: a
 * driver's own, or what it calls in the C library, or the routines that probe. The handler returns into raise_to_driver() on
 * the faulting stack then. A filter that wants to go on gets back the registers through a trap that the handler knows. An
 * address in the kernel's half of the address space is no exception on Windows but bug check 0x50.
 *
 * Endless loops: a timer of this process's CPU time looks once a second whether the machine was called since. After
 * HANG_SECONDS without a call the run ends with a finding. Only on the simulated machine, where one thread runs all.
 */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE
#endif
#include "host/fault.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <ucontext.h>

#include "host/freed.h"
#include "host/host.h"
#include "host/image.h"
#include "ke/ke.h"
#include "mach/mach.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#    define SANITIZED 1
#elif defined(__has_feature)
#    if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#        define SANITIZED 1
#    endif
#endif
#ifndef SANITIZED
#    define SANITIZED 0
#endif

enum { HANG_SECONDS = 10, ALT_STACK_BYTES = 256 * 1024, NEAR_STACK = 64 * 1024 };
enum { ERR_WRITE = 2, ERR_FETCH = 16 }; /* bits of x86's page fault error code */

static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};

static struct sigaction before[64];
static const void      *fault_pc, *fault_frame;
static uint64_t         hang_calls; /* machine calls at the last look */
static unsigned         hang_looks; /* looks since there was one */

bool fault_origin(const void **pc, const void **frame)
{
    *pc = fault_pc;
    *frame = fault_frame;
    return fault_pc != NULL;
}

void fault_reset(void)
{
    fault_pc = fault_frame = NULL;
}

/* ---- what Windows would say ---- */

struct fault {
    int       signal;
    uintptr_t address, pc, sp;
    uint64_t  error;
    bool      freed; /* a register holds what freed memory holds */
};

static bool is_stack_overflow(const struct fault *x)
{
    return x->signal == SIGSEGV && x->address - (x->sp - NEAR_STACK) < 2 * NEAR_STACK;
}

static const char *verb(const struct fault *x)
{
    return x->error & ERR_FETCH ? "executes" : x->error & ERR_WRITE ? "writes to" : "reads from";
}

static const char *origin(const struct fault *x)
{
    return x->freed ? "; the pointer was read from memory that had been freed" : "";
}

static uint32_t nt_status(int signal)
{
    return signal == SIGFPE ? 0xC0000094u : signal == SIGILL ? 0xC000001Du : 0xC0000005u;
}

/* As if it were a return address: reports name what lies before it. */
static const void *after(uintptr_t pc)
{
    return (const void *)(pc + 1);
}

static _Noreturn void raise_fault(const struct fault *x)
{
    unsigned       irql = mach_irql();
    uint64_t       access = x->error & ERR_FETCH ? 8 : x->error & ERR_WRITE ? 1 : 0;
    struct finding f = {.severity = FINDING_STOP, .caller = after(x->pc)};

    if (x->freed && x->signal != SIGFPE)
        f.rule = "DT-T05";
    if (is_stack_overflow(x)) {
        f.bugcheck = 0x7F;
        f.param[0] = 8;
        finding_raisef(&f, "the kernel stack of a thread overflows");
    } else if (x->signal == SIGFPE || x->signal == SIGILL) {
        f.bugcheck = irql >= 2 ? 0x1E : 0x7E;
        f.param[0] = nt_status(x->signal);
        f.param[1] = x->pc;
        finding_raisef(&f, x->signal == SIGFPE ? "integer division by zero" : "an illegal instruction is executed");
    } else if (irql >= 2) {
        f.bugcheck = 0xD1;
        f.param[0] = x->address;
        f.param[1] = irql;
        f.param[2] = access;
        f.param[3] = x->pc;
        finding_raisef(&f, "code at IRQL %u %s address 0x%llx, which is not mapped%s", irql, verb(x),
            (unsigned long long)x->address, origin(x));
    } else {
        f.bugcheck = 0x7E;
        f.param[0] = nt_status(x->signal);
        f.param[1] = x->pc;
        finding_raisef(
            &f, "code %s address 0x%llx, which is not mapped%s", verb(x), (unsigned long long)x->address, origin(x));
    }
    mach_halt();
}

/* ---- handlers of the driver ---- */

/* What a filter's EXCEPTION_CONTINUE_EXECUTION goes back to. Lies on the faulting stack, below its red zone. */
struct interrupted {
    struct fault         fault;
    const void          *frame;
    gregset_t            registers;
    struct _libc_fpstate fp;
};

void        fault_resume(const struct interrupted *i);
extern char fault_resume_trap[];

__asm__(".text\n"
        ".hidden fault_resume, fault_resume_trap\n"
        ".globl fault_resume, fault_resume_trap\n"
        "fault_resume:\n"
        "fault_resume_trap:\n"
        "    ud2\n");

static void raise_to_driver(const struct interrupted *i)
{
    const struct fault *x = &i->fault;
    EXCEPTION_RECORD    r = {.ExceptionCode = (NTSTATUS)nt_status(x->signal), .ExceptionAddress = (void *)x->pc};

    if (x->signal == SIGSEGV || x->signal == SIGBUS) {
        r.NumberParameters = 2;
        r.ExceptionInformation[0] = x->error & ERR_FETCH ? 8 : x->error & ERR_WRITE ? 1 : 0;
        r.ExceptionInformation[1] = x->address;
    }
    if (ke_exception_dispatch(&r))
        fault_resume(i);
    fault_pc = (void *)x->pc;
    fault_frame = i->frame;
    raise_fault(x);
}

/* Not in the middle of a routine of the kernel, which may hold a lock: those begin with a frame. libc's memory routines,
 * called by a driver, have none. */
static bool may_be_left(const struct fault *x)
{
    return image_holds((void *)x->pc) || (x->pc >= (uintptr_t)ke_probes && x->pc < (uintptr_t)ke_probes_end) ||
           image_holds(*(void **)x->sp);
}

/* A memory fault at DISPATCH_LEVEL or on the kernel's addresses is beyond any handler. */
static bool is_for_handlers(const struct fault *x)
{
    bool memory = x->signal == SIGSEGV || x->signal == SIGBUS;

    return ke_exception_expected() && !is_stack_overflow(x) && !(memory && mach_irql() >= DISPATCH_LEVEL) &&
           !(memory && x->address >> 47) && may_be_left(x);
}

static void divert(ucontext_t *uc, const struct fault *x)
{
    uintptr_t           sp = (x->sp - 128 - sizeof(struct interrupted)) & ~(uintptr_t)63;
    struct interrupted *i = (struct interrupted *)sp;
    greg_t             *g = uc->uc_mcontext.gregs;

    i->fault = *x;
    i->frame = (void *)g[REG_RBP];
    memcpy(i->registers, g, sizeof i->registers);
    if (uc->uc_mcontext.fpregs)
        i->fp = *uc->uc_mcontext.fpregs;
    g[REG_RIP] = (greg_t)(uintptr_t)raise_to_driver;
    g[REG_RDI] = (greg_t)sp;
    g[REG_RSP] = (greg_t)(sp - 8); /* as after a call */
    g[REG_EFL] &= ~0x400;          /* string operations go upward */
}

static void resume(ucontext_t *uc)
{
    const struct interrupted *i = (const struct interrupted *)uc->uc_mcontext.gregs[REG_RDI];
    struct _libc_fpstate     *fp = uc->uc_mcontext.fpregs;

    memcpy(uc->uc_mcontext.gregs, i->registers, sizeof i->registers);
    if (fp)
        memcpy(fp, &i->fp,
            offsetof(struct _libc_fpstate, __glibc_reserved1)); /* what comes after says how much is saved */
}

/* ---- signals ---- */

/* The processor does not say which address it was when no address may look so (SI_KERNEL). */
static bool holds_freed(const greg_t *registers)
{
    for (int i = REG_R8; i <= REG_RCX; i++)
        if (freed_is_pattern((uint64_t)registers[i]))
            return true;
    return false;
}

static void as_before(int signal)
{
    sigaction(signal, &before[signal], NULL); /* the instruction is tried again and meets the old handler */
}

static void on_fault(int signal, siginfo_t *info, void *context)
{
    ucontext_t  *uc = context;
    struct fault x = {.signal = signal,
        .address = (uintptr_t)info->si_addr,
        .pc = (uintptr_t)uc->uc_mcontext.gregs[REG_RIP],
        .sp = (uintptr_t)uc->uc_mcontext.gregs[REG_RSP],
        .error = (uint64_t)uc->uc_mcontext.gregs[REG_ERR]};

    x.freed = info->si_code == SI_KERNEL && holds_freed(uc->uc_mcontext.gregs);

    if (!host.running || host.stopped || fault_pc) {
        as_before(signal);
        return;
    }
    if (x.pc == (uintptr_t)fault_resume_trap) {
        resume(uc);
        return;
    }
    if (is_for_handlers(&x)) {
        divert(uc, &x);
        return;
    }
    fault_pc = after(x.pc);
    fault_frame = (void *)uc->uc_mcontext.gregs[REG_RBP];
    raise_fault(&x);
}

static void on_second(int signal, siginfo_t *info, void *context)
{
    const ucontext_t *uc = context;
    uint64_t          calls = mach_points();

    (void)signal, (void)info;
    if (!host.running || host.stopped || calls != hang_calls) {
        hang_calls = calls;
        hang_looks = 0;
        return;
    }
    if (++hang_looks < HANG_SECONDS)
        return;
    hang_looks = 0;
    fault_pc = after((uintptr_t)uc->uc_mcontext.gregs[REG_RIP]);
    fault_frame = (void *)uc->uc_mcontext.gregs[REG_RBP];
    struct finding f = {.severity = FINDING_STOP, .rule = "DT-X04", .caller = fault_pc};

    finding_raisef(&f, "code runs for %d seconds at IRQL %u without calling any routine: an endless loop", HANG_SECONDS,
        mach_irql());
}

static void install_alt_stack(void)
{
    stack_t s = {.ss_sp = malloc(ALT_STACK_BYTES), .ss_size = ALT_STACK_BYTES};

    if (s.ss_sp)
        sigaltstack(&s, NULL);
}

/* Once a second of CPU time; not when the program uses that timer itself. */
static void install_hang_timer(void)
{
    struct sigaction a = {.sa_sigaction = on_second, .sa_flags = SA_SIGINFO | SA_NODEFER | SA_RESTART}, old;
    struct itimerval every = {.it_interval = {.tv_sec = 1}, .it_value = {.tv_sec = 1}}, now;

    if (strcmp(dt_machine(), "sim") != 0 || getitimer(ITIMER_VIRTUAL, &now) != 0 || now.it_value.tv_sec ||
        now.it_value.tv_usec || sigaction(SIGVTALRM, NULL, &old) != 0 || old.sa_handler != SIG_DFL)
        return;
    sigaction(SIGVTALRM, &a, NULL);
    setitimer(ITIMER_VIRTUAL, &every, NULL);
}

void fault_install(void)
{
    static bool done;

    if (done || SANITIZED)
        return;
    done = true;
    install_alt_stack();
    struct sigaction a = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};

    for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &a, &before[signals[i]]);
    install_hang_timer();
}
