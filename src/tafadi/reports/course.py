"""Courses and subjects: what a picture is drawn of, whether it was announced or seen.

Between two points a course follows the geodesic at constant speed, its height a straight line. Before the first, after the last and across
a gap longer than `gap_max_s` nothing is known, and nothing is drawn: a height that is not stated, or lies between two datums, stays NaN.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np

from tafadi.engine.layout import MISSING, MIXED, SECOND_NS, Codes, Floats, Ints
from tafadi.engine.recorded import GAP_MAX_S
from tafadi.engine.routes import DATUM_CODES
from tafadi.errors import InputError
from tafadi.measure.height import Height
from tafadi.measure.instant import Instant, Span
from tafadi.model.operation import Announced, Trajectory
from tafadi.model.track import Plot
from tafadi.model.volume import Volume4D
from tafadi.reports.plane import Places, geod


class Seen(NamedTuple):
    """Where a course is at some instants; NaN and MISSING where that is not known."""

    places: Places
    height_m: Floats
    datum: Codes


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """A way through the air: columns of equal length, in order of time, no instant twice.

    `datum` holds codes of `tafadi.engine.layout` (MISSING where no height is stated). Raises InputError when the columns do not fit.
    """

    at_ns: Ints
    lat_deg: Floats
    lon_deg: Floats
    height_m: Floats
    datum: Codes
    gap_max_s: float = math.inf

    def __post_init__(self) -> None:
        if len({len(self.at_ns), len(self.lat_deg), len(self.lon_deg), len(self.height_m), len(self.datum)}) != 1 or not len(self.at_ns):
            raise InputError("a course has at least one point, and its columns are equally long")
        if (np.diff(self.at_ns) <= 0).any():
            raise InputError("the points of a course are in order of time, and no instant stands twice")

    @property
    def places(self) -> Places:
        """Its points."""
        return Places(self.lat_deg, self.lon_deg)

    @property
    def breaks(self) -> Ints:
        """The numbers of the points after which a gap follows."""
        return np.flatnonzero(np.diff(self.at_ns) > self.gap_max_s * SECOND_NS)

    def at(self, at_ns: Ints) -> Seen:
        """Where it is at these instants (int64[n])."""
        if len(self.at_ns) == 1:
            return _nowhere(at_ns)
        leg = np.clip(np.searchsorted(self.at_ns, at_ns, side="right") - 1, 0, len(self.at_ns) - 2)
        begins, lasts = self.at_ns[leg], self.at_ns[leg + 1] - self.at_ns[leg]
        part = (at_ns - begins) / lasts
        is_point = (part == 0.0) | (part == 1.0)  # beside a gap the point itself is still known
        known = is_point | ((part > 0.0) & (part < 1.0) & (lasts <= self.gap_max_s * SECOND_NS))
        lat, lon = self.lat_deg, self.lon_deg
        bearing, _, length_m = geod().inv(lon[leg], lat[leg], lon[leg + 1], lat[leg + 1])
        lons, lats, _ = geod().fwd(lon[leg], lat[leg], bearing, np.asarray(length_m) * part)
        height_m = self.height_m[leg] + (self.height_m[leg + 1] - self.height_m[leg]) * part
        datum = np.where(self.datum[leg] == self.datum[leg + 1], self.datum[leg], MIXED)
        has_height = known & (datum >= 0)
        return Seen(
            Places(np.where(known, lats, np.nan), np.where(known, lons, np.nan)),
            np.where(has_height, height_m, np.nan),
            np.where(known, datum, MISSING).astype(np.int8),
        )

    def during(self, window: Span) -> "Course | None":
        """Its part within the window; None where there is none."""
        if len(self.at_ns) == 1 or self.at_ns[0] >= window.end.ns or self.at_ns[-1] <= window.start.ns:
            return None
        inside = self.at_ns[(self.at_ns > window.start.ns) & (self.at_ns < window.end.ns)]
        at_ns = np.concatenate([[window.start.ns], inside, [window.end.ns]]).astype(np.int64)
        there = self.at(at_ns)
        known = np.isfinite(there.places.lat_deg)
        if not known.any():
            return None
        lat, lon = there.places
        return Course(at_ns[known], lat[known], lon[known], there.height_m[known], there.datum[known], self.gap_max_s)


def _nowhere(at_ns: Ints) -> Seen:
    nan = np.full(len(at_ns), np.nan)
    return Seen(Places(nan, nan), nan, np.full(len(at_ns), MISSING, np.int8))


def _heights(heights: Sequence[Height | None]) -> tuple[Floats, Codes]:
    values = [math.nan if height is None else height.value_m for height in heights]
    return np.array(values), np.array([MISSING if height is None else DATUM_CODES[height.datum] for height in heights], np.int8)


def flown(trajectory: Trajectory) -> Course:
    """The course of an announced trajectory."""
    points = trajectory.waypoints
    return Course(
        np.array([point.at.ns for point in points], np.int64),
        np.array([point.position.lat_deg for point in points]),
        np.array([point.position.lon_deg for point in points]),
        *_heights([point.height for point in points]),
    )


def seen(plots: Sequence[Plot], gap_max_s: float = GAP_MAX_S) -> Course:
    """The course of the hits of one track; of two hits at one instant, the first. Raises InputError when there are none."""
    by_time: dict[int, Plot] = {}
    for plot in plots:
        by_time.setdefault(plot.at.ns, plot)
    ordered = [by_time[ns] for ns in sorted(by_time)]
    return Course(
        np.array([plot.at.ns for plot in ordered], np.int64),
        np.array([plot.position.lat_deg for plot in ordered]),
        np.array([plot.position.lon_deg for plot in ordered]),
        *_heights([plot.height for plot in ordered]),
        gap_max_s,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """What a picture shows one of: its name, whose it is, its course and its volumes."""

    name: str
    party: str | None = None
    course: Course | None = None
    volumes: tuple[Volume4D, ...] = ()

    @property
    def title(self) -> str:
        """Its name, and whose it is."""
        return self.name if self.party is None else f"{self.name} ({self.party})"

    @property
    def span(self) -> Span:
        """From its earliest beginning to its latest end."""
        spans = [volume.span for volume in self.volumes]
        if self.course is not None:
            spans.append(Span(Instant(int(self.course.at_ns[0])), Instant(int(self.course.at_ns[-1]))))
        return Span(min(span.start for span in spans), max(span.end for span in spans))


Shown: TypeAlias = "Announced | Subject | Sequence[Plot]"


def subject(shown: Shown) -> Subject:
    """A notice, or the hits of one track, as what a picture is drawn of. Raises InputError for no hits, or those of several tracks."""
    if isinstance(shown, Subject):
        return shown
    if isinstance(shown, Announced):
        notice = shown.notice
        return Subject(shown.id, shown.party, None if notice.trajectory is None else flown(notice.trajectory), notice.volumes)
    names = {plot.track for plot in shown}
    if len(names) != 1:
        raise InputError(f"a course is drawn of the hits of one track, and these are of {len(names)}")
    return Subject(shown[0].track, shown[0].party, seen(shown))
