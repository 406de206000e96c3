/* X25519 (RFC 7748 section 5). A number modulo p = 2^255 - 19 is five limbs of 51 bits; between operations a limb may have a
   little more. Nothing branches on, or is indexed by, a secret. */
#include "crypto.h"

#define MASK ((1ul << 51) - 1)

typedef struct { u64 limb[5]; } number;

const u8 x25519_base[32] = {9};

static u64 load(const u8 *p) {
  u64 value = 0;
  for (int i = 7; i >= 0; i--) value = value << 8 | p[i];
  return value;
}

static void store(u8 *p, u64 value) { for (int i = 0; i < 8; i++) p[i] = (u8)(value >> (8 * i)); }

/* Bit 255 is ignored, as section 5 asks for. */
static void decode(number *n, const u8 u[32]) {
  u64 a = load(u), b = load(u + 8), c = load(u + 16), d = load(u + 24);
  n->limb[0] = a & MASK;
  n->limb[1] = (a >> 51 | b << 13) & MASK;
  n->limb[2] = (b >> 38 | c << 26) & MASK;
  n->limb[3] = (c >> 25 | d << 39) & MASK;
  n->limb[4] = d >> 12 & MASK;
}

/* Limbs to at most 51 bits, but the lowest, which takes what leaves at the top: 2^255 is 19. */
static void carry(number *n) {
  for (int i = 0; i < 4; i++) {
    n->limb[i + 1] += n->limb[i] >> 51;
    n->limb[i] &= MASK;
  }
  n->limb[0] += 19 * (n->limb[4] >> 51);
  n->limb[4] &= MASK;
}

static void encode(u8 u[32], number *n) {
  carry(n);
  carry(n);
  /* Now it is below 2^255. It is p or more exactly if adding 19 reaches 2^255; then that p is taken away. */
  u64 over = n->limb[0] + 19;
  for (int i = 1; i < 5; i++) over = n->limb[i] + (over >> 51);
  n->limb[0] += 19 * (over >> 51);
  for (int i = 0; i < 4; i++) {
    n->limb[i + 1] += n->limb[i] >> 51;
    n->limb[i] &= MASK;
  }
  n->limb[4] &= MASK;
  u64 *x = n->limb;
  store(u, x[0] | x[1] << 51);
  store(u + 8, x[1] >> 13 | x[2] << 38);
  store(u + 16, x[2] >> 26 | x[3] << 25);
  store(u + 24, x[3] >> 39 | x[4] << 12);
}

static void add(number *sum, const number *a, const number *b) {
  for (int i = 0; i < 5; i++) sum->limb[i] = a->limb[i] + b->limb[i];
}

/* 4p is added first, so that no limb becomes negative. */
static void subtract(number *difference, const number *a, const number *b) {
  difference->limb[0] = a->limb[0] + 4 * (MASK - 18) - b->limb[0];
  for (int i = 1; i < 5; i++) difference->limb[i] = a->limb[i] + 4 * MASK - b->limb[i];
  carry(difference);
}

/* The product of two numbers whose limbs are below 2^54. */
static void multiply(number *product, const number *a, const number *b) {
  const u64 *x = a->limb, *y = b->limb;
  u64 z1 = 19 * y[1], z2 = 19 * y[2], z3 = 19 * y[3], z4 = 19 * y[4];
  u128 t0 = (u128)x[0] * y[0] + (u128)x[1] * z4 + (u128)x[2] * z3 + (u128)x[3] * z2 + (u128)x[4] * z1;
  u128 t1 = (u128)x[0] * y[1] + (u128)x[1] * y[0] + (u128)x[2] * z4 + (u128)x[3] * z3 + (u128)x[4] * z2;
  u128 t2 = (u128)x[0] * y[2] + (u128)x[1] * y[1] + (u128)x[2] * y[0] + (u128)x[3] * z4 + (u128)x[4] * z3;
  u128 t3 = (u128)x[0] * y[3] + (u128)x[1] * y[2] + (u128)x[2] * y[1] + (u128)x[3] * y[0] + (u128)x[4] * z4;
  u128 t4 = (u128)x[0] * y[4] + (u128)x[1] * y[3] + (u128)x[2] * y[2] + (u128)x[3] * y[1] + (u128)x[4] * y[0];
  t1 += t0 >> 51;
  t2 += t1 >> 51;
  t3 += t2 >> 51;
  t4 += t3 >> 51;
  u128 low = (u64)t0 & MASK;
  low += 19 * (t4 >> 51);
  product->limb[0] = (u64)low & MASK;
  product->limb[1] = ((u64)t1 & MASK) + (u64)(low >> 51);
  product->limb[2] = (u64)t2 & MASK;
  product->limb[3] = (u64)t3 & MASK;
  product->limb[4] = (u64)t4 & MASK;
}

