"""Views: folded in the order of what was seen, anew when something late comes before what is folded already."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tafadi.desk import announce, hotline, matters
from tafadi.desk.examine import Examined, examine, examine_own
from tafadi.desk.fold import fold
from tafadi.desk.listen import receive
from tafadi.desk.pact import Pact, SignedCard
from tafadi.desk.picture import Picture
from tafadi.errors import DamagedError, MissingError
from tafadi.formats.wire import Json
from tafadi.model.entry import EntryId, EntryType, Seen
from tafadi.model.line import Attempt
from tafadi.model.names import Mode
from tafadi.model.reply import AnswerCode, Refusal, RefusalCode
from tafadi.store import views as views_module
from tafadi.store.views import FoldedViews
from tafadi.trust.card import open_card
from world import OFFICER, Station, World, make_agreement, operation, volume


@pytest.fixture
def three(tmp_path: Path) -> Iterator[World]:
    """alpha, bravo and charlie, under an agreement in force."""
    world = World(tmp_path, agreement=make_agreement(("alpha", "bravo", "charlie")))
    world.sign()
    yield world
    world.close()


def test_an_answer_never_comes_before_the_notice_that_it_answers(three: World) -> None:
    three.cut.add(frozenset(("alpha", "charlie")))
    sent = announce.send(three.desk("alpha"), OFFICER, operation(), Mode.EXERCISE)
    three.settle()
    hotline.answer(three.desk("bravo"), OFFICER, sent, AnswerCode.ACCEPTED)
    three.settle()
    charlie = three.desk("charlie")
    assert charlie.views.size(three.desk("bravo").origin) < three["bravo"].size, "the answer waits for what it has seen"
    three.cut.clear()
    three.settle()
    assert charlie.picture.notices[sent].sides["bravo"] == "ACCEPTED"
    assert charlie.views.size(three.desk("bravo").origin) == three["bravo"].size


def test_what_was_concurrent_is_folded_in_one_order_at_all(three: World) -> None:
    three.cut = {frozenset(("alpha", "bravo")), frozenset(("alpha", "charlie")), frozenset(("bravo", "charlie"))}
    for number, party in enumerate(("charlie", "bravo", "alpha")):
        announce.send(three.desk(party), OFFICER, operation(volume(30_000.0 * number)), Mode.EXERCISE)
    three.settle()
    three.cut.clear()
    three.settle()
    assert len({three.desk(party).picture.digest() for party in three.stations}) == 1


def test_what_is_not_here_is_missing(three: World) -> None:
    views = three.desk("alpha").views
    for entry in (EntryId("bravo", 1, 99), EntryId("zulu", 1, 0), EntryId("alpha", 2, 0)):
        assert not views.holds(entry)
        with pytest.raises(MissingError):
            views.examined(entry)


def test_a_journal_with_fewer_entries_than_its_tree_is_damaged(three: World) -> None:
    alpha = three["alpha"]
    alpha.sqlite._db.execute("DELETE FROM entry WHERE origin = ? AND idx = 0", (three.desk("bravo").origin,))
    with pytest.raises(DamagedError, match="run `tafadi feed verify`"):
        FoldedViews(alpha.sqlite, three.pact)


class Work:
    """Counts what the views do: entries examined, and entries folded."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.examined: list[EntryId] = []
        self.folded = 0
        monkeypatch.setattr(views_module, "examine", self._examine)
        monkeypatch.setattr(views_module, "examine_own", self._examine_own)
        monkeypatch.setattr(matters, "fold", self._fold)

    def _examine(self, leaf: bytes, entry: EntryId, pact: Pact) -> Examined:
        self.examined.append(entry)
        return examine(leaf, entry, pact)

    def _examine_own(self, payload: dict[str, Json], digest: str, entry: EntryId, pact: Pact) -> Examined:
        self.examined.append(entry)
        return examine_own(payload, digest, entry, pact)

    def _fold(self, picture: Picture, examined: Examined, parties: int) -> Refusal | None:
        self.folded += 1
        return fold(picture, examined, parties)


def _try(station: Station, count: int, *seen: Seen) -> None:
    """So many entries of no consequence; the first says that it has seen so much."""
    payloads = [station.payload(EntryType.ATTEMPT, Attempt("radio", 1, False), index=station.size + number) for number in range(count)]
    if seen:
        payloads[0] = station.payload(EntryType.ATTEMPT, Attempt("radio", 1, False), seen=seen)
    station.tell(*map(station.sealed, payloads))


def _bring(three: World, sender: str) -> None:
    station, alpha = three[sender], three.desk("alpha")
    receive(alpha, station.push_of(alpha.journal.head(station.desk.origin).frontier.size, station.size))


@pytest.mark.parametrize("held", [10, 1_000])
def test_what_a_new_entry_costs_does_not_grow_with_what_is_there_though_an_entry_waits(
    three: World, monkeypatch: pytest.MonkeyPatch, held: int
) -> None:
    alpha = three.desk("alpha")
    _try(three["charlie"], held)
    _try(three["bravo"], held, Seen("charlie", 1, 10**6, "00" * 32))
    for sender in ("charlie", "bravo"):
        _bring_all(three, sender)
    before = len(alpha.picture.attempts)
    work = Work(monkeypatch)
    _try(three["charlie"], 1)
    _bring(three, "charlie")
    _try(three["bravo"], 1)
    _bring(three, "bravo")
    announce.send(alpha, OFFICER, operation(), Mode.EXERCISE)
    assert len(alpha.picture.attempts) == before + 2 == 2 * held + 2
    assert work.folded <= 5
    assert len(work.examined) == 5, "two where they were said and where they came, and one of our own"


def _bring_all(three: World, sender: str) -> None:
    station, alpha = three[sender], three.desk("alpha")
    for start in range(alpha.journal.head(station.desk.origin).frontier.size, station.size, 250):
        receive(alpha, station.push_of(start, min(start + 250, station.size)))


def test_a_new_card_has_only_those_examined_again_that_stand_beyond_the_end(three: World, monkeypatch: pytest.MonkeyPatch) -> None:
    alpha, bravo = three.desk("alpha"), three["bravo"]
    _try(bravo, 20)
    _try(three["charlie"], 20)
    three.settle()
    card = bravo.renew(end=15, keep=False)
    work = Work(monkeypatch)
    alpha.pact.append(SignedCard(open_card(card), card))
    alpha.views.start_over()
    assert work.examined == [EntryId("bravo", 1, index) for index in range(15, bravo.size)]
    refusal = alpha.views.refusal(EntryId("bravo", 1, 15))
    assert refusal is not None
    assert refusal.code is RefusalCode.AFTER_THE_END
    assert alpha.views.examined(EntryId("bravo", 1, 15)).message is None
    assert FoldedViews(alpha.journal, alpha.pact).picture.digest() == alpha.picture.digest()


def test_each_stop_and_whatever_had_waited_is_told_to_the_judge_once(three: World) -> None:
    alpha, bravo, charlie = three.desk("alpha"), three["bravo"], three["charlie"]
    start = len(alpha.views.roused(0))
    _try(charlie, 1)
    _try(bravo, 1, bravo.seen(charlie, charlie.size))
    stop = hotline.raise_stop(bravo.desk, OFFICER, Mode.EXERCISE, ("all",))
    _bring(three, "bravo")
    assert alpha.views.roused(start) == [stop]
    _bring(three, "charlie")
    assert alpha.views.roused(start) == [stop, EntryId("bravo", 1, 1)]
    alpha.views.start_over()
    assert alpha.views.roused(start) == [stop, EntryId("bravo", 1, 1)]
