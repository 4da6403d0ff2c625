"""Dividing lines from files and nouns, for the watch."""

from collections.abc import Iterable, Iterator
from os import PathLike
from typing import TYPE_CHECKING, Final, TypeAlias, cast

from tafadi.errors import InputError, LimitError
from tafadi.library.recording import Source, opened
from tafadi.model.dividing_line import DividingLine

if TYPE_CHECKING:
    LineSource: TypeAlias = "Source | DividingLine | Iterable[Source | DividingLine]"

LARGEST_BYTES: Final = 16 * 1024 * 1024  # a thousand lines of two thousand corners are well below


def read_lines(source: "LineSource") -> list[DividingLine]:
    """The dividing lines of a file, of several, or of nouns; a line that stands equally in several is one line.

    A file is a path, bytes or open, in the GeoJSON of `tafadi.formats.dividing_line`. Raises FormatError for what is none, LimitError for
    more than LARGEST_BYTES, InputError for a file that cannot be opened, and for two lines of one name that are unlike.
    """
    found: dict[str, DividingLine] = {}
    for line in _each(source):
        if found.setdefault(line.id, line) != line:
            raise InputError(f"the line {line.id!r} is given twice, and says different things")
    return list(found.values())


def _each(source: object) -> Iterator[DividingLine]:
    if isinstance(source, DividingLine):
        yield source
    elif isinstance(source, str | bytes | bytearray | memoryview | PathLike) or hasattr(source, "read"):
        yield from _from_file(cast(Source, source))
    elif isinstance(source, Iterable):
        for one in source:
            yield from _each(one)
    else:
        raise InputError(f"{type(source).__name__} holds no dividing lines; give a path, bytes or nouns")


def _from_file(source: Source) -> list[DividingLine]:
    from tafadi.formats.dividing_line import parse

    with opened(source) as file:
        data = file.read(LARGEST_BYTES + 1)
        if len(data) > LARGEST_BYTES:
            raise LimitError(f"a file of dividing lines of more than {LARGEST_BYTES:,} bytes is none")
        return parse(data)
