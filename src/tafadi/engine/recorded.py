"""What two recorded tracks really did: their separation at an instant, and their closest approach, by straight lines between the hits.

Between two hits a track moves in a straight line at constant speed, in height too; nothing is assumed before the first hit, after the
last, or across a gap longer than `gap_max_s`. A hit alone between two gaps was seen all the same: it is a piece that lasts no time.
Horizontal separation is the chord in the tangent plane of the pair (WGS 84 surface). The closest approach is where the horizontal
separation is least: every pair of straight pieces has one such instant, found exactly.
Source: docs/maths/watch.md.
"""

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tafadi.engine.kernels.tracks import Apart, plane
from tafadi.measure.earth import ecef
from tafadi.measure.instant import SECOND_NS, Instant
from tafadi.model.judgement import ClosestApproach
from tafadi.model.track import Plot

GAP_MAX_S: Final = 60.0  # five turns of an en-route radar; over a longer gap a straight line says nothing


class _Piece(NamedTuple):
    """One straight piece between two hits; one hit alone is both of its ends."""

    before: Plot
    after: Plot

    @property
    def _lasting_ns(self) -> int:
        return max(self.after.at.ns - self.before.at.ns, 1)  # of one hit alone the ends are alike, so that any length will do

    def fraction(self, ns: int) -> float:
        return (ns - self.before.at.ns) / self._lasting_ns

    def height_m(self, ns: int) -> float | None:
        first, second = self.before.height, self.after.height
        if first is None or second is None or first.datum is not second.datum:
            return None
        return first.value_m + (second.value_m - first.value_m) * self.fraction(ns)

    def row(self, epoch_ns: int) -> NDArray[np.float64]:
        """The piece as a row of `kernels.tracks`: place and velocity at its start."""
        start, end = np.array(ecef(self.before.position)), np.array(ecef(self.after.position))
        duration_s = self._lasting_ns / SECOND_NS
        return np.concatenate((start, (end - start) / duration_s, [(self.before.at.ns - epoch_ns) / SECOND_NS, 0.0]))


def _pieces(plots: Sequence[Plot], gap_max_s: float) -> list[_Piece]:
    """The straight pieces, in order of time, and each hit that is in none of them."""
    ordered = sorted(plots, key=lambda plot: plot.at.ns)
    found = [_Piece(a, b) for a, b in pairwise(ordered) if a.at < b.at and b.at.since(a.at) <= gap_max_s]
    seen = {end.at.ns for piece in found for end in piece}
    alone = {plot.at.ns: _Piece(plot, plot) for plot in ordered if plot.at.ns not in seen}
    return sorted((*found, *alone.values()), key=lambda piece: piece.before.at.ns)


def _vertical_m(first: _Piece, second: _Piece, ns: int) -> float | None:
    if first.before.height is None or second.before.height is None or first.before.height.datum is not second.before.height.datum:
        return None
    one, other = first.height_m(ns), second.height_m(ns)
    return None if one is None or other is None else abs(one - other)


def _shared(first: Sequence[_Piece], second: Sequence[_Piece]) -> Iterator[tuple[_Piece, _Piece, int, int]]:
    """Pairs of pieces with the nanoseconds from and to which both hold; these may be one instant."""
    row = 0
    for one in first:
        while row < len(second) and second[row].after.at < one.before.at:
            row += 1
        for other in second[row:]:
            if other.before.at > one.after.at:
                break
            yield one, other, max(one.before.at.ns, other.before.at.ns), min(one.after.at.ns, other.after.at.ns)


def _nearest(one: _Piece, other: _Piece, start_ns: int, end_ns: int) -> ClosestApproach:
    apart = plane(one.row(start_ns), other.row(start_ns), 0.0)
    square = apart.vx**2 + apart.vy**2
    best_s = 0.0 if square == 0.0 else -(apart.x * apart.vx + apart.y * apart.vy) / square
    within_s = min(max(best_s, 0.0), (end_ns - start_ns) / SECOND_NS)
    ns = start_ns + round(within_s * SECOND_NS)
    return ClosestApproach(Instant(ns), _distance_m(apart, within_s), _vertical_m(one, other, ns))


def _distance_m(apart: Apart, at_s: float) -> float:
    return math.hypot(apart.x + apart.vx * at_s, apart.y + apart.vy * at_s)


def closest_recorded(first: Sequence[Plot], second: Sequence[Plot], gap_max_s: float = GAP_MAX_S) -> ClosestApproach | None:
    """The recorded approach that was closest horizontally; None when the two were never seen at one time."""
    shared = _shared(_pieces(first, gap_max_s), _pieces(second, gap_max_s))
    return min((_nearest(*pair) for pair in shared), key=lambda found: (found.horizontal_m, found.at), default=None)


def _at(pieces: Sequence[_Piece], at: Instant) -> _Piece | None:
    index = bisect_right([piece.before.at for piece in pieces], at) - 1
    return pieces[index] if index >= 0 and at <= pieces[index].after.at else None


def separation_at(first: Sequence[Plot], second: Sequence[Plot], at: Instant, gap_max_s: float = GAP_MAX_S) -> ClosestApproach | None:
    """How far apart the two were at `at`; None when one of them was not seen then."""
    one, other = _at(_pieces(first, gap_max_s), at), _at(_pieces(second, gap_max_s), at)
    if one is None or other is None:
        return None
    apart = plane(one.row(at.ns), other.row(at.ns), 0.0)
    return ClosestApproach(at, _distance_m(apart, 0.0), _vertical_m(one, other, at.ns))
