/* What an arm64 kernel is given at its start: a place, registers, and a device tree, which is read and told of. */
#include "../platform.h"
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long u64;

static void put(char c) { __asm__ volatile("str %w0, [%1]" : : "r"((u32)(u8)c), "r"((u64)UART) : "memory"); }
static void print(const char *s) { while (*s) put(*s++); }
static void number(u64 n) {
  char digits[20];
  int i = 0;
  do { digits[i++] = (char)('0' + n % 10); n /= 10; } while (n);
  while (i) put(digits[--i]);
}
static void hex(u64 n) {
  int shift = 60;
  while (shift && !(n >> shift)) shift -= 4;
  print("0x");
  for (; shift >= 0; shift -= 4) put("0123456789abcdef"[n >> shift & 15]);
}

void unexpected(u64 esr, u64 far, u64 elr) {
  print("unexpected exception: ESR "); hex(esr);
  print(" FAR "); hex(far);
  print(" ELR "); hex(elr); print("\n");
}

/* ---- The tree (Devicetree Specification, chapter 5): big-endian words, in a block of structure and a block of strings. */

static u32 word(const u8 *p) { return (u32)p[0] << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3]; }
static u64 cells(const u8 *p, u32 count) {
  u64 value = 0;
  while (count--) { value = value << 32 | word(p); p += 4; }
  return value;
}
static int same(const char *a, const char *b) {
  while (*a && *a == *b) { a++; b++; }
  return *a == *b;
}
/* Whether a node's name is this, whatever its unit address. */
static int is(const char *name, const char *wanted) {
  while (*wanted && *name == *wanted) { name++; wanted++; }
  return !*wanted && (!*name || *name == '@');
}

struct value { const u8 *bytes; u32 length; };
enum { DEPTH = 8 };
static struct node {
  const char *name;
  u32 address_cells, size_cells; /* of what is below it */
  struct value model, compatible, reg, bootargs, stdout_path, initrd_start, initrd_end, seed, method, enable_method, device_type;
  u32 is_told;
} nodes[DEPTH];
static u32 cpus, memories;

/* Text of a property: printed as it is up to its end, what cannot be printed as a point. */
static void text(struct value v) {
  for (u32 i = 0; i < v.length && v.bytes[i]; i++) put(v.bytes[i] >= 32 && v.bytes[i] < 127 ? (char)v.bytes[i] : '.');
}
static void line(const char *label, struct value v) {
  if (!v.bytes) return;
  print(label); print(": "); text(v); print("\n");
}
static int is_text(struct value v, const char *wanted) {
  return v.length && !v.bytes[v.length - 1] && same((const char *)v.bytes, wanted);
}

/* The pairs of address and size in a node's reg. */
static void regions(const char *label, const struct node *n, const struct node *parent) {
  u32 a = parent->address_cells, s = parent->size_cells, size = 4 * (a + s);
  if (!n->reg.bytes || !size || a > 2 || s > 2) return;
  for (u32 at = 0; at + size <= n->reg.length; at += size) {
    print(label); print(": "); hex(cells(n->reg.bytes + at, a));
    print(", size "); hex(cells(n->reg.bytes + at + 4 * a, s)); print("\n");
  }
}

/* A node whose properties have all been read. */
static void tell(u32 depth) {
  struct node *n = &nodes[depth], *parent = depth ? &nodes[depth - 1] : n;
  if (n->is_told) return;
  n->is_told = 1;
  if (depth == 0) { line("model", n->model); line("compatible", n->compatible); }
  if (depth == 1 && is(n->name, "chosen")) {
    line("bootargs", n->bootargs);
    line("stdout-path", n->stdout_path);
    if (n->initrd_start.length >= 4 && n->initrd_end.length >= 4) {
      print("initrd: "); hex(cells(n->initrd_start.bytes, n->initrd_start.length / 4));
      print(" to "); hex(cells(n->initrd_end.bytes, n->initrd_end.length / 4)); print("\n");
    }
    if (n->seed.bytes) { print("rng-seed: "); number(n->seed.length); print(" bytes\n"); }
  }
  if (is_text(n->device_type, "memory")) { regions("memory", n, parent); memories++; }
  if (is_text(n->device_type, "cpu")) {
    print("cpu "); hex(cells(n->reg.bytes, parent->address_cells > 2 ? 2 : n->reg.length < 4 ? 0 : parent->address_cells));
    print(": "); text(n->compatible); print(", enabled by "); text(n->enable_method); print("\n");
    cpus++;
  }
  if (depth == 1 && is(n->name, "psci")) { print("psci: "); text(n->compatible); print(", by "); text(n->method); print("\n"); }
  if (is_text(n->compatible, "arm,gic-v3")) regions("arm,gic-v3", n, parent);
  if (is_text(n->compatible, "arm,pl011")) regions("arm,pl011", n, parent);
  if (is_text(n->compatible, "arm,armv8-timer")) print("arm,armv8-timer\n");
  if (depth == 2 && is(parent->name, "reserved-memory")) regions("reserved-memory", n, parent);
}

