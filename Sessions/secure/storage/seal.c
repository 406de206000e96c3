#include "seal.h"

/* As in Sessions/guests/model: FIPS 180-4. */
void sha256(u8 digest[32], const u8 *data, u64 length);

#define MOST 0x3100 /* bytes that are hashed at once: what a client can share, and a block */
static u8 block[MOST];

/* RFC 2104. */
void hmac(u8 out[32], const u8 key[32], const u8 *data, u64 length) {
  u8 inner[32];
  for (u64 n = 0; n < 64; n++) block[n] = (n < 32 ? key[n] : 0) ^ 0x36;
  for (u64 n = 0; n < length; n++) block[64 + n] = data[n];
  sha256(inner, block, 64 + length);
  for (u64 n = 0; n < 64; n++) block[n] = (n < 32 ? key[n] : 0) ^ 0x5c;
  for (u64 n = 0; n < 32; n++) block[64 + n] = inner[n];
  sha256(out, block, 96);
}

static void derive(u8 out[32], const u8 key[32], char what) { hmac(out, key, (const u8 *)&what, 1); }

static void stream(u8 *out, const u8 key[32], const u8 number[16], const u8 *data, u64 length) {
  u8 input[24], pad[32], own[32];
  derive(own, key, 'e');
  for (u64 n = 0; n < 16; n++) input[n] = number[n];
  for (u64 at = 0; at < length; at += 32) {
    for (u64 n = 0; n < 8; n++) input[16 + n] = at >> (8 * n);
    hmac(pad, own, input, sizeof input);
    for (u64 n = 0; n < 32 && at + n < length; n++) out[at + n] = data[at + n] ^ pad[n];
  }
}

void seal(u8 *out, const u8 key[32], u64 number, const u8 *data, u64 length) {
  u8 own[32], first[32];
  /* The number used once follows from the plaintext, too: the count begins anew with the application. */
  derive(own, key, 'n');
  hmac(first, own, data, length);
  for (u64 n = 0; n < 8; n++) first[n] ^= number >> (8 * n);
  for (u64 n = 0; n < 16; n++) out[n] = first[n];
  stream(out + 16, key, out, data, length);
  derive(own, key, 'a');
  hmac(out + 16 + length, own, out, 16 + length);
}

int unseal(u8 *out, const u8 key[32], const u8 *sealed, u64 length) {
  u8 own[32], tag[32], difference = 0;
  u64 body = length - SEAL_OVERHEAD;
  derive(own, key, 'a');
  hmac(tag, own, sealed, 16 + body);
  for (u64 n = 0; n < 32; n++) difference |= tag[n] ^ sealed[16 + body + n];
  if (difference) return 0;
  stream(out, key, sealed, sealed + 16, body);
  return 1;
}
