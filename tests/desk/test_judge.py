"""Judging: whoever fills a node's inbox holds up neither a stop nor anybody else; and nothing is said or rung twice."""

from dataclasses import dataclass, field

import pytest

from tafadi.desk import announce, hotline, judge
from tafadi.desk.announce import judged_pair
from tafadi.desk.desk import Desk
from tafadi.desk.judge import JUDGED_AT_ONCE, judge_inbox, pair_to_compute
from tafadi.desk.listen import receive
from tafadi.desk.react import react
from tafadi.errors import StoreError
from tafadi.model.entry import EntryId, EntryType, Seen
from tafadi.model.line import Attempt, Stop, StopStep
from tafadi.model.names import Language, Mode
from tafadi.model.operation import Announced
from tafadi.store.views import FoldedViews
from world import OFFICER, Station, World, operation, volume

MANY = 2_000
LANGS = (Language.EN,)


def _tried(station: Station, number: int, **heading: object) -> bytes:
    payload = station.payload(EntryType.ATTEMPT, Attempt("radio", 1, False), index=station.size + number, **heading)
    return station.sealed(payload)


def _lies(station: Station, count: int) -> None:
    """So many entries of a liar: the first says that it has seen what is nowhere, and the others come after it."""
    seen = (Seen("charlie", 1, 999_999, "00" * 32),)
    station.tell(_tried(station, 0, seen=seen), *(_tried(station, number) for number in range(1, count)))


def _bring(world: World, sender: str, receiver: str) -> None:
    """Pushes what the receiver lacks; nothing is judged."""
    station, at = world[sender], world.desk(receiver)
    held = at.journal.head(station.desk.origin).frontier.size
    for start in range(held, station.size, 256):
        receive(at, station.push_of(start, min(start + 256, station.size)))


@dataclass
class Work:
    """Counts what the judge does: entries that it reacts to, looks at single entries, readings of the journal's inbox."""

    reacted: list[EntryId] = field(default_factory=list)
    looked: int = 0
    read: int = 0


@pytest.fixture
def work(three: World, monkeypatch: pytest.MonkeyPatch) -> Work:
    """The work of alpha's judge."""
    counted, examined, holds = Work(), FoldedViews.examined, FoldedViews.holds
    journal = three["alpha"].sqlite
    unjudged = journal.unjudged

    def count_react(desk: Desk, entry: EntryId) -> object:
        counted.reacted.append(entry)
        return react(desk, entry)

    def count_examined(views: FoldedViews, entry: EntryId) -> object:
        counted.looked += 1
        return examined(views, entry)

    def count_holds(views: FoldedViews, entry: EntryId) -> bool:
        counted.looked += 1
        return holds(views, entry)

    def count_unjudged() -> list[tuple[str, int]]:
        counted.read += 1
        return unjudged()

    monkeypatch.setattr(judge, "react", count_react)
    monkeypatch.setattr(FoldedViews, "examined", count_examined)
    monkeypatch.setattr(FoldedViews, "holds", count_holds)
    monkeypatch.setattr(journal, "unjudged", count_unjudged)
    return counted


def test_what_waits_is_sorted_in_once_and_a_pass_over_it_is_no_work(three: World, work: Work) -> None:
    alpha = three.desk("alpha")
    _lies(three["bravo"], MANY)
    _bring(three, "bravo", "alpha")
    work.looked = 0
    assert judge_inbox(alpha) == 0
    assert work.read == 1
    assert MANY <= work.looked <= 3 * MANY
    for _ in range(5):
        work.looked, work.read = 0, 0
        assert judge_inbox(alpha) == 0
        assert (work.looked, work.read) == (0, 0)
    assert work.reacted == []


def test_a_stop_of_an_honest_party_costs_the_same_whatever_a_liar_has_waiting(three: World, work: Work) -> None:
    alpha = three.desk("alpha")
    _lies(three["bravo"], MANY)
    _bring(three, "bravo", "alpha")
    judge_inbox(alpha)
    stop = hotline.raise_stop(three.desk("charlie"), OFFICER, Mode.EXERCISE, ("all",))
    _bring(three, "charlie", "alpha")
    work.looked = 0
    assert judge_inbox(alpha, most=1) == 1
    assert work.reacted == [stop]
    assert work.looked <= 10
    assert any(f"STOP RAISED by charlie: {stop}" in sentence for sentence in three["alpha"].bell.alarms)


