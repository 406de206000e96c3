// The first instructions of a vCPU: a stack, the vectors, and on to C.
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

    .text
#include "../smc.S"

    .balign 2048
vectors:
    .rept 4
    b unexpected_entry
    .balign 128
    .endr
    // A synchronous exception of EL1's own: a load of a device that is not there. It is skipped, and leaves its register as it was.
    b absent
    .balign 128
    .rept 11
    b unexpected_entry
    .balign 128
    .endr
absent:
    str x9, [sp, #-16]!
    mrs x9, esr_el1
    lsr x9, x9, #26
    cmp x9, #0x25
    b.ne unexpected_entry
    mrs x9, elr_el1
    add x9, x9, #4
    msr elr_el1, x9
    ldr x9, [sp], #16
    eret
unexpected_entry:
    mrs x0, esr_el1
    mrs x1, far_el1
    mrs x2, elr_el1
    b unexpected

    .bss
    .balign 16
    .space 16384
stack_top:
