"""The thin talk: what one node says to another over a line of 75 bit/s, without doing any of it.

Nothing is asked and answered as on a line with a connection. Stops, distress and FLASH go alone (`tafadi.desk.express`), one frame each if
the template holds them, again and again until the word comes back that they are heard; signs of life are rare. All else waits for a
better line, or a stick. Frames are handed out one at a time, the most urgent first, whenever the line is free: a stop never waits for more
than the frame that is under way.

Chance, time and bytes are arguments; `tafadi.net.thin` has the device.

Source: docs/spec/thin.md.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from tafadi.desk.desk import Desk
from tafadi.desk.express import overtaking, take, take_heard, waiting_alone
from tafadi.desk.outgoing import held_by
from tafadi.desk.template import pack, press, unpack, unpress
from tafadi.errors import DamagedError, FormatError, InputError, TafadiError
from tafadi.measure.instant import Instant
from tafadi.model.entry import NODE_ROLE, VITAL, EntryId
from tafadi.trust.checkpoint import PROTOCOL
from tafadi.trust.express import Heard, open_heard, signature_of, with_signature
from tafadi.trust.keys import SIGNATURE_BYTES
from tafadi.trust.log import leaf_hash
from tafadi.trust.misuse import open_placed
from tafadi.trust.push import Reader
from tafadi.trust.thin import BODY_MAX_BYTES, Frame, FrameKind, Frames, Partial, encode_frame, parts_of, read_part, read_varint, varint

BEAT_S: Final = 600.0  # a sign of life takes some 9 s of a line of 75 bit/s
DOWN_AFTER_BEATS: Final = 3
HEARD_BYTES: Final = 92  # of the word that comes back, on the line
TURNS: Final = 1.5  # how much longer than there and back it is waited before an entry goes again
MARGIN_S: Final = 2.0  # for what lies between: modems, and the other node
OFTEN: Final = 8  # times that an entry is said as soon as it may have been lost; then it waits twice as long each time
PATIENCE_MAX_S: Final = BEAT_S
SAID_WITHIN_S: Final = 86_400.0  # what is older when the node starts was heard long ago, or by another way
HASH_BYTES: Final = 4  # of the leaf that was heard, so that a word for another is known before its signature fails
_FORMAT: Final = "thin"


@dataclass
class ThinTalk:
    """One end of a thin link to one other party. `heard_at` is when a frame by it last verified, `trouble` what was last wrong.

    `bits_per_s` is what the line carries; `began_s` elapsed seconds at the start.
    """

    desk: Desk
    party: str
    bits_per_s: float
    began_s: float = 0.0
    heard_at: Instant | None = field(default=None, kw_only=True)
    heard_s: float = field(default=0.0, kw_only=True)
    trouble: str = field(default="", kw_only=True)
    is_down: bool = field(default=False, kw_only=True)
    frames: Frames = field(default_factory=Frames, kw_only=True)
    _words: dict[EntryId, bytes] = field(default_factory=dict, kw_only=True)  # heard, to be said
    _urgent: dict[EntryId, float] = field(default_factory=dict, kw_only=True)  # when each is said (again), elapsed
    _tries: dict[EntryId, int] = field(default_factory=dict, kw_only=True)
    _looked: int = field(default=0, kw_only=True)
    _parts: deque[bytes] = field(default_factory=deque, kw_only=True)
    _parts_of: EntryId | None = field(default=None, kw_only=True)
    _partial: Partial = field(default_factory=Partial, kw_only=True)
    _beat_s: float = field(default=0.0, kw_only=True)

    def __post_init__(self) -> None:
        self.heard_s, self._beat_s = self.began_s, self.began_s

    # What is said

    def next_frame(self, now_s: float) -> bytes:
        """The bytes of the most urgent frame now, the line being free; none where there is nothing to say. `now_s` is elapsed."""
        self._watch(now_s)
        if self._words:
            return encode_frame(FrameKind.HEARD, self._words.pop(next(iter(self._words))))
        self._look(now_s)
        for entry in self._due(now_s):
            packed = pack(self.desk, self.party, self._leaf(entry))
            if packed is not None and len(packed) <= BODY_MAX_BYTES:
                frame = encode_frame(FrameKind.ENTRY, packed)
                self._said(entry, len(frame), now_s)
                return frame
        return self._next_part(now_s) or self._beat(now_s)

    def _look(self, now_s: float) -> None:
        """Finds what may overtake among own entries that are new; what is heard or stored there is said no more."""
        desk, origin = self.desk, self.desk.origin
        held, size = held_by(desk, self.party, origin), desk.journal.head(origin).frontier.size
        for entry in waiting_alone(desk, self.party, origin, max(held, self._looked), size):
            if desk.clock.now().since(self._sent_at(entry)) <= SAID_WITHIN_S:
                self._urgent[entry] = now_s
        self._looked = size
        settled = [entry for entry in self._urgent if entry.index < held or (self.party, entry) in desk.alone.heard]
        kept = overtaking(desk, [entry for entry in self._urgent if entry not in settled])
        for entry in self._urgent.keys() - kept:
            self._urgent.pop(entry, None)
            self._tries.pop(entry, None)

    def _sent_at(self, entry: EntryId) -> Instant:
        said = self.desk.views.examined(entry).message
        assert said is not None  # it was found by what it says
        return said.sent_at

    def _due(self, now_s: float) -> list[EntryId]:
        """What is to be said now: stops and distress before other FLASH, and then as they were said."""
        due = [entry for entry, at_s in self._urgent.items() if at_s <= now_s and entry != self._parts_of]
        return sorted(due, key=lambda entry: (not self._is_vital(entry), self._urgent[entry]))

    def _is_vital(self, entry: EntryId) -> bool:
        said = self.desk.views.examined(entry).message
        return said is not None and said.type in VITAL

    def _leaf(self, entry: EntryId) -> bytes:
        return self.desk.journal.leaf(self.desk.origin, entry.index)

    def _said(self, entry: EntryId, size_bytes: int, now_s: float) -> None:
        """It is waited for the word that the entry is heard, and then it is said again; less often where that never comes."""
        tries = self._tries[entry] = self._tries.get(entry, 0) + 1
        patience_s = TURNS * 8 * (size_bytes + HEARD_BYTES) / self.bits_per_s + MARGIN_S
        self._urgent[entry] = now_s + (patience_s if tries < OFTEN else min(PATIENCE_MAX_S, patience_s * 2.0 ** (tries - OFTEN)))

    def _next_part(self, now_s: float) -> bytes:
        """The next part of what goes in parts: what the template does not hold."""
        due = self._due(now_s)
        begun = self._parts_of
        if begun is not None and (begun not in self._urgent or (due and self._is_vital(due[0]) and not self._is_vital(begun))):
            self._parts_of, self._parts = None, deque()  # heard, or overtaken: then it begins anew
        if not self._parts and due:
            self._parts_of, self._parts = due[0], deque(self._in_parts(due[0]))
        if not self._parts or self._parts_of is None:
            return b""
        frame = encode_frame(FrameKind.PART, self._parts.popleft())
        if not self._parts:
            self._said(self._parts_of, len(frame), now_s)
            self._parts_of = None
        return frame

    def _in_parts(self, entry: EntryId) -> list[bytes]:
        leaf = self._leaf(entry)
        try:
            return parts_of(press(self.desk, leaf), leaf_hash(leaf))
        except InputError as error:
            self.trouble = f"{entry} cannot go by the thin line: {error}"
            del self._urgent[entry]
            return []

    def _beat(self, now_s: float) -> bytes:
        if now_s < self._beat_s:
            return b""
        self._beat_s = now_s + BEAT_S
        now, size = self.desk.clock.now(), self.desk.journal.head(self.desk.origin).frontier.size
        signature = self.desk.identity.envelope.sign(_alive(self.desk, self.desk.party, now, size))
        return encode_frame(FrameKind.BEAT, now.ns.to_bytes(8, "big", signed=True) + varint(size) + signature)

    def wait_s(self, now_s: float) -> float:
        """For how long there is nothing to say, unless something is said or comes: 0 where there is something now."""
        if self._words or self._parts:
            return 0.0
        return max(0.0, min([self._beat_s, *self._urgent.values()]) - now_s)

    def _watch(self, now_s: float) -> None:
        if not self.is_down and now_s - self.heard_s >= DOWN_AFTER_BEATS * BEAT_S:
            self.is_down = True
            self.desk.bell.alarm(self.desk.pact, f"the thin line to {self.party} is DOWN: nothing has come over it", None)

    # What comes

    def take(self, data: bytes, now_s: float) -> None:
        """Takes in what came over the line, whatever it is. Raises DamagedError, for our own record cannot be trusted then."""
        for frame in self.frames.take(data):
            try:
                is_genuine = self._take(frame)
            except DamagedError:
                raise
            except TafadiError as error:
                self.trouble = str(error)
                continue
            if is_genuine:
                self._is_well(now_s)

    def _is_well(self, now_s: float) -> None:
        self.trouble, self.heard_at, self.heard_s = "", self.desk.clock.now(), now_s
        if self.is_down:
            self.is_down = False
            self.desk.bell.alarm(self.desk.pact, f"the thin line to {self.party} is up again", None)

    def _take(self, frame: Frame) -> bool:
        """Whether something in one frame was verified: a part alone shows nothing. Raises the TafadiError of what is wrong with it."""
        if frame.kind == FrameKind.ENTRY:
            self._take_leaf(unpack(self.desk, self.party, frame.body))
        elif frame.kind == FrameKind.PART:
            whole = self._partial.take(read_part(frame.body))
            if whole is None:
                return False
            self._take_leaf(unpress(self.desk, whole))
        elif frame.kind == FrameKind.HEARD:
            self._take_heard(frame.body)
        elif frame.kind == FrameKind.BEAT:
            self._take_beat(frame.body)
        else:
            raise FormatError(f"frames of kind {frame.kind} are not known; upgrade", format=_FORMAT)
        return True

    def _take_leaf(self, leaf: bytes) -> None:
        placed, key = open_placed(leaf), self.desk.identity.envelope.public
        if self.desk.pact.origin(self.party) != placed.origin:
            raise FormatError(f"an entry of {placed.origin} came over the line to {self.party}", format=_FORMAT)
        note = take(self.desk, leaf)
        heard = open_heard(note, key)
        word = varint(heard.index) + heard.leaf_hash[:HASH_BYTES] + heard.at.ns.to_bytes(8, "big", signed=True) + signature_of(note, key)
        self._words[self.desk.pact.entry_id(placed.origin, placed.index)] = word

    def _take_heard(self, body: bytes) -> None:
        reader = Reader(body, _FORMAT)
        index, digest = read_varint(reader, "index"), reader.take(HASH_BYTES, "leaf hash")
        at, signature = Instant(int.from_bytes(reader.take(8, "time"), "big", signed=True)), reader.take(SIGNATURE_BYTES, "signature")
        entry = self.desk.pact.entry_id(self.desk.origin, index)
        leaf = leaf_hash(self._leaf(entry))
        if leaf[:HASH_BYTES] != digest or reader.left:
            raise FormatError(f"the word is not for {entry} as it stands here", format=_FORMAT)
        card = self.desk.pact.cards[self.party]
        heard = Heard(self.desk.origin, index, leaf, self.party, card.epoch, NODE_ROLE, at)
        take_heard(self.desk, self.party, entry, with_signature(heard, signature, card.envelope))

    def _take_beat(self, body: bytes) -> None:
        reader = Reader(body, _FORMAT)
        at, size = Instant(int.from_bytes(reader.take(8, "time"), "big", signed=True)), read_varint(reader, "size")
        signature = reader.take(SIGNATURE_BYTES, "signature")
        self.desk.pact.cards[self.party].envelope.verify(signature, _alive(self.desk, self.party, at, size))


def _alive(desk: Desk, party: str, at: Instant, size: int) -> bytes:
    """What a sign of life signs: nothing of it could be taken for an entry, a note or a checkpoint."""
    return f"{PROTOCOL}/thin\n{desk.pact.id}\n{party}\n{desk.pact.cards[party].epoch}\n{at}\n{size}\n".encode()
