"""What travels alone: rung and kept ahead of its feed, never twice, and held against who says another thing in its place."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from lines import Lines, Wire
from tafadi.desk import hotline
from tafadi.desk.distress import raise_distress
from tafadi.desk.door import answer
from tafadi.desk.exchange import Answer, Ask
from tafadi.desk.express import FLASH_MAX, URGENT_MAX, heard_alone, held_alone, take
from tafadi.desk.judge import judge_inbox
from tafadi.desk.listen import receive
from tafadi.desk.outgoing import held_by
from tafadi.desk.ports import Change
from tafadi.desk.speak import Draft, say
from tafadi.errors import (
    EquivocationError,
    FormatError,
    MissingError,
    QuotaError,
    SessionError,
    StoreError,
    UnavailableError,
    WrongStateError,
)
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.line import Attempt, Stop, StopStep
from tafadi.model.names import Mode, Precedence
from tafadi.trust.envelope import seal
from tafadi.trust.evidence import Contradiction
from tafadi.trust.express import open_heard
from world import OFFICER, Station, StationHouse, World

SLOW_BYTES_PER_S = 150.0  # 1,200 bit/s


def _attempts(world: World, party: str, count: int = 1, text: str = "") -> None:
    for _ in range(count):
        hotline.attempt(world.desk(party), OFFICER, Mode.EXERCISE, Attempt("radio", 1, False, text=text))


def _stop(world: World, party: str = "alpha", text: str = "") -> EntryId:
    return hotline.raise_stop(world.desk(party), OFFICER, Mode.EXERCISE, ("alpha/1/1",), text)


def _leaf(world: World, entry: EntryId) -> bytes:
    desk = world.desk(entry.party)
    return desk.journal.leaf(desk.pact.feed_of(entry), entry.index)


def _take(world: World, entry: EntryId, at: str = "bravo") -> bytes:
    """What that party answers to the entry alone, at its door."""
    return answer(StationHouse(world[at]), lambda desk: entry.party, "POST", "/express", _leaf(world, entry)).body


def _rung(station: Station, word: str = "STOP") -> list[str]:
    return [alarm for alarm in station.bell.alarms if alarm.startswith(word)]


class SlowLines(Lines):
    """Lines that carry so many bytes in a second, and no exchange for longer than a minute; `meanwhile` happens before every request."""

    meanwhile: Callable[[Ask], None] = staticmethod(lambda ask: None)

    def _carried(self, wire, ask):  # type: ignore[no-untyped-def]
        self.meanwhile(ask)
        takes_s = len(ask.body) / SLOW_BYTES_PER_S
        self.world.clock.wait(min(takes_s, 60.0))
        if takes_s > 60.0:
            raise UnavailableError("it took longer than a minute")
        found: Answer = super()._carried(wire, ask)
        self.world.clock.wait(len(found.body) / SLOW_BYTES_PER_S)
        return found


# Rule 6


def test_rule_06_flash_overtakes_routine_on_a_slow_line(pair: World) -> None:
    _attempts(pair, "alpha", 60, "x" * 400)
    said: list[tuple[EntryId, float]] = []
    heard: list[tuple[float, int]] = []
    lines = SlowLines(pair, judges=False)

    def meanwhile(ask: Ask) -> None:
        stored = held_by(pair.desk("alpha"), "bravo")
        if ask.path == "/push" and not said and stored > 8:
            said.append((_stop(pair), lines.now_s))
        if said and not heard and "bravo" in heard_alone(pair.desk("alpha")).get(said[0][0], {}):
            heard.append((lines.now_s, stored))

    lines.meanwhile = meanwhile
    lines.run(3_600.0, lambda: held_by(pair.desk("alpha"), "bravo") == pair["alpha"].size)
    (entry, said_s), (heard_s, stored) = said[0], heard[0]
    assert heard_s - said_s < 60.0 < lines.now_s - said_s, "heard within a minute, with minutes of routine before it"
    assert stored < entry.index, "it was not stored then, and not shown as stored"
    assert _rung(pair["bravo"])[0].startswith(f"STOP RAISED by alpha: {entry}; what: alpha/1/1, EXERCISE, sent ")
    assert heard_alone(pair.desk("alpha")) == {}
    assert held_alone(pair.desk("bravo")) == []
    pair.settle()
    assert len(_rung(pair["bravo"])) == 1, "it rang when it came, and not again"
    assert pair.desk("alpha").picture.digest() == pair.desk("bravo").picture.digest()


def test_rule_06_what_came_alone_outlasts_a_crash_and_is_stored_only_with_its_feed(pair: World) -> None:
    _attempts(pair, "alpha", 3)
    entry = _stop(pair)
    heard = _take(pair, entry)
    pair["bravo"].crash()
    bravo = pair.desk("bravo")
    assert [one.index for one in held_alone(bravo)] == [entry.index]
    assert entry not in bravo.picture.stops, "no view changes before its feed has come so far"
    assert open_heard(heard, bravo.pact.cards["bravo"].envelope).index == entry.index
    receive(bravo, pair["alpha"].push_of(bravo.journal.head(pair.desk("alpha").origin).frontier.size, pair["alpha"].size))
    assert held_alone(bravo) == []
    assert entry in bravo.picture.stops


class Died(Exception):
    """The machine, between two steps."""


@pytest.mark.parametrize("first", ["the node starts", "it is brought again"])
def test_rule_06_a_stop_that_was_kept_and_never_rang_rings_before_it_is_called_heard_again(
    pair: World, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    def die(*_: object) -> None:
        raise Died

    _attempts(pair, "alpha", 3)
    entry = _stop(pair)
    with monkeypatch.context() as death:
        death.setattr(pair["bravo"].bell, "alarm", die)
        with pytest.raises(Died):
            _take(pair, entry)
    pair["bravo"].crash()
    assert _rung(pair["bravo"]) == []
    if first == "the node starts":
        judge_inbox(pair.desk("bravo"))
    else:
        _take(pair, entry)
    assert [alarm for alarm in _rung(pair["bravo"]) if str(entry) in alarm] == _rung(pair["bravo"]) != []
    judge_inbox(pair.desk("bravo"))
    _take(pair, entry)
    assert len(_rung(pair["bravo"])) == 1


def test_rule_06_no_number_of_flash_entries_keeps_a_stop_back(pair: World) -> None:
    stop = _stop(pair)
    for _ in range(URGENT_MAX + 8):
        say(pair.desk("alpha"), Draft(EntryType.ATTEMPT, Attempt("radio", 1, False), Mode.EXERCISE, precedence=Precedence.FLASH))
    went: list[bytes] = []
    lines = SlowLines(pair, judges=False)
    lines.meanwhile = lambda ask: went.append(ask.body) if ask.path == "/express" else None
    lines.run(3_600.0, lambda: bool(went))
    assert went[0] == _leaf(pair, stop)


@pytest.mark.parametrize("status", [404, 429, 500, 503])
def test_rule_06_what_came_alone_is_passed_on_round_a_cut_until_it_is_taken(three: World, status: int) -> None:
    refused: list[str] = []

    class Busy(Lines):
        def _at_door(self, wire: Wire, ask: Ask) -> Answer:
            if ask.path == "/express" and wire.other.party == "bravo" and not refused:
                refused.append(wire.one.party)
                return Answer(status, b'{"detail":"not now"}')
            return super()._at_door(wire, ask)

    three.cut.add(frozenset(("alpha", "bravo")))
    lines = Busy(three)
    lines.run(60.0)
    _attempts(three, "alpha", 3)
    entry = _stop(three)
    _take(three, entry, "charlie")
    three.cut.add(frozenset(("alpha", "charlie")))
    lines.run(300.0)
    assert refused == ["charlie"]
    assert [one.index for one in held_alone(three.desk("bravo"))] == [entry.index]
    assert len(_rung(three["bravo"])) == 1


def test_rule_06_two_words_at_one_place_convict_their_sender_when_the_gap_fills(pair: World) -> None:
    _attempts(pair, "alpha", 2)
    alpha, size = pair["alpha"], pair["alpha"].size
    said = alpha.sealed(alpha.payload(EntryType.STOP, Stop(StopStep.RAISED, ("one",)), precedence=Precedence.FLASH, index=size))
    take(pair.desk("bravo"), said)
    _stop(pair)
    receive(pair.desk("bravo"), alpha.push_of(1, alpha.size))
    kept = [one.kind for one in pair.desk("bravo").journal.evidence()]
    assert kept == [Contradiction.TWO_ENTRIES]
    assert pair.desk("bravo").journal.express(alpha.desk.origin) == []


def test_two_that_came_alone_for_one_place_convict_their_sender_at_once(pair: World) -> None:
    _attempts(pair, "alpha", 2)
    alpha, entry = pair["alpha"], _stop(pair)
    _take(pair, entry)
    other = alpha.payload(EntryType.STOP, Stop(StopStep.RAISED, ("another",)), precedence=Precedence.FLASH, index=entry.index)
    with pytest.raises(EquivocationError):
        take(pair.desk("bravo"), alpha.sealed(other))
    assert [one.kind for one in pair.desk("bravo").journal.evidence()] == [Contradiction.TWO_ENTRIES]


def test_rule_06_a_replay_adds_nothing_and_rings_nobody(pair: World) -> None:
    _attempts(pair, "alpha", 2)
    entry = _stop(pair)
    first = _take(pair, entry)
    again = _take(pair, entry)
    key = pair.desk("bravo").pact.cards["bravo"].envelope
    assert open_heard(first, key).leaf_hash == open_heard(again, key).leaf_hash
    pair.settle()
    size = pair["bravo"].size
    _take(pair, entry)
    judge_inbox(pair.desk("bravo"))
    assert (len(_rung(pair["bravo"])), held_alone(pair.desk("bravo")), pair["bravo"].size) == (1, [], size)


def test_what_convicts_nobody_at_its_place_is_refused(pair: World) -> None:
    pair.settle()
    alpha = pair["alpha"]
    forged = seal(alpha.payload(EntryType.STOP, Stop(StopStep.RAISED), index=0), pair["bravo"].identity.envelope)
    with pytest.raises(SessionError, match="do not convict"):
        take(pair.desk("bravo"), forged)


def test_only_what_is_urgent_genuine_and_in_its_place_comes_alone(pair: World) -> None:
    _attempts(pair, "alpha", 2)
    alpha, bravo, size = pair["alpha"], pair.desk("bravo"), pair["alpha"].size
    stop = alpha.payload(EntryType.STOP, Stop(StopStep.RAISED), precedence=Precedence.FLASH)
    with pytest.raises(SessionError, match="only stops, distress and FLASH"):
        take(bravo, alpha.desk.journal.leaf(alpha.desk.origin, size - 1))
    with pytest.raises(SessionError, match="bad-signature"):
        take(bravo, seal(stop, pair["bravo"].identity.envelope))
    with pytest.raises(SessionError, match="wrong-place"):
        take(bravo, alpha.sealed({**stop, "sender": "bravo"}))
    with pytest.raises(SessionError, match="mode-not-allowed"):
        take(bravo, alpha.sealed({**stop, "mode": "REAL"}))
    with pytest.raises(MissingError):
        take(bravo, alpha.sealed({**stop, "origin": "tafadi.v1/elsewhere/alpha/1"}))
    with pytest.raises(MissingError):
        take(alpha.desk, alpha.sealed(stop))
    for nothing in (b"", b"{}", b"\xff" * 100):
        with pytest.raises(FormatError):
            take(bravo, nothing)
    assert held_alone(bravo) == []


def test_an_officer_hears_a_stop_that_came_alone_and_its_sender_sees_who(pair: World) -> None:
    _attempts(pair, "alpha", 2)
    entry = _stop(pair)
    _take(pair, entry)
    bravo = pair.desk("bravo")
    heard = hotline.acknowledge(bravo, OFFICER, bravo.find(str(entry)), ())
    with pytest.raises(WrongStateError, match="already"):
        hotline.acknowledge(bravo, OFFICER, entry, ())
    pair.cut.add(frozenset(("alpha", "bravo")))
    receive(pair.desk("alpha"), pair["bravo"].push_of(1, pair["bravo"].size))
    judge_inbox(pair.desk("alpha"))
    assert pair.desk("alpha").picture.stops[entry].sides == {"bravo": "HEARD"}
    pair.cut.clear()
    pair.settle()
    assert bravo.picture.stops[entry].steps[-1].entry == heard
    assert bravo.picture.digest() == pair.desk("alpha").picture.digest()


def test_who_says_flash_too_often_is_refused_and_a_stop_still_comes(pair: World) -> None:
    alpha, bravo = pair.desk("alpha"), pair.desk("bravo")
    _attempts(pair, "alpha", 1)
    tried = Attempt("radio", 1, False)
    flashes = [say(alpha, Draft(EntryType.ATTEMPT, tried, Mode.EXERCISE, OFFICER, Precedence.FLASH))[0] for _ in range(FLASH_MAX + 1)]
    for entry in flashes[:-1]:
        take(bravo, _leaf(pair, entry))
    with pytest.raises(QuotaError):
        take(bravo, _leaf(pair, flashes[-1]))
    take(bravo, _leaf(pair, _stop(pair)))
    assert len(held_alone(bravo)) == FLASH_MAX + 1


def test_a_node_that_knows_no_express_is_brought_all_in_turn(pair: World) -> None:
    _attempts(pair, "alpha", 3)
    _stop(pair)

    class Older(SlowLines):
        def _at_door(self, wire, ask):  # type: ignore[no-untyped-def]
            return Answer(404, b"{}") if ask.path == "/express" else super()._at_door(wire, ask)

    lines = Older(pair)
    lines.run(60.0)
    assert lines.settled()


# Rule 8


def test_rule_08_each_addressee_has_grades_of_its_own_and_nothing_waits_for_another(three: World) -> None:
    three.cut.add(frozenset(("alpha", "charlie")))
    three.cut.add(frozenset(("bravo", "charlie")))
    lines = Lines(three)
    _attempts(three, "alpha", 2)
    entry = _stop(three)
    lines.run(20.0, lambda: held_by(three.desk("alpha"), "bravo") == three["alpha"].size)
    view = three.desk("alpha").picture.stops[entry]
    assert held_by(three.desk("alpha"), "bravo") == three["alpha"].size > held_by(three.desk("alpha"), "charlie")
    hotline.acknowledge(three.desk("bravo"), OFFICER, entry, ())
    lines.run(20.0, lambda: three.desk("alpha").picture.stops[entry].sides["bravo"] == "HEARD")
    view = three.desk("alpha").picture.stops[entry]
    assert (view.sides, view.state) == ({"bravo": "HEARD", "charlie": "RAISED"}, "RAISED")


# Rule 18


@contextmanager
def _full(station: Station) -> Iterator[None]:
    """While this lasts, nothing can be written at the station."""
    real = station.desk.journal.commit

    def commit(change: Change) -> None:
        raise StoreError("the disk is full")

    station.sqlite.commit = commit  # type: ignore[method-assign]
    try:
        yield
    finally:
        station.sqlite.commit = real  # type: ignore[method-assign]


@pytest.mark.parametrize("alone", [True, False])
def test_rule_18_on_a_full_disk_a_stop_rings_as_not_recorded_and_is_not_called_heard(pair: World, alone: bool) -> None:
    _attempts(pair, "alpha", 1)
    size = pair.desk("bravo").journal.head(pair.desk("alpha").origin).frontier.size
    entry = _stop(pair, text="do not enter")
    with _full(pair["bravo"]):
        for _ in range(3):
            with pytest.raises(StoreError):
                _take(pair, entry) if alone else receive(pair.desk("bravo"), pair["alpha"].push_of(size, pair["alpha"].size))
    assert len(_rung(pair["bravo"])) == 1
    assert _rung(pair["bravo"])[0].startswith(f"STOP NOT RECORDED, RAISED by alpha: {entry}; what: alpha/1/1; text: do not enter, EXERCISE")
    assert "the disk is full" in _rung(pair["bravo"])[0]
    pair.settle()
    again = _rung(pair["bravo"])[1:]
    assert len(again) == 1, "recorded now, it rings as such"
    assert again[0].startswith(f"STOP RAISED by alpha: {entry}")


def test_rule_18_distress_rings_as_not_recorded_too(pair: World) -> None:
    entry = raise_distress(pair.desk("alpha"), OFFICER, Mode.EXERCISE, ("alpha/1/1",), text="engine out")
    with _full(pair["bravo"]), pytest.raises(StoreError):
        _take(pair, entry)
    assert "text: engine out" in _rung(pair["bravo"], "DISTRESS NOT RECORDED")[0]


def test_rule_18_whoever_says_stop_on_a_full_disk_is_told_that_it_is_not_recorded_and_not_sent(pair: World) -> None:
    size = pair["alpha"].size
    with _full(pair["alpha"]), pytest.raises(StoreError):
        _stop(pair)
    assert _rung(pair["alpha"])[0].startswith("STOP NOT RECORDED and NOT SENT")
    assert pair["alpha"].size == size, "its place is free for what is said next: nothing was signed that is not kept"


def test_rule_18_what_is_not_vital_rings_nowhere_on_a_full_disk(pair: World) -> None:
    _attempts(pair, "alpha", 2)
    with _full(pair["bravo"]), pytest.raises(StoreError):
        receive(pair.desk("bravo"), pair["alpha"].push_of(1, pair["alpha"].size))
    assert not [alarm for alarm in pair["bravo"].bell.alarms if "NOT RECORDED" in alarm]


# Among three


def test_what_came_alone_is_passed_on_round_a_cut_before_anything_else(three: World) -> None:
    three.cut.add(frozenset(("alpha", "bravo")))
    lines = Lines(three)
    lines.run(60.0)
    _attempts(three, "alpha", 3)
    entry = _stop(three)
    take(three.desk("charlie"), _leaf(three, entry))
    three.cut.add(frozenset(("alpha", "charlie")))
    lines.run(20.0, lambda: bool(held_alone(three.desk("bravo"))))
    assert [one.index for one in held_alone(three.desk("bravo"))] == [entry.index]
    assert len(_rung(three["bravo"])) == 1
    three.cut.clear()
    lines.run(120.0, lines.settled)
    assert lines.settled()
    assert (held_alone(three.desk("bravo")), held_alone(three.desk("charlie"))) == ([], [])


# Rule 18 again, and a disk that lies


def test_rule_18_a_stop_by_a_clock_that_is_hours_off_comes_alone_and_rings(pair: World) -> None:
    alpha = pair["alpha"]
    body = Stop(StopStep.RAISED, ("all",))
    for hours in (-30, 30):
        sent_at = pair.clock.now().plus(hours * 3_600.0)
        payload = alpha.payload(EntryType.STOP, body, precedence=Precedence.FLASH, index=alpha.size + 31 + hours, sent_at=sent_at)
        take(pair.desk("bravo"), alpha.sealed(payload))
    assert len(held_alone(pair.desk("bravo"))) == len(_rung(pair["bravo"])) == 2


def test_rule_03_a_write_that_took_place_and_was_not_told_is_answered_when_it_comes_again(pair: World) -> None:
    _attempts(pair, "alpha", 2)
    entry = _stop(pair)
    real = pair["bravo"].sqlite.commit

    def commit(change: Change) -> None:
        real(change)
        raise StoreError("nobody knows whether it was written")

    pair["bravo"].sqlite.commit = commit  # type: ignore[method-assign]
    with pytest.raises(StoreError):
        _take(pair, entry)
    pair["bravo"].sqlite.commit = real  # type: ignore[method-assign]
    heard = open_heard(_take(pair, entry), pair.desk("bravo").pact.cards["bravo"].envelope)
    assert heard.index == entry.index
    assert len(held_alone(pair.desk("bravo"))) == 1
    pair.settle()
    assert held_alone(pair.desk("bravo")) == []
    assert entry in pair.desk("bravo").picture.stops
