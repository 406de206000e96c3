/* A model nobody but this Realm can read: its weights are sealed, and who has their key gives it to this code alone. */
#include "crypto.h"
#include "digits.h"
#include "sealed.h"

void smc(u64 x[11]);
int random_word(u64 *word);
void off(void) __attribute__((noreturn));

#define SHARED (1ul << 32)
#define UART ((volatile u32 *)(0x01000000ul | SHARED))

static void put(char c) { if (c == '\n') UART[0] = '\r'; UART[0] = (u8)c; }
static void print(const char *s) { while (*s) put(*s++); }
static void number(u64 n) {
  if (n > 9) number(n / 10);
  put((char)('0' + n % 10));
}
static void hex(u64 n) { for (int shift = 60; shift >= 0; shift -= 4) put("0123456789abcdef"[n >> shift & 15]); }

static u64 call(u64 x[11], u64 fid, u64 a, u64 b, u64 c, u64 d) {
  x[0] = fid; x[1] = a; x[2] = b; x[3] = c; x[4] = d;
  for (int i = 5; i < 11; i++) x[i] = 0;
  smc(x);
  return x[0];
}

enum {
  RSI_TOKEN_INIT = 0xC4000194, RSI_TOKEN_CONTINUE = 0xC4000195, RSI_IPA_STATE_SET = 0xC4000197, RSI_HOST_CALL = 0xC4000199,
  INCOMPLETE = 3
};

/* What the relying party can be asked, through the Host. REPORT asks for nothing: the Host only learns how far we are. */
enum { NONCE = 1, KEY = 2, REPORT = 3 };

enum { PAGE = 4096, KEY_MESSAGE = 32 + 32 + 16 };

enum { INPUTS = 64, HIDDEN = 16, DIGITS = 10 };

/* The network: weights of 8 bits, biases of 32, as weights.py packs them. */
typedef struct {
  signed char first[HIDDEN][INPUTS];
  int first_bias[HIDDEN];
  signed char second[DIGITS][HIDDEN];
  int second_bias[DIGITS];
} network;

_Static_assert(sizeof(network) + 16 == sizeof sealed_weights, "the sealed weights are of another network");

/* The weights, once they are open: a page of this Realm's, all to themselves. */
static union { network n; u8 bytes[PAGE]; } weights __attribute__((aligned(PAGE)));
static u8 token[PAGE] __attribute__((aligned(PAGE)));
/* This page is given up for one the Host can read. */
static u8 common[PAGE] __attribute__((aligned(PAGE)));
static struct { u64 immediate, x[31]; } message __attribute__((aligned(256)));

/* Nothing of what was worked on stays: neither here, nor on the stack, nor in registers. */
static void __attribute__((noreturn)) power_off(void) {
  wipe(&weights, sizeof weights);
  wipe(token, sizeof token);
  wipe(&message, sizeof message);
  off();
}

void unexpected(u64 esr, u64 far, u64 elr) {
  print("unexpected exception: esr "); hex(esr);
  print("\n far "); hex(far);
  print(" elr "); hex(elr); print("\n");
  power_off();
}

static void __attribute__((noreturn)) give_up(const char *why) {
  print("\n"); print(why); print("\nThe weights stay sealed.\n");
  power_off();
}

static volatile u8 *outside(void) { return (volatile u8 *)((u64)common | SHARED); }

static void say_outside(u64 at, const u8 *bytes, u64 length) {
  for (u64 i = 0; i < length; i++) outside()[at + i] = bytes[i];
}

/* What the Host left there can change at any time: it is taken once, and judged when it is ours. */
static void hear_outside(u8 *bytes, u64 length) { for (u64 i = 0; i < length; i++) bytes[i] = outside()[i]; }

/* Sends the first `length` bytes of the shared page. Returns 0 and how many bytes came back, or why there is no answer. */
static u64 ask(u64 what, u64 length, u64 *answered) {
  u64 x[11];
  wipe(&message, sizeof message);
  message.immediate = 0x4B52;
  message.x[0] = what;
  message.x[1] = (u64)outside();
  message.x[2] = length;
  /* Where the weights are is no secret: the Host may try. */
  message.x[3] = (u64)&weights;
  if (call(x, RSI_HOST_CALL, (u64)&message, 0, 0, 0) != 0) return ~0ul;
  *answered = message.x[1];
  return message.x[0];
}

/* Words of somebody else: printable characters only, in lines of the console. */
static void print_words(const u8 *words, u64 length) {
  enum { WIDTH = 72 };
  u64 column = 0;
  for (u64 at = 0; at < length;) {
    u64 end = at;
    while (end < length && words[end] != ' ') end++;
    if (column && column + 1 + end - at > WIDTH) { print("\n"); column = 0; }
    if (column) { put(' '); column++; } else print("  ");
    for (; at < end; at++, column++) {
      if (column == WIDTH) { print("\n  "); column = 0; }
      put(words[at] > ' ' && words[at] < 127 ? (char)words[at] : '?');
    }
    at++;
  }
  print("\n");
}

static void __attribute__((noreturn)) refused(u64 length) {
  u8 words[600];
  if (length > sizeof words) length = sizeof words;
  hear_outside(words, length);
  print("\nNo key. The relying party says:\n");
  print_words(words, length);
  give_up("This program goes no further without it.");
}

static void draw(u8 bytes[32]) {
  for (int i = 0; i < 4; i++) {
    u64 word;
    int tries = 100;
    while (!random_word(&word)) if (--tries == 0) give_up("RNDR gives no random numbers.");
    copy(bytes + 8 * i, &word, 8);
  }
}

