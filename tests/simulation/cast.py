"""The cast: parties with real keys, folders and disks that exist only in memory, clocks that may be wrong, and the agreements they sign."""

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from tafadi.desk.ports import Change, Identity
from tafadi.errors import StoreError
from tafadi.formats.agreement import agreement_id, write_document
from tafadi.measure.instant import Instant
from tafadi.model.agreement import Agreement, Rung, Timing
from tafadi.store.folder import Folder
from tafadi.store.memory import Failing, MemoryJournal
from tafadi.store.settings import Settings
from tafadi.trust.card import open_card
from tafadi.trust.checkpoint import Checkpoint
from world import START, keys_of, make_agreement

NAMES = ("alpha", "bravo", "charlie", "delta", "echo")
CALM = Timing(lead_s=3_600, skew_max_s=5, wait_s=10)
# Every clock of an agreement runs out within two minutes, so that a short life has all of them.
QUICK = Timing(
    lead_s=3_600,
    skew_max_s=5,
    wait_s=10,
    ack_routine_s=40,
    ack_flash_s=20,
    stop_heard_s=15,
    stop_acted_s=30,
    readback_routine_s=20,
    readback_flash_s=10,
    renotify_routine_s=20,
    renotify_flash_s=10,
    check_late_s=15,
    check_missed_s=30,
    incident_reply_s=40,
    reverify_s=60,
)
LADDER = (Rung("supervisor", 10), Rung("planner", 15))
CHECK_AT_S = 6 * 3_600 + 60  # one minute after a world begins


@dataclass
class MachineClock:
    """What a machine's clock shows; `true_s` is how long the world has lasted. It may be off, drift, and be set."""

    true_s: Callable[[], float]
    off_s: float = 0.0
    rate: float = 1.0

    def now(self) -> Instant:
        """The instant that it shows."""
        return START.plus(self.off_s + self.elapsed_s())

    def elapsed_s(self) -> float:
        """Seconds that nobody sets."""
        return self.rate * self.true_s()


class Disk(MemoryJournal):
    """A journal that can die in the middle of a write: nothing is written after that, until the machine starts again."""

    def __init__(self) -> None:
        super().__init__()
        self.dies = False
        self.is_dead = False
        self.commits = 0
        self.sites: Counter[str] = Counter()  # which function of the desk has committed how often
        self.site, self.how = "", Failing.NOTHING_WRITTEN  # where the next commit is to fail, if anywhere, and how

    def commit(self, change: Change) -> None:
        """As any journal does; nothing on a dead disk."""
        if self.is_dead:
            raise StoreError("the machine is off")
        self.commits += 1
        site = _site()
        self.sites[site] += 1
        if site == self.site:
            self.site, self.fails = "", self.how
        failing = self.fails
        try:
            super().commit(change)
        except StoreError:
            self.is_dead = self.dies and failing is not None and self.fails is None
            raise

    def fail(self, how: Failing, *, dies: bool) -> None:
        """Has the next durable write fail, and perhaps the whole machine with it."""
        self.fails, self.dies = how, dies

    def fail_at(self, site: str, how: Failing, *, dies: bool) -> None:
        """Has the next commit of that function fail."""
        self.site, self.how, self.dies = site, how, dies

    def start(self) -> None:
        """Is there again, with what was durable."""
        self.is_dead, self.fails, self.dies = False, None, False
        self.crash()


def _site() -> str:
    """The function that commits, as `listen._grow`."""
    frame = sys._getframe(2)
    return f"{frame.f_globals['__name__'].removeprefix('tafadi.desk.')}.{frame.f_code.co_name}"


