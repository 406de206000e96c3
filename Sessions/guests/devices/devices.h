#include "../platform.h"
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;

/* One access to a device, without write-back: the Host emulates it from the syndrome. A load where nothing is gives 0. */
void poke(u64 address, u32 value);
u32 peek(u64 address);

void print(const char *s);
void number(u64 n);
void hexbytes(const volatile u8 *p, u64 n);
void text(const volatile u8 *p, u64 n);

void interrupt_on(u32 intid);
void wait(u32 intid);
void done(u32 intid);

volatile u8 *take(int is_private, u64 count, u64 boundary);
u64 told(volatile void *p);

/* A split virtqueue of 8 entries. */
enum { ENTRIES = 8 };
struct queue {
  u32 index;
  u16 next, seen;
  volatile u64 *descriptors; /* address, then length | flags << 32 | next << 48 */
  volatile u16 *available;   /* flags, idx, ring */
  volatile u16 *given;       /* flags, idx, then {id, length} as words of 32 bits */
};
struct device {
  u64 base;
  u32 intid;
  int is_private; /* no VIRTIO_F_ACCESS_PLATFORM */
  u64 features;
  struct queue queues[3];
};
enum { NEXT = 1, WRITE_ONLY = 2 };

/* The first device of a kind, with its driver's features accepted and its queues set up; 0 if there is none. */
struct device *begin(u32 kind, u32 queues, u64 wanted);
void describe(struct queue *q, u32 n, volatile void *p, u32 length, u32 flags);
void offer(struct device *d, struct queue *q, u32 head);
/* Waits for a buffer that comes back. Its length is in *length. -1: the device is broken. */
int await(struct device *d, struct queue *q, u32 *length);
int broken(struct device *d);

void rng(void);
void disk(void);
void net(void);
void console(void);
void sockets(u32 in_realm);
void files(void);

/* A token for a challenge of 64 bytes; how many bytes it has, 0 outside of a Realm. */
u32 token(const u8 *challenge, volatile u8 *to, u32 room);
