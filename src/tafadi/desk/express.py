"""Express: FLASH, stops and distress travel alone as well, ahead of whatever stands before them in their feed.

What comes is the entry itself: an envelope proves by its own signatures who said it, and at which place. It is on the disk before it is
answered by `heard`, and it rings; it is *stored* only once its feed has come so far, and takes effect then. Where the feed then holds other
bytes at that place, its owner has signed two entries for one index, and is convicted by them. It adds nothing to any feed, so who replays
it, or brings another's, brings nothing new.

Source: docs/spec/express.md; docs/decisions/0034-a-stop-overtakes.md.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from tafadi.desk.desk import Desk
from tafadi.desk.examine import examine
from tafadi.desk.folding.distress import DistressView
from tafadi.desk.ports import Change, Express
from tafadi.desk.proof import keep_entries
from tafadi.errors import EquivocationError, HeadMovedError, MissingError, QuotaError, SessionError, StoreError
from tafadi.model.entry import NODE_ROLE, VITAL, EntryId
from tafadi.model.line import Distress, Stop
from tafadi.model.message import Message
from tafadi.model.names import Precedence, printable
from tafadi.trust.express import Heard, open_heard, sign_heard
from tafadi.trust.log import leaf_hash
from tafadi.trust.misuse import open_placed

FLASH_MAX: Final = 32  # that may be ahead of one feed: who says FLASH oftener than that says nothing by it
VITAL_MAX: Final = 1_024  # stops and distress; all together are within the reserve of the agreement's quota
URGENT_MAX: Final = 32  # FLASH that overtakes in one round, the newest; a stop is never left out
LOOKED_MAX: Final = 4_096  # entries, the newest, among which a sender looks for what may overtake: who is further behind hears it in turn
WORDS_MAX: Final = 300  # characters of an entry's own words in an alarm
ALONE: Final = "alone"
UNRECORDED: Final = "not recorded"


def travels_alone(said: Message) -> bool:
    """Whether an entry may overtake those before it."""
    return said.type in VITAL or said.precedence is Precedence.FLASH


def take(desk: Desk, leaf: bytes) -> bytes:
    """The `heard` note for an entry that came alone, once it is durable and has rung; for one that is known the word again.

    Raises FormatError, MissingError (no feed of this agreement that is mirrored here), SessionError for what may not come alone,
    EquivocationError once its proof is kept, QuotaError, StoreError. A stop that cannot be kept has rung as NOT RECORDED by then.
    """
    placed = open_placed(leaf)
    if desk.pact.party_of(placed.origin) in (None, desk.party):
        raise MissingError(f"{placed.origin[:200]} is not a feed that this node mirrors")
    entry = desk.pact.entry_id(placed.origin, placed.index)
    size = desk.journal.head(placed.origin).frontier.size
    if placed.index < size:
        _check_same(desk, placed.origin, leaf, desk.journal.leaf(placed.origin, placed.index))
        return _heard(desk, entry, leaf)
    known = desk.alone_here(entry)
    if known is not None:
        _check_same(desk, placed.origin, leaf, known.leaf)
        _ring_alone(desk, known)  # the process may have ended between the keeping and the ringing
        return known.heard.encode()
    return _keep(desk, entry, leaf, _readable(desk, entry, leaf), placed.index - size)


def _check_same(desk: Desk, origin: str, came: bytes, held: bytes) -> None:
    """Raises EquivocationError for another entry at a place that has one, once that is proved and kept; SessionError where it is not."""
    if came == held:
        return
    sentence = f"another entry than the one that came alone stands at its place in {origin}"
    if keep_entries(desk, origin, came, held):
        raise EquivocationError(sentence, came, held)
    raise SessionError(f"{sentence}, and the two do not convict its owner")


def _readable(desk: Desk, entry: EntryId, leaf: bytes) -> Message:
    """What it says. Raises SessionError for what takes no effect, and for what is neither FLASH nor a stop nor distress."""
    examined = examine(leaf, entry, desk.pact)
    if examined.message is None or examined.refusal is not None:
        why = f"{examined.refusal.code} {examined.refusal.field}".strip() if examined.refusal else "unreadable"
        raise SessionError(f"{entry} is not taken in alone: {why}")
    if not travels_alone(examined.message):
        raise SessionError(f"{entry} is not taken in alone: only stops, distress and FLASH overtake what stands before them")
    return examined.message


def _keep(desk: Desk, entry: EntryId, leaf: bytes, said: Message, missing: int) -> bytes:
    origin, note = said.origin, _heard(desk, entry, leaf)
    try:
        _check_room(desk, origin, said, len(leaf))
        desk.journal.commit(Change(express=(Express(origin, entry.index, leaf, leaf_hash(leaf), note.decode()),)))
    except (StoreError, QuotaError) as error:
        if said.type in VITAL and not isinstance(error, HeadMovedError):
            _ring_unrecorded(desk, entry, leaf, said, str(error))
        raise
    _call_out(desk, entry, leaf, said, missing)
    if len(desk.pact.agreement.parties) > 2:
        desk.bell.entries_added(desk.pact)  # others may be cut off from who said it: it is passed on
    return note


def ring_again(desk: Desk) -> None:
    """Calls out what had come alone before this process began: that it rang, nothing on the disk says."""
    for one in held_alone(desk):
        _ring_alone(desk, one)


def _ring_alone(desk: Desk, one: Express) -> None:
    entry = desk.pact.entry_id(one.origin, one.index)
    said = examine(one.leaf, entry, desk.pact).message
    if said is not None:
        _call_out(desk, entry, one.leaf, said, one.index - desk.journal.head(one.origin).frontier.size)


def _call_out(desk: Desk, entry: EntryId, leaf: bytes, said: Message, missing: int) -> None:
    """Tells the officers, once in each process."""
    if desk.alone.rings_first(leaf_hash(leaf), ALONE):
        desk.bell.alarm(desk.pact, f"{told(said)}; it came alone, and {missing} before it are missing here", entry)


def _heard(desk: Desk, entry: EntryId, leaf: bytes) -> bytes:
    now, own = desk.clock.now(), desk.identity
    heard = Heard(desk.pact.feed_of(entry), entry.index, leaf_hash(leaf), own.party, own.epoch, NODE_ROLE, now)
    return sign_heard(heard, own.envelope)


def _check_room(desk: Desk, origin: str, said: Message, size_bytes: int) -> None:
    """Raises QuotaError where too many of one feed are ahead of it already: stops have far more room than the rest."""
    size = desk.journal.head(origin).frontier.size
    ahead = [len(one.leaf) for one in desk.journal.express(origin) if one.index >= size]
    is_vital = said.type in VITAL
    room_bytes = desk.pact.agreement.quota.stop_reserve_bytes
    if len(ahead) >= (VITAL_MAX if is_vital else FLASH_MAX) or sum(ahead) + size_bytes > room_bytes:
        raise QuotaError(f"{len(ahead)} entries of {origin} have come ahead of it already; bring those before them")


def told(said: Message, how: str = "") -> str:
    """The sentence by which an entry that stands in no feed here yet is called out: all that it says about what, where and until when."""
    body, place = said.body, f"{said.sender}/{said.origin.rsplit('/', 1)[-1]}/{said.index}"
    if not isinstance(body, Stop | Distress):
        return f"FLASH {said.type}{how} from {said.sender}: {place}, {said.mode}, sent {said.sent_at}"
    words = printable("; ".join([f"{said.type.upper()}{how} {body.step} by {said.sender}: {place}", *_says(body)]))
    return f"{words[:WORDS_MAX]}, {said.mode}, sent {said.sent_at}"


def _says(body: Stop | Distress) -> Iterator[str]:
    if body.what:
        yield f"what: {', '.join(body.what)}"
    if body.text:
        yield f"text: {body.text}"
    if where := _where(body):
        yield f"where: {where}"
    if isinstance(body, Stop) and body.until:
        yield f"until {body.until}"


def _where(body: Stop | Distress) -> str:
    place = body.centre if isinstance(body, Stop) else body.place
    around = f" within {body.radius_m:.0f} m" if isinstance(body, Stop) and body.radius_m is not None else ""
    return f"{place.lat_deg:.5f}, {place.lon_deg:.5f}{around}" if place else ""


def ring_unrecorded(desk: Desk, origin: str, start: int, leaves: Sequence[bytes], why: str) -> None:
    """Calls out the stops and distress among entries that could not be stored, NOT RECORDED, with what they say; each once.

    So does one that is no genuine entry of its place ring nowhere.
    """
    for index, leaf in enumerate(leaves, start):
        entry = desk.pact.entry_id(origin, index)
        said = examine(leaf, entry, desk.pact).message
        if said is not None and said.type in VITAL:
            _ring_unrecorded(desk, entry, leaf, said, why)


def _ring_unrecorded(desk: Desk, entry: EntryId, leaf: bytes, said: Message, why: str) -> None:
    if desk.alone.rings_first(leaf_hash(leaf), UNRECORDED):
        desk.bell.alarm(desk.pact, f"{told(said, ' NOT RECORDED,')}; it cannot be kept here: {why}", entry)


# The gap fills


def filled_by(came: Sequence[Express], start: int, leaves: Sequence[bytes]) -> tuple[tuple[str, int], ...]:
    """What `came` alone and is among these entries, which are about to be stored from `start` on, with the same bytes."""
    places = range(start, start + len(leaves))
    return tuple((one.origin, one.index) for one in came if one.index in places and leaves[one.index - start] == one.leaf)


def convict(desk: Desk, origin: str) -> None:
    """Keeps the proof, where the feed holds another entry than the one that had come alone; alarms where that proves nothing.

    What convicts nobody stays on the disk: it is the owner's word, and so is the tree that does not hold it.
    """
    size = desk.journal.head(origin).frontier.size
    for one in desk.journal.express(origin):
        if one.index >= size:
            continue
        if keep_entries(desk, origin, one.leaf, desk.journal.leaf(origin, one.index)):
            desk.journal.commit(Change(filled=((origin, one.index),)))
        elif desk.alone.rings_first(one.leaf_hash, "another stands there"):
            entry = desk.pact.entry_id(origin, one.index)
            desk.bell.alarm(desk.pact, f"{entry} came alone, and its feed now holds other bytes at its place; both are kept", entry)


# The sender


def waiting_alone(desk: Desk, party: str, origin: str, start: int, end: int) -> Iterator[EntryId]:
    """The entries [start, end) of a feed that may overtake, and that `party` is to hear: not what it has answered, or what is over.

    Who lost its record is brought all of it in turn, and is not called anew for what it has heard.
    """
    for index in range(max(start, end - LOOKED_MAX), end):
        entry = desk.pact.entry_id(origin, index)
        said = desk.views.examined(entry).message
        if said is not None and travels_alone(said) and party in said.recipients and not _is_settled(desk, party, entry, said):
            yield entry


def overtaking(desk: Desk, entries: Iterable[EntryId]) -> list[EntryId]:
    """Those that overtake in one round: stops and distress first, and all of them; of the rest the newest `URGENT_MAX`."""
    vital: list[EntryId] = []
    rest: list[EntryId] = []
    for entry in entries:
        said = desk.views.examined(entry).message
        (vital if said is not None and said.type in VITAL else rest).append(entry)
    return vital + rest[-URGENT_MAX:]


def _is_settled(desk: Desk, party: str, entry: EntryId, said: Message) -> bool:
    about = said.refs[0].entry if said.refs else entry
    view = desk.picture.stops.get(about) or desk.picture.shelf(DistressView).get(about)
    if view is None:
        return False
    if about != entry:  # a step of it: called out as long as it is open
        return view.state == "CLOSED"
    return any(step.party == party for step in view.steps)


def take_heard(desk: Desk, party: str, entry: EntryId, data: bytes) -> Heard:
    """What `party` says of the entry, checked, and shown from now on. Raises FormatError, SignatureError, SessionError."""
    heard = open_heard(data, desk.pact.cards[party].envelope)
    origin = desk.pact.feed_of(entry)
    due = origin, entry.index, leaf_hash(desk.journal.leaf(origin, entry.index)), party, desk.pact.cards[party].epoch
    if (heard.origin, heard.index, heard.leaf_hash, heard.party, heard.epoch) != due:
        raise SessionError(f"{party} says that it has heard another entry than {entry}")
    desk.alone.heard[party, entry] = heard
    return heard


def heard_alone(desk: Desk) -> dict[EntryId, dict[str, Heard]]:
    """Own entries that other parties have heard alone and hold no receipt for: heard, and not stored."""
    shown: dict[EntryId, dict[str, Heard]] = {}
    for (party, entry), heard in desk.alone.heard.items():
        receipt = desk.journal.receipts(desk.pact.feed_of(entry)).get(desk.pact.mirror(party))
        if receipt is None or receipt.size <= entry.index:
            shown.setdefault(entry, {})[party] = heard
    return shown


def held_alone(desk: Desk) -> list[Express]:
    """What has come alone from other parties, while their feeds have not come so far."""
    found = []
    for origin in (origin for party in desk.pact.others(desk.party) for origin in desk.pact.origins(party)):
        size = desk.journal.head(origin).frontier.size
        found += [one for one in desk.journal.express(origin) if one.index >= size]
    return found
