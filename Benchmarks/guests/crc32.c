/* CRC-32 of 64 KiB, byte by byte through a table: loads that depend on the load before. */
#include "bench.h"

static u32 table[256];
static u8 data[65536];

static void prepare(void) {
  for (u32 n = 0; n < 256; n++) {
    u32 c = n;
    for (int bit = 0; bit < 8; bit++) c = c & 1 ? c >> 1 ^ 0xedb88320 : c >> 1;
    table[n] = c;
  }
  u64 state = 88172645463325252ul;
  for (u32 i = 0; i < sizeof data; i++) data[i] = (u8)next(&state);
}

static u32 crc(u32 c, const u8 *p, u64 length) {
  c = ~c;
  while (length--) c = table[(c ^ *p++) & 255] ^ c >> 8;
  return ~c;
}

u64 program(u64 rounds) {
  u64 sum = 0;
  u32 c = 0;
  prepare();
  while (rounds--) {
    c = crc(c, data, sizeof data);
    sum = mix(sum, c);
  }
  return sum;
}
