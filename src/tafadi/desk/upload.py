"""Uploading: this party's feeds to another node, by pushes or, where that is far behind, in proved packages.

Source: docs/spec/push.md, docs/spec/exchange.md.
"""

from typing import Final

from tafadi.desk.exchange import Answer, Line, Talk, posted
from tafadi.desk.outgoing import held_by, is_far_behind, next_checkpoint, next_entries, next_push, signed_size, take_receipt
from tafadi.errors import SessionError
from tafadi.trust.catchup import parse_mirror_info
from tafadi.trust.push import Push, encode_push

RESUMES_MAX: Final = 3  # how often in a row the other node may name another size; one that goes on so leads us in a circle
SIZE_DIGITS_MAX: Final = 15  # of a size that is named in an answer; 2^53 has 16, and no feed comes near it


def push_feeds(line: Line) -> Talk[None]:
    """Pushes all of this party's feeds, oldest first; trouble with one that has ended must not hold up the newest."""
    *ended, newest = line.desk.pact.origins(line.desk.party)
    for origin in ended:
        try:
            yield from _push_all(line, origin)
        except SessionError as refused:
            yield from line.once(refused, origin)
    yield from _push_all(line, newest)


def _push_all(line: Line, origin: str) -> Talk[None]:
    held, resumes = held_by(line.desk, line.party, origin), 0
    if is_far_behind(line.desk, origin, held):
        held = yield from catch_up(line, origin, held)
    push = next_push(line.desk, held, origin) or _renewal(line, origin, held)
    while push is not None:
        answer = yield from posted("/push", encode_push(push))
        if answer.status == 409:
            resumes += 1
            held = _resumed(push, size_in(answer), line, resumes)
            push = next_push(line.desk, held, origin) or _renewal(line, origin, held)
            continue
        held, resumes = push.old_size + len(push.entries), 0
        take_receipt(line.desk, line.party, held, answer.text, origin)
        push = next_push(line.desk, held, origin)


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
        answer = yield from posted("/add-entries", next_entries(line.desk, origin, came_to, size))
        sent += 1
    take_receipt(line.desk, line.party, size, answer.text, origin)
    return size