def test_a_stop_is_judged_before_all_that_came_before_it(three: World, work: Work) -> None:
    charlie = three["charlie"]
    charlie.tell(*(_tried(charlie, number) for number in range(100)))
    stop = charlie.size
    charlie.tell(charlie.sealed(charlie.payload(EntryType.STOP, Stop(StopStep.RAISED, ("sky/1",)))))
    _bring(three, "charlie", "alpha")
    assert judge_inbox(three.desk("alpha"), most=JUDGED_AT_ONCE) == JUDGED_AT_ONCE
    assert [entry.index for entry in work.reacted] == [stop, *range(1, JUDGED_AT_ONCE)]


def test_a_long_inbox_is_judged_in_goes_and_read_once(three: World, work: Work) -> None:
    charlie, alpha = three["charlie"], three.desk("alpha")
    charlie.tell(*(_tried(charlie, number) for number in range(10 * JUDGED_AT_ONCE)))
    _bring(three, "charlie", "alpha")
    goes = []
    while count := judge_inbox(alpha, most=JUDGED_AT_ONCE):
        goes.append(count)
    assert goes == [JUDGED_AT_ONCE] * 10
    assert work.read == 1
    assert alpha.journal.unjudged() == []


def test_only_what_is_due_is_looked_at_and_each_is_judged_once(three: World, work: Work) -> None:
    alpha = three.desk("alpha")
    _lies(three["bravo"], 50)
    _bring(three, "bravo", "alpha")
    judge_inbox(alpha)
    three.clock.wait(30.0)
    bravo = three["bravo"]
    bravo.tell(*(_tried(bravo, number) for number in range(50)))
    _bring(three, "bravo", "alpha")
    judge_inbox(alpha)
    assert work.reacted == []
    three.clock.wait(alpha.pact.agreement.timing.wait_s - 30.0)
    assert judge_inbox(alpha) == 50
    three.clock.wait(30.0)
    assert judge_inbox(alpha) == 50
    assert [entry.index for entry in work.reacted] == list(range(1, 101))
    assert alpha.journal.unjudged() == []


def test_what_waited_is_judged_as_soon_as_it_has_its_place(three: World, work: Work) -> None:
    alpha, bravo, charlie = three.desk("alpha"), three["bravo"], three["charlie"]
    charlie.tell(_tried(charlie, 0))
    bravo.tell(_tried(bravo, 0, seen=(bravo.seen(charlie, charlie.size),)))
    _bring(three, "bravo", "alpha")
    assert judge_inbox(alpha) == 0
    _bring(three, "charlie", "alpha")
    assert judge_inbox(alpha) == 2
    assert set(work.reacted) == {EntryId("bravo", 1, 1), EntryId("charlie", 1, 1)}
    assert judge_inbox(alpha) == 0


