/* A kernel for two processes: memory of their own, system calls, a time slice each, and an end for whoever does what is forbidden. */
#include "layout.h"
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long u64;

#define SLICE 20000 /* ticks of the counter */
#define PROCESSES 2

enum state { READY, WAITING, FINISHED, STOPPED };

struct process {
  u64 x[31], sp, pc, pstate, ttbr0; /* start.S saves these here, in this order */
  u64 id;
  enum state state;
  u64 wake;               /* WAITING: until the counter is here */
  u64 ticks, preemptions; /* timer interrupts while it ran; those after which the other one ran */
} __attribute__((aligned(16))); /* as SP must be */

extern u8 text_end[], image_end[], user_image[];
void power_off(void) __attribute__((noreturn));

static struct process processes[PROCESSES];
static u64 idled; /* how often there was nothing to do */

#define READ(name) ({ u64 value_; __asm__ volatile("mrs %0, " #name : "=r"(value_) : : "memory"); value_; })
#define WRITE_(name, value) __asm__ volatile("msr " #name ", %0\n isb" : : "r"((u64)(value)) : "memory")

/* ---- Devices. One load or store of a word each: the Host emulates them from the syndrome, which says no more than that. */

static void poke(u64 address, u32 value) { __asm__ volatile("str %w0, [%1]" : : "r"(value), "r"(HIGH + address) : "memory"); }
static u32 peek(u64 address) {
  u32 value;
  __asm__ volatile("ldr %w0, [%1]" : "=r"(value) : "r"(HIGH + address) : "memory");
  return value;
}

static void put(char c) { poke(UART, (u8)c); }
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
static void about(const struct process *p) { print("process "); number(p->id); print(": "); }

void panic(u64 esr, u64 far, u64 elr) {
  print("kernel: an exception of my own: ESR "); hex(esr);
  print(" FAR "); hex(far);
  print(" ELR "); hex(elr); print("\n");
  power_off();
}

/* ---- Memory: tables of four levels, 4 KiB pages. */

enum {
  NORMAL = 0 << 2 | 3 << 8, DEVICE = 1 << 2,            /* index into MAIR_EL1, shareability */
  USER = 1 << 6, READ_ONLY = 1 << 7, OWN = 1 << 11,     /* AP[1], AP[2], nG: only under this ASID */
  NO_KERNEL_CODE = 1ul << 53, NO_USER_CODE = 1ul << 54, /* PXN, UXN */
};
static const u64 address_bits = 0x0000fffffffff000;

static u64 pool[24][512] __attribute__((aligned(4096))); /* tables, and then the pages of processes */
static u32 pool_used;

static u64 *page(void) {
  if (pool_used == sizeof pool / PAGE) panic(0, 0, 0);
  return pool[pool_used++];
}

/* Where something of the kernel's is physically, and the way back. Before the MMU is on both are the same: `half` is 0 then, as the
   address of a variable is made from the program counter. */
static u64 half(void) { return (u64)pool & HIGH; }
static u64 physical(const void *p) { return (u64)p & ~HIGH; }

static void map(u64 *table, u64 va, u64 pa, u64 attributes) {
  for (int shift = 39; shift > 12; shift -= 9) {
    u64 *entry = &table[va >> shift & 511];
    if (!*entry) *entry = physical(page()) | 3;
    table = (u64 *)((*entry & address_bits) | half());
  }
  table[va >> 12 & 511] = pa | attributes | 1 << 10 | 3; /* the access flag; a page */
}

/* Called with the MMU off: the tables for TTBR1. EL0 gets none of this. */
u64 *kernel_tables(void) {
  u64 *table = page();
  u64 data = NORMAL | NO_KERNEL_CODE | NO_USER_CODE, device = DEVICE | NO_KERNEL_CODE | NO_USER_CODE;
  for (u64 pa = RAM; pa < physical(image_end); pa += PAGE)
    map(table, pa, pa, pa < physical(text_end) ? NORMAL | READ_ONLY | NO_USER_CODE : data);
  map(table, UART, UART, device);
  map(table, GICD, GICD, device);
  map(table, GICR, GICR, device);
  map(table, GICR + 0x10000, GICR + 0x10000, device);
  return table;
}

