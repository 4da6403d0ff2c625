"""Listening: another feed's entries come in, are stored and cosigned. They are judged afterwards (`tafadi.desk.judge`)."""

from dataclasses import dataclass, replace

from tafadi.desk.desk import Desk
from tafadi.desk.express import convict, filled_by, ring_unrecorded
from tafadi.desk.misuse import watch_entries
from tafadi.desk.ports import Change, Growth, Head
from tafadi.desk.proof import keep_fork
from tafadi.desk.quota import check_quota, count
from tafadi.desk.tree import root_at
from tafadi.errors import ChainError, EquivocationError, HeadMovedError, MissingError, StoreError
from tafadi.trust.catchup import CatchUp, Elsewhere, decode_add_checkpoint, decode_add_entries, take_checkpoint, take_entries
from tafadi.trust.checkpoint import Checkpoint, cosign, open_checkpoint
from tafadi.trust.mirror import MirrorState, Taken, WrongSize, take_push
from tafadi.trust.push import Push, decode_push


@dataclass(frozen=True, slots=True)
class Cosigned:
    """The push was taken: the cosignature line that is its receipt."""

    line: str


def receive(desk: Desk, data: bytes) -> Cosigned | WrongSize:
    """What becomes of a push: a receipt after everything is durable, or the size that is held.

    Raises FormatError, MissingError (no feed of this agreement), SignatureError, ChainError, QuotaError; EquivocationError once its proof
    is kept.
    """
    push = decode_push(data)
    _check_owner(desk, push.origin)
    if push.old_size == desk.journal.head(push.origin).frontier.size:
        check_quota(desk, push.origin, push.old_size, push.entries)
    return take_in(desk, push, by_hand=False)


def take_in(desk: Desk, push: Push, *, by_hand: bool = True) -> Cosigned | WrongSize:
    """The same of a push of any length, however it came: what an officer brings `by_hand` is no traffic. Raises as `receive` does."""
    _check_owner(desk, push.origin)
    watch_entries(desk, push.origin, push.entries)
    head = desk.journal.head(push.origin)
    taken = _take(desk, push, MirrorState(head.frontier, head.checkpoint))
    if isinstance(taken, WrongSize):
        return _renewed(desk, push, head) or taken
    _check_end(desk, taken.checkpoint, head)
    if taken.entries or head.checkpoint is None:
        _store(desk, push, taken, by_hand)
    return _cosigned(desk, taken.checkpoint)


def _cosigned(desk: Desk, checkpoint: Checkpoint) -> Cosigned:
    return Cosigned(cosign(checkpoint, desk.pact.mirror(desk.party), desk.identity.mirror, desk.clock.now()))


def _renewed(desk: Desk, push: Push, head: Head) -> Cosigned | None:
    """The receipt again, where the push ends in the very tree that is held: its first receipt was lost on the way.

    Of a feed that has ended that is the tree of its end, though more may be held.
    """
    checkpoint = open_checkpoint(push.checkpoint, desk.pact.card(push.origin).log)
    end = desk.pact.end(push.origin)
    size = head.frontier.size if end is None else min(end, head.frontier.size)
    ends_here = push.old_size + len(push.entries) == checkpoint.size == size
    return _cosigned(desk, checkpoint) if ends_here and checkpoint.root == root_at(desk.journal, push.origin, size) else None


def _take(desk: Desk, push: Push, state: MirrorState) -> Taken | WrongSize:
    try:
        return take_push(state, push, desk.pact.card(push.origin).log)
    except EquivocationError as error:
        keep_fork(desk, push.origin, error)
        raise


def add_checkpoint(desk: Desk, data: bytes) -> WrongSize | None:
    """Moves the pending checkpoint of a feed forward; the size that is held when the request is mistaken about it.

    Raises FormatError, MissingError, SignatureError, ChainError; EquivocationError once its proof is kept.
    """
    request = decode_add_checkpoint(data)
    origin = request.checkpoint.split(b"\n", 1)[0].decode("utf-8", "replace")
    _check_owner(desk, origin)
    head = desk.journal.head(origin)
    try:
        taken = take_checkpoint(_catching_up(head), request, origin, desk.pact.card(origin).log)
    except EquivocationError as error:
        keep_fork(desk, origin, error)
        raise
    if isinstance(taken, WrongSize):
        return taken
    _check_end(desk, open_checkpoint(request.checkpoint, desk.pact.card(origin).log), head)
    growth = Growth(origin, head.frontier.size, (), (), replace(head, pending=taken.pending))
    desk.journal.commit(Change(growths=(growth,)))
    return None


