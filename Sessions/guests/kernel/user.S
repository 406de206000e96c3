// Where a process begins, with its number in x0; and a function that notices when a register is not what it was.
    .section .text.start, "ax"
    .global _start
_start:
    cmp x0, #1
    b.eq first
    b second

    .text
// u64 keep(u64 seed, u64 loops): fills x1 to x30, waits for a while, and returns how many of them are still right.
    .global keep
keep:
    stp x29, x30, [sp, #-96]!
    stp x19, x20, [sp, #16]
    stp x21, x22, [sp, #32]
    stp x23, x24, [sp, #48]
    stp x25, x26, [sp, #64]
    stp x27, x28, [sp, #80]
    sub sp, sp, #32
    stp x0, x1, [sp]
    .irp n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
    add x\n, x0, #\n
    .endr
    ldr x0, [sp, #8]
1:  subs x0, x0, #1
    b.ne 1b
    str x1, [sp, #16]               // x1 is where they are counted
    mov x1, #0
    ldr x0, [sp]
    .irp n, 2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
    sub x\n, x\n, x0
    cmp x\n, #\n
    cinc x1, x1, eq
    .endr
    ldr x2, [sp, #16]
    sub x2, x2, x0
    cmp x2, #1
    cinc x0, x1, eq
    add sp, sp, #32
    ldp x19, x20, [sp, #16]
    ldp x21, x22, [sp, #32]
    ldp x23, x24, [sp, #48]
    ldp x25, x26, [sp, #64]
    ldp x27, x28, [sp, #80]
    ldp x29, x30, [sp], #96
    ret
