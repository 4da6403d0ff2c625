"""Scan: losses of separation and of well clear in recorded traffic of any size."""

import glob
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from io import IOBase
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, overload

from tafadi.errors import FormatError, InputError
from tafadi.formats.skips import Skips
from tafadi.formats.track_rows import COLUMNS
from tafadi.formats.track_table import write_parquet
from tafadi.library.frames import GEOMETRY, NAME, NO_TIME, Columns, Table, is_table
from tafadi.library.judgements import asked, count, number
from tafadi.library.recording import Stated, name_of
from tafadi.library.result import Result, Row
from tafadi.library.track_frames import with_places
from tafadi.library.tracks import Tracks, read_tracks
from tafadi.measure.earth import Position
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant, Span
from tafadi.model.judgement import Cause, ClosestApproach, Judgement, Verdict
from tafadi.model.operation import Minima

if TYPE_CHECKING:
    from tafadi.batch.scanning import Progress, Scanned, Summary
    from tafadi.formats.reading import Told

GAP_MAX_S: Final = 60.0  # five turns of an en-route radar, as of the scan itself
WILD: Final = frozenset("*?[")
UNUSED: Final = frozenset(("ground_speed", "course", "climb", "cleared_height", "address", "callsign", "squawk", "party"))  # in a scan
NEEDED: Final = frozenset(("track", "at", "lat_deg", "lon_deg"))
COUNTED: Final = {"at_s": "at_s [s]", "at_ms": "at_ms [ms]", "at_ns": "at_ns [ns]"}
OURS: Final = {"track": "track", "at": "at [ns]", "lat": "lat_deg", "lon": "lon_deg"}


class Losses(Result[Judgement]):
    """Losses of separation and of well clear, and what nobody can say, sorted; as judgements and as a table.

    Columns: `kind` ("separation", or the rules of well clear), `first`, `second` (tracks, sorted), `verdict`, `cause`, `start`, `end`,
    `closest_at`, and then `horizontal_m`, `vertical_m` (null where heights cannot be compared), `lat_deg`, `lon_deg` (the middle of the
    pair), the minima. `gaps` is a table of stretches in which a track was not seen; `found` counts what was read, left out and found;
    `dropped` names columns of a table that came without a map, and that say nothing that is known here.

    >>> from tafadi import Losses, scan
    >>> found = scan("samples/encounter.csv", minima="1 [NM] / 500 [ft]")
    >>> isinstance(found, Losses), found[0].first, found[0].second, found[0].verdict.value
    (True, 'other', 'own', 'conflict')
    """

    def __init__(self, scanned: "Scanned", dropped: Iterable[str] = (), skips: Skips | None = None) -> None:
        super().__init__(())
        self._table = scanned.losses
        self.dropped = tuple(dropped)
        self.gaps: Any = scanned.gaps
        self.found: Summary = scanned.summary if skips is None else _with_skips(scanned.summary, skips)

    def __len__(self) -> int:
        return int(self._table.num_rows)

    @overload
    def __getitem__(self, index: int) -> Judgement: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Judgement]: ...

    def __getitem__(self, index: int | slice) -> Judgement | Sequence[Judgement]:
        if isinstance(index, slice):
            return [self[row] for row in range(*index.indices(len(self)))]
        return _judgement(self._cells(range(len(self))[index]))

    def __iter__(self) -> Iterator[Judgement]:
        return (self[row] for row in range(len(self)))

    def _cells(self, row: int) -> Row:
        import pyarrow as pa

        one = self._table.slice(row, 1)
        cells: Row = {}
        for name in one.column_names:
            column = one.column(name)
            is_time = pa.types.is_timestamp(column.type)
            value = (column.cast(pa.int64()) if is_time else column).to_pylist()[0]
            cells[name] = Instant(value) if is_time and value is not None else value
        return cells

    @property
    def summary(self) -> str:
        """How many rows and tracks were read, and what was found."""
        verdicts = self._table.column("verdict").to_pylist()
        conflicts, unknown = (verdicts.count(one.value) for one in (Verdict.CONFLICT, Verdict.UNKNOWN))
        left_out = sum(self.found.left_out.values())
        damaged = f" ({self.found.damaged:,} damaged)" if self.found.damaged else ""
        more = f"; {_count(left_out, 'row')} left out{damaged}" if left_out or damaged else ""
        odd = self.found.contradicting
        more += f"; {_count(odd, 'row')} {'contradicts' if odd == 1 else 'contradict'} another of the same track and time" if odd else ""
        return (
            f"{_count(self.found.rows, 'row')}, {_count(self.found.tracks, 'track')}: {conflicts:,} loss{'' if conflicts == 1 else 'es'}, "
            f"{unknown:,} unknown; {_count(len(self.gaps), 'gap')}{more}"
            + (f"; columns not read: {', '.join(self.dropped)}" if self.dropped else "")
        )

    @property
    def conflicts(self) -> tuple[Judgement, ...]:
        """The losses: of separation, or of well clear."""
        return tuple(one for one in self if one.verdict is Verdict.CONFLICT)

    @property
    def unknown(self) -> tuple[Judgement, ...]:
        """Pairs of which, for a time, nothing can be said; they are not clear."""
        return tuple(one for one in self if one.verdict is Verdict.UNKNOWN)

    def to_arrow(self) -> Any:
        """One row for each loss and each unknown, with the columns above."""
        return self._table

    def _line(self, noun: Judgement) -> str:
        from tafadi.library.judgements import told

        return f"{noun.first} × {noun.second}: {told(noun)}"


def _with_skips(summary: "Summary", skips: Skips) -> "Summary":
    """The summary with what was left out before anything was scanned."""
    before = Counter({reason: count for reason, count, _ in skips.rows()})
    left_out = dict(sorted((before + Counter(summary.left_out)).items()))
    return summary._replace(rows=summary.rows + skips.total, left_out=left_out, damaged=summary.damaged + skips.damaged)


def _count(number: int, one: str) -> str:
    return f"{number:,} {one}{'' if number == 1 else 's'}"


def _judgement(cells: Row) -> Judgement:
    closest_at, horizontal_m = cells["closest_at"], cells["horizontal_m"]
    known = closest_at is not None and horizontal_m is not None
    return Judgement(
        cells["first"],
        cells["second"],
        Verdict(cells["verdict"]),
        Minima(cells["minimum_horizontal_m"] or 0.0, cells["minimum_vertical_m"] or 0.0),
        cause=Cause(cells["cause"]) if cells["cause"] else None,
        span=Span(cells["start"], cells["end"]),
        place=None if cells["lat_deg"] is None else Position(cells["lat_deg"], cells["lon_deg"]),
        closest=ClosestApproach(closest_at, horizontal_m, cells["vertical_m"]) if known else None,
    )


def scan(
    recordings: "str | PathLike[str] | Table | Tracks | Sequence[str | PathLike[str]]",
    *,
    minima: Minima | str | None = None,
    well_clear: Sequence[str] = (),
    columns: Mapping[str, str] | None = None,
    format: str | None = None,
    gap_max_s: float = GAP_MAX_S,
    floor_m: float | None = None,
    grid_s: float | None = None,
    workers: int = 0,
    scheduler: str | None = None,
    checkpoint: str | PathLike[str] | None = None,
    progress: "Callable[[Progress], None] | None" = None,
    begins: Instant | date | None = None,
    radars: Mapping[str, tuple[Position, Height]] | None = None,
    receiver: Position | None = None,
) -> Losses:
    """All losses of separation and of well clear in the recordings, exactly, whatever their size and however they are cut.

    `recordings` is a path (with `*` for many), paths, a table, or `Tracks`; Parquet and CSV are streamed, other formats converted in
    memory. `minima` are those of separation, `well_clear` names rules ("phase-1", "phase-2", "non-cooperative"); one of them is
    required. `columns` maps columns and units of all tables (as for `read_tracks`); those of this library need none. A stretch of more
    than `gap_max_s` without a plot breaks a track, and is listed as a gap and never read as clear. `floor_m` looks only while both are
    at or above that height, `grid_s` only at whole multiples of so many seconds. `workers` are processes; `scheduler` is the address of
    a dask.distributed cluster (tafadi[cluster]); a scan with a `checkpoint` directory goes on where it was stopped; `progress` is told
    how far it is; `format` reads every file as that format. The result is the same whatever these are. `begins`, `radars` and `receiver`
    say of recordings what they do not say themselves, as for `read_tracks`. Raises InputError when nothing is asked for, and for a map
    that no recording needs; FormatError for what cannot be read. Theory: docs/maths/scan.md.

    >>> from tafadi import scan
    >>> found = scan("samples/encounter.csv", minima="1 [NM] / 500 [ft]", well_clear=["phase-1"])
    >>> found.to_arrow().column("kind").to_pylist()
    ['phase-1', 'separation']
    """
    from tafadi.batch.scanning import scan as scanned  # heavy: only when something is scanned

    given = _given(recordings, None if columns is None else {one: columns[one] for one in columns if one not in UNUSED})
    with _placed(given.recordings, checkpoint) as placed:
        found = scanned(
            placed,
            asked(minima),
            well_clear=well_clear,
            columns=given.columns,
            source=format,
            gap_max_s=number("gap_max_s", gap_max_s),
            floor_m=None if floor_m is None else number("floor_m", floor_m),
            grid_s=None if grid_s is None else number("grid_s", grid_s),
            workers=count("workers", workers),
            scheduler=scheduler,
            checkpoint=None if checkpoint is None else fspath(checkpoint),
            progress=progress,
            told=_told(Stated(begins, radars or {}, receiver)),
        )
    return Losses(found, _unread(given.recordings) if columns is None else (), given.skips)


class _Given(NamedTuple):
    """The recordings as the scan takes them: paths, an Arrow table with its map, or plots; and what was left out of them before."""

    recordings: Any
    columns: Mapping[str, str] | None
    skips: Skips | None = None


@contextmanager
def _placed(recordings: Any, checkpoint: object) -> Iterator[Any]:
    """The same; plots as a file while they are scanned: a table with one height in a row above whatever datum. Raises InputError."""
    if not isinstance(recordings, Tracks):
        yield recordings
        return
    if checkpoint is not None:
        raise InputError("a checkpoint is kept of files, and plots in memory are none")
    with tempfile.TemporaryDirectory(prefix="tafadi-scan-") as directory:
        path = Path(directory) / "tracks.parquet"
        with path.open("wb") as sink:
            write_parquet(recordings, sink, recordings.skips)
        yield path


def _told(stated: Stated) -> "Told":
    """What recordings do not say of themselves, as the scan takes it. Raises InputError for a radar above another datum."""
    from tafadi.formats.reading import Told

    return Told(stated.day, stated.at, stated.sites() if stated.radars else None, stated.receiver)


def _given(recordings: Any, columns: Mapping[str, str] | None) -> _Given:
    """The recordings as the scan takes them."""
    if isinstance(recordings, Tracks) or is_table(recordings):
        return _table(recordings, columns)
    if not isinstance(recordings, str | PathLike | Iterable) or isinstance(recordings, bytes | bytearray | memoryview | IOBase):
        raise InputError(f"{type(recordings).__name__} is not scanned; give a path, paths, a table, or what read_tracks makes of it")
    paths: list[Path] = []
    for one in [recordings] if isinstance(recordings, str | PathLike) else recordings:
        if not isinstance(one, str | PathLike):
            raise InputError(f"{type(one).__name__} holds no recordings; give a path, paths, a table or Tracks")
        paths += _files(fspath(one))
    said = [_said(path) for path in paths] if columns is None else []
    if said and all(one >= NEEDED for one in said):
        names = set().union(*said)
        if len(_heights(names)) > 1:
            read = [read_tracks(path) for path in paths]
            return _plots(Tracks((plot for one in read for plot in one), _together(one.skips for one in read)))
        return _Given(paths, ours(names))
    return _Given(paths, columns)


