"""Volumes in columns: the same answers as one pair at a time, whatever the cells and the workers."""

import math
import random
from dataclasses import replace

import numpy as np
import pytest
import shapely

from tafadi.engine.columns import Columns, asked_of, checked, columns_of, volume_at
from tafadi.engine.detect import detect, judge
from tafadi.engine.kernels.shapes import Outlines
from tafadi.engine.layout import CONFLICT, HEIGHT_MISSING, MISSING, NOT_FINITE, UNKNOWN
from tafadi.engine.volumes import candidates, packed, pairs_of
from tafadi.errors import InputError
from tafadi.measure.earth import Leg, Position, destination
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant, Span
from tafadi.model.judgement import Verdict
from tafadi.model.operation import Announced, Kind, Minima, Notice
from tafadi.model.volume import Circle, Outline, Polygon, Volume4D

START = Instant.parse("2026-03-01T00:00:00Z")
MIDDLES = [Position(0.0, 180.0), Position(48.0, 9.0), Position(89.99, 12.0), Position(-90.0, 0.0), Position(-75.0, -179.9)]


def star(r: random.Random, middle: Position, size_m: float) -> Outline:
    if r.random() < 0.3:
        return Circle(middle, size_m * r.uniform(0.3, 1.0))
    count = r.randint(3, 9)
    return Polygon(tuple(destination(middle, Leg(n * 360 / count, size_m * r.uniform(0.3, 1.0))) for n in range(count)))


def band(r: random.Random) -> tuple[Height | None, Height | None]:
    low_m = r.choice([0.0, 300.0, 600.0])
    datum = r.choice([Datum.GEOID] * 4 + [Datum.PRESSURE, Datum.GROUND])
    low, high = Height(low_m, datum), Height(low_m + r.choice([300.0, 500.0]), datum)
    return r.choice([(low, high)] * 8 + [(None, high), (low, None)])


def crowd(seed: int, middle: Position, count: int = 150, spread_m: float = 30_000.0) -> list[Volume4D]:
    """Volumes of all sizes around a place: many small, some that last long, some that cover everything."""
    r = random.Random(seed)
    volumes = []
    for _ in range(count):
        place = destination(middle, Leg(r.uniform(0, 360), r.uniform(0, spread_m)))
        size_m = r.choice([300.0, 3_000.0, 3_000.0, 9_000.0, 60_000.0, 1_500_000.0 if r.random() < 0.2 else 9_000.0])
        start_s, long_s = r.uniform(0, 7_200), r.choice([60.0, 600.0, 3_600.0, 40 * 86_400.0])
        volumes.append(Volume4D(star(r, place, size_m), *band(r), Span(START.plus(start_s), START.plus(start_s + long_s))))
    return volumes


def announced(volumes: list[Volume4D], minima: Minima | None = None) -> list[Announced]:
    return [Announced(f"n{n:05d}", Notice(Kind.OPERATION, (volume,), minima=minima)) for n, volume in enumerate(volumes)]


@pytest.mark.parametrize("minima", [None, Minima(5_000.0, 150.0)], ids=["bare", "buffered"])
@pytest.mark.parametrize("middle", MIDDLES, ids=str)
def test_all_pairs_are_those_that_are_found_one_by_one(middle: Position, minima: Minima | None) -> None:
    volumes = crowd(1, middle, 60)
    columns = columns_of(volumes)
    found = pairs_of(columns, packed(columns, asked_of(np.arange(len(volumes)), minima)))
    told = dict(zip(zip(found.first.tolist(), found.second.tolist(), strict=True), found.verdict.tolist(), strict=True))
    everyone, verdicts = announced(volumes), {Verdict.CONFLICT: CONFLICT, Verdict.UNKNOWN: UNKNOWN}
    for a, one in enumerate(everyone):
        for b in range(a + 1, len(everyone)):
            assert told.get((a, b)) == verdicts.get(judge(one, everyone[b], minima).verdict), (a, b)
    assert len(set(told.values())) == 2


