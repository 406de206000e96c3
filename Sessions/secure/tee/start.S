// From the first instruction to C, into an application and back, and what exceptions come to.
#include "../abi.h"

    .section .text.start, "ax"
    .global _start
_start:
    adrp x9, stack_top
    add x9, x9, :lo12:stack_top
    mov sp, x9
    adr x9, vectors
    msr vbar_el1, x9
    bl tables                       // x0: stage 1 of the TEE
    msr ttbr0_el1, x0
    mov x0, #0xff                   // MAIR 0: Normal, write back
    msr mair_el1, x0
    ldr x0, =0x100803519            // TCR: 39 bits, no high half, 4 KiB granules, inner shareable, write back, 36 bits out
    msr tcr_el1, x0
    dsb ish
    tlbi vmalle1
    dsb ish
    isb
    mrs x0, sctlr_el1
    orr x0, x0, #1
    msr sctlr_el1, x0
    isb
    b tee_main

// void smc(u64 x[8]): X0 to X7 in, and what they are afterwards.
    .text
    .global smc
smc:
    str x0, [sp, #-16]!
    mov x16, x0
    ldp x0, x1, [x16]
    ldp x2, x3, [x16, #16]
    ldp x4, x5, [x16, #32]
    ldp x6, x7, [x16, #48]
    smc #0
    ldr x16, [sp], #16
    stp x0, x1, [x16]
    stp x2, x3, [x16, #16]
    stp x4, x5, [x16, #32]
    stp x6, x7, [x16, #48]
    ret

// u64 copy_shared(void *to, const void *from, u64 length): 0, or 1 if an access ends in a fault. Memory of the Normal world's may go to
// another world at any time.
    .global copy_shared
copy_shared:
    cbz x2, 2f
1:  ldrb w3, [x1], #1
    strb w3, [x0], #1
    subs x2, x2, #1
    b.ne 1b
2:  mov x0, #0
    ret
copy_shared_end:
copy_fault:
    mov x0, #1
    ret

// u64 enter_application(u64 entry, u64 x0, u64 x1, void *x2, u64 stack): runs it at EL0 until it returns or is ended; what leave() was given.
    .global enter_application
enter_application:
    stp x29, x30, [sp, #-96]!
    stp x19, x20, [sp, #16]
    stp x21, x22, [sp, #32]
    stp x23, x24, [sp, #48]
    stp x25, x26, [sp, #64]
    stp x27, x28, [sp, #80]
    msr elr_el1, x0
    mov x9, #0x3c0                  // EL0, all masked
    msr spsr_el1, x9
    msr sp_el0, x4
    mov x0, x1
    mov x1, x2
    mov x2, x3
    .irp n, 3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
    mov x\n, xzr
    .endr
    eret

    .balign 2048
vectors:
    .balign 128                     // from EL1 on SP_EL0: not used
    b .
    .balign 0x200
    b from_tee                      // from EL1: synchronous
    .balign 0x200
    b from_application              // from EL0: synchronous
    .balign 0x200
    b .

from_tee:
    stp x9, x10, [sp, #-16]!
    mrs x9, elr_el1
    adr x10, copy_shared
    cmp x9, x10
    b.lo 1f
    adr x10, copy_shared_end
    cmp x9, x10
    b.hs 1f
    adr x10, copy_fault
    msr elr_el1, x10
    ldp x9, x10, [sp], #16
    eret
1:  mrs x0, esr_el1
    mrs x1, far_el1
    mrs x2, elr_el1
    b tee_panic

from_application:
    sub sp, sp, #272
    stp x0, x1, [sp]
    stp x2, x3, [sp, #16]
    stp x4, x5, [sp, #32]
    stp x6, x7, [sp, #48]
    stp x8, x9, [sp, #64]
    stp x10, x11, [sp, #80]
    stp x12, x13, [sp, #96]
    stp x14, x15, [sp, #112]
    stp x16, x17, [sp, #128]
    stp x18, x19, [sp, #144]
    stp x20, x21, [sp, #160]
    stp x22, x23, [sp, #176]
    stp x24, x25, [sp, #192]
    stp x26, x27, [sp, #208]
    stp x28, x29, [sp, #224]
    mrs x1, elr_el1
    stp x30, x1, [sp, #240]
    mov x0, sp
    mrs x1, esr_el1
    bl system_call                  // 0 to go on
    cbnz x0, leave
    ldp x30, x1, [sp, #240]
    msr elr_el1, x1
    ldp x28, x29, [sp, #224]
    ldp x26, x27, [sp, #208]
    ldp x24, x25, [sp, #192]
    ldp x22, x23, [sp, #176]
    ldp x20, x21, [sp, #160]
    ldp x18, x19, [sp, #144]
    ldp x16, x17, [sp, #128]
    ldp x14, x15, [sp, #112]
    ldp x12, x13, [sp, #96]
    ldp x10, x11, [sp, #80]
    ldp x8, x9, [sp, #64]
    ldp x6, x7, [sp, #48]
    ldp x4, x5, [sp, #32]
    ldp x2, x3, [sp, #16]
    ldp x0, x1, [sp]
    add sp, sp, #272
    eret
leave:
    ldr x0, [sp]                    // the application's x0: its result
    add sp, sp, #272
    ldp x27, x28, [sp, #80]
    ldp x25, x26, [sp, #64]
    ldp x23, x24, [sp, #48]
    ldp x21, x22, [sp, #32]
    ldp x19, x20, [sp, #16]
    ldp x29, x30, [sp], #96
    ret

    .section .rodata
    .balign 16
    .global hello_image, hello_image_end, storage_image, storage_image_end
hello_image:
    .incbin "hello.bin"
hello_image_end:
    .balign 16
storage_image:
    .incbin "storage.bin"
storage_image_end:

    .bss
    .balign 4096
    .space 16384
stack_top:
