"""Live plots: what a receiver hands over becomes plots. What is held of each address outlives the connection on which it came; a line or
frame that was cut with its connection is counted as damaged, and never joined with the beginning of the next.

Whatever a source sends ends nothing: what cannot be read is counted as damage, and reading goes on behind it. That nothing was heard for a
while, or was lost, is damage too: what was to be seen then is unknown.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Final, NamedTuple

from tafadi.errors import FormatError
from tafadi.formats.lines import lines
from tafadi.formats.reading import NOTHING, Told
from tafadi.formats.skips import Skips
from tafadi.measure.instant import Instant
from tafadi.model.track import Plot
from tafadi.net.live import Arrived, Event

CUT: Final = "the source was cut; what it would have seen until it was back is unknown"
SILENT: Final = "the source was silent; what it would have seen is unknown"
LOST: Final = "a datagram was lost, because datagrams came faster than they were read"
UNREADABLE: Final = "a stretch that is none of the format; reading went on behind it"
GARBAGE_BYTES: Final = 65_536  # without a single plot, and with damage in it: this is told while it goes on
AGAIN_S: Final = 10.0  # losses come in bursts; each is counted, and told at most so often

Read = Callable[[Iterable[bytes]], Iterator[Plot]]


class Stream(NamedTuple):
    """One way of reading: the plots of each stretch of bytes, with what is known from those before it."""

    skips: Skips
    read: Read


class _StoppedError(Exception):
    """The receiver was stopped in the middle of a stream: what was begun is left, and is no damage. Never leaves this module."""


class LivePlots:
    """The plots of what a receiver hands over, in a format of `STREAMS`. Raises FormatError for another.

    `skips` counts what was left out; `tell` is given a sentence when something happens at the source.
    """

    def __init__(self, arrivals: Iterable[Arrived], format: str, tell: Callable[[str], None], told: Told = NOTHING) -> None:
        if format not in STREAMS:
            raise FormatError(f"{format[:40]!r} does not come live; {', '.join(STREAMS)} do")
        self._arrivals = iter(arrivals)
        self._tell = tell
        self._at = Instant(0)
        self._streams = 0
        self._plots = 0
        self._bytes = 0
        self._lost_told: Instant | None = None
        self._stream = STREAMS[format](told._replace(clock=lambda: self._at))
        self.skips = self._stream.skips

    def plots(self) -> Iterator[Plot]:
        """The plots as they come, until the receiver is stopped."""
        for arrived in self._arrivals:
            self._at = arrived.at
            if arrived.event is Event.BEGINS:
                self._note(arrived)
                yield from self._whole(_Stretch(self._until_cut()))
            elif arrived.event is Event.DATA:
                yield from self._whole(_Stretch(iter((self._taken(arrived),))))
            else:
                self._note(arrived)

    def _whole(self, stretch: "_Stretch") -> Iterator[Plot]:
        """All plots of a stretch, also behind what cannot be read."""
        self._streams += 1
        while stretch.goes_on():
            try:
                for plot in self._stream.read(stretch):
                    self._plots += 1
                    yield plot
            except _StoppedError:
                return
            except FormatError:
                self.skips.add(UNREADABLE, self._streams, is_damage=True)

    def _until_cut(self) -> Iterator[bytes]:
        """The bytes of one connection. Raises _StoppedError when there is no more because the receiver was stopped."""
        for arrived in self._arrivals:
            self._at = arrived.at
            if arrived.event is Event.DATA:
                yield self._taken(arrived)
                continue
            self._note(arrived)
            if arrived.event is Event.CUT:
                return
        raise _StoppedError

    def _taken(self, arrived: Arrived) -> bytes:
        before, self._bytes = self._bytes, self._bytes + len(arrived.data)
        if before <= GARBAGE_BYTES < self._bytes and self._plots == 0 and self.skips.damaged:
            self._tell("sends nothing that can be read; what it would see is not watched")
        return arrived.data

    def _note(self, arrived: Arrived) -> None:
        """Tells and counts what happened at the source."""
        if arrived.words:
            self._tell(arrived.words)
        if arrived.event is Event.LOST and (self._lost_told is None or arrived.at.since(self._lost_told) >= AGAIN_S):
            self._lost_told = arrived.at
            self._tell(f"sends faster than it is read; {self.skips[LOST] + arrived.lost:,} datagrams are lost until now")
        reason = {Event.CUT: CUT, Event.SILENT: SILENT, Event.LOST: LOST}.get(arrived.event)
        if reason is not None:
            self.skips.add(reason, max(self._streams, 1), is_damage=True, count=max(arrived.lost, 1))


class _Stretch:
    """Chunks of bytes, and whether there may be more."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._is_over = False
        self._is_touched = True

    def __iter__(self) -> "_Stretch":
        return self

    def __next__(self) -> bytes:
        self._is_touched = True
        try:
            return next(self._chunks)
        except StopIteration:
            self._is_over = True
            raise

    def goes_on(self) -> bool:
        """Whether there may be more, and something was asked for since this was last asked: no reader may turn round on the spot."""
        is_touched, self._is_touched = self._is_touched, False
        return is_touched and not self._is_over


def _nop(told: Told) -> Stream:
    from tafadi.formats import nop

    reader = nop.Reader()
    return Stream(reader.skips, lambda chunks: reader.read(lines(chunks)))


def _sbs(told: Told) -> Stream:
    from tafadi.formats import sbs

    reader = sbs.Reader(clock=told.clock)
    return Stream(reader.skips, lambda chunks: reader.read(lines(chunks)))


def _iff(told: Told) -> Stream:
    from tafadi.formats import iff

    reader = iff.Reader()
    return Stream(reader.skips, lambda chunks: reader.read(lines(chunks)))


def _readsb(told: Told) -> Stream:
    from tafadi.formats import readsb

    reader = readsb.Reader()
    return Stream(reader.skips, lambda chunks: reader.lines(lines(chunks)))


def _modes(told: Told) -> Stream:
    from tafadi.formats import beast, modes

    reader = modes.Reader(clock=told.clock, receiver=told.receiver)

    def read(chunks: Iterable[bytes]) -> Iterator[Plot]:
        coming = iter(chunks)
        head = next(coming, b"")
        whole = chain((head,), coming)
        yield from reader.binary(whole) if beast.ESCAPE in head[: beast.LONGEST] else reader.lines(lines(whole))

    return Stream(reader.skips, read)


def _asterix(told: Told) -> Stream:
    from tafadi.formats import asterix
    from tafadi.formats.capture import Capture

    reader = asterix.Reader(clock=told.clock, day=told.day, sites=dict(told.sites or {}))
    return Stream(reader.skips, lambda chunks: reader.read(Capture(reader.skips).blocks(chunks)))


def _cot(told: Told) -> Stream:
    from tafadi.formats import cot

    reader = cot.Reader()
    return Stream(reader.skips, lambda chunks: reader.read(cot.events(chunks)))


def _plots(told: Told) -> Stream:
    from tafadi.formats import plots

    reader = plots.Reader()
    return Stream(reader.skips, lambda chunks: reader.read(lines(chunks)))


STREAMS: Final[dict[str, Callable[[Told], Stream]]] = {
    "sbs": _sbs,
    "modes": _modes,
    "asterix": _asterix,
    "cot": _cot,
    "readsb": _readsb,
    "nop": _nop,
    "iff": _iff,
    "plots": _plots,
}
