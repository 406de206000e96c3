// The header of an arm64 Linux Image (Documentation/arch/arm64/booting.rst), and what a kernel does first.
#define TEXT_OFFSET 0x80000
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
2:  adr x4, _start
    mov x5, #TEXT_OFFSET
    bl image_main                   // x0 to x3 as they were at entry, where it is, and where it wants to be
    b power_off

    .text
    .global power_off
#include "../platform.h"
power_off:
    movz w0, #0x8400, lsl #16       // PSCI_SYSTEM_OFF
    movk w0, #8
    FIRMWARE #0
3:  wfi
    b 3b

    .balign 2048
vectors:
    .rept 16
    b 4f
    .balign 128
    .endr
4:  mrs x0, esr_el1
    mrs x1, far_el1
    mrs x2, elr_el1
    bl unexpected
    b power_off
