"""Quotas: beyond them there is no receipt, and a stop comes in all the same; who is told to wait waits, and says so."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lines import Lines
from tafadi.desk import hotline
from tafadi.desk.door import answer
from tafadi.desk.exchange import AIM_S, QUOTA_WAIT_MAX_S, QUOTA_WAIT_S, ROOM_MIN_BYTES, Answer, Ask, Line, refusal
from tafadi.desk.express import heard_alone, held_alone
from tafadi.desk.hello import own_hello
from tafadi.desk.intake import HOUR_S, Hour
from tafadi.desk.listen import Cosigned, receive, take_in
from tafadi.desk.outgoing import held_by
from tafadi.desk.session import Rhythm, one_round
from tafadi.errors import QuotaError, SessionError, UnavailableError
from tafadi.model.agreement import Quota
from tafadi.model.entry import EntryId
from tafadi.model.line import Attempt
from tafadi.model.names import Mode
from tafadi.trust.push import ENTRIES_MAX_BYTES, decode_push
from world import OFFICER, START, StationHouse, World, make_agreement


def _world(folder: Path, **quota: int) -> World:
    world = World(folder, agreement=replace(make_agreement(), quota=Quota(**quota)))
    world.sign()
    return world


@pytest.fixture
def narrow(tmp_path: Path) -> Iterator[World]:
    """alpha and bravo, who take ten entries of each other in an hour."""
    world = _world(tmp_path, entries_hourly=10)
    yield world
    world.close()


def _attempts(world: World, party: str, count: int, text: str = "") -> None:
    for _ in range(count):
        hotline.attempt(world.desk(party), OFFICER, Mode.EXERCISE, Attempt("radio", 1, False, text=text))


def _stop(world: World) -> EntryId:
    return hotline.raise_stop(world.desk("alpha"), OFFICER, Mode.EXERCISE, ("alpha/1/1",))


def _pushed(world: World, start: int, end: int) -> int:
    """How many entries of alpha bravo holds after that push."""
    receive(world.desk("bravo"), world["alpha"].push_of(start, end))
    return world.desk("bravo").journal.head(world.desk("alpha").origin).frontier.size


def _push_one_by_one(world: World) -> None:
    """Brings all of alpha's entries, each in a push of its own."""
    for held in range(1, world["alpha"].size):
        _pushed(world, held, held + 1)


def test_rule_19_beyond_the_entries_of_an_hour_there_is_no_receipt_and_nothing_is_stored(narrow: World) -> None:
    _attempts(narrow, "alpha", 12)
    assert _pushed(narrow, 1, 10) == 10
    with pytest.raises(QuotaError, match="alpha has brought 10 entries within the hour; 10 are agreed") as refused:
        _pushed(narrow, 10, 13)
    assert 0 < refused.value.wait_s <= HOUR_S
    assert _pushed(narrow, 10, 10) == 10, "a renewed receipt is no new entry"
    narrow.clock.wait(refused.value.wait_s)
    assert _pushed(narrow, 10, 13) == 13


def test_rule_19_beyond_the_bytes_of_an_hour_there_is_no_receipt(tmp_path: Path) -> None:
    world = _world(tmp_path, bytes_hourly=30_000)
    _attempts(world, "alpha", 20, "x" * 1_000)
    assert _pushed(world, 1, 4) == 4
    with pytest.raises(QuotaError, match="bytes within the hour; 30000 are agreed"):
        _pushed(world, 4, 21)
    world.close()


def test_rule_19_what_is_kept_has_a_bound_and_stops_a_reserve_beyond_it(tmp_path: Path) -> None:
    world = _world(tmp_path, bytes_stored=12_000, stop_reserve_bytes=4_000)
    _attempts(world, "alpha", 8)
    with pytest.raises(QuotaError, match="12000 bytes that are agreed to be kept of alpha are full"):
        _push_one_by_one(world)
    held = world.desk("bravo").journal.head(world.desk("alpha").origin).frontier.size
    assert held > 1
    world["bravo"].crash()
    with pytest.raises(QuotaError, match="full"):
        _pushed(world, held, held + 1)
    world.close()


def test_rule_19_stops_alone_are_taken_from_the_reserve_and_no_further(tmp_path: Path) -> None:
    world = _world(tmp_path, entries_hourly=2, bytes_stored=12_000, stop_reserve_bytes=4_000)
    for _ in range(12):
        _stop(world)
    with pytest.raises(QuotaError):
        _push_one_by_one(world)
    stored = world.desk("bravo").journal.head(world.desk("alpha").origin).frontier.size
    kept = world.desk("bravo").journal.kept_bytes(world.desk("alpha").origin)
    assert stored > 3, "many more than one in an hour"
    assert 12_000 < kept <= 16_000, "beyond what is kept of the rest, and within the reserve"
    assert [alarm for alarm in world["bravo"].bell.alarms if alarm.startswith("STOP")], "the last one rang all the same"
    assert held_alone(world.desk("bravo")), "and is kept alone"
    world.close()


def test_rule_18_a_stop_in_a_push_beyond_the_quota_is_taken_in_alone(narrow: World) -> None:
    _attempts(narrow, "alpha", 11)
    entry = _stop(narrow)
    with pytest.raises(QuotaError):
        _pushed(narrow, 1, 13)
    assert [one.index for one in held_alone(narrow.desk("bravo"))] == [entry.index]
    assert [alarm for alarm in narrow["bravo"].bell.alarms if alarm.startswith(f"STOP RAISED by alpha: {entry}")]


