/* What the guest needs of cryptography, for short messages that lie in memory as a whole. */
#pragma once

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long u64;
typedef unsigned __int128 u128;

/* FIPS 180-4. */
void sha256(u8 digest[32], const u8 *data, u64 length);

/* RFC 7748: `scalar` times the point with coordinate `u`. */
void x25519(u8 product[32], const u8 scalar[32], const u8 u[32]);
extern const u8 x25519_base[32];

/* RFC 8439 2.8: what `sealed` holds, its tag of 16 bytes last. 1 if the tag is right; else `plain` is left alone. */
int chachapoly_open(
    u8 *plain, const u8 key[32], const u8 nonce[12], const u8 *extra, u64 extra_length, const u8 *sealed, u64 length);

/* Whether two strings of bytes are equal, in a time that does not tell where they differ. */
int equal(const u8 *a, const u8 *b, u64 length);

/* Zeroes the compiler cannot leave out. */
void wipe(void *bytes, u64 length);

void copy(void *to, const void *from, u64 length);
