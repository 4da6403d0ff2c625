"""CoT, written: plots as Cursor-on-Target events, which `cot` reads and TAK shows.

    ==================  ==============================================================================
    member              from
    ==================  ==============================================================================
    event uid           track, without the `cot/` that our own reader puts before it
    event type          `a-u-A`, a thing in the air and nothing more: whose and what it is, is never said
    event time, start   at, UTC with Z; stale is a minute later
    point lat, lon      position, degrees WGS 84
    point hae           height above the ellipsoid, metres; 9999999 for any other, which is dropped
    point ce, le        9999999: not known
    track speed         ground_speed_mps; the element is absent without it, and a course with it
    contact callsign    callsign of at most 32 characters
    ==================  ==============================================================================

Left out, and counted: plots at exactly 0, 0, which with an unknown error means nowhere, and names that no thing can have.
Dropped, and counted: heights above another datum, a course without a speed, climb, cleared height, on the ground, address (but that of a
uid `ICAO-…`), squawk, source, party. Source: MITRE MTR 050081.
"""

import re
from collections.abc import Iterable, Iterator
from typing import IO, Final
from xml.sax.saxutils import quoteattr

from tafadi.formats.cot import LONGEST_CALLSIGN, UNKNOWN
from tafadi.formats.skips import Skips
from tafadi.formats.track_rows import sayable
from tafadi.measure.height import Datum
from tafadi.model.track import LONGEST_TRACK, Plot

NAME: Final = "cot"
STALE_S: Final = 60.0  # five turns of an en-route radar; what is not heard for longer should leave the map
TYPE: Final = "a-u-A"
LEAST: Final = 1e-19  # numbers below it are written as 0: twenty digits stand behind the point
_OWN: Final = "cot/"
_ADDRESS = re.compile(r"ICAO[-.:]([0-9A-Fa-f]{6})")
_UNSAYABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # no character of XML 1.0


def write(plots: Iterable[Plot], sink: IO[bytes], dropped: Skips) -> int:
    """Writes an event for each plot, one a line; how many. Counts in `dropped` what is left out."""
    count = 0
    for number, plot in enumerate(sayable(plots, dropped), 1):
        uid = plot.track.removeprefix(_OWN)
        if len(_OWN + uid) > LONGEST_TRACK or not uid.strip() or _UNSAYABLE.search(uid):
            dropped.add("plots whose track has a name that is none of a thing", number, is_damage=True)
            continue
        if max(abs(plot.position.lat_deg), abs(plot.position.lon_deg)) < LEAST:
            dropped.add("plots at 0, 0, which CoT says of things that are nowhere", number, is_damage=True)
            continue
        for reason in _losses(plot, uid):
            dropped.add(reason, number)
        sink.write(_event(plot, uid).encode())
        count += 1
    return count


def _losses(plot: Plot, uid: str) -> Iterator[str]:
    match = _ADDRESS.fullmatch(uid)
    if plot.height is not None and plot.height.datum is not Datum.ELLIPSOID:
        yield f"heights above {plot.height.datum}"
    if plot.course_deg is not None and plot.ground_speed_mps is None:
        yield "courses without a speed"
    if plot.callsign is not None and _callsign(plot) is None:
        yield "callsigns that are too long, or hold what does not print"
    if plot.address is not None and (match is None or match[1].lower() != plot.address):
        yield "addresses"
    named = {"climb_mps": "climbs", "cleared_height": "cleared heights", "on_ground": "whether on the ground", "squawk": "squawks"}
    for name, what in (named | {"party": "parties"}).items():
        if getattr(plot, name) is not None:
            yield what
    if plot.source and plot.source != NAME:
        yield "sources"


def _callsign(plot: Plot) -> str | None:
    text = plot.callsign or ""
    return text if text.strip() == text and 0 < len(text) <= LONGEST_CALLSIGN and text.isprintable() else None


def _event(plot: Plot, uid: str) -> str:
    lat, lon, unknown = plot.position.lat_deg, plot.position.lon_deg, int(UNKNOWN)
    is_ellipsoid = plot.height is not None and plot.height.datum is Datum.ELLIPSOID
    height = _decimal(plot.height.value_m) if is_ellipsoid and plot.height is not None else unknown
    callsign = _callsign(plot)
    contact = "" if callsign is None else f"<contact callsign={quoteattr(callsign)}/>"
    course = "" if plot.course_deg is None else f' course="{_decimal(plot.course_deg)}"'
    track = "" if plot.ground_speed_mps is None else f'<track speed="{_decimal(plot.ground_speed_mps)}"{course}/>'
    when = f'time="{plot.at}" start="{plot.at}" stale="{plot.at.plus(STALE_S)}"'
    point = f'<point lat="{_decimal(lat)}" lon="{_decimal(lon)}" hae="{height}" ce="{unknown}" le="{unknown}"/>'
    head = f'<event version="2.0" uid={quoteattr(uid)} type="{TYPE}" how="m-g" {when}>'
    return f"{head}{point}<detail>{contact}{track}</detail></event>\n"


def _decimal(value: float) -> str:
    """The number with all its digits, at most twenty behind the point: not every reader knows what an `e` is."""
    text = repr(float(value))
    return f"{value:.20f}" if "e" in text and abs(value) < 1.0 else text
