"""Losses in recorded traffic, slowly: every pair of tracks, every tenth of a second, in the plane of the pair at that moment.

Of hits of one track at one time that contradict each other each is possible, in every combination with those before and after.
"""

from collections import defaultdict
from itertools import combinations, groupby, pairwise, product
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
TO_ECEF = Transformer.from_crs(4979, 4978, always_xy=True)


class Slow(NamedTuple):
    """A loss: from, to (seconds), and the least horizontal distance in it."""

    first: str
    second: str
    verdict: str
    start_s: float
    end_s: float


def _place(hit: Hit) -> Place:
    return np.array(TO_ECEF.transform(hit.lon_deg, hit.lat_deg, 0.0))


def _groups(hits: list[Hit]) -> list[list[Hit]]:
    """The hits of one track by their time; each of a group may be the true one."""
    ordered = sorted(set(hits), key=lambda hit: hit.at_s)
    return [list(group) for _, group in groupby(ordered, key=lambda hit: hit.at_s)]


def _legs(hits: list[Hit], gap_s: float) -> list[Leg]:
    """The legs of one track that hold, from each hit to each of the next time."""
    groups = _groups(hits)
    pairs = [(a, b) for one, next_one in pairwise(groups) for a, b in product(one, next_one)]
    return [(a, b, _place(a), _place(b)) for a, b in pairs if b.at_s - a.at_s <= gap_s]


def _at(legs: list[Leg], at_s: float) -> list[Where]:
    """Every place and height that is possible at an instant; none where the track is not followed."""
    found = []
    for a, b, p, q in legs:
        if a.at_s <= at_s < b.at_s:
            u = (at_s - a.at_s) / (b.at_s - a.at_s)
            height = None if a.height_m is None or b.height_m is None else a.height_m + (b.height_m - a.height_m) * u
            found.append((p + (q - p) * u, height))
    return found


def _one_verdict(one: Where, other: Where, horizontal_m: float, vertical_m: float) -> str:
    (p, low), (q, high) = one, other
    up = (p + q) * np.array([1.0, 1.0, 1.0067394967422764])
    up /= np.linalg.norm(up)
    apart = q - p - up * np.dot(q - p, up)
    if np.linalg.norm(apart) >= horizontal_m:
        return "clear"
    if low is None or high is None:
        return "unknown"
    return "conflict" if abs(high - low) < vertical_m else "clear"


def _verdict(one: list[Where], other: list[Where], horizontal_m: float, vertical_m: float) -> str:
    """What is known of the pair at an instant: what all that is possible has in common."""
    said = {_one_verdict(a, b, horizontal_m, vertical_m) for a, b in product(one, other)}
    return "clear" if said <= {"clear"} else said.pop() if len(said) == 1 else "unknown"


def verdict_at(hits: list[Hit], at_s: float, horizontal_m: float, vertical_m: float, gap_s: float) -> dict[tuple[str, str], str]:
    """What is known of every pair at an instant."""
    tracks = _by_track(hits)
    legs = {name: _legs(of, gap_s) for name, of in tracks.items()}
    return {
        (first, second): _verdict(_at(legs[first], at_s), _at(legs[second], at_s), horizontal_m, vertical_m)
        for first, second in combinations(sorted(tracks), 2)
    }


def _then(hits: list[Hit], legs: list[Leg], at_s: float) -> tuple[list[Where], bool, bool]:
    """Where a track may be in an instant, its own hits first; and whether a leg ends then, and one begins."""
    ends, starts = any(b.at_s == at_s for _, b, _, _ in legs), any(a.at_s == at_s for a, _, _, _ in legs)
    own = [(_place(hit), hit.height_m) for hit in hits if hit.at_s == at_s]
    return own or _at(legs, at_s), ends, starts


def _flies(legs: list[Leg], at_s: float) -> bool:
    return any(a.at_s <= at_s <= b.at_s for a, b, _, _ in legs)


def instants(hits: list[Hit], horizontal_m: float, vertical_m: float, gap_s: float) -> list[Slow]:
    """What two share for an instant only: a hit without a leg, or the end of one track where another begins."""
    tracks, found = _by_track(hits), []
    legs = {name: _legs(of, gap_s) for name, of in tracks.items()}
    for first, second in combinations(sorted(tracks), 2):
        for at_s in sorted({hit.at_s for name in (first, second) for hit in tracks[name]}):
            (one, a_ends, a_starts), (other, b_ends, b_starts) = (_then(tracks[name], legs[name], at_s) for name in (first, second))
            flying = _flies(legs[first], at_s) and _flies(legs[second], at_s)
            touch = (a_ends, a_starts, b_ends, b_starts) in ((True, False, False, True), (False, True, True, False))
            said = _verdict(one, other, horizontal_m, vertical_m)
            if said != "clear" and (touch or not flying):
                found.append(Slow(first, second, said, at_s, at_s))
    return found


def _by_track(hits: list[Hit]) -> dict[str, list[Hit]]:
    tracks = defaultdict(list)
    for hit in hits:
        tracks[hit.track].append(hit)
    return tracks


def losses(hits: list[Hit], horizontal_m: float, vertical_m: float, gap_s: float) -> list[Slow]:
    """All losses, sorted, each to STEP_S."""
    tracks = _by_track(hits)
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
