/* The flash of QEMU's virt machine, command by command: two banks of two chips of 16 bits side by side, Intel's command set. What it prints
   is the same on a real QEMU. */
#include "../platform.h"
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;

u64 firmware(u64 function, u64 a, u64 b, u64 c);

/* One load or store without write-back: who emulates it knows no more than the syndrome. */
static void poke(u64 address, u32 value) { __asm__ volatile("str %w0, [%1]" : : "r"(value), "r"(address) : "memory"); }
static u32 peek(u64 address) {
  u32 value;
  __asm__ volatile("ldr %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
  return value;
}
static u16 peek16(u64 address) {
  u32 value;
  __asm__ volatile("ldrh %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
  return (u16)value;
}
static u64 peek64(u64 address) {
  u64 value;
  __asm__ volatile("ldr %0, [%1]" : "=r"(value) : "r"(address) : "memory");
  return value;
}

static void put(char c) { poke(UART, (u8)c); }
static void print(const char *s) { while (*s) put(*s++); }
static void digits(u64 n, int count) {
  for (int shift = 4 * count - 4; shift >= 0; shift -= 4) put("0123456789abcdef"[n >> shift & 15]);
}
static void say(const char *what, u64 value, int count) {
  print(what);
  print(": ");
  digits(value, count);
  put('\n');
}
static void off(void) { firmware(0x84000008, 0, 0, 0); }

void panic(u64 esr, u64 far, u64 elr) {
  say("unexpected exception: ESR", esr, 16);
  say("FAR", far, 16);
  say("ELR", elr, 16);
  off();
}

enum { BANK = 0x4000000, BLOCK = 0x40000 };
enum { PROGRAM = 0x40, ERASE = 0x20, CLEAR = 0x50, STATUS = 0x70, ID = 0x90, QUERY = 0x98, CONFIRM = 0xd0, BUFFER = 0xe8, ARRAY = 0xff };

/* To both chips. */
static void command(u64 address, u32 value) { poke(address, value << 16 | value); }

static void query(u64 bank) {
  command(bank + 0x55 * 4, QUERY);
  say("query", peek64(bank + 0x10 * 4), 16);
  for (u64 n = 0x10; n < 0x40; n++) {
    u32 word = peek(bank + n * 4);
    digits(word & 0xffff, 2);
    if (word >> 16 != (word & 0xffff)) print("?");
    put(n % 16 == 15 ? '\n' : ' ');
  }
  say("half", peek16(bank + 0x11 * 4 + 2), 4);
  command(bank, ARRAY);
}

static void erase(u64 block) {
  command(block, ERASE);
  command(block, CONFIRM);
  say("erased", peek(block), 8);
  command(block, ARRAY);
}

static void program(u64 address, u32 value) {
  command(address, PROGRAM);
  poke(address, value);
  say("programmed", peek(address), 8);
  command(address, ARRAY);
}

int main(void) {
  say("array", peek(BANK), 8);
  query(0);
  query(BANK);
  command(BANK, ID);
  say("maker", peek(BANK), 8);
  say("chip", peek(BANK + 4), 8);
  say("lock", peek(BANK + 8), 8);
  command(BANK, CLEAR);
  command(BANK, ARRAY);

  erase(BANK + BLOCK);
  say("before the block", peek(BANK + BLOCK - 4), 8);
  say("its beginning", peek(BANK + BLOCK), 8);
  say("its end", peek64(BANK + 2 * BLOCK - 8), 16);
  say("behind it", peek(BANK + 2 * BLOCK), 8);

  program(BANK + BLOCK, 0x1234f678);
  say("read", peek64(BANK + BLOCK), 16);
  program(BANK + BLOCK, 0x12345608);
  say("read", peek64(BANK + BLOCK), 16);

  /* By the write buffer: 32 accesses of the bus. */
  u64 place = BANK + BLOCK + 0x1000;
  command(place, BUFFER);
  say("buffer", peek(place), 8);
  command(place, 31);
  for (u32 n = 0; n < 32; n++) poke(place + 4 * n, n * 0x01010101);
  command(place, CONFIRM);
  say("programmed", peek(place), 8);
  command(place, ARRAY);
  u64 sum = 0;
  for (u32 n = 0; n < 32; n++) sum += peek(place + 4 * n);
  say("sum", sum, 16);
  say("behind it", peek(place + 128), 8);

  /* What is in it is memory: two registers at once, and code that runs. */
  u64 a, b;
  __asm__ volatile("ldp %0, %1, [%2]" : "=r"(a), "=r"(b) : "r"(place) : "memory");
  say("pair", a ^ b, 16);
  program(BANK + BLOCK + 0x2000, 0xd2800540); /* MOV X0, #42 */
  program(BANK + BLOCK + 0x2004, 0xd65f03c0); /* RET */
  say("code", ((u64(*)(void))(BANK + BLOCK + 0x2000))(), 2);

  erase(BANK + BLOCK);
  say("read", peek(BANK + BLOCK), 8);
  say("status", (command(BANK, STATUS), peek(BANK)), 8);
  command(BANK, ARRAY);
  off();
  return 0;
}
