/* A small TEE: takes OP-TEE's messages over FF-A, and runs applications at S-EL0. */
#include "../storage/seal.h"

#define FFA_ERROR 0x84000060
#define FFA_SUCCESS 0x84000061
#define FFA_RX_RELEASE 0x84000065
#define FFA_RXTX_MAP 0xc4000066
#define FFA_MSG_WAIT 0x8400006b
#define FFA_DIRECT_REQ 0x8400006f
#define FFA_DIRECT_RESP 0x84000070
#define FFA_RETRIEVE_REQ 0x84000074
#define FFA_RETRIEVE_RESP 0x84000075
#define FFA_RELINQUISH 0x84000076
#define FFA_CONSOLE_LOG 0x8400008a
#define OWN_ID 0x8001

/* Services of OP-TEE over FF-A: w3 of a request. */
#define GET_API_VERSION 0
#define GET_OS_VERSION 1
#define EXCHANGE_CAPABILITIES 2
#define UNREGISTER_SHM 3
#define CALL_WITH_ARG 0x80000000

void smc(u64 x[8]);
u64 copy_shared(void *to, const void *from, u64 length);
u64 enter_application(u64 entry, u64 x0, u64 x1, void *x2, u64 stack);
extern const u8 hello_image[], hello_image_end[], storage_image[], storage_image_end[];

/* ---- Text */
static void print(const char *text, u64 length) {
  while (length) {
    u64 part = length < 24 ? length : 24, x[8] = {FFA_CONSOLE_LOG, part};
    for (u64 n = 0; n < part; n++) x[2 + n / 4] |= (u64)(u8)text[n] << (8 * (n % 4));
    smc(x);
    text += part;
    length -= part;
  }
}
#define PRINT(text) print(text "\n", sizeof text)

/* ---- Stage 1: 39 bits. The TEE's two megabytes page by page; the DRAM, of which stage 2 has what was shared, as it is. */
static u64 level1[512] __attribute__((aligned(4096)));
static u64 level2[512] __attribute__((aligned(4096)));
static u64 level3[512] __attribute__((aligned(4096)));
#define PAGE 0x703ul /* Normal, inner shareable, accessed */
#define READ_ONLY (1ul << 7)
#define FOR_APPLICATION (1ul << 6)
#define NOT_EXECUTED (3ul << 53)
#define NOT_BY_TEE (1ul << 53)
#define NOT_BY_APPLICATION (1ul << 54)

static void map(u64 from, u64 to, u64 attributes) {
  for (u64 at = from; at < to; at += 4096) level3[(at - TEE_BASE) / 4096] = at | PAGE | attributes;
}

extern u8 text_end[];

u64 *tables(void) {
  level1[0] = (u64)level2 | 3;
  for (u64 n = 2; n < 4; n++) level1[n] = n << 30 | 0x701 | NOT_EXECUTED | 1 << 5;
  level2[TEE_BASE >> 21] = (u64)level3 | 3;
  map(TEE_BASE, (u64)text_end, READ_ONLY | NOT_BY_APPLICATION);
  map((u64)text_end, TEE_BASE + 0x200000, NOT_EXECUTED);
  return level1;
}

static void flush(void) { __asm__ volatile("dsb ish\n tlbi vmalle1\n dsb ish\n isb" ::: "memory"); }

/* ---- Memory a client shares */
static struct { u64 handle, base, size; } shares[8];

static void copy(void *to, const void *from, u64 length) {
  for (u64 n = 0; n < length; n++) ((u8 *)to)[n] = ((const u8 *)from)[n];
}

