#include "crypto.h"

int equal(const u8 *a, const u8 *b, u64 length) {
  u8 difference = 0;
  for (u64 i = 0; i < length; i++) difference |= a[i] ^ b[i];
  return difference == 0;
}

void wipe(void *bytes, u64 length) {
  volatile u8 *p = bytes;
  while (length--) *p++ = 0;
}

void copy(void *to, const void *from, u64 length) {
  u8 *t = to;
  const u8 *f = from;
  while (length--) *t++ = *f++;
}

/* The compiler calls these for assignments and initialisers of whole objects. */
void *memcpy(void *to, const void *from, u64 length) {
  copy(to, from, length);
  return to;
}

void *memset(void *bytes, int value, u64 length) {
  u8 *p = bytes;
  while (length--) *p++ = (u8)value;
  return bytes;
}
