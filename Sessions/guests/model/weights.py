"""Trains the network of the guest on drawn digits, and seals its weights: python3 weights.py > sealed.h

Needs numpy. The weights depend on its version in their last bits; sealed.h is what was made once and is measured into the RIM.
"""
import hashlib
import struct

import numpy as np

INPUTS, HIDDEN, DIGITS = 64, 16, 10
KEY = hashlib.sha256(b"Workbench model key").digest()
NAME = b"digits 64-16-10"

# Two hands for each digit, rows of six; the rest of the 8 by 8 is empty.
GLYPHS = [
    [".####. ##..## ##..## ##..## ##..## ##..## .####. ......", "..##.. .#..#. #....# #....# #....# .#..#. ..##.. ......"],
    ["..##.. .###.. ..##.. ..##.. ..##.. ..##.. .####. ......", "...#.. ..##.. .#.#.. ...#.. ...#.. ...#.. ...#.. ......"],
    [".####. ##..## ....## ...##. ..##.. .##... ###### ......", ".###.. #...#. ....#. ...#.. ..#... .#.... #####. ......"],
    [".####. ##..## ....## ..###. ....## ##..## .####. ......", "####.. ....#. ....#. .###.. ....#. ....#. ####.. ......"],
    ["...##. ..###. .#.##. #..##. ###### ...##. ...##. ......", "#...#. #...#. #...#. .####. ....#. ....#. ....#. ......"],
    ["###### ##.... #####. ....## ....## ##..## .####. ......", "#####. #..... ####.. ....#. ....#. #...#. .###.. ......"],
    ["..###. .##... ##.... #####. ##..## ##..## .####. ......", "...#.. ..#... .#.... .###.. .#..#. .#..#. ..##.. ......"],
    ["###### ....## ...##. ..##.. ..##.. .##... .##... ......", "#####. ....#. ...#.. ..###. ..#... ..#... ..#... ......"],
    [".####. ##..## ##..## .####. ##..## ##..## .####. ......", ".##... #..#.. #..#.. .##... #..#.. #..#.. .##... ......"],
    [".####. ##..## ##..## .##### ....## ...##. .###.. ......", ".###.. #...#. #...#. .####. ....#. ....#. ...#.. ......"],
]

random = np.random.default_rng(20240607)


def picture(digit):
    """A digit somewhere in its frame, with up to three wrong points and sometimes a bolder pen."""
    rows = GLYPHS[digit][random.integers(2)].split()
    image = np.zeros((8, 8))
    down, right = random.integers(0, 2), random.integers(0, 3)
    for y, row in enumerate(rows[:7]):
        for x, point in enumerate(row):
            image[y + down, x + right] = point == "#"
    if random.random() < 0.25:
        image[:, 1:] = np.maximum(image[:, 1:], image[:, :-1])
    for _ in range(random.integers(0, 4)):
        y, x = random.integers(8), random.integers(8)
        image[y, x] = 1 - image[y, x]
    return image.reshape(-1)


def pictures(count):
    digits = random.integers(0, DIGITS, count)
    return np.array([picture(d) for d in digits]), digits


def train(steps=12000, batch=128, rate=0.002):
    """One hidden layer with ReLU, softmax, Adam; the weights are kept small, so that eight bits do for them."""
    shapes = [(HIDDEN, INPUTS), (HIDDEN,), (DIGITS, HIDDEN), (DIGITS,)]
    p = [random.normal(0, 0.25 if len(s) == 2 else 0, s) for s in shapes]
    m, v = [np.zeros(s) for s in shapes], [np.zeros(s) for s in shapes]
    for step in range(1, steps + 1):
        x, digits = pictures(batch)
        before = x @ p[0].T + p[1]
        h = np.maximum(before, 0)
        out = h @ p[2].T + p[3]
        e = np.exp(out - out.max(1, keepdims=True))
        d = e / e.sum(1, keepdims=True)
        d[np.arange(batch), digits] -= 1
        d /= batch
        dh = (d @ p[2]) * (before > 0)
        slope = [dh.T @ x + 1e-4 * p[0], dh.sum(0), d.T @ h + 1e-4 * p[2], d.sum(0)]
        now = rate * min(1, 2 * (1 - step / (steps + 1)))
        for i, g in enumerate(slope):
            m[i] = 0.9 * m[i] + 0.1 * g
            v[i] = 0.999 * v[i] + 0.001 * g * g
            p[i] -= now * (m[i] / (1 - 0.9**step)) / (np.sqrt(v[i] / (1 - 0.999**step)) + 1e-8)
    return p


def integers(p):
    """Weights of 8 bits, biases of 32. Each layer has its own scale, which changes no answer: the largest output stays so."""
    first, second = 127 / np.abs(p[0]).max(), 127 / np.abs(p[2]).max()
    return [np.rint(a).astype(np.int64) for a in (p[0] * first, p[1] * first, p[2] * second, p[3] * first * second)]


def answer(q, x):
    hidden = np.maximum(x.astype(np.int64) @ q[0].T + q[1], 0)
    return hidden @ q[2].T + q[3]


def chacha20(key, counter, nonce):
    """RFC 8439 section 2.3."""
    start = list(struct.unpack("<16I", b"expand 32-byte k" + key + struct.pack("<I", counter) + nonce))
    s = start[:]

    def quarter(a, b, c, d):
        for x, y, z, n in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            s[x] = (s[x] + s[y]) & 0xFFFFFFFF
            t = s[z] ^ s[x]
            s[z] = (t << n | t >> (32 - n)) & 0xFFFFFFFF

    for _ in range(10):
        for i in range(4):
            quarter(i, 4 + i, 8 + i, 12 + i)
        for i in range(4):
            quarter(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return struct.pack("<16I", *((a + b) & 0xFFFFFFFF for a, b in zip(s, start)))


def seal(key, nonce, plain, extra):
    """RFC 8439 section 2.8."""
    stream = b"".join(chacha20(key, 1 + n, nonce) for n in range((len(plain) + 63) // 64))
    sealed = bytes(a ^ b for a, b in zip(plain, stream))

    def padded(data):
        return data + bytes(-len(data) % 16)

    once = chacha20(key, 0, nonce)
    r = int.from_bytes(once[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    data, total = padded(extra) + padded(sealed) + struct.pack("<QQ", len(extra), len(sealed)), 0
    for at in range(0, len(data), 16):
        total = (total + int.from_bytes(data[at : at + 16] + b"\1", "little")) * r % (2**130 - 5)
    return sealed + ((total + int.from_bytes(once[16:32], "little")) % 2**128).to_bytes(16, "little")


def array(name, data):
    lines = [f"static const u8 {name}[{len(data)}] = {{"]
    for at in range(0, len(data), 24):
        lines.append("  " + ", ".join(str(b) for b in data[at : at + 24]) + ",")
    return lines + ["};"]


if __name__ == "__main__":
    q = integers(train())
    assert all(np.abs(a).max() < 2**31 for a in q)
    x, digits = pictures(20000)
    right = (answer(q, x).argmax(1) == digits).mean()
    plain = b"".join(a.astype(kind).tobytes() for a, kind in zip(q, ("<i1", "<i4", "<i1", "<i4")))
    # The nonce follows from what is sealed: another model never meets the same key and nonce.
    nonce = hashlib.sha256(plain).digest()[:12]
    print(f"/* Made by weights.py: a network that is right on {100 * right:.1f} of 100 pictures, under the model key. */")
    print(f'#define MODEL_NAME "{NAME.decode()}"')
    print("\n".join(array("sealed_nonce", nonce) + array("sealed_weights", seal(KEY, nonce, plain, NAME))))
