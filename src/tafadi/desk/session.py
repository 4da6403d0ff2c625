"""The session: everything that one node does on its line to another, without doing any of it (`tafadi.desk.exchange`).

So one and the same code speaks over TLS (`tafadi.net.peers`) and in a world of the tests' own making; chance and time are arguments. It
pushes whenever there is something new, waits when there is not, and backs off while the other cannot be reached. Nothing here waits for
any other party, and nothing here decides what is true: bytes go out, receipts are checked by the desk.

Source: docs/spec/exchange.md.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from tafadi.desk.cards import cards_in, cards_path
from tafadi.desk.exchange import NOT_KEPT, NOT_NOW, TAKEN, Line, Pause, Report, Talk, answered, posted, refusal
from tafadi.desk.hello import differences, open_hello
from tafadi.desk.outgoing import held_by
from tafadi.desk.proof import evidence_of
from tafadi.desk.pulse import beat, hear
from tafadi.desk.relay import is_due, relay
from tafadi.desk.succession import next_card
from tafadi.desk.upload import hasten, push_feeds
from tafadi.errors import DamagedError, EquivocationError, InputError, PeerError, RefusedError, SessionError, TafadiError, UnavailableError

BACKOFF_FIRST_S: Final = 0.1
BACKOFF_MAX_S: Final = 5.0
BACKOFF_SPREAD: Final = (0.5, 1.0)  # jitter: two nodes must not knock in step
DOWN_AFTER_BEATS: Final = 3  # heartbeats missed until the officers are alarmed: 90 s at the usual 30
SHORTEST_S: Final = 0.001  # what is left of a rest and shorter is no rest: a clock of whole nanoseconds may never show it over
BEAT_LATER_S: Final = 1.0  # how long a heartbeat waits where entries follow each other: receipts of others travel in it
LOOK_S: Final = 5.0  # how often it is looked, between two heartbeats, whether the other lacks what a third party said


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How a line keeps time: seconds between heartbeats, chance (a number between two), and elapsed seconds that never jump."""

    beat_s: float
    chance: Callable[[float, float], float]
    elapsed_s: Callable[[], float]


def talk(line: Line, rhythm: Rhythm) -> Talk[None]:
    """Never ends: round after round, and backs off. Every trouble is reported once, when it begins or changes. Raises DamagedError."""
    line.elapsed_s = rhythm.elapsed_s
    wait_s = BACKOFF_FIRST_S
    while True:
        try:
            yield from one_round(line, rhythm)
            wait_s = BACKOFF_FIRST_S
            line.well()
            yield from _rest(line, rhythm)
        except DamagedError:
            raise  # our own record cannot be trusted; the node must stop
        except TafadiError as error:
            yield from _back_off(line, rhythm, error, wait_s)
            wait_s = min(2 * wait_s, BACKOFF_MAX_S)


def _back_off(line: Line, rhythm: Rhythm, error: TafadiError, wait_s: float) -> Talk[None]:
    """Waits before the next try. Raises DamagedError.

    What is thrown in meanwhile is trouble like the first, and ends nothing: others' changes that share a group with ours may fail with it.
    """
    trouble: TafadiError | None = error
    while trouble is not None:
        try:
            if str(trouble) != line.trouble:
                yield Report(trouble)
            line.troubled(str(trouble), rhythm.elapsed_s(), DOWN_AFTER_BEATS * rhythm.beat_s)
            yield Pause(BACKOFF_FIRST_S, wakes=False)  # even if there is always something new
            yield Pause(wait_s * rhythm.chance(*BACKOFF_SPREAD))
            trouble = None
        except DamagedError:
            raise
        except TafadiError as another:
            line.trouble, trouble = str(another), another  # not told: it is of another's change
    line.has_news = False


def _rest(line: Line, rhythm: Rhythm) -> Talk[None]:
    """Waits for something new, at most until the next heartbeat, or until the other is to be brought what a third party said."""
    ends_s = rhythm.elapsed_s() + rhythm.beat_s
    if line.beaten_s is not None:
        ends_s = line.beaten_s + min(rhythm.beat_s, rhythm.beat_s if line.has_beaten else BEAT_LATER_S)
    if line.is_held_back:
        ends_s = min(ends_s, line.held_back_until_s)
    has_thirds = len(line.desk.pact.agreement.parties) > 2
    while (
        not line.has_news and (left_s := ends_s - rhythm.elapsed_s()) > SHORTEST_S and not is_due(line, rhythm.elapsed_s(), rhythm.beat_s)
    ):
        yield Pause(min(left_s, LOOK_S) if has_thirds else left_s)
    line.has_news = False


