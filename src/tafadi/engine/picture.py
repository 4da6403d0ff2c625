"""The picture: every track that is seen now, as trails and as one array for the kernel that screens them.

A track is begun anew when its hits leave a gap: its number may be another's by then. One that jumps farther than anything flies is kept at
both its places, in doubt, until one is borne out (`jumps`). It is begun anew too when ANEW_AFTER hits in a row, each later than the one
before, are not newer than its last: then the last one's time was wrong, and must not silence the track until that time has come. It is
dropped when it was not seen for FORGOTTEN_S.
"""

from typing import Final, NamedTuple

import numpy as np

from tafadi.engine.encounter import UNKNOWN_SPEED_MPS, Bounds, Side
from tafadi.engine.jumps import BORNE_OUT_HITS, Doubt, Suspect, Suspects, is_borne_out
from tafadi.engine.kernels.tracks import screen
from tafadi.engine.terms import FORGOTTEN_S
from tafadi.engine.trail import Trail, space_velocity
from tafadi.errors import LimitError
from tafadi.measure.instant import Instant
from tafadi.model.track import Plot

MOST_TRACKS: Final = 20_000  # seen at once; all traffic over a continent is fewer
ANEW_AFTER: Final = 3  # hits in a row; two may come late by another way
FIRST_ROWS: Final = 64  # the array doubles when it is full


class _Name(NamedTuple):
    """Whose row it is: a track's own, or that of its other place while it is in doubt."""

    track: str
    is_other: bool