static void create(struct process *p, u64 id) {
  u64 *table = page(), *data = page(), *stack = page();
  const u64 *initial = (const u64 *)(user_image + DATA - TEXT);
  for (int i = 0; i < 512; i++) data[i] = initial[i];
  for (u64 offset = 0; offset < DATA - TEXT; offset += PAGE)
    map(table, TEXT + offset, physical(user_image) + offset, NORMAL | USER | READ_ONLY | OWN | NO_KERNEL_CODE);
  map(table, DATA, physical(data), NORMAL | USER | OWN | NO_KERNEL_CODE | NO_USER_CODE);
  map(table, STACK, physical(stack), NORMAL | USER | OWN | NO_KERNEL_CODE | NO_USER_CODE);
  p->ttbr0 = physical(table) | id << 48; /* its number is its ASID */
  p->id = p->x[0] = id;
  p->pc = TEXT;
  p->sp = STACK + PAGE;
  p->pstate = 0; /* EL0, interrupts on */
  print("kernel: process "); number(id);
  print(" gets tables at "); hex(physical(table));
  print(" and ASID "); number(id); print("\n");
  __asm__ volatile("dsb ish" : : : "memory"); /* the tables are there for whoever walks them */
}

/* ---- Interrupts and time. */

#define TIMER 27 /* the virtual timer's interrupt, private to each CPU */

static void interrupts_on(void) {
  poke(GICD, 0x12);                                  /* CTLR: affinity routing, group 1 */
  poke(GICR + 0x14, peek(GICR + 0x14) & ~2u);        /* WAKER: this CPU is awake */
  while (peek(GICR + 0x14) & 4) {}
  poke(GICR + 0x10080, 0xffffffff);                  /* IGROUPR0: all in group 1 */
  poke(GICR + 0x10400 + (TIMER & ~3u), 0xa0a0a0a0);  /* IPRIORITYR: a byte each */
  poke(GICR + 0x10100, 1u << TIMER);                 /* ISENABLER0 */
  WRITE_(icc_sre_el1, 1);
  WRITE_(icc_pmr_el1, 0xff); /* nothing is masked by priority */
  WRITE_(icc_bpr1_el1, 0);
  WRITE_(icc_ctlr_el1, 0); /* the end of an interrupt also deactivates it */
  WRITE_(icc_igrpen1_el1, 1);
}

static u64 counter(void) {
  __asm__ volatile("isb" : : : "memory");
  return READ(cntvct_el0);
}
static void timer_off(void) { WRITE_(cntv_ctl_el0, 0); }

/* ---- Who runs. */

/* Nothing to do before the counter is at `until`. Interrupts stay masked: WFI goes on all the same when one is pending. */
static void idle(u64 until) {
  u64 intid;
  idled++;
  WRITE_(cntv_cval_el0, until);
  WRITE_(cntv_ctl_el0, 1);
  do {
    __asm__ volatile("dsb sy\n wfi" : : : "memory");
    intid = READ(icc_iar1_el1);
  } while (intid == 1023); /* none after all */
  timer_off(); /* or it would be pending again at once */
  WRITE_(icc_eoir1_el1, intid);
}

static void finish(void) {
  for (struct process *p = processes; p < processes + PROCESSES; p++) {
    about(p);
    print(p->state == FINISHED ? "finished, " : "stopped, ");
    number(p->ticks); print(" timer ticks, "); number(p->preemptions); print(" preemptions\n");
  }
  print("kernel: waited "); number(idled); print(" times, as nobody had anything to do. Good bye.\n");
  power_off();
}

