"""Relaying: every node serves every feed that it mirrors, and brings others what they lack of a third party's.

So a cut between two parties stops neither while a third hears both. What is brought is the owner's own word, whoever brings it: the
receiver takes it by the owner's signature, and its receipt goes back to the owner in heartbeats (`tafadi.desk.pulse`).

It is for the owner to bring its own entries; who else holds them waits until one heartbeat and some seconds have not closed the gap. Only
to the newest checkpoint that is held here: nobody but the owner can sign another. A feed that is long behind is brought some packages at
a time, so that own entries, of which one may be a stop, never wait for it.

Source: docs/spec/exchange.md; docs/decisions/0025-the-line-without-io.md.
"""

from collections.abc import Sequence
from typing import Final

from tafadi.desk.exchange import NOT_KEPT, NOT_NOW, Lack, Line, Talk, answered, posted, refusal
from tafadi.desk.express import held_alone, overtaking, waiting_alone
from tafadi.desk.outgoing import held_by, is_far_behind, next_push, signed_size, take_receipt
from tafadi.desk.upload import catch_up, size_in
from tafadi.errors import InputError, PeerError, QuotaError
from tafadi.trust.push import encode_push

PATIENCE_S: Final = (
    10.0  # that the owner has to bring it itself, or a heartbeat where these come more often: a stop is heard within a minute
)
PACKAGES_MAX: Final = 8  # of one feed in one round: 2,048 entries


def is_due(line: Line, now_s: float, beat_s: float) -> bool:
    """Whether the other is to be brought entries of a third party now, as far as is known without asking. `now_s` is elapsed."""
    return bool(_due(line, now_s, beat_s))


def relay(line: Line, now_s: float, beat_s: float) -> Talk[None]:
    """Brings the other what it has lacked for long of the feeds of third parties; what is wrong with one of them holds up nothing."""
    yield from _pass_on(line, [one.leaf for one in held_alone(line.desk) if line.desk.pact.party_of(one.origin) != line.party])
    for origin in _due(line, now_s, beat_s):
        held = _held_there(line, origin)
        try:
            yield from _bring(line, origin, held)
        except (PeerError, InputError, QuotaError) as refused:
            yield from line.once(refused, origin)
        if _held_there(line, origin) <= held:
            line.lacks[origin] = Lack(_held_here(line, origin), now_s)  # tried again, not at once


def _due(line: Line, now_s: float, beat_s: float) -> list[str]:
    """The feeds of which the other still lacks what it lacked a while ago; what it lacks is noted on the way."""
    due = []
    for origin in _feeds_of_thirds(line):
        ours, theirs = _held_here(line, origin), _held_there(line, origin)
        if theirs >= ours:
            line.lacks.pop(origin, None)
            continue
        lack = line.lacks.setdefault(origin, Lack(ours, now_s))
        if theirs >= lack.size:  # it got what was here then; what it lacks now is newer
            line.lacks[origin] = Lack(ours, now_s)
        elif now_s - lack.since_s >= min(PATIENCE_S, beat_s):
            due.append(origin)
    return due


def _feeds_of_thirds(line: Line) -> list[str]:
    desk = line.desk
    thirds = [party for party in desk.pact.others(desk.party) if party != line.party]
    return [origin for party in thirds for origin in desk.pact.origins(party)]


def _held_here(line: Line, origin: str) -> int:
    """How many entries can be brought: those under the newest checkpoint; of a feed that has ended all up to its end, or none."""
    size, end = signed_size(line.desk, origin), line.desk.pact.end(origin)
    return size if end in (None, size) else 0


def _held_there(line: Line, origin: str) -> int:
    return max(held_by(line.desk, line.party, origin), line.holds.get(origin, 0))


def _pass_on(line: Line, leaves: Sequence[bytes]) -> Talk[None]:
    """Brings entries of third parties alone, each until it is taken: what came alone here, or stands behind others that the other lacks."""
    for leaf in leaves:
        if leaf not in line.told:
            answer = yield from answered("POST", "/express", leaf)
            if answer.status not in (*NOT_NOW, NOT_KEPT):  # after these it is brought again in the next round
                line.told.add(leaf)
            if answer.status != 200:
                yield from line.once(refusal(answer, "/express"), "an entry of a third party")


def _urgent(line: Line, origin: str, held: int) -> list[bytes]:
    """What may overtake of that which the other lacks of a feed, unless there is but one entry to bring."""
    size = _held_here(line, origin)
    found = waiting_alone(line.desk, line.party, origin, held, size) if size - held > 1 else ()
    return [line.desk.journal.leaf(origin, entry.index) for entry in overtaking(line.desk, found)]


def _bring(line: Line, origin: str, held: int) -> Talk[None]:
    """Brings one feed. The receipt is rung for like an entry of one's own: the feed's owner waits to be told of it."""
    yield from _pass_on(line, _urgent(line, origin, held))
    receipted = held_by(line.desk, line.party, origin)
    if is_far_behind(line.desk, origin, held):
        line.holds[origin] = yield from catch_up(line, origin, held, PACKAGES_MAX)
    elif (push := next_push(line.desk, held, origin)) is not None:
        answer = yield from posted("/push", encode_push(push))
        if answer.status == 409:  # it holds more, or less, than its heartbeat said
            line.holds[origin] = size_in(answer)
            return
        line.holds[origin] = push.old_size + len(push.entries)
        take_receipt(line.desk, line.party, line.holds[origin], answer.text, origin)
    if held_by(line.desk, line.party, origin) > receipted:
        line.desk.bell.entries_added(line.desk.pact)
