"""Movements: people or goods on their way along a route, within a corridor, in windows of time; and what must be kept clear for them.

    ╭───────────────────╮            a circle of the half-width around each place of the route, and along each leg
    │ (A) ───────► (B)  │  ╲         the four corners that lie abreast of its ends: together everything that is
    ╰───────────────────╯ (C)        within the half-width of the route, and never less

The corners are on the grid of the wire and a hair farther out than the half-width, so that no rounding makes the corridor narrower. Between
two corners the edge is a geodesic, which bows outwards: by 0.3 % of the half-width on the longest leg.

`markings` say by what one knows those who move when one sees them. Like all free text it is never authoritative, and by rule there is no
field for what they carry, or are.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

from tafadi.errors import InputError
from tafadi.measure.earth import Leg, Position, destination, leg
from tafadi.measure.height import Height
from tafadi.measure.instant import Span
from tafadi.measure.kinds import is_finite, shown
from tafadi.model.names import LONGEST_FIELD, check_text
from tafadi.model.operation import MOST_VOLUMES, Kind, Notice, NoticeStep, StatedPlace
from tafadi.model.volume import Circle, Outline, Polygon, Volume4D

MOST_PLACES: Final = 32  # places of a route: one window of it fills a notice
MOST_WINDOWS: Final = 21  # three weeks of mornings, between two places
SHORTEST_LEG_M: Final = 1.0  # shorter, and on the wire's grid of 11 mm its direction means nothing
LONGEST_LEG_M: Final = 1_000_000.0  # of a longer one the edges lie noticeably outside of what was announced
NARROWEST_M: Final = 10.0  # a road with its verges; nobody keeps within less
WIDEST_M: Final = 100_000.0  # wider is an area, and is announced as one
GRID_ROOM_M: Final = 0.01  # a corner on the grid lies at most 8 mm aside
LONGEST_MARKINGS: Final = LONGEST_FIELD


@dataclass(frozen=True, slots=True)
class Movement:
    """Where, how wide, when; how those who move are known; whether it is an emergency, which needs less lead.

    A height that is not stated makes comparisons UNKNOWN. Raises InputError, for more legs and windows than one notice can hold as well.
    """

    route: tuple[Position, ...]
    half_width_m: float
    windows: tuple[Span, ...]
    lower: Height | None = None
    upper: Height | None = None
    markings: str = ""
    emergency: bool = False
    title: str = ""
    contact: str = ""
    frequency_hz: int | None = None
    stated: tuple[StatedPlace, ...] = ()

    def __post_init__(self) -> None:
        check_text(self.markings, "the markings", LONGEST_MARKINGS)
        if not (is_finite(self.half_width_m) and NARROWEST_M <= self.half_width_m <= WIDEST_M):
            raise InputError(f"a half-width of {shown(self.half_width_m)} m is not within {NARROWEST_M:.0f} to {WIDEST_M:,.0f} m")
        self._check_route()
        self._check_windows()
        parts = (2 * len(self.route) - 1) * len(self.windows)
        if parts > MOST_VOLUMES:
            made = f"{len(self.route)} places in {len(self.windows)} windows make {parts} volumes"
            raise InputError(f"{made}, more than the {MOST_VOLUMES} of one notice; announce several", code="too-large")
        _ = self.notice  # what cannot be laid out is no movement, and is refused where it is read

    def _check_route(self) -> None:
        count = len(self.route)
        if not 2 <= count <= MOST_PLACES:
            code = "geometry-missing" if count < 2 else "too-large"
            raise InputError(f"a route of {count} places is not one; give 2 to {MOST_PLACES}", code=code)
        for number, (start, end) in enumerate(pairwise(self.route), 1):
            distance_m = leg(start, end).distance_m
            if not SHORTEST_LEG_M <= distance_m <= LONGEST_LEG_M:
                reach = f"{SHORTEST_LEG_M:.0f} m to {LONGEST_LEG_M / 1_000:,.0f} km"
                raise InputError(f"leg {number} of the route has {distance_m:,.1f} m; a leg has {reach}")

    def _check_windows(self) -> None:
        count = len(self.windows)
        if not 1 <= count <= MOST_WINDOWS:
            code = "geometry-missing" if count == 0 else "too-large"
            raise InputError(f"a movement in {count} windows is not one; give 1 to {MOST_WINDOWS}", code=code)
        for before, after in pairwise(self.windows):
            if after.start < before.end:
                raise InputError(f"the window from {after.start} begins before the one before it ends, at {before.end}")

    @property
    def span(self) -> Span:
        """From the beginning of the first window to the end of the last."""
        return Span(self.windows[0].start, self.windows[-1].end)

    @property
    def notice(self) -> Notice:
        """What is to be kept clear: the corridor in each window, as the engine checks it and a node reads it back."""
        outlines = corridor(self.route, self.half_width_m)
        volumes = tuple(Volume4D(outline, self.lower, self.upper, window) for window in self.windows for outline in outlines)
        return Notice(Kind.OPERATION, volumes, title=self.title, contact=self.contact, frequency_hz=self.frequency_hz, stated=self.stated)


@lru_cache(maxsize=256)  # a movement is laid out when it is read, and again when it is folded
def corridor(route: tuple[Position, ...], half_width_m: float) -> tuple[Outline, ...]:
    """Everything within the half-width of the route: first the circle around its first place, then for each leg its sides and its end."""
    outlines: list[Outline] = [Circle(route[0], half_width_m)]
    for start, end in pairwise(route):
        outlines += [_abreast(start, end, half_width_m + GRID_ROOM_M), Circle(end, half_width_m)]
    return tuple(outlines)


def _abreast(start: Position, end: Position, aside_m: float) -> Polygon:
    """The four corners abreast of the ends of the leg."""
    out_deg, back_deg = leg(start, end).bearing_deg, leg(end, start).bearing_deg
    turns = ((start, out_deg + 90.0), (end, back_deg - 90.0), (end, back_deg + 90.0), (start, out_deg - 90.0))
    return Polygon(tuple(destination(place, Leg(bearing_deg % 360.0, aside_m)).quantised() for place, bearing_deg in turns))


@dataclass(frozen=True, slots=True)
class MovementBody:
    """A movement, or what becomes of it (which has no geometry)."""

    step: NoticeStep
    movement: Movement | None

    def __post_init__(self) -> None:
        if (self.step in (NoticeStep.NEW, NoticeStep.AMEND)) == (self.movement is None):
            raise InputError(
                "a movement that is new or amended has a route; one that is cancelled, active or ended has none",
                code="geometry-missing",
            )

    @property
    def notice(self) -> Notice | None:
        """What it announces, laid out; None for what becomes of it."""
        return self.movement.notice if self.movement else None
