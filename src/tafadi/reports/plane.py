"""The plane of a map: azimuthal equidistant, centred on what is drawn.

A place lies on the map at its true distance and bearing from the centre, along the geodesic of WGS 84. That knows no antimeridian and no
pole. Away from the centre lengths across are stretched: by 0.4 % at 1,000 km, by a fifth at 6,700 km.

Units : degrees at the surface, metres on the plane; x grows eastwards and y northwards at the centre.
Source: Snyder, Map Projections (USGS Professional Paper 1395), chapter 25; geodesics by PROJ (Karney 2013).
"""

import math
from functools import cache
from typing import Any, Final, NamedTuple

import numpy as np

from tafadi.engine.layout import Floats
from tafadi.measure.earth import Position

ROUND_DEG: Final = 5.0  # a corner of a drawn circle every so many degrees: 0.1 % of its radius


class Places(NamedTuple):
    """Places on the earth, in degrees; NaN where one is not known."""

    lat_deg: Floats
    lon_deg: Floats


class Spots(NamedTuple):
    """Spots on the plane, in metres."""

    x_m: Floats
    y_m: Floats


@cache
def geod() -> Any:
    """The geodesics of WGS 84."""
    from pyproj import Geod  # heavy: only when something is drawn

    return Geod(ellps="WGS84")


def places_of(positions: "list[Position] | tuple[Position, ...]") -> Places:
    """Positions as columns."""
    return Places(np.array([one.lat_deg for one in positions]), np.array([one.lon_deg for one in positions]))


def joined(several: list[Places]) -> Places:
    """All places in one."""
    return Places(np.concatenate([one.lat_deg for one in several]), np.concatenate([one.lon_deg for one in several]))


class Plane(NamedTuple):
    """The plane around a centre."""

    lat_deg: float
    lon_deg: float

    def spots(self, places: Places) -> Spots:
        """Where the places lie; NaN where a place is not known."""
        known = np.isfinite(places.lat_deg) & np.isfinite(places.lon_deg)
        lat, lon = np.where(known, places.lat_deg, self.lat_deg), np.where(known, places.lon_deg, self.lon_deg)
        bearing, _, away_m = geod().inv(np.full(lat.shape, self.lon_deg), np.full(lat.shape, self.lat_deg), lon, lat)
        away_m, turned = np.where(known, away_m, np.nan), np.radians(bearing)
        return Spots(away_m * np.sin(turned), away_m * np.cos(turned))

    def spot(self, position: Position) -> tuple[float, float]:
        """Where one place lies."""
        x_m, y_m = self.spots(places_of([position]))
        return float(x_m[0]), float(y_m[0])

    def places(self, spots: Spots) -> Places:
        """Which places lie there."""
        bearing, away_m = np.degrees(np.arctan2(spots.x_m, spots.y_m)), np.hypot(spots.x_m, spots.y_m)
        lon, lat, _ = geod().fwd(np.full(away_m.shape, self.lon_deg), np.full(away_m.shape, self.lat_deg), bearing, away_m)
        return Places(np.asarray(lat), np.asarray(lon))


def plane_around(places: Places) -> Plane:
    """The plane whose centre is the middle of the box around the places on it; at 0, 0 when none is known."""
    lat, lon = np.radians(places.lat_deg), np.radians(places.lon_deg)
    sums = [float(np.nansum(part)) for part in (np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat))]
    rough = Plane(math.degrees(math.atan2(sums[2], math.hypot(sums[0], sums[1]))), math.degrees(math.atan2(sums[1], sums[0])))
    spots = rough.spots(places)
    if not np.isfinite(spots.x_m).any():
        return Plane(0.0, 0.0)
    middle = [(float(np.nanmin(axis)) + float(np.nanmax(axis))) / 2 for axis in spots]
    centre = rough.places(Spots(np.array(middle[:1]), np.array(middle[1:])))
    return Plane(float(centre.lat_deg[0]), float(centre.lon_deg[0]))


def drawn_along(places: Places, step_m: float, *, is_closed: bool) -> Places:
    """The places with others between them, so that no piece of a geodesic is longer than `step_m`."""
    lat, lon = places
    if is_closed:
        lat, lon = np.append(lat, lat[0]), np.append(lon, lon[0])
    bearing, _, length_m = geod().inv(lon[:-1], lat[:-1], lon[1:], lat[1:])
    count = np.maximum(1, np.ceil(length_m / step_m)).astype(np.int64)
    leg = np.repeat(np.arange(len(count)), count)
    part = (np.arange(len(leg)) - np.repeat(np.cumsum(count) - count, count)) / count[leg]
    if not (count > 1).any():
        return Places(lat, lon)
    lons, lats, _ = geod().fwd(lon[leg], lat[leg], np.asarray(bearing)[leg], length_m[leg] * part)
    return Places(np.append(lats, lat[-1]), np.append(lons, lon[-1]))


def drawn_circle(centre: Position, radius_m: float) -> Places:
    """The places of a circle, its first one again at the end."""
    bearing = np.arange(0.0, 360.0 + ROUND_DEG / 2, ROUND_DEG)
    lon, lat, _ = geod().fwd(
        np.full(bearing.shape, centre.lon_deg), np.full(bearing.shape, centre.lat_deg), bearing, np.full(bearing.shape, radius_m)
    )
    return Places(np.asarray(lat), np.asarray(lon))
