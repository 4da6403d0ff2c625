"""The agreement: who the parties are, by which keys they speak, and the parameters they signed.

Every member that has a default is absent from the document when it has that value, so a new one changes no document that was signed before
it: the default is what those who signed without it have agreed on.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tafadi.errors import InputError
from tafadi.measure.earth import Position
from tafadi.measure.instant import Instant
from tafadi.model.entry import SUSPENDABLE, EntryType, check_digest
from tafadi.model.names import Mode, check_name, check_text
from tafadi.model.operation import Minima

LOOKAHEAD_MAX_S: Final = 600  # straight motion is wrong by kilometres beyond ten minutes
TRACK_AGE_MAX_S: Final = 90  # seven turns of an en-route radar
LONGEST_CLOCK_S: Final = 90 * 86_400  # as long as a signing key lasts; what is slower than that is no clock
LONGEST_NAME: Final = 19  # with a hyphen and twelve digits of its digest it makes an identity of 32 characters
MOST_PARTIES: Final = 5
MOST_LANDMARKS: Final = 100
FEWEST_LANDMARKS: Final = 2  # a read-back gives bearing and distance from two
MOST_CHECKS: Final = 24  # line checks by people in a day; what is oftener than hourly is the heartbeat's work
MOST_RUNGS: Final = 8  # roles of an escalation; an alarm that nine people did not hear is not heard by the tenth
MOST_CLAUSES: Final = 64  # that one suspension names; what reaches further is the whole agreement
MOST_PINS: Final = 64  # feeds of the agreement before: five parties with a dozen epochs each
DAY_S: Final = 86_400
CHECK_TIMES_UTC_S: Final = (9 * 3_600, 17 * 3_600)  # twice a day, as the inter-Korean line has it
LARGEST_QUOTA: Final = 2**50  # beyond any disk of a node, and within the whole numbers of the wire
BEATS_TO_DOWN: Final = 3  # heartbeats that fail to come before a line is down: one may be lost, and one late


@dataclass(frozen=True, slots=True)
class Landmark:
    """A place whose position all parties agree on."""

    name: str
    position: Position

    def __post_init__(self) -> None:
        check_name(self.name, "landmark")


@dataclass(frozen=True, slots=True)
class Timing:
    """Clocks of the agreement, in seconds; docs/start.md says what each one is.

    First how early a notice must come, by its kind; until when an entry wants its acknowledgement; how far tracks are followed and how old
    they may be; how far clocks may differ; heartbeats and waiting. Then the clocks of what is said: stop, read-back, the next reminder, the
    officers' line checks, sites, incidents, and the line itself.
    """

    lead_s: int = 86_400
    ack_routine_s: int = 3_600
    ack_flash_s: int = 300
    lookahead_s: int = 120
    track_max_age_s: int = 15
    skew_max_s: int = 5
    heartbeat_s: int = 30
    wait_s: int = 60
    lead_movement_s: int = 172_800
    lead_emergency_s: int = 86_400
    stop_heard_s: int = 60
    stop_acted_s: int = 300
    readback_routine_s: int = 3_600
    readback_flash_s: int = 300
    renotify_routine_s: int = 900
    renotify_flash_s: int = 60
    check_late_s: int = 900
    check_missed_s: int = 3_600
    reverify_s: int = 7_776_000
    incident_report_s: int = 86_400
    incident_reply_s: int = 172_800
    link_down_s: int = 90

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            if not 0 <= value <= LONGEST_CLOCK_S:
                raise InputError(f"{name} of {value} s is not a time that an agreement can set")
        for sooner, later in (("stop_heard_s", "stop_acted_s"), ("check_late_s", "check_missed_s")):
            if getattr(self, sooner) > getattr(self, later):
                raise InputError(f"{sooner} of {getattr(self, sooner)} s is longer than {later} of {getattr(self, later)} s")

    def lead_of_s(self, kind: str, *, is_emergency: bool = False) -> int:
        """How early a notice of that kind must come: a movement has leads of its own.

        >>> Timing().lead_of_s("area"), Timing().lead_of_s("movement"), Timing().lead_of_s("movement", is_emergency=True)
        (86400, 172800, 86400)
        """
        if kind != "movement":
            return self.lead_s
        return self.lead_emergency_s if is_emergency else self.lead_movement_s

    @property
    def down_after_s(self) -> int:
        """After how long without a heartbeat a line is down: three of them, or `link_down_s` if that is sooner, but never fewer than two.

        >>> Timing().down_after_s, Timing(heartbeat_s=1).down_after_s, Timing(heartbeat_s=600).down_after_s
        (90, 3, 1200)
        """
        return max(min(BEATS_TO_DOWN * self.heartbeat_s, self.link_down_s), 2 * self.heartbeat_s)


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of the escalation: which role is called, and how long it has before the next one is."""

    role: str
    wait_s: int

    def __post_init__(self) -> None:
        check_name(self.role, "role")
        if not 1 <= self.wait_s <= LONGEST_CLOCK_S:
            raise InputError(f"{self.wait_s} s are not a time in which {self.role} could answer")


