"""Track GeoJSON: plots as points that any map program shows, one feature a line.

    {"type":"FeatureCollection","holds":"tracks","features":[
    {"type":"Feature","geometry":{"type":"Point","coordinates":[40.2,34.1]},"properties":{"track":"radar/1","at":"2026-03-01T06:40:00Z",…}},
    …
    ]}

Coordinates are longitude and latitude in degrees WGS 84. Properties are the columns of `track_table` with their units and datums in their
names, but for `lat_deg` and `lon_deg`; what a plot does not say is absent. Nothing is dropped: what is written is read back to the same
plots. `holds` tells the file from one of notices. It is read line by line, as it is written, so that memory stays small; a file that
another program has set otherwise is refused. Source: RFC 7946.
"""

import json
from collections.abc import Iterable, Iterator
from typing import IO, Any, Final

from tafadi.errors import FormatError, InputError
from tafadi.formats.lines import LONGEST_LINE
from tafadi.formats.skips import Skips
from tafadi.formats.track_rows import COLUMNS, plot_of, row, sayable
from tafadi.measure.instant import Instant
from tafadi.model.track import Plot

NAME: Final = "track_geojson"
HEAD: Final = b'{"type":"FeatureCollection","holds":"tracks","features":['
END: Final = b"]}"
_TEXTS: Final = frozenset({"track", "at", "address", "callsign", "squawk", "source", "party"})


def write(plots: Iterable[Plot], sink: IO[bytes], dropped: Skips) -> int:
    """Writes the plots as one collection; how many. What cannot be written is left out and counted in `dropped`."""
    sink.write(HEAD)
    count = 0
    for count, plot in enumerate(sayable(plots, dropped), 1):
        sink.write((b",\n" if count > 1 else b"\n") + _feature(plot))
    sink.write(b"\n" + END + b"\n")
    return count


def _feature(plot: Plot) -> bytes:
    said = {name: cell for name, cell in row(plot).items() if cell is not None and cell != "" and name not in ("lat_deg", "lon_deg")}
    said["at"] = str(plot.at)
    place = {"type": "Point", "coordinates": [plot.position.lon_deg, plot.position.lat_deg]}
    feature = {"type": "Feature", "geometry": place, "properties": said}
    return json.dumps(feature, ensure_ascii=False, separators=(",", ":")).encode()


class Reader:
    """Reads collections of our own; `skips` says which lines were left out, and why."""

    def __init__(self) -> None:
        self.skips = Skips()
        self._line = 0

    def read(self, lines: Iterable[bytes]) -> Iterator[Plot]:
        """The plots of `lines`. Raises FormatError when they do not begin as ours; what a later line holds is counted in `skips`."""
        is_ended = False
        for line in lines:
            self._line += 1
            if self._line == 1:
                if line.removeprefix(b"\xef\xbb\xbf").rstrip() != HEAD:
                    raise FormatError("it does not begin with the line of a collection of tracks", format=NAME, offset=1)
            elif line.strip() == END or is_ended:
                is_ended = True
            elif line.strip():
                yield from self._take(line)
        if not is_ended:
            self.skips.add("it breaks off before its end", self._line, is_damage=True)

    def _take(self, line: bytes) -> Iterator[Plot]:
        plot = _plot(line) if len(line) <= LONGEST_LINE else None
        if plot is None:
            self.skips.add("a line that is no feature of a track", self._line, is_damage=True)
        else:
            yield plot


def _plot(line: bytes) -> Plot | None:
    """The plot of one line; None when it is none."""
    try:
        feature = json.loads(line.strip().removesuffix(b","))
        lon_deg, lat_deg = feature["geometry"]["coordinates"]
        cells: dict[str, Any] = dict.fromkeys(COLUMNS) | feature["properties"]
        if feature["geometry"]["type"] != "Point" or not _are_of_their_kind(cells):
            return None
        return plot_of(cells | {"at": Instant.parse(cells["at"]), "lat_deg": lat_deg, "lon_deg": lon_deg})
    except (ValueError, TypeError, KeyError, RecursionError, InputError):
        return None


def _are_of_their_kind(cells: dict[str, Any]) -> bool:
    """Whether no member is unknown, and each text is one; numbers are looked at where they are used."""
    if len(cells) != len(COLUMNS) or not isinstance(cells["on_ground"], bool | None):
        return False
    return all(isinstance(cells[name], str | None) for name in _TEXTS)


def parse(lines: Iterable[bytes], reader: Reader | None = None) -> Iterator[Plot]:
    """The plots of a collection, in its own order. Raises FormatError when it is none of ours."""
    reader = reader or Reader()
    yield from reader.read(lines)
