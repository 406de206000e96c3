// The first instructions of the guest: a stack, the vectors, and on to C.
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
    .global smc
// void smc(u64 x[11]): X0 to X10 in and out.
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

    .global random_word
// int random_word(u64 *word): RNDR; 0 if there was no random number to have.
random_word:
    mrs x1, s3_3_c2_c4_0
    cset w2, ne
    str x1, [x0]
    mov w0, w2
    ret

    .global off
// void off(void): zeroes the stack, this frame included, and the registers; PSCI_SYSTEM_OFF.
off:
    adrp x0, stack
    add x0, x0, :lo12:stack
    adrp x1, stack_top
    add x1, x1, :lo12:stack_top
1:  stp xzr, xzr, [x0], #16
    cmp x0, x1
    b.lo 1b
    .irp n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
    mov x\n, xzr
    .endr
2:  mov w0, #0x0008
    movk w0, #0x8400, lsl #16
    smc #0
    b 2b

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
stack:
    .space 16384
stack_top:
