/* SPDX-License-Identifier: MIT */
/*
 * void sim_switch(void **save, void *load): suspends the caller's stack in *save, goes on with the one in load.
 *
 * Ends in an indirect jump, not a ret: the return-stack predictor would be wrong on every switch (15-20 ns).
 * The floating-point control words are not switched; drivers may not change them.
 */
        .text
        .globl  sim_switch
        .hidden sim_switch
        .type   sim_switch, @function
        .p2align 4
sim_switch:
        .cfi_startproc
        popq    %rcx
        .cfi_adjust_cfa_offset -8
        .cfi_register %rip, %rcx
        pushq   %rbp
        pushq   %rbx
        pushq   %r12
        pushq   %r13
        pushq   %r14
        pushq   %r15
        pushq   %rcx
        movq    %rsp, (%rdi)
        movq    %rsi, %rsp
        popq    %rcx
        popq    %r15
        popq    %r14
        popq    %r13
        popq    %r12
        popq    %rbx
        popq    %rbp
        jmp     *%rcx
        .cfi_endproc
        .size   sim_switch, .-sim_switch
        .section .note.GNU-stack, "", @progbits
