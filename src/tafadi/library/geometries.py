"""Geometries of a table: its column `geometry` as shapely's shapes, in WGS 84, longitude first.

The column is that of a GeoDataFrame, GeoArrow in WKB, or WKB of a table of whose CRS the caller says. A shape in another CRS is refused and
not converted: its edges are straight there, and would be other lines on the earth; who made them can say how close the copy has to be.
"""

import json
from typing import Any, Final

from tafadi.errors import FormatError
from tafadi.library.frames import NAME, Columns

COLUMN: Final = "geometry"
WGS84: Final = frozenset({"EPSG:4326", "OGC:CRS84", "OGC:CRS84H", "EPSG:4979"})
EXTENSION: Final = b"ARROW:extension:metadata"


def shapes(table: Columns, crs: str | None = None) -> list[Any]:
    """The shape of each row, None where there is none. Raises FormatError for what is no WKB, or not known to be in WGS 84."""
    import shapely  # heavy: only when geometries come

    field = table.table.schema.field(COLUMN)
    _check(_crs(field) or crs)
    column = table.table.column(COLUMN).combine_chunks()
    cells = (column.storage if hasattr(column, "storage") else column).to_pylist()
    try:
        found: list[Any] = list(shapely.from_wkb(cells))
    except (shapely.errors.ShapelyError, TypeError):
        raise FormatError("it holds no geometries in WKB", format=NAME, field=COLUMN) from None
    return found


def _crs(field: Any) -> str:
    """The name of the CRS that the column states; empty when it states none."""
    said = (field.metadata or {}).get(EXTENSION, b"")
    if not said and hasattr(field.type, "__arrow_ext_serialize__"):  # where somebody has registered GeoArrow's types with Arrow
        said = field.type.__arrow_ext_serialize__()
    try:
        crs = json.loads(said or b"{}").get("crs")
    except (ValueError, AttributeError):
        return ""
    if isinstance(crs, dict):
        code = crs.get("id") or {}
        return f"{code.get('authority')}:{code.get('code')}" if code else str(crs.get("name", "a CRS without a code"))
    return str(crs or "")


def _check(crs: str | None) -> None:
    if not crs:
        sentence = 'the geometries state no CRS, and nobody can say where they are; set it, as in set_crs("EPSG:4326"), or say crs='
        raise FormatError(sentence, format=NAME, field=COLUMN)
    if crs.upper() not in WGS84:
        raise FormatError(f'the geometries are in {crs[:60]}; bring them to WGS 84 with to_crs("EPSG:4326")', format=NAME, field=COLUMN)


def points(table: Columns) -> tuple[list[float | None], list[float | None]]:
    """Latitude and longitude of each row's point, None where there is none. Raises FormatError for what is no point."""
    lat_deg: list[float | None] = []
    lon_deg: list[float | None] = []
    for row, shape in enumerate(shapes(table)):
        if shape is not None and shape.geom_type != "Point":
            raise FormatError(f"a {shape.geom_type} is no place of a plot; plots are points", format=NAME, offset=row, field=COLUMN)
        known = shape is not None and not shape.is_empty
        lat_deg.append(shape.y if known else None)
        lon_deg.append(shape.x if known else None)
    return lat_deg, lon_deg
