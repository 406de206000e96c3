/* What the TEE, its applications and their clients agree on. For C and for assembly. */
#pragma once

/* The TEE's memory: its partition's 2 MiB, which stage 2 gives it as they are. */
#define TEE_BASE 0x06200000
#define TEE_RX 0x063ff000
#define TEE_TX 0x063fe000
#define HARDWARE_KEY 0x063fd000 /* 32 bytes of the platform's, for the Secure world alone */

/* An application's: text, data and stack at an address of its own; the page of parameters is mapped for whichever runs. */
#define HELLO_BASE 0x06300000
#define STORAGE_BASE 0x06310000
#define APP_SIZE 0x10000
#define SHARED_PAGES 0x06340000 /* parameters, and copies of what the client shares: 4 pages */
#define SHARED_SIZE 0x4000

/* System calls of an application: the number in x8, arguments from x0 on, the answer in x0. */
#define SYS_RETURN 0 /* result */
#define SYS_LOG 1 /* text, length */
#define SYS_KEY 2 /* where 32 bytes of the application's own key go */

/* GlobalPlatform TEE Internal Core API: results and parameter types. */
#define TEE_SUCCESS 0
#define TEE_ERROR_CORRUPT_OBJECT 0xf0100001
#define TEE_ERROR_BAD_PARAMETERS 0xffff0006
#define TEE_ERROR_ITEM_NOT_FOUND 0xffff0008
#define TEE_ERROR_NOT_SUPPORTED 0xffff000a
#define TEE_ERROR_SHORT_BUFFER 0xffff0010
#define TEE_ERROR_TARGET_DEAD 0xffff3024

#ifndef __ASSEMBLER__
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long u64;

/* A parameter as an application finds it: a value, or memory it has a copy of. */
struct parameter {
  u64 type; /* 0 none, 1 value in, 2 value out, 3 both; 5 memory in, 6 out, 7 both */
  union {
    struct { u64 a, b; };
    struct { u8 *bytes; u64 size; };
  };
};

enum { ENTRY_OPEN, ENTRY_INVOKE, ENTRY_CLOSE };
#endif
