"""Small grids of a geoid that tests write themselves, in GTX, and the slow twin that reads between their nodes."""

import math
import struct
from collections.abc import Callable
from pathlib import Path

Shape = Callable[[float, float], float]


def hills(lat_deg: float, lon_deg: float) -> float:
    """A geoid of our own: 40 m up and down, steeper than the true one is anywhere but in high mountains."""
    return 40.0 * math.sin(math.radians(3 * lon_deg)) * math.cos(math.radians(lat_deg)) + 5.0 * math.sin(math.radians(8 * lat_deg))


def write_gtx(path: Path, shape: Shape = hills, step_deg: float = 5.0) -> Path:
    """The grid of `shape` over the whole earth."""
    rows, columns = round(180 / step_deg) + 1, round(360 / step_deg) + 1
    values = [shape(-90 + step_deg * row, -180 + step_deg * column) for row in range(rows) for column in range(columns)]
    path.write_bytes(struct.pack(f">4d2i{len(values)}f", -90.0, -180.0, step_deg, step_deg, rows, columns, *values))
    return path


def between(shape: Shape, step_deg: float, lat_deg: float, lon_deg: float) -> float:
    """What a bilinear reader gives between the four nodes around the place."""
    south, west = math.floor(lat_deg / step_deg) * step_deg, math.floor(lon_deg / step_deg) * step_deg
    up, right = (lat_deg - south) / step_deg, (lon_deg - west) / step_deg
    rows = [shape(south + dy, west) * (1 - right) + shape(south + dy, west + step_deg) * right for dy in (0.0, step_deg)]
    return rows[0] * (1 - up) + rows[1] * up
