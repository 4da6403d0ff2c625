"""Each promise can be broken: with one thing in the product wrong, some world soon shows it."""

import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest

import tafadi.desk.deadlines
import tafadi.desk.listen
import tafadi.desk.proof
import tafadi.desk.relay
from simulation.cast import NAMES, Disk
from simulation.invariants import BrokenPromise
from simulation.memo import remembered
from simulation.network import WEATHERS
from simulation.seeded import Plan, SeededWorld
from tafadi.desk.desk import Desk
from tafadi.desk.matters import Matters
from tafadi.desk.ports import Change
from tafadi.desk.speak import Draft, say
from tafadi.errors import DamagedError
from tafadi.model.entry import EntryId
from tafadi.store.memory import MemoryJournal

ROUGH = Plan(weather=WEATHERS[2], words=6, crashes=2, faults=3, lasts_s=30.0)
QUICK = Plan(quick=True, words=5, crashes=2, lasts_s=40.0)
FORKED = Plan(NAMES[:3], words=2, lasts_s=20.0, liar="fork")
CUT = Plan(NAMES[:3], words=4, lasts_s=15.0)
SEEDS = 25
Patch = pytest.MonkeyPatch


@pytest.fixture(autouse=True)
def _remembered() -> Iterator[None]:
    with remembered():
        yield


def _loses_the_last_commits(patch: Patch) -> None:
    """A disk that says a write is durable before it is."""
    commit, before = MemoryJournal.commit, dict[int, deque[object]]()

    def lying(journal: MemoryJournal, change: Change) -> None:
        before.setdefault(id(journal), deque(maxlen=4)).append(journal._kept)
        commit(journal, change)

    def crash(journal: MemoryJournal) -> None:
        journal._now = journal._kept = before.get(id(journal), [journal._kept])[0]  # type: ignore[assignment]

    patch.setattr(MemoryJournal, "commit", lying)
    patch.setattr(Disk, "crash", crash)


def _receipts_before_it_stores(patch: Patch) -> None:
    patch.setattr(tafadi.desk.listen, "_store", lambda *args: None)


def _keeps_no_proof(patch: Patch) -> None:
    patch.setattr(tafadi.desk.proof, "keep_file", lambda *args: None)


def _compares_nothing(patch: Patch) -> None:
    patch.setattr("tafadi.desk.pulse.compare", lambda *args: None)
    patch.setattr("tafadi.desk.session.evidence_of", lambda desk: [])


def _folds_in_the_order_of_arrival(patch: Patch) -> None:
    patch.setattr("tafadi.desk.matters.insort", lambda placed, one, key: placed.append(one))
    patch.setattr(Matters, "_unfold", lambda matters, matter: None)


def _never_says_what_is_due(patch: Patch) -> None:
    patch.setattr(tafadi.desk.deadlines, "due", lambda desk, now: [])


def _says_what_is_due_again_and_again(patch: Patch) -> None:
    draft = tafadi.desk.deadlines._draft
    patch.setattr(tafadi.desk.deadlines, "_draft", lambda desk, deadline, now, last: draft(desk, deadline, now, -1))


def _relays_nothing(patch: Patch) -> None:
    patch.setattr(tafadi.desk.relay, "_due", lambda line, now_s, beat_s: [])


def _never_empties_its_inbox(patch: Patch) -> None:
    def forgetful(desk: Desk, *drafts: Draft, judged: object = ()) -> list[EntryId]:
        return say(desk, *drafts)

    patch.setattr("tafadi.desk.judge.say", forgetful)


def _tells_nobody_of_new_entries(patch: Patch) -> None:
    """And no heartbeat brings them either."""
    patch.setattr("tafadi.desk.session.push_feeds", lambda line: iter(()))


@dataclass(frozen=True)
class Broken:
    """One thing that is wrong, in worlds of one plan, and what they then say."""

    mend: Callable[[Patch], None]
    plan: Plan
    says: str


BROKEN = (
    Broken(_loses_the_last_commits, replace(ROUGH, faults=0, crashes=4), "had .* entries|holds other|does not hold"),
    Broken(_receipts_before_it_stores, ROUGH, "gave a receipt"),
    Broken(_keeps_no_proof, FORKED, "no proof of the fork"),
    Broken(_compares_nothing, FORKED, "no proof of the fork"),
    Broken(_folds_in_the_order_of_arrival, replace(CUT, weather=WEATHERS[3], words=8, cuts=3), "pictures of it|another picture"),
    Broken(_never_says_what_is_due, QUICK, "says rung -1"),
    Broken(_says_what_is_due_again_and_again, QUICK, "more than once"),
    Broken(_relays_nothing, replace(CUT, parted=True), "no common record"),
    Broken(_never_empties_its_inbox, ROUGH, "no common record|more than once"),
    Broken(_tells_nobody_of_new_entries, ROUGH, "no common record"),
)


@pytest.mark.parametrize("broken", BROKEN, ids=lambda one: one.mend.__name__.strip("_"))
def test_a_node_with_one_thing_wrong_is_found_out(broken: Broken, monkeypatch: Patch) -> None:
    SeededWorld(0, broken.plan)  # what has been signed before the trouble, with everything right
    broken.mend(monkeypatch)
    for seed in range(SEEDS):
        try:
            SeededWorld(seed, broken.plan).live()
        except (BrokenPromise, DamagedError) as found:
            said = str(found)
            break
    else:
        said = f"{SEEDS} worlds, and none of them has shown it"
    assert re.search(broken.says, said), said
