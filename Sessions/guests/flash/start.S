// One vCPU, its stack, and vectors that end it. The MMU stays off: an address is an IPA.
#include "../platform.h"
    .section .text.start, "ax"
    .global _start
_start:
    ldr x1, =stack_top
    mov sp, x1
    ldr x1, =vectors
    msr vbar_el1, x1
    isb
    bl main
1:  wfi
    b 1b

    .text
// u64 firmware(u64 function, u64 a, u64 b, u64 c)
    .global firmware
firmware:
    FIRMWARE #0
    ret

    .balign 2048
vectors:
    .rept 16
    .balign 128
    mrs x0, esr_el1
    mrs x1, far_el1
    mrs x2, elr_el1
    b panic
    .endr

    .bss
    .balign 16
    .space 16384
stack_top:
