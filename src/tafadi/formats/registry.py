"""The registry: every format that Tafadi reads, by name, and what a file looks to be.

Formats are modules and are imported only when one is asked for. A file is known by its content first, because endings lie (`.json` says
nothing), then by its ending; a file that neither tells is refused with a sentence, never read as the nearest guess.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from types import ModuleType
from typing import Final, Protocol, cast

from tafadi.errors import FormatError
from tafadi.formats.zones import LeftOut
from tafadi.measure.instant import Span
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


class ZoneFormat(NoticeFormat, Protocol):
    """What a module of published zones offers: what stands without an end is read for a window, and refusals may be listed."""

    def parse(self, data: bytes, window: Span | None = None, left_out: LeftOut | None = None) -> Iterator[Announced]:
        """The zones of a file that are in force in the window. Raises FormatError, for every refusal when there is no `left_out`."""
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
_XML: Final = _JSON + rb"(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*"
_COMMAND: Final = rb"^[ \t]*[0-9]{1,3}:[0-9]{1,2}:[0-9]{1,2}(?:\.[0-9]{0,9})?[ \t]*>[ \t]*"
_HOLDS: Final = {b'"holds":"notices"': "notice_table", b'"holds":"tracks"': "track_table"}  # in the metadata, at the end of a Parquet file
_FORMATS: Final = (
    Format(  # before geojson, which would take any collection of features for its own
        "ed269",
        "EUROCAE ED-269 UAS zones",
        Carries.NOTICES,
        (".ed269",),
        re.compile(_JSON + rb'\{.*?"(?:horizontalProjection|uomDimensions|UASZoneList|uas_zones)"\s*:', re.DOTALL),
    ),
    Format(
        "ed318",
        "EUROCAE ED-318 UAS zones (GeoJSON with layers)",
        Carries.NOTICES,
        (".ed318",),
        re.compile(_JSON + rb'\{.*?"(?:lowerReference|upperReference|limitedApplicability|zoneAuthority)"\s*:', re.DOTALL),
    ),
    Format(
        "yaixm",
        "YAIXM airspaces",
        Carries.NOTICES,
        (".yaixm",),
        re.compile(rb"(?:\A(?:\xef\xbb\xbf)?|\n)(?:airspace|rat|loa|obstacle):[ \t]*(?:#[^\n]*)?\r?\n\s*(?:#[^\n]*\n\s*)*- "),
    ),
    Format(
        "openair",
        "OpenAir airspaces",
        Carries.NOTICES,
        (".openair",),
        re.compile(rb"(?:\A(?:\xef\xbb\xbf)?|\n)[ \t]*A[CI] [^\n]{1,80}\n(?:[^\n]{0,200}\n){0,8}?[ \t]*A[NLHY] "),
    ),
    Format(
        "notam",
        "NOTAM, the areas of their Q-lines",
        Carries.NOTICES,
        (".notam",),
        re.compile(
            rb"(?:\A(?:\xef\xbb\xbf)?|\n)[ \t]*"
            rb"(?:\(?[ \t]*[A-Z][0-9]{1,4}/[0-9]{2}\s+NOTAM[NRC]\b|Q\)[ \t]*[A-Z]{3,4}[ \t]*/[ \t]*Q[A-Z]{4}\b)"
        ),
    ),
    Format(  # before the other formats in JSON: what a service says beside the texts may hold any member
        "notam_json",
        "NOTAM in JSON, as public interfaces hand them out",
        Carries.NOTICES,
        (),
        re.compile(
            _JSON + rb'(?:\{\s*"NUM"\s*:\s*[0-9]+\s*,\s*"CODE"\s*:|[\[{](?:.*?"(?:raw|RAWMESSAGE)"\s*:\s*\[?)?\s*"'
            rb'(?:[^"\\]|\\.){0,200}?Q\)\s*[A-Z]{3,4}\s*/\s*Q[A-Z]{4}\b)',
            re.DOTALL,
        ),
    ),
    Format(
        "aixm",
        "AIXM 5.1 airspaces",
        Carries.NOTICES,
        (".aixm",),
        re.compile(_XML + rb"<[^>]*aixm\.aero/schema/5\.1", re.DOTALL),
    ),
    Format(
        "kml",
        "KML polygons",
        Carries.NOTICES,
        (".kml",),
        re.compile(_XML + rb"<(?:[A-Za-z0-9_]{1,20}:)?kml[\s>]", re.DOTALL),
    ),
    Format(  # before geojson, too
        "track_geojson",
        "GeoJSON of tracks, as Tafadi writes it",
        Carries.TRACKS,
        (),
        re.compile(_JSON + rb'\{\s*"type"\s*:\s*"FeatureCollection"\s*,\s*"holds"\s*:\s*"tracks"'),
    ),
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
        "iff",
        "track points of NASA's Sherlock warehouse (IFF)",
        Carries.TRACKS,
        (".iff",),
        re.compile(rb"\A(?:#[^\n]*\n)*[2-4],[0-9]{9,10}\.[0-9]{1,9}(?:,[^,\n]*){13}"),
    ),
    Format(
        "readsb",
        "aircraft.json, traces and JSON lines of readsb",
        Carries.TRACKS,
        (".readsb",),
        re.compile(
            _JSON + rb'\{(?:\s*"\w+"\s*:\s*(?:"(?:[^"\\]|\\.)*"|[0-9.eE+-]+)\s*,)*\s*"(?:aircraft|trace)"\s*:\s*\['
            rb"|" + _JSON + rb'\{\s*"now"\s*:\s*[0-9.]+\s*,[^\n{]*"hex"\s*:'
        ),
    ),
    Format(
        "modes",
        "raw frames of Mode S: Beast, AVR, and lines with their time",
        Carries.TRACKS,
        (".beast", ".avr"),
        re.compile(
            rb"\A[^\x1a]{0,44}\x1a[1-4]"
            rb"|\A[0-9]{9,11}(?:\.[0-9]+)?,[0-9A-Fa-f]{14}(?:[0-9A-Fa-f]{14})?\r?\n"
            rb"|\A[*@%][0-9A-Fa-f]{4,40};"
            rb'|\A\{[^\n]*"frame"\s*:\s*"[0-9A-Fa-f]{14}'
        ),
    ),
    Format(
        "asterix",
        "ASTERIX of radars and trackers (CAT048, CAT062)",
        Carries.TRACKS,
        (".asterix", ".ast", ".ff", ".pcap"),
        re.compile(
            rb"\A(?:\xd4\xc3\xb2\xa1|\xa1\xb2[\xc3\x3c][\xd4\x4d]|\x4d\x3c\xb2\xa1|\x0a\x0d\x0d\x0a)"
            rb"|\A[\x22\x30\x3e\x3f\x41][\x00-\x08]"
            rb"|\A[\x00-\x20].{7}[\x01-\x41].{2,8000}?\xa5\xa5\xa5\xa5",
            re.DOTALL,
        ),
    ),
    Format(
        "cot",
        "Cursor-on-Target events",
        Carries.TRACKS,
        (".cot",),
        re.compile(rb"\A(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>\s*)?<event\s[^>]*\buid\s*="),
    ),
    Format(
        "daa",
        "encounters of NASA's DAIDALUS",
        Carries.TRACKS,
        (".daa", ".xyz"),
        re.compile(
            rb"\A(?:\xef\xbb\xbf)?(?:[ \t]*(?:#[^\n]{0,1000})?\r?\n)*[ \t]*(?i:name|aircraft|id)[ \t]*[, \t][^\n]{0,2000}\n"
            rb"[^\n]{0,2000}\[(?:deg|rad|nmi|km|m|ft)\]"
        ),
    ),
    Format(  # before its areas: a file that has both is one of traffic
        "scn",
        "states of aircraft in scenarios of BlueSky",
        Carries.TRACKS,
        (".scn",),
        re.compile(_COMMAND + rb"(?:CRE|MOVE|MCRE|CRECONFS|[A-Z0-9_]{1,20}[ ,]+MOVE)[ \t,]", re.IGNORECASE | re.MULTILINE),
    ),
    Format(
        "scn_areas",
        "areas in scenarios of BlueSky",
        Carries.NOTICES,
        (),
        re.compile(_COMMAND + rb"(?:BOX|CIRCLE|POLY|POLYGON|POLYALT)[ \t,]", re.IGNORECASE | re.MULTILINE),
    ),
    Format(
        "notice_table",
        "tables of notices, GeoParquet or CSV, as Tafadi writes them",
        Carries.NOTICES,
        (".geoparquet",),
        re.compile(rb"\A(?:\xef\xbb\xbf)?notice,party,kind,area_kind,"),
    ),
    Format(
        "track_table",
        "tables of tracks, Parquet or CSV, as Tafadi writes them",
        Carries.TRACKS,
        (),
        re.compile(rb"\A(?:\xef\xbb\xbf)?track,at,lat_deg,lon_deg,height_"),
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
# What stands in these may have no end.
ZONES: Final = frozenset(("ed269", "ed318", "yaixm", "openair", "notam", "notam_json", "aixm", "kml", "scn_areas"))


def named(name: str) -> Format:
    """The format called `name`. Raises FormatError, naming those there are."""
    if name not in FORMATS:
        raise FormatError(f"there is no format {name[:40]!r}; there are {', '.join(FORMATS)}")
    return FORMATS[name]


def sniff(head: bytes, file_name: str = "", tail: bytes = b"") -> Format:
    """The format of a file that begins with `head`. Raises FormatError when neither content nor ending tells.

    Parquet says what it holds at its end: give the last HEAD_BYTES as `tail` to have our own tables told from those of others.
    """
    if not head.strip():  # before any ending: a file of nothing holds neither notices nor tracks
        raise FormatError("there is nothing in it")
    if head.startswith(b"PAR1"):
        ours = next((name for mark, name in _HOLDS.items() if mark in tail), None)
        return FORMATS["columns" if ours is None else ours]
    for one in _FORMATS:
        if one.mark.search(head[:HEAD_BYTES]):
            return one
    ending = next((one for one in _FORMATS if file_name.lower().endswith(one.endings)), None)
    if ending is not None:
        return ending
    raise FormatError(f"it looks like none of the formats {', '.join(FORMATS)}; name one if you know it")


def notice_format(one: Format) -> NoticeFormat:
    """The module of a notice format. Raises FormatError for a format that carries something else."""
    if one.carries is not Carries.NOTICES:
        raise FormatError(f"{one.title} carries {one.carries}, and notices are needed", format=one.name)
    return cast(NoticeFormat, one.load())  # the tests hold every module to the protocol


def zone_format(one: Format) -> ZoneFormat:
    """The module of a format of published zones. Raises FormatError for a format that carries something else."""
    if one.name not in ZONES:
        raise FormatError(f"{one.title} carries no published zones", format=one.name)
    return cast(ZoneFormat, one.load())


def read(one: Format, data: bytes, window: Span | None = None, left_out: LeftOut | None = None) -> Iterator[Announced]:
    """The notices of a file of that format; of published zones, those in force in the window, with refusals listed in `left_out`.

    A notice that states its own times is read whole, whatever the window is. Raises FormatError.
    """
    if one.name in ZONES:
        return zone_format(one).parse(data, window, left_out)
    return notice_format(one).parse(data)
