"""A standing set as bytes, and back: columns with a digest over everything, so that what was damaged is refused and never half read.

Layout: the line MAGIC; the length of the head, 8 bytes, little-endian; the head, JSON: the agreement's minima and of each column its name,
type and length; the columns one after the other, little-endian, each beginning at a multiple of 8; SHA-256 over all of that. Only what a
judgement depends on is in it (`book`). The index is built anew: that takes a second for a million volumes, and nothing in it can be forged.

Verified means: these are the bytes that were written. Who wrote them is a question for the store that keeps them.
"""

import hashlib
import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tafadi.engine.book import Book, checked_book
from tafadi.engine.columns import Columns
from tafadi.engine.kernels.shapes import Outlines, Stated
from tafadi.engine.routes import Routes
from tafadi.engine.standing_set import StandingSet
from tafadi.errors import DamagedError, InputError
from tafadi.model.operation import Minima

MAGIC: Final = b"tafadi standing set 1\n"
DIGEST: Final = 32  # bytes of SHA-256
HEAD_MOST: Final = 65_536  # bytes; the head of a true snapshot has less than 4,000
ALIGNED: Final = 8

_Array = npt.NDArray[Any]
# Names and types on the wire, in their order; little-endian whatever the machine.
COLUMNS: Final = {
    "id_first": "<i8", "id": "|u1", "minima": "<f8", "volume_first": "<i8", "route": "<i8",
    "corner_first": "<i8", "corner_lat_deg": "<f8", "corner_lon_deg": "<f8", "radius_m": "<f8",
    "lower_m": "<f8", "upper_m": "<f8", "lower_datum": "|i1", "upper_datum": "|i1", "start_ns": "<i8", "end_ns": "<i8",
    "route_first": "<i8", "route_lat_deg": "<f8", "route_lon_deg": "<f8", "route_at_ns": "<i8", "route_height_m": "<f8",
    "route_datum": "|i1",
}  # fmt: skip


def _columns(book: Book) -> list[_Array]:
    names = [name.encode() for name in book.ids]
    id_first = np.concatenate([[0], np.cumsum([len(name) for name in names])])
    outlines, stated, routes = book.volumes.outlines, book.volumes.stated, book.routes
    id_bytes = np.frombuffer(b"".join(names), np.uint8)
    return [id_first, id_bytes, book.minima_m.ravel(), book.first, book.route, *outlines, *stated, *routes]


def save(standing: StandingSet) -> Iterator[bytes]:
    """The bytes of a snapshot, piece by piece. The same set gives the same bytes, in whatever order it was filled."""
    minima = None if standing.minima is None else [standing.minima.horizontal_m, standing.minima.vertical_m]
    columns = [np.ascontiguousarray(column, kind) for column, kind in zip(_columns(standing.book()), COLUMNS.values(), strict=True)]
    table = [[name, kind, len(column)] for (name, kind), column in zip(COLUMNS.items(), columns, strict=True)]
    head = json.dumps({"minima": minima, "columns": table}).encode()
    head += b" " * (-(len(MAGIC) + ALIGNED + len(head)) % ALIGNED)
    digest = hashlib.sha256()
    for piece in (MAGIC, len(head).to_bytes(8, "little"), head, *(_padded(column) for column in columns)):
        digest.update(piece)
        yield piece
    yield digest.digest()


def _padded(column: _Array) -> bytes:
    data = column.tobytes()
    return data + bytes(-len(data) % ALIGNED)


def restore(data: bytes | bytearray | memoryview) -> StandingSet:
    """The set that a snapshot holds. Raises DamagedError when it is not, byte for byte, what was written."""
    view = memoryview(data).cast("B")
    if len(view) < len(MAGIC) + 8 + DIGEST or bytes(view[: len(MAGIC)]) != MAGIC:
        raise DamagedError("this is no snapshot of a standing set; build the set anew from the record")
    if hashlib.sha256(view[:-DIGEST]).digest() != bytes(view[-DIGEST:]):
        raise DamagedError("the snapshot of the standing set is damaged or cut short: its digest does not match; build the set anew")
    try:
        minima, columns = _read(view[:-DIGEST])
        # Outlines that cross themselves never stood, so they are not looked for: that would take most of the time.
        return StandingSet(minima, checked_book(_book(columns), crossing=False))
    except (ValueError, LookupError, TypeError, OverflowError, RecursionError, InputError) as error:
        # Written like this by somebody else: its digest is right, and what it says is not.
        raise DamagedError(f"the snapshot of the standing set contradicts itself ({error}); build the set anew from the record") from None


def _read(view: memoryview) -> tuple[Minima | None, list[_Array]]:
    start = len(MAGIC) + 8
    size = int.from_bytes(view[len(MAGIC) : start], "little")
    if size > HEAD_MOST:
        raise ValueError(f"a head of {size} bytes")
    head = json.loads(bytes(view[start : start + size]))
    if [[name, kind] for name, kind, _ in head["columns"]] != [[name, kind] for name, kind in COLUMNS.items()]:
        raise ValueError("other columns than those of this version")
    at, columns = start + size, []
    for _, kind, count in head["columns"]:
        if type(count) is not int or count < 0:
            raise ValueError(f"a column of {count!r} rows")
        column = np.frombuffer(view, kind, count, at)
        # As kernels are compiled for, whatever the bytes lie in: not read-only, and not across words.
        columns.append(column if column.flags.writeable and column.flags.aligned else column.copy())
        at += -(-count * np.dtype(kind).itemsize // ALIGNED) * ALIGNED
    if at != len(view):
        raise ValueError("more or fewer bytes than its columns have")
    minima = head["minima"]
    return (None if minima is None else Minima(float(minima[0]), float(minima[1]))), columns


def _book(columns: list[_Array]) -> Book:
    id_first, id_bytes, minima_m, first, route, *others = columns
    text, edges = id_bytes.tobytes(), id_first.tolist()
    if not edges or edges[0] != 0 or edges[-1] != len(text) or any(after < before for before, after in pairwise(edges)):
        raise ValueError("its identities do not follow each other")
    ids = tuple([text[start:stop].decode() for start, stop in pairwise(edges)])
    if len(minima_m) != 2 * len(ids):
        raise ValueError("not two minima for each identity")
    return Book(ids, minima_m.reshape(-1, 2), first, Columns(Outlines(*others[:4]), Stated(*others[4:10])), route, Routes(*others[10:]))
