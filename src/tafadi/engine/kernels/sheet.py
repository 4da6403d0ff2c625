"""The volumes of one notice, written on a sheet of numbers, become records.

A single notice is added and asked at the speed of the way into the kernel, not of the kernel. To be recognised from Python, an array
takes 0.06 µs and a tuple with names 1.3; so there is one sheet, which stays where it is, instead of the fourteen columns of `shapes.fill`.

Layout: FLOATS numbers of each volume (radius, bottom, top), then the latitudes of all corners, then the longitudes; apart from them WHOLES
whole numbers of each (corner after its last, codes of the datums of its bottom and of its top, beginning, end). What follows is old.
Units : degrees, metres, nanoseconds.
Source: docs/maths/volumes.md.
Twin  : `volumes.records_of`, bit for bit, in tests/engine/test_sheet.py.
"""

from typing import Final, NamedTuple

import numpy as np

from tafadi.engine.kernels.shapes import Asked, Bounds, Outlines, Shapes, Stated, fill
from tafadi.engine.layout import Floats, Ints, World, kernel

FLOATS: Final = 3
WHOLES: Final = 5


class Sheet(NamedTuple):
    """What is written, and where its records go."""

    floats: Floats
    wholes: Ints
    bounds: Bounds
    shapes: Shapes
    ring: Floats


@kernel
def fill_sheet(
    surface: tuple[bool, float, float, float],
    written: tuple[Floats, Ints, Bounds, Shapes, Floats],
    count: int,
    corners: int,
    owner: int,
    minima: tuple[float, float, float, float],
) -> float:
    """Writes the records of the volumes of a sheet; the square of the longest chord between neighbours, as `shapes.fill`.

    surface, written : a World and a Sheet, their names left away
    minima           : horizontal and vertical of the notice, and the least of anyone in the set
    """
    sheet, many = Sheet(*written), FLOATS * count
    first = np.empty(count + 1, np.int64)
    first[0] = 0
    for n in range(count):
        first[n + 1] = sheet.wholes[WHOLES * n]
    floats, wholes = sheet.floats[:many].reshape((count, FLOATS)), sheet.wholes[: WHOLES * count].reshape((count, WHOLES))
    lat_deg, lon_deg = sheet.floats[many : many + corners], sheet.floats[many + corners : many + 2 * corners]
    outlines = Outlines(first, lat_deg, lon_deg, floats[:, 0])
    lower_datum, upper_datum = wholes[:, 1].astype(np.int8), wholes[:, 2].astype(np.int8)
    stated = Stated(floats[:, 1], floats[:, 2], lower_datum, upper_datum, wholes[:, 3], wholes[:, 4])
    asked = Asked(np.full(count, owner), np.full(count, minima[0]), np.full(count, minima[1]), minima[2], minima[3])
    return fill(World(*surface), outlines, stated, asked, sheet.bounds[:count], sheet.shapes[:count], sheet.ring[:corners])
