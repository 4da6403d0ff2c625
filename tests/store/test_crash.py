"""A node dies at any write, before it took place or after: nothing receipted is lost, nothing is judged twice, and the talk goes on."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tafadi.desk import announce, hotline
from tafadi.desk.desk import Desk
from tafadi.desk.judge import judge_inbox
from tafadi.desk.listen import Cosigned, receive
from tafadi.desk.outgoing import held_by, next_push, take_receipt
from tafadi.desk.picture import NoticeView
from tafadi.desk.ports import Change, Exhibit, Head, Journal, Receipt
from tafadi.errors import StoreError
from tafadi.model.entry import EntryId
from tafadi.model.names import Language, Mode
from tafadi.model.reply import AnswerCode
from tafadi.store.fsck import verify
from tafadi.store.views import FoldedViews
from tafadi.trust.mirror import WrongSize
from tafadi.trust.push import encode_push
from world import OFFICER, Station, World, operation, volume

LANGS = (Language.EN,)


@dataclass
class Dying:
    """A journal that fails once, at commit number `fails_at`: before the commit, or after it took place."""

    inner: Journal
    fails_at: int
    persisted: bool
    commits: int = field(default=0)

    def commit(self, change: Change) -> None:
        """Passed on, but for the one."""
        self.commits += 1
        if self.commits != self.fails_at:
            return self.inner.commit(change)
        if self.persisted:
            self.inner.commit(change)
        raise StoreError("the machine died")

    def head(self, origin: str) -> Head:
        return self.inner.head(origin)

    def leaf(self, origin: str, index: int) -> bytes:
        return self.inner.leaf(origin, index)

    def leaves(self, origin: str, start: int, end: int) -> list[bytes]:
        return self.inner.leaves(origin, start, end)

    def leaf_hashes(self, origin: str) -> list[bytes]:
        return self.inner.leaf_hashes(origin)

    def unjudged(self) -> list[tuple[str, int]]:
        return self.inner.unjudged()

    def receipts(self, origin: str) -> dict[str, Receipt]:
        return self.inner.receipts(origin)

    def evidence(self) -> list[Exhibit]:
        return self.inner.evidence()

    def exhibits(self) -> list[Exhibit]:
        return self.inner.exhibits()


class Talk:
    """The script, played so that a failure of the store is met as people and programs meet it: look again, and go on."""

    def __init__(self, world: World, restart: bool) -> None:
        self.world = world
        self.restart = restart
        self.receipted: dict[tuple[str, str], int] = {}

    def _recover(self) -> None:
        if self.restart:
            for station in self.world.stations.values():
                station.crash()

    def insist(self, done: Callable[[], bool], act: Callable[[], object]) -> None:
        """The officer looks, and acts where it is not done yet; at most twice."""
        for _ in range(3):
            if done():
                return
            try:
                act()
            except StoreError:
                self._recover()
                for station in self.world.stations.values():
                    station.desk.views.catch_up()
        assert done()

    def exchange(self) -> None:
        """Pushes and judges until nothing is left, whatever fails on the way."""
        for _ in range(12):
            try:
                if not self._round():
                    return
            except StoreError:
                self._recover()
        raise AssertionError("the talk never came to rest")

    def _round(self) -> bool:
        judged = sum(judge_inbox(station.desk) for station in self.world.stations.values())
        pushed = sum(self._push(one, other) for one, other in self.world.pairs())
        return judged + pushed > 0

    def _push(self, one: Station, other: Station) -> bool:
        push = next_push(one.desk, held_by(one.desk, other.party))
        if push is None:
            return False
        outcome = receive(other.desk, encode_push(push))
        if isinstance(outcome, WrongSize):  # a receipt was lost, and more has been said since
            push = next_push(one.desk, outcome.size)
            assert push is not None
            outcome = receive(other.desk, encode_push(push))
        assert isinstance(outcome, Cosigned)
        size = push.old_size + len(push.entries)
        self.receipted[one.party, other.party] = size
        take_receipt(one.desk, other.party, size, outcome.line)
        return True

    def play(self) -> None:
        """Both sign; two notices conflict; one is amended, the other accepted; a line check and a stop run their course."""
        for station in self.world.stations.values():
            self._sign(station)
        self.exchange()

        def alpha() -> Desk:
            return self.world.desk("alpha")

        def bravo() -> Desk:
            return self.world.desk("bravo")

        self.insist(lambda: self._mine("alpha") != [], lambda: announce.send(alpha(), OFFICER, operation(), Mode.EXERCISE))
        self.insist(lambda: self._mine("bravo") != [], lambda: announce.send(bravo(), OFFICER, operation(volume(4_000.0)), Mode.EXERCISE))
        self.exchange()
        (ours,), (theirs,) = self._mine("alpha"), self._mine("bravo")
        apart = operation(volume(40_000.0))
        self.insist(lambda: len(self._notice(theirs).revisions) == 2, lambda: announce.amend(bravo(), OFFICER, theirs, apart))
        accepted = AnswerCode.ACCEPTED
        self.insist(lambda: self._notice(ours).state == "ACCEPTED", lambda: hotline.answer(bravo(), OFFICER, ours, accepted))
        self.exchange()
        self.insist(lambda: bravo().picture.stops != {}, lambda: hotline.raise_stop(bravo(), OFFICER, Mode.EXERCISE, ("sky/1",)))
        self.exchange()
        (stop,) = alpha().picture.stops
        self.insist(lambda: alpha().picture.stops[stop].state == "HEARD", lambda: hotline.acknowledge(alpha(), OFFICER, stop, LANGS))
        self.exchange()

    def _sign(self, station: Station) -> None:
        self.insist(lambda: station.size > 0, station.sign)

    def _mine(self, party: str) -> list[EntryId]:
        return [entry for entry in self.world.desk(party).picture.notices if entry.party == party]

    def _notice(self, entry: EntryId) -> NoticeView:
        return self.world.desk("bravo").picture.notices[entry]


EXPECTED = {
    "notices": ["ACCEPTED", "READ_BACK"],
    "alerts": ["CLEARED"],
    "raised_by": [["alpha", "bravo"]],
    "stops": ["HEARD"],
}


def _told(world: World) -> dict[str, object]:
    picture = world.desk("alpha").picture
    return {
        "notices": sorted(view.state for view in picture.notices.values()),
        "alerts": [view.state for view in picture.alerts.values()],
        "raised_by": [sorted(view.raised) for view in picture.alerts.values()],
        "stops": [view.state for view in picture.stops.values()],
    }


def _counts(world: World) -> dict[tuple[str, str], int]:
    """How many entries of each type each party's own feed holds."""
    found: dict[tuple[str, str], int] = {}
    for party in world.stations:
        views = world.desk(party).views
        assert isinstance(views, FoldedViews)
        for examined in views.entries(party):
            assert examined.message is not None
            key = (party, str(examined.message.type))
            found[key] = found.get(key, 0) + 1
    return found


