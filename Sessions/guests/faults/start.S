// A stack, vectors that note what was taken and go on behind it, and on to C. The MMU stays off: an address is an IPA.
    .macro begin stack, place
    adrp x1, \stack
    add x1, x1, :lo12:\stack
    mov sp, x1
    adrp x1, vectors
    add x1, x1, :lo12:vectors
    msr vbar_el1, x1
    isb
    bl \place
    .endm

    .section .text.start, "ax"
    .global _start
_start:
    begin stack_top, main
1:  wfi
    b 1b

// PSCI_CPU_ON begins here.
    .global second_start
second_start:
    begin second_stack_top, second

    .text
#include "../smc.S"

// uint64_t load(uint64_t address), void store(uint64_t address), void fetch(uint64_t address)
    .global load, store, fetch
load:
    ldr x0, [x0]
    ret
store:
    str x0, [x0]
    ret
fetch:
    str x30, [sp, #-16]!
    adr x9, 1f
    blr x0
1:  ldr x30, [sp], #16
    ret

    .balign 2048
vectors:
    .balign 512
    .space 512
    // Synchronous, current level with SP_ELx: note the syndrome; behind an instruction, or back from a fetch (and from what is
    // no instruction).
    adrp x10, taken
    add x10, x10, :lo12:taken
    mrs x11, esr_el1
    mrs x12, far_el1
    stp x11, x12, [x10]
    lsr x12, x11, #26
    cmp x12, #0x21
    ccmp x12, #0, #4, ne
    mrs x12, elr_el1
    add x12, x12, #4
    csel x12, x9, x12, eq
    msr elr_el1, x12
    eret

    .bss
    .balign 16
    .global taken
taken: .space 16
    .balign 16
    .space 8192
stack_top:
    .space 4096
second_stack_top:
