"""Scenes: what the two parties of the story announce, and what flies.

The sample lies over the open South Atlantic and is invented. A scene can also be made from a recording: then the stretch around its closest
alert is played, one aircraft of the pair is given to each party, and the notices are drawn around where the first of them flew.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from tafadi.engine.watch import Rules, Watch
from tafadi.errors import InputError
from tafadi.measure.earth import Leg, Position, destination, leg
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant, Span
from tafadi.measure.units import FOOT_M, NAUTICAL_MILE_M
from tafadi.model.agreement import Landmark
from tafadi.model.alert import AlertKind
from tafadi.model.judgement import Verdict
from tafadi.model.operation import Kind, Minima, Notice, StatedPlace
from tafadi.model.track import Plot
from tafadi.model.volume import Circle, Volume4D

ALPHA: Final = "alpha"
BRAVO: Final = "bravo"
RATE: Final = 20.0  # scenario seconds in a second: the story of ten minutes is told in half a minute
PREPARE_S: Final = 20.0  # wall seconds that the story before the flying takes, with room for a slow machine
LEAD_S: Final = 30  # what this exercise asks of a notice, in scenario seconds
CURTAIN_S: Final = 5.0  # wall seconds that the nodes have to start before the scenario begins
WRONG_PLACE_M: Final = 9_000.0  # as far as the place was off that was given on the telephone on 17 September 2016
BEFORE_S: Final = 180.0  # of a recording, before the first alert of the pair that is played
AFTER_S: Final = 60.0


@dataclass(frozen=True)
class Notices:
    """What is announced, in the order of the story; the second conflicts until it is amended, the third states a wrong place."""

    first: Notice
    second: Notice
    second_amended: Notice
    third: Notice
    third_amended: Notice


@dataclass(frozen=True)
class Scene:
    """Everything that the story needs to know."""

    start: Instant
    rate: float
    minima: Minima
    lookahead_s: float
    landmarks: tuple[Landmark, ...]
    notices: Notices
    plots: tuple[Plot, ...]
    tracks: tuple[str, str]
    recorded: bool

    @property
    def plots_from(self) -> Instant:
        """When the flying begins."""
        return self.plots[0].at

    @property
    def plots_until(self) -> Instant:
        """When it ends."""
        return self.plots[-1].at


def _circle(centre: Position, radius_m: float, band: tuple[Height, Height], span: Span) -> Volume4D:
    return Volume4D(Circle(centre.quantised(), radius_m), *band, span)


def _operation(title: str, volume: Volume4D, *stated: StatedPlace) -> Notice:
    return Notice(Kind.OPERATION, (volume,), title=title, stated=stated)


def _band(middle_m: float, half_m: float) -> tuple[Height, Height]:
    return Height(round(middle_m - half_m), Datum.PRESSURE), Height(round(middle_m + half_m), Datum.PRESSURE)


def _said(mark: Landmark, place: Position) -> StatedPlace:
    along = leg(mark.position, place)
    return StatedPlace(mark.name, round(along.bearing_deg, 1) % 360.0, round(along.distance_m, -2))


# The sample

_HOME: Final = Position(-37.5, 12.3)  # open water, 500 km from any land
_LEVEL_M: Final = 1_500.0
_SAMPLE_MINIMA: Final = Minima(NAUTICAL_MILE_M, 500 * FOOT_M)


def sample(start: Instant, prepare_s: float = PREPARE_S) -> Scene:
    """The scene that Tafadi ships, beginning at `start` (scenario time), with `prepare_s` wall seconds before the flying."""
    flying = start.plus(prepare_s * RATE)
    landmarks = (
        Landmark("north-light", destination(_HOME, Leg(340.0, 60_000.0)).quantised()),
        Landmark("south-light", destination(_HOME, Leg(200.0, 45_000.0)).quantised()),
    )
    span = Span(flying.plus(-30.0), flying.plus(3_600.0))
    plots = tuple(sorted(_sample_flight(flying), key=lambda plot: plot.at))
    notices = _sample_notices(landmarks, span)
    return Scene(start, RATE, _SAMPLE_MINIMA, 60.0, landmarks, notices, plots, ("sky/101", "sky/202"), recorded=False)


def _sample_notices(landmarks: Sequence[Landmark], span: Span) -> Notices:
    near = destination(_HOME, Leg(90.0, 12_000.0))
    apart = destination(_HOME, Leg(90.0, 24_000.0))
    supply = destination(_HOME, Leg(0.0, 40_000.0))
    wrong = destination(supply, Leg(90.0, WRONG_PLACE_M))
    band = _band(_LEVEL_M, 300.0)
    second = _operation("search", _circle(near, 10_000.0, band, span), _said(landmarks[1], near))
    third = _operation("supply drop", _circle(supply, 3_000.0, band, span), _said(landmarks[0], wrong))
    return Notices(
        first=_operation("survey", _circle(_HOME, 8_000.0, band, span), _said(landmarks[0], _HOME)),
        second=second,
        second_amended=_operation("search", _circle(apart, 10_000.0, band, span), _said(landmarks[1], apart)),
        third=third,
        third_amended=replace(third, stated=(_said(landmarks[0], supply),)),
    )


def _sample_flight(flying: Instant) -> Iterator[Plot]:
    """One aircraft surveys, strays eastwards towards the other, and turns back when it is told to stop."""
    west = destination(_HOME, Leg(90.0, 2_000.0))
    east = destination(_HOME, Leg(90.0, 26_000.0))
    yield from _fly("sky/101", ALPHA, flying, west, ((70.0, 90.0, 160.0), (70.0, 270.0, 100.0)))
    yield from _fly("sky/202", BRAVO, flying, east, ((60.0, 270.0, 160.0), (60.0, 90.0, 100.0)))


def _fly(track: str, party: str, start: Instant, place: Position, legs: Sequence[tuple[float, float, float]]) -> Iterator[Plot]:
    """A plot every 4 s along legs of (speed m/s, course, seconds), level."""
    after_s = 0.0
    for speed_mps, course_deg, duration_s in legs:
        for _ in range(round(duration_s / 4.0)):
            at = start.plus(after_s)
            yield Plot(
                track, at, place.quantised(), Height(_LEVEL_M, Datum.PRESSURE), speed_mps, course_deg, 0.0, source="sky", party=party
            )
            place, after_s = destination(place, Leg(course_deg, speed_mps * 4.0)), after_s + 4.0


# From a recording


def from_recording(plots: Sequence[Plot], minima: Minima, lookahead_s: float, prepare_s: float = PREPARE_S) -> Scene:
    """The scene of a recording. Raises InputError when no two of its tracks come within the minima: then there is no story in it."""
    first, second, at = _pair_to_play(plots, minima, lookahead_s)
    chosen = [plot for plot in plots if abs(plot.at.since(at)) <= BEFORE_S and plot.at <= at.plus(AFTER_S + lookahead_s)]
    owners = {first: ALPHA, second: BRAVO}
    played = tuple(replace(plot, party=owners.get(plot.track)) for plot in sorted(chosen, key=lambda plot: plot.at))
    start = played[0].at.plus(-prepare_s * RATE)
    own = [plot for plot in played if plot.track == first]
    other = [plot for plot in played if plot.track == second]
    landmarks = _landmarks_near(own[0].position)
    notices = _notices_around(own, other, landmarks, Span(played[0].at.plus(-30.0), played[-1].at.plus(3_600.0)))
    return Scene(start, RATE, minima, lookahead_s, landmarks, notices, played, (first, second), recorded=True)


def _pair_to_play(plots: Sequence[Plot], minima: Minima, lookahead_s: float) -> tuple[str, str, Instant]:
    """The two tracks whose conflict came closest, and when it was first foreseen."""
    watch = Watch(Rules(minima, lookahead_s))
    alerts = [*watch.feed(sorted(plots, key=lambda plot: plot.at)), *watch.finish()]
    over = [alert for alert in alerts if alert.kind is AlertKind.TRACKS and alert.verdict is Verdict.CONFLICT and alert.missed]
    if not over:
        raise InputError("no two tracks of the recording come within the minima; give others with --minima, or another recording")
    closest = min(over, key=lambda alert: alert.missed.horizontal_m if alert.missed else math.inf)
    return closest.first, closest.second, closest.raised_at


def _landmarks_near(place: Position) -> tuple[Landmark, ...]:
    return (
        Landmark("north-light", destination(place, Leg(340.0, 40_000.0)).quantised()),
        Landmark("south-light", destination(place, Leg(200.0, 30_000.0)).quantised()),
    )


def _notices_around(own: Sequence[Plot], other: Sequence[Plot], landmarks: Sequence[Landmark], span: Span) -> Notices:
    """A first notice that the first aircraft leaves in the end, and a second that overlaps it until it is amended to lie above."""
    home = own[0].position
    reach_m = max(max(leg(home, plot.position).distance_m for plot in own) * 0.6, 500.0)
    heights = [plot.height.value_m for plot in own if plot.height is not None and plot.height.datum is Datum.PRESSURE] or [_LEVEL_M]
    low_m, high_m = min(heights) - 300.0, max(heights) + 300.0
    band, above = _band((low_m + high_m) / 2, (high_m - low_m) / 2), _band(high_m + 1_500.0, 300.0)
    near = other[0].position if leg(home, other[0].position).distance_m < reach_m else destination(home, Leg(90.0, reach_m))
    supply = destination(home, Leg(0.0, reach_m + 30_000.0))
    wrong = destination(supply, Leg(90.0, WRONG_PLACE_M))
    third = _operation("supply drop", _circle(supply, 3_000.0, band, span), _said(landmarks[0], wrong))
    return Notices(
        first=_operation("survey", _circle(home, reach_m, band, span), _said(landmarks[0], home)),
        second=_operation("search", _circle(near, reach_m, band, span), _said(landmarks[1], near)),
        second_amended=_operation("search", _circle(near, reach_m, above, span), _said(landmarks[1], near)),
        third=third,
        third_amended=replace(third, stated=(_said(landmarks[0], supply),)),
    )
