/* The sieve of Eratosthenes over the odd numbers below 2 Mi, a byte each: stores with strides that grow. */
#include "bench.h"

#define COUNT (1u << 20)
static u8 composite[COUNT] __attribute__((aligned(8))); /* [i] is 2i + 1 */
typedef u64 __attribute__((may_alias)) word;

u64 program(u64 rounds) {
  u64 sum = 0;
  for (u64 round = 0; round < rounds; round++) {
    for (u32 i = 0; i < COUNT; i += 8) *(word *)&composite[i] = 0;
    u32 primes = 1; /* 2 */
    u64 last = 2;
    for (u64 i = 1; i < COUNT; i++) {
      if (composite[i]) continue;
      u64 prime = 2 * i + 1;
      primes++;
      last = prime;
      for (u64 j = 2 * i * (i + 1); j < COUNT; j += prime) composite[j] = 1; /* from its square */
    }
    sum = mix(mix(sum, primes), last + round);
  }
  return sum;
}
