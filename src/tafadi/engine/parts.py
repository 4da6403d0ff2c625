"""The parts of a set of notices: whose each trajectory and volume is, what minima its notice asks for, its balls for the sweep."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from tafadi.engine.kernels.sweep import Items
from tafadi.engine.layout import Bodies, Bools, Floats, Ints, Paths
from tafadi.engine.pack import pack_bodies, pack_paths
from tafadi.measure.instant import Instant, Span
from tafadi.model.operation import NO_MINIMA, Announced, Minima, Notice
from tafadi.model.volume import Volume4D

PATH: Final = 0
BODY: Final = 1
PIECE_SLACK_M: Final = 400.0  # a piece of 50 NM bends 168 m out of the ball around its chord; the rest is room


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """All parts of some notices, numbered in the order given; minima are 0 where none are stated."""

    ids: tuple[str, ...]
    paths: Paths
    path_owner: Ints  # [paths] the number of the notice
    volumes: tuple[Volume4D, ...]
    bodies: Bodies
    body_owner: Ints  # [bodies]
    horizontal_m: Floats  # [notices]
    vertical_m: Floats  # [notices]
    stated: Bools  # [notices] whether minima are stated at all

    def minima(self, first: int, second: int) -> Minima:
        """The minima of a pair of notices: the larger of both."""
        horizontal_m = max(self.horizontal_m[first], self.horizontal_m[second])
        return Minima(float(horizontal_m), float(max(self.vertical_m[first], self.vertical_m[second])))

    def path_span(self, path: int) -> Span:
        """When a path begins and ends."""
        first, last = self.paths.first[path], self.paths.first[path + 1] - 1
        return Span(Instant(int(self.paths.at_ns[first])), Instant(int(self.paths.at_ns[last])))


@dataclass(frozen=True, slots=True, eq=False)
class Balls:
    """Items for the sweep, and which part each one belongs to."""

    items: Items
    kind: Ints  # PATH or BODY
    part: Ints  # the number of the path or body


def _asked(notice: Notice, minima: Minima | None) -> Minima:
    own = notice.minima
    if own is None or minima is None:
        return own or minima or NO_MINIMA
    return own.larger(minima)


def pack(announced: Sequence[Announced], minima: Minima | None) -> Parts:
    """The parts of the notices; each asks for the larger of `minima` and its own."""
    notices = [one.notice for one in announced]
    asked = [_asked(notice, minima) for notice in notices]
    flown = [n for n, notice in enumerate(notices) if notice.trajectory is not None]
    # Flat lists and no pairs: a tuple for each part would wake the garbage collector, which then looks at every noun there is.
    volumes = [volume for notice in notices for volume in notice.volumes]
    return Parts(
        ids=tuple([one.id for one in announced]),
        paths=pack_paths([notice.trajectory for notice in notices if notice.trajectory is not None]),
        path_owner=np.array(flown, dtype=np.int64),
        volumes=tuple(volumes),
        bodies=pack_bodies(volumes),
        body_owner=np.repeat(np.arange(len(notices)), np.array([len(notice.volumes) for notice in notices], dtype=np.int64)),
        horizontal_m=np.array([one.horizontal_m for one in asked], dtype=np.float64),
        vertical_m=np.array([one.vertical_m for one in asked], dtype=np.float64),
        stated=np.array([minima is not None or notice.minima is not None for notice in notices], dtype=np.bool_),
    )


def path_pieces(paths: Paths) -> tuple[Ints, Ints]:
    """The number of the first point of every piece, and of the path that it belongs to."""
    pieces = np.diff(paths.first) - 1
    path = np.repeat(np.arange(len(pieces)), pieces)
    return paths.first[path] + np.arange(len(path)) - np.repeat(np.cumsum(pieces) - pieces, pieces), path


def balls_of(parts: Parts, room_m: float) -> Balls:
    """Balls around every body, and around the pieces of paths meanwhile; margins are the horizontal minima plus `room_m`.

    All paths have one owner and all bodies another: it is the pairs of a path and a body that are sought.
    """
    paths, bodies = parts.paths, parts.bodies
    piece, path = path_pieces(paths)
    meanwhile = (paths.at_ns[piece] < bodies.end_ns.max()) & (paths.at_ns[piece + 1] > bodies.start_ns.min())
    piece, path = piece[meanwhile], path[meanwhile]
    ends = paths.place_m[piece], paths.place_m[piece + 1]
    owner = np.concatenate([parts.path_owner[path], parts.body_owner])
    kind = np.concatenate([np.full(len(path), PATH), np.full(len(bodies.radius_m), BODY)])
    items = Items(
        start_ns=np.concatenate([paths.at_ns[piece], bodies.start_ns]),
        end_ns=np.concatenate([paths.at_ns[piece + 1], bodies.end_ns]),
        centre_m=np.concatenate([(ends[0] + ends[1]) / 2, bodies.centre_m]),
        radius_m=np.concatenate([np.linalg.norm(ends[1] - ends[0], axis=1) / 2 + PIECE_SLACK_M, bodies.ball_m]),
        margin_m=parts.horizontal_m[owner] + room_m,
        owner=kind,
    )
    return Balls(items, kind, np.concatenate([path, np.arange(len(bodies.radius_m))]))
