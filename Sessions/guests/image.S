// The header of an arm64 Linux Image (Documentation/arch/arm64/booting.rst), whose place from a boundary of 2 MiB is TEXT_OFFSET, and what
// a kernel does first: a stack, vectors, zeroes beyond the file. X0 to X3 are as they were at entry. What follows goes on at label 2.
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
