"""Outputs: every format that `tafadi convert` and the library write, what each says of units and datums, and what it cannot say.

Notices are written whole: `dump` gives bytes. What a format cannot say of a notice and a judgement could change by is refused; with
`partial` it is left out, and listed in a `LeftOut` as readers list what they refuse. Tracks are written as they come, into an open file,
with at most a batch of them in memory; what a format cannot say of a plot is dropped and counted, by what it is.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import IO, Final

from tafadi.errors import FormatError
from tafadi.formats.skips import Skips
from tafadi.formats.zones import LeftOut
from tafadi.measure.height import Datum, Height
from tafadi.model.operation import Announced, AreaKind, Disclosure
from tafadi.model.track import Plot
from tafadi.model.volume import Circle, Volume4D

WGS84: Final = "degrees on WGS 84, times in UTC"


@dataclass(frozen=True, slots=True)
class Output:
    """One format to be written: its name, the endings of its files, and what it says of units and datums; None where it cannot carry it."""

    name: str
    endings: tuple[str, ...]
    of_notices: str | None
    of_tracks: str | None


_TABLE: Final = f"{WGS84}, metres and metres a second; each height in the column of its datum"
_OUTPUTS: Final = (
    Output(
        "geojson",
        (".geojson", ".json"),
        f"{WGS84}, other quantities as text with unit and datum, on the grid of 1e-7 degree and 1 mm",
        f"{WGS84}, metres and metres a second; each height in the member of its datum",
    ),
    Output("geoparquet", (".geoparquet",), _TABLE, _TABLE),
    Output("parquet", (".parquet", ".pq"), _TABLE, _TABLE),
    Output("csv", (".csv",), _TABLE, _TABLE),
    Output(
        "kml",
        (".kml",),
        f"{WGS84}, metres above mean sea level or above ground; circles as corners within 1 m",
        f"{WGS84}, metres above mean sea level or above ground",
    ),
    Output("cot", (".cot", ".xml"), None, f"{WGS84}, metres above the ellipsoid, metres a second"),
)
OUTPUTS: Final = {one.name: one for one in _OUTPUTS}


def output(name: str | None, file_name: str) -> Output:
    """The format called `name`, or the one that the ending of the file tells. Raises FormatError, naming those there are."""
    if name is not None:
        if name not in OUTPUTS:
            raise FormatError(f"there is no format {name[:40]!r} to write; there are {', '.join(OUTPUTS)}")
        return OUTPUTS[name]
    found = next((one for one in _OUTPUTS if file_name.lower().endswith(one.endings)), None)
    if found is None:
        raise FormatError(f"the name of the file tells no format; say one with --to, of {', '.join(OUTPUTS)}")
    return found


# Notices


def dump(to: Output, announced: Iterable[Announced], left_out: LeftOut, *, partial: bool = False) -> tuple[bytes, int]:
    """The notices as a file, and how many there are in it; what was dropped or left out is in `left_out`.

    Raises FormatError for what the format cannot say, unless `partial` is set and something remains.
    """
    if to.of_notices is None:
        raise FormatError(f"{to.name} says where things are and not what is announced; notices go to {_names('of_notices')}")
    write = _DUMPS[to.name]
    fit = _fit_kml if to.name == "kml" else _as_it_is
    if not partial:
        try:
            fitted = [fit(one, number, left_out, False) for number, one in enumerate(announced, 1)]
            return write(fitted), len(fitted)
        except FormatError as error:
            raise FormatError(f"{error}; --partial leaves out what {to.name} cannot say, and lists it") from None
    fitted = []
    for number, one in enumerate(announced, 1):
        try:
            said = fit(one, number, left_out, True)
            write([said])  # alone: whatever is refused here is refused for this one
        except FormatError as error:
            left_out.refuse(number, one.id, error.sentence)
            continue
        fitted.append(said)
    return write(fitted), len(fitted)


def _as_it_is(one: Announced, number: int, left_out: LeftOut, partial: bool) -> Announced:
    return one


def _fit_kml(one: Announced, number: int, left_out: LeftOut, partial: bool) -> Announced:
    """The notice as KML can say it; what it never says of a notice is counted. Raises FormatError for a trajectory without volumes."""
    notice = one.notice
    for what in _unsaid(one):
        left_out.skips.add(what, number)
    if not partial:
        return one
    if not notice.volumes:
        raise FormatError("a trajectory alone, which KML cannot say with its times", format="kml", field=one.id)
    for what, is_there in (("parties", one.party), ("minima", notice.minima), ("trajectories", notice.trajectory)):
        if is_there is not None:
            left_out.skips.add(what, number)
    volumes = tuple(_fit_heights(volume, number, left_out) for volume in notice.volumes)
    return Announced(one.id, replace(notice, volumes=volumes, trajectory=None, minima=None))


def _unsaid(one: Announced) -> Iterator[str]:
    """What KML leaves out of every notice, by which no judgement changes."""
    notice = one.notice
    if notice.area_kind is not AreaKind.CAUTION:
        yield "kinds other than caution"
    if notice.title and notice.title != one.id:
        yield "titles"
    for what, is_there in (("contacts", notice.contact), ("priorities", notice.priority), ("stated places", notice.stated)):
        if is_there:
            yield what
    if notice.frequency_hz is not None:
        yield "frequencies"
    if notice.disclosure is not Disclosure.FULL:
        yield "disclosures"
    if any(isinstance(volume.outline, Circle) for volume in notice.volumes):
        yield "circles, which became corners within 1 m"
    if len(notice.volumes) > 1:
        yield "that several volumes are one notice"


def _fit_heights(volume: Volume4D, number: int, left_out: LeftOut) -> Volume4D:
    """The volume with its heights, or without both where KML cannot say them: not stated is unknown, and never clear."""
    if volume.lower is None and volume.upper is None:
        return volume
    if _is_said(volume.lower, volume.upper):
        return volume
    left_out.skips.add("heights above pressure or the ellipsoid, or of one side alone, which are unknown now", number)
    return replace(volume, lower=None, upper=None)


def _is_said(lower: Height | None, upper: Height | None) -> bool:
    if lower is None or upper is None or upper.datum not in (Datum.GEOID, Datum.GROUND):
        return False
    return lower.datum is upper.datum or lower == Height(0.0, Datum.GROUND)


def _geojson(announced: Iterable[Announced]) -> bytes:
    from tafadi.formats import geojson

    return geojson.dump(announced)


def _table(announced: Iterable[Announced]) -> bytes:
    from tafadi.formats import notice_table

    return notice_table.dump(announced)


def _table_csv(announced: Iterable[Announced]) -> bytes:
    from tafadi.formats import notice_table

    return notice_table.dump_csv(announced)


def _kml(announced: Iterable[Announced]) -> bytes:
    from tafadi.formats import kml

    return kml.dump(announced)


_DUMPS: Final[dict[str, Callable[[Iterable[Announced]], bytes]]] = {
    "geojson": _geojson,
    "geoparquet": _table,
    "parquet": _table,
    "csv": _table_csv,
    "kml": _kml,
}


# Tracks


def write(to: Output, plots: Iterable[Plot], sink: IO[bytes], dropped: Skips) -> int:
    """Writes the plots into an open file, as they come; how many. What is dropped is counted in `dropped`. Raises FormatError."""
    if to.of_tracks is None:
        raise FormatError(f"{to.name} carries no tracks; they go to {_names('of_tracks')}")
    return _WRITERS[to.name](plots, sink, dropped)


def _names(member: str) -> str:
    return ", ".join(one.name for one in _OUTPUTS if getattr(one, member) is not None)


def _tracks_geojson(plots: Iterable[Plot], sink: IO[bytes], dropped: Skips) -> int:
    from tafadi.formats import track_geojson

    return track_geojson.write(plots, sink, dropped)


def _tracks_geoparquet(plots: Iterable[Plot], sink: IO[bytes], dropped: Skips) -> int:
    from tafadi.formats import track_table

    return track_table.write_geoparquet(plots, sink, dropped)


def _tracks_parquet(plots: Iterable[Plot], sink: IO[bytes], dropped: Skips) -> int:
    from tafadi.formats import track_table

    return track_table.write_parquet(plots, sink, dropped)


def _tracks_csv(plots: Iterable[Plot], sink: IO[bytes], dropped: Skips) -> int:
    from tafadi.formats import track_table

    return track_table.write_csv(plots, sink, dropped)


def _tracks_kml(plots: Iterable[Plot], sink: IO[bytes], dropped: Skips) -> int:
    from tafadi.formats import kml_points

    return kml_points.write(plots, sink, dropped)


def _tracks_cot(plots: Iterable[Plot], sink: IO[bytes], dropped: Skips) -> int:
    from tafadi.formats import cot_events

    return cot_events.write(plots, sink, dropped)


_WRITERS: Final[dict[str, Callable[[Iterable[Plot], IO[bytes], Skips], int]]] = {
    "geojson": _tracks_geojson,
    "geoparquet": _tracks_geoparquet,
    "parquet": _tracks_parquet,
    "csv": _tracks_csv,
    "kml": _tracks_kml,
    "cot": _tracks_cot,
}
