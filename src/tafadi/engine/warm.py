"""Warming up: every compiled kernel is loaded (or compiled, the first time on a machine) before it is needed in earnest.

An alert must not wait a second for a compiler. The numbers are arbitrary; what is found is thrown away. A kernel that is called from
somewhere and not from here fails a test (`tests/engine/test_warm.py`).
"""

from typing import Final

import numpy as np

from tafadi.engine import history, snapshot, wellclear
from tafadi.engine.alerting import alerts
from tafadi.engine.detect import detect
from tafadi.engine.kernels.history_rows import Plots
from tafadi.engine.kernels.history_sift import Given, Scales, sift
from tafadi.engine.layout import PRESSURE
from tafadi.engine.standing_set import StandingSet
from tafadi.engine.states import States
from tafadi.engine.tactical import detect_states
from tafadi.engine.terms import WELL_CLEAR, Rules
from tafadi.engine.watch import Watch
from tafadi.measure.earth import Leg, Position, destination
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant, Span
from tafadi.model.operation import Announced, Kind, Minima, Notice, Trajectory, Waypoint
from tafadi.model.track import Plot
from tafadi.model.volume import Circle, Polygon, Volume4D

_START: Final = Instant(1_500_000_000_000_000_000)
_HOME: Final = Position(1.0, 2.0)
_LOW, _MIDDLE, _HIGH = (Height(value_m, Datum.PRESSURE) for value_m in (900.0, 1_000.0, 1_100.0))
_MINIMA: Final = Minima(1_000.0, 100.0)


def warm_up() -> None:
    """Loads all kernels: of what is announced and stands, of live tracks and states, of well clear, of recorded traffic."""
    announced = _announced()
    detect(announced, _MINIMA)
    _stand(announced)
    _watch(announced)
    _live()
    _alert()
    _recorded()


def _announced() -> list[Announced]:
    span = Span(_START, _START.plus(600.0))
    corners = tuple(destination(_HOME, Leg(bearing_deg, 5_000.0)) for bearing_deg in (0.0, 120.0, 240.0))
    circle = Volume4D(Circle(_HOME, 3_000.0), _LOW, _HIGH, span)
    touching = Volume4D(Circle(destination(_HOME, Leg(0.0, 6_000.0)), 3_000.0), _LOW, _HIGH, span)
    polygon = Volume4D(Polygon(corners), _LOW, _HIGH, span)
    ends = Waypoint(destination(_HOME, Leg(90.0, 9_000.0)), _MIDDLE, _START), Waypoint(_HOME, _MIDDLE, _START.plus(300.0))
    crossing = Waypoint(destination(_HOME, Leg(0.0, 9_000.0)), _MIDDLE, _START), Waypoint(_HOME, _MIDDLE, _START.plus(290.0))
    notices = (
        Notice(Kind.OPERATION, (circle,)),
        Notice(Kind.OPERATION, (touching,)),
        Notice(Kind.OPERATION, (polygon,)),
        Notice(Kind.OPERATION, trajectory=Trajectory(ends)),
        Notice(Kind.OPERATION, trajectory=Trajectory(crossing)),
    )
    return [Announced(f"warm/{number}", notice, f"party-{number}") for number, notice in enumerate(notices)]


def _stand(announced: list[Announced]) -> None:
    """A set that is filled, asked, shrunk until what is free is used again, grown beyond its room, kept and restored."""
    standing = StandingSet(_MINIMA)
    for one in announced:
        standing.add(one)
        standing.against(one)
    standing.remove(announced[0].id)
    standing.add(announced[0])
    standing.make_room(2_000)
    snapshot.restore(bytearray(b"".join(snapshot.save(standing)))).against(announced[0])


def _watch(announced: list[Announced]) -> None:
    """Two aircraft that meet head on, inside what is announced and leaving it."""
    watch = Watch(Rules(_MINIMA, 60.0, well_clear=tuple(WELL_CLEAR)), announced)
    plots = []
    for number in range(12):
        for track, course_deg, party in (("one", 90.0, "party-0"), ("two", 270.0, "party-1")):
            place = destination(_HOME, Leg(course_deg, -4_000.0 + 400.0 * number))
            plots.append(Plot(track, _START.plus(4.0 * number), place, _MIDDLE, 100.0, course_deg, 0.0, party=party))
    watch.feed(plots)
    watch.finish()


def _live() -> None:
    """States of which two meet, and one has no velocity and so fits no cell."""
    states = States.on_course(
        [1.0, 1.01, 1.02], [2.0] * 3, course_deg=[0.0, 180.0, np.nan], speed_mps=[100.0, 100.0, np.nan],
        height_m=[900.0] * 3, datum=Datum.PRESSURE, climb_mps=[0.0] * 3,
    )  # fmt: skip
    detect_states(states, _MINIMA, 60.0, workers=1)


def _alert() -> None:
    """Two that meet head on, at two instants."""
    north, south = (
        wellclear.States([lat_deg] * 2, [10.0] * 2, [3_000.0] * 2, [0.0] * 2, [speed_mps] * 2, [0.0] * 2, Datum.PRESSURE)
        for lat_deg, speed_mps in ((40.0, 100.0), (40.16, -100.0))
    )
    alerts([0.0, 1.0], north, south)


def _recorded() -> None:
    """Two tracks that pass each other, of which one breaks off."""
    at_ns = _START.ns + np.array([0, 10, 20, 0, 10, 200], np.int64) * 1_000_000_000
    lat_deg, lon_deg = np.array([1.0, 1.01, 1.02, 1.02, 1.01, 1.0]), np.full(6, 2.0)
    track, datum = np.repeat(np.arange(2, dtype=np.int32), 3), np.full(6, PRESSURE, np.int8)
    plots = Plots(track, at_ns, lat_deg, lon_deg, np.full(6, 1_000.0), datum)
    ask = history.Ask(history.rules_of(_MINIMA, ["phase-1"]))
    found = history.search([plots], 2, ask, history.Window(int(at_ns.min()), int(at_ns.max()) + 1))
    history.places_deg(history.folded(found.pieces, ask))
    for kind in (np.float32, np.float64):
        sift(Given(track, at_ns, lat_deg, lat_deg, np.full(6, 1_000.0, kind), track > 0), Scales(1, 0, 1, 1.0, 0.0, 1.0, PRESSURE))
