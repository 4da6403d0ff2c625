"""Uploading: this party's feeds to another node, by pushes or, where that is far behind, in proved packages.

What is urgent goes alone, ahead of all that waits, before the first push and again between any two. How large a push is follows how long
the last one took, so that a slow line carries something at all, and a stop never waits behind much.

Source: docs/spec/push.md, docs/spec/express.md, docs/spec/exchange.md.
"""

from typing import Final

from tafadi.desk.exchange import Answer, Line, Talk, answered, paced, posted, refusal
from tafadi.desk.express import overtaking, take_heard, waiting_alone
from tafadi.desk.outgoing import Room, held_by, is_far_behind, next_checkpoint, next_entries, next_push, signed_size, take_receipt
from tafadi.errors import InputError, PeerError, QuotaError, SessionError, UnavailableError
from tafadi.trust.catchup import parse_mirror_info
from tafadi.trust.push import ENTRIES_MAX, ENTRIES_MAX_BYTES, Push, encode_push

RESUMES_MAX: Final = 3  # how often in a row the other node may name another size; one that goes on so leads us in a circle
SIZE_DIGITS_MAX: Final = 15  # of a size that is named in an answer; 2^53 has 16, and no feed comes near it


def push_feeds(line: Line) -> Talk[None]:
    """Pushes all of this party's feeds, oldest first; trouble with one that has ended must not hold up the newest.

    Nothing while the other has asked to be brought nothing; what is urgent goes alone all the same.
    """
    yield from hasten(line)
    if line.is_held_back:
        return
    *ended, newest = line.desk.pact.origins(line.desk.party)
    try:
        for origin in ended:
            try:
                yield from _push_all(line, origin)
            except SessionError as refused:
                yield from line.once(refused, origin)
        yield from _push_all(line, newest)
    except QuotaError as quota:
        line.hold_back(quota)
        line.urgent = dict.fromkeys(line.urgent, False)
        yield from hasten(line)  # what stood alone in that push was left to it


def _push_all(line: Line, origin: str) -> Talk[None]:
    held, resumes = held_by(line.desk, line.party, origin), 0
    if is_far_behind(line.desk, origin, held) and _room(line).size_bytes == ENTRIES_MAX_BYTES:
        held = yield from catch_up(line, origin, held)
    push = next_push(line.desk, held, origin, _room(line)) or _renewal(line, origin, held)
    while push is not None:
        answer = yield from paced(line, "/push", encode_push(push))
        if answer.status == 409:
            resumes += 1
            held = _resumed(push, size_in(answer), line, resumes)
            push = next_push(line.desk, held, origin, _room(line)) or _renewal(line, origin, held)
            continue
        held, resumes = push.old_size + len(push.entries), 0
        take_receipt(line.desk, line.party, held, answer.text, origin)
        line.let_go()
        yield from hasten(line)
        push = next_push(line.desk, held, origin, _room(line))


def _room(line: Line) -> Room:
    """How large the next push may be, by what the other takes and what the line carries."""
    return Room(
        max(1, min(ENTRIES_MAX, line.limits.get("push_entries", ENTRIES_MAX))),
        min(line.room_bytes, line.limits.get("push_bytes", ENTRIES_MAX_BYTES)),
    )


def hasten(line: Line) -> Talk[None]:
    """Brings the other what may overtake, each entry alone, once in a round until it is heard; what is wrong with one holds up nothing.

    An entry that is all there is to push is left to its push, which says more and is no longer.
    """
    desk, origin = line.desk, line.desk.origin
    size = desk.journal.head(origin).frontier.size
    if size == line.looked.get(origin) and not line.urgent:
        return
    held = held_by(desk, line.party, origin)
    if size - held == 1 and not line.is_held_back:
        return
    _look(line, origin, held, size)
    for entry in [entry for entry, tried in line.urgent.items() if not tried]:
        line.urgent[entry] = True
        answer = yield from answered("POST", "/express", desk.journal.leaf(origin, entry.index))
        try:
            if answer.status != 200:
                raise refusal(answer, "/express")
            take_heard(desk, line.party, entry, answer.body)
        except (PeerError, InputError, UnavailableError) as refused:
            yield from line.once(refused, str(entry))


def _look(line: Line, origin: str, held: int, size: int) -> None:
    """Finds what is urgent among own entries that are new, and forgets what is heard or stored there by now."""
    desk, start = line.desk, max(held, line.looked.get(origin, 0))
    known = line.urgent | dict.fromkeys(waiting_alone(desk, line.party, origin, start, size), False)
    line.looked[origin] = size
    missed = [
        entry
        for entry in known
        if desk.pact.feed_of(entry) == origin and entry.index >= held and (line.party, entry) not in desk.alone.heard
    ]
    line.urgent = {entry: known[entry] for entry in overtaking(desk, missed)}
    desk.alone.forget_stored(line.party, desk.identity.epoch, held, desk.party)


def _renewal(line: Line, origin: str, held: int) -> Push | None:
    """A push without entries: the other node has them all, and the receipt was lost when this node died before it was kept."""
    head = line.desk.journal.head(origin)
    is_all = held == head.frontier.size
    return Push(origin, held, (), head.checkpoint) if head.checkpoint and is_all and held_by(line.desk, line.party, origin) < held else None


def _resumed(push: Push, said: int, line: Line, resumes: int) -> int:
    """Where to go on after a 409. Raises SessionError for an answer that leads nowhere."""
    size = line.desk.journal.head(push.origin).frontier.size
    if said == push.old_size or said > size or resumes > RESUMES_MAX:
        raise SessionError(f"{line.party} says it holds {said} of our {size} entries; that cannot be")
    return said


def size_in(answer: Answer) -> int:
    """The size that a 409 names. Raises SessionError."""
    text = answer.text.strip()
    if not (text.isascii() and text.isdigit() and len(text) <= SIZE_DIGITS_MAX):
        raise SessionError("the other node named no size that it holds")
    return int(text)


def catch_up(line: Line, origin: str, held: int, packages_max: int | None = None) -> Talk[int]:
    """Brings a node that is far behind up to the newest checkpoint here, package by package; how many entries it holds then.

    After `packages_max` of them it leaves off, and a later call goes on from there. Raises SessionError for an answer that leads nowhere.
    """
    answer = yield from posted("/add-checkpoint", next_checkpoint(line.desk, origin, held))
    if answer.status == 409:
        answer = yield from posted("/add-checkpoint", next_checkpoint(line.desk, origin, size_in(answer)))
    if answer.status != 200:
        raise SessionError(f"{line.party} does not take our checkpoint from the size that it named itself")
    ours, size, came_to, sent = signed_size(line.desk, origin), 0, -1, 0
    answer = yield from posted("/add-entries", next_entries(line.desk, origin, 0, 0))
    while answer.status != 200:
        where = parse_mirror_info(answer.body)
        if where.next_entry == where.pending_size == ours:
            return ours  # it holds them all: its receipt was lost, and a push renews it
        if not came_to < where.next_entry < where.pending_size <= ours:
            raise SessionError(f"{line.party} needs entry {where.next_entry} of {where.pending_size}; that leads nowhere")
        came_to, size = where.next_entry, where.pending_size
        if sent == packages_max:
            return came_to
        yield from hasten(line)
        answer = yield from paced(line, "/add-entries", next_entries(line.desk, origin, came_to, size))
        sent += 1
    take_receipt(line.desk, line.party, size, answer.text, origin)
    return size
