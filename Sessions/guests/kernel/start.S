// From the first instruction to C, and from a process to the kernel and back.
#include "layout.h"

// ---- MMU off, at RAM: addresses are physical, and so is what adrp makes.
    .section .text.start, "ax"
    .global _start
_start:
    adrp x0, stack_top
    mov sp, x0
    bl kernel_tables                // x0: the kernel's tables
    // Both halves get the same tables: they differ in the top 16 bits of an address, which no table looks at. The low half is
    // needed for the few instructions until the jump.
    msr ttbr0_el1, x0
    msr ttbr1_el1, x0
    ldr x0, =0x00ff                 // MAIR 0: Normal, write back; MAIR 1: Device-nGnRnE
    msr mair_el1, x0
    ldr x0, =0x1b5103510            // TCR: 48 bits in each half, 4 KiB granules, inner shareable, write back, 36 bits out
    msr tcr_el1, x0
    dsb ish
    tlbi vmalle1
    dsb ish
    isb
    mrs x0, sctlr_el1
    ldr x1, =0x801005               // SPAN (the kernel may read what is a process's), I, C, M
    orr x0, x0, x1
    msr sctlr_el1, x0
    isb
    ldr x0, =high
    br x0

// ---- MMU on, at HIGH + RAM.
high:
    ldr x0, =stack_top
    mov sp, x0
    adr x0, vectors
    msr vbar_el1, x0
    isb
    bl kernel_main                  // x0: the first process
    ldr x2, [x0, #272]
    msr ttbr0_el1, x2               // the low half belongs to processes from here on: what was remembered of it is forgotten
    isb
    tlbi vmalle1
    dsb nsh
    b resume

// ---- Exceptions. While a process runs, SP_EL1 points to its struct process, which begins with what is saved here. The kernel
// itself runs with interrupts masked and on one stack: whenever it is entered, the stack is empty.
    .macro from_process handler
    .balign 128
    stp x0, x1, [sp]
    ldr x1, =\handler
    b save
    .endm

    .macro from_kernel
    .balign 128
    mrs x0, esr_el1
    mrs x1, far_el1
    mrs x2, elr_el1
    b panic
    .endm

    .text
    .balign 2048
vectors:
    .rept 8                         // from EL1: the kernel makes none
    from_kernel
    .endr
    from_process exception          // from EL0: synchronous
    from_process interrupt          // IRQ
    .rept 6
    from_kernel
    .endr

    .balign 128
save:
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
    mrs x2, sp_el0
    stp x30, x2, [sp, #240]
    mrs x2, elr_el1
    mrs x3, spsr_el1
    stp x2, x3, [sp, #256]
    mov x0, sp
    ldr x2, =stack_top
    mov sp, x2
    blr x1                          // handler(process): returns the process to go on with, which may be another

resume:
    mov sp, x0
    ldr x2, [sp, #272]
    msr ttbr0_el1, x2               // its memory; the ASID in it keeps the TLB entries of processes apart
    isb
    ldp x2, x3, [sp, #256]
    msr elr_el1, x2
    msr spsr_el1, x3
    ldp x30, x2, [sp, #240]
    msr sp_el0, x2
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
    eret

// void power_off(void)
    .global power_off
power_off:
    ldr w0, =0x84000008             // PSCI_SYSTEM_OFF
    FIRMWARE #0
1:  wfi
    b 1b

    .section .rodata
    .balign 4096
    .global user_image
user_image:
    .incbin "processes.bin"

    .bss
    .balign 4096
    .space 8192
stack_top:
