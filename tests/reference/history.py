"""Losses in recorded traffic, slowly: every pair of tracks, every tenth of a second, in the plane of the pair at that moment."""

from collections import defaultdict
from itertools import combinations
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from pyproj import Transformer

STEP_S = 0.1


class Hit(NamedTuple):
    """One plot: seconds, degrees, metres (None where not known)."""

    track: str
    at_s: float
    lat_deg: float
    lon_deg: float
    height_m: float | None


Place = npt.NDArray[np.float64]
Leg = tuple[Hit, Hit, Place, Place]
Where = tuple[Place, float | None]


class Slow(NamedTuple):
    """A loss: from, to (seconds), and the least horizontal distance in it."""

    first: str
    second: str
    verdict: str
    start_s: float
    end_s: float


def _legs(hits: list[Hit], gap_s: float) -> list[Leg]:
    """The legs of one track that hold."""
    to_ecef = Transformer.from_crs(4979, 4978, always_xy=True)
    ordered = sorted(hits, key=lambda hit: hit.at_s)
    places = [np.array(to_ecef.transform(hit.lon_deg, hit.lat_deg, 0.0)) for hit in ordered]
    return [(a, b, p, q) for a, b, p, q in zip(ordered, ordered[1:], places, places[1:], strict=False) if 0 < b.at_s - a.at_s <= gap_s]


def _at(legs: list[Leg], at_s: float) -> Where | None:
    """Place and height at an instant; None where the track is not followed."""
    for a, b, p, q in legs:
        if a.at_s <= at_s < b.at_s:
            u = (at_s - a.at_s) / (b.at_s - a.at_s)
            height = None if a.height_m is None or b.height_m is None else a.height_m + (b.height_m - a.height_m) * u
            return p + (q - p) * u, height
    return None


def _verdict(one: Where | None, other: Where | None, horizontal_m: float, vertical_m: float) -> str:
    """What is known of the pair at an instant."""
    if one is None or other is None:
        return "clear"
    (p, low), (q, high) = one, other
    up = (p + q) * np.array([1.0, 1.0, 1.0067394967422764])
    up /= np.linalg.norm(up)
    apart = q - p - up * np.dot(q - p, up)
    if np.linalg.norm(apart) >= horizontal_m:
        return "clear"
    if low is None or high is None:
        return "unknown"
    return "conflict" if abs(high - low) < vertical_m else "clear"


def losses(hits: list[Hit], horizontal_m: float, vertical_m: float, gap_s: float) -> list[Slow]:
    """All losses, sorted, each to STEP_S."""
    tracks = defaultdict(list)
    for hit in hits:
        tracks[hit.track].append(hit)
    legs = {name: _legs(of, gap_s) for name, of in tracks.items()}
    begin, end = min(hit.at_s for hit in hits), max(hit.at_s for hit in hits)
    found = []
    for first, second in combinations(sorted(tracks), 2):
        said, since = "clear", begin
        for at_s in np.arange(begin, end + 2 * STEP_S, STEP_S):
            now = _verdict(_at(legs[first], at_s), _at(legs[second], at_s), horizontal_m, vertical_m)
            if now != said:
                if said != "clear":
                    found.append(Slow(first, second, said, since, at_s))
                said, since = now, at_s
    return sorted(found, key=lambda one: (one.first, one.second, one.verdict, one.start_s))
