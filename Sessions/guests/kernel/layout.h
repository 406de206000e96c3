/* What the kernel and its processes agree on. For C and for assembly. */
#include "../platform.h"

#define HIGH 0xffff000000000000 /* the kernel's half: what is at P physically is at HIGH + P for the kernel, through TTBR1 */

/* What a process finds: the same addresses for each, with pages of its own behind DATA and STACK. */
#define TEXT 0x400000 /* two pages, which all share */
#define DATA 0x402000
#define STACK 0x404000
#define PAGE 0x1000

/* System calls: the number in x8, arguments in x0 and x1, the answer in x0. */
#define WRITE 1 /* text, length: a line on the console */
#define GETPID 2
#define YIELD 3
#define WAIT 4 /* ticks of the counter */
#define EXIT 5
