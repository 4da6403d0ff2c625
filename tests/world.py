"""A small world: parties with real keys and real SQLite journals, one clock, and a post that loses, doubles, reorders and is cut.

Nothing here is a stand-in for the desk: what is said, pushed, stored, cosigned and judged is the product's own code. Only the clock and
the post are made. Everything that looks like chance comes from one seed.
"""

import copy
import hashlib
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from tafadi.desk.desk import Desk
from tafadi.desk.door import answer as door_answer
from tafadi.desk.exchange import Answer, Ask, Line, Talk
from tafadi.desk.judge import judge_inbox
from tafadi.desk.listen import Cosigned, receive
from tafadi.desk.outgoing import held_by, next_push, take_receipt
from tafadi.desk.pact import Pact, SignedCard, pact_of
from tafadi.desk.ports import Change, Growth, Head, Identity, Journal
from tafadi.desk.pulse import beat, hear
from tafadi.desk.session import tell
from tafadi.desk.speak import Draft, say
from tafadi.desk.succession import begin_epoch, next_card, take_card
from tafadi.desk.upload import push_feeds
from tafadi.desk.vault import VaultInMemory
from tafadi.errors import EquivocationError, MissingError, PeerError, StoreError, TafadiError
from tafadi.formats.agreement import digest_of, write_document
from tafadi.formats.wire import Json, encode_message
from tafadi.measure.earth import Leg, Position, destination, leg
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant, Span
from tafadi.model.agreement import Agreement, AgreementBody, Landmark, Timing
from tafadi.model.entry import NODE_ROLE, EntryId, EntryType, Operator, Seen
from tafadi.model.message import Body, Message
from tafadi.model.names import Language, Mode, Precedence
from tafadi.model.operation import Kind, Minima, Notice, StatedPlace
from tafadi.model.reply import Refusal
from tafadi.model.volume import Circle, Volume4D
from tafadi.store.sqlite import SqliteJournal
from tafadi.store.tiles import tile_bytes
from tafadi.store.views import FoldedViews
from tafadi.trust.card import Card, open_card, sign_card
from tafadi.trust.checkpoint import Checkpoint, sign_checkpoint
from tafadi.trust.envelope import seal
from tafadi.trust.keys import SigningKey
from tafadi.trust.log import Frontier, leaf_hash
from tafadi.trust.push import Push, decode_push, encode_push
from tafadi.trust.sealed import hpke_public
from tafadi.web.problems import status_of

START = Instant.parse("2026-11-23T06:00:00Z")
HOME = Position(-37.5, 12.3)  # open water
OFFICER = "watch-officer"
ROLES = ("planner", "supervisor", OFFICER)
TIMING = Timing(lead_s=3_600, skew_max_s=5)
MARKS = (
    Landmark("north-light", destination(HOME, Leg(340.0, 60_000.0)).quantised()),
    Landmark("south-light", destination(HOME, Leg(200.0, 45_000.0)).quantised()),
)


@dataclass
class FakeClock:
    """Shows what it was set to."""

    at: Instant = START

    def now(self) -> Instant:
        """The instant it was set to."""
        return self.at

    def wait(self, duration_s: float) -> None:
        """Lets time pass."""
        self.at = self.at.plus(duration_s)


@dataclass(frozen=True)
class Keys:
    """A party's keys, grown from its name."""

    party: str
    identity: Identity
    card: bytes


def _seed(party: str, use: str) -> bytes:
    return hashlib.sha256(f"{party}/{use}".encode()).digest()


def _certificate(party: str) -> bytes:
    key = Ed25519PrivateKey.from_private_bytes(_seed(party, "tls"))
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, party)])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key()).serial_number(1)
    builder = builder.not_valid_before(datetime(2026, 1, 1, tzinfo=UTC)).not_valid_after(datetime(2027, 1, 1, tzinfo=UTC))
    return builder.sign(key, None).public_bytes(Encoding.DER)


@cache
def keys_of(party: str, epoch: int = 1, ends: tuple[Checkpoint, ...] = ()) -> Keys:
    """The keys and the card of `party` in that epoch."""
    again = "" if epoch == 1 else f"/{epoch}"
    root = SigningKey.from_seed(_seed(party, "root"))
    envelope, log, mirror = (SigningKey.from_seed(_seed(party, use + again)) for use in ("envelope", "log", "mirror"))
    operators = {role: SigningKey.from_seed(_seed(party, role)) for role in ROLES}
    card = Card(
        party=party,
        epoch=epoch,
        root=root.public,
        envelope=envelope.public,
        log=log.public,
        mirror=mirror.public,
        operators=tuple((role, operators[role].public) for role in sorted(operators)),
        hpke=hpke_public(_seed(party, "hpke" + again)),
        tls_certificate=_certificate(party),
        valid=Span(START.plus(-86_400.0), START.plus(60 * 86_400.0)),
        ends=ends,
    )
    private = _seed(party, "hpke" + again)
    return Keys(party, Identity(party, epoch, envelope, log, mirror, operators, private), sign_card(card, root))


