"""Views: folded in the order of what was seen, anew when something late comes before what is folded already."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tafadi.desk import announce, hotline
from tafadi.errors import DamagedError, MissingError
from tafadi.model.entry import EntryId
from tafadi.model.names import Mode
from tafadi.model.reply import AnswerCode
from tafadi.store.views import FoldedViews
from world import OFFICER, World, make_agreement, operation, volume


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