static void square(number *n, const number *a, int times) {
  multiply(n, a, a);
  while (--times) multiply(n, n, n);
}

/* The number to the power p - 2, which is its inverse; 0 for 0. `eN` is it to the power 2^N - 1. */
static void invert(number *inverse, const number *n) {
  number two, nine, eleven, e5, e10, e20, e50, e100, t;
  square(&two, n, 1);
  square(&t, &two, 2);
  multiply(&nine, &t, n);
  multiply(&eleven, &nine, &two);
  square(&t, &eleven, 1);
  multiply(&e5, &t, &nine);
  square(&t, &e5, 5);
  multiply(&e10, &t, &e5);
  square(&t, &e10, 10);
  multiply(&e20, &t, &e10);
  square(&t, &e20, 20);
  multiply(&t, &t, &e20);
  square(&t, &t, 10);
  multiply(&e50, &t, &e10);
  square(&t, &e50, 50);
  multiply(&e100, &t, &e50);
  square(&t, &e100, 100);
  multiply(&t, &t, &e100);
  square(&t, &t, 50);
  multiply(&t, &t, &e50);
  /* 2^255 - 21 = (2^250 - 1) * 2^5 + 11. */
  square(&t, &t, 5);
  multiply(inverse, &t, &eleven);
}

/* Exchanges two numbers if `bit` is 1. */
static void swap(u64 bit, number *a, number *b) {
  for (int i = 0; i < 5; i++) {
    u64 change = (0 - bit) & (a->limb[i] ^ b->limb[i]);
    a->limb[i] ^= change;
    b->limb[i] ^= change;
  }
}

void x25519(u8 product[32], const u8 scalar[32], const u8 u[32]) {
  static const number a24 = {{121665}};
  u8 k[32];
  copy(k, scalar, 32);
  k[0] &= 248;
  k[31] = (k[31] & 127) | 64;
  number x1, x2 = {{1}}, z2 = {{0}}, x3, z3 = {{1}};
  decode(&x1, u);
  x3 = x1;
  u64 swapped = 0;
  for (int t = 254; t >= 0; t--) {
    u64 bit = k[t / 8] >> (t % 8) & 1;
    swap(swapped ^ bit, &x2, &x3);
    swap(swapped ^ bit, &z2, &z3);
    swapped = bit;
    number a, aa, b, bb, e, c, d, da, cb;
    add(&a, &x2, &z2);
    multiply(&aa, &a, &a);
    subtract(&b, &x2, &z2);
    multiply(&bb, &b, &b);
    subtract(&e, &aa, &bb);
    add(&c, &x3, &z3);
    subtract(&d, &x3, &z3);
    multiply(&da, &d, &a);
    multiply(&cb, &c, &b);
    add(&x3, &da, &cb);
    multiply(&x3, &x3, &x3);
    subtract(&z3, &da, &cb);
    multiply(&z3, &z3, &z3);
    multiply(&z3, &z3, &x1);
    multiply(&x2, &aa, &bb);
    multiply(&z2, &a24, &e);
    add(&z2, &z2, &aa);
    multiply(&z2, &z2, &e);
  }
  swap(swapped, &x2, &x3);
  swap(swapped, &z2, &z3);
  invert(&z2, &z2);
  multiply(&x2, &x2, &z2);
  encode(product, &x2);
  wipe(k, sizeof k);
}
