"""The standing set: the verdicts of every pair, whatever came and went before."""

import random
from dataclasses import replace

import numpy as np
import pytest

from tafadi.engine import standing_set
from tafadi.engine.book import announced_at, book_of, some_of, together
from tafadi.engine.detect import detect
from tafadi.engine.standing_set import StandingSet, standing
from tafadi.errors import InputError, MissingError
from tafadi.measure.earth import Leg, Position, destination
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant, Span
from tafadi.model.judgement import Cause, Judgement, Verdict
from tafadi.model.operation import Announced, Kind, Minima, Notice, Trajectory, Waypoint
from tafadi.model.volume import Circle, Polygon, Volume4D

START = Instant.parse("2026-03-01T00:00:00Z")
MINIMA = Minima(9_260.0, 304.8)
MIDDLES = [Position(50.0, 180.0), Position(89.95, 12.0), Position(-0.1, -0.1)]


def geoid(value_m: float | None, datum: Datum = Datum.GEOID) -> Height | None:
    return None if value_m is None else Height(value_m, datum)


def volume(r: random.Random, middle: Position) -> Volume4D:
    place, size_m = destination(middle, Leg(r.uniform(0, 360), r.uniform(0, 60_000))), r.choice([500.0, 4_000.0, 4_000.0, 300_000.0])
    corners = [Leg(n * 72.0, size_m * r.uniform(0.4, 1)) for n in range(5)]
    outline = Circle(place, size_m) if r.random() < 0.4 else Polygon(tuple(destination(place, leg) for leg in corners))
    low_m, start_s = r.choice([0.0, 300.0, None]), r.uniform(0, 3_600)
    datum = r.choice([Datum.GEOID, Datum.GEOID, Datum.PRESSURE])
    span = Span(START.plus(start_s), START.plus(start_s + r.choice([30.0, 900.0, 30 * 86_400.0])))
    return Volume4D(outline, geoid(low_m, datum), geoid(800.0, datum), span)


def trajectory(r: random.Random, middle: Position) -> Trajectory:
    bearing, at_s, low_m = r.uniform(0, 360), r.uniform(0, 3_000), r.choice([100.0, 500.0, None])
    points = []
    for along_m in (-150_000.0, -10_000.0, 40_000.0, 120_000.0):
        place = destination(destination(middle, Leg(bearing, along_m)), Leg(r.uniform(0, 360), r.uniform(0, 20_000)))
        points.append(Waypoint(place, geoid(low_m), START.plus(at_s + (along_m + 150_000.0) / 200.0)))
    return Trajectory(tuple(points))


def crowd(seed: int, middle: Position, count: int = 40) -> list[Announced]:
    """Notices of volumes, of a trajectory, and of both; some state minima."""
    r = random.Random(seed)
    everyone = []
    for n in range(count):
        volumes = tuple(volume(r, middle) for _ in range(r.choice([0, 1, 3]) if n % 3 == 0 else r.choice([1, 4])))
        flown = trajectory(r, middle) if n % 3 == 0 else None
        notice = Notice(Kind.OPERATION, volumes, flown, r.choice([None, None, Minima(3_000.0, 100.0)]))
        everyone.append(Announced(f"n{r.randrange(10**6):06d}", notice))
    return everyone


def told(judged: list[Judgement], name: str, gone: frozenset[str] = frozenset()) -> list[Judgement]:
    mine = [one for one in judged if name in (one.first, one.second)]
    return [one for one in mine if not ({one.first, one.second} - {name}) & gone]


def agrees(stands: StandingSet, everyone: list[Announced], judged: list[Judgement], gone: frozenset[str] = frozenset()) -> None:
    for one in everyone:
        want = told(judged, one.id, gone)
        assert stands.against(one) == want
        assert stands.verdicts(one) == {found.first if found.second == one.id else found.second: found.verdict for found in want}


@pytest.mark.parametrize("minima", [None, MINIMA], ids=["none", "agreed"])
@pytest.mark.parametrize("middle", MIDDLES, ids=str)
def test_whatever_comes_and_goes_the_answers_are_those_of_detect(middle: Position, minima: Minima | None) -> None:
    everyone = crowd(1, middle, 20)
    judged = detect(everyone, minima)
    assert {found.verdict for found in judged} == {Verdict.CONFLICT, Verdict.UNKNOWN}
    stands = StandingSet(minima)
    for one in everyone:
        stands.add(one)
    from_columns = standing(book_of(everyone), minima)
    gone = frozenset(one.id for one in random.Random(1).sample(everyone, 7))
    for each in (stands, from_columns):
        agrees(each, everyone, judged)
        for name in sorted(gone):
            each.remove(name)
        assert len(each) == len(everyone) - 7
        agrees(each, everyone, judged, gone)
        for one in everyone:
            if one.id in gone:
                each.add(one)
        agrees(each, everyone, judged)
        assert sorted(each) == sorted(one.id for one in everyone)