def test_what_an_officer_brings_by_hand_is_no_traffic(narrow: World) -> None:
    _attempts(narrow, "alpha", 12)
    brought = take_in(narrow.desk("bravo"), decode_push(narrow["alpha"].push_of(1, 13)))
    assert isinstance(brought, Cosigned)
    _attempts(narrow, "alpha", 5)
    assert _pushed(narrow, 13, 18) == 18


def test_rule_19_who_is_told_to_wait_waits_says_so_and_goes_on_with_stops(narrow: World) -> None:
    _attempts(narrow, "alpha", 9)
    lines = Lines(narrow)
    lines.run(60.0)
    _attempts(narrow, "alpha", 5)
    lines.run(60.0)
    line = lines.wires["alpha", "bravo"].line
    told = [alarm for alarm in narrow["alpha"].bell.alarms if "takes no more" in alarm]
    assert len(told) == 1, "told once, and not with every round"
    assert (line.is_held_back, line.trouble) == (True, ""), "the line itself is well"
    pushes = lines.paths("alpha", "bravo").count("push")
    entry = _stop(narrow)
    lines.run(60.0, lambda: entry in heard_alone(narrow.desk("alpha")))
    assert list(heard_alone(narrow.desk("alpha"))) == [entry]
    lines.run(600.0)
    assert lines.paths("alpha", "bravo").count("push") == pushes, "nothing is pushed while it waits"
    lines.run(2 * HOUR_S, lambda: held_by(narrow.desk("alpha"), "bravo") == narrow["alpha"].size)
    assert held_by(narrow.desk("alpha"), "bravo") == narrow["alpha"].size
    assert "bravo takes entries again" in narrow["alpha"].bell.alarms


def test_a_429_is_waited_for_as_it_says_and_within_bounds() -> None:
    said = [refusal(Answer(429, b"", wait_s), "/push") for wait_s in (7, None, 10**9)]
    assert [one.wait_s for one in said if isinstance(one, QuotaError)] == [7, QUOTA_WAIT_S, 10**9]
    assert not isinstance(refusal(Answer(503), "/push"), QuotaError)


def test_who_asks_for_longer_than_an_hour_is_asked_again_in_an_hour(pair: World) -> None:
    line = Line(pair.desk("alpha"), "bravo")
    line.hold_back(QuotaError("full", 10**9))
    assert line.held_back_until_s == QUOTA_WAIT_MAX_S


def test_the_hour_forgets_what_is_older_and_survives_a_clock_that_is_put_back() -> None:
    hour = Hour()
    hour.add(START, 5, 100)
    hour.add(START.plus(30.0), 1, 10)
    hour.add(START.plus(90.0), 1, 10)
    assert hour.since(START.plus(100.0)) == (7, 120)
    assert hour.since(START.plus(3_601.0)) == (1, 10)
    hour.add(START.plus(-10_000_000.0), 1, 1)
    assert hour.since(START.plus(-10_000_000.0)) == (0, 0)
    assert hour.wait_s(START) == 60


# Limits that the other names, and what the line carries


def _asks(world: World, refuses_over: int) -> list[Ask]:
    """What alpha asks in two rounds of a bravo that takes so many entries at once, and says so."""
    line = Line(world.desk("alpha"), "bravo", has_met=True)
    asked = []
    for _ in range(2):
        spoken, found = one_round(line, Rhythm(30.0, lambda low, high: low, lambda: 0.0)), None
        try:
            while True:
                step = spoken.send(found)
                found = None
                if isinstance(step, Ask):
                    asked.append(step)
                    found = _answered(world, step, refuses_over)
        except StopIteration:
            continue
        except SessionError:
            continue
    return asked


def _answered(world: World, ask: Ask, most: int) -> Answer:
    if ask.path == "/hello":
        return Answer(200, json.dumps({**json.loads(own_hello()), "limits": {"push_entries": most}}).encode())
    if ask.path == "/push" and len(decode_push(ask.body).entries) > most:
        return Answer(413, b'{"detail": "too many"}')
    reply = answer(StationHouse(world["bravo"]), lambda desk: "alpha", ask.method, ask.path, ask.body)
    return Answer(reply.status, reply.body)


def test_the_limits_that_the_other_names_are_kept_from_the_next_push_on(pair: World) -> None:
    _attempts(pair, "alpha", 20)
    sizes = [len(decode_push(ask.body).entries) for ask in _asks(pair, 8) if ask.path == "/push"]
    assert sizes == [20, 8, 8, 4]


def test_a_push_is_as_large_as_the_line_carries_in_good_time(pair: World) -> None:
    line = Line(pair.desk("alpha"), "bravo")
    line.paced(100_000, 100.0)
    assert line.room_bytes == int(100_000 * AIM_S / 100.0)
    line.paced(1_000, 1_000.0)
    assert line.room_bytes == ROOM_MIN_BYTES
    for _ in range(20):
        line.paced(1_000, 0.1)
    assert line.room_bytes == ENTRIES_MAX_BYTES


def test_a_push_that_never_came_through_is_made_smaller_and_comes_through(pair: World) -> None:
    _attempts(pair, "alpha", 40, "x" * 1_000)

    class Narrow(Lines):
        def _carried(self, wire, ask):  # type: ignore[no-untyped-def]
            if len(ask.body) > 9_000:
                self.world.clock.wait(60.0)
                raise UnavailableError("it took too long")
            return super()._carried(wire, ask)

    lines = Narrow(pair)
    lines.run(1_200.0, lambda: held_by(pair.desk("alpha"), "bravo") == pair["alpha"].size)
    assert held_by(pair.desk("alpha"), "bravo") == pair["alpha"].size
