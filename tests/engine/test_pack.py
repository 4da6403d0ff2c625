"""The gate: geodesic legs in pieces, exact whoever else is in the set; edges that neighbours share to the last bit."""

import math

import numpy as np
import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.engine.kernels.legs import piece_of
from tafadi.engine.kernels.paths import place_at
from tafadi.engine.kernels.surface import Point, geodetic
from tafadi.engine.layout import ELLIPSOID, GEOID, MISSING, MIXED
from tafadi.engine.pack import FLAT, PIECE_MOST_M, WGS84, cut, pack_bodies, pack_flat, pack_paths, plane_reach_m
from tafadi.errors import InputError
from tafadi.measure.earth import Position
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant, Span
from tafadi.model.operation import Trajectory, Waypoint
from tafadi.model.volume import Circle, Polygon, Volume4D

START = Instant.parse("2026-03-01T00:00:00Z")
positions = st.builds(Position, st.floats(-90, 90), st.floats(-180, 180))


def trajectory(*rows: tuple[float, float, Height | None, float]) -> Trajectory:
    return Trajectory(tuple(Waypoint(Position(lat, lon), height, START.plus(at_s)) for lat, lon, height, at_s in rows))


def geoid(value_m: float) -> Height:
    return Height(value_m, Datum.GEOID)


@settings(max_examples=100, deadline=None)
@given(positions, positions, st.floats(0, 1))
def test_a_body_is_on_its_geodesic_to_a_millimetre_at_every_instant(a: Position, b: Position, share: float) -> None:
    line = Geodesic.WGS84.Inverse(a.lat_deg, a.lon_deg, b.lat_deg, b.lon_deg)
    if line["s12"] > 19.3e6:
        return  # towards the antipode there are many shortest ways
    paths = pack_paths([trajectory((a.lat_deg, a.lon_deg, None, 0.0), (b.lat_deg, b.lon_deg, None, 40_000.0))])
    at = START.plus(40_000.0 * share)
    lat, lon = geodetic(WGS84, Point(*map(float, place_at(paths, 0, at.ns, WGS84))))
    true = Geodesic.WGS84.Direct(a.lat_deg, a.lon_deg, line["azi1"], line["s12"] * at.since(START) / 40_000.0)
    off_m = Geodesic.WGS84.Inverse(math.degrees(lat), math.degrees(lon), true["lat2"], true["lon2"])["s12"]
    assert off_m < 2e-3


def test_a_long_leg_is_cut_into_pieces_of_fifty_miles_at_most() -> None:
    paths = pack_paths([trajectory((50.0, 0.0, geoid(0.0), 0.0), (50.0, 13.0, geoid(9_000.0), 3_600.0))])
    steps = np.linalg.norm(np.diff(paths.place_m, axis=0), axis=1)
    assert len(steps) == 11
    assert steps.max() < PIECE_MOST_M
    assert paths.height_m[[0, -1]].tolist() == [0.0, 9_000.0]
    assert np.diff(paths.at_ns).tolist() == pytest.approx([3_600e9 / 11] * 11, abs=1)


def test_a_place_does_not_depend_on_who_else_is_in_the_set() -> None:
    one = trajectory((10.0, 179.0, geoid(0.0), 0.0), (11.0, -179.0, geoid(1.0), 900.0), (12.0, -178.0, geoid(1.0), 950.0))
    other = trajectory((-50.0, 3.0, None, 7.0), (-51.0, 4.0, None, 8_000.0))
    alone, together = pack_paths([one]), pack_paths([other, one])
    first = together.first[1]
    for member in ("at_ns", "place_m", "height_m", "datum"):
        np.testing.assert_array_equal(getattr(alone, member)[:-1], getattr(together, member)[first:-1])


