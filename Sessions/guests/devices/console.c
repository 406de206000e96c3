/* A console (virtio 1.2, 5.3): says something there, and reads a line. */
#include "devices.h"

static void say(struct device *d, volatile u8 *buffer, const char *s) {
  u32 count = 0;
  while (s[count]) { buffer[count] = (u8)s[count]; count++; }
  describe(&d->queues[1], 0, buffer, count, 0);
  offer(d, &d->queues[1], 0);
  await(d, &d->queues[1], 0);
}

void console(void) {
  struct device *d = begin(3, 2, 1);
  u32 length, count = 0;
  if (!d) return;
  volatile u8 *out = take(d->is_private, 64, 16), *in = take(d->is_private, 64, 16);
  u8 line[32];
  say(d, out, "hvc> ");
  for (;;) {
    describe(d->queues, 0, in, 16, WRITE_ONLY);
    offer(d, d->queues, 0);
    if (await(d, d->queues, &length) < 0) { print("the device has stopped\n"); return; }
    for (u32 n = 0; n < length; n++) {
      if (in[n] == '\n' || in[n] == '\r') {
        say(d, out, "\r\nthis line came by hvc\r\n");
        print("console: "); number(peek(d->base + 0x100) & 0xffff); print(" columns, typed: "); text(line, count); print("\n");
        return;
      }
      if (count < sizeof line) line[count++] = in[n];
    }
  }
}
