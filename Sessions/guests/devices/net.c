/* A network card (virtio 1.2, 5.1): an address by DHCP, who the gateway is by ARP, an echo by ICMP and by UDP, a page by HTTP. */
#include "devices.h"

enum { HEADER = 12, BUFFERS = 4, SIZE = 2048 };
static struct device *card;
static volatile u8 *sent, *received[BUFFERS];
static u8 mac[6], gateway_mac[6];
static u32 mine, gateway;
static u8 frame[1600];
static u32 length;

static void put16(u8 *p, u32 value) { p[0] = (u8)(value >> 8); p[1] = (u8)value; }
static void put32(u8 *p, u32 value) { put16(p, value >> 16); put16(p + 2, value); }
static u32 get16(const u8 *p) { return (u32)p[0] << 8 | p[1]; }
static u32 get32(const u8 *p) { return get16(p) << 16 | get16(p + 2); }
static void copy(volatile u8 *to, const volatile u8 *from, u32 n) { while (n--) *to++ = *from++; }
static void zero(u8 *p, u32 n) { while (n--) *p++ = 0; }

static u32 sum(const u8 *p, u32 n, u32 start) {
  for (u32 i = 0; i < n; i++) start += i & 1 ? p[i] : (u32)p[i] << 8;
  while (start >> 16) start = (start & 0xffff) + (start >> 16);
  return start;
}

static int transmit(u32 n) {
  struct queue *q = &card->queues[1];
  for (u32 i = 0; i < HEADER; i++) sent[i] = 0;
  copy(sent + HEADER, frame, n);
  describe(q, 0, sent, HEADER + n, 0);
  offer(card, q, 0);
  /* It wants no interrupt for what is sent. */
  if (q->given[1] == q->seen) return 0;
  q->seen++;
  return 1;
}

/* The next frame that comes. */
static int receive(void) {
  u32 n;
  int index = await(card, card->queues, &n);
  if (index < 0) return 0;
  length = n - HEADER;
  copy(frame, received[index] + HEADER, length < sizeof frame ? length : sizeof frame);
  describe(card->queues, (u32)index, received[index], SIZE, WRITE_ONLY);
  offer(card, card->queues, (u32)index);
  return 1;
}

static void address(u32 ip) {
  for (int n = 24; n >= 0; n -= 8) { number(ip >> n & 255); if (n) print("."); }
}

static void ethernet(int is_broadcast, u32 type) {
  for (u32 n = 0; n < 6; n++) { frame[n] = is_broadcast ? 0xff : gateway_mac[n]; frame[6 + n] = mac[n]; }
  put16(frame + 12, type);
}

/* Puts headers before n bytes at frame + 34, and sends it. */
static int datagram(u32 protocol, u32 from, u32 to, u32 n, u32 sum_at) {
  u8 *ip = frame + 14, *body = frame + 34;
  ethernet(to == 0xffffffff, 0x0800);
  zero(ip, 20);
  ip[0] = 0x45;
  put16(ip + 2, 20 + n);
  ip[8] = 64;
  ip[9] = (u8)protocol;
  put32(ip + 12, from);
  put32(ip + 16, to);
  put16(ip + 10, ~sum(ip, 20, 0));
  put16(body + sum_at, 0);
  u32 start = protocol == 1 ? 0 : sum(ip + 12, 8, protocol + n);
  put16(body + sum_at, ~sum(body, n, start));
  return transmit(34 + n);
}

static int udp(u32 from_port, u32 to_port, u32 from, u32 to, u32 n) {
  u8 *p = frame + 34;
  put16(p, from_port);
  put16(p + 2, to_port);
  put16(p + 4, 8 + n);
  return datagram(17, from, to, 8 + n, 6);
}

/* 1: DHCPDISCOVER, 3: DHCPREQUEST. The answer's kind. */
static u32 dhcp(u32 kind) {
  u8 *p = frame + 42;
  zero(p, 300);
  p[0] = p[1] = 1;
  p[2] = 6;
  put32(p + 4, 0x12345678);
  copy(p + 28, mac, 6);
  put32(p + 236, 0x63825363);
  p[240] = 53; p[241] = 1; p[242] = (u8)kind; p[243] = 255;
  if (!udp(68, 67, 0, 0xffffffff, 300) || !receive()) return 0;
  mine = get32(p + 16);
  gateway = get32(p + 20);
  return get32(p + 4) == 0x12345678 && p[240] == 53 ? p[242] : 0;
}

