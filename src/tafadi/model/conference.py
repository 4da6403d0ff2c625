"""Conferences: when the parties meet, about what, on which papers; the call itself; and the minutes that all of them sign.

Papers are computed at each node by itself, from the same entries: `pins` say up to where each feed is reviewed, and the digest of the
figures must be equal at all. The session of a call is said in entries, so that the keys of its media are those of the parties.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tafadi.errors import InputError
from tafadi.measure.instant import Span
from tafadi.model.agreement import MOST_PARTIES, MOST_PINS, Pin
from tafadi.model.casework import check_entries
from tafadi.model.entry import Ref, check_digest
from tafadi.model.names import LONGEST_FIELD, check_name, check_text

LONGEST_CONFERENCE_S: Final = 14 * 86_400.0  # two weeks in one sitting is several conferences
MOST_ITEMS: Final = 50  # of an agenda or of minutes
MOST_TIMES: Final = 100  # meetings that one recurrence plans: every six weeks they are eleven years
LONGEST_EVERY_DAYS: Final = 366
LONGEST_SESSION: Final = 10_000  # characters of a session description: an offer of picture and sound has some 3,000
MOST_CANDIDATES: Final = 32
LONGEST_CANDIDATE: Final = 300


class ConferenceKind(StrEnum):
    """One of those that come round, or one that is called for a cause."""

    REGULAR = "regular"
    EXTRAORDINARY = "extraordinary"


class ConferenceStep(StrEnum):
    """A conference is proposed, proposed otherwise, agreed to or declined, held or not, cancelled; and papers are laid before it."""

    PROPOSED = "PROPOSED"
    AMENDED = "AMENDED"
    AGREED = "AGREED"
    DECLINED = "DECLINED"
    PAPERS = "PAPERS"
    HELD = "HELD"
    CANCELLED = "CANCELLED"


class Topic(StrEnum):
    """What an item of the agenda is about."""

    LINE = "line"
    NOTICES = "notices"
    INCIDENTS = "incidents"
    CLAIMS = "claims"
    DIFFERENCES = "differences"
    AMENDMENTS = "amendments"
    ACTIONS = "actions"
    NEXT_DATE = "next-date"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class AgendaItem:
    """One item, in its place of the agenda: its topic, its title for people, and the entries that it is about."""

    topic: Topic
    title: str = ""
    entries: tuple[Ref, ...] = ()

    def __post_init__(self) -> None:
        check_text(self.title, "the title of the item", LONGEST_FIELD)
        check_entries(self.entries)


@dataclass(frozen=True, slots=True)
class Recurrence:
    """How such conferences come round: every so many days, so many times in all, this one among them."""

    every_days: int
    times: int

    def __post_init__(self) -> None:
        if not 1 <= self.every_days <= LONGEST_EVERY_DAYS or not 2 <= self.times <= MOST_TIMES:
            raise InputError(f"a conference comes round every 1 to {LONGEST_EVERY_DAYS} days, 2 to {MOST_TIMES} times")


@dataclass(frozen=True, slots=True)
class Papers:
    """Up to where each feed was reviewed, in the order of party and epoch, and the digest of the figures that this gave."""

    pins: tuple[Pin, ...]
    figures: str

    def __post_init__(self) -> None:
        check_digest(self.figures)
        feeds = [(pin.party, pin.epoch) for pin in self.pins]
        if not feeds or len(feeds) > MOST_PINS or feeds != sorted(set(feeds)):
            raise InputError(f"pins stand in the order of party and epoch, each feed once, 1 to {MOST_PINS} of them")


@dataclass(frozen=True, slots=True)
class Conference:
    """A conference, what is proposed instead, or the next step about it. `absent` are the parties that did not come."""

    step: ConferenceStep
    kind: ConferenceKind | None = None
    span: Span | None = None
    recurrence: Recurrence | None = None
    agenda: tuple[AgendaItem, ...] = ()
    papers: Papers | None = None
    absent: tuple[str, ...] = ()
    text: str = ""

    def __post_init__(self) -> None:
        check_text(self.text, "the text about the conference")
        proposes = self.step in (ConferenceStep.PROPOSED, ConferenceStep.AMENDED)
        if proposes != (self.kind is not None) or proposes != (self.span is not None):
            raise InputError("a conference that is proposed says of which kind it is, and from when to when; a later step does not")
        if (self.agenda or self.recurrence) and not proposes:
            raise InputError("another agenda, or another recurrence, is another proposal")
        if len(self.agenda) > MOST_ITEMS:
            raise InputError(f"{len(self.agenda)} items are more than the {MOST_ITEMS} of one agenda", code="too-large")
        if self.span is not None and self.span.duration_s > LONGEST_CONFERENCE_S:
            raise InputError("the conference lasts longer than two weeks; propose several", code="too-large")
        if (self.step is ConferenceStep.PAPERS) != (self.papers is not None):
            raise InputError("papers are laid before a conference in a step of their own")
        self._check_absent()

    def _check_absent(self) -> None:
        if len(self.absent) > MOST_PARTIES or list(self.absent) != sorted(set(self.absent)):
            raise InputError("the parties that did not come stand in alphabetical order, each once")
        for party in self.absent:
            check_name(party, "party")
        if self.absent and self.step is not ConferenceStep.HELD:
            raise InputError("who did not come is said when the conference has been held")


class MinutesStep(StrEnum):
    """Minutes are drafted, drafted otherwise, and signed or refused by each party."""

    DRAFTED = "DRAFTED"
    AMENDED = "AMENDED"
    SIGNED = "SIGNED"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True)
class MinutesItem:
    """One item of the minutes: what was said, and what was decided (nothing, where that is empty)."""

    item: int
    text: str
    decision: str = ""

    def __post_init__(self) -> None:
        check_text(self.text, "the item")
        check_text(self.decision, "the decision")
        if not 1 <= self.item <= MOST_ITEMS:
            raise InputError(f"items are numbered 1 to {MOST_ITEMS}, not {self.item}")


@dataclass(frozen=True, slots=True)
class Disagreement:
    """What a party holds otherwise than an item of the minutes, or than all of them (no item)."""

    text: str
    item: int | None = None

    def __post_init__(self) -> None:
        check_text(self.text, "the disagreement")
        if not self.text:
            raise InputError("a disagreement says what it is")


@dataclass(frozen=True, slots=True)
class Minutes:
    """Minutes, or a party's word on them; `annex` is what it holds otherwise, which stands beside them and changes nothing in them."""

    step: MinutesStep
    items: tuple[MinutesItem, ...] = ()
    annex: tuple[Disagreement, ...] = ()

    def __post_init__(self) -> None:
        drafts = self.step in (MinutesStep.DRAFTED, MinutesStep.AMENDED)
        if drafts != bool(self.items):
            raise InputError("a draft of minutes has items, and a party's word on one has none")
        numbers = [item.item for item in self.items]
        if len(numbers) > MOST_ITEMS or numbers != sorted(set(numbers)):
            raise InputError(f"items stand in the order of their numbers, each once, and at most {MOST_ITEMS}")
        if len(self.annex) > MOST_ITEMS:
            raise InputError(f"an annex has at most {MOST_ITEMS} disagreements", code="too-large")
        if self.step is MinutesStep.REFUSED and not self.annex:
            raise InputError("who refuses minutes says in the annex what is wrong with them")