static void property(struct node *n, const char *name, struct value v) {
  if (same(name, "#address-cells") && v.length == 4) n->address_cells = word(v.bytes);
  else if (same(name, "#size-cells") && v.length == 4) n->size_cells = word(v.bytes);
  else if (same(name, "model")) n->model = v;
  else if (same(name, "compatible")) n->compatible = v;
  else if (same(name, "reg")) n->reg = v;
  else if (same(name, "bootargs")) n->bootargs = v;
  else if (same(name, "stdout-path")) n->stdout_path = v;
  else if (same(name, "linux,initrd-start")) n->initrd_start = v;
  else if (same(name, "linux,initrd-end")) n->initrd_end = v;
  else if (same(name, "rng-seed")) n->seed = v;
  else if (same(name, "method")) n->method = v;
  else if (same(name, "enable-method")) n->enable_method = v;
  else if (same(name, "device_type")) n->device_type = v;
}

/* Reads it from end to end. Returns what is wrong with it, or 0. */
static const char *read(const u8 *tree) {
  u32 size = word(tree + 4), structure = word(tree + 8), strings = word(tree + 12), reserved = word(tree + 16);
  u32 strings_size = word(tree + 32), structure_size = word(tree + 36), at = 0, depth = 0, seen = 0;
  if (word(tree + 24) > 17 || word(tree + 20) < 17) return "I can only read version 17";
  if (size < 40 || size > 2 << 20) return "its size is not between 40 bytes and 2 MiB";
  if (structure > size || structure_size > size - structure || structure & 3) return "its structure lies outside";
  if (strings > size || strings_size > size - strings) return "its strings lie outside";
  if (reserved & 7 || reserved > size) return "its reservations lie outside";
  if (strings_size && tree[strings + strings_size - 1]) return "its last string does not end";
  for (u32 r = reserved; ; r += 16) {
    if (r > size - 16) return "its reservations do not end";
    u64 where = cells(tree + r, 2), length = cells(tree + r + 8, 2);
    if (!where && !length) break;
    print("reserved: "); hex(where); print(", size "); hex(length); print("\n");
  }
  const u8 *s = tree + structure;
  for (;;) {
    if (at + 4 > structure_size) return "its structure does not end";
    u32 token = word(s + at);
    at += 4;
    if (token == 4) continue; /* FDT_NOP */
    if (token == 9) return depth ? "it ends within a node" : at != structure_size ? "there is something behind its end" : 0;
    if (token == 1) { /* FDT_BEGIN_NODE */
      if (depth) tell(depth - 1);
      else if (seen++) return "it has two roots";
      if (depth == DEPTH) return "it is too deep for me";
      struct node *n = &nodes[depth++];
      u8 *clear = (u8 *)n;
      for (u64 i = 0; i < sizeof *n; i++) clear[i] = 0;
      n->address_cells = 2;
      n->size_cells = 1;
      n->name = (const char *)s + at;
      while (at < structure_size && s[at]) at++;
      at = (at + 4) & ~3u; /* its zero, and up to the next word */
    } else if (token == 2) { /* FDT_END_NODE */
      if (!depth) return "a node ends that has not begun";
      tell(--depth);
    } else if (token == 3) { /* FDT_PROP */
      if (!depth) return "a property is in no node";
      if (at + 8 > structure_size) return "a property is cut off";
      u32 length = word(s + at), name = word(s + at + 4);
      at += 8;
      if (length > structure_size - at) return "a property is longer than the structure";
      if (name >= strings_size) return "a property's name lies outside";
      if (nodes[depth - 1].is_told) return "a property comes after a node within";
      property(&nodes[depth - 1], (const char *)tree + strings + name, (struct value){s + at, length});
      at = (at + length + 3) & ~3u;
    } else return "it has a token that is none";
  }
}

void image_main(u64 x0, u64 x1, u64 x2, u64 x3, u64 here, u64 text_offset) {
  print("An arm64 Image at "); hex(here);
  print((here & 0x1fffff) == text_offset ? ", where its header asks to be\n" : ", which is NOT where its header asks to be\n");
  print(x1 | x2 | x3 ? "x1 to x3 are NOT zero\n" : "x1 to x3 are zero\n");
  if (!x0) { print("no device tree\n"); return; }
  const u8 *tree = (const u8 *)x0;
  print("x0 is "); hex(x0);
  if (x0 & 7) { print(", which is NOT a multiple of 8\n"); return; }
  if (word(tree) != 0xd00dfeed) { print(": NO device tree is there, but "); hex(word(tree)); print("\n"); return; }
  print(": a device tree of "); number(word(tree + 4)); print(" bytes\n");
  const char *problem = read(tree);
  if (problem) { print("the device tree is BAD: "); print(problem); print("\n"); return; }
  print("CPUs: "); number(cpus); print("; nodes of memory: "); number(memories); print(". Good bye.\n");
}
