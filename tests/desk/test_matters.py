"""Matters: whatever comes in whatever order, the picture is that of the one order; and what comes late costs its own matter."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference.folding import picture_of
from tafadi.desk import matters
from tafadi.desk.examine import Examined
from tafadi.desk.fold import fold
from tafadi.desk.matters import Key, Matters
from tafadi.desk.picture import Picture
from tafadi.desk.situations import situation_id
from tafadi.formats.agreement import digest_of
from tafadi.formats.wire import decode_message
from tafadi.measure.instant import Span
from tafadi.model.agreement import AgreementBody, AgreementStep, KeyBody, Pin, Scope
from tafadi.model.alert import AlertBody, AlertKind, AlertStep
from tafadi.model.casework import Action, ActionStep, Citation, Claim, ClaimStep
from tafadi.model.conference import (
    Call,
    CallStep,
    Conference,
    ConferenceKind,
    ConferenceStep,
    Disagreement,
    Minutes,
    MinutesItem,
    MinutesStep,
    Papers,
)
from tafadi.model.entry import EntryId, EntryType, Operator, Ref
from tafadi.model.incident import Incident, IncidentStep
from tafadi.model.lapse import Lapse, LapseKind
from tafadi.model.line import Attempt, CheckStep, Distress, DistressStep, LineCheck, Roster, Stop, StopStep
from tafadi.model.message import Body, Message
from tafadi.model.movement import Movement, MovementBody
from tafadi.model.names import Language, Mode
from tafadi.model.operation import NoticeBody, NoticeStep
from tafadi.model.presence import Presence, PresenceStep
from tafadi.model.reply import Answer, AnswerCode, Distributed, Match, Readback, Refusal, RefusalCode
from tafadi.model.sealed import Sealed, SealedKind, WrappedKey
from tafadi.model.site import Site, SiteCategory, SiteStep
from tafadi.model.volume import Circle
from world import HOME, MARKS, START, World, make_agreement, operation

PARTIES = ("alpha", "bravo", "charlie")
CONVOY = Movement((HOME, MARKS[0].position), 500.0, (Span(START.plus(-3_600.0), START),))
LEAF = "0" * 64
Placed = tuple[Key, Examined]
_RICH = (EntryType.OPERATION, EntryType.MOVEMENT, EntryType.STOP, EntryType.DISTRESS, EntryType.SITE, EntryType.PRESENCE)

CASES = (
    EntryType.AGREEMENT,
    EntryType.INCIDENT,
    EntryType.CLAIM,
    EntryType.CONFERENCE,
    EntryType.MINUTES,
    EntryType.ACTION,
    EntryType.CALL,
)
HOUR = Span(START, START.plus(3_600.0))
DRAFT = Minutes(MinutesStep.DRAFTED, (MinutesItem(1, "all of it"),))
OTHERWISE = Conference(ConferenceStep.AMENDED, ConferenceKind.EXTRAORDINARY, HOUR)
OPENINGS: list[tuple[EntryType, Body]] = [
    (EntryType.OPERATION, NoticeBody(NoticeStep.NEW, operation())),
    (EntryType.AGREEMENT, AgreementBody(step=AgreementStep.SUSPENDED, scope=Scope())),
    (EntryType.AGREEMENT, AgreementBody(step=AgreementStep.SUSPENDED, scope=Scope((EntryType.AREA,)))),
    (EntryType.INCIDENT, Incident(IncidentStep.OPEN, "as we saw it", HOUR)),
    (EntryType.CLAIM, Claim(ClaimStep.MADE, Citation("article 7"))),
    (EntryType.CONFERENCE, Conference(ConferenceStep.PROPOSED, ConferenceKind.REGULAR, HOUR)),
    (EntryType.ACTION, Action(ActionStep.GIVEN, "publish it", "bravo", "supervisor", START)),
    (EntryType.CALL, Call(CallStep.OFFERED, "v=0")),
]
LATER_STEPS: list[tuple[EntryType, Body]] = [
    (EntryType.AGREEMENT, AgreementBody(step=AgreementStep.RESUMED)),
    (EntryType.AGREEMENT, AgreementBody(step=AgreementStep.ENDED)),
    *((EntryType.INCIDENT, Incident(step, "so it was")) for step in IncidentStep if step is not IncidentStep.OPEN),
    *((EntryType.CLAIM, Claim(step)) for step in ClaimStep if step is not ClaimStep.MADE),
    *((EntryType.CONFERENCE, Conference(step)) for step in (ConferenceStep.DECLINED, ConferenceStep.CANCELLED)),
    *((EntryType.CONFERENCE, Conference(step)) for step in (ConferenceStep.AGREED, ConferenceStep.HELD) for _ in range(4)),
    (EntryType.CONFERENCE, Conference(ConferenceStep.HELD, absent=("charlie",))),
    (EntryType.CONFERENCE, OTHERWISE),
    (EntryType.CONFERENCE, Conference(ConferenceStep.PAPERS, papers=Papers((Pin("alpha", 1, 1, LEAF),), LEAF))),
    *((EntryType.MINUTES, DRAFT) for _ in range(4)),
    *((EntryType.MINUTES, Minutes(MinutesStep.SIGNED)) for _ in range(4)),
    (EntryType.MINUTES, Minutes(MinutesStep.AMENDED, (MinutesItem(1, "otherwise"),))),
    (EntryType.MINUTES, Minutes(MinutesStep.REFUSED, annex=(Disagreement("no"),))),
    *((EntryType.ACTION, Action(step)) for step in ActionStep if step is not ActionStep.GIVEN),
    (EntryType.ACTION, Action(ActionStep.REOPENED, due=START.plus(60.0))),
    *((EntryType.CALL, Call(step)) for step in (CallStep.DECLINED, CallStep.ENDED)),
    (EntryType.CALL, Call(CallStep.ANSWERED, "v=0")),
    (EntryType.CALL, Call(CallStep.CANDIDATES, candidates=("host",))),
    (EntryType.LAPSE, Lapse(LapseKind.OVERDUE, START, ("bravo",))),
]


def _opens(body: Body) -> bool:
    """Whether other entries take this one further."""
    return body == DRAFT or any(body == opening for _, opening in OPENINGS)


class WithCards(World):
    """A world with two later cards that parties can say they go by."""

    cards: tuple[bytes, ...] = ()


class Talk:
    """Makes entries of all types that refer to each other by chance, in an order that their levels give."""

    def __init__(self, world: WithCards, seed: int, *, only_cases: bool = False) -> None:
        self.rng = random.Random(seed)
        self.anything = self._case if only_cases else self._anything
        self.opened: dict[EntryType, list[EntryId]] = {}
        self.world = world
        self.template: Message = decode_message(world["alpha"].payload(EntryType.ATTEMPT, Attempt("radio", 1, False)))
        self.sizes = dict.fromkeys(PARTIES, 0)
        self.levels = dict.fromkeys(PARTIES, 0)
        self.told: list[EntryId] = []

    def entry(self) -> Placed:
        """The next entry of some party; the first of each is the agreement."""
        party = self.rng.choice(PARTIES)
        type, body = self._signature() if self.sizes[party] == 0 else self.anything()
        self.levels[party] += self.rng.randint(1, 6)
        key = self.levels[party], party, self.sizes[party]
        entry = EntryId(party, 1, self.sizes[party])
        refs = tuple(Ref(self.rng.choice(self.told), LEAF) for _ in range(self.rng.randint(0, 2))) if self.told else ()
        about = self.opened.get(EntryType.CONFERENCE if body == DRAFT else type, [])
        if type in CASES and about and (body == DRAFT or not _opens(body)) and self.rng.random() < 0.95:
            refs = (Ref(self.rng.choice(about[-2:]), LEAF),)
        if type in CASES and (_opens(body) or body == OTHERWISE):
            self.opened.setdefault(type, []).append(entry)
        others = tuple(other for other in PARTIES if other != party)
        message = replace(self.template, sender=party, recipients=others, index=entry.index, type=type, body=body, refs=refs)
        if isinstance(body, AgreementBody) and self.rng.random() < 0.8:
            message = replace(message, operator=Operator("supervisor", message.operator.key))
        self.sizes[party] += 1
        self.told += [entry] * (3 if type in _RICH else 1)
        return key, Examined(entry, LEAF, message, None)

    def _signature(self) -> tuple[EntryType, Body]:
        document = self.world.pact.document
        return EntryType.AGREEMENT, AgreementBody(document.decode(), digest_of(document))

    def _case(self) -> tuple[EntryType, Body]:
        """A step of a case or of the agreement; few cases and many steps, so that they come to their ends."""
        if self.rng.random() < 0.12:
            return self.rng.choice(OPENINGS)
        return self.rng.choice(LATER_STEPS)

    def _anything(self) -> tuple[EntryType, Body]:
        choose = self.rng.choice
        subjects = choose((("sky/1", "sky/2"), ("sky/3", "sky/4")))
        named = situation_id(AlertKind.TRACKS, Mode.EXERCISE, choose((subjects, ("sky/3", "sky/4"))), choose((1, 2, 3)))
        step = choose(list(NoticeStep))
        found: list[tuple[EntryType, Body]] = [
            (EntryType.OPERATION, NoticeBody(step, operation() if step in (NoticeStep.NEW, NoticeStep.AMEND) else None)),
            (EntryType.READBACK, Readback(choose(list(Match)), (), 1, "1000 m", "1600 m", Span(START, START.plus(60.0)))),
            (EntryType.ANSWER, Answer(choose(list(AnswerCode)))),
            (EntryType.DISTRIBUTED, Distributed((choose(("staff", "crew")),))),
            (EntryType.REFUSAL, Refusal(choose((RefusalCode.WRONG_STATE, RefusalCode.READBACK_DIFFERS)))),
            (EntryType.STOP, Stop(choose(list(StopStep)), ("sky/1",))),
            (EntryType.SITE, Site(SiteStep.NEW, SiteCategory.CAMP, HOME, Circle(HOME, 100.0))),
            (EntryType.SITE, Site(choose((SiteStep.VERIFIED, SiteStep.STALE, SiteStep.WITHDRAWN)))),
            (EntryType.MOVEMENT, MovementBody(step, CONVOY if step in (NoticeStep.NEW, NoticeStep.AMEND) else None)),
            (EntryType.PRESENCE, Presence(PresenceStep.NEW, Circle(HOME, 100.0), START.plus(-60.0), START)),
            (EntryType.PRESENCE, Presence(PresenceStep.WITHDRAWN)),
            (EntryType.DISTRESS, Distress(choose(list(DistressStep)), ("sky/1",))),
            (EntryType.ALERT, AlertBody(choose(list(AlertStep)), named, AlertKind.TRACKS, subjects)),
            (EntryType.ALERT, AlertBody(AlertStep.RAISED, named, AlertKind.TRACKS, subjects)),
            (EntryType.LINE_CHECK, LineCheck(choose(list(CheckStep)), "nonce", START, (Language.EN,))),
            (EntryType.ATTEMPT, Attempt("radio", 1 + self.sizes["alpha"], False)),
            (EntryType.KEY, KeyBody(self.world.cards[choose((0, 1))])),
            (EntryType.SEALED, Sealed(SealedKind.TEXT, bytes(272), LEAF, tuple(WrappedKey(party, 1, bytes(80)) for party in PARTIES))),
            (EntryType.ROSTER, Roster(())),
            (EntryType.LAPSE, Lapse(choose(list(LapseKind)), START, ("bravo",), choose((0, 1)))),
            self._case(),
            (EntryType.INCIDENT, Incident(choose(list(IncidentStep)), "as we saw it", Span(START, START.plus(60.0)))),
        ]
        return choose(found)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> WithCards:
    """Three parties; none of them says anything here, they lend their keys."""
    made = WithCards(tmp_path_factory.mktemp("matters"), agreement=make_agreement(PARTIES))
    made.cards = tuple(made[party].renew(keep=False) for party in ("alpha", "bravo"))
    return made


def _arrivals(rng: random.Random, entries: list[Placed]) -> list[Placed]:
    """The entries in another order, each party's own in its order."""
    left = {party: [placed for placed in entries if placed[1].id.party == party] for party in PARTIES}
    order: list[Placed] = []
    while any(left.values()):
        order.append(left[rng.choice([party for party in PARTIES if left[party]])].pop(0))
    return order


