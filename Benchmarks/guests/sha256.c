/* SHA-256 of 64 KiB: rotations and additions, much of it in registers. */
#include "bench.h"

static u32 k[64], initial[8];
static u8 data[65536];

/* The standard's constants are where they come from: the first 32 bits behind the point of roots of the first primes. */
static u32 fraction(u64 prime, int power) {
  u64 root = 0;
  for (int bit = 36; bit >= 0; bit--) {
    unsigned __int128 r = root | 1ul << bit;
    /* root^2 <= prime * 2^64, or root^3 <= prime * 2^96: both sides fit 112 bits. */
    if (power == 2 ? r * r <= (unsigned __int128)prime << 64 : r * r * r <= (unsigned __int128)prime << 96) root = (u64)r;
  }
  return (u32)root;
}

static void prepare(void) {
  u64 prime = 2;
  for (int i = 0; i < 64; i++, prime++) {
    for (u64 d = 2; d * d <= prime; d++)
      if (prime % d == 0) { prime++; d = 1; }
    k[i] = fraction(prime, 3);
    if (i < 8) initial[i] = fraction(prime, 2);
  }
  u64 state = 1234567890123456789ul;
  for (u32 i = 0; i < sizeof data; i++) data[i] = (u8)next(&state);
}

static inline u32 right(u32 x, int n) { return x >> n | x << (32 - n); }

static void block(u32 h[8], const u8 *p) {
  u32 w[64];
  for (int i = 0; i < 16; i++, p += 4) w[i] = (u32)p[0] << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3];
  for (int i = 16; i < 64; i++) {
    u32 x = w[i - 15], y = w[i - 2];
    w[i] = w[i - 16] + (right(x, 7) ^ right(x, 18) ^ x >> 3) + w[i - 7] + (right(y, 17) ^ right(y, 19) ^ y >> 10);
  }
  u32 s[8];
  for (int i = 0; i < 8; i++) s[i] = h[i];
  for (int i = 0; i < 64; i++) {
    u32 a = s[0], b = s[1], c = s[2], e = s[4], f = s[5], g = s[6];
    u32 t1 = s[7] + (right(e, 6) ^ right(e, 11) ^ right(e, 25)) + ((e & f) ^ (~e & g)) + k[i] + w[i];
    u32 t2 = (right(a, 2) ^ right(a, 13) ^ right(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    s[7] = g; s[6] = f; s[5] = e; s[4] = s[3] + t1;
    s[3] = c; s[2] = b; s[1] = a; s[0] = t1 + t2;
  }
  for (int i = 0; i < 8; i++) h[i] += s[i];
}

/* The first 64 bits of the hash of what is a multiple of 64 bytes. */
static u64 sha256(const u8 *p, u64 length) {
  u32 h[8];
  u8 last[64] = {0x80};
  for (int i = 0; i < 8; i++) h[i] = initial[i];
  for (u64 n = 0; n < length; n += 64) block(h, p + n);
  for (int i = 0; i < 8; i++) last[56 + i] = (u8)(length * 8 >> (56 - 8 * i));
  block(h, last);
  return (u64)h[0] << 32 | h[1];
}

u64 program(u64 rounds) {
  u64 sum = 0;
  prepare();
  while (rounds--) {
    sum = sha256(data, sizeof data);
    for (int i = 0; i < 8; i++) data[i] = (u8)(sum >> (56 - 8 * i)); /* the next round depends on this one */
  }
  return sum;
}
