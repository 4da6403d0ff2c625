"""Slow twin of the reader of ASTERIX: every record taken apart to its last bit by libasterix, and its own objects asked."""

import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any, Final

from tafadi.formats import asterix
from tafadi.formats.asterix_record import EDITIONS
from tafadi.formats.capture import BLOCK_HEADER, Block
from tafadi.model.track import Plot

_SQUAWK: Final = re.compile(r"[0-7]{4}")


def taken_apart(data: bytes) -> list[Any] | None:
    """The records of a block of a category that is read; None where libasterix refuses it."""
    base, edition = import_module("asterix.base"), getattr(import_module("asterix.generated"), EDITIONS[data[0]])
    found = edition.cv_uap.parse(base.Bits.from_bytes(data[BLOCK_HEADER:]))
    return None if isinstance(found, ValueError) else list(found)


def items(record: Any) -> dict[str, bytes]:
    """The bytes of each item of a record."""
    return {name: bytes(item.unparse().to_bytes()) for name, item in record.items_regular.items()}


class Record:
    """One record; each question is answered by None where the record does not say."""

    def __init__(self, record: Any) -> None:
        self._record = record

    def _part(self, path: tuple[str, ...]) -> Any:
        part = self._record.get_item(path[0])
        for name in path[1:]:
            part = None if part is None else part.variation.get_item(name)
        return part

    def raw(self, *path: str) -> int | None:
        """The bits as a whole number."""
        part = self._part(path)
        return None if part is None else int(part.as_uint())

    def quantity(self, unit: str, *path: str) -> float | None:
        """The number in the unit that the specification gives it."""
        part = self._part(path)
        return None if part is None else float(part.variation.content.as_quantity(unit))

    def text(self, pattern: re.Pattern[str], *path: str) -> str | None:
        """The text, if it is like the pattern."""
        part = self._part(path)
        text = "" if part is None else str(part.variation.content.as_string()).strip()
        return text if pattern.fullmatch(text) else None

    def code(self, item: str) -> str | None:
        """The Mode 3/A code, unless it was garbled or not validated."""
        return None if self.raw(item, "V") or self.raw(item, "G") else self.text(_SQUAWK, item, "MODE3A")


class Reader(asterix.Reader):
    """The reader, asking libasterix."""

    def _block(self, block: Block) -> Iterator[Plot | str]:
        if block.data[0] not in EDITIONS:
            self.records += 1
            yield "another category"
            return
        found = taken_apart(block.data)
        if found is None:
            yield "a block that is no ASTERIX of its category"
            return
        take: Any = {34: self._service, 48: self._plot, 62: self._track}[block.data[0]]
        for record in found:
            self.records += 1
            yield take(Record(record), block.recorded)