def _play(folder: Path, dying: str, fails_at: int, *, persisted: bool, restart: bool) -> tuple[World, int]:
    folder.mkdir()
    world = World(folder)
    wrapped: list[Dying] = []

    def wrap(journal: Journal) -> Journal:
        wrapped.append(Dying(journal, fails_at, persisted))
        return wrapped[0]

    world[dying].crash(wrap)
    talk = Talk(world, restart)
    talk.play()
    for (owner, mirror), size in talk.receipted.items():
        station = world[mirror]
        station.crash()
        assert station.desk.journal.head(world.pact.origin(owner)).frontier.size >= size, "what was receipted is there"
    return world, wrapped[0].commits


@pytest.fixture(scope="module")
def commits(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """How often each party writes when nothing fails."""
    return {party: _clean_commits(tmp_path_factory.mktemp("clean") / party, party) for party in ("alpha", "bravo")}


def _clean_commits(folder: Path, party: str) -> int:
    world, commits = _play(folder, party, 0, persisted=False, restart=False)
    assert _told(world) == EXPECTED
    world.close()
    return commits


@pytest.mark.parametrize("restart", [True, False], ids=["the-node-starts-again", "the-node-goes-on"])
@pytest.mark.parametrize("persisted", [False, True], ids=["nothing-was-written", "it-was-written-all-the-same"])
@pytest.mark.parametrize("party", ["alpha", "bravo"])
def test_a_failure_at_any_write_loses_nothing_and_says_nothing_twice(
    tmp_path: Path, commits: dict[str, int], party: str, persisted: bool, restart: bool
) -> None:
    assert commits[party] > 12, "the script writes enough to be worth the name"
    for fails_at in range(1, commits[party] + 1, 1 if restart else 3):
        world, _ = _play(tmp_path / f"{fails_at}", party, fails_at, persisted=persisted, restart=restart)
        assert _told(world) == EXPECTED, fails_at
        assert world.desk("alpha").picture.digest() == world.desk("bravo").picture.digest()
        counts = _counts(world)
        assert counts["alpha", "readback"] == 2, "one for each revision of bravo's notice"
        assert counts["bravo", "readback"] == 1
        assert {counts["alpha", "alert"], counts["bravo", "alert"]} == {2}, "raised once and cleared once by each"
        assert not {kind for _, kind in counts} & {"refusal"}
        assert all(not report.faults for report in verify(world[party].sqlite, world.pact))
        assert [station.desk.journal.unjudged() for station in world.stations.values()] == [[], []]
        world.close()
