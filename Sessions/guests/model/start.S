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
#include "../smc.S"

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
