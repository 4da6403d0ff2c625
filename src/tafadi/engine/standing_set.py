"""Everything that is announced and still stands: asked about one notice, grown and shrunk by one, at any size.

Volumes lie in a hash of cells and stretches of time (`kernels.standing_grid`), trajectories as boxes around their pieces. A question is
answered from the records alone where they settle it; pairs with a trajectory, and volumes within centimetres of their minima, are judged by
`judge`. So the verdicts are those of `judge` for every pair, whatever was added or removed before, and in whatever order.

A set is saved and restored by `snapshot`. What was restored is turned into nouns again only when a judgement needs them.
"""

from collections.abc import Iterator
from typing import Any, Final, TypeVar, cast

import numpy as np
import numpy.typing as npt

from tafadi.engine.book import NO_ROUTE, Book, announced_at, book_of, checked_book, minima_at, some_of, together
from tafadi.engine.columns import asked_of
from tafadi.engine.detect import judge
from tafadi.engine.kernels.allpairs import Links
from tafadi.engine.kernels.relate import MOST_POINTS
from tafadi.engine.kernels.shapes import BOUNDS, NONE, PATH, SHAPE, SLACK_HEIGHT_M, SLACK_M, Asking
from tafadi.engine.kernels.standing_ask import ask
from tafadi.engine.kernels.standing_grid import (
    ITEMS,
    LINKS,
    LINKS_MOST,
    POINTS,
    SLOTS_EACH,
    Grid,
    adopt,
    dismiss,
    empty_state,
    rehang,
)
from tafadi.engine.layout import CONFLICT, Floats, Ints, Paths
from tafadi.engine.pack import pack_routes
from tafadi.engine.parts import PIECE_SLACK_M
from tafadi.engine.routes import routes_of
from tafadi.engine.sheet import SURFACE, Sheet
from tafadi.engine.volumes import records_of
from tafadi.errors import InputError, MissingError
from tafadi.measure.instant import Instant, Span
from tafadi.model.judgement import Judgement, Verdict
from tafadi.model.operation import Announced, Minima

Column = TypeVar("Column", bound=npt.NDArray[Any])

ITEMS_LEAST: Final = 64  # room that an empty set has, and that doubles
SLOTS_LEAST: Final = 1 << 10
ANSWERS: Final = 4_096  # pairs of items that an answer holds before it is asked again with more room
UNSETTLED: Final = 3  # beside CONFLICT and UNKNOWN of `layout`: somebody has to judge