def add_entries(desk: Desk, data: bytes) -> Cosigned | Elsewhere:
    """Takes proved packages of entries: the receipt when the pending checkpoint is reached, else where to go on.

    Raises FormatError, MissingError, ChainError, QuotaError.
    """
    request = decode_add_entries(data)
    _check_owner(desk, request.origin)
    head = desk.journal.head(request.origin)
    if request.start == head.frontier.size:
        check_quota(desk, request.origin, request.start, [leaf for package in request.packages for leaf in package.entries])
    progress = take_entries(_catching_up(head), request)
    if isinstance(progress, Elsewhere):
        return progress
    after = Head(progress.state.mirror.frontier, progress.state.mirror.checkpoint, None if progress.done else progress.state.pending)
    _grow(desk, Growth(request.origin, head.frontier.size, progress.entries, progress.leaf_hashes, after))
    if not progress.done:
        return Elsewhere(progress.checkpoint.size, after.frontier.size)
    return _cosigned(desk, progress.checkpoint)


def _check_owner(desk: Desk, origin: str) -> None:
    """Raises MissingError for a feed that this node does not mirror."""
    if desk.pact.party_of(origin) in (None, desk.party):
        raise MissingError(f"{origin[:200]} is not a feed that this node mirrors")


def _check_end(desk: Desk, checkpoint: Checkpoint, head: Head) -> None:
    """Raises ChainError when a feed that has ended would grow to anything but the end that its owner's root signed.

    Its own keys are retired: whoever has them now could fill what a mirror still lacks with words of his own.
    """
    last = desk.pact.last(checkpoint.origin)
    if last is not None and checkpoint.size != head.frontier.size and checkpoint != last:
        raise ChainError(
            f"{last.origin} has ended at {last.size} entries with the root that its owner's root key signed; "
            f"{checkpoint.size} entries with another cannot be taken"
        )


def _catching_up(head: Head) -> CatchUp:
    return CatchUp(MirrorState(head.frontier, head.checkpoint), head.pending)


def _store(desk: Desk, push: Push, taken: Taken, by_hand: bool) -> None:
    state = Head(taken.state.frontier, taken.state.checkpoint)
    _grow(desk, Growth(push.origin, push.old_size, taken.entries, taken.leaf_hashes, state), by_hand=by_hand)


def _grow(desk: Desk, growth: Growth, *, by_hand: bool = False) -> None:
    """Stores new entries; what had come alone is in its place then. Stops that cannot be stored ring all the same, NOT RECORDED."""
    came = desk.journal.express(growth.origin)
    filled = filled_by(came, growth.old_size, growth.leaves)
    try:
        desk.journal.commit(Change(growths=(growth,), filled=filled))
    except HeadMovedError:
        raise  # another was first, and it is asked for again
    except StoreError as error:
        ring_unrecorded(desk, growth.origin, growth.old_size, growth.leaves, str(error))
        raise
    count(desk, growth.origin, growth.leaves, by_hand=by_hand)
    if len(came) > len(filled):
        convict(desk, growth.origin)
    desk.views.catch_up()
    _tell_waiting(desk, growth.origin, growth.old_size, growth.head.frontier.size)


def _tell_waiting(desk: Desk, origin: str, start: int, end: int) -> None:
    """Alarms for new entries that have seen what is not here: they are shown, and judged within a bound; nothing waits in silence."""
    if desk.views.size(origin) >= end:
        return
    waiting = [place for place in range(start, end) if not desk.views.holds(desk.pact.entry_id(origin, place))]
    if waiting:
        first = desk.pact.entry_id(origin, waiting[0])
        desk.bell.alarm(desk.pact, f"{first} is stored and waits: it says it has seen entries that are not here", first)
