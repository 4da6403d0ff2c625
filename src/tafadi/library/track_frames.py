"""Tables of tracks with the names that this library writes, as plots; rows that cannot be used are counted, as in every recording."""

from typing import Any, Final, NamedTuple

from tafadi.errors import InputError
from tafadi.formats import track_rows
from tafadi.formats.skips import Skips
from tafadi.library.frames import GEOMETRY, Columns
from tafadi.model.track import Plot

REQUIRED: Final = ("track", "lat_deg", "lon_deg")
TIMES: Final = ("at_s", "at_ms", "at_ns")


class Named(NamedTuple):
    """The plots of a table, the rows that were left out, and the columns that say nothing that is known here."""

    plots: list[Plot]
    skips: Skips
    dropped: list[str]


def named(given: Any) -> Named:
    """The plots of a table. Raises FormatError when a column is missing, or a cell is not of its column's kind."""
    table = with_places(Columns(given))
    table.need(*REQUIRED)
    if not table.has_instants("at"):
        table.need("at")
    cells: dict[str, list[Any]] = {name: table.cells(name) for name in track_rows.COLUMNS}
    cells |= {name: table.texts(name) for name in ("track", *track_rows.TEXTS)}
    cells |= {"at": table.instants("at"), "on_ground": table.flags("on_ground")}
    plots, skips = [], Skips()
    for number, values in enumerate(zip(*cells.values(), strict=True), 1):
        try:
            plots.append(track_rows.plot_of(dict(zip(cells, values, strict=True))))
        except InputError as error:
            skips.add(str(error)[:120], number, is_damage=True)
    return Named(plots, skips, sorted(table.names - {*track_rows.COLUMNS, *TIMES, GEOMETRY}))


def with_places(table: Columns) -> Columns:
    """The table with `lat_deg` and `lon_deg` taken from the points of a GeoDataFrame, where it has only those.

    Raises FormatError for geometries that are no points, or not known to be in WGS 84.
    """
    if GEOMETRY not in table.names or "lat_deg" in table.names:
        return table
    from tafadi.library.geometries import points

    lat_deg, lon_deg = points(table)
    return Columns(table.table.append_column("lat_deg", [lat_deg]).append_column("lon_deg", [lon_deg]))
