/* A file system (virtio 1.2, 5.11) by requests of FUSE: what is in the folder, and in a file of it. */
#include "devices.h"

enum { IN = 40, OUT = 16, LOOKUP = 1, GETATTR = 3, OPEN = 14, READ = 15, WRITE = 16, STATFS = 17, INIT = 26, OPENDIR = 27, READDIR = 28 };
static struct device *d;
static volatile u8 *request, *reply;
static u64 unique;

static void put(volatile u8 *p, u64 value, u32 n) { for (u32 i = 0; i < n; i++) p[i] = (u8)(value >> 8 * i); }
static u64 get(const volatile u8 *p, u32 n) { u64 v = 0; while (n--) v = v << 8 | p[n]; return v; }

/* A request with n bytes behind its header that are in place: 0, or an error number. */
static u32 ask(u32 operation, u64 node, u32 n) {
  struct queue *q = &d->queues[1];
  put(request, IN + n, 4); put(request + 4, operation, 4); put(request + 8, ++unique, 8); put(request + 16, node, 8);
  for (u32 i = 24; i < IN; i++) request[i] = 0;
  describe(q, 0, request, IN + n, NEXT);
  describe(q, 1, reply, 2048, WRITE_ONLY);
  offer(d, q, 0);
  if (await(d, q, 0) < 0 || get(reply + 8, 8) != unique) return 5;
  return (u32)-get(reply + 4, 4);
}

static u32 lookup(u64 node, const char *name) {
  u32 n = 0;
  do request[IN + n] = (u8)name[n]; while (name[n++]);
  return ask(LOOKUP, node, n);
}

static u32 read_from(u32 operation, u64 node, u64 offset, u32 size) {
  put(request + IN, node, 8); put(request + IN + 8, offset, 8); put(request + IN + 16, size, 4);
  for (u32 i = 20; i < 40; i++) request[IN + i] = 0;
  return ask(operation, node, 40);
}

void files(void) {
  d = begin(26, 2, 0);
  if (!d) return;
  if (!request) { request = take(d->is_private, 1024, 16); reply = take(d->is_private, 2048, 16); }
  u8 tag[8];
  for (u32 n = 0; n < 8; n += 4) put(tag + n, peek(d->base + 0x100 + n), 4);
  print("fs: tag "); text(tag, 5);
  put(request + IN, 7, 4); put(request + IN + 4, 36, 4); put(request + IN + 8, 131072, 4); put(request + IN + 12, 0, 4);
  u32 problem = ask(INIT, 0, 16);
  print(", version "); number(get(reply + OUT, 4)); print("."); number(get(reply + OUT + 4, 4)); print(problem ? ", refused\n" : "\n");
  if (read_from(READDIR, 1, 0, 1024) == 0) {
    u32 end = (u32)get(reply, 4);
    print("names:");
    for (u32 at = OUT; at < end; at += (24 + (u32)get(reply + at + 16, 4) + 7) & ~7u) {
      print(" "); text(reply + at + 24, get(reply + at + 16, 4));
    }
    print("\n");
  }
  if (lookup(1, "hello.txt") == 0) {
    u64 node = get(reply + OUT, 8), size = get(reply + OUT + 40 + 8, 8);
    put(request + IN, 0, 8);
    print("hello.txt: "); number(size); print(" bytes, open "); number(ask(OPEN, node, 8));
    u32 status = read_from(READ, node, 0, 1024);
    print(", read "); number(status); print(": "); text(reply + OUT, get(reply, 4) - OUT);
    status = read_from(READ, node, 1000000, 16);
    print("; behind its end "); number(get(reply, 4) - OUT); print(" bytes\n");
    put(request + IN, 1, 8);
    print("to write: open "); number(ask(OPEN, node, 8)); print(", write "); number(ask(WRITE, node, 40)); print("\n");
  }
  print("..: "); number(lookup(1, ".."));
  print(", a/b: "); number(lookup(1, "sub/inner.txt"));
  print(", nothing: "); number(lookup(1, "nothing"));
  print(", node 99: "); number(ask(GETATTR, 99, 16)); print("\n");
  if (lookup(1, "sub") == 0 && lookup(get(reply + OUT, 8), "inner.txt") == 0) {
    u64 node = get(reply + OUT, 8);
    if (read_from(READ, node, 0, 64) == 0) { print("inner.txt: "); text(reply + OUT, get(reply, 4) - OUT); print("\n"); }
  }
}
