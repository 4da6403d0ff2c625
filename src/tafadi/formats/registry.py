"""The registry: every format that Tafadi reads, by name, and what a file looks to be.

Formats are modules and are imported only when one is asked for. A file is known by its content first, because endings lie (`.json` says
nothing), then by its ending; a file that neither tells is refused with a sentence, never read as the nearest guess.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from types import ModuleType
from typing import Final, Protocol

from tafadi.errors import FormatError
from tafadi.model.operation import Announced

HEAD_BYTES: Final = 65_536  # enough of a file to tell what it is


class Carries(StrEnum):
    """What a format carries."""

    NOTICES = "notices"
    TRACKS = "tracks"


class NoticeFormat(Protocol):
    """What a module of a notice format offers."""

    def parse(self, data: bytes) -> Iterator[Announced]:
        """The notices of a file. Raises FormatError."""
        ...

    def dump(self, announced: Iterable[Announced]) -> bytes:
        """The notices as a file. Raises FormatError for what the format cannot say."""
        ...


@dataclass(frozen=True, slots=True)
class Format:
    """One format: its name, what it is, the endings of its files, and how its content begins."""

    name: str
    title: str
    carries: Carries
    endings: tuple[str, ...]
    mark: re.Pattern[bytes]

    def load(self) -> ModuleType:
        """The module that reads it."""
        return import_module(f"tafadi.formats.{self.name}")


_JSON: Final = rb"\A(?:\xef\xbb\xbf)?\s*"
_FORMATS: Final = (
    Format(
        "geojson",
        "GeoJSON profile of notices (RFC 7946; docs/spec/geojson-notice.md)",
        Carries.NOTICES,
        (".geojson",),
        re.compile(_JSON + rb'\{.*?(?:"type"\s*:\s*"Feature(?:Collection)?"|"features"\s*:)', re.DOTALL),
    ),
    Format(
        "f3548",
        "ASTM F3548-21 operational intents",
        Carries.NOTICES,
        (".f3548",),
        re.compile(_JSON + rb'[\[{].*?"(?:reference|operational_intent|details|intents|basic_information)"\s*:', re.DOTALL),
    ),
    Format(
        "nop",
        "FAA radar hits as open-ARIA publishes them",
        Carries.TRACKS,
        (".nop",),
        re.compile(rb"(?:\A|\n)\[[A-Z]{2}\],(?:STARS|Center|AGW),"),
    ),
    Format(
        "sbs",
        "BaseStation (SBS-1) lines of ADS-B receivers",
        Carries.TRACKS,
        (".sbs", ".bst"),
        re.compile(rb"(?:\A|\n)(?:START,|[0-9]+,)?(?:MSG|SEL|ID|AIR|STA|CLK),"),
    ),
    Format(
        "columns",
        "tables of plots, Parquet or CSV",
        Carries.TRACKS,
        (".parquet", ".csv"),
        re.compile(rb"\APAR1"),
    ),
)

FORMATS: Final = {one.name: one for one in _FORMATS}


def named(name: str) -> Format:
    """The format called `name`. Raises FormatError, naming those there are."""
    if name not in FORMATS:
        raise FormatError(f"there is no format {name[:40]!r}; there are {', '.join(FORMATS)}")
    return FORMATS[name]


def sniff(head: bytes, file_name: str = "") -> Format:
    """The format of a file that begins with `head`. Raises FormatError when neither content nor ending tells."""
    for one in _FORMATS:
        if one.mark.search(head[:HEAD_BYTES]):
            return one
    ending = next((one for one in _FORMATS if file_name.lower().endswith(one.endings)), None)
    if ending is not None:
        return ending
    if not head.strip():
        raise FormatError("there is nothing in it")
    raise FormatError(f"it looks like none of the formats {', '.join(FORMATS)}; name one if you know it")


def notice_format(one: Format) -> NoticeFormat:
    """The module of a notice format. Raises FormatError for a format that carries something else."""
    if one.carries is not Carries.NOTICES:
        raise FormatError(f"{one.title} carries {one.carries}, and notices are needed", format=one.name)
    return _NOTICES[one.name]()


def _geojson() -> NoticeFormat:
    from tafadi.formats import geojson

    return geojson


def _f3548() -> NoticeFormat:
    from tafadi.formats import f3548

    return f3548


_NOTICES: Final[dict[str, Callable[[], NoticeFormat]]] = {"geojson": _geojson, "f3548": _f3548}