def one_round(line: Line, rhythm: Rhythm) -> Talk[None]:
    """All that there is to say now, once: to meet, what is urgent, cards and proofs, entries, a heartbeat, others' entries, hello."""
    doubt = None if line.has_met else (yield from _meet(line))
    held = held_by(line.desk, line.party)
    line.urgent = dict.fromkeys(line.urgent, False)
    yield from tell_cards(line)
    yield from hasten(line)
    yield from tell_proofs(line)
    try:
        yield from push_feeds(line)
    except SessionError:
        if line.is_too_large and not line.has_asked:
            yield from _ask_hello(line)  # it takes less at once than we brought, and says so there
        raise
    line.has_beaten = not _may_beat_later(line, rhythm, held)
    if line.has_beaten:
        yield from _beat(line)
        line.beaten_s = rhythm.elapsed_s()
    yield from relay(line, rhythm.elapsed_s(), rhythm.beat_s)
    if not line.has_asked:
        yield from _ask_hello(line)
    if doubt is not None:
        raise doubt


def _may_beat_later(line: Line, rhythm: Rhythm, held: int) -> bool:
    """Whether the heartbeat of this round can wait for a moment: the round brought entries, and there was one just before.

    Else each entry would wait for the heartbeat after the last. A round that brought none was for something that heartbeats carry.
    """
    lately = line.beaten_s is not None and rhythm.elapsed_s() - line.beaten_s < min(BEAT_LATER_S, rhythm.beat_s)
    return lately and held_by(line.desk, line.party) > held


def _meet(line: Line) -> Talk[TafadiError | None]:
    """Hears the other before we say anything: whether it goes by a newer card of our own party, or holds more of our feed than we do.

    What comes back is why that could not be learned about the card: it holds up no entry, for one of them may be a stop; but the line is
    not well, and is tried again. Raises DamagedError where it was learned: this record was put back from a copy, or another node has taken
    over (the other tells its card to that node, never to us).
    """
    doubt = yield from _doubt_about_cards(line)
    yield from tell_cards(line)  # our heartbeat verifies by the key on our newest card
    try:
        yield from _beat(line)
    except (PeerError, InputError, RefusedError) as refused:  # a stop must go out all the same
        yield Report(refused)
    line.has_met = True
    return doubt


def _doubt_about_cards(line: Line) -> Talk[TafadiError | None]:
    """Nothing, once the other has shown that it knows no newer card of our own party, or has refused for good to show it.

    Else why what it answered shows neither. Raises DamagedError for a newer card, UnavailableError where there is no answer.
    """
    own = line.desk.pact.cards[line.desk.party]
    path = cards_path(line.desk.pact.id, own.party, own.epoch + 1)
    try:
        answer = yield from answered("GET", path)
        if answer.status not in (200, *NOT_NOW):
            yield Report(refusal(answer, path))
            return None
        if answer.status != 200:
            raise SessionError(str(refusal(answer, path)))
        for signed in cards_in(answer.body, own, own.epoch + 1):
            next_card(line.desk.pact, line.desk.party, signed.data)
    except (PeerError, InputError, RefusedError) as error:
        return SessionError(f"whether {line.party} knows a newer card of {own.party} cannot be told; entries go out all the same: {error}")
    return None


def tell(line: Line) -> Talk[None]:
    """Passes on every card that is not in the agreement, and every proof; one that the other node refuses holds up nothing else."""
    yield from tell_cards(line)
    yield from tell_proofs(line)


def tell_cards(line: Line) -> Talk[None]:
    """Passes on every card that is not in the agreement: what is signed by its keys could not be verified before."""
    yield from _tell(line, f"/card/{line.desk.pact.id}", [signed.data for signed in line.desk.pact.later()])


def tell_proofs(line: Line) -> Talk[None]:
    """Passes on every proof."""
    yield from _tell(line, f"/evidence/{line.desk.pact.id}", [exhibit.data for exhibit in evidence_of(line.desk)])


def _tell(line: Line, path: str, bodies: Sequence[bytes]) -> Talk[None]:
    for body in bodies:
        if body in line.told:
            continue
        answer = yield from answered("POST", path, body)
        if answer.status in NOT_NOW:
            raise refusal(answer, path)
        if answer.status == NOT_KEPT:
            yield from line.once(refusal(answer, path), path)
            continue
        if answer.status not in TAKEN:
            yield Report(refusal(answer, path))
        line.told.add(body)


def _beat(line: Line) -> Talk[None]:
    answer = yield from posted("/heartbeat", beat(line.desk))
    try:
        line.holds = hear(line.desk, line.party, answer.body)
    except EquivocationError as fork:  # kept and alarmed by the desk; the line that brought the proof is well, and goes on
        yield Report(fork)
    line.heard_at = line.desk.clock.now()


def _ask_hello(line: Line) -> Talk[None]:
    """Learns what the other speaks and knows, and tells the officers what the two have not in common; nothing depends on it."""
    line.has_asked = True
    try:
        answer = yield from answered("GET", "/hello")
        if answer.status != 200:
            raise refusal(answer, "/hello")
        hello = open_hello(answer.body)
        line.limits, unlike = hello.limits, differences(line.party, hello)
    except (PeerError, InputError, RefusedError, UnavailableError) as error:  # no trouble; one that is gone is found out by its silence
        yield from line.once(error, "hello")
        return
    for sentence in unlike:
        if sentence not in line.unlike:
            line.desk.bell.alarm(line.desk.pact, sentence, None)
    line.unlike = unlike
