"""Exchanges: the steps of a talk with another node, and what is known of the line to it.

A talk is a generator. Out come an `Ask` (to be sent, its answer sent back in), a `Pause` (to be waited for) and a `Report` (to be told);
in comes an `Answer`, or None where there is nothing to say. Whoever performs it throws an error of ours in where an `Ask` had no answer.

Source: docs/spec/exchange.md.
"""

import json
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias, TypeVar

from tafadi.desk.desk import Desk
from tafadi.errors import QuotaError, SessionError, TafadiError, UnavailableError
from tafadi.measure.instant import Instant
from tafadi.model.entry import EntryId
from tafadi.trust.push import ENTRIES_MAX_BYTES

TAKEN: Final = (200, 202, 409)  # the statuses of an answer that says what became of the request
NOT_NOW: Final = (404, 429, 503)  # the statuses of an answer after which the same is asked again later
NOT_KEPT: Final = 500  # its disk failed it: what was told may not be there, and is told again in the next round
DETAIL_MAX: Final = 300  # characters of another node's words that are told on
PLAIN_MAX: Final = 100  # of an answer that is no problem document
QUOTA_WAIT_S: Final = 60  # after a 429 that does not say how long
QUOTA_WAIT_MAX_S: Final = 3_600  # a quota is one of an hour; who says longer is asked again all the same
AIM_S: Final = 5.0  # how long one exchange should take: a stop that is said meanwhile waits for no more than that
SLOW_S: Final = 2.0 * AIM_S  # a failure that took as long may have been one of size
ROOM_MIN_BYTES: Final = 1_024  # one entry of the usual size; one entry goes always

Got = TypeVar("Got")


@dataclass(frozen=True, slots=True)
class Ask:
    """A request to the other node."""

    method: str
    path: str
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing, for at most so long; one that `wakes` ends where own entries wait to be pushed."""

    longest_s: float
    wakes: bool = True


@dataclass(frozen=True, slots=True)
class Report:
    """Something to be told, and gone on after."""

    error: TafadiError


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other node answered: status, body, and after how many seconds it may be asked again, where it says so."""

    status: int
    body: bytes = b""
    wait_s: int | None = None

    @property
    def text(self) -> str:
        """The body as text; what is none shows as such."""
        return self.body.decode("utf-8", "replace")


Step: TypeAlias = Ask | Pause | Report
Talk: TypeAlias = Generator[Step, Answer | None, Got]


@dataclass
class Lack:
    """Since when (elapsed seconds) the other lacks a part of the first `size` entries of a third party's feed."""

    size: int
    since_s: float


