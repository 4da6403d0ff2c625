"""Dividing lines: a line on the ground with two sides, and which party may be on which."""

from dataclasses import dataclass
from types import NoneType
from typing import Final

from tafadi.errors import InputError
from tafadi.measure.earth import Position
from tafadi.measure.instant import Span
from tafadi.measure.kinds import check_kind, is_finite, shown
from tafadi.measure.outline import check_line
from tafadi.model.names import LONGEST_FIELD, check_name, check_text

MOST_CORNERS: Final = 2_000  # a river that two parties have agreed on; a map has more, an agreement that is read back has not
MOST_PARTIES: Final = 100  # of one side; agreements have five
FARTHEST_M: Final = 2_000_000.0  # beyond it a line through one country says nothing


@dataclass(frozen=True, slots=True)
class DividingLine:
    """A line of geodesics, whose sides are left and right as one goes along it from its first corner.

    A party may be on the side that names it, and cross if both do; of a party that neither names, nobody says where it may be. Beyond its
    ends, and farther than `reach_m` from it, the line has no sides. `span` is when it holds (None: always). Raises InputError for what is
    no line: fewer than two corners or too many, one that stands twice in a row, one that crosses itself, and one that binds nobody.

    >>> river = DividingLine("river", (Position(40.0, 9.0), Position(40.0, 11.0)), frozenset({"north"}), frozenset({"south", "convoys"}))
    >>> river.may_be("north", is_left=True), river.may_be("south", is_left=True), river.may_be("nobody", is_left=True)
    (True, False, None)
    """

    id: str
    path: tuple[Position, ...]
    left: frozenset[str]
    right: frozenset[str]
    span: Span | None = None
    reach_m: float = FARTHEST_M

    def __post_init__(self) -> None:
        check_text(self.id, "the name of the dividing line", LONGEST_FIELD)
        self._check_kinds()
        if not 2 <= len(self.path) <= MOST_CORNERS:
            raise InputError(f"a dividing line of {len(self.path)} corners is none; give 2 to {MOST_CORNERS:,}", code="geometry-missing")
        for number, (here, there) in enumerate(zip(self.path, self.path[1:], strict=False), 1):
            if here == there:
                raise InputError(f"corner {number} of the dividing line stands twice ({there})")
        check_line(self.path)
        if not self.left | self.right or max(len(self.left), len(self.right)) > MOST_PARTIES:
            raise InputError(f"a dividing line names who may be on its sides: 1 to {MOST_PARTIES} parties, on either or both")
        for party in sorted(self.left | self.right, key=str):
            check_name(party, "party")
        if not (is_finite(self.reach_m) and 0.0 < self.reach_m <= FARTHEST_M):
            raise InputError(f"the sides of a dividing line reach more than 0 and at most {FARTHEST_M:,.0f} m, not {shown(self.reach_m)} m")

    def _check_kinds(self) -> None:
        """Raises InputError for a part of the wrong kind."""
        check_kind(self.path, "the path of a dividing line", tuple)
        for corner in self.path:
            check_kind(corner, "a corner of a dividing line", Position)
        for side in (self.left, self.right):
            check_kind(side, "the parties on a side of a dividing line", frozenset)
        check_kind(self.span, "the span of a dividing line", Span, NoneType)

    def may_be(self, party: str | None, is_left: bool) -> bool | None:
        """Whether the party may be on that side; None where nobody says."""
        if party is None or party not in self.left | self.right:
            return None
        return party in (self.left if is_left else self.right)
