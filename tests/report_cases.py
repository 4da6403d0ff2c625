"""Small notices, tracks and findings of which pictures and reports are made."""

from collections.abc import Sequence
from typing import NamedTuple

import pyarrow as pa

from tafadi.engine.standing import Suppressed
from tafadi.engine.watch import Rules, Watch
from tafadi.measure.earth import Position
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant, Span
from tafadi.model.operation import Announced, AreaKind, Kind, Minima, Notice, Trajectory, Waypoint
from tafadi.model.track import Plot
from tafadi.model.volume import Polygon, Volume4D
from tafadi.reports import Kept, Question, report_watch

T0 = Instant.parse("2027-03-02T09:00:00Z")
MINIMA = Minima(9_260.0, 304.8)


def flight(
    id: str, places: Sequence[tuple[float, float]], *, height_m: float | None = 3_000.0, datum: str = "geoid", party: str = "amber"
) -> Announced:
    """A trajectory with a waypoint every ten minutes from T0."""
    height = None if height_m is None else Height(height_m, Datum(datum))
    points = tuple(Waypoint(Position(*place), height, T0.plus(600.0 * number)) for number, place in enumerate(places))
    return Announced(id, Notice(Kind.OPERATION, trajectory=Trajectory(points)), party)


def area(id: str, south: float, west: float, *, upper_m: float | None = 2_000.0, party: str | None = None) -> Announced:
    """A square of one degree, from T0 for an hour."""
    corners = ((south, west), (south, west + 1.0), (south + 1.0, west + 1.0), (south + 1.0, west))
    upper = None if upper_m is None else Height(upper_m, Datum.GEOID)
    volume = Volume4D(
        Polygon(tuple(Position(*corner) for corner in corners)), Height(1_000.0, Datum.GEOID), upper, Span(T0, T0.plus(3_600.0))
    )
    return Announced(id, Notice(Kind.AREA, (volume,), area_kind=AreaKind.CAUTION), party)


def hit(track: str, after_s: float, lat_deg: float, lon_deg: float, height_m: float | None = 1_000.0) -> Plot:
    """One plot of a track, so many seconds after T0."""
    height = None if height_m is None else Height(height_m, Datum.PRESSURE)
    return Plot(track, T0.plus(after_s), Position(lat_deg, lon_deg), height)


def meeting(first: str = "one", second: str = "two", height_m: float | None = 1_000.0) -> tuple[list[Plot], list[Plot]]:
    """Two tracks that meet head on after 50 s, the second of that height."""
    there = [hit(first, 5.0 * k, 45.0, 10.0 + 0.005 * k) for k in range(21)]
    back = [hit(second, 5.0 * k, 45.0005, 10.1 - 0.005 * k, height_m) for k in range(21)]
    return there, back


CROSSING = [flight("a", [(50.0, 10.0), (50.0, 11.0)]), flight("b", [(50.2, 10.5), (49.8, 10.5)], party="cobalt")]
UNKNOWN = flight("c", [(50.2, 10.45), (49.8, 10.45)], height_m=None)


class Counted(NamedTuple):
    """What a scan counted."""

    rows: int = 42
    tracks: int = 2
    left_out: dict[str, int] = {"a duplicate": 3}  # noqa: RUF012  # read only
    repeated: int = 1
    contradicting: int = 0
    losses: int = 1
    unknown: int = 1
    gaps: int = 1
    gap_s: float = 70.0
    start_ns: int | None = T0.ns
    end_ns: int | None = T0.plus(100.0).ns


def losses(**changes: Sequence[object]) -> pa.Table:
    """A loss of two tracks that meet, and an unknown of two others."""
    times = pa.timestamp("ns", "UTC")
    columns: dict[str, Sequence[object]] = {
        "kind": ["separation", "phase-1"],
        "first": ["one", "u"],
        "second": ["two", "v"],
        "verdict": ["conflict", "unknown"],
        "cause": [None, "height-missing"],
        "start": [T0.plus(45.0).ns, T0.ns],
        "end": [T0.plus(55.0).ns, T0.plus(9.0).ns + 1],
        "closest_at": [T0.plus(50.0).ns, T0.plus(3.0).ns],
        "horizontal_m": [55.6, 100.0],
        "vertical_m": [0.0, None],
        "lat_deg": [45.0, -17.0],
        "lon_deg": [10.05, 179.999],
        "minimum_horizontal_m": [9_260.0, None],
        "minimum_vertical_m": [304.8, None],
        **changes,
    }
    types = {name: times if name in ("start", "end", "closest_at") else None for name in columns}
    return pa.table({name: pa.array(column, types[name]) for name, column in columns.items()})


def gaps(rows: int = 1) -> pa.Table:
    times = pa.timestamp("ns", "UTC")
    starts, ends = [T0.plus(float(n)).ns for n in range(rows)], [T0.plus(70.0 + n).ns for n in range(rows)]
    return pa.table({"track": ["one"] * rows, "start": pa.array(starts, times), "end": pa.array(ends, times), "reason": ["gap"] * rows})


def watched(height_m: float | None = 1_000.0, name: str = "one") -> tuple[Watch, Kept, bytes]:
    """A watch of two that meet head on, and its report."""
    there, back = meeting(name, "two", height_m)
    keeper, kept = Watch(Rules(MINIMA, 30.0)), Kept()
    alerts = [alert for plot in kept.passing(sorted([*there, *back], key=lambda plot: plot.at)) for alert in keeper.feed((plot,))]
    alerts += keeper.finish()
    silenced = [Suppressed("x", "y", "formation", T0, 3)]
    page = report_watch(alerts, kept.tracks, Question(("day.csv",), MINIMA), (), announced=CROSSING, silenced=silenced)
    return keeper, kept, page