def make_agreement(parties: tuple[str, ...] = ("alpha", "bravo"), modes: tuple[Mode, ...] = (Mode.EXERCISE,), text: str = "") -> Agreement:
    """An agreement between parties of this world."""
    cards = tuple(keys_of(party).card for party in parties)
    return Agreement("line", parties, cards, START.plus(-3_600.0), modes, Minima(1_852.0, 150.0), None, MARKS, TIMING, text)


def make_pact(agreement: Agreement) -> Pact:
    """The agreement as a node works with it."""
    return pact_of(write_document(agreement))


@dataclass
class Bell:
    """Remembers what it was told."""

    alarms: list[str] = field(default_factory=list)
    added: int = 0

    def entries_added(self, pact: Pact) -> None:
        """Counted."""
        self.added += 1

    def alarm(self, pact: Pact, sentence: str, entry: EntryId | None) -> None:
        """Kept."""
        self.alarms.append(sentence)


Wrap = Callable[[Journal], Journal]


class Station:
    """One party's desk over a journal file; it can die at any time and be opened again."""

    def __init__(self, party: str, pact: Pact, path: Path, clock: FakeClock) -> None:
        self.party, self.pact, self.path, self.clock = party, pact, path, clock
        self.identity = keys_of(party).identity
        self.bell = Bell()
        self.vault = VaultInMemory()
        self.open()

    def open(self, wrap: Wrap = lambda journal: journal) -> None:
        """Opens the journal; the picture is folded from it anew."""
        self.sqlite = SqliteJournal(self.path)
        self.sqlite._db.execute("PRAGMA synchronous = OFF")  # the disk is not what these worlds test
        journal = wrap(self.sqlite)
        self.desk = Desk(self.identity, self.pact, journal, FoldedViews(journal, self.pact), self.clock, self.bell, vault=self.vault)

    def renew(self, end: int | None = None, keep: bool = True) -> bytes:
        """Goes on in the next epoch, whose card lets `end` entries of the feed before stand (all that are here, if not said).

        Without `keep` the card is made and nothing is done with it.
        """
        hashes = self.desk.journal.leaf_hashes(self.desk.origin)
        end = len(hashes) if end is None else end
        last = Checkpoint(self.desk.origin, end, Frontier().extend(hashes[:end]).root())
        keys = keys_of(self.party, self.identity.epoch + 1, (last,) if end else ())
        if keep:
            self.identity = keys.identity
            self.pact.append(SignedCard(open_card(keys.card), keys.card))
            self.crash()
            begin_epoch(self.desk)
        return keys.card

    def crash(self, wrap: Wrap = lambda journal: journal) -> None:
        """Everything in memory is gone; what was committed is there again."""
        self.sqlite.close()
        self.open(wrap)

    @property
    def size(self) -> int:
        """How many entries its own feed has."""
        return self.desk.journal.head(self.desk.origin).frontier.size

    def take_card(self, data: bytes) -> None:
        """Goes by another party's new card, as a node does."""
        signed = next_card(self.pact, self.party, data)
        if signed is not None:
            take_card(self.desk, signed)

    def sign(self) -> None:
        """Says entry 0."""
        body = AgreementBody(self.pact.document.decode(), digest_of(self.pact.document))
        say(self.desk, Draft(EntryType.AGREEMENT, body, self.pact.agreement.modes[0]))

    def tell(self, *leaves: bytes) -> None:
        """Puts these exact bytes into its own feed, whatever they are, under a true checkpoint: what a liar does."""
        head = self.desk.journal.head(self.desk.origin)
        hashes = tuple(leaf_hash(leaf) for leaf in leaves)
        frontier = head.frontier.extend(hashes)
        note = sign_checkpoint(Checkpoint(self.desk.origin, frontier.size, frontier.root()), self.identity.log)
        self.desk.journal.commit(Change(growths=(Growth(self.desk.origin, head.frontier.size, leaves, hashes, Head(frontier, note)),)))
        self.desk.views.catch_up()

    def payload(self, type: EntryType, body: Body, **heading: object) -> dict[str, Json]:
        """The payload that an honest node would say next, with other values in the heading where given."""
        known: dict[str, object] = {
            "mode": self.pact.agreement.modes[0],
            "precedence": Precedence.ROUTINE,
            "sent_at": self.clock.now(),
            "operator": Operator(NODE_ROLE, self.identity.envelope.public.id),
            "lang": Language.EN,
            "recipients": self.pact.others(self.party),
            "index": self.size,
        }
        place = {"origin": self.desk.origin, "agreement": self.pact.id, "sender": self.party, "type": type, "body": body}
        return encode_message(Message(**{**known, **place, **heading}))  # type: ignore[arg-type]

    def sealed(self, payload: dict[str, Json], *signers: SigningKey) -> bytes:
        """The payload as a leaf, by default under this node's own envelope key."""
        return seal(payload, *(signers or (self.identity.envelope,)))

    def push_of(self, start: int, end: int) -> bytes:
        """The push of its own entries [start, end), signed for that size."""
        leaves = tuple(self.desk.journal.leaves(self.desk.origin, start, end))
        frontier = Frontier().extend(self.desk.journal.leaf_hashes(self.desk.origin)[:end])
        note = sign_checkpoint(Checkpoint(self.desk.origin, end, frontier.root()), self.identity.log)
        return encode_push(Push(self.desk.origin, start, leaves, note))

    def seen(self, other: "Station", size: int, root: bytes | None = None) -> Seen:
        """The claim to have read `size` entries of the other's feed."""
        hashes = other.desk.journal.leaf_hashes(other.desk.origin)[:size]
        return Seen(other.party, 1, size, (root or Frontier().extend(hashes).root()).hex())