def test_at_a_waypoint_the_velocity_is_that_of_the_leg_before_and_then_that_of_the_leg_after() -> None:
    paths = pack_paths([trajectory((0.0, 0.0, None, 0.0), (0.0, 0.1, None, 100.0), (0.1, 0.1, None, 300.0))])
    assert paths.first.tolist() == [0, 3]
    before, after = (piece_of(paths, k, START.ns, WGS84) for k in (0, 1))
    arrive, depart = np.array(before.arrive) / before.whole, np.array(after.depart) / after.whole
    assert np.linalg.norm(arrive) == pytest.approx(111.3195, abs=1e-3)
    assert np.linalg.norm(depart) == pytest.approx(55.287, abs=1e-3)
    assert abs(float(arrive @ depart)) < 1.0


def test_a_leg_between_two_datums_or_without_a_height_has_no_height() -> None:
    heights = [geoid(1.0), geoid(2.0), Height(2.0, Datum.ELLIPSOID), Height(3.0, Datum.ELLIPSOID), None]
    rows = [(0.0, float(n), height, 1_000.0 * n) for n, height in enumerate(heights)]
    paths = pack_paths([trajectory(*rows)])
    assert [code for n, code in enumerate(paths.datum[:-1]) if n % 2 == 0] == [GEOID, MIXED, ELLIPSOID, MISSING]


def test_neighbours_share_their_edge_to_the_last_bit() -> None:
    west = Polygon((Position(10, 20), Position(10, 21), Position(12, 21), Position(12, 20)))
    east = Polygon((Position(10, 21), Position(10, 22), Position(12, 22), Position(12, 21)))
    span = Span(START, START.plus(60.0))
    bodies = pack_bodies([Volume4D(outline, None, None, span) for outline in (west, Circle(Position(0, 0), 5.0), east)])
    rings = [bodies.ring_m[bodies.first[n] : bodies.first[n + 1]] for n in range(3)]
    shared = {tuple(point) for point in rings[0].tolist()} & {tuple(point) for point in rings[2].tolist()}
    assert len(shared) == 24  # 221 km in pieces of at most 10 km, and both ends
    assert len(rings[1]) == 0
    assert bodies.radius_m[1] == 5.0
    assert np.isnan(bodies.radius_m[[0, 2]]).all()


def test_a_ball_holds_all_of_its_outline() -> None:
    wide = Polygon((Position(0, -80), Position(-60, 0), Position(0, 80), Position(60, 0)))
    bodies = pack_bodies([Volume4D(wide, None, None, Span(START, START.plus(60.0)))])
    assert (np.linalg.norm(bodies.ring_m - bodies.centre_m[0], axis=1) < bodies.ball_m[0]).all()


def test_the_ends_of_a_line_are_exactly_those_given() -> None:
    ends = np.array([[1.0, 179.5]]), np.array([[2.0, -179.5]])
    lines = cut(*ends, 10_000.0)
    assert (lines.lat_deg[0], lines.lon_deg[0], lines.lat_deg[-1], lines.lon_deg[-1]) == (1.0, 179.5, 2.0, -179.5)


def test_minima_become_chords_on_the_tangent_plane() -> None:
    chords = plane_reach_m(np.array([0.0, 9_260.0, 100_000.0, 1_000_000.0]))
    assert chords[0] == 0.0
    assert chords[1] == pytest.approx(9_260.0, abs=1e-3)
    assert 100_000.0 - chords[2] == pytest.approx(1.02, abs=0.01)
    assert 1_000_000.0 - chords[3] == pytest.approx(1_023, abs=3)


def test_flat_arrays_of_unlike_length_are_refused() -> None:
    with pytest.raises(InputError, match="not equally many"):
        pack_flat(np.array([0, 2]), np.array([0, 1]), np.zeros(2), np.zeros(3), np.zeros(2))
    assert FLAT.flat


def test_nothing_packs_to_nothing() -> None:
    assert pack_paths([]).first.tolist() == [0]
    assert pack_bodies([]).first.tolist() == [0]
