/* A confidential guest of a cloud: it finds its console in the device tree of whatever VMM has made it, says who it is, fetches a report
   that somebody outside can verify, shares a page, and then stays up until it is destroyed. */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long u64;

void smc(u64 x[11]);

enum {
  RSI_VERSION = 0xC4000190, RSI_MEASUREMENT_READ = 0xC4000192, RSI_MEASUREMENT_EXTEND = 0xC4000193,
  RSI_TOKEN_INIT = 0xC4000194, RSI_TOKEN_CONTINUE = 0xC4000195, RSI_REALM_CONFIG = 0xC4000196,
  RSI_IPA_STATE_SET = 0xC4000197
};

static u8 page[4096] __attribute__((aligned(4096)));
static u8 common[4096] __attribute__((aligned(4096)));
/* The half of the IPA space that is shared with the Host, as a bit; 0 outside a Realm. */
static u64 shared;
/* Where the PL011 is, 0 as long as nobody knows. */
static u64 uart;

static void put(char c) {
  if (!uart) return;
  if (c == '\n') put('\r');
  __asm__ volatile("str %w0, [%1]" : : "r"((u32)(u8)c), "r"(uart | shared) : "memory");
}
static void print(const char *s) { while (*s) put(*s++); }
static void number(u64 n) {
  char digits[20];
  int i = 0;
  do { digits[i++] = (char)('0' + n % 10); n /= 10; } while (n);
  while (i) put(digits[--i]);
}
static void hex(u64 n, int digits) { while (digits--) put("0123456789abcdef"[n >> (4 * digits) & 15]); }
static void hexbytes(const u8 *p, u64 n) { while (n--) hex(*p++, 2); }

void unexpected(u64 esr, u64 far, u64 elr) {
  print("unexpected exception: esr "); hex(esr, 16);
  print(" far "); hex(far, 16);
  print(" elr "); hex(elr, 16); print("\n");
}

static u64 call(u64 x[11], u64 fid, u64 a, u64 b, u64 c, u64 d) {
  x[0] = fid; x[1] = a; x[2] = b; x[3] = c; x[4] = d;
  for (int i = 5; i < 11; i++) x[i] = 0;
  smc(x);
  return x[0];
}

/* ---- The device tree (Devicetree Specification, chapter 5): big-endian words. */

static u32 word(const u8 *p) { return (u32)p[0] << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3]; }
static int begins(const char *text, const char *wanted) {
  while (*wanted && *text == *wanted) { text++; wanted++; }
  return !*wanted;
}

/* The address of the first PL011, or 16550, whose node is not below a bus; 0 if there is none. Both send what is stored first in them. */
static u64 console(const u8 *tree) {
  if (word(tree) != 0xd00dfeed) return 0;
  const u8 *p = tree + word(tree + 8), *strings = tree + word(tree + 12);
  u64 reg = 0;
  int is_it = 0;
  for (;;) {
    u32 token = word(p);
    p += 4;
    if (token == 1) { while (*p) p++; p = (const u8 *)(((u64)p + 4) & ~3ul); reg = 0; is_it = 0; }
    else if (token == 2) { if (is_it && reg) return reg; is_it = 0; }
    else if (token == 3) {
      u32 length = word(p);
      const char *name = (const char *)strings + word(p + 4);
      p += 8;
      if (begins(name, "compatible") && (begins((const char *)p, "arm,pl011") || begins((const char *)p, "ns16550a"))) is_it = 1;
      if (begins(name, "reg") && !name[3] && length >= 16) reg = (u64)word(p) << 32 | word(p + 4);
      p += (length + 3) & ~3u;
    } else if (token != 4) return 0;
  }
}

/* ---- */

static void measurement(const char *name, u64 index, int length) {
  u64 x[11];
  call(x, RSI_MEASUREMENT_READ, index, 0, 0, 0);
  print(name); hexbytes((u8 *)&x[1], (u64)length); print("\n");
}

static void report(void) {
  u64 x[11], length = 0;
  x[0] = RSI_TOKEN_INIT;
  for (int i = 1; i < 9; i++) x[i] = 0x0101010101010101ul * (u64)i;
  x[9] = x[10] = 0;
  smc(x);
  while (call(x, RSI_TOKEN_CONTINUE, (u64)page, length, 4096 - length, 0) == 3) length += x[1];
  length += x[1];
  print("report: "); number(length); print(" bytes, for a challenge of 64\n");
}

void image_main(const u8 *tree) {
  u64 x[11];
  u64 found = tree ? console(tree) : 0;
  if (call(x, RSI_VERSION, 0x10000, 0, 0, 0)) {
    uart = found;
    print("Hello, but not from a Realm: nobody can vouch for me. I stay until I am destroyed.\n");
    return;
  }
  u64 minor = x[1] & 0xffff, major = x[1] >> 16;
  call(x, RSI_REALM_CONFIG, (u64)page, 0, 0, 0);
  u64 bits = *(u64 *)page;
  u8 algorithm = page[8];
  shared = 1ul << (bits - 1);
  uart = found;
  print("\nHello from a Realm.\n\nRSI "); number(major); print("."); number(minor);
  print(", IPA space of "); number(bits); print(" bits\n");
  int length = algorithm ? 64 : 32;
  measurement("RIM ", 0, length);
  x[0] = RSI_MEASUREMENT_EXTEND; x[1] = 1; x[2] = 5; x[3] = 0x64756f6c63;
  for (int i = 4; i < 11; i++) x[i] = 0;
  smc(x);
  measurement("REM ", 1, length);
  call(x, RSI_IPA_STATE_SET, (u64)common, (u64)common + 4096, 0, 1);
  print("a page is shared: the answer is "); print(x[2] == 0 ? "accept" : "reject"); print("\n");
  *(volatile u64 *)((u64)common | shared) = 0x2174736f48206948ul;
  report();
  print("I stay until I am destroyed.\n");
}
