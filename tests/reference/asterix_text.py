"""Reference outputs of a decoder of ASTERIX that is not ours, as text: each item of each record, its bytes and its raw numbers."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_HEAD = re.compile(r"Item (\w+) : ")
_BYTES = re.compile(r"\[ ((?:[0-9A-F]{2} )+)\]")
_VALUE = re.compile(r"\t(.+?): (.*)")


class Item(NamedTuple):
    """One item: its number, its bytes, and its fields as they are written, spare bits and FX left out."""

    number: str
    data: bytes
    fields: list[tuple[str, str]]


class Told(NamedTuple):
    """One record: its category, its bytes, and its items."""

    category: int
    data: bytes
    items: dict[str, Item]


def records(text: str) -> Iterator[Told]:
    """The records of a text output, in its order."""
    category = 0
    for part in re.split(r"-{25}\n", text):
        block = re.search(r"Category: (\d+)", part)
        if block is not None:
            category = int(block[1])
        record = re.search(r"Data Record \d+\nLen: \d+\nCRC: \w+\nHexData: (\w+)", part)
        if record is not None:
            items = [_item(piece) for piece in re.split(r"\n(?=Item )", part)[1:]]
            yield Told(category, bytes.fromhex(record[1]), {item.number: item for item in items})


def _item(piece: str) -> Item:
    head, data = _HEAD.match(piece), _BYTES.search(piece)
    assert head is not None
    assert data is not None
    fields = [(match[1], match[2]) for line in piece.splitlines() if (match := _VALUE.match(line))]
    fields = [(name, value) for name, value in fields if name != "FX" and not name.startswith("spare")]
    return Item(head[1], bytes.fromhex(data[1]), fields)
