"""A slow twin of Ed25519 on plain integers (RFC 8032 section 5.1), with the strict rule of tafadi.trust.keys written out.

It can also make what no honest signer makes: signatures by keys of mixed order, with chosen R, or with S beyond L.
"""

import hashlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P

Point = tuple[int, int]
IDENTITY: Point = (0, 1)


def add(a: Point, b: Point) -> Point:
    """The sum of two points, in affine coordinates."""
    cross = D * a[0] * b[0] * a[1] * b[1]
    return (a[0] * b[1] + b[0] * a[1]) * pow(1 + cross, -1, P) % P, (a[1] * b[1] + a[0] * b[0]) * pow(1 - cross, -1, P) % P


def times(scalar: int, point: Point) -> Point:
    """`scalar` times `point`."""
    total = IDENTITY
    while scalar:
        if scalar & 1:
            total = add(total, point)
        point = add(point, point)
        scalar >>= 1
    return total


def encode(point: Point) -> bytes:
    """The 32 bytes of a point."""
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def decode(data: bytes) -> Point | None:
    """The point in 32 bytes, or None when they are not the canonical encoding of one."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number % 2**255
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x * x % P != square or (x == 0 and sign):
        return None
    return (P - x if x & 1 != sign else x), y


BASE: Point = decode((4 * pow(5, -1, P) % P).to_bytes(32, "little")) or IDENTITY
TORSION: Point = decode(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")) or IDENTITY  # of order 8


def challenge(r: bytes, a: bytes, message: bytes) -> int:
    """k of RFC 8032."""
    return int.from_bytes(hashlib.sha512(r + a + message).digest(), "little") % L


def verify(key: bytes, signature: bytes, message: bytes) -> bool:
    """The strict rule: canonical S, A and R, no small order, no cofactor."""
    a, r, s = decode(key), decode(signature[:32]), int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or a is None or r is None or s >= L or IDENTITY in (times(8, a), times(8, r)):
        return False
    return times(s, BASE) == add(r, times(challenge(signature[:32], key, message), a))
