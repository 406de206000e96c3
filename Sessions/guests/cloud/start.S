// A guest of a VMM that has a device tree: the header of an arm64 Linux Image (Documentation/arch/arm64/booting.rst), and a stack.
#define TEXT_OFFSET 0
    .section .text.start, "ax"
    .global _start
_start:
    b start                         // code0, code1
    .word 0
    .quad TEXT_OFFSET               // where it goes, from a boundary of 2 MiB
    .quad image_end                 // how much memory it takes, with what is not in the file
    .quad 2                         // flags: little-endian, 4 KiB pages
    .quad 0, 0, 0
    .ascii "ARM\x64"
    .word 0
header_end:
    .if header_end - _start - 64
    .error "the header has 64 bytes"
    .endif

start:
    adrp x9, stack_top
    add x9, x9, :lo12:stack_top
    mov sp, x9
    adr x9, vectors
    msr vbar_el1, x9
    isb
    // What is beyond the file is not zero for certain.
    adrp x9, bss
    add x9, x9, :lo12:bss
    adrp x10, bss_end
    add x10, x10, :lo12:bss_end
1:  cmp x9, x10
    b.hs 2f
    stp xzr, xzr, [x9], #16
    b 1b
2:  bl image_main                   // x0 is the device tree
stays:
    wfi
    b stays

    .text
    // void smc(u64 x[11]): X0 to X10, and what they are afterwards.
    .global smc
smc:
    mov x17, x0
    ldp x0, x1, [x17]
    ldp x2, x3, [x17, #16]
    ldp x4, x5, [x17, #32]
    ldp x6, x7, [x17, #48]
    ldp x8, x9, [x17, #64]
    ldr x10, [x17, #80]
    str x17, [sp, #-16]!
    smc #0
    ldr x17, [sp], #16
    stp x0, x1, [x17]
    stp x2, x3, [x17, #16]
    stp x4, x5, [x17, #32]
    stp x6, x7, [x17, #48]
    stp x8, x9, [x17, #64]
    str x10, [x17, #80]
    ret

    .balign 2048
vectors:
    .rept 16
    b 3f
    .balign 128
    .endr
3:  mrs x0, esr_el1
    mrs x1, far_el1
    mrs x2, elr_el1
    bl unexpected
    b stays
