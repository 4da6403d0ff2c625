"""Nouns drawn by chance: plots and notices with everything that they can say, and everything left out that may be."""

from typing import Final

from hypothesis import reject
from hypothesis import strategies as st

from tafadi.errors import InputError
from tafadi.measure.earth import Position
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant, Span
from tafadi.model.operation import (
    Announced,
    AreaKind,
    Disclosure,
    Kind,
    Minima,
    Notice,
    StatedPlace,
    Trajectory,
    Waypoint,
)
from tafadi.model.track import Plot
from tafadi.model.volume import Circle, Polygon, Volume4D

START_NS: Final = Instant.parse("2026-03-01T00:00:00Z").ns

# Letters that CSV, XML and JSON each must quote, some beyond Latin, and none that no line may hold.
words = st.text(st.sampled_from("aZ0 ,;\"'<>&=éЖسー/-_"), min_size=1, max_size=12).filter(lambda text: text.strip() == text)
instants = st.builds(Instant, st.integers(START_NS, START_NS + 86_400 * 10**9))
positions = st.builds(Position, st.floats(-90.0, 90.0), st.floats(-180.0, 180.0))
heights = st.none() | st.builds(Height, st.floats(-1_000.0, 100_000.0), st.sampled_from(Datum))
texts = st.none() | words
speeds = st.none() | st.floats(0.0, 900.0)

plots = st.builds(
    Plot,
    track=words,
    at=instants,
    position=positions,
    height=heights,
    ground_speed_mps=speeds,
    course_deg=st.none() | st.floats(0.0, 359.999),
    climb_mps=st.none() | st.floats(-100.0, 100.0),
    cleared_height=heights,
    on_ground=st.none() | st.booleans(),
    address=texts,
    callsign=texts,
    squawk=texts,
    source=st.just("") | words,
    party=texts,
)


@st.composite
def outlines(draw: st.DrawFn) -> Circle | Polygon:
    """A circle, or a triangle of about a kilometre, clockwise or not, also across the antimeridian."""
    lat_deg, lon_deg = draw(st.floats(-80.0, 80.0)), draw(st.floats(-180.0, 180.0))
    if draw(st.booleans()):
        return Circle(Position(lat_deg, lon_deg), draw(st.floats(0.5, 50_000.0)))
    east_deg = lon_deg + 0.01 if lon_deg + 0.01 <= 180.0 else lon_deg + 0.01 - 360.0
    corners = [Position(lat_deg, lon_deg), Position(lat_deg, east_deg), Position(lat_deg + 0.01, east_deg)]
    return Polygon(tuple(corners if draw(st.booleans()) else corners[::-1]))


@st.composite
def volumes(draw: st.DrawFn) -> Volume4D:
    """A volume with heights, or without one or both."""
    lower, upper = draw(heights), draw(heights)
    if lower and upper and lower.datum is upper.datum and upper.value_m <= lower.value_m:
        upper = None
    start_ns = draw(st.integers(START_NS, START_NS + 86_400 * 10**9))
    return Volume4D(draw(outlines()), lower, upper, Span(Instant(start_ns), Instant(start_ns + draw(st.integers(1, 10**13)))))


@st.composite
def trajectories(draw: st.DrawFn) -> Trajectory:
    """Two to five waypoints, with and without heights."""
    steps_ns = draw(st.lists(st.integers(1, 10**12), min_size=2, max_size=5))
    at_ns = [START_NS + sum(steps_ns[: index + 1]) for index in range(len(steps_ns))]
    waypoints = tuple(Waypoint(draw(positions), draw(heights), Instant(ns)) for ns in at_ns)
    try:
        return Trajectory(waypoints)
    except InputError:  # a leg to the antipode
        reject()


@st.composite
def notices(draw: st.DrawFn) -> Notice:
    """An operation or an area, with everything that may stand beside it."""
    kind = draw(st.sampled_from(Kind))
    trajectory = draw(st.none() | trajectories()) if kind is Kind.OPERATION else None
    minima = st.builds(Minima, st.floats(0.0, 1e6), st.floats(0.0, 1e6))
    stated = st.builds(StatedPlace, st.just("buoy"), st.floats(0.0, 359.0), st.floats(0.0, 2e7))
    return Notice(
        kind,
        tuple(draw(st.lists(volumes(), min_size=0 if trajectory else 1, max_size=3))),
        trajectory,
        draw(st.none() | minima),
        draw(st.sampled_from(AreaKind)) if kind is Kind.AREA else None,
        draw(st.integers(0, 100)),
        draw(st.just("") | words),
        draw(st.just("") | words),
        draw(st.none() | st.integers(100_000, 6_000_000_000)),
        draw(st.sampled_from((Disclosure.FULL, Disclosure.ENVELOPE))),
        tuple(draw(st.lists(stated, max_size=2))),
    )


announced = st.lists(
    st.builds(Announced, words, notices(), st.none() | st.just("north")), min_size=1, max_size=3, unique_by=lambda one: one.id
)
