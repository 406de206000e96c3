/* Interrupts of a vCPU, tried one by one: what was expected came, or what came instead. Made for two vCPUs. */
#include "../platform.h"
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long u64;

u64 firmware(u64 function, u64 a, u64 b, u64 c);
void secondary_start(void);

#define READ(name) ({ u64 value_; __asm__ volatile("mrs %0, " #name : "=r"(value_) : : "memory"); value_; })
#define WRITE(name, value) __asm__ volatile("msr " #name ", %0\n isb" : : "r"((u64)(value)) : "memory")

/* One load or store of a word without write-back: the Host emulates it from the syndrome, which says no more than that. */
static void poke(u64 address, u32 value) { __asm__ volatile("str %w0, [%1]" : : "r"(value), "r"(address) : "memory"); }
static u32 peek(u64 address) {
  u32 value;
  __asm__ volatile("ldr %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
  return value;
}

static void put(char c) { poke(UART, (u8)c); }
static void print(const char *s) { while (*s) put(*s++); }
static void hex(u64 n) {
  int shift = 60;
  while (shift && !(n >> shift)) shift -= 4;
  print("0x");
  for (; shift >= 0; shift -= 4) put("0123456789abcdef"[n >> shift & 15]);
}
static void off(void) { firmware(0x84000008, 0, 0, 0); }

void panic(u64 esr, u64 far, u64 elr) {
  print("unexpected exception: ESR "); hex(esr); print(" FAR "); hex(far); print(" ELR "); hex(elr); print("\n");
  off();
}

/* ---- What each vCPU has seen: "4( 5( 5) 4)" is a 5 within a 4, "!" a spurious one, "f" an FIQ. */

static struct { char text[192]; u32 length; } seen[2];
static u32 failures;

static u64 me(void) { return READ(mpidr_el1) & 0xff; }

static void note(const char *before, u64 n, char after) {
  char *text = seen[me()].text;
  u32 *length = &seen[me()].length;
  if (*length > 180) return;
  if (*length) text[(*length)++] = ' ';
  while (*before) text[(*length)++] = *before++;
  if (n >= 100) text[(*length)++] = (char)('0' + n / 100 % 10);
  if (n >= 10) text[(*length)++] = (char)('0' + n / 10 % 10);
  text[(*length)++] = (char)('0' + n % 10);
  text[(*length)++] = after;
  text[*length] = 0;
}

static int same(const char *a, const char *b) {
  while (*a && *a == *b) { a++; b++; }
  return *a == *b;
}

static int passed(const char *what, int ok) {
  print(ok ? "ok " : "BAD "); print(what); print("\n");
  if (!ok) failures++;
  return ok;
}
static void check(const char *what, u64 expected, u64 found) {
  if (passed(what, expected == found)) return;
  print("  expected "); hex(expected); print(", found "); hex(found); print("\n");
}
/* What vCPU n has seen since it was last asked. */
static void check_seen(const char *what, u64 n, const char *expected) {
  /* The other one may be in the middle of it. */
  for (u32 spins = 0; n != me() && spins < 200000 && !same(seen[n].text, expected); spins++) __asm__ volatile("yield" : : : "memory");
  if (!passed(what, same(seen[n].text, expected))) {
    print("  expected \""); print(expected); print("\"\n  saw \""); print(seen[n].text); print("\"\n");
  }
  seen[n].length = 0;
  seen[n].text[0] = 0;
}

/* ---- The interrupt controller. */

#define HERE (GICR + me() * 0x20000)
enum { CTLR = 0, TYPER = 8, WAKER = 0x14, SGIS = 0x10000 }; /* a redistributor's two frames */
enum {
  IGROUPR = 0x80, ISENABLER = 0x100, ICENABLER = 0x180, ISPENDR = 0x200, ICPENDR = 0x280, ISACTIVER = 0x300, ICACTIVER = 0x380,
  IPRIORITYR = 0x400, ICFGR = 0xc00
};
enum { NONE = 1023, VIRTUAL_TIMER = 27, PHYSICAL_TIMER = 30, SPI = 40 };
enum { LOW = 0xa0, MIDDLE = 0x80, HIGH = 0x60 }; /* priorities: less is more */

static void priority(u64 intid, u32 value) {
  u64 base = intid < 32 ? HERE + SGIS : GICD, shift = (intid & 3) * 8;
  u64 word = base + IPRIORITYR + (intid & ~3ul);
  poke(word, (peek(word) & ~(0xffu << shift)) | value << shift);
}

/* All are LOW but 5 and 7. */
static void own_priorities(void) {
  for (u64 n = 0; n < 32; n++) priority(n, n == 5 ? HIGH : n == 7 ? MIDDLE : LOW);
}

static void interface_on(void) {
  poke(HERE + WAKER, peek(HERE + WAKER) & ~2u);
  while (peek(HERE + WAKER) & 4) {}
  poke(HERE + SGIS + IGROUPR, 0xffffffff);
  own_priorities();
  poke(HERE + SGIS + ISENABLER, 0xffff | 1u << VIRTUAL_TIMER | 1u << PHYSICAL_TIMER);
  WRITE(icc_sre_el1, 1);
  WRITE(icc_pmr_el1, 0xff);
  WRITE(icc_bpr1_el1, 0);
  WRITE(icc_ctlr_el1, 0);
  WRITE(icc_igrpen1_el1, 1);
}

static void send(u64 intid, u64 vcpu) { WRITE(icc_sgi1r_el1, intid << 24 | 1ul << vcpu); }
static void send_all_others(u64 intid) { WRITE(icc_sgi1r_el1, intid << 24 | 1ul << 40); }
static void open(void) { __asm__ volatile("msr daifclr, #3\n isb" : : : "memory"); }
static void closed(void) { __asm__ volatile("msr daifset, #3\n isb" : : : "memory"); }
static void a_while(void) { for (volatile int n = 0; n < 100; n++) {} }
/* Lets in what is pending. */
static void let_in(void) { open(); a_while(); closed(); }
/* Whether an IRQ is signalled to this vCPU, masked or not (ISR_EL1.I). */
static u64 signalled(void) { a_while(); return READ(isr_el1) >> 7 & 1; }
static u64 counter(void) { __asm__ volatile("isb" : : : "memory"); return READ(cntvct_el0); }

/* ---- Handlers: something between acknowledgement and end, different in each test. */

static void (*inside)(u64 intid); /* what the handler does; it may let others in */
static u32 keep_active;           /* EOImode 1: it drops the priority, and whoever set this deactivates */

static void end(u64 intid) {
  WRITE(icc_eoir1_el1, intid);
  if (READ(icc_ctlr_el1) & 2 && !keep_active) WRITE(icc_dir_el1, intid);
}

void irq(void) {
  u64 intid = READ(icc_iar1_el1);
  if (intid == NONE) { note("!", 0, ' '); return; }
  note("", intid, '(');
  if (inside) inside(intid);
  end(intid);
  note("", intid, ')');
}

void fiq(void) {
  u64 intid = READ(icc_iar0_el1);
  note("f", intid, '(');
  WRITE(icc_eoir0_el1, intid);
  note("f", intid, ')');
}

/* ---- One vCPU, SGIs to itself. */

static void registers(void) {
  u64 bits = (READ(icc_ctlr_el1) >> 8 & 7) + 1;
  check("ICC_SRE_EL1.SRE is 1", 1, READ(icc_sre_el1) & 1);
  check("the distributor is a GICv3", 3, peek(GICD + 0xffe8) >> 4 & 15);
  check("ICC_PMR_EL1 has the bits of ICC_CTLR_EL1.PRIbits", 0xff << (8 - bits) & 0xff, READ(icc_pmr_el1));
  check("ICC_BPR1_EL1 is not below its minimum", 8 - bits, READ(icc_bpr1_el1));
  check("nothing is signalled at first", 0, signalled());
  check("nothing runs: ICC_RPR_EL1", 0xff, READ(icc_rpr_el1));
  check("nothing to acknowledge: ICC_IAR1_EL1", NONE, READ(icc_iar1_el1));
  check("nothing pending: ICC_HPPIR1_EL1", NONE, READ(icc_hppir1_el1));
}

static void by_hand(void) {
  send(4, 0);
  check("an SGI to myself: ISR_EL1.I", 1, signalled());
  check("an SGI to myself: ICC_HPPIR1_EL1", 4, READ(icc_hppir1_el1));
  check("an SGI to myself: ICC_IAR1_EL1", 4, READ(icc_iar1_el1));
  check("acknowledged: ICC_RPR_EL1", LOW, READ(icc_rpr_el1));
  check("acknowledged: ICC_AP1R0_EL1 has a bit for its priority", 1ul << (LOW >> 3), READ(icc_ap1r0_el1));
  check("acknowledged: it is not signalled", 0, signalled());
  check("acknowledged: ICC_IAR1_EL1 has nothing", NONE, READ(icc_iar1_el1));
  WRITE(icc_eoir1_el1, 4);
  check("ended: ICC_RPR_EL1", 0xff, READ(icc_rpr_el1));
  send(4, 0);
  send(4, 0);
  let_in();
  check_seen("sent twice while pending, it comes once", 0, "4( 4)");
}

static void priorities(void) {
  send(4, 0);
  send(5, 0);
  send(7, 0);
  check("three are pending: ICC_HPPIR1_EL1 is the most urgent", 5, READ(icc_hppir1_el1));
  let_in();
  check_seen("three are pending: they come by priority", 0, "5( 5) 7( 7) 4( 4)");
  WRITE(icc_pmr_el1, LOW);
  send(4, 0);
  check("ICC_PMR_EL1 masks its own priority", 0, signalled());
  check("masked: ICC_IAR1_EL1 has nothing", NONE, READ(icc_iar1_el1));
  check("masked: ICC_HPPIR1_EL1 does not care", 4, READ(icc_hppir1_el1));
  send(5, 0);
  let_in();
  check_seen("masked: what is more urgent comes", 0, "5( 5)");
  WRITE(icc_pmr_el1, 0xff);
  let_in();
  check_seen("unmasked: the other comes", 0, "4( 4)");
  WRITE(icc_igrpen1_el1, 0);
  send(4, 0);
  check("ICC_IGRPEN1_EL1 0: not signalled", 0, signalled());
  WRITE(icc_igrpen1_el1, 1);
  check("ICC_IGRPEN1_EL1 1: signalled", 1, signalled());
  let_in();
  check_seen("ICC_IGRPEN1_EL1 1: taken", 0, "4( 4)");
}

/* More than there are list registers, and the most urgent last. */
static void crowd(void) {
  for (u64 n = 0; n < 16; n++) priority(n, 0x80 - 8 * (u32)n);
  for (u64 n = 0; n < 16; n++) send(n, 0);
  let_in();
  check_seen("all 16 at once, the most urgent sent last", 0,
    "15( 15) 14( 14) 13( 13) 12( 12) 11( 11) 10( 10) 9( 9) 8( 8) 7( 7) 6( 6) 5( 5) 4( 4) 3( 3) 2( 2) 1( 1) 0( 0)");
  own_priorities();
}

static void send_more_urgent(u64 intid) { if (intid == 4) { send(5, 0); let_in(); } }
static void send_equal(u64 intid) { if (intid == 4) { send(6, 0); let_in(); } }
static void send_less_urgent(u64 intid) { if (intid == 5) { send(4, 0); let_in(); } }
static void send_a_bit_more_urgent(u64 intid) { if (intid == 4) { send(7, 0); let_in(); } }
static void send_staircase(u64 intid) {
  if (intid == 4) { send(7, 0); let_in(); }
  if (intid == 7) { send(5, 0); let_in(); }
}

static void run(void (*what)(u64), u64 first) {
  inside = what;
  send(first, 0);
  let_in();
  inside = 0;
}

static void preemption(void) {
  run(send_more_urgent, 4);
  check_seen("a more urgent one preempts", 0, "4( 5( 5) 4)");
  run(send_equal, 4);
  check_seen("one as urgent waits", 0, "4( 4) 6( 6)");
  run(send_less_urgent, 5);
  check_seen("one less urgent waits", 0, "5( 5) 4( 4)");
  run(send_staircase, 4);
  check_seen("three deep", 0, "4( 7( 5( 5) 7) 4)");
  WRITE(icc_bpr1_el1, 6);
  run(send_a_bit_more_urgent, 4);
  check_seen("ICC_BPR1_EL1 6: 0x80 does not preempt 0xa0", 0, "4( 4) 7( 7)");
  run(send_more_urgent, 4);
  check_seen("ICC_BPR1_EL1 6: 0x60 does", 0, "4( 5( 5) 4)");
  WRITE(icc_bpr1_el1, 0);
}

static void split_end(void) {
  WRITE(icc_ctlr_el1, 2);
  check("ICC_CTLR_EL1.EOImode can be set", 2, READ(icc_ctlr_el1) & 2);
  run(0, 4);
  check_seen("EOImode 1: an end in two steps", 0, "4( 4)");
  run(send_more_urgent, 4);
  check_seen("EOImode 1: a more urgent one preempts", 0, "4( 5( 5) 4)");
  keep_active = 1;
  run(0, 4);
  check("EOImode 1: the priority is dropped, says ICC_RPR_EL1", 0xff, READ(icc_rpr_el1));
  send(4, 0);
  check("EOImode 1: still active, sent again, it waits", 0, signalled());
  WRITE(icc_dir_el1, 4);
  check("EOImode 1: after ICC_DIR_EL1 it comes", 1, signalled());
  keep_active = 0;
  let_in();
  check_seen("EOImode 1: it came both times", 0, "4( 4) 4( 4)");
  send(5, 0);
  u64 intid = READ(icc_iar1_el1);
  WRITE(icc_eoir1_el1, intid); /* dropped: whatever is pending may come */
  send(4, 0);
  let_in();
  WRITE(icc_dir_el1, intid);
  check_seen("EOImode 1: a less urgent one comes before ICC_DIR_EL1", 0, "4( 4)");
  WRITE(icc_ctlr_el1, 0);
}

static void by_words(void) {
  u64 sgis = HERE + SGIS;
  poke(sgis + ISPENDR, 1 << 4);
  check("GICR_ISPENDR0 makes pending", 1, signalled());
  check("GICR_ISPENDR0 says what is pending", 1 << 4, peek(sgis + ISPENDR) & 0xffff);
  poke(sgis + ICPENDR, 1 << 4);
  check("GICR_ICPENDR0 takes it back", 0, signalled());
  check("GICR_ISPENDR0 says that nothing is", 0, peek(sgis + ISPENDR) & 0xffff);
  send(4, 0);
  u64 intid = READ(icc_iar1_el1);
  check("GICR_ISACTIVER0 says what is handled", 1 << 4, peek(sgis + ISACTIVER) & 0xffff);
  WRITE(icc_eoir1_el1, intid);
  check("GICR_ISACTIVER0 says that it has ended", 0, peek(sgis + ISACTIVER) & 0xffff);
  WRITE(icc_ctlr_el1, 2);
  send(4, 0);
  WRITE(icc_eoir1_el1, READ(icc_iar1_el1));
  poke(sgis + ICACTIVER, 1 << 4);
  check("GICR_ICACTIVER0 in place of ICC_DIR_EL1", 0, peek(sgis + ISACTIVER) & 0xffff);
  poke(sgis + ISACTIVER, 1 << 4);
  check("GICR_ISACTIVER0 makes active", 1 << 4, peek(sgis + ISACTIVER) & 0xffff);
  send(4, 0);
  check("active, then sent: it waits", 0, signalled());
  poke(sgis + ICACTIVER, 1 << 4);
  check("GICR_ICACTIVER0: it comes", 1, signalled());
  WRITE(icc_eoir1_el1, READ(icc_iar1_el1));
  poke(sgis + ICACTIVER, 1 << 4);
  WRITE(icc_ctlr_el1, 0);
  send(4, 0);
  poke(sgis + ICENABLER, 1 << 4);
  check("sent, then GICR_ICENABLER0: not signalled", 0, signalled());
  poke(sgis + ISENABLER, 1 << 4);
  let_in();
  check_seen("sent, then GICR_ICENABLER0 and GICR_ISENABLER0: taken", 0, "4( 4)");
  poke(sgis + ICENABLER, 1 << 4);
  send(4, 0);
  check("GICR_ICENABLER0, then sent: not signalled", 0, signalled());
  check("GICR_ICENABLER0, then sent: pending", 1 << 4, peek(sgis + ISPENDR) & 1 << 4);
  poke(sgis + ISENABLER, 1 << 4);
  let_in();
  check_seen("GICR_ICENABLER0, then sent, then GICR_ISENABLER0: taken", 0, "4( 4)");
  WRITE(icc_igrpen0_el1, 1);
  poke(sgis + IGROUPR, ~(1u << 11));
  poke(sgis + ISPENDR, 1 << 11);
  check("group 0: no IRQ", 0, signalled());
  check("group 0: ICC_IAR1_EL1 has nothing", NONE, READ(icc_iar1_el1));
  check("group 0: ISR_EL1.F", 1, READ(isr_el1) >> 6 & 1);
  let_in();
  check_seen("group 0: taken to the FIQ vector", 0, "f11( f11)");
  WRITE(icc_igrpen0_el1, 0);
  poke(sgis + IGROUPR, 0xffffffff);
  poke(GICD + IGROUPR + SPI / 32 * 4, 0xffffffff);
  priority(SPI, MIDDLE);
  poke(GICD + ICFGR + SPI / 16 * 4, 2u << SPI % 16 * 2); /* edge */
  poke(GICD + 0x6000 + SPI * 8, 0);                     /* IROUTER: vCPU 0 */
  poke(GICD + 0x6000 + SPI * 8 + 4, 0);
  poke(GICD + ISENABLER + SPI / 32 * 4, 1u << SPI % 32);
  poke(GICD + ISPENDR + SPI / 32 * 4, 1u << SPI % 32);
  let_in();
  check_seen("an SPI, made pending in the distributor", 0, "40( 40)");
  poke(GICD + ICFGR + SPI / 16 * 4, 0); /* level: its line is low, so it is the write alone that makes it pending */
  poke(GICD + ISPENDR + SPI / 32 * 4, 1u << SPI % 32);
  let_in();
  check_seen("a level without a line, made pending by a write, comes once", 0, "40( 40)");
}

/* ---- Timers. */

static void timer_once(u64 intid) {
  if (intid == VIRTUAL_TIMER) WRITE(cntv_ctl_el0, 0);
  if (intid == PHYSICAL_TIMER) WRITE(cntp_ctl_el0, 0);
}
static u32 times;
static void timer_second_time(u64 intid) { if (++times == 2) timer_once(intid); }

/* Should WFI be reached just after the interrupt, there will be another. */
static void timer_again(u64 intid) { if (intid == VIRTUAL_TIMER) WRITE(cntv_cval_el0, counter() + 50000); }

static void timers(void) {
  WRITE(cntv_tval_el0, 1000000000);
  u64 now = counter(), left = READ(cntv_tval_el0) & 0xffffffff, until = READ(cntv_cval_el0);
  check("CNTV_TVAL_EL0 counts down", 1, left <= 1000000000 && left > 500000000);
  check("CNTV_CVAL_EL0 is where it will be", 1, until - now <= 1000000000 && until - now > 500000000);
  WRITE(cntv_ctl_el0, 1);
  check("CNTV_CTL_EL0 before: enabled", 1, READ(cntv_ctl_el0));
  WRITE(cntv_cval_el0, counter());
  check("CNTV_CTL_EL0 behind: ISTATUS too", 5, READ(cntv_ctl_el0));
  check("CNTV_TVAL_EL0 behind: negative", 1, READ(cntv_tval_el0) >> 31 & 1);
  check("the virtual timer is signalled", 1, signalled());
  check("the virtual timer is 27", VIRTUAL_TIMER, READ(icc_hppir1_el1));
  WRITE(cntv_ctl_el0, 3);
  a_while();
  let_in(); /* it may have been delivered already; a hypervisor need not take it back */
  seen[0].length = 0;
  seen[0].text[0] = 0;
  check("IMASK: ISTATUS stays", 7, READ(cntv_ctl_el0));
  check("IMASK: not signalled", 0, signalled());
  inside = timer_once;
  WRITE(cntv_ctl_el0, 1);
  let_in();
  check_seen("without IMASK it comes", 0, "27( 27)");
  inside = timer_second_time;
  WRITE(cntv_ctl_el0, 1);
  let_in();
  check_seen("a level comes again when it is not turned off", 0, "27( 27) 27( 27)");
  inside = timer_once;
  WRITE(cntp_cval_el0, 0);
  WRITE(cntp_ctl_el0, 1);
  check("the physical timer: CNTP_CTL_EL0", 5, READ(cntp_ctl_el0));
  let_in();
  check_seen("the physical timer comes as 30", 0, "30( 30)");
  u64 then = counter() + 50000;
  WRITE(cntv_cval_el0, then);
  WRITE(cntv_ctl_el0, 1);
  do __asm__ volatile("dsb sy\n wfi" : : : "memory"); while (!signalled());
  check("WFI, interrupts masked: woken by the timer, and not before", 1, counter() >= then);
  let_in();
  check_seen("WFI, interrupts masked: taken when let in", 0, "27( 27)");
  inside = timer_again;
  timer_again(VIRTUAL_TIMER);
  WRITE(cntv_ctl_el0, 1);
  open();
  while (!seen[0].length) __asm__ volatile("wfi" : : : "memory");
  WRITE(cntv_ctl_el0, 0);
  closed();
  check_seen("WFI, interrupts not masked", 0, "27( 27)");
  inside = 0;
}

/* ---- Two vCPUs. */

static volatile u32 stage; /* what the second one has done so far */

static void answer(u64 intid) { if (me() == 1) send(intid + 1, 0); }

void secondary_main(u64 context) {
  interface_on();
  stage = (u32)context;
  open();
  for (;;) __asm__ volatile("wfi" : : : "memory"); /* lives on interrupts */
}

/* Waits, interrupts masked, for something; returns what. */
static u64 wait_by_hand(void) {
  u64 intid;
  do {
    __asm__ volatile("dsb sy\n wfi" : : : "memory");
    intid = READ(icc_iar1_el1);
  } while (intid == NONE);
  WRITE(icc_eoir1_el1, intid);
  return intid;
}

static void two(void) {
  u64 status = firmware(0xC4000003, 1, (u64)secondary_start, 7);
  check("PSCI CPU_ON", 0, status);
  if (status) return; /* there is only one */
  while (stage != 7) __asm__ volatile("yield" : : : "memory");
  check("GICR_TYPER.Last: my redistributor is not the last", 0, peek(GICR + TYPER) & 0x10);
  inside = answer;
  send(8, 1);
  check("SGI 8 to the other, which answers with 9: WFI is woken by 9", 9, wait_by_hand());
  check_seen("SGI 8: the other saw it", 1, "8( 8)");
  send_all_others(10);
  check("SGI 10 to all but me: WFI is woken by the answer", 11, wait_by_hand());
  check_seen("SGI 10: the other saw it", 1, "10( 10)");
  check("SGI 10: I did not get it", NONE, READ(icc_iar1_el1));
  WRITE(icc_sgi1r_el1, 12ul << 24 | 3);
  u64 a = wait_by_hand(), b = wait_by_hand();
  check("SGI 12 to both: I get it and the answer", 12 + 13, a + b);
  check_seen("SGI 12: the other saw it", 1, "12( 12)");
  inside = 0;
  check_seen("I saw nothing but what I waited for", 0, "");
}

int main(void) {
  poke(GICD + CTLR, 0x13); /* affinity routing, both groups */
  interface_on();
  registers();
  by_hand();
  priorities();
  crowd();
  preemption();
  split_end();
  by_words();
  timers();
  two();
  print(failures ? "There is something BAD.\n" : "All is as expected.\n");
  off();
  return 0;
}
