"""Tracks: recordings, tables and plots as one thing that the library's verbs take.

A table of tracks has the names of `tafadi.formats.track_table`: `track`, `at`, `lat_deg`, `lon_deg` are required; `height_pressure_m` (or
`_geoid_m`, `_ellipsoid_m`, `_ground_m`), `ground_speed_mps`, `course_deg`, `climb_mps` and the others may be there. A table of other names
or units comes with a map, as on the command line: `columns={"track": "icao24", "at": "time [s]", "height": "altitude [ft] pressure", …}`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from io import BytesIO
from os import PathLike
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from tafadi.errors import FormatError, InputError
from tafadi.formats import track_table
from tafadi.formats.reading import Tracks as Recorded
from tafadi.formats.skips import Skips
from tafadi.library.frames import is_table, table_of
from tafadi.library.recording import NOTHING, Source, Stated, coming, held_name, in_order, name_of, opened
from tafadi.library.result import Result
from tafadi.library.track_frames import named
from tafadi.measure.earth import Position
from tafadi.measure.height import Height
from tafadi.measure.instant import Instant, Span
from tafadi.model.names import check_name
from tafadi.model.track import Plot

if TYPE_CHECKING:
    from tafadi.library.frames import Table

TrackSource: TypeAlias = "Source | Iterable[Plot] | Table"


class Tracks(Result[Plot]):
    """Plots in order of time, then of name. `skips` says what the source left out and why; `dropped` names columns that were not read.

    Columns: `track`, `at`, `lat_deg`, `lon_deg` (WGS 84), a height in metres in the column of its datum (`height_pressure_m`, …),
    `ground_speed_mps`, `course_deg` (true), `climb_mps`, `cleared_height_…_m`, `on_ground`, `address`, `callsign`, `squawk`, `source`,
    `party`; null for what is not known. Source of the names: `tafadi.formats.track_table`.

    >>> from tafadi import Instant, Plot, Position, Tracks
    >>> at = Instant.parse("2027-03-02T09:00:00Z")
    >>> tracks = Tracks([Plot("radar/7", at.plus(5.0), Position(34.0, 40.0)), Plot("radar/7", at, Position(34.0, 39.9))])
    >>> tracks
    <2 plots of 1 track, 2027-03-02T09:00:00Z to 2027-03-02T09:00:05Z>
    >>> tracks.names, tracks.to_arrow().column("lon_deg").to_pylist()
    (('radar/7',), [39.9, 40.0])
    """

    def __init__(self, plots: Iterable[Plot], skips: Skips | None = None, dropped: Iterable[str] = ()) -> None:
        super().__init__(in_order(plots))
        self.skips = skips or Skips()
        self.dropped = tuple(dropped)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the tracks, sorted."""
        return tuple(sorted({plot.track for plot in self}))

    @property
    def span(self) -> Span | None:
        """From the first plot to the last; None when there is none."""
        return Span(self[0].at, self[-1].at) if len(self) else None

    def track(self, name: str) -> "Tracks":
        """The plots of one track. Raises InputError, naming a few, when there is no track of that name."""
        return self._named({name})

    def only(self, *names: str) -> "Tracks":
        """The plots of some tracks. Raises InputError for a name that no track has."""
        return self._named(set(names))

    def _named(self, names: set[str]) -> "Tracks":
        missing = sorted(names - set(self.names))
        if missing:
            raise InputError(
                f"there is no track {missing[0][:60]!r}; there are {', '.join(self.names[:5])}{' …' if len(self.names) > 5 else ''}"
            )
        return Tracks([plot for plot in self if plot.track in names])

    def between(self, start: Instant, end: Instant) -> "Tracks":
        """The plots from `start` until before `end`. Raises TimeError when it ends before it starts."""
        span = Span(start, end)
        return Tracks([plot for plot in self if span.holds(plot.at)])

    @property
    def summary(self) -> str:
        """How many plots of how many tracks, from when to when, and how many rows were left out."""
        names = len(self.names)
        counts = f"{len(self):,} plot{'' if len(self) == 1 else 's'} of {names:,} track{'' if names == 1 else 's'}"
        when = "" if self.span is None else f", {self.span.start} to {self.span.end}"
        damaged = f" ({self.skips.damaged:,} damaged)" if self.skips.damaged else ""
        left_out = f"; {self.skips.total:,} left out{damaged}" if self.skips.total else ""
        return f"{counts}{when}{left_out}" + (f"; columns not read: {', '.join(self.dropped)}" if self.dropped else "")

    def to_arrow(self) -> Any:
        """One row for each plot, with the columns above."""
        import pyarrow as pa

        return pa.Table.from_batches(track_table.batches(self), track_table.schema())

    def __repr__(self) -> str:
        return f"<{self.summary}>"


