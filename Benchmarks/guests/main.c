/* Runs the program and prints its name and its checksum. NAME and ROUNDS come from the build. */
#include "bench.h"

void bench(void) {
  static const char name[] = NAME " ";
  char line[64];
  u64 sum = program(ROUNDS), n = 0;
  while (name[n]) { line[n] = name[n]; n++; }
  for (int shift = 60; shift >= 0; shift -= 4) line[n++] = "0123456789abcdef"[sum >> shift & 15];
  line[n++] = '\n';
  put(line, n);
}
