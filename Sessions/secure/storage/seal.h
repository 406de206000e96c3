/* Sealing: a key stream and a tag, both of HMAC-SHA-256. */
#pragma once
#include "../abi.h"

#define SEAL_OVERHEAD 48 /* 16 bytes of a number used once, 32 of a tag */

void hmac(u8 out[32], const u8 key[32], const u8 *data, u64 length);
void seal(u8 *out, const u8 key[32], u64 number, const u8 *data, u64 length);
int unseal(u8 *out, const u8 key[32], const u8 *sealed, u64 length);
