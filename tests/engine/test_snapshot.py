"""Snapshots: the same set again, or a sentence that says why not."""

import hashlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.engine.snapshot import HEAD_MOST, MAGIC, restore, save
from tafadi.engine.standing_set import StandingSet
from tafadi.errors import DamagedError
from tafadi.measure.earth import Leg, Position, destination
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant, Span
from tafadi.model.operation import Announced, Kind, Minima, Notice, Trajectory, Waypoint
from tafadi.model.volume import Circle, Polygon, Volume4D

START = Instant.parse("2026-03-01T00:00:00Z")
HOME = Position(-10.0, 180.0)


def notice(number: int) -> Announced:
    """Volumes with and without heights, a trajectory with and without, minima or none."""
    place = destination(HOME, Leg(40.0 * number, 900.0 * number))
    span = Span(START.plus(60.0 * number), START.plus(60.0 * number + 600.0))
    corners = tuple(destination(place, Leg(bearing_deg, 2_000.0)) for bearing_deg in (0.0, 120.0, 240.0))
    outlines = Circle(place, 1_500.0), Polygon(corners)
    volumes = tuple(Volume4D(outline, Height(10.0 * number, Datum.GEOID) if number % 3 else None, None, span) for outline in outlines)
    ends = [
        Waypoint(there, Height(50.0, Datum.ELLIPSOID) if number % 2 else None, START.plus(at_s))
        for there, at_s in ((place, 0.0), (HOME, 900.5))
    ]
    flown = Trajectory(tuple(ends)) if number % 4 == 1 else None
    return Announced(f"größe/{number}", Notice(Kind.OPERATION, volumes, flown, Minima(number, 5.0) if number % 5 == 1 else None))


EVERYONE = [notice(number) for number in range(1, 12)]


def filled(everyone: list[Announced], minima: Minima | None = None) -> StandingSet:
    stands = StandingSet(minima)
    for one in everyone:
        stands.add(one)
    return stands


SAVED = b"".join(save(filled(EVERYONE, Minima(400.0, 30.0))))


def signed(head: object, rest: bytes = b"") -> bytes:
    text = json.dumps(head).encode()
    body = MAGIC + len(text).to_bytes(8, "little") + text + rest
    return body + hashlib.sha256(body).digest()


@pytest.mark.parametrize("minima", [None, Minima(400.0, 30.0)], ids=["none", "agreed"])
def test_what_is_restored_gives_the_same_answers_and_the_same_bytes(minima: Minima | None) -> None:
    stands = filled(EVERYONE, minima)
    again = restore(b"".join(save(stands)))
    assert again.minima == minima
    assert list(again) == sorted(one.id for one in EVERYONE)
    for one in EVERYONE:
        assert again.announced(one.id) == one
        assert again.against(one) == stands.against(one)
        assert again.verdicts(one) == stands.verdicts(one)
    assert sum(len(stands.verdicts(one)) for one in EVERYONE) > 5
    assert b"".join(save(again)) == b"".join(save(stands)) == b"".join(save(filled(EVERYONE[::-1], minima)))


def test_what_came_and_went_after_the_restoring_is_saved_again() -> None:
    again = restore(SAVED)
    for one in EVERYONE[::2]:
        again.remove(one.id)
    again.add(notice(77))
    twice = restore(b"".join(save(again)))
    assert sorted(twice) == sorted([one.id for one in EVERYONE[1::2]] + [notice(77).id])
    assert twice.against(EVERYONE[0]) == again.against(EVERYONE[0])


def test_an_empty_set_is_one_too() -> None:
    assert len(restore(b"".join(save(StandingSet())))) == 0


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(SAVED) - 1), st.integers(1, 255))
def test_one_byte_changed_anywhere_is_refused(at: int, change: int) -> None:
    data = bytearray(SAVED)
    data[at] ^= change
    with pytest.raises(DamagedError, match=r"no snapshot|damaged or cut short"):
        restore(data)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, len(SAVED) - 1))
def test_one_that_is_cut_short_is_refused(length: int) -> None:
    with pytest.raises(DamagedError, match="build the set anew"):
        restore(SAVED[:length])
    with pytest.raises(DamagedError, match="damaged or cut short"):
        restore(SAVED + b"\0")


@pytest.mark.parametrize(
    "data",
    [
        signed([]),
        signed({}),
        signed({"minima": None, "columns": []}),
        signed({"minima": None, "columns": [["id_first", "<i8", 1]]}),
        signed({"minima": None, "columns": 5}),
        MAGIC + (HEAD_MOST + 1).to_bytes(8, "little") + hashlib.sha256(MAGIC + (HEAD_MOST + 1).to_bytes(8, "little")).digest(),
    ],
)
def test_one_with_a_true_digest_that_says_nothing_is_refused(data: bytes) -> None:
    with pytest.raises(DamagedError, match="contradicts itself"):
        restore(data)


@settings(max_examples=80, deadline=None)
@given(st.integers(len(MAGIC), len(SAVED) - 33), st.integers(1, 255))
def test_one_that_was_forged_with_a_true_digest_is_refused_or_is_another_set(at: int, change: int) -> None:
    data = bytearray(SAVED[:-32])
    data[at] ^= change
    data += hashlib.sha256(data).digest()
    try:
        again = restore(data)
    except DamagedError as error:
        assert "contradicts itself" in str(error)  # noqa: PT017  # either is right
    else:
        assert len(again) == len(EVERYONE)


def test_nested_beyond_all_depth_is_refused() -> None:
    head = b"[" * 60_000
    body = MAGIC + len(head).to_bytes(8, "little") + head
    with pytest.raises(DamagedError, match="contradicts itself"):
        restore(body + hashlib.sha256(body).digest())
