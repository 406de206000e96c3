/* A guest that does what it should not, and says what came of it. */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long u64;

void smc(u64 x[11]);
u64 load(u64), store(u64), fetch(u64);
void second_start(void);
extern volatile u64 taken[2];

#define SHARED (1ul << 32)
#define UART ((volatile u32 *)(0x01000000ul | SHARED))

static void put(char c) { if (c == '\n') UART[0] = '\r'; UART[0] = (u8)c; }
static void print(const char *s) { while (*s) put(*s++); }
static void hex(u64 n, int digits) { while (digits--) put("0123456789abcdef"[n >> (4 * digits) & 15]); }

static u64 call(u64 x[11], u64 fid, u64 a, u64 b, u64 c, u64 d) {
  x[0] = fid; x[1] = a; x[2] = b; x[3] = c; x[4] = d;
  for (int i = 5; i < 11; i++) x[i] = 0;
  smc(x);
  return x[0];
}

static u8 empty[4096] __attribute__((aligned(4096)));
static u64 message[512] __attribute__((aligned(4096)));
static u8 doomed[2][4096] __attribute__((aligned(4096)));

/* What this guest asks its Host to do to a page. The Host answers 0 if it has done it. */
enum { DESTROY = 1, READ_ONLY, DELEGATE, UNDELEGATE };

static int tampered(u64 how, u64 address) {
  u64 x[11];
  message[0] = 0x5441;
  message[1] = how;
  message[2] = address;
  if (call(x, 0xC4000199, (u64)message, 0, 0, 0) == 0 && message[1] == 0) return 1;
  print("  the Host does not do it\n");
  return 0;
}

static void attempt(const char *what, u64 (*how)(u64), u64 address) {
  taken[0] = 0;
  taken[1] = 0;
  how(address);
  print(what);
  if (taken[0]) { print(": esr "); hex(taken[0], 8); print(" far "); hex(taken[1], 16); print("\n"); }
  else print(": nothing\n");
}

/* How far the second vCPU is. */
static volatile u64 step;

void second(void) {
  u64 x[11];
  step = 1;
  load((u64)doomed[0]);
  step = 2;
  taken[0] = 0;
  fetch((u64)doomed[1]);
  step = 3;
  call(x, 0x84000002, 0, 0, 0, 0);
}

/* Lets the other vCPU run until it is so far, and as far as it comes then. */
static void wait(u64 until) {
  while (step < until) __asm__ volatile("wfe");
  for (int i = 0; i < 8; i++) __asm__ volatile("wfe");
}

static void destroyed(void) {
  u64 x[11];
  if (!tampered(DESTROY, (u64)doomed[0]) || !tampered(DESTROY, (u64)doomed[1])) return;
  if (call(x, 0xC4000003, 1, (u64)second_start, 0, 0)) {
    print("  there is no second vCPU to try it, so this is the last line\n");
    load((u64)doomed[0]);
    return;
  }
  wait(1);
  print("  read by vCPU 1: ");
  print(step == 1 ? "it stands\n" : "nothing\n");
  call(x, 0xC4000197, (u64)doomed[0], (u64)doomed[0] + 4096, 1, 0);
  print("  to RAM: "); hex(x[1] - (u64)doomed[0], 4);
  call(x, 0xC4000197, (u64)doomed[0], (u64)doomed[0] + 4096, 1, 1);
  print(" bytes changed; though it was DESTROYED: "); hex(x[1] - (u64)doomed[0], 4); print(" bytes");
  wait(2);
  print("\n  fetch by vCPU 1: ");
  print(step == 2 ? "it stands\n" : "nothing\n");
  call(x, 0xC4000197, (u64)doomed[1], (u64)doomed[1] + 4096, 1, 1);
  wait(3);
  print("  RAM again, so it goes on: esr "); hex(taken[0], 8); print("\n");
}

int main(void) {
  u64 x[11];
  print("own RAM\n");
  attempt("  read", load, (u64)empty);
  attempt("  read, not there yet", load, 0x80f00000);
  attempt("  fetch, not there yet", fetch, 0x80f01000);
  call(x, 0xC4000197, (u64)empty, (u64)empty + 4096, 0, 1);
  print("EMPTY\n");
  attempt("  read", load, (u64)empty);
  attempt("  write", store, (u64)empty);
  attempt("  fetch", fetch, (u64)empty);
  print("never RAM\n");
  attempt("  read", load, 0x40000000);
  attempt("  fetch", fetch, 0x40000000);
  print("shared, a device\n");
  attempt("  read", load, (u64)UART | 0x18);
  attempt("  fetch", fetch, (u64)UART);
  print("shared, memory\n");
  attempt("  write", store, (u64)empty | SHARED);
  attempt("  read", load, (u64)empty | SHARED);
  attempt("  fetch", fetch, (u64)empty | SHARED);
  print("shared, delegated by the Host\n");
  if (tampered(DELEGATE, (u64)empty | SHARED)) {
    attempt("  read", load, (u64)empty | SHARED);
    attempt("  write", store, (u64)empty | SHARED);
    if (tampered(UNDELEGATE, (u64)empty | SHARED)) attempt("  read, Non-secure again", load, (u64)empty | SHARED);
  }
  print("shared, read-only\n");
  if (tampered(READ_ONLY, (u64)empty | SHARED)) {
    attempt("  read", load, ((u64)empty | SHARED) + 8);
    attempt("  write", store, ((u64)empty | SHARED) + 8);
    print("  it holds "); hex(*(volatile u64 *)(((u64)empty | SHARED) + 8), 1); print("\n");
    attempt("  fetch", fetch, (u64)empty | SHARED);
  }
  print("shared, nothing there\n");
  attempt("  read", load, 0x1c0000000ul);
  print("outside the IPA space\n");
  attempt("  read", load, 1ul << 33);
  attempt("  fetch", fetch, 1ul << 33);
  print("beyond 48 bits\n");
  attempt("  read", load, 1ul << 48);
  print("RSI\n  version 2.0 "); hex(call(x, 0xC4000190, 0x20000, 0, 0, 0), 1);
  print(", config not aligned "); hex(call(x, 0xC4000196, (u64)message + 8, 0, 0, 0), 1);
  print(", state of nothing "); hex(call(x, 0xC4000198, (u64)message, (u64)message, 0, 0), 1);
  print(", token without a challenge "); hex(call(x, 0xC4000195, (u64)message, 0, 16, 0), 1);
  print(", REM 5 "); hex(call(x, 0xC4000193, 5, 1, 0, 0), 1);
  print(", no such call "); hex(call(x, 0xC40001AF, 0, 0, 0, 0), 16);
  print("\nDESTROYED\n");
  destroyed();
  print("Good bye.\n");
  call(x, 0x84000008, 0, 0, 0, 0);
  return 0;
}