def read_tracks(
    source: TrackSource,
    format: str | None = None,
    *,
    columns: Mapping[str, str] | None = None,
    party: str | None = None,
    begins: Instant | date | None = None,
    radars: Mapping[str, tuple[Position, Height]] | None = None,
    receiver: Position | None = None,
) -> Tracks:
    """The tracks of a recording, a table, or plots.

    `source` is a path, bytes or an open file in any format of docs/formats-tracks.md (`.gz` and `.zip` are opened), a table (Polars,
    pandas, Arrow, a GeoDataFrame of points, a dict of NumPy arrays), or plots. `format` names the format when the content does not tell.
    `columns` maps a table of other names or units; without it the names are those of `Tracks`. `party` says whose tracks these are where
    the source does not. `begins` is the UTC day (ASTERIX) or time (Beast, DAA, BlueSky) of the first record, `radars` gives place and
    ellipsoidal height by "area/system", `receiver` the place of a receiver, or the origin of a DAA file in metres. Raises FormatError for
    what follows no format or holds no plot that can be used, InputError for a file that cannot be opened, LimitError beyond 3,000,000
    plots.

    >>> import numpy as np
    >>> from tafadi import read_tracks
    >>> at = np.datetime64("2027-03-02T09:00:00") + np.arange(3) * np.timedelta64(5, "s")
    >>> table = {"track": ["a"] * 3, "at": at, "lat_deg": np.array([34.0, 34.01, 34.02]), "lon_deg": np.full(3, 40.0)}
    >>> read_tracks(table | {"height_pressure_m": np.array([3000.0, np.nan, 3000.0])})[1].height is None
    True

    Feet and seconds of another's table are named in the map:

    >>> other = {"icao24": ["4b1815"], "time": [1_522_000_000], "lat": [46.9], "lon": [7.4], "alt": [36_000]}
    >>> names = {"track": "icao24", "at": "time [s]", "lat": "lat", "lon": "lon", "height": "alt [ft] pressure"}
    >>> str(read_tracks(other, columns=names)[0].height)
    '10972.8 m pressure'
    """
    if party is not None:
        check_name(party, "party")
    stated = Stated(begins, radars or {}, receiver)
    name = name_of(source) if isinstance(source, str | PathLike) else "what was given"
    tracks = _usable(taken(source, format, columns, stated), name)
    return tracks if party is None else Tracks(_owned(tracks, party), tracks.skips, tracks.dropped)


def _owned(tracks: Tracks, party: str) -> Iterator[Plot]:
    for plot in tracks:
        yield plot if plot.party is not None else replace(plot, party=party)


def taken(source: TrackSource, format: str | None = None, columns: Mapping[str, str] | None = None, stated: Stated = NOTHING) -> Tracks:
    """The tracks of a source, none of them too. Raises what `read_tracks` does, but for a source without a plot."""
    if isinstance(source, Tracks) and columns is None:
        return source
    if is_table(source):
        return _mapped(source, columns) if columns is not None else _from_named(source)
    if isinstance(source, str | bytes | bytearray | memoryview | PathLike) or hasattr(source, "read"):
        return _recorded(cast(Source, source), format, columns, stated)
    if isinstance(source, Plot):
        return Tracks([source])
    if isinstance(source, Iterable):
        return Tracks(_each_plot(source))
    raise InputError(f"{type(source).__name__} holds no tracks; give a path, bytes, a table or plots")


def _each_plot(given: Iterable[object]) -> Iterator[Plot]:
    for one in given:
        if not isinstance(one, Plot):
            raise InputError(f"{type(one).__name__} is no plot; give Plot nouns, a table, or the path of a recording")
        yield one


def _recorded(source: Source, format: str | None, columns: Mapping[str, str] | None, stated: Stated) -> Tracks:
    with opened(source) as file:
        found = coming(file, format, columns, stated, held_name(file, source))
        return Tracks(found.plots, found.skips)


def _usable(tracks: Tracks, name: str) -> Tracks:
    """The tracks, when there are any. Raises FormatError: a recording of nothing would read as an empty sky."""
    if not len(tracks):
        reasons = "; ".join(f"{reason} ({count:,})" for reason, count, _ in tracks.skips.rows()[:3])
        raise FormatError(f"{name} holds no plot that can be used, so nothing can be said: {reasons or 'there are none in it'}")
    return tracks


def _from_named(given: Any) -> Tracks:
    found = named(given)
    return Tracks(found.plots, found.skips, found.dropped)


def _mapped(given: Any, columns: Mapping[str, str]) -> Tracks:
    """A table that comes with a map: as if it were a Parquet file, so that the same rules hold to the letter."""
    import pyarrow.parquet as pq

    from tafadi.formats.columns import ColumnMap, Reader

    names = ColumnMap(columns)
    table = table_of(given)
    wanted = {column.name for column in names.columns.values()}
    file = BytesIO()
    pq.write_table(table.select([name for name in table.column_names if name in wanted]), file, compression="none")
    file.seek(0)
    reader = Reader(names, source="")
    return Tracks(Recorded(reader.parquet(file), reader.skips).plots, reader.skips)
