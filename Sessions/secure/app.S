// Where an application begins: x0 says what is wanted, x1 the command, x2 its four parameters. What main returns goes to the TEE.
#include "abi.h"
    .section .text.start, "ax"
    .global _start
_start:
    bl application
    mov x8, #SYS_RETURN
    svc #0

    .text
// void log_text(const char *text, u64 length)
    .global log_text
log_text:
    mov x8, #SYS_LOG
    svc #0
    ret

// void application_key(u8 key[32])
    .global application_key
application_key:
    mov x8, #SYS_KEY
    svc #0
    ret