@dataclass(frozen=True, slots=True)
class Quota:
    """How much one party may bring to another: in any hour, and in all that is kept under the agreement.

    Stops have `stop_reserve_bytes` of their own beyond what is stored; by default room for a thousand of the largest.
    """

    entries_hourly: int = 100_000
    bytes_hourly: int = 2**30
    bytes_stored: int = 2**36
    stop_reserve_bytes: int = 2**26

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            if not 1 <= value <= LARGEST_QUOTA:
                raise InputError(f"{name} of {value} is not a quota that a party can keep within")


@dataclass(frozen=True, slots=True)
class Pin:
    """Where a feed of the agreement before this one ended: whose, which epoch, how many entries, and their root (hexadecimal)."""

    party: str
    epoch: int
    size: int
    root: str

    def __post_init__(self) -> None:
        check_name(self.party, "party")
        check_digest(self.root)
        if self.epoch < 1 or self.size < 1:
            raise InputError(f"a feed of epoch {self.epoch} with {self.size} entries has no end to be pinned")


@dataclass(frozen=True, slots=True)
class Agreement:
    """What all parties sign as entry 0 of their feeds. `cards` are the parties' root-signed cards, in the order of `parties`.

    `check_times_utc_s` are when officers check the line, in seconds of the day (UTC); `ladder` is who is called next when nobody answers.
    An agreement that `succeeds` another names it by its identity, and in `pins` where each feed under it ended.
    """

    name: str
    parties: tuple[str, ...]
    cards: tuple[bytes, ...]
    effective: Instant
    modes: tuple[Mode, ...]
    minima_tracks: Minima
    minima_announced: Minima | None
    landmarks: tuple[Landmark, ...]
    timing: Timing = Timing()
    text: str = ""
    check_times_utc_s: tuple[int, ...] = CHECK_TIMES_UTC_S
    ladder: tuple[Rung, ...] = ()
    quota: Quota = Quota()
    succeeds: str = ""
    pins: tuple[Pin, ...] = ()

    def __post_init__(self) -> None:
        check_name(self.name, "agreement")
        if len(self.name) > LONGEST_NAME:
            raise InputError(
                f"the agreement's name {self.name!r} has {len(self.name)} characters; at most {LONGEST_NAME} leave room for its digest"
            )
        check_text(self.text, "the text of the agreement", 20_000)
        self._check_parties()
        self._check_landmarks()
        if not (self.minima_tracks.horizontal_m > 0.0 and self.minima_tracks.vertical_m > 0.0):
            raise InputError("between tracks both minima must be more than 0; there is no silent default")
        if not 1 <= self.timing.lookahead_s <= LOOKAHEAD_MAX_S or not 1 <= self.timing.track_max_age_s <= TRACK_AGE_MAX_S:
            raise InputError(f"tracks are watched 1 to {LOOKAHEAD_MAX_S} s ahead, and are 1 to {TRACK_AGE_MAX_S} s old at the most")
        if not self.modes:
            raise InputError("the agreement allows no mode; name REAL, EXERCISE or TEST")
        self._check_duties()
        self._check_pins()

    def _check_parties(self) -> None:
        if not 2 <= len(self.parties) <= MOST_PARTIES or len(set(self.parties)) != len(self.parties):
            raise InputError(f"an agreement has 2 to {MOST_PARTIES} different parties, not {', '.join(self.parties) or 'none'}")
        if tuple(sorted(self.parties)) != self.parties or len(self.cards) != len(self.parties):
            raise InputError("the parties stand in alphabetical order, each with its card")

    def _check_landmarks(self) -> None:
        if not FEWEST_LANDMARKS <= len(self.landmarks) <= MOST_LANDMARKS:
            raise InputError(f"a read-back needs {FEWEST_LANDMARKS} to {MOST_LANDMARKS} agreed landmarks, not {len(self.landmarks)}")
        if len({landmark.name for landmark in self.landmarks}) != len(self.landmarks):
            raise InputError("two landmarks have the same name")

    def _check_duties(self) -> None:
        times = self.check_times_utc_s
        if len(times) > MOST_CHECKS or list(times) != sorted(set(times)) or not all(0 <= at_s < DAY_S for at_s in times):
            raise InputError(
                f"line checks stand in the order of the day, each once, at most {MOST_CHECKS}, in seconds from 0 to {DAY_S - 1}"
            )
        if len(self.ladder) > MOST_RUNGS or len({rung.role for rung in self.ladder}) != len(self.ladder):
            raise InputError(f"an escalation calls at most {MOST_RUNGS} roles, each once")

    def _check_pins(self) -> None:
        if bool(self.succeeds) != bool(self.pins):
            raise InputError("an agreement that succeeds another names it and pins the ends of its feeds, or does neither")
        if self.succeeds:
            check_name(self.succeeds, "agreement")
        feeds = [(pin.party, pin.epoch) for pin in self.pins]
        if len(feeds) > MOST_PINS or feeds != sorted(set(feeds)):
            raise InputError(f"pins stand in the order of party and epoch, each feed once, and at most {MOST_PINS}")


