/* What the five programs and the two worlds they run in have in common. */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long u64;

/* The program measured: the same object file in the guest and under Linux. The answer depends on all of its work. */
u64 program(u64 rounds);

/* The world: puts a line on the console. */
void put(const char *text, u64 length);

/* A cheap stream of numbers (xorshift), the same everywhere. */
static inline u64 next(u64 *state) {
  u64 x = *state;
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  return *state = x;
}

/* One step of a checksum (FNV-1a over 64-bit pieces). */
static inline u64 mix(u64 sum, u64 value) { return (sum ^ value) * 0x100000001b3ul; }
