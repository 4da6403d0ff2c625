"""Bytes as they come, cut into lines of bounded length, so that a file of one endless line takes no more memory than any other."""

from collections.abc import Iterable, Iterator
from typing import Final

LONGEST_LINE: Final = 8_192  # bytes; the longest line of any track format here is under 400
GIVE_UP_AFTER: Final = 2_000  # lines without one record of the format: the input is something else


def lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Each line without its end. One longer than LONGEST_LINE comes as its first LONGEST_LINE + 1 bytes, which readers then refuse.

    >>> list(lines([b"a,b\\r\\nc", b",d\\n\\ne"]))
    [b'a,b', b'c,d', b'', b'e']
    """
    rest = b""
    for chunk in chunks:
        *whole, tail = (rest + chunk).split(b"\n")
        yield from (line[: LONGEST_LINE + 1].removesuffix(b"\r") for line in whole)
        rest = tail[: LONGEST_LINE + 1]
    if rest:
        yield rest.removesuffix(b"\r")
