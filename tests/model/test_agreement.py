"""Agreements and plots: what all sign, and what is seen to fly."""

import math
from dataclasses import replace

import pytest

from tafadi.errors import InputError
from tafadi.measure.earth import Position
from tafadi.measure.instant import Instant
from tafadi.model.agreement import (
    CHECK_TIMES_UTC_S,
    LARGEST_QUOTA,
    MOST_CHECKS,
    MOST_LANDMARKS,
    MOST_PINS,
    MOST_RUNGS,
    Landmark,
    Pin,
    Quota,
    Rung,
    Timing,
)
from tafadi.model.operation import Kind
from tafadi.model.track import Plot
from world import MARKS, keys_of, make_agreement

AGREEMENT = make_agreement()
ROOT = "0f" * 32
PIN = Pin("alpha", 1, 9, ROOT)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "East Sky"},
        {"text": "x" * 20_001},
        {"parties": ("alpha",), "cards": (keys_of("alpha").card,)},
        {"parties": ("bravo", "alpha")},
        {"parties": ("alpha", "alpha")},
        {"cards": (keys_of("alpha").card,)},
        {"parties": tuple("abcdef"), "cards": (b"",) * 6},
        {"landmarks": MARKS[:1]},
        {"landmarks": (MARKS[0], MARKS[0])},
        {"landmarks": tuple(Landmark(f"mark-{n}", Position(0.0, n / 10)) for n in range(MOST_LANDMARKS + 1))},
        {"modes": ()},
        {"check_times_utc_s": (3_600, 60)},
        {"check_times_utc_s": (60, 60)},
        {"check_times_utc_s": (86_400,)},
        {"check_times_utc_s": (-1,)},
        {"check_times_utc_s": tuple(range(MOST_CHECKS + 1))},
        {"ladder": (Rung("supervisor", 60), Rung("supervisor", 120))},
        {"ladder": tuple(Rung(f"role-{number}", 60) for number in range(MOST_RUNGS + 1))},
        {"succeeds": "line-1f2e3d4c5b6a"},
        {"pins": (PIN,)},
        {"succeeds": "Line", "pins": (PIN,)},
        {"succeeds": "line-1f2e3d4c5b6a", "pins": (PIN, PIN)},
        {"succeeds": "line-1f2e3d4c5b6a", "pins": (Pin("bravo", 1, 9, ROOT), PIN)},
        {"succeeds": "line-1f2e3d4c5b6a", "pins": tuple(Pin("alpha", epoch, 9, ROOT) for epoch in range(1, MOST_PINS + 2))},
    ],
)
def test_an_agreement_that_could_not_work_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(InputError):
        replace(AGREEMENT, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", list(Timing.__dataclass_fields__))
@pytest.mark.parametrize("value_s", [-1, 91 * 86_400])
def test_every_clock_of_an_agreement_has_its_bounds(name: str, value_s: int) -> None:
    with pytest.raises(InputError, match=name):
        replace(Timing(), **{name: value_s})


@pytest.mark.parametrize(("changes", "part"), [({"stop_heard_s": 301}, "stop_acted_s"), ({"check_missed_s": 60}, "check_late_s")])
def test_what_follows_is_not_due_before_what_it_follows(changes: dict[str, int], part: str) -> None:
    with pytest.raises(InputError, match=part):
        Timing(**changes)


def test_a_movement_has_its_own_leads_and_every_other_notice_the_common_one() -> None:
    timing = Timing(lead_s=1, lead_movement_s=2, lead_emergency_s=3)
    assert {timing.lead_of_s(kind, is_emergency=emergency) for kind in Kind if kind != "movement" for emergency in (False, True)} == {1}
    assert (timing.lead_of_s("movement"), timing.lead_of_s("movement", is_emergency=True)) == (2, 3)


@pytest.mark.parametrize(
    ("heartbeat_s", "link_down_s", "down_s"), [(30, 90, 90), (30, 75, 75), (30, 10, 60), (1, 90, 3), (3_600, 90, 7_200)]
)
def test_a_line_is_down_after_three_heartbeats_or_sooner_if_agreed_and_never_for_one_that_is_lost(
    heartbeat_s: int, link_down_s: int, down_s: int
) -> None:
    assert Timing(heartbeat_s=heartbeat_s, link_down_s=link_down_s).down_after_s == down_s


@pytest.mark.parametrize(("role", "wait_s"), [("Supervisor", 60), ("", 60), ("supervisor", 0), ("supervisor", 91 * 86_400)])
def test_a_rung_is_a_role_with_time_to_answer(role: str, wait_s: int) -> None:
    with pytest.raises(InputError):
        Rung(role, wait_s)


@pytest.mark.parametrize("name", list(Quota.__dataclass_fields__))
@pytest.mark.parametrize("value", [0, -1, LARGEST_QUOTA + 1])
def test_every_quota_has_its_bounds(name: str, value: int) -> None:
    with pytest.raises(InputError, match=name):
        Quota(**{name: value})


def test_stops_have_room_for_a_thousand_of_the_largest_beyond_the_quota() -> None:
    assert Quota().stop_reserve_bytes >= 1_000 * 65_535


@pytest.mark.parametrize(("epoch", "size", "root"), [(0, 9, ROOT), (1, 0, ROOT), (1, 9, "0f"), (1, 9, ROOT.upper())])
def test_a_pin_is_the_end_of_a_feed(epoch: int, size: int, root: str) -> None:
    with pytest.raises(InputError):
        Pin("alpha", epoch, size, root)


def test_the_line_is_checked_twice_a_day_unless_the_parties_agree_on_other_times_or_none() -> None:
    assert AGREEMENT.check_times_utc_s == CHECK_TIMES_UTC_S == (9 * 3_600, 17 * 3_600)
    assert replace(AGREEMENT, check_times_utc_s=()).check_times_utc_s == ()


@pytest.mark.parametrize("field", ["ground_speed_mps", "course_deg", "climb_mps"])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_plot_leaves_out_what_it_does_not_know(field: str, value: float) -> None:
    plot = Plot("radar/1", Instant(0), Position(0.0, 0.0))
    assert plot.height is None
    with pytest.raises(InputError, match="leave an unknown value out"):
        replace(plot, **{field: value})  # type: ignore[arg-type]
