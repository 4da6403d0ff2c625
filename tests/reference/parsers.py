"""Every parser that takes bytes from outside, as one function of bytes, with what its fuzzers begin from.

A parser may raise nothing but errors of Tafadi's own family. The seeds are the vectors of its format without their heads.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import date
from functools import partial
from importlib import import_module
from io import BytesIO
from types import ModuleType
from typing import Final

from reference.cases import VECTORS
from tafadi.errors import TafadiError
from tafadi.measure.instant import Instant, Span

WEEK: Final = Span(Instant.parse("2026-06-01T00:00:00Z"), Instant.parse("2026-06-08T00:00:00Z"))
DAY: Final = date(2026, 3, 1)
CHUNK: Final = 7  # bytes at a time: whatever a parser holds over from one chunk to the next is tried too
MAP: Final = {
    "track": "icao24", "at": "timestamp [ms]", "lat": "latitude", "lon": "longitude", "height": "altitude [ft] pressure",
    "ground_speed": "groundspeed [kt]", "course": "track", "climb": "vertical_rate [ft/min]",
}  # fmt: skip
Parser = Callable[[bytes], None]


def _module(name: str) -> ModuleType:
    return import_module(f"tafadi.formats.{name}")


def _read(items: Iterable[object]) -> None:
    for _ in items:
        pass


def _notices(name: str) -> Parser:
    module = _module(name)
    return lambda data: _read(module.parse(data))


def _zones(name: str) -> Parser:
    """Published zones, with refusals raised and with refusals listed."""
    module, zones = _module(name), _module("zones")

    def run(data: bytes) -> None:
        with suppress(TafadiError):
            _read(module.parse(data, WEEK))
        _read(module.parse(data, WEEK, zones.LeftOut()))

    return run


def _chunks(data: bytes) -> Iterator[bytes]:
    if len(data) > 4_096:  # else slicing is what takes the time
        yield data
        return
    for start in range(0, len(data), CHUNK):
        yield data[start : start + CHUNK]


def _tracks(name: str) -> Parser:
    reading = _module("reading")
    told = reading.Told(day=DAY, begins=WEEK.start)
    return lambda data: _read(reading.stream(name, _chunks(data), told).plots)


def _own_table() -> Parser:
    """A table as Tafadi writes them, CSV or Parquet."""
    reading = _module("reading")
    return lambda data: _read(reading.table(BytesIO(data)).plots)


def _csv() -> Parser:
    columns, lines = _module("columns"), _module("lines")
    return lambda data: _read(columns.Reader(columns.ColumnMap(MAP)).csv(lines.lines(_chunks(data))))


def _parquet() -> Parser:
    columns = _module("columns")
    return lambda data: _read(columns.Reader(columns.ColumnMap(MAP)).parquet(BytesIO(data)))


def _column_map() -> Parser:
    columns, strict = _module("columns"), _module("strict_json")
    return lambda data: columns.ColumnMap(strict.decode(data, dict[str, str], format="columns")) and None


def _plot_lines() -> Parser:
    plots, lines = _module("plots"), _module("lines")
    return lambda data: _read(plots.Reader().read(lines.lines([data])))


def _of_bytes(name: str, function: str) -> Parser:
    parse = getattr(_module(name), function)
    return lambda data: parse(data) and None


def _of_text(name: str, function: str) -> Parser:
    parse = getattr(_module(name), function)
    return lambda data: parse(data.decode("utf-8", "replace")) and None


NOTICES: Final = ("geojson", "f3548", "notice_table")
ZONES: Final = ("ed269", "ed318", "yaixm", "openair", "notam", "notam_json", "aixm", "kml", "scn_areas")
TRACKS: Final = ("readsb", "cot", "nop", "sbs", "iff", "asterix", "modes", "daa", "scn", "track_geojson")
MAKERS: Final[dict[str, Callable[[], Parser]]] = {
    **{name: partial(_notices, name) for name in NOTICES},
    **{name: partial(_zones, name) for name in ZONES},
    **{name: partial(_tracks, name) for name in TRACKS},
    "track_table": _own_table,
    "csv": _csv,
    "parquet": _parquet,
    "column_map": _column_map,
    "plots": _plot_lines,
    "agreement": lambda: _of_bytes("agreement", "read_document"),
    "aria_event": lambda: _of_bytes("aria_event", "parse"),
    "quantity": lambda: _of_text("quantity", "parse_minima"),
}


def parser(name: str) -> Parser:
    """The parser of that name; it lets through only what it should not raise."""
    run = MAKERS[name]()

    def tried(data: bytes) -> None:
        with suppress(TafadiError):
            run(data)

    return tried


def seeds(name: str) -> list[bytes]:
    """What the fuzzers of a parser begin from."""
    made = {
        "column_map": lambda: [json.dumps(MAP).encode()],
        "parquet": lambda: [_table()],
        "plots": lambda: [_plot()],
        "agreement": lambda: [b'{"format":"tafadi-agreement/1","name":"east-sky"}'],
        "aria_event": lambda: [b'{"atEventTime":{"timestamp":"2018-03-24T15:03:00.107Z","trueLateralNm":0.05,"trueVerticalFt":33.1}}'],
        "quantity": lambda: [b"5 [NM] / 1000 [ft]"],
    }
    if name in made:
        return made[name]()
    bodies = [path.read_bytes().partition(b"\n\n")[2] for path in sorted((VECTORS / ("columns" if name == "csv" else name)).glob("*.txt"))]
    if name == "asterix":
        return [bytes.fromhex(body.decode()) for body in bodies]
    return bodies


def _table() -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    file, cells = BytesIO(), {"icao24": ["4249b5"], "timestamp": [1_522_782_148_360], "latitude": [59.91], "longitude": [30.2]}
    more = {"altitude": [7000.0], "groundspeed": [203.0], "track": [314.0], "vertical_rate": [None]}
    pq.write_table(pa.table(cells | more), file, compression="none")
    return file.getvalue()


def _plot() -> bytes:
    return (
        b'{"track":"radar/1001","at":"2026-03-01T06:40:00Z","position":{"lat_e7":341234567,"lon_e7":402345678},'
        b'"height":{"value_mm":3000000,"datum":"pressure"},"ground_speed_mmps":180000,"course_e7":900000000}\n'
    )
