// void smc(u64 x[11]): X0 to X10 in, and what they are afterwards.
    .global smc
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