class Picture:
    """The tracks that are seen, their rows and what is near them. Times in rows are seconds after `epoch`, the first hit's time."""

    def __init__(self, bounds: Bounds) -> None:
        self.trails: dict[str, Trail] = {}
        self.epoch: Instant | None = None
        self._bounds = bounds
        self._suspects = Suspects()
        self._doubts: dict[str, Doubt] = {}
        self._rows: dict[_Name, int] = {}
        self._late: dict[str, tuple[Instant, int]] = {}  # of each track: the last hit that was not newer, and how many in a row rose to it
        self._free: list[int] = []
        self._names: list[_Name] = []
        self._states = np.full((FIRST_ROWS, 8), np.nan)
        self._near = np.empty(FIRST_ROWS, dtype=np.int64)

    @property
    def suspects(self) -> list[Suspect]:
        """The tracks that jumped, each with when, how far and how fast."""
        return self._suspects.rows

    def is_doubted(self, track: str) -> bool:
        """Whether the track has two places, and the one that it was last seen at is not borne out."""
        return track in self._doubts and not is_borne_out(self.trails[track])

    def seconds(self, at: Instant) -> float:
        """Seconds after the epoch."""
        return at.since(self.epoch or at)

    def take(self, plot: Plot) -> bool:
        """Takes the hit into its track; False when it is not newer than what is held. Raises LimitError for too many tracks at once."""
        self.epoch = self.epoch or plot.at
        trail = self.trails.get(plot.track)
        is_back = trail is not None and plot.at <= trail.last.at
        if is_back and not self._is_proven_back(plot):
            return False
        self._late.pop(plot.track, None)
        if trail is None and len(self.trails) >= MOST_TRACKS:
            raise LimitError(f"more than {MOST_TRACKS} tracks at once are more than one watch can follow")
        if trail is None or is_back:
            self._settle(plot.track, plot.at)
            self.trails[plot.track] = Trail(plot, has_moved=is_back)
        else:
            self.trails[plot.track] = self._followed(trail, plot)
        self._write(_Name(plot.track, False), self.trails[plot.track])
        return True

    def _followed(self, trail: Trail, plot: Plot) -> Trail:
        """The trail that the hit belongs to, with the hit: the newest, the other one of a track in doubt, or a new one."""
        doubt, fastest_mps = self._doubts.get(plot.track), self._bounds.fastest_mps
        if trail.reaches(plot, fastest_mps):
            followed = self._continued(trail, plot)
            if doubt is not None:
                doubt.in_a_row += 1
                if doubt.in_a_row >= BORNE_OUT_HITS and is_borne_out(followed):
                    self._settle(plot.track, plot.at)
            return followed
        self._suspects.jumped(trail, plot.at, way_m := trail.way_m(plot), way_m / max(plot.at.since(trail.last.at), 1e-3))
        if doubt is not None and doubt.other.reaches(plot, fastest_mps):
            followed, doubt.other, doubt.in_a_row = self._continued(doubt.other, plot), trail, 1
        else:
            other = trail if doubt is None or trail.hits >= doubt.other.hits else doubt.other
            followed, self._doubts[plot.track] = Trail(plot, has_moved=True), Doubt(other)
        self._write(_Name(plot.track, True), self._doubts[plot.track].other)
        return followed

    def _continued(self, trail: Trail, plot: Plot) -> Trail:
        if plot.at.since(trail.last.at) > self._bounds.track_max_age_s:
            return Trail(plot, has_moved=True)
        trail.add(plot)
        return trail

    def _settle(self, track: str, at: Instant) -> None:
        """Drops the other place of the track, where it has one."""
        if self._doubts.pop(track, None) is not None:
            self._suspects.over(track, at)
            self._drop(_Name(track, True))

    def _is_proven_back(self, plot: Plot) -> bool:
        """Whether this hit is one too many that comes before its track's last one."""
        last_at, count = self._late.get(plot.track, (plot.at, 0))
        count = count + 1 if count == 0 or plot.at > last_at else 1
        self._late[plot.track] = plot.at, count
        return count >= ANEW_AFTER

    # Rows

    def _write(self, name: _Name, trail: Trail) -> None:
        if name not in self._rows:
            self._rows[name] = self._new_row(name)
        reach_mps = UNKNOWN_SPEED_MPS if trail.velocity_mps is None else 0.0
        row = (*trail.place_m, *space_velocity(trail), self.seconds(trail.last.at), reach_mps)
        self._states[self._rows[name]] = row

    def _new_row(self, name: _Name) -> int:
        if self._free:
            row = self._free.pop()
            self._names[row] = name
            return row
        self._names.append(name)
        if len(self._names) > len(self._states):
            self._states = np.concatenate((self._states, np.full_like(self._states, np.nan)))
            self._near = np.empty(len(self._states), dtype=np.int64)
        return len(self._names) - 1

    def _drop(self, name: _Name) -> None:
        row = self._rows.pop(name)
        self._states[row] = np.nan
        self._free.append(row)

    def side(self, track: str) -> Side:
        """The track where it was last seen."""
        return self._side(_Name(track, False))

    def sides(self, track: str) -> list[Side]:
        """The track where it was last seen, and at its other place while it is in doubt."""
        return [self.side(track), *([self._side(_Name(track, True))] if track in self._doubts else [])]

    def _side(self, name: _Name) -> Side:
        trail = self._doubts[name.track].other if name.is_other else self.trails[name.track]
        return Side(name.track, trail, self._states[self._rows[name]], name.is_other or self.is_doubted(name.track))

    def near(self, own: Side) -> list[Side]:
        """The tracks that it may meet within reach; some of them it will not."""
        row = self._rows[_Name(own.key, own.trail is not self.trails[own.key])]
        now_s, bounds = float(self._states[row, 6]), self._bounds
        reach_s, reach_m = max(bounds.lookahead_s, bounds.reach_s), max(bounds.minima.horizontal_m, bounds.reach_m)
        count = screen(self._states, row, len(self._names), now_s, reach_s, reach_m, self._near)
        names = [self._names[other] for other in self._near[:count]]
        return [self._side(name) for name in names if name.track != own.key]

    def forget(self, now: Instant) -> list[str]:
        """Drops the tracks that were not seen for FORGOTTEN_S, and names them."""
        for track in [track for track, doubt in self._doubts.items() if now.since(doubt.other.last.at) > FORGOTTEN_S]:
            self._settle(track, now)
        gone = [track for track, trail in self.trails.items() if now.since(trail.last.at) > FORGOTTEN_S]
        for track in gone:
            self._settle(track, now)
            self._drop(_Name(track, False))
            self._late.pop(track, None)
            del self.trails[track]
        return gone
