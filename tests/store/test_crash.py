"""A node dies at any write, before it took place or after: nothing receipted is lost, nothing is judged twice, and the talk goes on."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

from tafadi.desk import announce, hotline
from tafadi.desk.desk import Desk
from tafadi.desk.judge import judge_inbox
from tafadi.desk.listen import Cosigned, receive
from tafadi.desk.outgoing import held_by, next_push, take_receipt
from tafadi.desk.picture import NoticeView
from tafadi.desk.ports import Answered, Change, Exhibit, Express, Head, Journal, Receipt
from tafadi.errors import StoreError
from tafadi.measure.instant import Instant
from tafadi.model.entry import EntryId
from tafadi.model.names import Language, Mode
from tafadi.model.reply import AnswerCode
from tafadi.store.fsck import verify
from tafadi.store.views import FoldedViews
from tafadi.trust.mirror import WrongSize
from tafadi.trust.push import Push, encode_push
from world import OFFICER, Station, World, operation, volume

LANGS = (Language.EN,)


@dataclass
class Dying:
    """A journal that fails once, at durable write number `fails_at`: before it took place, or after. A group is one such write."""

    inner: Journal
    fails_at: int
    persisted: bool
    commits: int = field(default=0)
    is_grouped: bool = field(default=False)

    def commit(self, change: Change) -> None:
        """Passed on, but for the one."""
        if self.is_grouped:
            self.inner.commit(change)
            return
        with self._dying():
            self.inner.commit(change)

    @contextmanager
    def _dying(self) -> Iterator[None]:
        self.commits += 1
        if self.commits == self.fails_at and not self.persisted:
            raise StoreError("the machine died")
        yield
        if self.commits == self.fails_at:
            raise StoreError("the machine died")

    @contextmanager
    def group(self) -> Iterator[None]:
        """Passed on, but for the one: what was done inside of that one is lost, or nobody learns that it is not."""
        self.is_grouped = True
        try:
            with self._dying_group():
                yield
        finally:
            self.is_grouped = False

    @contextmanager
    def _dying_group(self) -> Iterator[None]:
        self.commits += 1
        with self.inner.group():
            yield
            if self.commits == self.fails_at and not self.persisted:
                raise StoreError("the machine died")
        if self.commits == self.fails_at:
            raise StoreError("the machine died")

    def head(self, origin: str) -> Head:
        return self.inner.head(origin)

    def leaf(self, origin: str, index: int) -> bytes:
        return self.inner.leaf(origin, index)

    def leaves(self, origin: str, start: int, end: int) -> list[bytes]:
        return self.inner.leaves(origin, start, end)

    def leaf_hashes(self, origin: str, start: int = 0, end: int | None = None) -> list[bytes]:
        return self.inner.leaf_hashes(origin, start, end)

    def kept_bytes(self, origin: str) -> int:
        return self.inner.kept_bytes(origin)

    def range_hash(self, origin: str, start: int, end: int) -> bytes:
        return self.inner.range_hash(origin, start, end)

    def answered(self, key: str, now: Instant) -> Answered | None:
        return self.inner.answered(key, now)

    def express(self, origin: str) -> list[Express]:
        return self.inner.express(origin)

    def unjudged(self) -> list[tuple[str, int]]:
        return self.inner.unjudged()

    def receipts(self, origin: str) -> dict[str, Receipt]:
        return self.inner.receipts(origin)

    def evidence(self) -> list[Exhibit]:
        return self.inner.evidence()

    def exhibits(self) -> list[Exhibit]:
        return self.inner.exhibits()


class Talk:
    """The script, played so that a failure of the store is met as people and programs meet it: look again, and go on.

    `grouped`, all that a node does in its turn becomes durable together; nobody is told of it before.
    """

    def __init__(self, world: World, restart: bool, grouped: bool) -> None:
        self.world = world
        self.restart = restart
        self.grouped = grouped
        self.receipted: dict[tuple[str, str], int] = {}

    def _recover(self) -> None:
        if self.restart:
            for station in self.world.stations.values():
                station.crash()

    @contextmanager
    def _turn(self, *stations: Station) -> Iterator[None]:
        with ExitStack() as groups:
            for station in stations if self.grouped else ():
                groups.enter_context(station.desk.journal.group())
            yield

    def insist(self, done: Callable[[], bool], act: Callable[[], object]) -> None:
        """The officer looks, and acts where it is not done yet; at most twice."""
        for _ in range(3):
            if done():
                return
            try:
                with self._turn(*self.world.stations.values()):
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
        judged = sum(map(self._judged, self.world.stations.values()))
        pushed = sum(self._push(one, other) for one, other in self.world.pairs())
        return judged + pushed > 0

    def _judged(self, station: Station) -> int:
        with self._turn(station):
            return judge_inbox(station.desk)

    def _push(self, one: Station, other: Station) -> bool:
        push = next_push(one.desk, held_by(one.desk, other.party))
        if push is None:
            return False
        outcome = self._received(other, push)
        if isinstance(outcome, WrongSize):  # a receipt was lost, and more has been said since
            push = next_push(one.desk, outcome.size)
            assert push is not None
            outcome = self._received(other, push)
        assert isinstance(outcome, Cosigned)
        size = push.old_size + len(push.entries)
        self.receipted[one.party, other.party] = size
        with self._turn(one):
            take_receipt(one.desk, other.party, size, outcome.line)
        return True

    def _received(self, station: Station, push: Push) -> Cosigned | WrongSize:
        with self._turn(station):
            return receive(station.desk, encode_push(push))

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


@dataclass(frozen=True)
class Case:
    """Who dies, at which of its durable writes and how; and how the others and it go on."""

    party: str
    persisted: bool
    restart: bool = True
    grouped: bool = False
    step: int = 1  # every so manieth write is one at which it dies


def _play(folder: Path, case: Case, fails_at: int) -> tuple[World, int]:
    folder.mkdir()
    world = World(folder)
    wrapped: list[Dying] = []

    def wrap(journal: Journal) -> Journal:
        wrapped.append(Dying(journal, fails_at, case.persisted))
        return wrapped[0]

    world[case.party].crash(wrap)
    talk = Talk(world, case.restart, case.grouped)
    talk.play()
    for (owner, mirror), size in talk.receipted.items():
        station = world[mirror]
        station.crash()
        assert station.desk.journal.head(world.pact.origin(owner)).frontier.size >= size, "what was receipted is there"
    return world, wrapped[0].commits


@pytest.fixture(scope="module")
def commits(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Case], int]:
    """How often a party writes durably when nothing fails."""

    @cache
    def found(party: str, grouped: bool) -> int:
        world, commits = _play(tmp_path_factory.mktemp("clean") / party, Case(party, persisted=False, restart=False, grouped=grouped), 0)
        assert _told(world) == EXPECTED
        world.close()
        return commits

    return lambda case: found(case.party, case.grouped)


CASES = {
    **{
        f"{party}-{'written-all-the-same' if persisted else 'nothing-written'}-{'starts-again' if restart else 'goes-on'}": Case(
            party, persisted, restart, step=1 if restart else 3
        )
        for party in ("alpha", "bravo")
        for persisted in (False, True)
        for restart in (False, True)
    },
    "bravo-in-groups-nothing-written": Case("bravo", False, grouped=True, step=4),
    "bravo-in-groups-written-all-the-same": Case("bravo", True, grouped=True, step=4),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_failure_at_any_write_loses_nothing_and_says_nothing_twice(tmp_path: Path, commits: Callable[[Case], int], case: Case) -> None:
    assert commits(case) > 12, "the script writes enough to be worth the name"
    for fails_at in range(1, commits(case) + 1, case.step):
        world, _ = _play(tmp_path / f"{fails_at}", case, fails_at)
        assert _told(world) == EXPECTED, fails_at
        assert world.desk("alpha").picture.digest() == world.desk("bravo").picture.digest()
        counts = _counts(world)
        assert counts["alpha", "readback"] == 2, "one for each revision of bravo's notice"
        assert counts["bravo", "readback"] == 1
        assert {counts["alpha", "alert"], counts["bravo", "alert"]} == {2}, "raised once and cleared once by each"
        assert not {kind for _, kind in counts} & {"refusal"}
        assert all(not report.faults for report in verify(world[case.party].sqlite, world.pact))
        assert [station.desk.journal.unjudged() for station in world.stations.values()] == [[], []]
        world.close()
