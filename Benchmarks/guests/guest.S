// The world of a Realm: stack and MMU on, the program, and off.
    .section .text.start, "ax"
    .global _start
_start:
    adrp x0, stack_top
    add x0, x0, :lo12:stack_top
    mov sp, x0
    adr x0, vectors
    msr vbar_el1, x0

    // Stage 1 in three blocks of 1 GiB, each where it is: RAM as Normal memory, the Host's devices, and nothing else.
    // With the MMU off all data would be Device memory, and every access would have to be aligned.
    adrp x0, table
    adrp x1, attributes
    add x1, x1, :lo12:attributes
    ldp x2, x3, [x1]
    str x2, [x0, #2 * 8]
    str x3, [x0, #4 * 8]
    ldp x2, x3, [x1, #16]
    msr mair_el1, x2
    msr tcr_el1, x3
    msr ttbr0_el1, x0
    dsb ish
    tlbi vmalle1
    dsb ish
    isb
    mrs x0, sctlr_el1
    mov x1, #0x1005             // I, C and M
    orr x0, x0, x1
    bic x0, x0, #2              // not A: what is unaligned is allowed
    msr sctlr_el1, x0
    isb

    bl bench
off:
    movz x0, #0x8400, lsl #16   // PSCI_SYSTEM_OFF
    movk x0, #8
    smc #0
1:  wfi
    b 1b

// void put(const char *text, u64 length): the UART is in the shared half.
    .text
    .global put
put:
    mov x2, #0x01000000
    movk x2, #1, lsl #32
1:  ldrb w3, [x0], #1
    str w3, [x2]
    subs x1, x1, #1
    b.ne 1b
    ret

    // An exception is the end, without a checksum.
    .balign 2048
vectors:
    .rept 16
    b off
    .balign 128
    .endr

    .section .rodata
    .balign 16
attributes:
    .quad 0x80000701            // block, access flag, inner shareable, MAIR 0
    .quad 0x0060000100000405    // block, access flag, MAIR 1, never executed
    .quad 0x00ff                // MAIR: 0 is Normal, write back; 1 is Device-nGnRnE
    .quad 0x0000000100803519    // TCR: 39 bits from TTBR0, none from TTBR1, IPAs of 36

    .bss
    .balign 4096
table:
    .space 4096
    .space 16384
stack_top:
