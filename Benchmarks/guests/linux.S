// The world of Linux, user mode: no library, two system calls.
    .text
    .global _start
_start:
    bl bench
    mov x0, #0
    mov x8, #93                 // exit
    svc #0

// void put(const char *text, u64 length)
    .global put
put:
    mov x2, x1
    mov x1, x0
    mov x0, #1
    mov x8, #64                 // write
    svc #0
    ret
