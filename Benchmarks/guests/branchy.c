/* What a kernel is like more than the others are: short blocks, calls, indirect calls, chains of pointers, and a switch. */
#include "bench.h"

/* Quicksort, by whatever order the caller likes. */
typedef int order(u32 a, u32 b);
static int upwards(u32 a, u32 b) { return a < b; }
static int downwards(u32 a, u32 b) { return a > b; }
static int by_low_bits(u32 a, u32 b) { return (a & 0xffff) != (b & 0xffff) ? (a & 0xffff) < (b & 0xffff) : a < b; }
static order *volatile orders[3] = {upwards, downwards, by_low_bits}; /* volatile: nobody may know which one it will be */

static void quicksort(u32 *v, long n, order *before) {
  while (n > 8) {
    u32 pivot = v[n / 2];
    long i = 0, j = n - 1;
    for (;;) {
      while (before(v[i], pivot)) i++;
      while (before(pivot, v[j])) j--;
      if (i >= j) break;
      u32 t = v[i]; v[i] = v[j]; v[j] = t;
      i++; j--;
    }
    quicksort(v + i, n - i, before);
    n = i;
  }
  for (long i = 1; i < n; i++) {
    u32 x = v[i];
    long j = i;
    for (; j > 0 && before(x, v[j - 1]); j--) v[j] = v[j - 1];
    v[j] = x;
  }
}

/* Recursion: in how many ways do n queens stand on a board of n by n? */
static u32 queens(u32 all, u32 columns, u32 left, u32 right) {
  if (columns == all) return 1;
  u32 count = 0;
  for (u32 free = all & ~(columns | left | right); free; free &= free - 1) {
    u32 bit = free & -free;
    count += queens(all, columns | bit, (left | bit) << 1, (right | bit) >> 1);
  }
  return count;
}

/* Hash chains: count how often each key was seen. */
struct node { struct node *next; u32 key, count; };
static struct node nodes[4096], *buckets[1024];
static u32 used;

static struct node *seen(u32 key) {
  struct node **bucket = &buckets[(key * 2654435761u) >> 22];
  for (struct node *n = *bucket; n; n = n->next)
    if (n->key == key) { n->count++; return n; }
  struct node *n = &nodes[used++];
  n->next = *bucket; n->key = key; n->count = 1;
  return *bucket = n;
}

/* A machine with an accumulator, four variables and a stack. */
enum { PUSH, POP, LOAD, STORE, ADD, SUB, MUL, XOR, SHIFT, JUMP, BRANCH, HALT };
static const u8 code[] = {
  /* 0 */ LOAD, 0, BRANCH, 7, HALT, 0, 0,            /* while (n) { */
  /* 7 */ LOAD, 1, PUSH, 0, LOAD, 0, MUL, 0,         /*   sum * n */
  /* 15 */ XOR, 2, PUSH, 0, LOAD, 1, SHIFT, 3,       /*   ^ seed, and sum >> 3 */
  /* 23 */ ADD, 0, STORE, 1,                         /*   sum = the one plus the other */
  /* 27 */ LOAD, 2, SHIFT, 1, XOR, 1, STORE, 2,      /*   seed = seed >> 1 ^ sum */
  /* 35 */ LOAD, 0, PUSH, 0, LOAD, 3, SUB, 0,        /*   n - 1 */
  /* 43 */ STORE, 0, JUMP, 0,                        /* } */
};

static u32 interpret(u32 n, u32 seed) {
  u32 variables[4] = {n, 1, seed, 1}, stack[8], depth = 0, a = 0;
  for (const u8 *pc = code;;) {
    u8 what = pc[0], operand = pc[1];
    pc += 2;
    switch (what) {
    case PUSH: stack[depth++] = a; break;
    case POP: a = stack[--depth]; break;
    case LOAD: a = variables[operand]; break;
    case STORE: variables[operand] = a; break;
    case ADD: a = stack[--depth] + a; break;
    case SUB: a = stack[--depth] - a; break;
    case MUL: a = stack[--depth] * a; break;
    case XOR: a ^= variables[operand]; break;
    case SHIFT: a >>= operand; break;
    case JUMP: pc = code + operand; break;
    case BRANCH: if (a) pc = code + operand; break;
    default: return variables[1];
    }
  }
}

static u32 values[4096];

u64 program(u64 rounds) {
  u64 sum = 0, state = 362436069362436069ul;
  for (u64 round = 0; round < rounds; round++) {
    for (u32 i = 0; i < 4096; i++) values[i] = (u32)next(&state);
    quicksort(values, 4096, orders[round % 3]);
    for (u32 i = 0; i < 4096; i += 64) sum = mix(sum, values[i]);

    sum = mix(sum, queens(0x7f, 0, 0, 0));

    used = 0;
    for (u32 i = 0; i < 1024; i++) buckets[i] = 0;
    for (u32 i = 0; i < 8192; i++) sum += seen((u32)next(&state) % 3001)->count;
    sum = mix(sum, used);

    sum = mix(sum, interpret(1000, (u32)state));
  }
  return sum;
}
