"""Beast: frames of Mode S with the count of a 12 MHz clock, in binary, as receivers send them on port 30005.

Source: the Mode-S Beast wiki, "Mode-S Beast:Data Output Formats".

    1A <kind> <6 bytes: count of 1/12 µs> <1 byte: signal> <frame>        every 1A after the first is sent twice

    kind 31 ('1') Mode A/C, 2 bytes · 32 ('2') Mode S, 7 bytes · 33 ('3') Mode S, 14 bytes · 34, 35: status, counted, skipped

The count has no date: it runs from when the receiver was switched on.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

ESCAPE: Final = b"\x1a"
LONGEST: Final = 64  # bytes of one frame, doubled escapes and all; the longest there is has 44
FRAME_BYTES: Final = {ord("1"): 2, ord("2"): 7, ord("3"): 14}
STATUS: Final = (ord("4"), ord("5"))  # of Radarcape and its like: no frame

# A frame ends where the next one begins: at a single escape. What follows the last one is kept until more comes.
_START = re.compile(rb"\x1a([^\x1a])", re.DOTALL)
_BODY = re.compile(rb"(?:[^\x1a]++|\x1a\x1a)*+", re.DOTALL)  # possessive: linear time on any bytes


class Received(NamedTuple):
    """A frame and the ticks at which it came; a status has no frame, and what is damaged has no ticks either."""

    ticks: int | None
    frame: bytes


def frames(chunks: Iterable[bytes]) -> Iterator[Received]:
    """The frames of a stream; bytes that belong to none come as one damaged frame for each stretch of them."""
    rest = b""
    for chunk in chunks:
        rest += chunk
        done = 0
        while (found := _next(rest, done)) is not None:
            kind, start, end = found
            if start != done:
                yield Received(None, b"")
            yield _received(kind, rest[start + 2 : end])
            done = end
        rest = rest[done:]
        if len(rest) > 2 * LONGEST:
            yield Received(None, b"")
            rest = rest[-LONGEST:]
    last = _START.match(rest)
    if last is not None and _BODY.fullmatch(rest, 2) is not None:
        yield _received(last[1][0], rest[2:])
    elif rest:
        yield Received(None, b"")


def _next(data: bytes, at: int) -> tuple[int, int, int] | None:
    """Kind, start and end of the next frame that is known to have ended; None when there is none yet."""
    start = _START.search(data, at)
    body = None if start is None else _BODY.match(data, start.end())
    if start is None or body is None or body.end() + 1 >= len(data):
        return None
    return start[1][0], start.start(), body.end()


def _received(kind: int, sent: bytes) -> Received:
    body = sent.replace(ESCAPE * 2, ESCAPE)
    if kind in STATUS:
        return Received(0, b"")
    if kind not in FRAME_BYTES or len(body) != 7 + FRAME_BYTES[kind]:
        return Received(None, b"")
    return Received(int.from_bytes(body[:6], "big"), body[7:])