def refusals_by(station: Station, receiver: str, entry: EntryId) -> Refusal | None:
    """What `station`'s picture shows of the receiver's refusal of the entry."""
    return station.desk.picture.refusals.get(entry, {}).get(receiver)


def spoken(payload: dict[str, Json], *path: str | int, **members: Json) -> dict[str, Json]:
    """A copy of the payload in which the object at `path` has other members; None takes a member out."""
    changed = copy.deepcopy(payload)
    at: Json = changed
    for step in path:
        at = at[step]  # type: ignore[index]
    assert isinstance(at, dict)
    for name, value in members.items():
        if value is None:
            at.pop(name, None)
        else:
            at[name] = value
    return changed


@dataclass
class Letter:
    """Bytes under way: a push, or what answered it."""

    sender: str
    receiver: str
    data: bytes = b""
    answer: tuple[int, str] | None = None  # (size, receipt line); an empty line is a 409


@dataclass(frozen=True)
class StationHouse:
    """A station as its door knows it."""

    station: Station

    @property
    def desks(self) -> dict[str, Desk]:
        """Its only desk, by its agreement."""
        return {self.station.pact.id: self.station.desk}

    def take_card(self, desk: Desk, data: bytes) -> bool:
        """Goes by a new card; False when it is known already."""
        known = len(self.station.pact.later())
        self.station.take_card(data)
        return len(self.station.pact.later()) > known

    def tile(self, desk: Desk, origin: str, path: str) -> bytes:
        """What is served at `path` below a feed."""
        return tile_bytes(desk.journal, origin, path)


