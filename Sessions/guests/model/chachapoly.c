/* AEAD_CHACHA20_POLY1305, the side that opens (RFC 8439). */
#include "crypto.h"

static u32 load32(const u8 *p) { return (u32)p[0] | (u32)p[1] << 8 | (u32)p[2] << 16 | (u32)p[3] << 24; }

static void store32(u8 *p, u32 value) { for (int i = 0; i < 4; i++) p[i] = (u8)(value >> (8 * i)); }

static u32 left(u32 x, int n) { return x << n | x >> (32 - n); }

static void quarter(u32 s[16], int a, int b, int c, int d) {
  s[a] += s[b]; s[d] = left(s[d] ^ s[a], 16);
  s[c] += s[d]; s[b] = left(s[b] ^ s[c], 12);
  s[a] += s[b]; s[d] = left(s[d] ^ s[a], 8);
  s[c] += s[d]; s[b] = left(s[b] ^ s[c], 7);
}

/* Section 2.3: one block of key stream. */
static void chacha20(u8 stream[64], const u8 key[32], u32 counter, const u8 nonce[12]) {
  u32 start[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
  for (int i = 0; i < 8; i++) start[4 + i] = load32(key + 4 * i);
  start[12] = counter;
  for (int i = 0; i < 3; i++) start[13 + i] = load32(nonce + 4 * i);
  u32 s[16];
  copy(s, start, sizeof s);
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 4; i++) quarter(s, i, 4 + i, 8 + i, 12 + i);
    for (int i = 0; i < 4; i++) quarter(s, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4);
  }
  for (int i = 0; i < 16; i++) store32(stream + 4 * i, s[i] + start[i]);
  wipe(start, sizeof start);
  wipe(s, sizeof s);
}

/* Section 2.5: a sum modulo 2^130 - 5, in limbs of 26 bits. */
typedef struct { u32 r[5], sum[5]; } poly1305;

#define LIMB 0x3ffffffu

static void begin(poly1305 *p, const u8 key[16]) {
  u32 t[4];
  for (int i = 0; i < 4; i++) t[i] = load32(key + 4 * i) & (i == 0 ? 0x0fffffff : 0x0ffffffc);
  p->r[0] = t[0] & LIMB;
  p->r[1] = (t[0] >> 26 | t[1] << 6) & LIMB;
  p->r[2] = (t[1] >> 20 | t[2] << 12) & LIMB;
  p->r[3] = (t[2] >> 14 | t[3] << 18) & LIMB;
  p->r[4] = t[3] >> 8;
  for (int i = 0; i < 5; i++) p->sum[i] = 0;
}

/* Takes in up to 16 bytes, filled up with zeroes: all that is hashed here is padded to whole blocks (section 2.8). */
static void take(poly1305 *p, const u8 *data, u64 length) {
  u8 block[16] = {0};
  copy(block, data, length);
  u32 t[4];
  for (int i = 0; i < 4; i++) t[i] = load32(block + 4 * i);
  u32 *h = p->sum, *r = p->r;
  h[0] += t[0] & LIMB;
  h[1] += (t[0] >> 26 | t[1] << 6) & LIMB;
  h[2] += (t[1] >> 20 | t[2] << 12) & LIMB;
  h[3] += (t[2] >> 14 | t[3] << 18) & LIMB;
  h[4] += t[3] >> 8 | 1u << 24;
  u64 product[5];
  for (int i = 0; i < 5; i++) {
    product[i] = 0;
    for (int j = 0; j < 5; j++) product[i] += (u64)h[j] * (j <= i ? r[i - j] : 5 * r[5 + i - j]);
  }
  u64 over = 0;
  for (int i = 0; i < 5; i++) {
    product[i] += over;
    over = product[i] >> 26;
    h[i] = (u32)product[i] & LIMB;
  }
  over = h[0] + 5 * over;
  h[0] = (u32)over & LIMB;
  h[1] += (u32)(over >> 26);
}

static void take_padded(poly1305 *p, const u8 *data, u64 length) {
  for (; length >= 16; length -= 16, data += 16) take(p, data, 16);
  if (length) take(p, data, length);
}

static void finish(poly1305 *p, u8 tag[16], const u8 pad[16]) {
  u32 *h = p->sum, over = 0;
  /* Twice round, and every limb has 26 bits. */
  for (int round = 0; round < 2; round++) {
    for (int i = 0; i < 5; i++) {
      h[i] += over;
      over = h[i] >> 26;
      h[i] &= LIMB;
    }
    over *= 5;
  }
  h[0] += over;
  /* The sum is 2^130 - 5 or more exactly if adding 5 reaches 2^130; then the difference is what counts. */
  u32 less[5];
  over = 5;
  for (int i = 0; i < 5; i++) {
    less[i] = h[i] + over;
    over = less[i] >> 26;
    less[i] &= LIMB;
  }
  u32 chosen = 0 - over;
  for (int i = 0; i < 5; i++) h[i] = (h[i] & ~chosen) | (less[i] & chosen);
  u32 words[4] = {h[0] | h[1] << 26, h[1] >> 6 | h[2] << 20, h[2] >> 12 | h[3] << 14, h[3] >> 18 | h[4] << 8};
  u64 total = 0;
  for (int i = 0; i < 4; i++) {
    total = (total >> 32) + words[i] + load32(pad + 4 * i);
    store32(tag + 4 * i, (u32)total);
  }
}

int chachapoly_open(
    u8 *plain, const u8 key[32], const u8 nonce[12], const u8 *extra, u64 extra_length, const u8 *sealed, u64 length) {
  if (length < 16) return 0;
  length -= 16;
  u8 stream[64], lengths[16], tag[16];
  chacha20(stream, key, 0, nonce);
  poly1305 p;
  begin(&p, stream);
  take_padded(&p, extra, extra_length);
  take_padded(&p, sealed, length);
  for (int i = 0; i < 8; i++) {
    lengths[i] = (u8)(extra_length >> (8 * i));
    lengths[8 + i] = (u8)(length >> (8 * i));
  }
  take(&p, lengths, 16);
  finish(&p, tag, stream + 16);
  int good = equal(tag, sealed + length, 16);
  if (good) {
    for (u64 at = 0; at < length; at++) {
      if (at % 64 == 0) chacha20(stream, key, 1 + (u32)(at / 64), nonce);
      plain[at] = sealed[at] ^ stream[at % 64];
    }
  }
  wipe(stream, sizeof stream);
  wipe(&p, sizeof p);
  return good;
}
