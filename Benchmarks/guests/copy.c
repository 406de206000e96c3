/* Copies a megabyte and measures a string of a megabyte, a word at a time, from places that are aligned and places that are not. */
#include "bench.h"

#define SIZE (1u << 20)
typedef u64 __attribute__((may_alias)) word;

static u8 from[SIZE + 64] __attribute__((aligned(64)));
static u8 to[SIZE + 64] __attribute__((aligned(64)));

static void copy(u8 *d, const u8 *s, u64 n) {
  while (n && ((u64)d & 7)) { *d++ = *s++; n--; }
  u32 skew = (u64)s & 7;
  if (skew == 0) {
    for (; n >= 32; n -= 32, d += 32, s += 32) {
      word a = ((const word *)s)[0], b = ((const word *)s)[1], c = ((const word *)s)[2], e = ((const word *)s)[3];
      ((word *)d)[0] = a;
      ((word *)d)[1] = b;
      ((word *)d)[2] = c;
      ((word *)d)[3] = e;
    }
  } else if (n >= 16) {
    /* Words on both sides: each word stored is put together of two that were loaded. */
    const word *w = (const word *)(s - skew);
    u32 right = 8 * skew, left = 64 - right;
    word a = *w++;
    for (; n >= 16; n -= 8, d += 8, s += 8) {
      word b = *w++;
      *(word *)d = a >> right | b << left;
      a = b;
    }
  }
  while (n--) *d++ = *s++;
}

static u64 length(const u8 *s) {
  const u64 ones = 0x0101010101010101ul;
  const u8 *p = s;
  for (; (u64)p & 7; p++) if (!*p) return (u64)(p - s);
  const word *w = (const word *)p;
  while (!((*w - ones) & ~*w & ones << 7)) w++; /* no byte of it is zero */
  for (p = (const u8 *)w; *p; p++) {}
  return (u64)(p - s);
}

u64 program(u64 rounds) {
  u64 sum = 0, state = 2463534242ul;
  for (u32 i = 0; i < sizeof from; i++) from[i] = (u8)(next(&state) | 1);
  for (u64 round = 0; round < rounds; round++) {
    u64 there = round & 7, here = round & 1 ? round * 5 >> 1 & 7 : there; /* every other round both sides are alike */
    u64 end = SIZE - round * 37 % 4096;
    copy(to + there, from + here, SIZE);
    to[there + end] = 0;
    sum = mix(mix(sum, length(to + there)), to[there + next(&state) % SIZE]);
  }
  return sum;
}
