/* Sockets (virtio 1.2, 5.10): an echo, and a relying party that is shown a token. */
#include "devices.h"

enum { BUFFERS = 4, SIZE = 1024, HEADER = 44, REQUEST = 1, RESPONSE = 2, RESET = 3, SHUTDOWN = 4, BYTES = 5, CREDIT = 6 };
static struct device *card;
static volatile u8 *sent, *received[BUFFERS];
static u8 packet[SIZE];
static u32 length;

void sha256(u8 digest[32], const u8 *data, u64 length);

static void put(volatile u8 *p, u64 value, u32 n) { for (u32 i = 0; i < n; i++) p[i] = (u8)(value >> 8 * i); }
static u32 get(const u8 *p, u32 n) { u32 v = 0; while (n--) v = v << 8 | p[n]; return v; }

/* Puts a header before n bytes that are in place, and sends both. */
static void transmit(u32 from, u32 port, u32 operation, u32 n, u32 flags) {
  struct queue *q = &card->queues[1];
  put(sent, 3, 8); put(sent + 8, 2, 8); put(sent + 16, from, 4); put(sent + 20, port, 4); put(sent + 24, n, 4);
  put(sent + 28, 1, 2); put(sent + 30, operation, 2); put(sent + 32, flags, 4); put(sent + 36, 65536, 4); put(sent + 40, 0, 4);
  describe(q, 0, sent, HEADER + n, 0);
  offer(card, q, 0);
  if (q->given[1] != q->seen) q->seen++;
}

/* The next packet that is no matter of credit: its operation. */
static u32 receive(void) {
  for (;;) {
    u32 n;
    int index = await(card, card->queues, &n);
    if (index < 0) return 0;
    length = n < SIZE ? n : SIZE;
    for (u32 i = 0; i < length; i++) packet[i] = received[index][i];
    describe(card->queues, (u32)index, received[index], SIZE, WRITE_ONLY);
    offer(card, card->queues, (u32)index);
    if (get(packet + 30, 2) != CREDIT) return get(packet + 30, 2);
  }
}

/* A request to the relying party of n bytes behind header and frame; its answer is put together in answer. */
static u8 answer[2048];
static u32 ask(u32 from, u32 operation, u32 n) {
  u32 count = 0;
  put(sent + HEADER, operation, 4); put(sent + HEADER + 4, n, 4);
  transmit(from, 4433, BYTES, 8 + n, 0);
  while (count < 8 || count < 8 + get(answer + 4, 4)) {
    if (receive() != BYTES) return ~0u;
    for (u32 i = HEADER; i < length && count < sizeof answer; i++) answer[count++] = packet[i];
  }
  return get(answer, 4);
}

void sockets(u32 in_realm) {
  u32 from = 1000;
  card = begin(19, 3, 0);
  if (!card) return;
  if (!sent) {
    sent = take(card->is_private, 16384, 16);
    for (u32 n = 0; n < BUFFERS; n++) {
      received[n] = take(card->is_private, SIZE, 16);
      describe(card->queues, n, received[n], SIZE, WRITE_ONLY);
      offer(card, card->queues, n);
    }
  }
  print("vsock: cid "); number(peek(card->base + 0x100)); print("\n");
  transmit(from, 9, REQUEST, 0, 0);
  print(receive() == RESET ? "nobody: reset\n" : "nobody: an answer\n");
  transmit(from, 7, REQUEST, 0, 0);
  if (receive() != RESPONSE) { print("echo: refused\n"); return; }
  for (u32 n = 0; n < 12; n++) sent[HEADER + n] = (u8)"Hello, Host!"[n];
  transmit(from, 7, BYTES, 12, 0);
  if (receive() != BYTES) { print("echo: nothing\n"); return; }
  print("echo: "); text(packet + HEADER, length - HEADER);
  transmit(from, 7, SHUTDOWN, 0, 3);
  print(receive() == RESET ? ", over\n" : ", not over\n");
  transmit(++from, 4433, REQUEST, 0, 0);
  if (receive() != RESPONSE) { print("party: refused\n"); return; }
  u32 code = ask(from, 1, 0);
  print("nonce: code "); number(code); print(", "); number(get(answer + 4, 4)); print(" bytes\n");
  code = ask(from, 2, 4);
  print("no token: code "); number(code); print(", "); text(answer + 8, get(answer + 4, 4)); print("\n");
  transmit(++from, 1, REQUEST, 0, 0);
  if (receive() != RESPONSE) { print("console: refused\n"); return; }
  for (u32 n = 0; n < 6; n++) sent[HEADER + n] = (u8)"sock> "[n];
  transmit(from, 1, BYTES, 6, 0);
  u8 line[32];
  u32 count = 0;
  while (count == 0 || line[count - 1] != '\n') {
    if (receive() != BYTES) return;
    for (u32 n = HEADER; n < length && count < sizeof line; n++) line[count++] = packet[n];
  }
  transmit(from, 1, SHUTDOWN, 0, 3);
  receive();
  print("\ntyped to a socket: "); text(line, count - 1); print("\n");
  from--;
  if (!in_realm) return;
  u8 challenge[64], key[32];
  ask(from, 1, 0);
  for (u32 n = 0; n < 32; n++) { challenge[n] = answer[8 + n]; key[n] = (u8)(n + 1); sent[HEADER + 8 + n] = key[n]; }
  sha256(challenge + 32, key, 32);
  u32 size = token(challenge, sent + HEADER + 8 + 32, 8192);
  code = ask(from, 2, 32 + size);
  print("token: code "); number(code); print(", "); text(answer + 8, 63); print("\n");
}