@pytest.mark.parametrize("middle", MIDDLES, ids=str)
def test_neither_cells_nor_workers_nor_order_change_what_is_found(middle: Position) -> None:
    volumes = crowd(2, middle, 400)
    columns = columns_of(volumes)
    asked = asked_of(np.arange(len(volumes)), Minima(500.0, 50.0))
    ready = packed(columns, asked)
    found = pairs_of(columns, ready)
    assert len(found.first) > 100
    for workers, cell_m in ((2, None), (3, 50.0), (1, 700.0), (1, 90_000.0), (2, 3e6)):
        for one, other in zip(found, pairs_of(columns, ready, workers, cell_m), strict=True):
            np.testing.assert_array_equal(one, other)
    turned = columns_of(volumes[::-1])
    back = pairs_of(turned, packed(turned, asked))
    last = len(volumes) - 1
    pairs = sorted(zip((last - back.second).tolist(), (last - back.first).tolist(), back.verdict.tolist(), strict=True))
    assert pairs == list(zip(found.first.tolist(), found.second.tolist(), found.verdict.tolist(), strict=True))


def test_outlines_that_share_ground_are_those_of_shapely_on_an_equal_area_plane() -> None:
    from pyproj import Transformer

    r = random.Random(3)
    span, low, high = Span(START, START.plus(60.0)), Height(0.0, Datum.GEOID), Height(100.0, Datum.GEOID)
    places = [Position(r.uniform(50, 50.6), r.uniform(179.5, 180.0) if r.random() < 0.5 else r.uniform(-180.0, -179.5)) for _ in range(300)]
    outlines = [star(r, place, 4_000.0) for place in places]
    columns = columns_of([Volume4D(outline, low, high, span) for outline in outlines])
    found = pairs_of(columns, packed(columns, asked_of(np.arange(len(columns)))))
    plane = Transformer.from_crs(4326, "+proj=laea +lat_0=50.3 +lon_0=180", always_xy=True)
    shapes = []
    for outline in outlines:
        corners = (
            outline.vertices
            if isinstance(outline, Polygon)
            else [destination(outline.centre, Leg(b, outline.radius_m)) for b in range(360)]
        )
        shapes.append(shapely.Polygon([plane.transform(corner.lon_deg, corner.lat_deg) for corner in corners]))
    a, b = np.triu_indices(len(shapes), 1)
    area = shapely.area(shapely.intersection(np.array(shapes)[a], np.array(shapes)[b]))
    ours = set(zip(found.first.tolist(), found.second.tolist(), strict=True))
    theirs = set(zip(a[area > 0].tolist(), b[area > 0].tolist(), strict=True))
    sure = set(zip(a[area > 500.0].tolist(), b[area > 500.0].tolist(), strict=True))  # the 360 corners of a circle cut off some ground
    assert len(ours) > 300
    assert sure <= ours
    assert len(ours ^ theirs) <= 2


def tile(row: int, column: int) -> Polygon:
    south, west = 10 + 0.05 * row, 179.9 + 0.05 * column
    lons = [(lon + 180.0) % 360.0 - 180.0 for lon in (west, west + 0.05)]
    return Polygon((Position(south, lons[0]), Position(south, lons[1]), Position(south + 0.05, lons[1]), Position(south + 0.05, lons[0])))


def test_tiles_that_share_their_edges_share_no_ground() -> None:
    span, low, high = Span(START, START.plus(60.0)), Height(0.0, Datum.GEOID), Height(100.0, Datum.GEOID)
    corners = {(row, column): tile(row, column) for row in range(5) for column in range(5)}
    columns = columns_of([Volume4D(outline, low, high, span) for outline in corners.values()])
    ready = packed(columns, asked_of(np.arange(25)))
    assert not candidates(ready).settled.any()  # too close to call at first sight
    assert len(pairs_of(columns, ready).first) == 0


