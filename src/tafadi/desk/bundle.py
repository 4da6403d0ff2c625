"""Bundles at a desk: everything that another party lacks, made into one file; and such a file, taken in.

What is in it stands on its own signatures, so anybody may carry it, and it may be lost, doubled, or come too late. A bundle is verified
whole before anything of it is kept; a fork that it shows is kept as evidence all the same. Receipts come in the heartbeat of whoever made
the bundle. The clock of that heartbeat is not compared: a stick is as old as its way is long.

Source: docs/spec/bundle.md.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from tafadi.desk.desk import Desk
from tafadi.desk.listen import take_in
from tafadi.desk.misuse import watch_entries
from tafadi.desk.outgoing import checkpoint_at, held_by, signed_size
from tafadi.desk.pact import Pact, pact_of
from tafadi.desk.proof import compare, evidence_of, feed_of_proof, keep_trees, proof_for, take_evidence
from tafadi.desk.pulse import beat, take_notes
from tafadi.desk.succession import next_card
from tafadi.errors import ChainError, EquivocationError, LimitError, MissingError, NotPermittedError, SessionError
from tafadi.trust.bundle import BUNDLE_MAX_BYTES, EVIDENCE_MAX, FEEDS_MAX, Bundle, FeedPart, card_name, encode_carried, space_of
from tafadi.trust.canon import to_base64
from tafadi.trust.checkpoint import Checkpoint, check_cosignature, open_checkpoint, parse_checkpoint
from tafadi.trust.heartbeat import Heartbeat, open_heartbeat
from tafadi.trust.log import Frontier, leaf_hash
from tafadi.trust.note import parse_note
from tafadi.trust.push import Push
from tafadi.trust.tiles import WIDTH

SPARE_BYTES: Final = 32_768  # of a bundle, for the headers of what stands once in it, and its end


@dataclass(frozen=True, slots=True)
class Made:
    """A bundle, and how many entries of each feed there was no room for: the next bundle brings them."""

    data: bytes
    left: dict[str, int]


@dataclass(frozen=True, slots=True)
class Taken:
    """What a bundle brought: whose it was, how many cards and entries were new, and which feeds it showed to be forked."""

    party: str
    made_at: str
    cards: int = 0
    entries: dict[str, int] = field(default_factory=dict)
    forked: tuple[str, ...] = ()


def make_bundle(desk: Desk, party: str, since: int | None = None, longest_bytes: int = BUNDLE_MAX_BYTES) -> Made:
    """Everything that `party` is not known to hold; of our newest feed, where said, from entry `since` on.

    Raises MissingError when it is no other party; LimitError when not even cards and proofs fit.
    """
    if party not in desk.pact.others(desk.party):
        raise MissingError(f"{party} is no other party of {desk.pact.id}")
    heartbeat, cards = beat(desk), [(card_name(one.card.party, one.card.epoch), one.data) for one in desk.pact.later()]
    proofs = list({feed_of_proof(exhibit.data): exhibit.data for exhibit in evidence_of(desk)}.values())[:EVIDENCE_MAX]
    room = longest_bytes - SPARE_BYTES - len(heartbeat) - sum(len(data) + 1_024 for _, data in cards)
    room -= sum(len(data) + 1_024 for data in proofs)
    if room < 0:
        raise LimitError(f"cards and proofs alone do not fit into a bundle of {longest_bytes} bytes")
    feeds, left = [], {}
    for origin in _feeds_for(desk, party):
        held = held_by(desk, party, origin) if since is None or origin != desk.origin else since
        part, used = _part(desk, origin, held, room)
        brought = part.start + len(part.entries) if part else held
        if missing := max(0, signed_size(desk, origin) - brought):
            left[origin] = missing
        if part is not None:
            feeds.append(part)
            room -= used
    return Made(encode_carried(heartbeat, cards, proofs, feeds), left)


def _feeds_for(desk: Desk, party: str) -> list[str]:
    """Our own feeds, then those of third parties; the newest of each first, for what stands there may be a stop."""
    parties = (desk.party, *(third for third in desk.pact.others(desk.party) if third != party))
    return [origin for one in parties for origin in reversed(desk.pact.origins(one))][:FEEDS_MAX]


def _part(desk: Desk, origin: str, held: int, room: int) -> tuple[FeedPart | None, int]:
    """What fits of a feed from entry `held` on, and how much room it takes. Of another's, or an ended one, all or nothing:

    only the last checkpoint is signed, and nobody but the owner could sign another.
    """
    start, signed = held // WIDTH * WIDTH, signed_size(desk, origin)
    tiles, used = [], 2 * SPARE_BYTES  # of each feed: its checkpoint
    for at in range(start, signed if held < signed else 0, WIDTH):
        tile = desk.journal.leaves(origin, at, min(at + WIDTH, signed))
        if used + space_of(tile) > room:
            break
        tiles.append(tile)
        used += space_of(tile)
    entries = tuple(leaf for tile in tiles for leaf in tile)
    end, newest = start + len(entries), desk.journal.head(origin).checkpoint
    if end <= held or newest is None or (end < signed and origin != desk.origin):
        return None, 0
    return FeedPart(origin, start, entries, newest if end == signed else checkpoint_at(desk, end)), used


def agreement_of(bundle: Bundle) -> str:
    """Under which agreement the bundle says it was made."""
    lines = bundle.heartbeat.split(b"\n", 2)
    return lines[1].decode("utf-8", "replace") if len(lines) > 2 else ""


def take_bundle(desk: Desk, bundle: Bundle, go_by: Callable[[bytes], bool]) -> Taken:
    """Takes the bundle in; `go_by` makes a card durable and goes by it, and says whether it is new. What is known already changes nothing.

    Raises, before anything is kept, whatever is wrong with any part of it; DamagedError when it shows that this record is not the newest.
    """
    heartbeat, forked = _checked(desk, bundle)
    cards = sum(go_by(data) for data in bundle.cards)
    for proof in bundle.evidence:
        take_evidence(desk, proof)
    entries = {}
    for part in bundle.feeds:
        try:
            entries[part.origin] = 0 if part.origin in forked else _take_part(desk, part)
        except EquivocationError:  # kept and alarmed; what else is brought is taken all the same
            forked.append(part.origin)
    with suppress(EquivocationError):
        take_notes(desk, heartbeat.party, heartbeat.notes)
    new = {origin: count for origin, count in entries.items() if count}
    return Taken(heartbeat.party, str(heartbeat.at), cards, new, tuple(forked))


def _take_part(desk: Desk, part: FeedPart) -> int:
    """How many entries were new. Raises EquivocationError once the proof of a fork is kept."""
    held = desk.journal.head(part.origin).frontier.size
    new = part.entries[held - part.start :] if held < part.start + len(part.entries) else ()
    if new:
        take_in(desk, Push(part.origin, held, new, part.checkpoint))
    else:
        compare(desk, part.checkpoint)
    return len(new)


def _checked(desk: Desk, bundle: Bundle) -> tuple[Heartbeat, list[str]]:
    """Its heartbeat and the feeds that it shows to be forked, when every part of the bundle is true and can be taken.

    Raises otherwise; keeps nothing but the proof of a fork.
    """
    pact = _with_cards(desk, bundle)
    party = _maker(pact, bundle)
    heartbeat = open_heartbeat(bundle.heartbeat, pact.cards[party].envelope)
    if heartbeat.agreement != desk.pact.id or heartbeat.party != party or party == desk.party:
        raise SessionError(f"a bundle of {heartbeat.party} under {heartbeat.agreement[:80]} is not for {desk.party} under {desk.pact.id}")
    for data in bundle.evidence:
        proof_for(pact, data)
    for note in heartbeat.notes:
        _check_note(pact, note)
    return heartbeat, [part.origin for part in bundle.feeds if not _is_continued(desk, pact, part)]


def _with_cards(desk: Desk, bundle: Bundle) -> Pact:
    """The pact as it will be with the cards of the bundle. Raises as `succession.next_card` does."""
    pact = pact_of(desk.pact.document)
    for known in desk.pact.later():
        pact.append(known)
    for data in bundle.cards:
        signed = next_card(pact, desk.party, data)
        if signed is not None:
            pact.append(signed)
    return pact


def _maker(pact: Pact, bundle: Bundle) -> str:
    lines = bundle.heartbeat.split(b"\n", 3)
    party = lines[2].decode("utf-8", "replace") if len(lines) > 3 else ""
    if party not in pact.cards:
        raise NotPermittedError(f"{party[:40]!r}, who made the bundle, is no party of {pact.id}")
    return party


def _check_note(pact: Pact, data: bytes) -> None:
    """Raises FormatError, SignatureError for a false signature by the owner of the feed or by a mirror that is known here."""
    note = parse_note(data)
    checkpoint = parse_checkpoint(note.text)
    if pact.party_of(checkpoint.origin) is None:
        return
    mirrors = {name: card for party in pact.agreement.parties for name, card in pact.mirrors(party).items()}
    for signature in note.signatures:
        if signature.name in mirrors:
            check_cosignature(signature.line, checkpoint, signature.name, mirrors[signature.name].mirror)
        elif signature.name == checkpoint.origin:
            open_checkpoint(data, pact.card(checkpoint.origin).log)


def _is_continued(desk: Desk, pact: Pact, part: FeedPart) -> bool:
    """Whether the entries lead from what is held here to the root that their owner signed; False once the proof of a fork is kept.

    Raises for whatever is neither.
    """
    owner = pact.party_of(part.origin)
    if owner is None or owner == desk.party:
        raise MissingError(f"{part.origin[:200]} is not a feed that this node mirrors")
    checkpoint = open_checkpoint(part.checkpoint, pact.card(part.origin).log)
    if (checkpoint.origin, checkpoint.size) != (part.origin, part.start + len(part.entries)):
        raise ChainError(f"the checkpoint of {part.origin} is of {checkpoint.size} entries, and {part.start + len(part.entries)} are there")
    head = desk.journal.head(part.origin)
    if part.start > head.frontier.size:
        raise SessionError(
            f"the bundle brings {part.origin} from entry {part.start} on, and {head.frontier.size} are held here: bring the one before it"
        )
    last = pact.last(part.origin)
    if last is not None and checkpoint.size > head.frontier.size and checkpoint != last:
        watch_entries(desk, part.origin, part.entries)
        raise ChainError(f"{part.origin} has ended at {last.size} entries, and the bundle brings others")
    return _gives_root(desk, part, checkpoint)


def _gives_root(desk: Desk, part: FeedPart, checkpoint: Checkpoint) -> bool:
    frontier = desk.journal.head(part.origin).frontier
    hashes = [leaf_hash(entry) for entry in part.entries]
    held = frontier.size
    if held >= checkpoint.size or frontier.extend(hashes[held - part.start :]).root() == checkpoint.root:
        return True
    if part.start == 0 and Frontier().extend(hashes).root() == checkpoint.root:
        keep_trees(desk, part.origin, part.checkpoint, hashes)  # its owner signed another beginning than is held here
        return False
    raise ChainError(f"the entries do not give the root that {part.origin} signed for them ({to_base64(checkpoint.root)[:12]}…)")