static void *shared(u64 handle, u64 offset, u64 length) {
  int free = -1;
  for (int n = 0; n < 8; n++) {
    if (!shares[n].size && free < 0) free = n;
    if (shares[n].size && shares[n].handle == handle)
      return offset <= shares[n].size && length <= shares[n].size - offset ? (void *)(shares[n].base + offset) : 0;
  }
  if (free < 0) return 0;
  /* A memory transaction descriptor of FF-A 1.1 with one access descriptor. */
  u8 *tx = (u8 *)TEE_TX;
  for (u64 n = 0; n < 64; n++) tx[n] = 0;
  *(u64 *)(tx + 8) = handle;
  *(u32 *)(tx + 24) = 16;
  *(u32 *)(tx + 28) = 1;
  *(u32 *)(tx + 32) = 48;
  *(unsigned short *)(tx + 48) = OWN_ID;
  u64 x[8] = {FFA_RETRIEVE_REQ, 64, 64};
  smc(x);
  if (x[0] != FFA_RETRIEVE_RESP) return 0;
  const u8 *rx = (const u8 *)TEE_RX;
  const u8 *composite = rx + *(const u32 *)(rx + 52);
  shares[free].handle = handle;
  shares[free].base = *(const u64 *)(composite + 16);
  shares[free].size = (u64) * (const u32 *)(composite + 24) * 4096;
  u64 release[8] = {FFA_RX_RELEASE};
  smc(release);
  return shared(handle, offset, length);
}

static u64 unregister(u64 handle) {
  for (int n = 0; n < 8; n++)
    if (shares[n].size && shares[n].handle == handle) {
      u8 *tx = (u8 *)TEE_TX;
      *(u64 *)tx = handle;
      *(u32 *)(tx + 8) = 0;
      *(u32 *)(tx + 12) = 1;
      *(unsigned short *)(tx + 16) = OWN_ID;
      u64 x[8] = {FFA_RELINQUISH};
      smc(x);
      shares[n].size = 0;
      return x[0] == FFA_SUCCESS ? TEE_SUCCESS : TEE_ERROR_BAD_PARAMETERS;
    }
  return TEE_ERROR_BAD_PARAMETERS;
}

/* ---- Applications */
static const struct application {
  u8 uuid[16];
  const u8 *image, *end;
  u64 base;
} applications[] = {
    {{0x8a, 0xaa, 0xf2, 0x00, 0x24, 0x50, 0x11, 0xe4, 0xab, 0xe2, 0x00, 0x02, 0xa5, 0xd5, 0xc5, 0x1b},
     hello_image, hello_image_end, HELLO_BASE},
    {{0xf4, 0xe7, 0x50, 0xbb, 0x14, 0x37, 0x4f, 0xbf, 0x87, 0x85, 0x8d, 0x35, 0x80, 0xc3, 0x49, 0x94},
     storage_image, storage_image_end, STORAGE_BASE},
};
static u32 sessions_of[2], is_dead[2];
static u32 session_application[8]; /* its number and 1; 0 if there is no such session */
static u32 running;

static void load(u32 number) {
  const struct application *one = &applications[number];
  map(one->base, one->base + APP_SIZE, NOT_EXECUTED);
  flush();
  for (u64 n = 0; n < APP_SIZE; n += 8) *(u64 *)(one->base + n) = 0;
  copy((void *)one->base, one->image, one->end - one->image);
  is_dead[number] = 0;
}

static u64 run(u32 number, u64 entry, u64 command) {
  const struct application *one = &applications[number];
  map(one->base, one->base + 0x8000, READ_ONLY | FOR_APPLICATION | NOT_BY_TEE);
  map(one->base + 0x8000, one->base + APP_SIZE, FOR_APPLICATION | NOT_EXECUTED);
  map(SHARED_PAGES, SHARED_PAGES + SHARED_SIZE, FOR_APPLICATION | NOT_EXECUTED);
  flush();
  running = number;
  u64 result = enter_application(one->base, entry, command, (void *)SHARED_PAGES, one->base + APP_SIZE);
  map(one->base, one->base + APP_SIZE, NOT_EXECUTED);
  map(SHARED_PAGES, SHARED_PAGES + SHARED_SIZE, NOT_EXECUTED);
  flush();
  return is_dead[number] ? TEE_ERROR_TARGET_DEAD : result;
}

/* Whether memory is the running application's own to read and write. */
static int is_own(u64 at, u64 length) {
  u64 base = applications[running].base + 0x8000;
  return (at >= base && at < base + 0x8000 && length <= base + 0x8000 - at);
}