@dataclass
class Papers:
    """What a folder in memory holds."""

    settings: Settings
    documents: dict[str, bytes] = field(default_factory=dict)
    cards: dict[tuple[str, str, int], bytes] = field(default_factory=dict)
    ends: tuple[Checkpoint, ...] = ()
    assigned: dict[str, str] = field(default_factory=dict)
    fails: Failing | None = None

    def write(self, write: Callable[[], None]) -> None:
        """One file is written, or not, or nobody learns that it was."""
        failing, self.fails = self.fails, None
        if failing is not Failing.NOTHING_WRITTEN:
            write()
        if failing is not None:
            raise StoreError("the folder was not written")


@dataclass(frozen=True)
class MemoryFolder(Folder):
    """A node's folder without a disk: settings, documents and cards; the keys grow from the party's name."""

    papers: Papers

    @property
    def settings(self) -> Settings:
        """What node.json says."""
        return self.papers.settings

    def identity(self) -> Identity:
        """This party's signing keys."""
        return keys_of(self.papers.settings.party, self.papers.settings.epoch, self.papers.ends).identity

    @property
    def card(self) -> bytes:
        """This party's card of this epoch."""
        return keys_of(self.papers.settings.party, self.papers.settings.epoch, self.papers.ends).card

    def show_card(self) -> None:
        """Nothing: nobody looks for it here."""

    def agreements(self) -> dict[str, bytes]:
        """The documents of all agreements, by identity."""
        return dict(sorted(self.papers.documents.items()))

    def save_agreement(self, identity: str, document: bytes) -> None:
        """Keeps an agreement's document."""
        self.papers.write(lambda: self.papers.documents.update({identity: document}))

    def later_cards(self, agreement: str) -> list[bytes]:
        """The cards that came after the agreement."""
        return [card for (name, _, _), card in sorted(self.papers.cards.items()) if name == agreement]

    def save_later_card(self, agreement: str, party: str, epoch: int, card: bytes) -> None:
        """Keeps a card that came after the agreement."""
        self.papers.write(lambda: self.papers.cards.update({(agreement, party, epoch): card}))

    def assigned(self) -> dict[str, str]:
        """Which own notice each track flies."""
        return dict(self.papers.assigned)

    def save_assigned(self, assigned: dict[str, str]) -> None:
        """Keeps which own notice each track flies."""
        self.papers.write(lambda: self.papers.assigned.update(assigned))

    def copy(self) -> "MemoryFolder":
        """The same folder on another machine."""
        papers = self.papers
        kept = replace(papers, documents=dict(papers.documents), cards=dict(papers.cards), assigned=dict(papers.assigned))
        return MemoryFolder(self.path, kept)

    def begin_next(self, ends: tuple[Checkpoint, ...]) -> None:
        """Goes on in the next epoch, with a card that says where the feeds before it end."""
        papers = self.papers
        papers.ends, papers.settings = ends, replace(papers.settings, epoch=papers.settings.epoch + 1)
        for agreement in papers.documents:
            papers.cards[agreement, papers.settings.party, papers.settings.epoch] = self.card


def new_folder(party: str) -> MemoryFolder:
    """An empty folder of that party."""
    return MemoryFolder(Path("/nowhere") / party, Papers(Settings(party, "en")))


@cache
def certificate_of(party: str) -> bytes:
    """The certificate that the party's connections prove."""
    return open_card(keys_of(party).card).tls_certificate


@cache
def documents(parties: tuple[str, ...], *, quick: bool, second: bool) -> dict[str, bytes]:
    """The agreements of these parties, by identity: one between all; where there is a `second`, one more between the first two."""
    told = [_agreement(parties, quick=quick)]
    if second:
        told.append(replace(_agreement(parties[:2], quick=False), name="ridge"))
    written = [(agreement.name, write_document(agreement)) for agreement in told]
    return {agreement_id(name, document): document for name, document in written}


def _agreement(parties: tuple[str, ...], *, quick: bool) -> Agreement:
    agreement = make_agreement(parties)
    if quick:
        return replace(agreement, timing=QUICK, ladder=LADDER, check_times_utc_s=(CHECK_AT_S,))
    return replace(agreement, timing=CALM, check_times_utc_s=())