class AgreementStep(StrEnum):
    """An agreement is signed; and later suspended, resumed, or ended by a party."""

    SIGNED = "SIGNED"
    SUSPENDED = "SUSPENDED"
    RESUMED = "RESUMED"
    ENDED = "ENDED"


@dataclass(frozen=True, slots=True)
class Scope:
    """What is suspended: the notices of these `types`, and these `clauses` by name; all that can be, where neither is named."""

    types: tuple[EntryType, ...] = ()
    clauses: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if list(self.types) != sorted(set(self.types)) or not set(self.types) <= set(SUSPENDABLE):
            raise InputError(f"of these each may be suspended, once, in this order: {', '.join(SUSPENDABLE)}; all else goes on")
        if len(self.clauses) > MOST_CLAUSES or list(self.clauses) != sorted(set(self.clauses)):
            raise InputError(f"the clauses of a suspension stand in alphabetical order, each once, and at most {MOST_CLAUSES}")
        for clause in self.clauses:
            check_name(clause, "clause")

    def holds(self, type: EntryType) -> bool:
        """Whether notices of that type are suspended.

        >>> Scope().holds(EntryType.AREA), Scope(clauses=("minimum-lead",)).holds(EntryType.AREA), Scope().holds(EntryType.STOP)
        (True, False, False)
        """
        return type in (self.types if self.types or self.clauses else SUSPENDABLE)


@dataclass(frozen=True, slots=True)
class AgreementBody:
    """Entry 0 of every feed: the agreement, whole, in its exact bytes (text of the canonical document) with its digest.

    Or a later step of it, which has neither: `scope` of what is suspended, `successor` of an agreement that is ended by another, words.
    """

    document: str = ""
    digest: str = ""
    step: AgreementStep = AgreementStep.SIGNED
    scope: Scope | None = None
    successor: str = ""
    text: str = ""

    def __post_init__(self) -> None:
        is_signed = self.step is AgreementStep.SIGNED
        if is_signed != bool(self.document) or is_signed != bool(self.digest):
            raise InputError("the agreement that is signed stands whole in the entry, with its digest; a later step of it has neither")
        if (self.scope is not None) != (self.step is AgreementStep.SUSPENDED):
            raise InputError("a suspension, and nothing else, says how far it reaches")
        if self.successor and self.step is not AgreementStep.ENDED:
            raise InputError("only an agreement that ends has another after it")
        if self.successor:
            check_name(self.successor, "agreement")
        check_text(self.text, "the text about the agreement")


@dataclass(frozen=True, slots=True)
class KeyBody:
    """A card that the sender goes by from here on, in its exact bytes: its own new one, or another party's."""

    card: bytes
