"""One notice's volumes as records, quickly: its numbers are packed on a sheet that is used again and again (`kernels.sheet`).

Columns are for many. Of one notice they take 30 µs, most of it to make small arrays and to have them recognised.
"""

from collections.abc import Sequence
from functools import lru_cache
from math import nan
from struct import Struct
from typing import Final

import numpy as np

from tafadi.engine.columns import asked_of, columns_of
from tafadi.engine.kernels import sheet as kernels
from tafadi.engine.kernels.shapes import BOUNDS, SHAPE, Asking
from tafadi.engine.layout import MISSING
from tafadi.engine.pack import WGS84
from tafadi.engine.routes import DATUM_CODES
from tafadi.engine.volumes import CHORD_MOST_M, records_of
from tafadi.measure.earth import Position
from tafadi.model.operation import MOST_VOLUMES, NO_MINIMA, Minima
from tafadi.model.volume import Circle, Volume4D

MOST_CORNERS: Final = 2_048  # of all volumes of a notice; one that has more goes the way of columns, which then costs little beside it
LAYOUTS: Final = 1_024  # numbers of numbers for which the packing is kept
SURFACE: Final = (*WGS84,)


@lru_cache(LAYOUTS)
def _packing(kind: str, count: int) -> Struct:
    """How so many numbers of a kind are packed side by side, as the arrays of the sheet have them."""
    return Struct(f"{count}{kind}")


class Sheet:
    """Room for one notice, and the records that were made from it last."""

    def __init__(self, minima: Minima | None) -> None:
        self._minima = minima
        least = minima or NO_MINIMA
        self._least = float(least.horizontal_m), float(least.vertical_m)
        floats, wholes = np.empty(kernels.FLOATS * MOST_VOLUMES + 2 * MOST_CORNERS), np.empty(kernels.WHOLES * MOST_VOLUMES, np.int64)
        self._room = Asking(np.zeros(MOST_VOLUMES, BOUNDS), np.zeros(MOST_VOLUMES, SHAPE), np.empty((MOST_CORNERS, 3)))
        self._floats, self._wholes = floats.data, wholes.data  # of the same memory, to be written to
        self._sheet = (floats, wholes, *self._room)

    def records(self, volumes: Sequence[Volume4D], owner: int, own: Minima | None) -> Asking:
        """The records of the volumes of a notice with the number `owner` that states minima `own`. They last until the next call."""
        corners = self._write(volumes)
        if corners:
            count, minima = len(volumes), self._asked(own)
            if kernels.fill_sheet(SURFACE, self._sheet, count, corners, owner, minima) <= CHORD_MOST_M**2:
                bounds, shapes, ring = self._room
                return Asking(bounds[:count], shapes[:count], ring)
        return self._by_columns(volumes, owner, own)

    def _write(self, volumes: Sequence[Volume4D]) -> int:
        """How many corners were written; 0 when there is no room for all."""
        places: list[Position] = []
        floats: list[float] = []
        wholes: list[int] = []
        for volume in volumes:
            outline, lower, upper, span = volume.outline, volume.lower, volume.upper, volume.span
            if isinstance(outline, Circle):
                radius_m = outline.radius_m
                places.append(outline.centre)
            else:
                radius_m = nan
                places += outline.vertices
            floats += (radius_m, nan if lower is None else lower.value_m, nan if upper is None else upper.value_m)
            lower_datum = MISSING if lower is None else DATUM_CODES[lower.datum]
            upper_datum = MISSING if upper is None else DATUM_CODES[upper.datum]
            wholes += (len(places), lower_datum, upper_datum, span.start.ns, span.end.ns)
        corners = len(places)
        if corners > MOST_CORNERS or len(volumes) > MOST_VOLUMES:
            return 0
        floats += [place.lat_deg for place in places]
        floats += [place.lon_deg for place in places]
        _packing("d", len(floats)).pack_into(self._floats, 0, *floats)
        _packing("q", len(wholes)).pack_into(self._wholes, 0, *wholes)
        return corners

    def _asked(self, own: Minima | None) -> tuple[float, float, float, float]:
        """The minima that a notice asks for, and the least of anyone in the set."""
        horizontal_m, vertical_m = self._least
        if own is None:
            return horizontal_m, vertical_m, horizontal_m, vertical_m
        return max(float(own.horizontal_m), horizontal_m), max(float(own.vertical_m), vertical_m), horizontal_m, vertical_m

    def _by_columns(self, volumes: Sequence[Volume4D], owner: int, own: Minima | None) -> Asking:
        own_m = NO_MINIMA if own is None else own
        each = np.full((len(volumes), 2), (own_m.horizontal_m, own_m.vertical_m))
        return records_of(columns_of(volumes), asked_of(np.full(len(volumes), owner), self._minima, each))
