/* A tour of a Realm from inside: who am I, where is my memory, who measures me, and who can vouch for it. Outside a Realm nobody
   answers such questions; the tour says so and does the rest. */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long u64;

void smc(u64 x[11]);
void secondary_start(void);

#define SHARED (1ul << 32)
#define UART ((volatile u32 *)(0x01000000ul | SHARED))

static void put(char c) { if (c == '\n') UART[0] = '\r'; UART[0] = (u8)c; }
static __attribute__((noinline)) void print(const char *s) { while (*s) put(*s++); }
static void number(u64 n) {
  char digits[20];
  int i = 0;
  do { digits[i++] = (char)('0' + n % 10); n /= 10; } while (n);
  while (i) put(digits[--i]);
}
static void hex(u64 n, int digits) { while (digits--) put("0123456789abcdef"[n >> (4 * digits) & 15]); }
static void hexbytes(const u8 *p, u64 n) { while (n--) hex(*p++, 2); }

static u64 call(u64 x[11], u64 fid, u64 a, u64 b, u64 c, u64 d) {
  x[0] = fid; x[1] = a; x[2] = b; x[3] = c; x[4] = d;
  for (int i = 5; i < 11; i++) x[i] = 0;
  smc(x);
  return x[0];
}

enum {
  RSI_VERSION = 0xC4000190, RSI_MEASUREMENT_READ = 0xC4000192, RSI_MEASUREMENT_EXTEND = 0xC4000193,
  RSI_TOKEN_INIT = 0xC4000194, RSI_TOKEN_CONTINUE = 0xC4000195, RSI_REALM_CONFIG = 0xC4000196,
  RSI_IPA_STATE_SET = 0xC4000197, RSI_IPA_STATE_GET = 0xC4000198,
  PSCI_CPU_ON = 0xC4000003, PSCI_CPU_OFF = 0x84000002, PSCI_SYSTEM_OFF = 0x84000008
};

static u8 page[4096] __attribute__((aligned(4096)));
static u8 common[4096] __attribute__((aligned(4096)));
static u64 table[512] __attribute__((aligned(4096)));
static volatile u64 visits;
/* For whoever wants to see whether the Host can read it. */
static const char secret[16] __attribute__((aligned(16))) = "Do not tell him";

void unexpected(u64 esr, u64 far, u64 elr) {
  u64 x[11];
  print("unexpected exception: esr "); hex(esr, 16);
  print(" far "); hex(far, 16);
  print(" elr "); hex(elr, 16); print("\n");
  call(x, PSCI_SYSTEM_OFF, 0, 0, 0, 0);
}

static void visit(void) {
  u64 value; u32 failed;
  do {
    __asm__ volatile("ldaxr %0, [%2]\n add %0, %0, #1\n stlxr %w1, %0, [%2]" : "=&r"(value), "=&r"(failed) : "r"(&visits) : "memory");
  } while (failed);
}

/* Identity: RAM as normal memory, the first gigabyte of the shared half as a device, what is shared of RAM as normal memory. */
static void mmu_on(void) {
  u64 af = 1ul << 10, inner = 3ul << 8;
  table[2] = 0x80000000ul | af | inner | 1 | (0ul << 2);
  table[4] = SHARED | af | 1 | (1ul << 2) | (3ul << 53);
  table[6] = 0x80000000ul | SHARED | af | inner | 1 | (0ul << 2) | (3ul << 53);
  __asm__ volatile(
      "msr mair_el1, %0\n msr tcr_el1, %1\n msr ttbr0_el1, %2\n isb\n tlbi vmalle1\n dsb ish\n isb\n"
      "mrs x9, sctlr_el1\n orr x9, x9, #1\n msr sctlr_el1, x9\n isb"
      : : "r"(0x00fful), "r"(25ul | (1ul << 23) | (3ul << 12) | (1ul << 10) | (1ul << 8) | (1ul << 32)), "r"((u64)table)
      : "x9", "memory");
}

void secondary_main(u64 context) {
  u64 x[11];
  mmu_on();
  visits = visits + context;
  visit();
  call(x, PSCI_CPU_OFF, 0, 0, 0, 0);
}

/* CBOR, as much of it as a token needs. */
static const u8 *head(const u8 *p, u32 *major, u64 *value) {
  u32 info = *p & 31;
  *major = *p++ >> 5;
  *value = info;
  if (info >= 24) {
    *value = 0;
    for (u32 n = 1u << (info - 24); n; n--) *value = *value << 8 | *p++;
  }
  return p;
}

static const u8 *skip(const u8 *p) {
  u32 major; u64 value;
  p = head(p, &major, &value);
  if (major == 2 || major == 3) return p + value;
  if (major == 4) while (value--) p = skip(p);
  if (major == 5) while (value--) p = skip(skip(p));
  if (major == 6) return skip(p);
  return p;
}

