"""The agreement: who the parties are, by which keys they speak, and the parameters they signed."""

from dataclasses import dataclass
from typing import Final

from tafadi.errors import InputError
from tafadi.measure.earth import Position
from tafadi.measure.instant import Instant
from tafadi.model.names import Mode, check_name, check_text
from tafadi.model.operation import Minima

LOOKAHEAD_MAX_S: Final = 600  # straight motion is wrong by kilometres beyond ten minutes
TRACK_AGE_MAX_S: Final = 90  # seven turns of an en-route radar
LONGEST_NAME: Final = 19  # with a hyphen and twelve digits of its digest it makes an identity of 32 characters
MOST_PARTIES: Final = 5
MOST_LANDMARKS: Final = 100
FEWEST_LANDMARKS: Final = 2  # a read-back gives bearing and distance from two


@dataclass(frozen=True, slots=True)
class Landmark:
    """A place whose position all parties agree on."""

    name: str
    position: Position

    def __post_init__(self) -> None:
        check_name(self.name, "landmark")


@dataclass(frozen=True, slots=True)
class Timing:
    """Clocks of the agreement, in seconds: lead of a notice, time to acknowledge, look-ahead for tracks, limits of age, skew, waiting."""

    lead_s: int = 86_400
    ack_routine_s: int = 3_600
    ack_flash_s: int = 300
    lookahead_s: int = 120
    track_max_age_s: int = 15
    skew_max_s: int = 5
    heartbeat_s: int = 30
    wait_s: int = 60

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            if not 0 <= value <= 90 * 86_400:
                raise InputError(f"{name} of {value} s is not a time that an agreement can set")


@dataclass(frozen=True, slots=True)
class Agreement:
    """What all parties sign as entry 0 of their feeds. `cards` are the parties' root-signed cards, in the order of `parties`."""

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

    def __post_init__(self) -> None:
        check_name(self.name, "agreement")
        if len(self.name) > LONGEST_NAME:
            raise InputError(
                f"the agreement's name {self.name!r} has {len(self.name)} characters; at most {LONGEST_NAME} leave room for its digest"
            )
        check_text(self.text, "the text of the agreement", 20_000)
        if not 2 <= len(self.parties) <= MOST_PARTIES or len(set(self.parties)) != len(self.parties):
            raise InputError(f"an agreement has 2 to {MOST_PARTIES} different parties, not {', '.join(self.parties) or 'none'}")
        if tuple(sorted(self.parties)) != self.parties or len(self.cards) != len(self.parties):
            raise InputError("the parties stand in alphabetical order, each with its card")
        if not FEWEST_LANDMARKS <= len(self.landmarks) <= MOST_LANDMARKS:
            raise InputError(f"a read-back needs {FEWEST_LANDMARKS} to {MOST_LANDMARKS} agreed landmarks, not {len(self.landmarks)}")
        if len({landmark.name for landmark in self.landmarks}) != len(self.landmarks):
            raise InputError("two landmarks have the same name")
        if not (self.minima_tracks.horizontal_m > 0.0 and self.minima_tracks.vertical_m > 0.0):
            raise InputError("between tracks both minima must be more than 0; there is no silent default")
        if not 1 <= self.timing.lookahead_s <= LOOKAHEAD_MAX_S or not 1 <= self.timing.track_max_age_s <= TRACK_AGE_MAX_S:
            raise InputError(f"tracks are watched 1 to {LOOKAHEAD_MAX_S} s ahead, and are 1 to {TRACK_AGE_MAX_S} s old at the most")
        if not self.modes:
            raise InputError("the agreement allows no mode; name REAL, EXERCISE or TEST")


@dataclass(frozen=True, slots=True)
class AgreementBody:
    """Entry 0 of every feed: the agreement, whole, in its exact bytes (text of the canonical document) with its digest."""

    document: str
    digest: str


@dataclass(frozen=True, slots=True)
class KeyBody:
    """A card that the sender goes by from here on, in its exact bytes: its own new one, or another party's."""

    card: bytes