def _told(entries: list[Placed], waiting: list[Examined], rng: random.Random) -> Matters:
    """Matters that got `entries` in their places and have `waiting` wait; some waited before, and now and then somebody looked."""
    kept = Matters(PARTIES)
    for party in rng.sample(PARTIES, rng.randint(0, 2)):
        for _, examined in entries:
            if examined.id.party == party:
                kept.wait(examined)
    for key, examined in _arrivals(rng, entries):
        kept.place(key, examined)
        if rng.random() < 0.2:
            kept.picture.digest()
    for examined in waiting:
        kept.wait(examined)
    return kept


@given(seed=st.integers(0, 10**9), count=st.integers(1, 60))
def test_rule_10_in_whatever_order_entries_come_the_picture_is_that_of_the_one_order(world: WithCards, seed: int, count: int) -> None:
    talk = Talk(world, seed)
    entries = sorted((talk.entry() for _ in range(count)), key=lambda placed: placed[0])
    kept = _told(entries, [], random.Random(seed))
    picture, refusals = picture_of(entries, len(PARTIES))
    assert kept.picture.digest() == picture.digest()
    assert kept.picture.episodes == picture.episodes
    assert kept.picture.revision_of == picture.revision_of
    assert {examined.id: kept.refusal(examined.id) for _, examined in entries} == refusals


