"""Parts of what was announced, as the watch meets them: a notice's volumes and its trajectory apart, each in a ball that sieves."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from tafadi.measure.earth import Position, ecef
from tafadi.model.operation import Announced, Minima, Notice
from tafadi.model.volume import Circle, Volume4D

BALL_SLACK: Final = 1.1  # the ball around corners also holds the bulge of the geodesics between them


class Part(NamedTuple):
    """One notice's volumes, or its trajectory, and a ball around them."""

    whole: Announced
    notice: Notice
    centre_m: tuple[float, float, float]
    radius_m: float
    minima: Minima | None  # what `judge` is asked for beside the notice's own


def _ball(positions: Sequence[Position], extra_m: float) -> tuple[tuple[float, float, float], float]:
    places = [ecef(position) for position in positions]
    x, y, z = (sum(place[axis] for place in places) / len(places) for axis in range(3))
    return (x, y, z), max(math.dist(place, (x, y, z)) for place in places) * BALL_SLACK + extra_m


def _outline(volume: Volume4D) -> tuple[Sequence[Position], float]:
    outline = volume.outline
    return ([outline.centre], outline.radius_m) if isinstance(outline, Circle) else (outline.vertices, 0.0)


def parts_of(whole: Announced, minima: Minima | None) -> Iterator[Part]:
    """Volumes and trajectory apart: they are asked for unlike minima."""
    notice = whole.notice
    own_m = 0.0 if notice.minima is None else notice.minima.horizontal_m
    if notice.volumes:
        outlines = [_outline(volume) for volume in notice.volumes]
        centre_m, radius_m = _ball([place for places, _ in outlines for place in places], own_m + max(extra for _, extra in outlines))
        yield Part(whole, replace(notice, trajectory=None), centre_m, radius_m, None)
    if notice.trajectory is not None:
        places = [waypoint.position for waypoint in notice.trajectory.waypoints]
        centre_m, radius_m = _ball(places, max(own_m, 0.0 if minima is None else minima.horizontal_m))
        yield Part(whole, replace(notice, volumes=()), centre_m, radius_m, minima)
