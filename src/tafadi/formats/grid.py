"""Grid north: how far the y axis of a tracker's plane points beside true north, at one place of it.

A tracker that joins radars lays their plots into one plane, stereographic about a centre that its messages do not name. In that
projection a straight line from the centre is a great circle, and angles are kept. So the azimuth of a place in the plane is its azimuth as
seen from the centre; and the triangle of pole, centre and place, with its distance known, gives the azimuth at the place itself. The
difference of the two is what courses of the plane must be turned by (7 degrees at 300 NM from the centre of a Polish one).

Frame : a sphere; x east, y north at the centre.
Units : metres, degrees.
Source: Snyder, USGS Professional Paper 1395, chapter 21; Napier's analogies. Checked against the motion of real tracks in the tests.
"""

import math
from typing import Final

RADIUS_M: Final = 6_371_000.0
NEAREST_M: Final = 1_000.0  # this near to the centre the two norths are one, and the azimuth of the place says nothing


def convergence_deg(x_m: float, y_m: float, lat_deg: float) -> float | None:
    """How much to add to a course of the plane to have a true one; None where the three numbers fit no place."""
    if math.hypot(x_m, y_m) < NEAREST_M:
        return 0.0
    away = 2.0 * math.atan(math.hypot(x_m, y_m) / (2.0 * RADIUS_M))  # from the centre to the place, as an angle
    azimuth, polar = math.atan2(x_m, y_m), math.radians(90.0 - lat_deg)
    if polar <= 0.0 or abs(math.sin(away) * math.sin(azimuth)) >= math.sin(polar):
        return None
    meridians = math.asin(math.sin(away) * math.sin(abs(azimuth)) / math.sin(polar))
    cotangent = (abs(azimuth) + meridians) / 2.0
    here = 2.0 * math.atan2(math.cos((polar - away) / 2.0) * math.cos(cotangent), math.cos((polar + away) / 2.0) * math.sin(cotangent))
    turn_deg = math.degrees(math.pi - here - abs(azimuth))
    return turn_deg if azimuth >= 0.0 else -turn_deg
