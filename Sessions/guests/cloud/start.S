// An arm64 Linux Image that a VMM with a device tree starts, and that stays.
#define TEXT_OFFSET 0
#include "../image.S"
2:  bl image_main                   // x0 is the device tree
stays:
    wfi
    b stays

    .text
#include "../smc.S"

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
