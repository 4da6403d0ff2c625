"""Live tracks across datums: what is stated decides where it can, and within what may be wrong nothing is said."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.engine.encounter import Bounds, judge
from tafadi.engine.notices import Notices
from tafadi.engine.picture import Picture
from tafadi.measure.earth import Position
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant, Span
from tafadi.measure.levelling import Box, Floats, Levelling, MeasuredAir, RoughAir
from tafadi.model.alert import AlertKind
from tafadi.model.judgement import Cause, Judgement, Verdict
from tafadi.model.operation import Announced, Kind, Minima, Notice
from tafadi.model.track import Plot
from tafadi.model.volume import Circle, Volume4D

START = Instant.parse("2026-03-01T00:00:00Z")
MINIMA = Minima(1_852.0, 300.0)
NO_FILTERS: frozenset[str] = frozenset()


class Flat:
    """A geoid that stands 50 m above the ellipsoid everywhere, known to 3 m."""

    name = "flat"
    within_m = 3.0

    def geoid_m(self, lat_deg: Floats, lon_deg: Floats) -> Floats:
        return np.full(len(lat_deg), 50.0)

    def over_m(self, box: Box) -> tuple[float, float]:
        return 50.0, 50.0


GEOID = Levelling(Flat())


def plot(track: str, lon: float, height_m: float, datum: Datum, course: float, climb_mps: float = 0.0, party: str | None = None) -> Plot:
    return Plot(track, START, Position(45.0, lon), Height(height_m, datum), 100.0, course, climb_mps, party=party)


def met(one: Plot, two: Plot, levelling: Levelling | None) -> Judgement:
    """The two plots judged as the only hits of two tracks."""
    bounds = Bounds(MINIMA, 60.0, 30.0, levelling)
    picture = Picture(bounds)
    for each in (one, two):
        assert picture.take(each)
    found = judge(picture.side(one.track), picture.side(two.track), bounds, NO_FILTERS, START)
    assert found == judge(picture.side(two.track), picture.side(one.track), bounds, NO_FILTERS, START)
    return found


def head_on(height_m: float, datum: Datum, other_m: float, other: Datum, levelling: Levelling | None) -> tuple[Verdict, Cause | None]:
    found = met(plot("a", 10.0, height_m, datum, 90.0), plot("b", 10.05, other_m, other, 270.0), levelling)
    return found.verdict, found.cause


def test_tracks_across_datums_are_unknown_where_nothing_is_stated() -> None:
    for levelling in (None, Levelling(), Levelling(air=RoughAir(10.0))):
        assert head_on(1_000.0, Datum.GEOID, 1_050.0, Datum.ELLIPSOID, levelling) == (Verdict.UNKNOWN, Cause.DATUMS_UNLIKE)


def test_the_geoid_decides_but_for_what_may_be_wrong() -> None:
    # 3 m of the grid, and 6e-4 of the 9 km that a track goes in 90 s.
    expected = {1_340.0: Verdict.CONFLICT, 1_346.0: Verdict.UNKNOWN, 1_354.0: Verdict.UNKNOWN, 1_360.0: Verdict.CLEAR}
    for other_m, verdict in expected.items():
        assert head_on(1_000.0, Datum.GEOID, other_m, Datum.ELLIPSOID, GEOID)[0] is verdict, other_m
    assert head_on(1_000.0, Datum.GEOID, 1_346.0, Datum.ELLIPSOID, GEOID)[1] is Cause.HEIGHT_UNCERTAIN


def test_an_unknown_lasts_while_they_may_be_together() -> None:
    found = met(plot("a", 10.0, 1_000.0, Datum.GEOID, 90.0), plot("b", 10.05, 1_346.0, Datum.ELLIPSOID, 270.0), GEOID)
    assert found.span is not None
    assert 0.0 < found.span.start.since(START) < 20.0
    assert found.span.duration_s == pytest.approx(2 * 1_852.0 / 200.0, abs=0.5)


def test_the_air_decides_but_for_what_may_be_wrong() -> None:
    def pair(pressure_m: float, geoid_m: float, air: MeasuredAir | RoughAir) -> Verdict:
        return head_on(pressure_m, Datum.PRESSURE, geoid_m, Datum.GEOID, Levelling(air=air))[0]

    assert pair(3_000.0, 3_400.0, RoughAir(200.0)) is Verdict.UNKNOWN
    assert pair(3_000.0, 3_600.0, RoughAir(200.0)) is Verdict.CLEAR
    assert pair(3_000.0, 3_050.0, RoughAir(200.0)) is Verdict.CONFLICT
    assert pair(3_000.0, 3_050.0, RoughAir(400.0)) is Verdict.UNKNOWN  # wider than the minima: never for certain
    warm = MeasuredAir(103_000.0, 100.0, 20.0, 2.0)  # 350 m higher than it says
    assert pair(3_000.0, 3_400.0, warm) is Verdict.CONFLICT
    assert pair(3_000.0, 2_900.0, warm) is Verdict.CLEAR


def test_heights_above_one_datum_compare_exactly_however_rough_the_air() -> None:
    rough = Levelling(Flat(), RoughAir(1_000.0))
    assert head_on(3_000.0, Datum.PRESSURE, 3_301.0, Datum.PRESSURE, rough)[0] is Verdict.CLEAR
    assert head_on(3_000.0, Datum.PRESSURE, 3_299.0, Datum.PRESSURE, rough)[0] is Verdict.CONFLICT


def test_a_climb_through_the_other_is_seen_above_its_datum() -> None:
    climbing = plot("a", 10.0, 600.0, Datum.GEOID, 90.0, climb_mps=10.0)
    found = met(climbing, plot("b", 10.05, 1_180.0, Datum.ELLIPSOID, 270.0), GEOID)
    assert found.verdict is Verdict.CONFLICT
    assert met(plot("a", 10.0, 600.0, Datum.GEOID, 90.0), plot("b", 10.05, 1_180.0, Datum.ELLIPSOID, 270.0), GEOID).verdict is Verdict.CLEAR


@settings(max_examples=60)
@given(st.floats(0, 2_000), st.floats(0, 2_000), st.floats(-20, 20), st.floats(-3, 3))
def test_no_truth_within_what_may_be_wrong_contradicts_the_verdict(low_m: float, other_m: float, climb_mps: float, error_m: float) -> None:
    one = plot("a", 10.0, low_m, Datum.GEOID, 90.0, climb_mps)
    said = met(one, plot("b", 10.05, other_m, Datum.ELLIPSOID, 270.0), GEOID).verdict
    true = met(one, plot("b", 10.05, other_m - 50.0 - error_m, Datum.GEOID, 270.0), None).verdict
    assert said in (true, Verdict.UNKNOWN)


@pytest.mark.parametrize(
    ("top_m", "verdict", "cause"),
    [
        (1_060.0, Verdict.CONFLICT, None),
        (1_040.0, None, None),
        (1_051.0, Verdict.UNKNOWN, Cause.HEIGHT_UNCERTAIN),
    ],
)
def test_a_track_enters_a_notice_of_another_datum(top_m: float, verdict: Verdict | None, cause: Cause | None) -> None:
    span = Span(START.plus(-600.0), START.plus(600.0))
    volume = Volume4D(Circle(Position(45.0, 10.05), 2_000.0), Height(0.0, Datum.ELLIPSOID), Height(top_m, Datum.ELLIPSOID), span)
    notice = Announced("zone", Notice(Kind.OPERATION, (volume,)), "other")
    bounds = Bounds(MINIMA, 60.0, 30.0, GEOID)
    picture = Picture(bounds)
    picture.take(plot("a", 10.0, 1_000.0, Datum.GEOID, 90.0, party="own"))
    seen = Notices([notice], bounds, {}, NO_FILTERS).look(picture.side("a").trail)
    found = [(one.judgement.verdict, one.judgement.cause) for one in seen if one.kind is AlertKind.ANNOUNCED]
    assert found == ([] if verdict is None else [(verdict, cause)])