/* An exception of the application's: 0 to go on, 1 to end what it was asked for. */
u64 system_call(u64 x[32], u64 esr) {
  if (esr >> 26 == 0x15 && x[8] == SYS_RETURN) return 1;
  u64 text = applications[running].base;
  if (esr >> 26 == 0x15 && x[8] == SYS_LOG && x[1] <= 128
      && (is_own(x[0], x[1]) || (x[0] >= text && x[0] < text + 0x8000 && x[1] <= text + 0x8000 - x[0]))) {
    print((const char *)x[0], x[1]);
    print("\n", 1);
    return 0;
  }
  if (esr >> 26 == 0x15 && x[8] == SYS_KEY && is_own(x[0], 32)) {
    /* Platform's key, storage's key, this application's key. */
    u8 key[32];
    hmac(key, (const u8 *)HARDWARE_KEY, (const u8 *)"secure storage", 14);
    hmac((u8 *)x[0], key, applications[running].uuid, 16);
    for (u64 n = 0; n < 32; n++) ((volatile u8 *)key)[n] = 0;
    return 0;
  }
  PRINT("TEE: the application has done what it must not");
  is_dead[running] = 1;
  return 1;
}

void tee_panic(u64 esr, u64 far, u64 pc) {
  u64 x[8] = {FFA_CONSOLE_LOG, 9, 'p' | 'a' << 8 | 'n' << 16 | 'i' << 24, 'c' | ' ' << 8 | 'E' << 16 | 'L' << 24, '1'};
  smc(x);
  /* S-EL2 sees where it came from, and ends the partition. */
  __asm__ volatile("hvc #0" :: "r"(esr), "r"(far), "r"(pc));
  for (;;) {}
}

/* ---- OP-TEE's message: a header and parameters in memory that the client shares. */
struct message {
  u32 command, function, session, cancel, pad, result, origin, count;
  struct { u64 attribute, a, b, c; } parameters[6];
};
#define BUFFER 0xf00 /* room for a copy of each parameter's memory, behind the parameters */
static u8 *buffer(u64 n) { return (u8 *)(SHARED_PAGES + 0x400 + n * BUFFER); }

/* Gives the application its parameters, from those of a message beginning with `first`. */
static u64 take(struct message *m, u64 first) {
  struct parameter *p = (struct parameter *)SHARED_PAGES;
  for (u64 n = 0; n < 4; n++) {
    p[n] = (struct parameter){0};
    if (first + n >= m->count) continue;
    u64 type = m->parameters[first + n].attribute & 0xff;
    p[n].type = type;
    if (type >= 1 && type <= 3) {
      p[n].a = type == 2 ? 0 : m->parameters[first + n].a;
      p[n].b = type == 2 ? 0 : m->parameters[first + n].b;
    } else if (type >= 5 && type <= 7) {
      u64 size = m->parameters[first + n].b, offset = m->parameters[first + n].a & 0xffffffffffff;
      void *from = shared(m->parameters[first + n].c, offset, size);
      if (!from || size > BUFFER || (type != 6 && copy_shared(buffer(n), from, size))) return TEE_ERROR_BAD_PARAMETERS;
      /* What is only written begins as zeroes: the client gets no bytes of another call's. */
      if (type == 6) for (u64 at = 0; at < size; at++) buffer(n)[at] = 0;
      p[n].bytes = buffer(n);
      p[n].size = size;
    } else if (type) {
      return TEE_ERROR_BAD_PARAMETERS;
    }
  }
  return TEE_SUCCESS;
}

/* Gives the client what the application has written. */
static u64 give(struct message *m, u64 first) {
  struct parameter *p = (struct parameter *)SHARED_PAGES;
  for (u64 n = 0; n < 4 && first + n < m->count; n++) {
    u64 type = m->parameters[first + n].attribute & 0xff;
    if (type == 2 || type == 3) {
      m->parameters[first + n].a = p[n].a;
      m->parameters[first + n].b = p[n].b;
    } else if (type == 6 || type == 7) {
      u64 room = m->parameters[first + n].b, size = p[n].size;
      void *to = shared(m->parameters[first + n].c, m->parameters[first + n].a & 0xffffffffffff, room);
      m->parameters[first + n].b = size;
      if (size <= room && to && copy_shared(to, buffer(n), size)) return TEE_ERROR_BAD_PARAMETERS;
    }
  }
  return TEE_SUCCESS;
}