/* The next process after `last`, in turn, with a time slice. */
static struct process *schedule(struct process *last) {
  for (;;) {
    u64 now = counter(), first = ~0ul;
    for (struct process *p = processes; p < processes + PROCESSES; p++) {
      if (p->state == WAITING && p->wake <= now) p->state = READY;
      if (p->state == WAITING && p->wake < first) first = p->wake;
    }
    for (int n = 0; n < PROCESSES; n++) {
      if (++last == processes + PROCESSES) last = processes;
      if (last->state != READY) continue;
      WRITE_(cntv_tval_el0, SLICE);
      WRITE_(cntv_ctl_el0, 1);
      return last;
    }
    if (first == ~0ul) finish();
    idle(first);
  }
}

/* IRQ, from a process. */
struct process *interrupt(struct process *p) {
  u64 intid = READ(icc_iar1_el1);
  if (intid == 1023) return p;
  u64 fired = intid == TIMER && READ(cntv_ctl_el0) & 4; /* an interrupt can outlive its cause: is there one? */
  if (fired) timer_off();
  WRITE_(icc_eoir1_el1, intid);
  if (!fired) return p;
  struct process *next = schedule(p);
  p->ticks++;
  if (next != p && !p->preemptions++) {
    print("kernel: the timer interrupts process "); number(p->id);
    print(", whose slice is over; process "); number(next->id); print(" runs\n");
  }
  return next;
}

/* ---- What processes ask for, and what they may not do. */

static int readable_by_user(u64 from, u64 length) {
  if (length > PAGE) return 0;
  for (u64 va = from & ~(PAGE - 1ul); va < from + length; va += PAGE) {
    __asm__ volatile("at s1e0r, %0\n isb" : : "r"(va) : "memory"); /* as EL0 would read it */
    if (READ(par_el1) & 1) return 0;
  }
  return 1;
}

static void explain(struct process *p, u64 esr) {
  u64 class = esr >> 26, status = esr & 0x3f;
  about(p); print("stopped at "); hex(p->pc); print(": ");
  print(class == 0x24 ? "data abort" : class == 0x20 ? "instruction abort" : class == 0 ? "undefined" : "exception");
  print(" (ESR "); hex(esr); print(", class "); hex(class); print(")");
  if (class == 0x24 || class == 0x20) {
    print("\n  it tried to "); print(class == 0x20 ? "execute " : esr & 1 << 6 ? "write to " : "read ");
    hex(READ(far_el1)); print(" (FAR): ");
    print(status >> 2 == 1 ? "nothing is there" : status >> 2 == 3 ? "not for EL0" : "no");
    if (status >> 2 == 1 || status >> 2 == 3) { print(", says level "); number(status & 3); }
  }
  print("\n");
}

/* Synchronous, from a process. */
struct process *exception(struct process *p) {
  u64 esr = READ(esr_el1);
  if (esr >> 26 != 0x15) { /* not SVC */
    explain(p, esr);
    p->state = STOPPED;
    return schedule(p);
  }
  switch (p->x[8]) {
  case WRITE: {
    u64 ok = readable_by_user(p->x[0], p->x[1]);
    if (ok) {
      const char *text = (const char *)p->x[0];
      about(p);
      for (u64 n = p->x[1]; n; n--) put(*text++);
      put('\n');
    }
    p->x[0] = ok ? 0 : ~0ul;
    return p;
  }
  case GETPID: p->x[0] = p->id; return p;
  case YIELD: return schedule(p);
  case WAIT:
    p->wake = counter() + p->x[0];
    p->state = WAITING;
    return schedule(p);
  case EXIT:
    p->state = FINISHED;
    return schedule(p);
  default: p->x[0] = ~0ul; return p;
  }
}

struct process *kernel_main(void) {
  print("kernel: at EL1, MMU on, running at "); hex((u64)kernel_main);
  print("\nkernel: a process may run for "); number(SLICE); print(" ticks of the counter at a time\n");
  interrupts_on();
  for (int n = 0; n < PROCESSES; n++) create(&processes[n], (u64)n + 1);
  return schedule(&processes[PROCESSES - 1]);
}
