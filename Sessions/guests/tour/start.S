// The first instructions of a vCPU: a stack, the vectors, zeroed variables, and on to C.
    .section .text.start, "ax"
    .global _start
_start:
    adrp x1, stack_top
    add x1, x1, :lo12:stack_top
    mov sp, x1
    adrp x1, vectors
    add x1, x1, :lo12:vectors
    msr vbar_el1, x1
    isb
    bl main
1:  wfi
    b 1b

// PSCI_CPU_ON begins here with the context in x0.
    .global secondary_start
secondary_start:
    adrp x1, stack2_top
    add x1, x1, :lo12:stack2_top
    mov sp, x1
    adrp x1, vectors
    add x1, x1, :lo12:vectors
    msr vbar_el1, x1
    isb
    bl secondary_main
2:  wfi
    b 2b

    .text
#include "../smc.S"

    .balign 2048
vectors:
    .rept 16
    b unexpected_entry
    .balign 128
    .endr
unexpected_entry:
    mrs x0, esr_el1
    mrs x1, far_el1
    mrs x2, elr_el1
    b unexpected

    .bss
    .balign 16
    .space 16384
stack_top:
    .space 4096
stack2_top:
