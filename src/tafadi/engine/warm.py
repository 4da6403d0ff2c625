"""Warming up: every compiled kernel is loaded (or compiled, the first time on a machine) before it is needed in earnest.

An alert must not wait a second for a compiler. The numbers are arbitrary; what is found is thrown away.
"""

from tafadi.engine.detect import detect
from tafadi.engine.watch import Rules, Watch
from tafadi.measure.earth import Leg, Position, destination
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant, Span
from tafadi.model.operation import Announced, Kind, Minima, Notice, Trajectory, Waypoint
from tafadi.model.track import Plot
from tafadi.model.volume import Circle, Polygon, Volume4D

_START = Instant(1_500_000_000_000_000_000)
_HOME = Position(1.0, 2.0)
_LOW, _MIDDLE, _HIGH = (Height(value_m, Datum.PRESSURE) for value_m in (900.0, 1_000.0, 1_100.0))


def warm_up() -> None:
    """Loads all kernels of detection and of the watch."""
    announced = _announced()
    detect(announced, Minima(1_000.0, 100.0))
    watch = Watch(Rules(Minima(1_000.0, 100.0), 60.0), announced)
    watch.feed(_approaching())
    watch.finish()


def _announced() -> list[Announced]:
    span = Span(_START, _START.plus(600.0))
    corners = tuple(destination(_HOME, Leg(bearing_deg, 5_000.0)) for bearing_deg in (0.0, 120.0, 240.0))
    circle = Volume4D(Circle(_HOME, 3_000.0), _LOW, _HIGH, span)
    polygon = Volume4D(Polygon(corners), _LOW, _HIGH, span)
    ends = Waypoint(destination(_HOME, Leg(90.0, 9_000.0)), _MIDDLE, _START), Waypoint(_HOME, _MIDDLE, _START.plus(300.0))
    crossing = Waypoint(destination(_HOME, Leg(0.0, 9_000.0)), _MIDDLE, _START), Waypoint(_HOME, _MIDDLE, _START.plus(290.0))
    notices = (
        Notice(Kind.OPERATION, (circle,)),
        Notice(Kind.OPERATION, (polygon,)),
        Notice(Kind.OPERATION, trajectory=Trajectory(ends)),
        Notice(Kind.OPERATION, trajectory=Trajectory(crossing)),
    )
    return [Announced(f"warm/{number}", notice, f"party-{number}") for number, notice in enumerate(notices)]


def _approaching() -> list[Plot]:
    """Two aircraft that meet head on, inside what is announced and leaving it."""
    plots = []
    for number in range(12):
        for track, course_deg, party in (("one", 90.0, "party-0"), ("two", 270.0, "party-1")):
            place = destination(_HOME, Leg(course_deg, -4_000.0 + 400.0 * number))
            plots.append(Plot(track, _START.plus(4.0 * number), place, _MIDDLE, 100.0, course_deg, 0.0, party=party))
    return plots