@dataclass
class Line:
    """What is known of the line to one other party.

    `has_met` says whether we have heard the other since the line was last well, before we told it anything of our feeds; `told` are the
    cards and proofs that the other has been told since then. `holds` is how many entries of each feed its last heartbeat says it holds,
    `lacks` what of the feeds of third parties it does not. `has_news` is set by whoever performs a Pause that was cut short. `room_bytes`
    is how large a push the line carries in good time, `limits` what the other takes at most by its hello, `held_back` why it takes none of
    our entries until `held_back_until_s` (elapsed); `looked` up to where our feeds were searched for what may overtake, and `urgent` what
    was found.
    """

    desk: Desk
    party: str
    heard_at: Instant | None = field(default=None, kw_only=True)
    trouble: str = field(default="", kw_only=True)
    lost_s: float = field(default=0.0, kw_only=True)  # elapsed seconds of the first trouble since it was last well; 0 while it is
    is_down: bool = field(default=False, kw_only=True)
    has_met: bool = field(default=False, kw_only=True)
    has_asked: bool = field(default=False, kw_only=True)  # what the other speaks and knows, since the line was last well
    has_news: bool = field(default=False, kw_only=True)
    told: set[bytes] = field(default_factory=set, kw_only=True)
    holds: dict[str, int] = field(default_factory=dict, kw_only=True)
    lacks: dict[str, Lack] = field(default_factory=dict, kw_only=True)
    elapsed_s: Callable[[], float] = field(default=lambda: 0.0, kw_only=True)
    room_bytes: int = field(default=ENTRIES_MAX_BYTES, kw_only=True)
    is_too_large: bool = field(default=False, kw_only=True)  # the last push, as the other said
    limits: Mapping[str, int] = field(default_factory=dict, kw_only=True)
    held_back: str = field(default="", kw_only=True)
    held_back_until_s: float = field(default=0.0, kw_only=True)
    beaten_s: float | None = field(default=None, kw_only=True)  # elapsed seconds of the last heartbeat since it was last well
    has_beaten: bool = field(default=False, kw_only=True)  # in the last round
    looked: dict[str, int] = field(default_factory=dict, kw_only=True)
    urgent: dict[EntryId, bool] = field(default_factory=dict, kw_only=True)  # whether it was tried in this round
    unlike: tuple[str, ...] = field(default=(), kw_only=True)  # what the two nodes do not have in common, as the officers were told it

    def well(self) -> None:
        """The line works; where it was down, the officers are told."""
        if self.is_down:
            self.desk.bell.alarm(self.desk.pact, f"the line to {self.party} is up again", None)
        self.trouble, self.lost_s, self.is_down = "", 0.0, False

    def troubled(self, trouble: str, now_s: float, patience_s: float) -> None:
        """Remembers the trouble; once it has lasted for `patience_s` the officers are alarmed."""
        self.trouble, self.lost_s = trouble, self.lost_s or now_s
        self.told.clear()  # it may be another record that answers the next time
        self.holds.clear()
        self.has_met = self.has_asked = False
        self.beaten_s = None
        if not self.is_down and now_s - self.lost_s >= patience_s:
            self.is_down = True
            self.desk.bell.alarm(self.desk.pact, f"the line to {self.party} is DOWN: {trouble}", None)

    @property
    def is_held_back(self) -> bool:
        """Whether the other has said that it takes none of our entries for now."""
        return bool(self.held_back) and self.elapsed_s() < self.held_back_until_s

    def hold_back(self, quota: QuotaError) -> None:
        """Brings no entries for as long as the other has asked for; the officers are told when that begins."""
        self.held_back_until_s = self.elapsed_s() + min(max(1, quota.wait_s), QUOTA_WAIT_MAX_S)
        if not self.held_back:
            self.desk.bell.alarm(self.desk.pact, f"{self.party} takes no more entries now; what is said reaches it later: {quota}", None)
        self.held_back = str(quota)

    def let_go(self) -> None:
        """The other takes entries; where it did not before, the officers are told."""
        if self.held_back:
            self.held_back = ""
            self.desk.bell.alarm(self.desk.pact, f"{self.party} takes entries again", None)

    def paced(self, size_bytes: int, took_s: float) -> None:
        """Learns from an exchange how much the line carries in good time."""
        if took_s > AIM_S:
            self.room_bytes = max(ROOM_MIN_BYTES, min(self.room_bytes, int(size_bytes * AIM_S / took_s)))
        elif took_s < AIM_S / 2:
            self.room_bytes = min(ENTRIES_MAX_BYTES, 2 * self.room_bytes)

    def once(self, error: TafadiError, about: str) -> Talk[None]:
        """Reports what is wrong with one thing among others, unless it was told since the line was last well."""
        said = f"{about}: {error}".encode()
        if said not in self.told:
            yield Report(error)
        self.told.add(said)


def answered(method: str, path: str, body: bytes = b"") -> Talk[Answer]:
    """The answer, whatever it says. Raises UnavailableError when there is none."""
    answer = yield Ask(method, path, body)
    if answer is None:
        raise UnavailableError(f"{path} was not answered")
    return answer


def posted(path: str, body: bytes) -> Talk[Answer]:
    """The answer 200, 202 or 409. Raises UnavailableError when there is none for now, SessionError when the other node refuses."""
    return taken((yield from answered("POST", path, body)), path)


def taken(answer: Answer, path: str) -> Answer:
    """The answer itself, if it is 200, 202 or 409. Raises as `posted` does."""
    if answer.status in TAKEN:
        return answer
    raise refusal(answer, path)


def paced(line: Line, path: str, body: bytes) -> Talk[Answer]:
    """As `posted`, of a body of our own choosing: how long it takes decides how large the next one is."""
    began_s = line.elapsed_s()
    try:
        answer = yield from answered("POST", path, body)
    except UnavailableError:
        if line.elapsed_s() - began_s >= SLOW_S:
            line.room_bytes = max(ROOM_MIN_BYTES, min(line.room_bytes, len(body)) // 4)
        raise
    line.is_too_large = answer.status == 413
    line.paced(len(body), line.elapsed_s() - began_s)
    return taken(answer, path)


def refusal(answer: Answer, path: str) -> TafadiError:
    """What an answer says that gives nothing: to try again later, or no."""
    if answer.status == 429:
        wait_s = QUOTA_WAIT_S if answer.wait_s is None else answer.wait_s
        return QuotaError(f"the other node takes no more by {path} now ({_detail(answer)})", wait_s)
    if answer.status in NOT_NOW:
        return UnavailableError(f"the other node does not take {path} now ({answer.status}: {_detail(answer)})")
    return SessionError(f"the other node refused {path} ({answer.status}: {_detail(answer)})")


def _detail(answer: Answer) -> str:
    try:
        return str(json.loads(answer.body).get("detail", ""))[:DETAIL_MAX]
    except (ValueError, AttributeError, RecursionError):
        return answer.text[:PLAIN_MAX]
