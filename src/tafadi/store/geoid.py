"""Grids of the geoid as they lie on disk: found where PROJ keeps its own, read through pyproj, never fetched.

A grid is named to PROJ by its whole path, as a step of a pipeline. The other way, a transformation between coordinate systems, must not be
used: where the grid is not installed, PROJ answers with a "ballpark" transformation that leaves the height as it is (1,000 m come back as
1,000 m, which may be wrong by 106 m), and raises nothing. pip's pyproj brings no grid; Debian's `proj-data` does.

Source: PROJ, `vgridshift` (bilinear between nodes); the GTX format of NOAA's VDatum: big-endian south, west, steps (float64, degrees), rows
and columns (int32), then float32 metres, row by row from the south.

    =====================  ==============  ===========  ============================================================================
    file                   grid            may be wrong  where it comes from
    =====================  ==============  ===========  ============================================================================
    egm96_15.gtx           EGM96, 15'      3 m          Debian `proj-data`; conda `proj-data`
    us_nga_egm96_15.tif    EGM96, 15'      3 m          PROJ's own collection of grids
    egm08_25.gtx           EGM2008, 2.5'   1 m          older PROJ collections
    us_nga_egm08_25.tif    EGM2008, 2.5'   1 m          PROJ's own collection of grids
    any other .gtx         as its header   3 m          you
    =====================  ==============  ===========  ============================================================================

What may be wrong is what a height "above mean sea level" may differ by from this geoid when nobody said which was meant: EGM96 and EGM2008
are within 3 m of each other but for some high mountains and ice, and national levels lie within a metre of them nearly everywhere.
"""

import math
import os
import struct
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from tafadi.errors import InputError, MissingError
from tafadi.measure.levelling import GEOID_HIGH_M, GEOID_LOW_M, GEOID_SLOPE, Box

Floats = npt.NDArray[np.float64]

WITHIN_M: Final = {"egm96": 3.0, "egm2008": 1.0}
FILES: Final = {
    "egm96": ("egm96_15.gtx", "us_nga_egm96_15.tif"),
    "egm2008": ("us_nga_egm08_25.tif", "egm08_25.gtx"),
}
STEPS_DEG: Final = {"us_nga_egm96_15.tif": 0.25, "us_nga_egm08_25.tif": 1.0 / 24.0}  # their nodes begin at 90 S, 180 W
OTHER_WITHIN_M: Final = 3.0
SYSTEM_FOLDERS: Final = ("/usr/share/proj", "/usr/local/share/proj", "/opt/homebrew/share/proj")
INSTALL: Final = "install Debian's package proj-data (apt-get install proj-data), or name a grid in .gtx with --geoid FILE"
GTX_HEADER: Final = struct.Struct(">4d2i")
MOST_CELLS: Final = 400_000_000  # 1 arc minute of the whole earth is 233 million
MOST_NODES: Final = 400_000  # looked at for one outline, half a second; a larger one is looked at more coarsely
OUTSIDE_M: Final = 150.0  # no geoid lies farther from its ellipsoid; such a number stands for nothing
METRES_A_DEGREE: Final = 111_700.0  # along the meridian, where it is longest


class _Nodes(NamedTuple):
    """Where the nodes of a grid stand, in degrees."""

    south: float
    west: float
    step_lat: float
    step_lon: float


class GeoidGrid:
    """The geoid of one grid file; an `Undulation` (`tafadi.measure.levelling`).

    Raises MissingError when the file is not there, InputError when it is no grid, or is damaged.
    """

    def __init__(self, path: Path, within_m: float | None = None) -> None:
        self.path = path
        self._nodes = _nodes_of(path)
        known = next((name for name, files in FILES.items() if path.name in files), "")
        self.within_m = within_m if within_m is not None else WITHIN_M.get(known, OTHER_WITHIN_M)
        self.name = f"{path.name} ({known.upper()})" if known else path.name
        self._transformer = _pipeline(path)

    def geoid_m(self, lat_deg: Floats, lon_deg: Floats) -> Floats:
        """float64[n]: metres of the geoid above the ellipsoid; NaN where the grid says nothing."""
        lat, lon = np.asarray(lat_deg, dtype=np.float64), np.asarray(lon_deg, dtype=np.float64)
        lon = np.where(np.isfinite(lon), (np.nan_to_num(lon) + 180.0) % 360.0 - 180.0, np.nan)
        _, _, geoid_m = self._transformer.transform(lon, lat, np.zeros(len(lat)))
        found = np.asarray(geoid_m, dtype=np.float64)
        return np.where(np.isfinite(found) & (np.abs(found) <= OUTSIDE_M), found, np.nan)

    def over_m(self, box: Box) -> tuple[float, float]:
        """The lowest and the highest of the geoid in the box; NaN where any of it is not known.

        Between nodes the grid is bilinear, so nothing is lower or higher than the nodes around it.
        """
        nodes = self._nodes
        count = (box.north - box.south) / nodes.step_lat * (box.east - box.west) / nodes.step_lon
        coarse = max(1, math.ceil(math.sqrt(count / MOST_NODES)))
        lat = np.clip(_axis(nodes.south, nodes.step_lat * coarse, box.south, box.north), -90.0, 90.0)
        lon = _axis(nodes.west, nodes.step_lon * coarse, box.west, box.east)
        found = self.geoid_m(np.repeat(lat, len(lon)), np.tile(lon, len(lat)))
        if not np.isfinite(found).all():
            return math.nan, math.nan
        between_m = 0.0 if coarse == 1 else GEOID_SLOPE * METRES_A_DEGREE * coarse * math.hypot(nodes.step_lat, nodes.step_lon) / 2
        return max(float(found.min()) - between_m, GEOID_LOW_M), min(float(found.max()) + between_m, GEOID_HIGH_M)


def _axis(origin: float, step: float, low: float, high: float) -> Floats:
    """The nodes from the last one at or below `low` to the first at or above `high`."""
    first, last = math.floor((low - origin) / step), math.ceil((high - origin) / step)
    return origin + step * np.arange(first, last + 1, dtype=np.float64)


def _nodes_of(path: Path) -> _Nodes:
    """Where the nodes of the file stand. Raises MissingError, InputError."""
    if not path.is_file():
        raise MissingError(f"the grid of the geoid {path} is not there; {INSTALL}")
    if path.name in STEPS_DEG:
        step_deg = STEPS_DEG[path.name]
        return _Nodes(-90.0, -180.0, step_deg, step_deg)
    if path.suffix.lower() != ".gtx":
        raise InputError(f"{path} is no grid that is known here; give one in GTX (.gtx), or {' or '.join(STEPS_DEG)}")
    with path.open("rb") as file:
        header = file.read(GTX_HEADER.size)
    if len(header) < GTX_HEADER.size:
        raise InputError(f"{path} is no grid in GTX: it ends within its header")
    south, west, step_lat, step_lon, rows, columns = GTX_HEADER.unpack(header)
    is_grid = all(map(math.isfinite, (south, west, step_lat, step_lon))) and step_lat > 0.0 < step_lon and rows > 1 < columns
    if not is_grid or rows * columns > MOST_CELLS or abs(south) > 90.0 or south + step_lat * (rows - 1) > 90.0 + step_lat:
        raise InputError(f"{path} is no grid in GTX: its header says what no grid of the earth is")
    if path.stat().st_size != GTX_HEADER.size + 4 * rows * columns:
        raise InputError(
            f"{path} is damaged: it should have {GTX_HEADER.size + 4 * rows * columns:,} bytes and has {path.stat().st_size:,}"
        )
    return _Nodes(south, west, step_lat, step_lon)


def _pipeline(path: Path) -> Any:
    """pyproj's transformer that adds the geoid to a height of 0. Raises InputError."""
    from pyproj import Transformer  # heavy: only when heights are to be brought to another datum
    from pyproj.exceptions import ProjError

    whole = str(path.resolve())
    if any(mark in whole for mark in ',"'):
        raise InputError(f"{whole}: PROJ cannot read a grid whose path has a comma or a quotation mark in it")
    steps = (
        "+proj=unitconvert +xy_in=deg +xy_out=rad",
        f'+proj=vgridshift +grids="{whole}" +multiplier=1',
        "+proj=unitconvert +xy_in=rad +xy_out=deg",
    )
    try:
        return Transformer.from_pipeline("+proj=pipeline " + " ".join(f"+step {step}" for step in steps))
    except ProjError as error:
        raise InputError(f"{path} cannot be read by PROJ as a grid of the geoid: {str(error).splitlines()[0][:200]}") from None


def folders() -> Iterator[Path]:
    """Where grids are looked for, in this order: where PROJ_DATA says, pyproj's own folders, those of the system."""
    from pyproj.datadir import get_data_dir, get_user_data_dir  # type: ignore[attr-defined]  # documented, and not in its stub's list

    named = [os.environ.get(name, "") for name in ("PROJ_DATA", "PROJ_LIB")]
    named += [get_data_dir(), str(get_user_data_dir())]
    for text in (*named, *SYSTEM_FOLDERS):
        yield from (Path(one) for one in text.split(os.pathsep) if one)


@lru_cache(maxsize=8)  # a transformer takes 10 ms to make, and its grid is read once
def _opened(path: Path) -> GeoidGrid:
    return GeoidGrid(path)


def find_geoid(wanted: str = "") -> GeoidGrid:
    """The grid called `wanted` ("egm96", "egm2008", or the path of a file); any that is installed when nothing is wanted, EGM2008 first.

    Raises MissingError, with what to install, and InputError for a file that is no grid.
    """
    if wanted and wanted not in FILES:
        return _opened(Path(wanted))
    names = [wanted] if wanted else ["egm2008", "egm96"]
    places = list(dict.fromkeys(folders()))
    for name in names:
        for path in (folder / file for file in FILES[name] for folder in places):
            if path.is_file():
                return _opened(path)
    raise MissingError(f"no grid of the geoid {'' if not wanted else wanted.upper() + ' '}is installed; {INSTALL}")
