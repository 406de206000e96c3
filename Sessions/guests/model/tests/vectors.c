/* The guest's cryptography against the vectors of the standards. Compiled for the machine at hand, with the sources it tests:
   clang -fno-builtin -o vectors vectors.c ../bytes.c ../sha256.c ../x25519.c ../chachapoly.c */
#include <stdio.h>
#include "../crypto.h"

static int bad;

static u8 nibble(char c) { return (u8)(c <= '9' ? c - '0' : c - 'a' + 10); }

/* Bytes written in hexadecimal; how many. */
static u64 un(u8 *bytes, const char *hex) {
  u64 n = 0;
  for (; *hex; hex += 2) bytes[n++] = (u8)(nibble(hex[0]) << 4 | nibble(hex[1]));
  return n;
}

static void expect(const char *what, const u8 *got, const char *want) {
  u8 bytes[256];
  u64 length = un(bytes, want);
  int good = equal(got, bytes, length);
  printf("%s %s\n", good ? "ok  " : "FAIL", what);
  bad |= !good;
}

int main(void) {
  u8 d[256], k[32], u[32], s[512], n[12], a[64], p[256];
  /* The examples NIST publishes for FIPS 180-4. */
  sha256(d, (const u8 *)"abc", 3);
  expect("FIPS 180-4 abc", d, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  sha256(d, (const u8 *)"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56);
  expect("FIPS 180-4 two blocks", d, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  un(k, "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4");
  un(u, "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c");
  x25519(d, k, u);
  expect("RFC 7748 5.2 first", d, "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
  un(k, "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d");
  un(u, "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493");
  x25519(d, k, u);
  expect("RFC 7748 5.2 second", d, "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957");
  /* RFC 7748 6.1: both sides of an exchange. */
  u8 ours[32], theirs[32];
  un(k, "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
  x25519(ours, k, x25519_base);
  expect("RFC 7748 6.1 first public key", ours, "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  un(u, "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
  x25519(theirs, u, x25519_base);
  expect("RFC 7748 6.1 second public key", theirs, "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
  x25519(d, k, theirs);
  expect("RFC 7748 6.1 shared", d, "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
  x25519(d, u, ours);
  expect("RFC 7748 6.1 shared, other side", d, "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
  un(k, "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
  un(n, "070000004041424344454647");
  u64 al = un(a, "50515253c0c1c2c3c4c5c6c7");
  u64 sl = un(s, 
      "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71"
      "de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def0"
      "8e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691");
  if (!chachapoly_open(p, k, n, a, al, s, sl)) bad = 1;
  expect("RFC 8439 2.8.2", p, 
      "4c616469657320616e642047656e746c656d656e206f662074686520636c617373206f66202739393a204966204920636f75"
      "6c64206f6666657220796f75206f6e6c79206f6e652074697020666f7220746865206675747572652c2073756e7363726565"
      "6e20776f756c642062652069742e");
  s[3] ^= 1;
  int refused = !chachapoly_open(p, k, n, a, al, s, sl);
  printf("%s a changed bit is refused\n", refused ? "ok  " : "FAIL");
  bad |= !refused;
  return bad;
}
