/* The two programs. They run at EL0 and at the same addresses, and know nothing of each other. */
#include "layout.h"
typedef unsigned long u64;

u64 keep(u64 seed, u64 loops);

static u64 call(u64 what, u64 a, u64 b) {
  register u64 x8 __asm__("x8") = what, x0 __asm__("x0") = a, x1 __asm__("x1") = b;
  __asm__ volatile("svc #0" : "+r"(x0) : "r"(x1), "r"(x8) : "memory");
  return x0;
}

/* A line: text, a number in decimal or an address in hexadecimal, and text again. */
static u64 append(char *line, u64 at, const char *s) {
  while (*s) line[at++] = *s++;
  return at;
}
static u64 append_number(char *line, u64 at, u64 n, u64 base) {
  char digits[20];
  int i = 0;
  do { digits[i++] = "0123456789abcdef"[n % base]; n /= base; } while (n);
  while (i) line[at++] = digits[--i];
  return at;
}
static void say(const char *before, u64 n, const char *after) {
  char line[160];
  u64 at = append(line, 0, before);
  at = append_number(line, at, n, 10);
  at = append(line, at, after);
  call(WRITE, (u64)line, at);
}
static void say_address(const char *before, u64 n, const char *after) {
  char line[160];
  u64 at = append(line, 0, before);
  at = append(line, at, "0x");
  at = append_number(line, at, n, 16);
  at = append(line, at, after);
  call(WRITE, (u64)line, at);
}

static volatile u64 mine = 1000; /* one address, two pages */

static void begin(u64 value) {
  mine = value;
  say_address("my variable is at ", (u64)&mine, "");
  say("my number is ", call(GETPID, 0, 0), "");
}

static u64 primes_below(u64 limit) {
  u64 count = 0;
  for (u64 n = 2; n < limit; n++) {
    u64 d = 2;
    while (d * d <= n && n % d) d++;
    if (d * d > n) count++;
  }
  return count;
}

static u64 longest_way_to_one(u64 limit) {
  u64 longest = 0;
  for (u64 start = 1; start < limit; start++) {
    u64 steps = 0;
    for (u64 n = start; n != 1; steps++) n = n & 1 ? 3 * n + 1 : n / 2;
    if (steps > longest) longest = steps;
  }
  return longest;
}

void first(void) {
  begin(1111);
  say("primes below 3000: ", primes_below(3000), "");
  say("", keep(0x1000, 50000), " of my 30 registers are as I left them");
  say("now I wait; my variable is ", mine, "");
  call(WAIT, 600000, 0);
  say("awake; primes below 2000: ", primes_below(2000), "");
  say("my variable is still ", mine, "");
  call(EXIT, 0, 0);
}

void second(void) {
  begin(2222);
  say("", keep(0x2000, 80000), " of my 30 registers are as I left them");
  for (int n = 0; n < 3; n++) call(YIELD, 0, 0);
  say("the longest way to 1 from below 600: ", longest_way_to_one(600), " steps");
  say("now I wait; my variable is ", mine, "");
  call(WAIT, 200000, 0);
  u64 answer = call(WRITE, HIGH + RAM, 16);
  say("I asked the kernel to print its own memory; the answer is -", -answer, "");
  say_address("now I write to it myself, at ", HIGH + RAM, "");
  *(volatile u64 *)(HIGH + RAM) = 0;
  say("I have written to it, which nobody should; my number is ", call(GETPID, 0, 0), "");
  call(EXIT, 0, 0);
}