class World:
    """Stations under one agreement, and the post between them."""

    def __init__(self, folder: Path, *, agreement: Agreement | None = None, seed: int = 0) -> None:
        agreement = agreement or make_agreement()
        self.pact = make_pact(agreement)
        self.clock = FakeClock()
        self.rng = random.Random(seed)
        self.stations = {party: Station(party, make_pact(agreement), folder / f"{party}.db", self.clock) for party in agreement.parties}
        self.letters: list[Letter] = []
        self.cut: set[frozenset[str]] = set()
        self.believed: dict[tuple[str, str], int] = {}

    def __getitem__(self, party: str) -> Station:
        return self.stations[party]

    def desk(self, party: str) -> Desk:
        """The desk of that party."""
        return self.stations[party].desk

    def close(self) -> None:
        """Lets go of the files."""
        for station in self.stations.values():
            station.sqlite.close()

    def pairs(self) -> Iterator[tuple[Station, Station]]:
        """Every station with every other, in both directions, where no cut lies between."""
        for one in self.stations.values():
            for other in self.stations.values():
                if one is not other and frozenset((one.party, other.party)) not in self.cut:
                    yield one, other

    def sign(self) -> None:
        """All sign, and all have read it."""
        for station in self.stations.values():
            station.sign()
        self.settle()

    def judge(self) -> None:
        """Every node judges what it can."""
        for station in self.stations.values():
            judge_inbox(station.desk)

    # The post as it should be

    def settle(self) -> None:
        """A reliable post until nobody has anything to say: every uncut pair holds all, with receipts, and has judged it."""
        self.letters.clear()
        while True:
            self.judge()
            if sum(self._bring(one, other) for one, other in self.pairs()) == 0:
                return

    def _bring(self, one: Station, other: Station) -> bool:
        """Whether there was anything to bring: the talk of `tafadi.desk.session` but for its heartbeats, with nothing lost."""
        for knows, learns in ((one, other), (other, one)):
            self._brought(tell(Line(knows.desk, learns.party)), knows, learns)
        return self._brought(push_feeds(Line(one.desk, other.party)), one, other)

    def _brought(self, talk: Talk[None], one: Station, other: Station) -> bool:
        """Performs the talk to its end; whether any entries went over."""
        answer, entries = None, False
        try:
            while True:
                step = talk.send(answer)
                answer = None
                if isinstance(step, Ask):
                    answer = self._bring_ask(one, other, step)
                    entries = entries or step.path in ("/push", "/add-entries")
        except StopIteration:
            return entries

    def _bring_ask(self, one: Station, other: Station, ask: Ask) -> Answer:
        """What the other's door answers, as HTTP would carry it. A failure of its record, and the proof of a fork, reach the test."""
        try:
            reply = door_answer(StationHouse(other), lambda desk: one.party, ask.method, ask.path, ask.body)
        except TafadiError as error:
            if isinstance(error, EquivocationError | StoreError) and not isinstance(error, MissingError):
                raise
            return Answer(status_of(error), json.dumps({"detail": str(error)}).encode())
        return Answer(reply.status, reply.body)

    def beat(self, sender: str, receiver: str) -> None:
        """One heartbeat is heard."""
        hear(self.desk(receiver), sender, beat(self.desk(sender)))

    # The post as it is

    def post(self, sender: str, receiver: str) -> None:
        """Sends a push of what the sender believes is missing."""
        station = self[sender]
        held = self.believed.get((sender, receiver), held_by(station.desk, receiver))
        push = next_push(station.desk, held)
        if push is not None:
            self.letters.append(Letter(sender, receiver, encode_push(push)))

    def deliver(self, letter: Letter) -> None:
        """The letter arrives; its answer is another letter."""
        if frozenset((letter.sender, letter.receiver)) in self.cut:
            return
        desk = self.desk(letter.receiver)
        if letter.answer is not None:
            size, line = letter.answer
            self.believed[letter.receiver, letter.sender] = size
            if line:
                take_receipt(desk, letter.sender, size, line)
            return
        try:
            outcome = receive(desk, letter.data)
        except (PeerError, StoreError):
            return
        size = _size_after(letter.data) if isinstance(outcome, Cosigned) else outcome.size
        line = outcome.line if isinstance(outcome, Cosigned) else ""
        self.letters.append(Letter(letter.receiver, letter.sender, answer=(size, line)))

    def stir(self) -> None:
        """One thing happens in the post, by chance: sent, delivered out of order, lost, or delivered and kept for another time."""
        sender, receiver = self.rng.sample(sorted(self.stations), 2)
        if not self.letters or self.rng.random() < 0.4:
            self.post(sender, receiver)
            return
        letter = self.letters[self.rng.randrange(len(self.letters))]
        chance = self.rng.random()
        if chance > 0.15:
            self.deliver(letter)
        if chance < 0.8:
            self.letters.remove(letter)


def _size_after(data: bytes) -> int:
    push = decode_push(data)
    return push.old_size + len(push.entries)


def volume(
    east_m: float = 0.0, north_m: float = 0.0, radius_m: float = 5_000.0, *, datum: Datum = Datum.GEOID, start_s: float = 7_200.0
) -> Volume4D:
    """A circle near HOME, 1,000 to 1,600 m, from `start_s` after START for an hour."""
    centre = destination(destination(HOME, Leg(90.0, east_m)), Leg(0.0, north_m)).quantised()
    span = Span(START.plus(start_s), START.plus(start_s + 3_600.0))
    return Volume4D(Circle(centre, radius_m), Height(1_000.0, datum), Height(1_600.0, datum), span)


def operation(*volumes: Volume4D, stated: tuple[StatedPlace, ...] = ()) -> Notice:
    """An announced operation; without volumes, the one at HOME."""
    return Notice(Kind.OPERATION, volumes or (volume(),), title="survey", stated=stated)


def said_truly(place: Position, mark: Landmark = MARKS[0]) -> StatedPlace:
    """The place in words, as one would say it."""
    along = leg(mark.position, place)
    return StatedPlace(mark.name, round(along.bearing_deg, 1) % 360.0, round(along.distance_m, -2))