class CallStep(StrEnum):
    """A call is offered, answered or declined by each party, and ended; candidates follow as they are found."""

    OFFERED = "OFFERED"
    ANSWERED = "ANSWERED"
    CANDIDATES = "CANDIDATES"
    DECLINED = "DECLINED"
    ENDED = "ENDED"


@dataclass(frozen=True, slots=True)
class Call:
    """A video call, or the next step of it: the session description (SDP, its lines ended by line feeds alone) and ICE candidates."""

    step: CallStep
    session: str = ""
    candidates: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_text(self.session, "the session description", LONGEST_SESSION)
        if len(self.candidates) > MOST_CANDIDATES:
            raise InputError(f"{len(self.candidates)} candidates are more than {MOST_CANDIDATES}", code="too-large")
        for candidate in self.candidates:
            check_text(candidate, "the candidate", LONGEST_CANDIDATE)
        if (self.step in (CallStep.OFFERED, CallStep.ANSWERED)) != bool(self.session):
            raise InputError("an offer and its answer have a session description, and no other step has one")
        if self.step in (CallStep.DECLINED, CallStep.ENDED) and self.candidates:
            raise InputError("a call that is declined or ended has no candidates")
        if self.step is CallStep.CANDIDATES and not self.candidates:
            raise InputError("which candidates were found is missing")