static int arp(void) {
  u8 *p = frame + 14;
  ethernet(1, 0x0806);
  zero(p, 46);
  put16(p, 1); put16(p + 2, 0x0800); put16(p + 4, 0x0604); put16(p + 6, 1);
  copy(p + 8, mac, 6);
  put32(p + 14, mine);
  put32(p + 24, gateway);
  if (!transmit(60) || !receive() || get16(p + 6) != 2 || get32(p + 14) != gateway) return 0;
  copy(gateway_mac, p + 8, 6);
  return 1;
}

static int echo(u32 protocol) {
  u8 *p = frame + 34;
  zero(p, 40);
  if (protocol == 1) p[0] = 8;
  for (u32 n = 8; n < 40; n++) p[n] = (u8)(n * 3);
  if (!(protocol == 1 ? datagram(1, mine, gateway, 40, 2) : udp(4000, 7, mine, gateway, 32)) || !receive()) return 0;
  for (u32 n = 8; n < 40; n++) if (p[n] != (u8)(n * 3)) return 0;
  return protocol == 17 || p[0] == 0;
}

/* A connection to port 80 (RFC 9293), on which nothing is lost. */
static u32 next, expected;

static int segment(u32 flags, const char *data) {
  u8 *p = frame + 34;
  u32 n = 0;
  zero(p, 20);
  while (data && data[n]) { p[20 + n] = (u8)data[n]; n++; }
  put16(p, 4001); put16(p + 2, 80);
  put32(p + 4, next);
  put32(p + 8, expected);
  p[12] = 0x50;
  p[13] = (u8)flags;
  put16(p + 14, 4096);
  next += n + (flags & 3 ? 1 : 0);
  return datagram(6, mine, gateway, 20 + n, 16);
}

static void page(void) {
  static u8 answer[1024];
  u8 *p = frame + 34;
  u32 count = 0, is_over = 0;
  next = 1000;
  expected = 0;
  if (!segment(2, 0) || !receive() || (p[13] & 0x12) != 0x12) { print("http: no connection\n"); return; }
  expected = get32(p + 4) + 1;
  if (!segment(0x10, 0) || !segment(0x18, "GET / HTTP/1.0\r\n\r\n")) return;
  while (!is_over && receive()) {
    u32 offset = p[12] >> 4, n = get16(frame + 16) - 20 - 4 * offset;
    if (get32(p + 4) != expected) continue;
    for (u32 i = 0; i < n && count < sizeof answer; i++) answer[count++] = p[4 * offset + i];
    is_over = p[13] & 1;
    expected += n + is_over;
  }
  segment(0x11, 0);
  u32 line = 0, body = 0;
  while (line < count && answer[line] != '\r') line++;
  while (body + 4 < count && get32(answer + body) != 0x0d0a0d0a) body++;
  print("http: "); text(answer, line); print(", ");
  text(answer + body + 4, count > body + 5 ? count - body - 5 : 0); print("\n");
}

void net(void) {
  int is_first = !card;
  card = begin(1, 2, 1 << 5);
  if (!card) return;
  if (is_first) {
    sent = take(card->is_private, SIZE, 16);
    card->queues[1].available[0] = 1;
    for (u32 n = 0; n < BUFFERS; n++) {
      received[n] = take(card->is_private, SIZE, 16);
      describe(card->queues, n, received[n], SIZE, WRITE_ONLY);
      offer(card, card->queues, n);
    }
  }
  u32 low = peek(card->base + 0x100), high = peek(card->base + 0x104);
  for (u32 n = 0; n < 4; n++) mac[n] = (u8)(low >> 8 * n);
  mac[4] = (u8)high;
  mac[5] = (u8)(high >> 8);
  print("net: "); hexbytes(mac, 6); print("\n");
  if (dhcp(1) != 2 || dhcp(3) != 5) { print("dhcp: no address\n"); return; }
  print("dhcp: "); address(mine); print("\n");
  if (!arp()) { print("arp: no answer\n"); return; }
  print("arp: "); address(gateway); print(" is "); hexbytes(gateway_mac, 6); print("\n");
  print(echo(1) ? "ping: an answer\n" : "ping: none\n");
  print(echo(17) ? "udp: an echo\n" : "udp: none\n");
  page();
}
