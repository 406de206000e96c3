/* A prompt on the UART, and behind it a driver for each virtio device that may be there: random numbers, a disk, a network card, a
   console, sockets, a file system. In a
   Realm queues and buffers lie in memory that is shared with the Host; if a device does not offer VIRTIO_F_ACCESS_PLATFORM, in the
   Realm's own, as a driver would have it that knows nothing of Realms. */
#include "devices.h"

void smc(u64 x[11]);
static u64 call(u64 fid, u64 a, u64 b, u64 c, u64 d, u64 *out) {
  u64 x[11] = {fid, a, b, c, d, 0, 0, 0, 0, 0, 0};
  smc(x);
  if (out) *out = x[1];
  return x[0];
}

/* ---- Text. */

void poke(u64 address, u32 value) { __asm__ volatile("str %w0, [%1]" : : "r"(value), "r"(address) : "memory"); }
u32 peek(u64 address) {
  u32 value = 0;
  __asm__ volatile("ldr %w0, [%1]" : "+r"(value) : "r"(address) : "memory");
  return value;
}
static void put(char c) {
  if (c == '\n') poke(UART, '\r');
  poke(UART, (u8)c);
}
void print(const char *s) { while (*s) put(*s++); }
void number(u64 n) {
  char digits[20];
  int i = 0;
  do { digits[i++] = (char)('0' + n % 10); n /= 10; } while (n);
  while (i) put(digits[--i]);
}
void hexbytes(const volatile u8 *p, u64 n) {
  for (; n--; p++) { put("0123456789abcdef"[*p >> 4]); put("0123456789abcdef"[*p & 15]); }
}
void text(const volatile u8 *p, u64 n) { for (; n--; p++) put(*p >= 32 && *p < 127 ? (char)*p : '.'); }
static void off(void) { call(0x84000008, 0, 0, 0, 0, 0); }

void unexpected(u64 esr, u64 far, u64 elr) {
  u64 values[3] = {esr, far, elr};
  print("unexpected exception: esr, far, elr, lowest byte first: "); hexbytes((u8 *)values, 24); print("\n");
  off();
}

/* ---- Interrupts: all are masked, WFI waits for them, and they are taken by hand. */

#define WRITE(name, value) __asm__ volatile("msr " #name ", %0\n isb" : : "r"((u64)(value)) : "memory")
enum { NONE = 1023, UART_INTID = 33 };

static void interrupts_on(void) {
  poke(GICD, 0x12);
  poke(GICR + 0x14, 0);
  WRITE(icc_sre_el1, 1);
  WRITE(icc_pmr_el1, 0xff);
  WRITE(icc_igrpen1_el1, 1);
}
void interrupt_on(u32 intid) {
  poke(GICD + 0x80 + intid / 32 * 4, peek(GICD + 0x80 + intid / 32 * 4) | 1u << intid % 32);
  poke(GICD + 0x100 + intid / 32 * 4, 1u << intid % 32);
}
/* Waits until it comes, and has it active. */
void wait(u32 intid) {
  for (;;) {
    u64 found;
    __asm__ volatile("mrs %0, icc_iar1_el1" : "=r"(found) : : "memory");
    if (found == intid) return;
    if (found == NONE) { __asm__ volatile("wfi" : : : "memory"); continue; }
    /* A device that has more to say than anybody wants to hear, such as a frame that comes late, does not wake it again. */
    if (found != UART_INTID) poke(GICD + 0x180 + (u32)found / 32 * 4, 1u << found % 32);
    done((u32)found);
  }
}
void done(u32 intid) { WRITE(icc_eoir1_el1, intid); }

static char letter(void) {
  while (peek(UART + 0x18) & 0x10) {
    wait(UART_INTID);
    /* It stays asserted as long as something waits: the receive timeout is cleared, what waits is read. */
    poke(UART + 0x44, 0x7ff);
    done(UART_INTID);
  }
  return (char)peek(UART);
}

/* ---- Memory for devices. */

static u8 own[1 << 17] __attribute__((aligned(4096)));
static u8 common[1 << 17] __attribute__((aligned(4096)));
static u64 shared_bit;
static u8 evidence[16384] __attribute__((aligned(4096)));

u32 token(const u8 *challenge, volatile u8 *to, u32 room) {
  u64 x[11] = {0xC4000194};
  for (u32 n = 0; n < 64; n++) x[1 + n / 8] |= (u64)challenge[n] << n % 8 * 8;
  smc(x);
  if (x[0]) return 0;
  u32 count = 0;
  while (count < room && count < sizeof evidence) {
    u64 length, status = call(0xC4000195, (u64)evidence + count / 4096 * 4096, count % 4096, 4096 - count % 4096, 0, &length);
    count += (u32)length;
    if (status == 0) break;
    if (status != 3) return 0;
  }
  for (u32 n = 0; n < count; n++) to[n] = evidence[n];
  return count;
}

static void share(void) {
  u64 version, at = (u64)common, end = at + sizeof common;
  if (call(0xC4000190, 0x10000, 0, 0, 0, &version)) { print("not in a Realm: all memory is the Host's as well\n"); return; }
  shared_bit = 1ul << 32;
  while (at < end && call(0xC4000197, at, end, 0, 1, &at) == 0) {}
  print("in a Realm: buffers lie in shared memory\n");
}

static u64 used;
/* Zeroed memory, from a boundary. */
volatile u8 *take(int is_private, u64 count, u64 boundary) {
  used = (used + boundary - 1) & ~(boundary - 1);
  volatile u8 *p = is_private ? own + used : (u8 *)((u64)common | shared_bit) + used;
  used += count;
  for (u64 n = 0; n < count; n += 8) *(volatile u64 *)(p + n) = 0;
  return p;
}
/* What a device is told: the address without the shared bit, which the Host takes as well as with it. */
u64 told(volatile void *p) { return (u64)p & ~shared_bit; }

/* ---- */

static int is(const char *a, const char *b) {
  while (*a && *a == *b) { a++; b++; }
  return *a == *b;
}

int main(void) {
  char line[32];
  print("devices: ");
  share();
  interrupts_on();
  poke(UART + 0x2c, 0x70);
  poke(UART + 0x38, 0x50);
  interrupt_on(UART_INTID);
  for (;;) {
    u32 count = 0;
    char c;
    print("> ");
    while ((c = letter()) != '\n' && c != '\r') {
      put(c);
      if (count < sizeof line - 1) line[count++] = c;
    }
    line[count] = 0;
    print("\n");
    if (is(line, "off")) { print("good bye\n"); off(); }
    else if (is(line, "rng")) rng();
    else if (is(line, "disk")) disk();
    else if (is(line, "net")) net();
    else if (is(line, "console")) console();
    else if (is(line, "vsock")) sockets(shared_bit != 0);
    else if (is(line, "fs")) files();
    else print("there are rng, disk, net, console, vsock, fs, off\n");
  }
}
