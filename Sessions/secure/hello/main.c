/* OP-TEE's first example: increments a number. */
#include "../app.h"

static void log_number(const char *before, u64 length, u32 value, const char *after, u64 rest) {
  char line[48], digits[10];
  u64 count = 0, end = 0;
  do { digits[count++] = '0' + value % 10; value /= 10; } while (value);
  for (u64 n = 0; n < length; n++) line[end++] = before[n];
  while (count) line[end++] = digits[--count];
  for (u64 n = 0; n < rest; n++) line[end++] = after[n];
  log_text(line, end);
}
#define LOG_NUMBER(before, value, after) log_number(before, sizeof before - 1, value, after, sizeof after - 1)

u64 application(u64 entry, u64 command, struct parameter *p) {
  switch (entry) {
  case ENTRY_OPEN: LOG("Hello World!"); return TEE_SUCCESS;
  case ENTRY_CLOSE: LOG("Goodbye!"); return TEE_SUCCESS;
  }
  if (command != 0) return TEE_ERROR_NOT_SUPPORTED;
  if (p[0].type != 3) return TEE_ERROR_BAD_PARAMETERS;
  LOG_NUMBER("Got value: ", (u32)p[0].a, " from NW");
  p[0].a = (u32)(p[0].a + 1);
  LOG_NUMBER("Increase value to: ", (u32)p[0].a, "");
  return TEE_SUCCESS;
}
