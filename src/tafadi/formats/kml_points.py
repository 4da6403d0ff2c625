"""KML, written for tracks: a point with its time for each plot, which a globe plays back.

| element | from |
|---|---|
| `name` | track |
| `TimeStamp` `when` | at, UTC with Z |
| `Point` `coordinates` | longitude, latitude on WGS 84, and the height in metres |
| `altitudeMode` | absolute for a height above mean sea level, relativeToGround for one above ground; none without either |

Dropped, and counted: heights above the ellipsoid or of pressure, which KML cannot say; speed, course, climb, cleared height, on the ground,
address, callsign, squawk, source, party. Polygons of notices are written and read by `kml`. Source: OGC KML 2.2 (07-147r2).
"""

from collections.abc import Iterable, Iterator
from typing import IO, Final
from xml.sax.saxutils import escape

from tafadi.formats.skips import Skips
from tafadi.formats.track_rows import sayable
from tafadi.measure.height import Datum
from tafadi.model.names import printable
from tafadi.model.track import Plot

NAME: Final = "kml"
MODES: Final = {Datum.GEOID: "absolute", Datum.GROUND: "relativeToGround"}
HEAD: Final = b'<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document>\n'
END: Final = b"</Document></kml>\n"
_DROPPED: Final = {
    "ground_speed_mps": "speeds",
    "course_deg": "courses",
    "climb_mps": "climbs",
    "cleared_height": "cleared heights",
    "on_ground": "whether on the ground",
    "address": "addresses",
    "callsign": "callsigns",
    "squawk": "squawks",
    "party": "parties",
}


def write(plots: Iterable[Plot], sink: IO[bytes], dropped: Skips) -> int:
    """Writes a placemark for each plot, one a line; how many. Counts in `dropped` what is left out."""
    sink.write(HEAD)
    count = 0
    for count, plot in enumerate(sayable(plots, dropped), 1):
        for reason in _losses(plot):
            dropped.add(reason, count)
        sink.write(_placemark(plot).encode())
    sink.write(END)
    return count


def _losses(plot: Plot) -> Iterator[str]:
    if plot.height is not None and plot.height.datum not in MODES:
        yield f"heights above {plot.height.datum}"
    for name, what in _DROPPED.items():
        if getattr(plot, name) is not None:
            yield what
    if plot.source:
        yield "sources"


def _placemark(plot: Plot) -> str:
    place, mode, height = f"{plot.position.lon_deg},{plot.position.lat_deg}", "", ""
    if plot.height is not None and plot.height.datum in MODES:
        mode, height = f"<altitudeMode>{MODES[plot.height.datum]}</altitudeMode>", f",{plot.height.value_m}"
    when = f"<TimeStamp><when>{plot.at}</when></TimeStamp>"
    point = f"<Point>{mode}<coordinates>{place}{height}</coordinates></Point>"
    return f"<Placemark><name>{escape(printable(plot.track))}</name>{when}{point}</Placemark>\n"
