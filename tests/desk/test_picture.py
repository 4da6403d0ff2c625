"""One picture: whatever the post does to the letters, in the end all parties show the same, and a rebuild shows it again."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tafadi.desk import announce, hotline, report
from tafadi.desk.ports import Change, Growth, Head
from tafadi.errors import InputError, MissingError, RefusedError
from tafadi.measure.height import Datum
from tafadi.measure.instant import Span
from tafadi.model.alert import AlertBody, AlertStep
from tafadi.model.entry import NODE_ROLE, EntryId, EntryType, Ref
from tafadi.model.line import Attempt, Duty, Roster, StopStep
from tafadi.model.names import Language, Mode
from tafadi.model.operation import NoticeBody, NoticeStep
from tafadi.model.reply import AnswerCode
from tafadi.store.fsck import verify
from tafadi.store.sqlite import SqliteJournal
from tafadi.store.views import FoldedViews
from tafadi.trust.checkpoint import Checkpoint, sign_checkpoint
from tafadi.trust.log import Frontier, leaf_hash
from world import OFFICER, Station, World, make_agreement, operation, volume

LANGS = (Language.EN,)
Verb = Callable[[random.Random, Station], object]


def _any(rng: random.Random, found: object) -> EntryId:
    listed = sorted(found)  # type: ignore[call-overload]
    return rng.choice(listed) if listed else EntryId("alpha", 1, 0)


def _send(rng: random.Random, at: Station) -> object:
    place = volume(rng.choice((0.0, 6_000.0, 40_000.0)), datum=rng.choice((Datum.GEOID, Datum.GEOID, Datum.PRESSURE)))
    return announce.send(at.desk, OFFICER, operation(place), Mode.EXERCISE)


def _amend(rng: random.Random, at: Station) -> object:
    return announce.amend(
        at.desk, OFFICER, _any(rng, at.desk.picture.notices), operation(volume(rng.choice((0.0, 20_000.0)), north_m=9_000.0))
    )


def _answer(rng: random.Random, at: Station) -> object:
    return hotline.answer(at.desk, OFFICER, _any(rng, at.desk.picture.notices), rng.choice(list(AnswerCode)))


def _raise(rng: random.Random, at: Station) -> object:
    return hotline.raise_stop(at.desk, OFFICER, Mode.EXERCISE, ("sky/1",))


def _acknowledge(rng: random.Random, at: Station) -> object:
    picture = at.desk.picture
    raised = [entry for alert in picture.alerts.values() for entry in alert.raised.values()]
    step = rng.choice((StopStep.HEARD, StopStep.ACTED, StopStep.CLOSED))
    return hotline.acknowledge(at.desk, OFFICER, _any(rng, [*picture.line_checks, *picture.stops, *raised]), LANGS, step)


def _report(rng: random.Random, at: Station) -> object:
    raised = [entry for alert in at.desk.picture.alerts.values() for entry in alert.raised.values()]
    return report.open_from_alert(at.desk, "supervisor", _any(rng, raised), "as we saw it")


def _roster(rng: random.Random, at: Station) -> object:
    hours = Span(at.clock.now(), at.clock.now().plus(600.0))
    return hotline.publish_roster(at.desk, OFFICER, Mode.EXERCISE, Roster((Duty(OFFICER, hours, LANGS, rng.random() < 0.5),)))


def _lie(rng: random.Random, at: Station) -> object:
    """Puts something into its own feed that no honest node would say."""
    body = NoticeBody(NoticeStep.AMEND, operation())
    wild = at.payload(EntryType.OPERATION, body, refs=(Ref(_any(rng, at.desk.picture.notices), "0" * 64),))
    at.tell(rng.choice((b"noise", at.sealed({**wild, "v": 3}), at.sealed(wild))))
    return None


VERBS: tuple[Verb, ...] = (
    _send,
    _send,
    _amend,
    lambda rng, at: announce.cancel(at.desk, OFFICER, _any(rng, at.desk.picture.notices)),
    _answer,
    _answer,
    _raise,
    _acknowledge,
    _acknowledge,
    lambda rng, at: hotline.line_check(at.desk, OFFICER, Mode.EXERCISE, f"n-{rng.random()}", LANGS),
    lambda rng, at: hotline.attempt(at.desk, OFFICER, Mode.EXERCISE, Attempt("radio", rng.randint(1, 9), rng.random() < 0.5)),
    _report,
    lambda rng, at: report.reply(at.desk, "supervisor", _any(rng, at.desk.picture.incidents), "as they saw it"),
    _roster,
    _lie,
)


def _live(world: World, steps: int) -> None:
    """Lets the parties act and the post go wrong, and nodes die in between."""
    announce.send(world.desk("alpha"), OFFICER, operation(), Mode.EXERCISE)
    for _ in range(steps):
        station = world.rng.choice([world[party] for party in sorted(world.stations)])
        chance = world.rng.random()
        if chance < 0.35:
            world.clock.wait(world.rng.uniform(0.0, 30.0))
            try:
                world.rng.choice(VERBS)(world.rng, station)
            except (RefusedError, MissingError, InputError):
                continue
        elif chance < 0.38:
            station.crash()
        elif chance < 0.42:
            _cut(world)
        elif chance < 0.6:
            world.judge()
        else:
            world.stir()
    world.cut.clear()
    world.settle()


def _cut(world: World) -> None:
    pair = frozenset(world.rng.sample(sorted(world.stations), 2))
    world.cut ^= {pair}


def _told_again(world: World, party: str, folder: Path, rng: random.Random) -> str:
    """The digest of a picture that got the same entries in another order of arrival."""
    journal = SqliteJournal(folder / "again.db")
    views = FoldedViews(journal, world.pact)
    source = world.desk(party).journal
    left = {origin: source.leaves(origin, 0, 10**6) for origin in map(world.pact.origin, world.pact.agreement.parties)}
    had = dict.fromkeys(left, Frontier())
    while any(left.values()):
        origin = rng.choice(sorted(name for name, leaves in left.items() if leaves))
        count = rng.randint(1, 9)
        leaves, left[origin] = tuple(left[origin][:count]), left[origin][count:]
        owner = world.pact.party_of(origin)
        assert owner is not None
        old, had[origin] = had[origin], had[origin].extend([leaf_hash(leaf) for leaf in leaves])
        note = sign_checkpoint(Checkpoint(origin, had[origin].size, had[origin].root()), world[owner].identity.log)
        growth = Growth(origin, old.size, leaves, tuple(leaf_hash(leaf) for leaf in leaves), Head(had[origin], note))
        journal.commit(Change(growths=(growth,)))
        views.catch_up()
    journal.close()
    return views.picture.digest()


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("parties", [("alpha", "bravo"), ("alpha", "bravo", "charlie")], ids=len)
def test_rule_10_all_pictures_are_equal_after_a_bad_post_and_to_a_rebuild(tmp_path: Path, seed: int, parties: tuple[str, ...]) -> None:
    world = World(tmp_path, agreement=make_agreement(parties), seed=seed)
    world.sign()
    _live(world, 110)
    digests = {party: world.desk(party).picture.digest() for party in parties}
    assert len(set(digests.values())) == 1, digests
    for party in parties:
        desk = world.desk(party)
        assert FoldedViews(desk.journal, world.pact).picture.digest() == digests[party]
        assert desk.journal.unjudged() == []
        assert all(not report.faults for report in verify(world[party].sqlite, world.pact))
        _assert_said_once(world, party)
    assert _told_again(world, "alpha", tmp_path, random.Random(seed)) == digests["alpha"]
    world.close()


def _assert_said_once(world: World, party: str) -> None:
    """No node reads one revision back twice, refuses one entry twice, or raises one situation twice without clearing it between."""
    said: set[object] = set()
    raised: set[str] = set()
    for examined in FoldedViews(world.desk(party).journal, world.pact).entries(party):
        entry = examined.message
        if entry is None or entry.operator.role != NODE_ROLE:
            continue
        if entry.type in (EntryType.READBACK, EntryType.REFUSAL):
            assert (entry.type, entry.refs[0].entry) not in said, examined.id
            said.add((entry.type, entry.refs[0].entry))
        elif isinstance(entry.body, AlertBody):
            assert (entry.body.step is AlertStep.RAISED) == (entry.body.situation not in raised), examined.id
            raised ^= {entry.body.situation}