def test_after_a_failure_the_journal_says_what_is_to_be_judged_and_nothing_begins_to_wait_anew(
    three: World, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    alpha = three.desk("alpha")
    _lies(three["bravo"], 3)
    _bring(three, "bravo", "alpha")
    judge_inbox(alpha)
    three.clock.wait(40.0)
    charlie = three["charlie"]
    charlie.tell(_tried(charlie, 0))
    _bring(three, "charlie", "alpha")

    def fail(*_: object, **__: object) -> object:
        raise StoreError("the disk is full")

    with monkeypatch.context() as full:
        full.setattr(judge, "say", fail)
        with pytest.raises(StoreError):
            judge_inbox(alpha)
    assert judge_inbox(alpha) == 1
    three.clock.wait(20.0)
    assert judge_inbox(alpha) == 3
    assert alpha.journal.unjudged() == []


# The engine


def _announce(world: World, party: str, east_m: float) -> None:
    announce.send(world.desk(party), OFFICER, operation(volume(east_m=east_m)), Mode.EXERCISE)


class CountedPairs:
    """Counts the notices that are looked at for a pair that the engine has yet to judge."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.looked = 0
        self._plain = announce.is_computed
        monkeypatch.setattr(announce, "is_computed", self)

    def __call__(self, desk: Desk, first: Announced, second: Announced) -> bool:
        self.looked += 1
        return self._plain(desk, first, second)


@pytest.mark.parametrize("count", [4, 8, 16])
def test_the_pairs_of_many_notices_are_looked_for_a_few_times_each_and_not_anew_after_every_one(
    pair: World, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    for number in range(count):
        _announce(pair, "alpha", 20_000.0 * number)
        _announce(pair, "bravo", 20_000.0 * number + 7.0)
    alpha = pair.desk("alpha")
    judge_inbox(alpha, at_once_only=True)
    _bring(pair, "bravo", "alpha")
    counted, computed = CountedPairs(monkeypatch), 0
    judge_inbox(alpha, at_once_only=True)
    while (work := pair_to_compute(alpha)) is not None:
        judged_pair(alpha, *work)
        computed += 1
        judge_inbox(alpha, at_once_only=True)
    assert computed == count * count
    assert counted.looked <= 4 * count * count
    assert alpha.journal.unjudged() == []
    assert len(alpha.picture.alerts) >= count


def _said(world: World, party: str) -> list[tuple[str, str]]:
    views = world.desk(party).views
    assert isinstance(views, FoldedViews)
    return [(str(entry.message.type), str(entry.message.body)) for entry in views.entries(party) if entry.message]


@pytest.mark.parametrize("most", [1, 3, JUDGED_AT_ONCE])
def test_with_the_engine_beside_it_the_judge_says_the_same_as_by_hand(pair: World, most: int) -> None:
    by_hand, beside = pair["alpha"], pair["bravo"]
    for number in range(4):
        _announce(pair, "alpha", 20_000.0 * number)
        _announce(pair, "bravo", 20_000.0 * number + 7.0)
    _bring(pair, "alpha", "bravo")
    _bring(pair, "bravo", "alpha")
    judge_inbox(by_hand.desk)
    while judge_inbox(beside.desk, at_once_only=True, most=most):
        pass
    while (work := pair_to_compute(beside.desk)) is not None:
        judged_pair(beside.desk, *work)
        while judge_inbox(beside.desk, at_once_only=True, most=most):
            pass
    alerts = {party: {body for type, body in _said(pair, party) if type == EntryType.ALERT} for party in ("alpha", "bravo")}
    assert alerts["alpha"] == alerts["bravo"]
    assert len(alerts["alpha"]) == 4
    assert by_hand.desk.journal.unjudged() == beside.desk.journal.unjudged() == []


# A record that was lost and put back


def _lose_the_others(world: World) -> int:
    """Alpha has lost what it held of bravo's feed, and goes on in a new epoch; how many alarms there were before."""
    alpha = world["alpha"]
    for table in ("feed", "entry", "receipt", "inbox"):
        alpha.sqlite._db.execute(f"DELETE FROM {table} WHERE origin LIKE '%/bravo/%'")
    alpha.sqlite.close()
    alpha.path.with_suffix(".mark").unlink()
    alpha.open()
    rung = len(alpha.bell.alarms)
    alpha.renew()
    world.settle()
    return rung


def test_what_was_refused_and_heard_before_the_record_was_lost_is_not_refused_and_rung_again(pair: World) -> None:
    alpha, bravo = pair["alpha"], pair["bravo"]
    bravo.tell(_tried(bravo, 0, mode=Mode.REAL))
    pair.settle()
    stop = hotline.raise_stop(bravo.desk, OFFICER, Mode.EXERCISE, ("all",))
    _announce(pair, "alpha", 0.0)
    _announce(pair, "bravo", 7.0)
    pair.settle()
    hotline.acknowledge(alpha.desk, OFFICER, stop, LANGS)
    (alert,) = alpha.desk.picture.alerts.values()
    hotline.acknowledge(alpha.desk, OFFICER, alert.raised["bravo"], LANGS)
    pair.settle()
    said = _said(pair, "alpha")
    rung = _lose_the_others(pair)
    assert [type for type, _ in _said(pair, "alpha")[len(said) :]] == [EntryType.AGREEMENT, EntryType.KEY]
    assert not any("refused" in one or "STOP" in one or "alert" in one for one in alpha.bell.alarms[rung:])
    assert alpha.desk.picture.digest() == bravo.desk.picture.digest()


def test_a_stop_that_nobody_had_heard_before_the_record_was_lost_is_rung_again(pair: World) -> None:
    stop = hotline.raise_stop(pair.desk("bravo"), OFFICER, Mode.EXERCISE, ("all",))
    pair.settle()
    rung = _lose_the_others(pair)
    assert any(f"STOP RAISED by bravo: {stop}" in sentence for sentence in pair["alpha"].bell.alarms[rung:])
