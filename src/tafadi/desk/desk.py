"""The desk itself: one party's place at one agreement, with everything its verbs need as arguments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tafadi.desk.alone import Alone
from tafadi.desk.examine import Examined
from tafadi.desk.inbox import Inbox
from tafadi.desk.intake import Intake
from tafadi.desk.pact import Pact
from tafadi.desk.picture import Picture
from tafadi.desk.ports import Bell, Express, Identity, Journal
from tafadi.desk.standing import Standing
from tafadi.desk.vault import Vault, VaultInMemory
from tafadi.errors import MissingError, RefusedError
from tafadi.formats.wire import Json
from tafadi.measure.instant import Clock
from tafadi.model.entry import EntryId, Ref
from tafadi.model.judgement import Judgement
from tafadi.model.reply import Refusal


class Views(Protocol):
    """The picture of one agreement, kept up with the journal; disposable, and equal when rebuilt."""

    @property
    def picture(self) -> Picture:
        """What all entries together say."""
        ...

    def catch_up(self, own: Mapping[str, dict[str, Json]] | None = None) -> None:
        """Takes in whatever the journal holds and the picture does not.

        `own` are the payloads, by the hash of their leaves (hexadecimal), that this process has just sealed with the keys of its card.
        """
        ...

    def read_anew(self) -> None:
        """Forgets everything and reads the journal again, of which a group of changes was taken back."""
        ...

    def start_over(self) -> None:
        """Folds everything anew, after a card has ended a feed."""
        ...

    @property
    def read(self) -> int:
        """How many entries of all feeds have been read."""
        ...

    def roused(self, start: int) -> Sequence[EntryId]:
        """What is to be looked at now, but for the first `start`: each stop as it is read, and what had waited and has its place now."""
        ...

    def holds(self, entry: EntryId) -> bool:
        """Whether the entry has its place in the picture: it is here, and so is all that it has seen."""
        ...

    def saw_truly(self, entry: EntryId) -> bool:
        """Whether every root that the entry says it has seen is the root of that feed here."""
        ...

    def size(self, origin: str) -> int:
        """How many entries of that feed the picture has taken in."""
        ...

    def root(self, origin: str, size: int) -> bytes | None:
        """The root of the first `size` entries of that feed, as far as they have their place here; None beyond that, and for 0."""
        ...

    def examined(self, entry: EntryId) -> Examined:
        """One entry, examined. Raises MissingError."""
        ...

    def refusal(self, entry: EntryId) -> Refusal | None:
        """Why the entry takes no effect; None when it does."""
        ...

    def seen_by(self, party: str) -> dict[tuple[str, int], int]:
        """Up to which size of each other feed, by party and epoch, that party's entries say it has read."""
        ...


@dataclass(frozen=True, slots=True)
class Desk:
    """One party's place at one agreement.

    `inbox` is what the judge knows of what is to be judged; `standing` the notices that stand, as the engine looks them up; `judgements`
    what it found of pairs of revisions; `clocks_off` whose clocks are known to differ; `alone` what is known of entries that travel alone;
    `intake` what each party has brought; `vault` the keys to what was sealed.
    """

    identity: Identity
    pact: Pact
    journal: Journal
    views: Views
    clock: Clock
    bell: Bell
    inbox: Inbox = field(default_factory=Inbox)
    standing: Standing = field(default_factory=Standing)
    judgements: dict[tuple[str, str], Judgement] = field(default_factory=dict)
    clocks_off: set[str] = field(default_factory=set)
    vault: Vault = field(default_factory=VaultInMemory)
    alone: Alone = field(default_factory=Alone)
    intake: Intake = field(default_factory=Intake)

    @property
    def party(self) -> str:
        """Whose desk this is."""
        return self.identity.party

    @property
    def origin(self) -> str:
        """The origin of this party's own feed."""
        return self.pact.origin(self.party)

    @property
    def picture(self) -> Picture:
        """What all entries together say."""
        return self.views.picture

    @property
    def in_force(self) -> bool:
        """Whether every party has signed the same document."""
        signed = self.picture.signed
        return len(signed) == len(self.pact.agreement.parties) and len(set(signed.values())) == 1

    def require_force(self) -> None:
        """Raises RefusedError while not every party has signed. Nothing but the agreement itself is said before."""
        if not self.in_force:
            missing = ", ".join(party for party in self.pact.agreement.parties if party not in self.picture.signed)
            raise RefusedError(f"agreement {self.pact.id} is not in force: not yet signed here by {missing or 'anybody'}")

    def ref(self, entry: EntryId) -> Ref:
        """A reference to an entry that this node holds. Raises MissingError."""
        return Ref(entry, self.views.examined(entry).leaf)

    def find(self, text: str) -> EntryId:
        """The entry written as `party/epoch/index`, if this node holds it. Raises InputError, MissingError."""
        entry = EntryId.parse(text)
        if entry.party not in self.pact.cards:
            raise MissingError(f"{entry.party} is no party of {self.pact.id}")
        return entry if self.alone_here(entry) is not None else self.views.examined(entry).id

    def alone_here(self, entry: EntryId) -> Express | None:
        """What came alone at that place, while its feed has not come so far; None where nothing did."""
        origin = self.pact.feed_of(entry)
        size = self.journal.head(origin).frontier.size
        return next((one for one in self.journal.express(origin) if one.index == entry.index >= size), None)