static void claims(const char *name, const u8 *p) {
  u32 major; u64 value, count;
  p = head(p, &major, &value);      /* the byte string in the envelope */
  p = head(p, &major, &value);      /* tag 18 */
  p = head(p, &major, &value);      /* the array of four */
  p = skip(skip(p));                /* both headers */
  p = head(p, &major, &value);      /* the payload */
  p = head(p, &major, &count);      /* the map of claims */
  print(name); print(": "); number(count); print(" claims\n");
  while (count--) {
    u64 label;
    p = head(p, &major, &label);
    print("  "); number(label); print(": ");
    const u8 *next = skip(p);
    p = head(p, &major, &value);
    if (major == 2) { number(value); print(" bytes "); hexbytes(p, value < 16 ? value : 16); print("..."); }
    else if (major == 3) for (u64 i = 0; i < value; i++) put((char)p[i]);
    else if (major == 0) { print("0x"); hex(value, 4); }
    else { print("array of "); number(value); }
    print("\n");
    p = next;
  }
}

static void token(void) {
  u64 x[11];
  u64 length = 0;
  x[0] = RSI_TOKEN_INIT;
  for (int i = 1; i < 9; i++) x[i] = 0x0101010101010101ul * (u64)i;
  x[9] = x[10] = 0;
  smc(x);
  print("token: at most "); number(x[1]); print(" bytes\n");
  while (call(x, RSI_TOKEN_CONTINUE, (u64)page, length, 512, 0) == 3) length += x[1];
  length += x[1];
  print("token: "); number(length); print(" bytes fetched\n");
  u32 major; u64 value;
  const u8 *p = head(page, &major, &value);   /* tag 399 */
  p = head(p, &major, &value);                /* the map of two */
  p = skip(p);
  claims("platform", p);
  p = skip(skip(p));
  claims("realm", p);
}

/* What every guest can do, in a Realm or not. */
static void second_vcpu(void) {
  u64 x[11];
  if (call(x, PSCI_CPU_ON, 1, (u64)secondary_start, 41, 0) == 0) {
    while (visits != 42) __asm__ volatile("wfe");
    print("a second vCPU was here, and left "); number(visits); print("\n");
  } else {
    print("there is no second vCPU\n");
  }
  print("my secret lies at 0x"); hex((u64)secret, 8); print("\n");
}

static void good_bye(void) {
  u64 x[11];
  print("\nGood bye.\n");
  call(x, PSCI_SYSTEM_OFF, 0, 0, 0, 0);
}

int main(void) {
  u64 x[11];
  if (call(x, RSI_VERSION, 0x10000, 0, 0, 0)) {
    print("\nHello, but not from a Realm.\n\n");
    print("RSI is not supported: nobody measures me, nobody can vouch for me.\n");
    mmu_on();
    print("MMU on\n");
    second_vcpu();
    good_bye();
  }
  print("\nHello from a Realm.\n\n");
  print("RSI "); number(x[1] >> 16); print("."); number(x[1] & 0xffff); print("\n");
  call(x, RSI_REALM_CONFIG, (u64)page, 0, 0, 0);
  print("IPA space of "); number(*(u64 *)page); print(" bits, hash algorithm "); number(page[8]); print("\n");
  mmu_on();
  print("MMU on\n");
  call(x, RSI_IPA_STATE_GET, (u64)page, (u64)page + 4096, 0, 0);
  print("this page is "); print(x[2] == 1 ? "RAM" : "not RAM"); print("\n");
  call(x, RSI_MEASUREMENT_READ, 0, 0, 0, 0);
  print("RIM "); hexbytes((u8 *)&x[1], 32); print("\n");
  x[0] = RSI_MEASUREMENT_EXTEND; x[1] = 1; x[2] = 4; x[3] = 0x72756f74;
  for (int i = 4; i < 11; i++) x[i] = 0;
  smc(x);
  call(x, RSI_MEASUREMENT_READ, 1, 0, 0, 0);
  print("REM "); hexbytes((u8 *)&x[1], 32); print("\n");
  second_vcpu();
  call(x, RSI_IPA_STATE_SET, (u64)common, (u64)common + 4096, 0, 1);
  print("a page is shared: the answer is "); print(x[2] == 0 ? "accept" : "reject"); print("\n");
  volatile u64 *outside = (volatile u64 *)((u64)common | SHARED);
  outside[0] = 0x2174736f48206948ul;
  print("written where the Host can read: "); hex(outside[0], 16); print("\n");
  token();
  good_bye();
  return 0;
}
