"""The node: one party's desks, wired to its store, its clock and its alarms. The only wiring, and the only real clock.

Everything below takes what it needs as arguments; here they are chosen. The node itself does no waiting: `tafadi.web.serve` runs it.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import structlog

from tafadi.desk.announce import judged_pair
from tafadi.desk.desk import Desk
from tafadi.desk.judge import JUDGED_AT_ONCE, judge_inbox, pair_to_compute
from tafadi.desk.pact import Pact, pact_of
from tafadi.desk.speak import Draft, say
from tafadi.desk.standing import Position, Stock, opened, position_of, stock_of
from tafadi.desk.standing_copy import packed, unpacked
from tafadi.desk.succession import begin_epoch, next_card, record_cards, take_card
from tafadi.engine.standing_set import StandingSet
from tafadi.errors import DamagedError, InputError, MissingError, RefusedError, StoreError
from tafadi.formats.agreement import digest_of
from tafadi.formats.wire import Json
from tafadi.measure.instant import Clock, Instant
from tafadi.model.agreement import AgreementBody
from tafadi.model.entry import EntryId, EntryType
from tafadi.store.folder import Folder
from tafadi.store.identity import open_pact
from tafadi.store.journals import StoredJournal, open_journal
from tafadi.store.standing import read_copy, write_copy
from tafadi.store.vault import VaultInFolder
from tafadi.store.views import FoldedViews
from tafadi.trust.card import open_card
from tafadi.trust.checkpoint import origin_of

VITAL_WORDS: Final = ("STOP", "DISTRESS")  # begin the alarms of what lives hang on
ALARMS_KEPT: Final = 1_000  # of the running process; what must last is an entry
COPY_AGAIN: Final = 10  # a copy of what stands is written anew at the start where more than one in so many is not in it

log = structlog.get_logger()


class SystemClock:
    """The machine's own clock, in UTC."""

    def now(self) -> Instant:
        """The present instant."""
        return Instant(time.time_ns())


@dataclass(frozen=True, slots=True)
class ScenarioClock:
    """A clock that shows `start` when the machine shows `anchor`, and runs `rate` times as fast; for exercises and tests.

    Written `2026-03-01T06:00:00Z=2026-11-23T09:30:00Z*20`, so that two nodes, or one node after a restart, show the same time.
    """

    start: Instant
    anchor: Instant
    rate: float

    @classmethod
    def parse(cls, text: str) -> "ScenarioClock":
        """The clock written as START=ANCHOR*RATE. Raises InputError, TimeError."""
        start, _, rest = text.partition("=")
        anchor, star, rate = rest.partition("*")
        if not star or not rate.replace(".", "", 1).isdecimal() or not 0.0 < float(rate) <= 10_000.0:
            raise InputError(f"{text[:100]!r} is not a scenario clock like 2026-03-01T06:00:00Z=2026-11-23T09:30:00Z*20")
        return cls(Instant.parse(start.strip()), Instant.parse(anchor.strip()), float(rate))

    def now(self) -> Instant:
        """The scenario's present instant."""
        return self.start.plus(Instant(time.time_ns()).since(self.anchor) * self.rate)

    def __str__(self) -> str:
        return f"{self.start}={self.anchor}*{self.rate:g}"


@dataclass(frozen=True, slots=True)
class Alarm:
    """What the officers must see and hear: a sentence, the entry it is about, and when."""

    at: Instant
    agreement: str
    sentence: str
    entry: EntryId | None


@dataclass
class NodeBell:
    """Passes on what the desks ring: new entries to the links, alarms to whoever shows them."""

    clock: Clock
    stops: deque[Alarm] = field(default_factory=lambda: deque(maxlen=ALARMS_KEPT))
    others: deque[Alarm] = field(default_factory=lambda: deque(maxlen=ALARMS_KEPT))
    on_entries: Callable[[str], None] = lambda agreement: None
    on_alarm: Callable[[Alarm], None] = lambda alarm: None

    @property
    def alarms(self) -> list[Alarm]:
        """All alarms that are kept, oldest first. No flood of others ever pushes out a stop or distress."""
        return sorted((*self.stops, *self.others), key=lambda alarm: alarm.at)

    def entries_added(self, pact: Pact) -> None:
        """Own entries wait to be pushed."""
        self.on_entries(pact.id)

    def alarm(self, pact: Pact, sentence: str, entry: EntryId | None) -> None:
        """The officers must see and hear this now."""
        alarm = Alarm(self.clock.now(), pact.id, sentence, entry)
        (self.stops if sentence.startswith(VITAL_WORDS) else self.others).append(alarm)
        self.on_alarm(alarm)


class Node:
    """One party's node: a desk for each agreement, over one journal. Whoever makes one must hold the folder's lock."""

    def __init__(self, folder: Folder, clock: Clock, journal: StoredJournal | None = None) -> None:
        """The node of a folder, over its journal; `journal` is one that its caller has opened already."""
        self.folder = folder
        self.settings = folder.settings
        self.clock = clock
        self.bell = NodeBell(clock)
        self.identity = folder.identity()
        self.journal: StoredJournal = journal or open_journal(folder)
        self.desks: dict[str, Desk] = {}
        self.assigned = {track: EntryId.parse(entry) for track, entry in folder.assigned().items()}
        self.has_worker = False
        self.links: dict[str, Callable[[], Json]] = {}
        self.readiness: Callable[[], dict[str, Json]] | None = None  # what it is like while it runs
        folder.show_card()
        for document in folder.agreements().values():
            begin_epoch(self._seat(document))

    def close(self) -> None:
        """Lets go of the journal. What stands is kept for the next start, where the engine was at work on it."""
        try:
            for desk in self.desks.values() if self.has_worker else ():
                if desk.standing.is_open:
                    self._keep(desk, desk.standing.kept_up(desk.picture).notices, position_of(desk.pact, desk.views))
        finally:
            self.journal.close()

    def _seat(self, document: bytes) -> Desk:
        """A desk at the agreement. Raises FormatError, SignatureError, InputError when this node's own card is not in it."""
        pact = open_pact(self.folder, document)
        if self.identity.party not in pact.cards:
            raise InputError(f"agreement {pact.id} is between {', '.join(pact.cards)}; this node is {self.identity.party}")
        if pact.cards[self.identity.party].envelope != self.identity.envelope.public:
            raise InputError(f"agreement {pact.id} names other keys for {self.identity.party} than this node has")
        vault = VaultInFolder.of(self.folder.path, pact.id)
        desk = Desk(self.identity, pact, self.journal, FoldedViews(self.journal, pact), self.clock, self.bell, vault=vault)
        self.desks[pact.id] = desk
        return desk

    def sign(self, document: bytes) -> Desk:
        """Signs the agreement as entry 0 of this party's feed; signing it again changes nothing. Raises RefusedError on a lost record."""
        self._check_unsigned(pact_of(document).id)
        desk = self.desks.get(pact_of(document).id) or self._seat(document)  # a running node's links keep the desk that they have
        self.folder.save_agreement(desk.pact.id, document)
        if self.journal.head(desk.origin).frontier.size == 0:
            body = AgreementBody(document.decode("utf-8"), digest_of(document))
            say(desk, Draft(EntryType.AGREEMENT, body, desk.pact.agreement.modes[0]))
        judge_inbox(desk, at_once_only=self.has_worker)
        return desk

    def _check_unsigned(self, agreement: str) -> None:
        """Raises RefusedError where a card shows that this party has gone on after this epoch: its entry 0 was signed, and is lost here."""
        own, epoch = self.identity.party, self.identity.epoch
        if self.journal.head(origin_of(agreement, own, epoch)).frontier.size:
            return
        later = [card.epoch for card in map(open_card, self.folder.later_cards(agreement)) if card.party == own and card.epoch > epoch]
        if later:
            raise RefusedError(
                f"{own} has signed {agreement} before, and has a card for epoch {max(later)} under it, but this record holds nothing: "
                f"put agreements/{agreement}.json back, and `tafadi node restore`"
            )

    def take_card(self, desk: Desk, data: bytes) -> bool:
        """Goes by a party's new card from now on, once it is durable; False when it is known already. Raises as `next_card` does."""
        signed = next_card(desk.pact, desk.party, data)
        if signed is None:
            return False
        self.folder.save_later_card(desk.pact.id, signed.card.party, signed.card.epoch, data)
        take_card(desk, signed)
        return True

    def desk(self, agreement: str = "") -> Desk:
        """The desk at that agreement; without a name the only one. Raises MissingError."""
        if agreement in self.desks:
            return self.desks[agreement]
        named = [desk for name, desk in self.desks.items() if not agreement or desk.pact.agreement.name == agreement]
        if len(named) == 1:
            return named[0]
        known = ", ".join(self.desks) or "none"
        raise MissingError(f"name one agreement with --agreement; this node has {known}")

    def assign(self, track: str, entry: EntryId) -> None:
        """Says which own notice a track flies; kept in the folder, told to nobody."""
        self.assigned[track] = entry
        self.folder.save_assigned({name: str(notice) for name, notice in self.assigned.items()})

    def link_states(self) -> Json:
        """What is known of each line while the node runs: last heard, and its trouble in words."""
        return {name: state() for name, state in self.links.items()}

    def judge(self) -> int:
        """How many entries were judged of what waits in the inbox of any desk.

        While a worker runs, what needs the engine is left to it, and each desk judges JUDGED_AT_ONCE at most before others have a turn.
        """
        judged = 0
        for desk in self.desks.values():
            record_cards(desk)  # where a full disk had kept one from being recorded
            judged += judge_inbox(desk, at_once_only=self.has_worker, most=JUDGED_AT_ONCE if self.has_worker else None)
        return judged

    def work_ahead(self) -> Callable[[], object] | None:
        """The next computation of the engine, to be done beside the event loop; None when there is none.

        First a desk's standing set is opened; then come the pairs that an entry waits for.
        """
        for desk in self.desks.values():
            if not desk.standing.is_open:
                return partial(self._open_standing, desk, stock_of(desk.picture, desk.pact, desk.views))
            pair = pair_to_compute(desk)
            if pair is not None:
                return partial(judged_pair, desk, *pair)
        return None

    def _open_standing(self, desk: Desk, stock: Stock) -> None:
        """Opens the set of what stands: from the copy that was kept, as far as the record bears it out, or else from the record alone."""
        found, others = opened(stock, desk.pact.agreement.minima_announced, self._kept(desk))
        if COPY_AGAIN * others > len(found.held):
            self._keep(desk, found.notices, stock.position)
        desk.standing.begin(found)

    def _kept(self, desk: Desk) -> StandingSet | None:
        try:
            data = read_copy(self.folder.path, desk.pact.id)
            return None if data is None else unpacked(data, desk)
        except DamagedError as error:
            log.warning(
                "the copy of what stands is refused, and the set built anew from the journal", agreement=desk.pact.id, why=str(error)
            )
            return None

    def _keep(self, desk: Desk, notices: StandingSet, position: Position) -> None:
        """Writes the copy. One that cannot be written costs the next start some seconds, and nothing else."""
        try:
            write_copy(self.folder.path, desk.pact.id, packed(notices, position, desk))
        except StoreError as error:
            log.warning("what stands cannot be kept for the next start", agreement=desk.pact.id, why=str(error))
