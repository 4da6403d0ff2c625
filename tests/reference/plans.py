"""The slow twin of paths.py: walk through time, ask a geodesic library where both are, and measure the geodesic between them."""

import itertools

from geographiclib.geodesic import Geodesic

from tafadi.model.operation import Minima, Trajectory


def place(trajectory: Trajectory, at_s: float) -> tuple[float, float, float | None] | None:
    """Latitude, longitude and height (None where its ends do not both say one of like datum) at a time; None outside the trajectory."""
    points = trajectory.waypoints
    for a, b in itertools.pairwise(points):
        start, end = a.at.seconds, b.at.seconds
        if start <= at_s < end:
            share = (at_s - start) / (end - start)
            line = Geodesic.WGS84.Inverse(a.position.lat_deg, a.position.lon_deg, b.position.lat_deg, b.position.lon_deg)
            there = Geodesic.WGS84.Direct(a.position.lat_deg, a.position.lon_deg, line["azi1"], line["s12"] * share)
            height = None
            if a.height and b.height and a.height.datum is b.height.datum:
                height = a.height.value_m + (b.height.value_m - a.height.value_m) * share
            return there["lat2"], there["lon2"], height
    return None


def apart(one: Trajectory, other: Trajectory, at_s: float) -> tuple[float, float | None] | None:
    """Horizontal and vertical distance (None where it cannot be told) at a time; None when one of the two is not there."""
    here, there = place(one, at_s), place(other, at_s)
    if here is None or there is None:
        return None
    horizontal_m = Geodesic.WGS84.Inverse(here[0], here[1], there[0], there[1])["s12"]
    return float(horizontal_m), abs(here[2] - there[2]) if here[2] is not None and there[2] is not None else None


def inside(one: Trajectory, other: Trajectory, minima: Minima, at_s: float, band_m: float = 0.0) -> bool:
    """Whether the pair is within its minima, by `band_m` at least (negative: at most that far outside)."""
    distance = apart(one, other, at_s)
    if distance is None or distance[1] is None:
        return False
    return distance[0] < minima.horizontal_m - band_m and distance[1] < minima.vertical_m - band_m
