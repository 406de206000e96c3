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
    .global smc
// void smc(uint64_t x[11]): x0 to x10 in and out.
smc:
    str x0, [sp, #-16]!
    mov x16, x0
    ldp x0, x1, [x16]
    ldp x2, x3, [x16, #16]
    ldp x4, x5, [x16, #32]
    ldp x6, x7, [x16, #48]
    ldp x8, x9, [x16, #64]
    ldr x10, [x16, #80]
    smc #0
    ldr x16, [sp], #16
    stp x0, x1, [x16]
    stp x2, x3, [x16, #16]
    stp x4, x5, [x16, #32]
    stp x6, x7, [x16, #48]
    stp x8, x9, [x16, #64]
    str x10, [x16, #80]
    ret

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