static u64 open(struct message *m) {
  u8 uuid[16];
  copy(uuid, &m->parameters[0].a, 16);
  for (u32 number = 0; number < 2; number++) {
    u8 difference = 0;
    for (u64 n = 0; n < 16; n++) difference |= uuid[n] ^ applications[number].uuid[n];
    if (difference) continue;
    u32 session = 0;
    while (session < 8 && session_application[session]) session++;
    if (session == 8) return TEE_ERROR_BAD_PARAMETERS;
    if (!sessions_of[number]) load(number);
    u64 result = take(m, 2);
    if (result == TEE_SUCCESS) result = run(number, ENTRY_OPEN, 0);
    if (result != TEE_SUCCESS) return result;
    sessions_of[number]++;
    session_application[session] = number + 1;
    m->session = session + 1;
    return give(m, 2);
  }
  return TEE_ERROR_ITEM_NOT_FOUND;
}

static u64 invoke(struct message *m, u32 entry) {
  if (m->session < 1 || m->session > 8 || !session_application[m->session - 1]) return TEE_ERROR_BAD_PARAMETERS;
  u32 number = session_application[m->session - 1] - 1;
  u64 result = is_dead[number] ? TEE_ERROR_TARGET_DEAD : take(m, 0);
  if (result == TEE_SUCCESS) {
    result = run(number, entry, m->function);
    u64 given = give(m, 0);
    if (result == TEE_SUCCESS) result = given;
  }
  if (entry == ENTRY_CLOSE) {
    session_application[m->session - 1] = 0;
    /* The last one is gone, and all the application knew. */
    if (!--sessions_of[number]) load(number);
    result = TEE_SUCCESS;
  }
  return result;
}

static u64 call(u64 handle, u64 offset) {
  struct message m;
  struct message *client = shared(handle, offset, sizeof m);
  if (!client || copy_shared(&m, client, sizeof m) || m.count > 6) return TEE_ERROR_BAD_PARAMETERS;
  u64 result = TEE_ERROR_NOT_SUPPORTED;
  switch (m.command) {
  case 0: if (m.count >= 2) result = open(&m); break;
  case 1: result = invoke(&m, ENTRY_INVOKE); break;
  case 2: result = invoke(&m, ENTRY_CLOSE); break;
  }
  m.result = result;
  m.origin = result == TEE_SUCCESS ? 0 : 3;
  return copy_shared(client, &m, sizeof m) ? TEE_ERROR_BAD_PARAMETERS : TEE_SUCCESS;
}

void tee_main(void) {
  u64 x[8] = {FFA_RXTX_MAP, TEE_TX, TEE_RX, 1};
  smc(x);
  PRINT("TEE: 2 applications");
  for (u64 n = 1; n < 8; n++) x[n] = 0;
  x[0] = FFA_MSG_WAIT;
  for (;;) {
    smc(x);
    if (x[0] != FFA_DIRECT_REQ) {
      for (u64 n = 1; n < 8; n++) x[n] = 0;
      x[0] = FFA_MSG_WAIT;
      continue;
    }
    u64 service = (u32)x[3], handle = (u32)x[4] | x[5] << 32, offset = (u32)x[6];
    x[0] = FFA_DIRECT_RESP;
    x[1] = (x[1] & 0xffff) << 16 | x[1] >> 16;
    for (u64 n = 2; n < 8; n++) x[n] = 0;
    switch (service) {
    case GET_API_VERSION: x[3] = 1; break;
    case GET_OS_VERSION: x[3] = 4; break;
    case EXCHANGE_CAPABILITIES: break;
    case UNREGISTER_SHM: x[3] = unregister(handle); break;
    case CALL_WITH_ARG: x[3] = call(handle, offset); break;
    default: x[3] = TEE_ERROR_NOT_SUPPORTED;
    }
  }
}
