// Two vCPUs, a stack each, and vectors from which a handler may be interrupted again. The MMU stays off: an address is an IPA.
#include "../platform.h"
    .section .text.start, "ax"
    .global _start, secondary_start
_start:
    ldr x1, =stack_top
    mov sp, x1
    ldr x1, =vectors
    msr vbar_el1, x1
    isb
    bl main
1:  wfi
    b 1b

secondary_start:
    ldr x1, =stack2_top
    mov sp, x1
    ldr x1, =vectors
    msr vbar_el1, x1
    isb
    bl secondary_main
2:  wfi
    b 2b

    .text
// u64 firmware(u64 function, u64 a, u64 b, u64 c)
    .global firmware
firmware:
    FIRMWARE #0
    ret

    .macro unexpected
    .balign 128
    mrs x0, esr_el1
    mrs x1, far_el1
    mrs x2, elr_el1
    b panic
    .endm

    // What a function may change, and what the next exception will: ELR and SPSR.
    .macro handled function
    .balign 128
    stp x0, x1, [sp, #-192]!
    stp x2, x3, [sp, #16]
    ldr x0, =\function
    b save
    .endm

    .balign 2048
vectors:
    .rept 5
    unexpected
    .endr
    handled irq
    handled fiq
    .rept 9
    unexpected
    .endr

save:
    stp x4, x5, [sp, #32]
    stp x6, x7, [sp, #48]
    stp x8, x9, [sp, #64]
    stp x10, x11, [sp, #80]
    stp x12, x13, [sp, #96]
    stp x14, x15, [sp, #112]
    stp x16, x17, [sp, #128]
    stp x18, x30, [sp, #144]
    mrs x1, elr_el1
    mrs x2, spsr_el1
    stp x1, x2, [sp, #160]
    blr x0
    ldp x1, x2, [sp, #160]
    msr elr_el1, x1
    msr spsr_el1, x2
    ldp x18, x30, [sp, #144]
    ldp x16, x17, [sp, #128]
    ldp x14, x15, [sp, #112]
    ldp x12, x13, [sp, #96]
    ldp x10, x11, [sp, #80]
    ldp x8, x9, [sp, #64]
    ldp x6, x7, [sp, #48]
    ldp x4, x5, [sp, #32]
    ldp x2, x3, [sp, #16]
    ldp x0, x1, [sp], #192
    eret

    .bss
    .balign 16
    .space 16384
stack_top:
    .space 16384
stack2_top:
