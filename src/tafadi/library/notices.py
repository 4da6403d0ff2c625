"""Notices: announced operations and areas from files, tables and nouns, as one thing that the library's verbs take."""

from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from itertools import chain
from os import PathLike
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from tafadi.errors import InputError
from tafadi.formats.zones import LeftOut, Refused
from tafadi.library.frames import is_table
from tafadi.library.geometries import EXTENSION
from tafadi.library.recording import HEAD_BYTES, Source, held_name, opened
from tafadi.library.result import CRS, Result
from tafadi.measure.height import Datum
from tafadi.measure.instant import Span
from tafadi.model.operation import Announced, Kind, Notice, Trajectory
from tafadi.model.volume import Volume4D

if TYPE_CHECKING:
    from tafadi.library.frames import Table

NoticeSource: TypeAlias = (
    "Source | Announced | Iterable[Announced | Volume4D | Trajectory] | Mapping[str, Notice | Volume4D | Trajectory] | Table"
)
GEOARROW: Final = {b"ARROW:extension:name": b"geoarrow.wkb", EXTENSION: b'{"crs":"%s"}' % CRS.encode()}


class Notices(Result[Announced]):
    """Announced operations and areas, in the order of their source. `refused` lists zones that could not be read, `left_out` everything
    else that the source holds and that is no notice here, and `dropped` columns of a table that were not read.

    As a table there is a row for each part: `notice`, `party`, `kind`, `area_kind`, `minima_horizontal_m`, …, `start`, `end`, limits in
    metres in the column of their datum (`lower_geoid_m`, `upper_pressure_m`, …), `radius_m` of circles, `times` and `heights` of
    trajectories, `geometry` (WKB, WGS 84, longitude first). Source of the names: `tafadi.formats.notice_table`.

    >>> from tafadi import read_notices
    >>> amber = read_notices("samples/amber.geojson")
    >>> amber
    <2 notices: amber-patrol-1, amber-balloon-3>
    >>> amber.to_arrow().select(["notice", "radius_m"]).to_pylist()
    [{'notice': 'amber-patrol-1', 'radius_m': None}, {'notice': 'amber-balloon-3', 'radius_m': 10000.0}]
    """

    def __init__(self, announced: Iterable[Announced], left_out: LeftOut | None = None, dropped: Iterable[str] = ()) -> None:
        super().__init__(_merged(announced))
        self.left_out = left_out or LeftOut()
        self.dropped = tuple(dropped)

    @property
    def refused(self) -> list[Refused]:
        """Zones that could not be read: number in the file, name, and why. Nobody knows what air they ask for."""
        return self.left_out.refused

    @property
    def parties(self) -> dict[str, str | None]:
        """Whose each notice is, by its identity; None where the source does not say."""
        return {one.id: one.party for one in self}

    @property
    def summary(self) -> str:
        """How many notices there are, the first of them by name, and how many could not be read."""
        names = ", ".join(one.id for one in self[:5]) + (" …" if len(self) > 5 else "")
        refused = f"; {len(self.refused):,} refused" if self.refused else ""
        dropped = f"; columns not read: {', '.join(self.dropped)}" if self.dropped else ""
        return f"{len(self):,} notice{'' if len(self) == 1 else 's'}: {names}{refused}{dropped}"

    def to_arrow(self) -> Any:
        """One row for each part, with the columns above."""
        import pyarrow.parquet as pq

        from tafadi.formats import notice_table

        rows = pq.read_table(BytesIO(notice_table.dump(self)))
        at = rows.schema.get_field_index("geometry")
        return rows.replace_schema_metadata(None).set_column(at, rows.schema.field(at).with_metadata(GEOARROW), rows.column(at))

    def to_geojson(self) -> bytes:
        """The notices in the GeoJSON profile (docs/spec/geojson-notice.md), on its grid of 1e-7 degree. Raises FormatError."""
        from tafadi.formats import geojson

        return geojson.dump(self)

    def _geometries(self, rows: Any) -> Any:
        import shapely

        return shapely.from_wkb(rows.column("geometry").to_pylist())

    def __repr__(self) -> str:
        return f"<{self.summary}>"


def _merged(announced: Iterable[Announced]) -> Iterator[Announced]:
    """Each notice once. Raises InputError when two that say different things have one identity."""
    met: dict[str, Announced] = {}
    for one in announced:
        if not isinstance(one, Announced):
            raise InputError(f"{type(one).__name__} is no announced notice; give Announced nouns, a table, or the path of a file")
        before = met.setdefault(one.id, one)
        if before is one:
            yield one
        elif before != one:
            raise InputError(f"two notices have the identity {one.id[:60]!r} and say different things; nobody can say which one holds")


def read_notices(
    source: NoticeSource,
    format: str | None = None,
    *,
    window: Span | None = None,
    partial: bool = False,
    datum: Datum | None = None,
    crs: str | None = None,
) -> Notices:
    """The notices of a file, a table, or nouns.

    `source` is a path, bytes or an open file in any format of docs/formats.md (packed as .gz or .zip too), a GeoDataFrame or another table
    (docs/library.md says which columns), Announced nouns, or a mapping of identities to Notice, Volume4D or Trajectory. `format` names the
    format when the content does not tell. `window` says for when zones are read that stand without an end. With `partial`, zones that
    cannot be read are listed in `refused` instead of raised. `datum` is that of heights of a table which does not say it: without, they are
    not known, and the engine says UNKNOWN. `crs` is that of a table's geometries where the table has lost it. Raises FormatError for what
    follows no format and for a zone that cannot be read, InputError for a file that cannot be opened, and for two notices of one identity
    that differ.

    >>> from tafadi import Circle, Height, Instant, Position, Span, Volume4D, read_notices
    >>> morning = Span(Instant.parse("2027-03-02T09:00:00Z"), Instant.parse("2027-03-02T12:00:00Z"))
    >>> tower = Volume4D(Circle(Position(-33.0, 131.0), 2_000.0), Height.parse("0 [m] geoid"), Height.parse("300 [m] geoid"), morning)
    >>> read_notices({"mast-check": tower})
    <1 notice: mast-check>

    A route, one row for each waypoint, in whatever makes tables:

    >>> at = ["2027-03-02T09:00:00Z", "2027-03-02T09:20:00Z"]
    >>> route = {"notice": ["r1"] * 2, "at": at, "lat_deg": [-33.0, -33.1], "lon_deg": [128.0, 130.5], "height_geoid_m": [4500.0, 4500.0]}
    >>> str(read_notices(route)[0].notice.trajectory.waypoints[1].height)
    '4500.0 m geoid'
    """
    if isinstance(source, Notices):
        return source
    if isinstance(source, Announced):
        return Notices([source])
    if is_table(source):
        from tafadi.library.notice_frames import announced_of

        read = announced_of(source, datum, crs)
        return Notices(read.announced, dropped=read.dropped)
    if isinstance(source, Mapping):
        return Notices(_named(str(id), one) for id, one in source.items())
    if isinstance(source, str | bytes | bytearray | memoryview | PathLike) or hasattr(source, "read"):
        return _from_file(cast(Source, source), format, window, partial)
    if isinstance(source, Iterable):
        return Notices(_numbered(source))
    raise InputError(f"{type(source).__name__} holds no notices; give a path, bytes, a table or nouns")


def _named(id: str, one: object) -> Announced:
    """The notice that a noun alone makes. Raises InputError for what is none."""
    if isinstance(one, Announced):
        return Announced(id, one.notice, one.party)
    if isinstance(one, Notice):
        return Announced(id, one)
    if isinstance(one, Volume4D):
        return Announced(id, Notice(Kind.OPERATION, (one,)))
    if isinstance(one, Trajectory):
        return Announced(id, Notice(Kind.OPERATION, trajectory=one))
    raise InputError(f"{id[:60]!r} is a {type(one).__name__}; give a Notice, a Volume4D or a Trajectory")


def _numbered(given: Iterable[object]) -> Iterator[Announced]:
    """Each notice; a bare volume or trajectory is named by its number."""
    for number, one in enumerate(given, 1):
        yield one if isinstance(one, Announced) else _named(str(number), one)


def _from_file(source: Source, format: str | None, window: Span | None, partial: bool) -> Notices:
    from tafadi.formats.registry import named, read, sniff
    from tafadi.formats.strict_json import LARGEST_BYTES, check_size

    left_out = LeftOut() if partial else None
    with opened(source) as file:
        data, name = file.read(LARGEST_BYTES + 1), held_name(file, source)
        check_size(len(data), "")
        one = named(format) if format is not None else sniff(data[:HEAD_BYTES], name, data[-HEAD_BYTES:])
        return Notices(read(one, data, window, left_out), left_out)


def together(given: Iterable[NoticeSource]) -> Notices:
    """The notices of several sources. Raises what `read_notices` does."""
    read = [read_notices(one) for one in given]
    left_out = LeftOut()
    left_out.refused += [refused for one in read for refused in one.refused]
    return Notices(chain.from_iterable(read), left_out)
