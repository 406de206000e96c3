// An arm64 Linux Image that tells what it was given.
#define TEXT_OFFSET 0x80000
#include "../image.S"
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