def test_small_arrays_grow_without_losing_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standing_set, "ITEMS_LEAST", 1)
    monkeypatch.setattr(standing_set, "SLOTS_LEAST", 1)
    monkeypatch.setattr(standing_set, "ANSWERS", 1)
    everyone = crowd(2, MIDDLES[0])
    stands = StandingSet(MINIMA)
    for one in everyone:
        stands.add(one)
    agrees(stands, everyone, detect(everyone, MINIMA))


def test_room_that_was_left_is_used_again() -> None:
    everyone = crowd(3, MIDDLES[2])
    stands = StandingSet(MINIMA)
    for _ in range(2):
        for one in everyone:
            stands.add(one)
        size = [array.shape for array in stands._grid]
        state = stands._grid.state.copy()
        for one in everyone:
            stands.remove(one.id)
    for _ in range(20):
        for one in everyone:
            stands.add(one)
        for one in reversed(everyone):
            stands.remove(one.id)
    assert [array.shape for array in stands._grid] == size
    assert (stands._grid.state[1:4] == state[1:4]).all()  # links, items and points in use at most
    assert (stands._grid.heads == -1).all()


def test_a_notice_is_not_held_against_its_own_earlier_revision() -> None:
    one = crowd(4, MIDDLES[0], 3)[1]
    stands = StandingSet(MINIMA)
    stands.add(one)
    assert stands.against(one) == []
    assert stands.verdicts(replace(one, id="other")) != {}


def test_an_identity_stands_once_and_only_what_stands_can_go() -> None:
    one = crowd(4, MIDDLES[0], 3)[1]
    stands = StandingSet()
    stands.add(one)
    with pytest.raises(InputError, match="stands already"):
        stands.add(one)
    assert one.id in stands
    assert stands.announced(one.id) == one
    stands.remove(one.id)
    with pytest.raises(MissingError, match="no notice with the identity"):
        stands.remove(one.id)
    with pytest.raises(MissingError, match="no notice with the identity"):
        stands.announced(one.id)
    assert len(stands) == 0
    assert stands.against(one) == []


def test_trajectories_without_minima_from_anyone_are_unknown_however_far_apart() -> None:
    r = random.Random(5)
    here, there = (
        Announced(name, Notice(Kind.OPERATION, trajectory=trajectory(r, place))) for name, place in zip("ab", MIDDLES[1:], strict=True)
    )
    for stands in (StandingSet(), standing(book_of([here]))):
        if not len(stands):
            stands.add(here)
        (found,) = stands.against(there)
        assert (found.verdict, found.cause) == (Verdict.UNKNOWN, Cause.MINIMA_MISSING)
        assert stands.verdicts(there) == {"a": Verdict.UNKNOWN}
        stands.remove("a")
        assert stands.against(there) == []


def test_one_that_covers_everything_is_found_by_all_and_finds_all() -> None:
    small = [one for one in crowd(6, MIDDLES[0], 60) if one.notice.trajectory is None]
    wide = Volume4D(Circle(Position(30.0, 180.0), 2e6 * 0.999), None, None, Span(START, START.plus(89 * 86_400.0)))
    everything = Announced("wide", Notice(Kind.OPERATION, (wide, replace(wide, outline=Circle(Position(50.0, 180.0), 2e6)))))
    stands = StandingSet()
    for one in small:
        stands.add(one)
    assert set(stands.verdicts(everything)) == {one.id for one in small}
    stands.add(everything)
    assert all("wide" in stands.verdicts(one) for one in small)


def test_a_notice_comes_back_from_columns_as_far_as_it_is_judged() -> None:
    everyone = crowd(7, MIDDLES[1], 20)
    book = book_of(everyone)
    assert [announced_at(book, row) for row in range(20)] == everyone
    rows = np.array([7, 3, 12, 3])
    some = some_of(book, rows)
    both = together(some_of(book, rows[:2]), some_of(book, rows[2:]))
    for each in (some, both):
        assert [announced_at(each, row) for row in range(4)] == [everyone[row] for row in rows]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ids": ("a", "a")}, "one identity"),
        ({"ids": ("a",)}, "not equally long"),
        ({"first": np.array([0, 0, 1])}, "do not begin at 0"),
        ({"first": np.array([0, 3, 3]), "route": np.array([0, -1])}, "says no place"),
        ({"route": np.array([-1, -1])}, "do not belong to one notice"),
        ({"minima_m": np.array([[1.0, np.nan], [0.0, 0.0]])}, "are not a distance"),
        ({"minima_m": np.array([[1.0, np.inf], [0.0, 0.0]])}, "are not a distance"),
    ],
)
def test_a_book_that_contradicts_itself_is_refused(change: dict[str, object], said: str) -> None:
    r = random.Random(8)
    notices = (
        Notice(Kind.OPERATION, (volume(r, MIDDLES[0]),), trajectory(r, MIDDLES[0])),
        Notice(Kind.OPERATION, (volume(r, MIDDLES[0]),) * 2),
    )
    book = book_of([Announced(name, notice) for name, notice in zip("ab", notices, strict=True)])
    with pytest.raises(InputError, match=said):
        standing(book._replace(**change))  # type: ignore[arg-type]  # any member may be wrong
    with pytest.raises(InputError, match="one identity"):
        StandingSet(None, book._replace(ids=("a", "a")))