@given(seed=st.integers(0, 10**9), count=st.integers(20, 90))
def test_cases_come_to_the_picture_of_the_one_order_too(world: WithCards, seed: int, count: int) -> None:
    talk = Talk(world, seed, only_cases=True)
    entries = sorted((talk.entry() for _ in range(count)), key=lambda placed: placed[0])
    kept = _told(entries, [], random.Random(seed))
    picture, refusals = picture_of(entries, len(PARTIES))
    assert kept.picture.to_json() == picture.to_json()
    assert kept.picture.force.state(in_force=True) == picture.force.state(in_force=True)
    assert {examined.id: kept.refusal(examined.id) for _, examined in entries} == refusals


@given(seed=st.integers(0, 10**9), count=st.integers(2, 60))
def test_who_holds_the_same_and_waits_for_the_same_shows_the_same(world: WithCards, seed: int, count: int) -> None:
    talk, rng = Talk(world, seed), random.Random(seed)
    entries = [talk.entry() for _ in range(count)]
    placed = {party: rng.randint(0, talk.sizes[party]) for party in PARTIES}
    here = [(key, examined) for key, examined in entries if examined.id.index < placed[examined.id.party]]
    waiting = [(key, examined) for key, examined in entries if examined.id.index >= placed[examined.id.party]]
    pictures = [_told(here, [one for _, one in _arrivals(rng, waiting)], random.Random(again)).picture for again in (seed, seed + 1)]
    assert pictures[0].digest() == pictures[1].digest()


