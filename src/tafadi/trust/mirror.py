"""The judge of a push: what we hold of another party's feed, and whether what it sends continues it.

Three outcomes. *Taken*: the entries follow ours and give the root that the owner signed; store them, then cosign. *WrongSize*: the sender
is mistaken about how far we are; it is told and tries again. An error: the sender's word cannot be true. Only signed words accuse: two
roots that the owner's key signed for one size are an EquivocationError and are kept for ever; entries that do not give the signed root
are a mere ChainError, because the entries were signed by nobody as a tree.

What the entries say is not looked at: storing is not judging (docs/spec/feed.md).
"""

from dataclasses import dataclass

from tafadi.errors import ChainError, EquivocationError, FormatError
from tafadi.trust.checkpoint import Checkpoint, open_signed, parse_checkpoint
from tafadi.trust.keys import PublicKey
from tafadi.trust.log import Frontier, leaf_hash
from tafadi.trust.note import parse_note
from tafadi.trust.push import Push


@dataclass(frozen=True, slots=True)
class MirrorState:
    """What we hold of a feed: its tree, and the last checkpoint we took, with the log's signature only (None before the first)."""

    frontier: Frontier = Frontier()  # noqa: RUF009 - frozen, so one empty tree serves all
    checkpoint: bytes | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """The push continues what we hold: store `entries` and `state` in one transaction, and only then cosign `checkpoint`."""

    state: MirrorState
    entries: tuple[bytes, ...]
    leaf_hashes: tuple[bytes, ...]
    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True)
class WrongSize:
    """We hold `size` entries; the push begins elsewhere."""

    size: int


def take_push(state: MirrorState, push: Push, log_key: PublicKey) -> Taken | WrongSize:
    """What becomes of a push upon `state`.

    The same size again, without entries, is Taken with no entries: it renews the receipt. Raises FormatError for a note that is no
    checkpoint or speaks of another feed, SignatureError when the log did not sign it, EquivocationError for another root at a size that
    it signed before, ChainError when the entries do not lead to the signed root.
    """
    checkpoint, note = open_signed(push.checkpoint, log_key)
    if checkpoint.origin != push.origin:
        raise FormatError(f"the push is for {push.origin} and its checkpoint for {checkpoint.origin}", format="push", field="origin")
    _check_against_held(state, checkpoint, note)
    if push.old_size != state.frontier.size:
        return WrongSize(state.frontier.size)
    if push.old_size + len(push.entries) != checkpoint.size:
        raise ChainError(f"{push.old_size} entries and {len(push.entries)} more are not the {checkpoint.size} of the checkpoint")
    hashes = tuple(leaf_hash(entry) for entry in push.entries)
    frontier = state.frontier.extend(hashes)
    if frontier.root() != checkpoint.root:
        raise ChainError(f"the entries do not give the root that {checkpoint.origin} signed for {checkpoint.size} entries")
    return Taken(MirrorState(frontier, note), push.entries, hashes, checkpoint)


def _check_against_held(state: MirrorState, checkpoint: Checkpoint, note: bytes) -> None:
    if state.checkpoint is None:
        return
    held = parse_checkpoint(parse_note(state.checkpoint).text)  # its signature was verified when we took it
    if held.origin != checkpoint.origin:
        raise FormatError(f"we hold {held.origin} here, and the checkpoint is of {checkpoint.origin}", format="push", field="origin")
    if held.size == checkpoint.size and held.root != checkpoint.root:
        raise EquivocationError(f"{held.origin} signed two roots for {held.size} entries", state.checkpoint, note)
