"""Plots as rows of a table, and rows as plots: what stands in each column, whatever file holds the table.

The columns are described in `tafadi.formats.track_table`. A row has every column, with None where nothing is said.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from tafadi.errors import InputError
from tafadi.formats.skips import Skips
from tafadi.measure.earth import Position
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant
from tafadi.model.track import Plot

HEIGHTS: Final = tuple((f"height_{datum}_m", datum) for datum in Datum)
CLEARED: Final = tuple((f"cleared_height_{datum}_m", datum) for datum in Datum)
NUMBERS: Final = ("ground_speed_mps", "course_deg", "climb_mps")
TEXTS: Final = ("address", "callsign", "squawk", "source", "party")
COLUMNS: Final = (
    "track",
    "at",
    "lat_deg",
    "lon_deg",
    *(name for name, _ in HEIGHTS),
    *NUMBERS,
    *(name for name, _ in CLEARED),
    "on_ground",
    *TEXTS,
)
_NO_TEXT: Final = "its texts are empty where a name must be, or are no Unicode"

Cell = str | float | bool | Instant | None


def row(plot: Plot) -> dict[str, Cell]:
    """The plot as a row: every column of COLUMNS, None where the plot does not say."""
    cells: dict[str, Cell] = dict.fromkeys(COLUMNS)
    cells["track"], cells["at"] = plot.track, plot.at
    cells["lat_deg"], cells["lon_deg"] = plot.position.lat_deg, plot.position.lon_deg
    if plot.height is not None:
        cells[f"height_{plot.height.datum}_m"] = plot.height.value_m
    if plot.cleared_height is not None:
        cells[f"cleared_height_{plot.cleared_height.datum}_m"] = plot.cleared_height.value_m
    for name in (*NUMBERS, "on_ground", *TEXTS):
        cells[name] = getattr(plot, name)
    return cells


def plot_of(cells: Mapping[str, Any]) -> Plot:
    """The plot of a row. Raises InputError for a row that is none."""
    track, at = cells["track"], cells["at"]
    if not isinstance(track, str) or not track or not isinstance(at, Instant):
        raise InputError("a row without a track or without a time")
    lat_deg, lon_deg = _number(cells["lat_deg"]), _number(cells["lon_deg"])
    if lat_deg is None or lon_deg is None:
        raise InputError("a row without a place")
    return Plot(
        track=track,
        at=at,
        position=Position(lat_deg, lon_deg),
        height=_height(cells, HEIGHTS),
        ground_speed_mps=_number(cells["ground_speed_mps"]),
        course_deg=_number(cells["course_deg"]),
        climb_mps=_number(cells["climb_mps"]),
        cleared_height=_height(cells, CLEARED),
        on_ground=cells["on_ground"],
        address=cells["address"] or None,
        callsign=cells["callsign"] or None,
        squawk=cells["squawk"] or None,
        source=cells["source"] or "",
        party=cells["party"] or None,
    )


def _number(cell: object) -> float | None:
    """The number; None for nothing and for NaN, which some programs write for it. Raises InputError for what is none."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return None
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        raise InputError("a number that is none")
    return float(cell)


def _height(cells: Mapping[str, Any], names: Iterable[tuple[str, Datum]]) -> Height | None:
    said = [(value_m, datum) for name, datum in names if (value_m := _number(cells[name])) is not None]
    if len(said) > 1:
        raise InputError("a row with two heights, and nobody can say which one holds")
    return Height(*said[0]) if said else None


def sayable(plots: Iterable[Plot], dropped: Skips) -> Iterator[Plot]:
    """The plots whose texts can be written; the others are counted in `dropped`."""
    for number, plot in enumerate(plots, 1):
        if plot.track and _is_unicode(plot):
            yield plot
        else:
            dropped.add(_NO_TEXT, number, is_damage=True)


def _is_unicode(plot: Plot) -> bool:
    try:
        "".join((plot.track, *(getattr(plot, name) or "" for name in TEXTS))).encode()
    except UnicodeEncodeError:  # half letters, as JSON can write them
        return False
    return True