@pytest.mark.parametrize(("apart_m", "pairs"), [(-1e-3, 1), (0.0, 0), (1e-3, 0), (-30.0, 1), (30.0, 0)])
def test_two_circles_exactly_at_the_minima_are_separated(apart_m: float, pairs: int) -> None:
    here, span = Position(60.0, 179.99), Span(START, START.plus(60.0))
    there = destination(here, Leg(70.0, 5_000.0 + 1_000.0 + 700.0 + apart_m))
    columns = columns_of([Volume4D(outline, None, None, span) for outline in (Circle(here, 1_000.0), Circle(there, 700.0))])
    found = pairs_of(columns, packed(columns, asked_of(np.arange(2), Minima(5_000.0, 0.0))))
    assert len(found.first) == pairs
    assert set(found.verdict.tolist()) <= {UNKNOWN}
    assert set(found.cause.tolist()) <= {HEIGHT_MISSING}


def test_twenty_thousand_in_one_cell_at_one_time_are_told_apart_by_height() -> None:
    count = 20_000
    centre = Outlines(np.arange(count + 1), np.full(count, 50.0), np.full(count, 8.0), np.full(count, 100.0))
    level_m = np.arange(count, dtype=np.float64) * 4.0
    volumes = columns_of(
        [Volume4D(Circle(Position(50, 8), 1.0), Height(0.0, Datum.GEOID), Height(1.0, Datum.GEOID), Span(START, START.plus(9.0)))]
    )
    stated = volumes.stated._replace(
        **{name: np.repeat(getattr(volumes.stated, name), count) for name in ("lower_datum", "upper_datum", "start_ns", "end_ns")},
        lower_m=level_m, upper_m=level_m + 4.0 + (np.arange(count) % 1_000 == 0),
    )  # fmt: skip
    columns = Columns(centre, stated)
    found = pairs_of(columns, packed(columns, asked_of(np.arange(count))))
    assert found.first.tolist() == list(range(0, count, 1_000))
    assert (found.second == found.first + 1).all()


def test_one_that_covers_everything_for_ever_meets_all_the_small_ones() -> None:
    small = crowd(5, Position(20.0, 30.0), 100)
    everywhere = Volume4D(Circle(Position(0.0, 0.0), 2e6), None, None, Span(START.plus(-9e6), START.plus(9e9 / 100)))
    wide = Volume4D(Circle(Position(20.0, 30.0), 2e6), None, None, Span(START.plus(-9e6), START.plus(9e7)))
    columns = columns_of([wide, *small, everywhere])
    found = pairs_of(columns, packed(columns, asked_of(np.array([0] + [1] * 100 + [2]))))
    assert found.second[found.first == 0].tolist()[:100] == list(range(1, 101))
    assert set(found.verdict.tolist()) == {UNKNOWN}


def test_a_place_that_is_no_number_is_unknown_with_all_that_is_up_at_its_time() -> None:
    columns = columns_of(crowd(6, Position(48.0, 9.0), 30, 3_000_000.0))
    lat_deg = columns.outlines.lat_deg.copy()
    lat_deg[columns.outlines.first[3]] = math.nan
    broken = Columns(columns.outlines._replace(lat_deg=lat_deg), columns.stated)
    with pytest.raises(InputError, match="not a place on the earth"):
        checked(broken)
    ready = packed(broken, asked_of(np.arange(30)))
    met = candidates(ready)
    mine = (met.rows == 3).any(axis=1)
    assert mine.sum() >= 5
    assert (met.verdict[mine] == UNKNOWN).all()
    assert (met.cause[mine] == NOT_FINITE).all()


def test_notices_are_not_paired_with_themselves_and_none_or_one_have_no_pairs() -> None:
    volumes = crowd(7, Position(48.0, 9.0), 50)
    columns = columns_of(volumes)
    assert len(pairs_of(columns, packed(columns, asked_of(np.zeros(50, np.int64)))).first) == 0
    for few in (volumes[:0], volumes[:1]):
        columns = columns_of(few)
        assert len(pairs_of(columns, packed(columns, asked_of(np.arange(len(few))))).first) == 0


