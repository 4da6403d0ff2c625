"""The picture: every track that is seen now, as trails and as one array for the kernel that screens them.

A track is begun anew when its hits leave a gap, or jump farther than anything flies: its number may be another's by then. It is begun anew
too when ANEW_AFTER hits in a row, each later than the one before, are not newer than its last: then the last one's time was wrong, and must
not silence the track until that time has come. It is dropped when it was not seen for FORGOTTEN_S.
"""

from typing import Final

import numpy as np

from tafadi.engine.encounter import UNKNOWN_SPEED_MPS, Bounds, Side
from tafadi.engine.kernels.tracks import screen
from tafadi.engine.trail import Trail, space_velocity
from tafadi.errors import LimitError
from tafadi.measure.instant import Instant
from tafadi.model.track import Plot

FORGOTTEN_S: Final = 90.0  # straight motion says nothing after so long; alerts about the track are then LOST
MOST_TRACKS: Final = 20_000  # seen at once; all traffic over a continent is fewer
ANEW_AFTER: Final = 3  # hits in a row; two may come late by another way
FIRST_ROWS: Final = 64  # the array doubles when it is full


class Picture:
    """The tracks that are seen, their rows and what is near them. Times in rows are seconds after `epoch`, the first hit's time."""

    def __init__(self, bounds: Bounds) -> None:
        self.trails: dict[str, Trail] = {}
        self.epoch: Instant | None = None
        self._bounds = bounds
        self._rows: dict[str, int] = {}
        self._late: dict[str, tuple[Instant, int]] = {}  # of each track: the last hit that was not newer, and how many in a row rose to it
        self._free: list[int] = []
        self._names: list[str] = []
        self._states = np.full((FIRST_ROWS, 8), np.nan)
        self._near = np.empty(FIRST_ROWS, dtype=np.int64)

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
        if trail is None:
            if len(self.trails) >= MOST_TRACKS:
                raise LimitError(f"more than {MOST_TRACKS} tracks at once are more than one watch can follow")
            trail = Trail(plot)
            self._rows[plot.track] = self._new_row(plot.track)
        elif not is_back and trail.follows(plot, self._bounds.track_max_age_s):
            trail.add(plot)
        else:
            trail = Trail(plot, has_moved=True)
        self.trails[plot.track] = trail
        reach_mps = UNKNOWN_SPEED_MPS if trail.velocity_mps is None else 0.0
        self._states[self._rows[plot.track]] = (*trail.place_m, *space_velocity(trail), self.seconds(plot.at), reach_mps)
        return True

    def _is_proven_back(self, plot: Plot) -> bool:
        """Whether this hit is one too many that comes before its track's last one."""
        last_at, count = self._late.get(plot.track, (plot.at, 0))
        count = count + 1 if count == 0 or plot.at > last_at else 1
        self._late[plot.track] = plot.at, count
        return count >= ANEW_AFTER

    def _new_row(self, track: str) -> int:
        if self._free:
            row = self._free.pop()
            self._names[row] = track
            return row
        self._names.append(track)
        if len(self._names) > len(self._states):
            self._states = np.concatenate((self._states, np.full_like(self._states, np.nan)))
            self._near = np.empty(len(self._states), dtype=np.int64)
        return len(self._names) - 1

    def side(self, track: str) -> Side:
        """The track as the judging sees it."""
        return Side(track, self.trails[track], self._states[self._rows[track]])

    def near(self, track: str) -> list[Side]:
        """The tracks that it may meet within the lookahead; some of them it will not."""
        row, minima = self._rows[track], self._bounds.minima
        now_s = float(self._states[row, 6])
        count = screen(self._states, row, len(self._names), now_s, self._bounds.lookahead_s, minima.horizontal_m, self._near)
        return [self.side(self._names[other]) for other in self._near[:count]]

    def forget(self, now: Instant) -> list[str]:
        """Drops the tracks that were not seen for FORGOTTEN_S, and names them."""
        gone = [track for track, trail in self.trails.items() if now.since(trail.last.at) > FORGOTTEN_S]
        for track in gone:
            row = self._rows.pop(track)
            self._states[row] = np.nan
            self._free.append(row)
            self._late.pop(track, None)
            del self.trails[track]
        return gone
