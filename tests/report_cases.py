"""Small notices, tracks and findings of which pictures and reports are made."""

from collections.abc import Sequence

from tafadi.measure.earth import Position
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant, Span
from tafadi.model.operation import Announced, AreaKind, Kind, Minima, Notice, Trajectory, Waypoint
from tafadi.model.track import Plot
from tafadi.model.volume import Polygon, Volume4D

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