def _table(recordings: Any, columns: Mapping[str, str] | None) -> _Given:
    """A table with its map; columns of which every cell is empty say nothing."""
    skips = recordings.skips if isinstance(recordings, Tracks) else None
    if columns is not None:
        return _Given(Columns(recordings).table, columns, skips)
    table = with_places(Columns(recordings))
    if "at" in table.names and not _is_time(table.table.schema.field("at").type):
        raise FormatError(NO_TIME, format=NAME, field="at")
    names = {name for name in table.names if table.table.column(name).null_count < table.rows}
    if len(_heights(names)) > 1:
        return _plots(recordings if isinstance(recordings, Tracks) else read_tracks(recordings))
    return _Given(table.table, ours(names), skips)


def _plots(tracks: Tracks) -> _Given:
    """Plots of which heights are above several datums: a map names one, so each says its own."""
    skips = _together((tracks.skips,))
    return _Given(Tracks(tracks, skips, tracks.dropped), None, skips)


def _together(several: Iterable[Skips]) -> Skips:
    """What was left out in all. The lines at which reasons came first are those of the first that has them."""
    whole = Skips()
    for one in several:
        for reason, many, line in one.rows():
            whole.add(reason, line, count=many)
        whole.damaged += one.damaged
    return whole


def _unread(given: Any) -> list[str]:
    """The columns of a table, where one was given, that say nothing that is known here."""
    if isinstance(given, Tracks):
        return list(given.dropped)
    names = set(getattr(given, "column_names", ()))
    return sorted(names - {*COLUMNS, *COUNTED, GEOMETRY})


def _is_time(kind: Any) -> bool:
    """Whether a column of that type holds times: bare numbers have no unit."""
    import pyarrow as pa

    return any(one(kind) for one in (pa.types.is_timestamp, pa.types.is_string, pa.types.is_large_string, pa.types.is_null))


def _said(path: Path) -> set[str]:
    """The columns of a Parquet file of which not every cell is empty, by its statistics; none where it is no Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        metadata = pq.read_metadata(path)
    except (pa.ArrowException, OSError):
        return set()
    said: set[str] = set()
    schema = metadata.schema.to_arrow_schema()
    if "at" in schema.names and not _is_time(schema.field("at").type):
        return said
    for group in (metadata.row_group(row) for row in range(metadata.num_row_groups)):
        for column in (group.column(row) for row in range(metadata.num_columns)):
            counted = column.statistics is not None and column.statistics.has_null_count
            if not counted or column.statistics.null_count < group.num_rows:
                said.add(column.path_in_schema)
    return said


def _files(name: str) -> list[Path]:
    """The files of a name, which may have wild cards. Raises InputError when there is none."""
    if not WILD & set(name) or Path(name).exists():
        return [Path(name)]
    found = sorted(glob.glob(name))
    if not found:
        raise InputError(f"{name_of(name)}: there is no such file")
    return [Path(one) for one in found]


def _heights(names: set[str]) -> list[tuple[str, Datum]]:
    """The columns of heights among the names, with their datums."""
    return [(f"height_{datum}_m", datum) for datum in Datum if f"height_{datum}_m" in names]


def ours(names: set[str]) -> dict[str, str]:
    """The map of a table with the names of `Tracks`, whose heights are above one datum.

    >>> ours({"track", "at", "lat_deg", "lon_deg", "height_pressure_m"})["height"]
    'height_pressure_m [m] pressure'
    """
    heights = _heights(names)
    found = dict(OURS)
    counted = [name for name in COUNTED if name in names]
    if "at" not in names and counted:
        found["at"] = COUNTED[counted[0]]
    if heights:
        found["height"] = f"{heights[0][0]} [m] {heights[0][1]}"
    return found | ({"on_ground": "on_ground"} if "on_ground" in names else {})