/* A token whose challenge is these 64 bytes. */
static u64 fetch_token(const u8 challenge[64]) {
  u64 x[11], length = 0, status;
  x[0] = RSI_TOKEN_INIT;
  copy(x + 1, challenge, 64);
  x[9] = x[10] = 0;
  smc(x);
  if (x[0] != 0) give_up("The RMM makes no token.");
  do {
    status = call(x, RSI_TOKEN_CONTINUE, (u64)token, length, PAGE - length, 0);
    if (status == 0 || status == INCOMPLETE) length += x[1];
  } while (status == INCOMPLETE && length < PAGE);
  if (status != 0 || length > PAGE - 32) give_up("The token cannot be fetched.");
  return length;
}

/* Asks for the model key: proves who we are, and that the public key it comes back under is ours. */
static void obtain(u8 model_key[32]) {
  u8 private_key[32], public_key[32], challenge[64];
  draw(private_key);
  x25519(public_key, private_key, x25519_base);
  print("1. Drew an X25519 key pair. Its private half never leaves this Realm.\n");

  u64 length;
  if (ask(NONCE, 0, &length) != 0) refused(length);
  if (length == 0) give_up("Nobody answers: this Host knows no relying party.");
  if (length != 32) give_up("What came is no nonce.");
  hear_outside(challenge, 32);
  sha256(challenge + 32, public_key, 32);
  print("2. The relying party sent a nonce: only a fresh proof counts.\n");

  u64 token_length = fetch_token(challenge);
  say_outside(0, public_key, 32);
  say_outside(32, token, token_length);
  print("3. Fetched a token from the RMM. Its challenge is the nonce and the\n"
        "   SHA-256 of the public key: it vouches for this key and no other.\n");
  print("4. Sending token ("); number(token_length); print(" bytes) and public key, through the Host.\n");

  if (ask(KEY, 32 + token_length, &length) != 0) refused(length);
  u8 answer[KEY_MESSAGE];
  if (length != KEY_MESSAGE) give_up("What came is no key.");
  hear_outside(answer, KEY_MESSAGE);

  /* The wrapping key: SHA-256 of the shared secret, the nonce, and both public keys. It is used once, so its nonce can be 0. */
  static const u8 zero[32];
  u8 secret[128];
  x25519(secret, private_key, answer);
  if (equal(secret, zero, 32)) give_up("What came is no public key.");
  copy(secret + 32, challenge, 32);
  copy(secret + 64, public_key, 32);
  copy(secret + 96, answer, 32);
  u8 wrapping_key[32];
  sha256(wrapping_key, secret, sizeof secret);
  int good = chachapoly_open(model_key, wrapping_key, zero, challenge, sizeof challenge, answer + 32, 48);
  wipe(private_key, sizeof private_key);
  wipe(secret, sizeof secret);
  wipe(wrapping_key, sizeof wrapping_key);
  if (!good) give_up("The key was changed on its way.");
  print("5. The key came back, encrypted to this public key.\n");
}

/* The digit with the largest output. */
static int classify(const char rows[8][9]) {
  const network *n = &weights.n;
  int hidden[HIDDEN], best = 0, largest = 0;
  for (int i = 0; i < HIDDEN; i++) {
    int sum = n->first_bias[i];
    for (int j = 0; j < INPUTS; j++) if (rows[j / 8][j % 8] == '#') sum += n->first[i][j];
    hidden[i] = sum > 0 ? sum : 0;
  }
  for (int d = 0; d < DIGITS; d++) {
    int sum = n->second_bias[d];
    for (int i = 0; i < HIDDEN; i++) sum += hidden[i] * n->second[d][i];
    if (d == 0 || sum > largest) { best = d; largest = sum; }
  }
  wipe(hidden, sizeof hidden);
  return best;
}

/* Pictures side by side, and below each what it is. */
static void show(const char pictures[][8][9], const int *answers, int count) {
  for (int row = 0; row < 8; row++) {
    for (int i = 0; i < count; i++) {
      print(i == 0 ? "  " : "         ");
      print(pictures[i][row]);
    }
    print("\n");
  }
  for (int i = 0; i < count; i++) {
    print(i == 0 ? "this is a " : "      this is a ");
    number((u64)answers[i]);
  }
  print("\n\n");
}

int main(void) {
  u64 x[11], length;
  print("\nA model in a Realm: "); number(sizeof sealed_weights); print(" bytes of weights, encrypted.\n");
  print("A relying party has the key, and gives it to this program alone, if it\n"
        "runs in a Realm. So the program proves what it is.\n\n");
  call(x, RSI_IPA_STATE_SET, (u64)common, (u64)common + PAGE, 0, 0);
  if (x[0] != 0 || x[2] != 0) give_up("The Host takes no page to share.");
  outside()[0] = 0;

  u8 model_key[32];
  obtain(model_key);
  int good = chachapoly_open(
      weights.bytes, model_key, sealed_nonce, (const u8 *)MODEL_NAME, sizeof MODEL_NAME - 1, sealed_weights,
      sizeof sealed_weights);
  wipe(model_key, sizeof model_key);
  if (!good) give_up("This key opens something else.");
  print("6. The weights are open, in memory of this Realm: 64 inputs, 16 hidden\n"
        "   neurons, 10 digits, all in integers. Six pictures for them:\n\n");

  enum { COUNT = sizeof pictures / sizeof pictures[0] };
  int answers[COUNT];
  for (int i = 0; i < COUNT; i++) {
    answers[i] = classify(pictures[i]);
    ask(REPORT, 0, &length);
  }
  for (int i = 0; i < COUNT; i += 3) show(pictures + i, answers + i, 3);

  wipe(&weights, sizeof weights);
  print("Weights and keys are wiped. Good bye.\n");
  power_off();
  return 0;
}