def test_the_minima_of_one_notice_are_enough() -> None:
    span, low, high = Span(START, START.plus(60.0)), Height(0.0, Datum.GEOID), Height(100.0, Datum.GEOID)
    there = destination(Position(1.0, 2.0), Leg(90.0, 3_000.0))
    columns = columns_of([Volume4D(Circle(place, 1_000.0), low, high, span) for place in (Position(1.0, 2.0), there)])
    own_m = np.array([[0.0, 0.0], [1_500.0, 0.0]])
    assert len(pairs_of(columns, packed(columns, asked_of(np.arange(2)))).first) == 0
    for each in (own_m, own_m[::-1]):
        assert len(pairs_of(columns, packed(columns, asked_of(np.arange(2), None, each))).first) == 1
        assert len(pairs_of(columns, packed(columns, asked_of(np.arange(2), Minima(10.0, 1.0), each))).first) == 1


def test_volumes_come_back_from_their_columns_as_they_were() -> None:
    volumes = crowd(8, Position(89.0, 180.0), 60)
    columns = checked(columns_of(volumes))
    assert [volume_at(columns, row) for row in range(60)] == volumes


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"lon_deg": (0, 181.0)}, "corner 0 is not a place"),
        ({"radius_m": (0, -1.0)}, "volume 0 is no circle"),
        ({"radius_m": (0, 5.0)}, "volume 0 is no circle"),
        ({"radius_m": (1, math.nan)}, "volume 1 has fewer than three corners"),
        ({"first": (0, 1)}, "do not begin at 0"),
        ({"first": (1, 0)}, "do not begin at 0"),
        ({"lower_m": (0, math.inf)}, "a height of volume 0 is no number"),
        ({"lower_m": (0, 9_999.0)}, "the top of volume 0 is not above its bottom"),
        ({"upper_datum": (1, 9)}, "a height of volume 1 has no datum"),
        ({"end_ns": (1, 0)}, "volume 1 lasts no time"),
        ({"start_ns": (0, -(1 << 62))}, "outside the years"),
        ({"lat_deg": (3, 2.0)}, "volume 0: the polygon crosses or touches itself"),
    ],
)
def test_columns_that_are_no_volumes_are_refused_with_the_row(change: dict[str, tuple[int, float]], told: str) -> None:
    span, low, high = Span(START, START.plus(60.0)), Height(0.0, Datum.GEOID), Height(100.0, Datum.GEOID)
    square = Polygon((Position(0, 0), Position(1, 0), Position(1, 1), Position(0.5, 0.5), Position(0, 1)))
    columns = columns_of([Volume4D(outline, low, high, span) for outline in (square, Circle(Position(1, 2), 5.0))])
    for name, (row, value) in change.items():
        part = columns.outlines if hasattr(columns.outlines, name) else columns.stated
        column = getattr(part, name).copy()
        column[row] = value
        part = part._replace(**{name: column})
        columns = Columns(part, columns.stated) if isinstance(part, Outlines) else Columns(columns.outlines, part)
    with pytest.raises(InputError, match=told):
        checked(columns)


def test_columns_of_unlike_length_are_refused() -> None:
    columns = columns_of(crowd(9, Position(0.0, 0.0), 3))
    with pytest.raises(InputError, match="not equally long"):
        checked(Columns(columns.outlines, columns.stated._replace(lower_m=columns.stated.lower_m[:2])))


def test_a_missing_height_is_missing_in_the_columns_and_no_zero() -> None:
    volume = replace(crowd(10, Position(0.0, 0.0), 1)[0], lower=None)
    stated = columns_of([volume]).stated
    assert math.isnan(stated.lower_m[0])
    assert stated.lower_datum[0] == MISSING


@pytest.mark.parametrize("seed", range(2))
def test_detect_finds_what_is_found_pair_by_pair_where_sizes_and_times_differ_most(seed: int) -> None:
    everyone = announced(crowd(seed + 20, MIDDLES[seed], 50), Minima(800.0, 30.0))
    told = {(found.first, found.second): found for found in detect(everyone)}
    for number, one in enumerate(everyone):
        for other in everyone[number + 1 :]:
            alone = judge(one, other)
            assert told.get((one.id, other.id)) == (None if alone.verdict is Verdict.CLEAR else alone)