class CountedFold:
    """Counts what is folded."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folded = 0
        monkeypatch.setattr(matters, "fold", self)

    def __call__(self, picture: Picture, examined: Examined, parties: int) -> Refusal | None:
        self.folded += 1
        return fold(picture, examined, parties)


def _attempt(world: WithCards, party: str, index: int) -> Examined:
    message = decode_message(world["alpha"].payload(EntryType.ATTEMPT, Attempt("radio", 1, False)))
    return Examined(EntryId(party, 1, index), LEAF, replace(message, sender=party, index=index), None)


def test_an_entry_that_comes_late_and_one_that_waits_cost_one_fold_each_whatever_is_there(
    world: WithCards, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, counted = Matters(PARTIES), CountedFold(monkeypatch)
    for index in range(2_000):
        kept.place((index + 100, "alpha", index), _attempt(world, "alpha", index))
        kept.wait(_attempt(world, "bravo", index))
    assert counted.folded == 4_000
    kept.place((1, "charlie", 0), _attempt(world, "charlie", 0))
    kept.wait(_attempt(world, "bravo", 2_000))
    kept.place((9_000, "alpha", 2_000), _attempt(world, "alpha", 2_000))
    assert len(kept.picture.attempts) == 4_003
    assert counted.folded == 4_003


def test_a_thousand_late_entries_about_one_thing_are_one_fold_when_somebody_looks(
    world: WithCards, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, counted = Matters(PARTIES), CountedFold(monkeypatch)
    stop = replace(decode_message(world["alpha"].payload(EntryType.STOP, Stop(StopStep.RAISED, ("sky/1",)))), sender="alpha")
    kept.place((1, "alpha", 0), Examined(EntryId("alpha", 1, 0), LEAF, stop, None))
    heard = replace(stop, body=Stop(StopStep.HEARD), refs=(Ref(EntryId("alpha", 1, 0), LEAF),))
    kept.place((5_000, "charlie", 0), Examined(EntryId("charlie", 1, 0), LEAF, replace(heard, sender="charlie"), None))
    before = counted.folded
    for index in range(1_000):
        kept.place((index + 2, "bravo", index), Examined(EntryId("bravo", 1, index), LEAF, replace(heard, sender="bravo"), None))
    assert counted.folded == before
    kept.picture.digest()
    kept.picture.digest()
    assert counted.folded - before == 1_002
