/* virtio-mmio, version 2, and split virtqueues (virtio 1.2, 4.2 and 2.7). */
#include "devices.h"

#define FIRST 0x103000000ul
enum { MAGIC = 0, VERSION = 4, DEVICE = 8, FEATURES = 0x10, FEATURES_SEL = 0x14, ACCEPTED = 0x20, ACCEPTED_SEL = 0x24, QUEUE_SEL = 0x30,
       NUM_MAX = 0x34, NUM = 0x38, READY = 0x44, NOTIFY = 0x50, ISR = 0x60, ACK = 0x64, STATUS = 0x70, ADDRESSES = 0x80 };

static void barrier(void) { __asm__ volatile("dsb sy" : : : "memory"); }

static void address(u64 at, volatile void *p) {
  u64 value = told(p);
  poke(at, (u32)value);
  poke(at + 4, (u32)(value >> 32));
}

struct device *begin(u32 kind, u32 queues, u64 wanted) {
  static struct device devices[10];
  for (u32 n = 0; n < 10; n++) {
    struct device *d = &devices[n];
    u64 base = FIRST + n * 0x200;
    if (peek(base + MAGIC) != 0x74726976 || peek(base + VERSION) != 2 || peek(base + DEVICE) != kind) continue;
    if (d->base && !broken(d)) return d;
    d->base = base;
    d->intid = 48 + n;
    poke(base + STATUS, 0);
    poke(base + STATUS, 3);
    poke(base + FEATURES_SEL, 1);
    u64 offered = (u64)peek(base + FEATURES) << 32;
    poke(base + FEATURES_SEL, 0);
    offered |= peek(base + FEATURES);
    d->features = offered;
    d->is_private = !(offered >> 33 & 1);
    u64 accepted = offered & (wanted | 3ul << 32);
    poke(base + ACCEPTED_SEL, 0);
    poke(base + ACCEPTED, (u32)accepted);
    poke(base + ACCEPTED_SEL, 1);
    poke(base + ACCEPTED, (u32)(accepted >> 32));
    poke(base + STATUS, 11);
    if (!(peek(base + STATUS) & 8)) { print("the device does not take these features\n"); return 0; }
    for (u32 i = 0; i < queues; i++) {
      struct queue *q = &d->queues[i];
      q->index = i;
      q->next = q->seen = 0;
      q->descriptors = (volatile u64 *)take(d->is_private, 16 * ENTRIES, 16);
      q->available = (volatile u16 *)take(d->is_private, 32, 2);
      q->given = (volatile u16 *)take(d->is_private, 8 + 8 * ENTRIES, 8);
      poke(base + QUEUE_SEL, i);
      if (peek(base + NUM_MAX) < ENTRIES) { print("its queue is too short\n"); return 0; }
      poke(base + NUM, ENTRIES);
      address(base + ADDRESSES, q->descriptors);
      address(base + ADDRESSES + 0x10, q->available);
      address(base + ADDRESSES + 0x20, q->given);
      poke(base + READY, 1);
    }
    interrupt_on(d->intid);
    poke(base + STATUS, 15);
    if (d->is_private) print("no VIRTIO_F_ACCESS_PLATFORM: its buffers are not in shared memory\n");
    return d;
  }
  print("there is no such device\n");
  return 0;
}

int broken(struct device *d) { return (peek(d->base + STATUS) & 0x40) != 0; }

void describe(struct queue *q, u32 n, volatile void *p, u32 length, u32 flags) {
  q->descriptors[2 * n] = told(p);
  q->descriptors[2 * n + 1] = length | (u64)flags << 32 | (u64)(n + 1) << 48;
}

void offer(struct device *d, struct queue *q, u32 head) {
  q->available[2 + q->next % ENTRIES] = (u16)head;
  barrier();
  q->available[1] = ++q->next;
  barrier();
  poke(d->base + NOTIFY, q->index);
}

int await(struct device *d, struct queue *q, u32 *length) {
  while (q->given[1] == q->seen) {
    if (broken(d)) return -1;
    wait(d->intid);
    poke(d->base + ACK, peek(d->base + ISR));
    done(d->intid);
  }
  /* It may have come back before anybody waited: its interrupt stays asserted otherwise, and nobody sleeps again. */
  poke(d->base + ACK, peek(d->base + ISR));
  volatile u32 *entry = (volatile u32 *)(q->given + 2) + 2 * (q->seen++ % ENTRIES);
  if (length) *length = entry[1];
  return (int)entry[0];
}

/* ---- Random numbers, and a disk (virtio 1.2, 5.4 and 5.2). */

static void failed(void) { print("the device has stopped: it could not reach its queue\n"); }

void rng(void) {
  struct device *d = begin(4, 1, 0);
  u32 length;
  if (!d) return;
  volatile u8 *bytes = take(d->is_private, 16, 16);
  describe(d->queues, 0, bytes, 16, WRITE_ONLY);
  offer(d, d->queues, 0);
  if (await(d, d->queues, &length) < 0) { failed(); return; }
  print("rng: "); number(length); print(" bytes "); hexbytes(bytes, 16); print("\n");
}

static volatile u8 *header, *sector;

/* The status of a request of one sector; -1: none. */
static int request(struct device *d, u32 kind, u64 at) {
  struct queue *q = d->queues;
  *(volatile u32 *)header = kind;
  *(volatile u64 *)(header + 8) = at;
  header[16] = 0xff;
  describe(q, 0, header, 16, NEXT);
  describe(q, 1, sector, 512, NEXT | (kind == 0 ? WRITE_ONLY : 0));
  describe(q, 2, header + 16, 1, WRITE_ONLY);
  offer(d, q, 0);
  return await(d, q, 0) < 0 ? -1 : header[16];
}

void disk(void) {
  struct device *d = begin(2, 1, 1 << 5);
  if (!d) return;
  u64 sectors = peek(d->base + 0x100) | (u64)peek(d->base + 0x104) << 32;
  header = take(d->is_private, 24, 16);
  sector = take(d->is_private, 512, 16);
  print("disk: "); number(sectors); print(d->features & 1 << 5 ? " sectors, read-only\n" : " sectors\n");
  int status = request(d, 0, 0);
  if (status < 0) { failed(); return; }
  print("sector 0: "); text(sector, 24); print("\n");
  for (u32 n = 0; n < 512; n++) sector[n] = (u8)(n * 7);
  print("write: "); number((u64)request(d, 1, 1));
  for (u32 n = 0; n < 512; n++) sector[n] = 0;
  print(", read: "); number((u64)request(d, 0, 1));
  u32 same = 0;
  for (u32 n = 0; n < 512; n++) same += sector[n] == (u8)(n * 7);
  print(same == 512 ? ", as it was written" : ", not what was written");
  print("; beyond the end: "); number((u64)request(d, 0, sectors)); print("\n");
}
