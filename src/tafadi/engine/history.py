"""Recorded traffic: when were two tracks inside the minima, or not well clear, all the time between their plots included?

Given are the plots of a window of time with those shortly before and after it (as long as a gap may last). What is found belongs to the
window in which the stretch of time begins that two legs share; pieces of one loss that lie in different windows are joined by `folded`,
in any order and grouping, to the same bits. So a recording may be cut anywhere, and its parts be searched anywhere.

What is not known is never clear: a pair near one another of which a height is missing, or stands above another datum, is UNKNOWN, and so
is one that may be near while plots of one instant contradict each other; a gap between two plots that is too long, or too wide for
anything that flies, is told as such. A plot between two gaps, or alone, is looked at in its instant.

Source: docs/maths/scan.md.
"""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from tafadi.engine.kernels.history_balls import Screen
from tafadi.engine.kernels.history_join import PIECES_MOST, search_window
from tafadi.engine.kernels.history_meet import JOIN_NS, PIECE, Asked, join_pieces
from tafadi.engine.kernels.history_once import COUNTS, Limits
from tafadi.engine.kernels.history_rows import SPEED_MAX_MPS, Plots, Room, broken_legs, ordered_tracks
from tafadi.engine.kernels.surface import Point, geodetic
from tafadi.engine.layout import SECOND_NS, Codes, Floats, Ints, Records
from tafadi.engine.pack import WGS84, plane_reach_m
from tafadi.engine.routes import DATUM_CODES
from tafadi.engine.wellclear import NON_COOPERATIVE_VOLUME, PHASE_I_VOLUME, PHASE_II_VOLUME, Volume
from tafadi.errors import InputError, LimitError
from tafadi.model.operation import Minima

GAP_MAX_S: Final = 60.0  # as engine.recorded: five turns of an en-route radar; over a longer gap a straight line says nothing
GAP_LEAST_S: Final = 0.1  # a shorter one would break every recording that there is
GAP_MOST_S: Final = 300.0  # a chord flown this long is 4 m off the geodesic; longer ones would err beyond the engine's 2 m at once
SLACK_M: Final = 1_000.0  # by which two plots may disagree whatever the time between them: radars are some hundred metres wrong
GRID_LEAST_S: Final = 0.1
SLAB_NS: Final = 120 * SECOND_NS  # a plot took 51 ns with 60 s, 32 ns with 120 s, 28 ns with 180 s, whose balls are large in dense air
SLABS_MOST: Final = 4_000_000  # of one window; those of 120 s in 15 years
SEPARATION: Final = "separation"
WELL_CLEAR: Final = {"phase-1": PHASE_I_VOLUME, "phase-2": PHASE_II_VOLUME, "non-cooperative": NON_COOPERATIVE_VOLUME}
_NAMES: Final = ("first", "second", "rule", "verdict", "cause")


class Rule(NamedTuple):
    """One thing to look for: `separation`, or a volume of well clear by its name."""

    name: str
    horizontal_m: float
    vertical_m: float
    tau_s: float  # below 0 for a cylinder


class Ask(NamedTuple):
    """What is looked for, and what breaks a track."""

    rules: tuple[Rule, ...]
    gap_max_s: float = GAP_MAX_S
    floor_m: float | None = None
    grid_s: float | None = None


class Window(NamedTuple):
    """The stretch of time of which something is to be found, from <= t < until."""

    from_ns: int
    until_ns: int


class Searched(NamedTuple):
    """What was found of one window; tracks are numbers."""

    pieces: Records  # PIECE[n], folded
    broken: Ints  # [n, 4] track, from_ns, until_ns, GAP or JUMP: within the window
    seen: Ints  # [n, 4] track, first_ns, last_ns, plots: of every track that was seen in the window
    repeated: int
    contradicting: int


def rules_of(minima: Minima | None, well_clear: Sequence[str] = ()) -> tuple[Rule, ...]:
    """The rules: separation by the minima, and the named volumes of well clear. Raises InputError when there is none, or one is unknown.

    >>> [rule.name for rule in rules_of(Minima(9260.0, 304.8), ["phase-1"])]
    ['separation', 'phase-1']
    """
    rules = []
    if minima is not None:
        if not (minima.horizontal_m > 0.0 and minima.vertical_m > 0.0):
            raise InputError("both minima must be more than 0, or nothing could ever be found")
        rules.append(Rule(SEPARATION, minima.horizontal_m, minima.vertical_m, -1.0))
    for name in well_clear:
        if name not in WELL_CLEAR:
            raise InputError(f"there is no well-clear volume {name[:40]!r}; there are {', '.join(WELL_CLEAR)}")
        rules.append(_rule(name, WELL_CLEAR[name]))
    if not rules:
        raise InputError("say the minima, or a well-clear volume; there is no default")
    if len({rule.name for rule in rules}) < len(rules):
        raise InputError("a well-clear volume is named twice")
    return tuple(rules)


def _rule(name: str, volume: Volume) -> Rule:
    return Rule(name, volume.distance_m, volume.height_m, volume.tau_s)


def checked_ask(ask: Ask) -> Ask:
    """The same. Raises InputError for a gap, a grid or a floor that is none."""
    if not GAP_LEAST_S <= ask.gap_max_s <= GAP_MOST_S:
        raise InputError(f"a gap of {ask.gap_max_s} s is not within {GAP_LEAST_S} to {GAP_MOST_S:.0f} s")
    if ask.grid_s is not None and not GRID_LEAST_S <= ask.grid_s <= 3_600.0:
        raise InputError(f"a grid of {ask.grid_s} s is not within {GRID_LEAST_S} to 3600 s")
    if ask.floor_m is not None and not math.isfinite(ask.floor_m):
        raise InputError(f"a floor of {ask.floor_m} m is not a height")
    return ask


def join_ns(ask: Ask) -> int:
    """Pieces of one pair that are no further apart than this are one loss."""
    return JOIN_NS if ask.grid_s is None else max(JOIN_NS, round(ask.grid_s * SECOND_NS))


def search(parts: Sequence[Plots], tracks: int, ask: Ask, window: Window, room: Room | None = None) -> Searched:
    """All that is found of one window. The plots hold everything within a gap's length of it; tracks are 0 <= number < tracks.

    A `room` is memory that several searches use, one after the other.
    Raises LimitError when the losses are too many to be held.
    """
    limits = Limits(round(ask.gap_max_s * SECOND_NS), SPEED_MAX_MPS, SLACK_M, window.from_ns, window.until_ns)
    counts, seen, pieces = np.zeros(COUNTS, np.int64), np.zeros((tracks, 4), np.int64), np.empty(0, PIECE)
    ordered, broken = ordered_tracks(parts, tracks, limits, WGS84, counts, seen, room)
    here = ordered.first < ordered.after
    if here.any():
        # Only where there are plots: a window may reach from one century into the next.
        firsts, lasts = ordered.first[here], ordered.after[here] - 1
        first_ns, last_ns = int(ordered.at_ns[firsts].min()), int(ordered.at_ns[lasts].max()) + 1
        screen = _screen(ordered.datum[firsts], ask, Window(max(first_ns, window.from_ns), min(last_ns, window.until_ns)))
        first_slab = screen.from_ns // screen.slab_ns
        slabs = max(0, (screen.until_ns - 1) // screen.slab_ns - first_slab + 1)
        pieces = folded(search_window(ordered, _asked(ask), screen, first_slab, slabs, WGS84), ask)
    told = broken_legs(ordered, limits) if broken else np.empty((0, 4), np.int64)
    return Searched(pieces, told, seen[seen[:, 3] > 0], int(counts[0]), int(counts[1]))


def _asked(ask: Ask) -> Asked:
    radius_m = plane_reach_m(np.array([rule.horizontal_m for rule in ask.rules]))
    half_m, tau_s = (np.array([getattr(rule, name) for rule in ask.rules]) for name in ("vertical_m", "tau_s"))
    grid_ns = 0 if ask.grid_s is None else round(ask.grid_s * SECOND_NS)
    return Asked(radius_m, half_m, tau_s, -math.inf if ask.floor_m is None else ask.floor_m, grid_ns)


def _screen(datum: Codes, ask: Ask, window: Window) -> Screen:
    """What is kept; the usual datum is the one in which most tracks begin, and only says which heights are compared before others."""
    reach_m, half_m, tau_s = (max(getattr(rule, name) for rule in ask.rules) for name in ("horizontal_m", "vertical_m", "tau_s"))
    usual = max(range(len(DATUM_CODES)), key=lambda code: int(np.count_nonzero(datum == code)))
    slab_ns = max(SLAB_NS, -(-(window.until_ns - window.from_ns) // SLABS_MOST))
    return Screen(reach_m, half_m, max(0.0, tau_s), usual, slab_ns, window.from_ns, window.until_ns)


def folded(pieces: Records, ask: Ask) -> Records:
    """PIECE[m], sorted: pieces of one loss made one. Folding parts first, in whatever order, gives the same. Raises LimitError."""
    if len(pieces) > PIECES_MOST:
        raise LimitError(f"more than {PIECES_MOST:,} losses at once cannot be held; the minima are wider than the traffic is apart")
    order = np.lexsort(tuple(pieces[name] for name in ("end_ns", "start_ns", *reversed(_NAMES))))
    return join_pieces(pieces[order], join_ns(ask))


def places_deg(pieces: Records) -> Floats:
    """float64[n, 2]: latitude and longitude of the middle of each pair at its closest approach."""
    places = np.empty((len(pieces), 2))
    for n, piece in enumerate(pieces):
        places[n] = geodetic(WGS84, Point(float(piece["x_m"]), float(piece["y_m"]), float(piece["z_m"])))
    return np.degrees(places)