class StandingSet:
    """What stands. Not for several threads at once.

    `minima` are those of the agreement: each pair is judged by the larger of these and its two notices' own. `book` is what stands from the
    beginning. Raises InputError when two of them have one identity, or a row is no notice.
    """

    def __init__(self, minima: Minima | None = None, book: Book | None = None) -> None:
        self._minima = minima
        self._book = book_of([]) if book is None else book
        self._ids: list[str | None] = list(self._book.ids)
        self._number = {one: number for number, one in enumerate(self._book.ids)}
        if len(self._number) != len(self._ids):
            raise InputError("two notices have one identity; each must have its own")
        self._added: dict[int, Announced] = {}
        self._free: list[int] = []
        self._unstated: dict[int, Span] = {}  # trajectories without minima from anyone
        self._sheet = Sheet(minima)
        self._scratch = np.empty((MOST_POINTS, 2))
        self._answers: Links = np.empty((ANSWERS, 4), np.int32)
        self._grid = Grid(
            np.zeros(ITEMS_LEAST, BOUNDS), np.zeros(ITEMS_LEAST, SHAPE), np.empty((ITEMS_LEAST, 3)),
            np.full(SLOTS_LEAST, NONE, np.int32), np.empty((ITEMS_LEAST, 2), np.int32), np.full(ITEMS_LEAST, NONE, np.int32), empty_state(),
        )  # fmt: skip
        if len(self._ids):
            self._take_in(self._book, 0)

    def __len__(self) -> int:
        return len(self._number)

    def __contains__(self, name: str) -> bool:
        return name in self._number

    def __iter__(self) -> Iterator[str]:
        return iter(self._number)

    @property
    def minima(self) -> Minima | None:
        """Those of the agreement."""
        return self._minima

    def add(self, one: Announced) -> None:
        """Lets one more notice stand. Raises InputError when one of its identity stands already."""
        if one.id in self._number:
            raise InputError(f"a notice with the identity {one.id!r} stands already; remove it first")
        number = self._free.pop() if self._free else len(self._ids)
        if number == len(self._ids):
            self._ids.append(one.id)
        self._ids[number] = one.id
        self._number[one.id], self._added[number] = number, one
        for asking in self._asking(one, number):
            self._adopt(asking, number + 1)
        if self._is_unstated(one) and one.notice.trajectory is not None:
            self._unstated[number] = one.notice.trajectory.span

    def remove(self, name: str) -> None:
        """Ends the standing of a notice. Raises MissingError when it does not stand."""
        number = self._number.pop(name, None)
        if number is None:
            raise MissingError(f"no notice with the identity {name!r} stands")
        dismiss((*self._grid,), number)
        self._ids[number] = None
        self._added.pop(number, None)
        self._unstated.pop(number, None)
        if number >= len(self._book.ids):  # the rows of the book keep their numbers
            self._free.append(number)

    def announced(self, name: str) -> Announced:
        """A notice that stands, as far as a judgement depends on it. Raises MissingError when it does not stand."""
        number = self._number.get(name)
        if number is None:
            raise MissingError(f"no notice with the identity {name!r} stands")
        return self._noun(number)

    def near(self, one: Announced) -> list[str]:
        """The identities of the notices that are not known to be CLEAR of this one; `judge` says of each what it is."""
        return [str(self._ids[number]) for number in self._met(one)]

    def verdicts(self, one: Announced) -> dict[str, Verdict]:
        """The notices that are in CONFLICT with this one, or of which that is UNKNOWN; one of the same identity is not looked at."""
        found: dict[str, Verdict] = {}
        for number, verdict in self._met(one).items():
            name = str(self._ids[number])
            if verdict == UNSETTLED:
                judged = judge(one, self._noun(number), self._minima).verdict
                if judged is not Verdict.CLEAR:
                    found[name] = judged
            else:
                found[name] = Verdict.CONFLICT if verdict == CONFLICT else Verdict.UNKNOWN
        return found

    def against(self, one: Announced) -> list[Judgement]:
        """The judgements of all pairs with this notice that are CONFLICT or UNKNOWN, as `detect` has them and in its order."""
        judged = [judge(one, self._noun(number), self._minima) for number in self._met(one)]
        told = [judgement for judgement in judged if judgement.verdict is not Verdict.CLEAR]
        return sorted(told, key=lambda judgement: (judgement.span.start.ns if judgement.span else 0, judgement.first, judgement.second))

    def book(self) -> Book:
        """All that stands, as columns, in the order of identities."""
        kept = [number for number in range(len(self._book.ids)) if self._ids[number] is not None]
        base = self._book if len(kept) == len(self._book.ids) else some_of(self._book, np.array(kept, np.int64))
        whole = together(base, book_of(list(self._added.values()))) if self._added else base
        order = sorted(range(len(whole.ids)), key=whole.ids.__getitem__)
        return whole if order == list(range(len(order))) else some_of(whole, np.array(order, np.int64))

    def _noun(self, number: int) -> Announced:
        return self._added[number] if number in self._added else announced_at(self._book, number)

    def _is_unstated(self, one: Announced) -> bool:
        return self._minima is None and one.notice.minima is None

    def _met(self, one: Announced) -> dict[int, int]:
        """The numbers of the notices that are not known to be clear of this one, and what is known of each."""
        own = self._number.get(one.id, NONE)
        met: dict[int, int] = {}
        for asking in self._asking(one, own):
            for number, verdict, _, settled in self._ask(asking).tolist():
                known = verdict if settled else UNSETTLED
                before = met.get(number, known)
                met[number] = known if before == known else CONFLICT if CONFLICT in (before, known) else UNSETTLED
        if self._unstated and self._is_unstated(one) and one.notice.trajectory is not None:
            span = one.notice.trajectory.span
            met.update((number, UNSETTLED) for number, other in self._unstated.items() if number != own and span.overlap(other))
        return met

    def _asking(self, one: Announced, number: int) -> Iterator[Asking]:
        """The records of one notice: of its volumes, and of its trajectory. Each lasts until the next is asked for."""
        notice, own = one.notice, one.notice.minima
        if notice.volumes:
            yield self._sheet.records(notice.volumes, number, own)
        if notice.trajectory is not None:
            own_m = np.zeros((1, 2)) if own is None else np.array([(own.horizontal_m, own.vertical_m)])
            yield self._flown(pack_routes(routes_of([notice.trajectory])), np.array([number]), own_m)

    def _flown(self, paths: Paths, owner: Ints, own_m: Floats) -> Asking:
        """The records of trajectories: a box around each piece, with its heights where they are known."""
        pieces = np.diff(paths.first) - 1
        path = np.repeat(np.arange(len(pieces)), pieces)
        k = paths.first[path] + np.arange(len(path)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
        asked = asked_of(owner, self._minima, own_m)
        bounds, shapes = np.zeros(len(k), BOUNDS), np.zeros(len(k), SHAPE)
        more_m = (asked.horizontal_m - asked.least_horizontal_m / 2 + PIECE_SLACK_M + SLACK_M)[path]
        more_up_m = (asked.vertical_m - asked.least_vertical_m / 2 + SLACK_HEIGHT_M)[path]
        for axis, name in enumerate("xyz"):
            ends = paths.place_m[k, axis], paths.place_m[k + 1, axis]
            bounds[f"{name}0"], bounds[f"{name}1"] = np.minimum(*ends) - more_m, np.maximum(*ends) + more_m
        bounds["lower_m"] = np.minimum(paths.height_m[k], paths.height_m[k + 1]) - more_up_m
        bounds["upper_m"] = np.maximum(paths.height_m[k], paths.height_m[k + 1]) + more_up_m
        bounds["lower_datum"] = bounds["upper_datum"] = paths.datum[k]
        bounds["start_ns"], bounds["end_ns"], bounds["kind"], bounds["owner"] = paths.at_ns[k], paths.at_ns[k + 1], PATH, owner[path]
        return Asking(bounds, shapes, np.empty((1, 3)))

    def _ask(self, asking: Asking) -> Links:
        count = ask(SURFACE, (*self._grid,), (*asking,), self._scratch, self._answers)
        if count > len(self._answers):
            self._answers = np.empty((2 * count, 4), np.int32)
            count = ask(SURFACE, (*self._grid,), (*asking,), self._scratch, self._answers)
        return self._answers[:count]

    def _adopt(self, asking: Asking, notices: int) -> None:
        points = adopt((*self._grid,), *asking, notices)
        if points != NONE:
            self.make_room(len(asking.bounds), points, notices)
            adopt((*self._grid,), *asking, notices)

    def make_room(self, items: int, points: int = 0, notices: int = 0) -> None:
        """Room for so many more items, points of outlines and (in all) notices; what is full doubles."""
        grid, state = self._grid, self._grid.state
        links = int(state[LINKS]) + LINKS_MOST * items
        items, points = int(state[ITEMS]) + items, int(state[POINTS]) + points
        self._grid = grid._replace(
            bounds=_grown(grid.bounds, items),
            shapes=_grown(grid.shapes, items),
            ring=_grown(grid.ring, points),
            links=_grown(grid.links, links),
            first=_grown(grid.first, notices),
        )
        if SLOTS_EACH * items > len(grid.heads):
            slots = len(grid.heads)
            while SLOTS_EACH * items > slots:
                slots *= 4
            self._grid = self._grid._replace(heads=np.full(slots, NONE, np.int32))
            rehang((*self._grid,))

    def _take_in(self, book: Book, number: int) -> None:
        """Lets all of a book stand; its rows have the numbers from `number` on."""
        own_m = np.nan_to_num(book.minima_m, nan=0.0)
        owner = np.repeat(np.arange(len(book.ids)) + number, np.diff(book.first))
        self._adopt(records_of(book.volumes, asked_of(owner, self._minima, own_m[owner - number])), number + len(book.ids))
        flown = np.flatnonzero(book.route != NO_ROUTE)
        if len(flown):
            order = flown[np.argsort(book.route[flown])]
            self._adopt(self._flown(pack_routes(book.routes), order + number, own_m[order]), number + len(book.ids))
        for row in flown.tolist():
            if self._minima is None and minima_at(book, row) is None:
                first, last = book.routes.first[book.route[row]], book.routes.first[book.route[row] + 1] - 1
                self._unstated[row + number] = Span(Instant(int(book.routes.at_ns[first])), Instant(int(book.routes.at_ns[last])))


def standing(book: Book, minima: Minima | None = None) -> StandingSet:
    """A set of notices that come as columns. Raises InputError for the first row that is no notice."""
    return StandingSet(minima, checked_book(book))


def _grown(array: Column, room: int) -> Column:
    """The array, or one twice as long (or a quarter longer than is asked) that begins with it."""
    if room <= len(array):
        return array
    more = np.zeros((max(room + room // 4, 2 * len(array)), *array.shape[1:]), array.dtype)
    more[: len(array)] = array
    if array.ndim == 1 and array.dtype == np.int32:
        more[len(array) :] = NONE
    return cast(Column, more)
