"""Standing: the notices of the picture that stand, in the engine's standing set, kept up one change at a time.

The set tells which notices may meet one. What a pair is, `tafadi.engine.detect.judge` says, as it would of any two: so both parties find
the same, whatever came and went at each of them, in whatever order. The picture says what stands. The set is disposable as the picture is,
and is opened once, which may take seconds (a running node does it beside its event loop); then asking it takes under a millisecond.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from tafadi.desk.pact import Pact
from tafadi.desk.picture import NoticeView, Picture
from tafadi.engine.book import book_of
from tafadi.engine.standing_set import StandingSet
from tafadi.errors import InputError, RefusedError
from tafadi.model.entry import EntryId
from tafadi.model.operation import Announced, Minima

Position = dict[str, tuple[int, bytes]]  # how far each feed has come, by origin: its size, and the root of so many entries


class Roots(Protocol):
    """What the views tell of the feeds."""

    def size(self, origin: str) -> int:
        """How many entries of that feed the picture has taken in."""
        ...

    def root(self, origin: str, size: int) -> bytes | None:
        """The root of the first `size` entries of that feed; None where that is not known."""
        ...


@dataclass(frozen=True, slots=True)
class Stock:
    """What stands at one moment: each notice in its newest revision, and how far the feeds had come."""

    picture: Picture
    notices: dict[EntryId, Announced]
    position: Position


@dataclass(frozen=True, slots=True)
class Opened:
    """The set; which revision of each notice is in it; and of which notices nothing can be told, because the engine cannot take them."""

    picture: Picture
    notices: StandingSet
    held: dict[EntryId, str]
    odd: set[EntryId] = field(default_factory=set)


def announced(view: NoticeView) -> Announced:
    """The notice as the engine takes it, named by its newest revision."""
    return Announced(str(view.revision), view.notice, view.sender)


def position_of(pact: Pact, roots: Roots) -> Position:
    """How far the feeds of the agreement have come in the picture."""
    found: Position = {}
    for origin in (origin for party in pact.agreement.parties for origin in pact.origins(party)):
        size = roots.size(origin)
        root = roots.root(origin, size)
        if root is not None:
            found[origin] = size, root
    return found


def stock_of(picture: Picture, pact: Pact, roots: Roots) -> Stock:
    """What stands now; what changes in the picture from here on is kept up with by `Standing.near`."""
    picture.changed.clear()
    return Stock(picture, {id: announced(view) for id, view in picture.notices.items() if view.stands}, position_of(pact, roots))


def opened(stock: Stock, minima: Minima | None, kept: StandingSet | None = None) -> tuple[Opened, int]:
    """The set of what stands, and how many notices of it were not in `kept`, a set of before that is brought up to this moment."""
    names = {one.id for one in stock.notices.values()}
    gone = [name for name in kept or () if name not in names]
    new = [one for one in stock.notices.values() if kept is None or one.id not in kept]
    if kept is None or 2 * (len(gone) + len(new)) > len(names):  # then all at once is sooner than one by one
        return _anew(stock, minima), len(names)
    found = Opened(stock.picture, kept, {id: one.id for id, one in stock.notices.items()})
    for name in gone:
        kept.remove(name)
    for id, one in stock.notices.items():
        if one.id not in kept:
            _add(found, id, one)
    return found, len(gone) + len(new)


def _anew(stock: Stock, minima: Minima | None) -> Opened:
    held = {id: one.id for id, one in stock.notices.items()}
    try:
        return Opened(stock.picture, StandingSet(minima, book_of(list(stock.notices.values()))), held)
    except (InputError, RefusedError):  # one of them; which one is found by taking them singly
        found = Opened(stock.picture, StandingSet(minima), held)
        for id, one in stock.notices.items():
            _add(found, id, one)
        return found


def _add(into: Opened, id: EntryId, one: Announced) -> None:
    into.held[id] = one.id
    try:
        into.notices.add(one)
    except (InputError, RefusedError):
        into.odd.add(id)


def _remove(out_of: Opened, id: EntryId) -> None:
    name = out_of.held.pop(id)
    if id in out_of.odd:
        out_of.odd.discard(id)
    else:
        out_of.notices.remove(name)


class Standing:
    """What stands, as whoever judges asks it. Not for several threads at once, but that one may `begin` it while another does not ask."""

    def __init__(self) -> None:
        self._opened: Opened | None = None

    @property
    def is_open(self) -> bool:
        """Whether it can be asked."""
        return self._opened is not None

    def begin(self, opened: Opened) -> None:
        """From here on it can be asked."""
        self._opened = opened

    def end(self) -> None:
        """It cannot be asked until it is begun again: what it holds may stand nowhere any more."""
        self._opened = None

    def near(self, picture: Picture, view: NoticeView) -> list[NoticeView]:
        """The standing notices that are not known to be clear of this one, in the order of their identities. It must be open."""
        found = self.kept_up(picture)
        one = announced(view)
        try:
            names = found.notices.near(one)
        except (InputError, RefusedError):
            return _views(picture, (id for id in found.held if id != view.id))
        entries = (EntryId.parse(name) for name in names)
        return _views(picture, {*(picture.revision_of.get(entry, entry) for entry in entries), *found.odd} - {view.id})

    def kept_up(self, picture: Picture) -> Opened:
        """The set as the picture is now. It must be open."""
        assert self._opened is not None
        changed = set(picture.changed)
        if picture is not self._opened.picture:  # folded anew, after a card has ended a feed
            changed |= {*self._opened.held, *picture.notices}
            self._opened = Opened(picture, self._opened.notices, self._opened.held, self._opened.odd)
        for id in changed:
            _keep_up(self._opened, id, picture.notices.get(id))
        picture.changed.clear()
        return self._opened


def _keep_up(opened: Opened, id: EntryId, view: NoticeView | None) -> None:
    """Has the notice stand in its newest revision, or not at all."""
    now = announced(view) if view is not None and view.stands else None
    if opened.held.get(id) == (now.id if now else None):
        return
    if id in opened.held:
        _remove(opened, id)
    if now is not None:
        _add(opened, id, now)


def _views(picture: Picture, ids: Iterable[EntryId]) -> list[NoticeView]:
    return [picture.notices[id] for id in sorted(ids)]
