"""Judgements out: what was found, as GeoJSON for a map, as JSON for a program, as CSV for a table.

Heights keep their datum, times are UTC with Z, everything else is in metres and says so in its name. UNKNOWN is written like CONFLICT: a
reader who only counts rows must not take it for clear air. GeoJSON holds CONFLICT and UNKNOWN (an UNKNOWN without a place has a null
geometry, which RFC 7946 section 3.2 allows); JSON and CSV hold every judgement that is given.
"""

import csv
import io
import math
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from tafadi.model.judgement import Judgement, Overlap, Verdict

Row = dict[str, str | float | int | None]

COLUMNS: Final = (
    *("first", "second", "first_party", "second_party", "verdict", "cause", "start", "end", "lat_deg", "lon_deg"),
    *("closest_at", "closest_horizontal_m", "closest_vertical_m", "margin_horizontal_m", "margin_vertical_m"),
    *("minima_horizontal_m", "minima_vertical_m", "overlaps"),
)
OVERLAP_COLUMNS: Final = (
    *("overlap_area_m2", "overlap_lower_m", "overlap_lower_datum", "overlap_upper_m", "overlap_upper_datum"),
    *("overlap_start", "overlap_end"),
)


def to_geojson(judgements: Iterable[Judgement], parties: Mapping[str, str | None]) -> bytes:
    """A FeatureCollection of every conflict (a point where it begins) and every unknown, one feature a line."""
    features = (_feature(one, parties) for one in judgements if one.verdict is not Verdict.CLEAR)
    return b'{"type":"FeatureCollection","features":[\n' + b",\n".join(map(msgspec.json.encode, features)) + b"\n]}\n"


def to_json(judgements: Iterable[Judgement], parties: Mapping[str, str | None]) -> bytes:
    """A JSON object: how many notices, pairs and verdicts of each kind, and all judgements, absent members left out.

    `parties` has an entry for every notice that was checked, so a pair without a judgement is one that was found clear.
    """
    rows = [_members(one, parties) for one in judgements]
    head = {"notices": len(parties), "pairs": math.comb(len(parties), 2)}
    counts = {verdict.value: sum(row["verdict"] == verdict for row in rows) for verdict in (Verdict.CONFLICT, Verdict.UNKNOWN)}
    counts[Verdict.CLEAR.value] = head["pairs"] - len({(row["first"], row["second"]) for row in rows if row["verdict"] != Verdict.CLEAR})
    return msgspec.json.format(msgspec.json.encode(head | counts | {"judgements": rows}), indent=1) + b"\n"


def to_csv(judgements: Iterable[Judgement], parties: Mapping[str, str | None]) -> bytes:
    """A table with one row for each judgement; where volumes overlap more than once, the overlap of the largest area stands in it."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS + OVERLAP_COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for one in judgements:
        largest = max(one.overlaps, key=lambda overlap: overlap.area_m2, default=None)
        row = row_of(one, parties) | ({} if largest is None else _overlap_row(largest))
        writer.writerow({name: _harmless(value) for name, value in row.items()})
    return text.getvalue().encode("utf-8")


def row_of(one: Judgement, parties: Mapping[str, str | None]) -> Row:
    """The judgement as plain values, by the names of `COLUMNS`; None for what is not known."""
    closest, place, span = one.closest, one.place, one.span
    return {
        "first": one.first,
        "second": one.second,
        "first_party": parties.get(one.first),
        "second_party": parties.get(one.second),
        "verdict": one.verdict.value,
        "cause": None if one.cause is None else one.cause.value,
        "start": None if span is None else str(span.start),
        "end": None if span is None else str(span.end),
        "lat_deg": None if place is None else place.quantised().lat_deg,
        "lon_deg": None if place is None else place.quantised().lon_deg,
        "closest_at": None if closest is None else str(closest.at),
        "closest_horizontal_m": None if closest is None else round(closest.horizontal_m, 3),
        "closest_vertical_m": _rounded(None if closest is None else closest.vertical_m),
        "margin_horizontal_m": _rounded(one.margin_horizontal_m),
        "margin_vertical_m": _rounded(one.margin_vertical_m),
        "minima_horizontal_m": one.minima.horizontal_m,
        "minima_vertical_m": one.minima.vertical_m,
        "overlaps": len(one.overlaps),
    }


def _rounded(length_m: float | None) -> float | None:
    return None if length_m is None else round(length_m, 3)


def _overlap_row(overlap: Overlap) -> Row:
    values = (
        *(round(overlap.area_m2, 1), round(overlap.lower.value_m, 3), overlap.lower.datum.value),
        *(round(overlap.upper.value_m, 3), overlap.upper.datum.value, str(overlap.span.start), str(overlap.span.end)),
    )
    return dict(zip(OVERLAP_COLUMNS, values, strict=True))


def _members(one: Judgement, parties: Mapping[str, str | None]) -> dict[str, object]:
    row: dict[str, object] = {name: value for name, value in row_of(one, parties).items() if value is not None}
    row["overlaps"] = [{name.removeprefix("overlap_"): value for name, value in _overlap_row(overlap).items()} for overlap in one.overlaps]
    return row


def _feature(one: Judgement, parties: Mapping[str, str | None]) -> dict[str, object]:
    members = _members(one, parties)
    place = [members.pop("lon_deg"), members.pop("lat_deg")] if one.place is not None else None
    geometry = None if place is None else {"type": "Point", "coordinates": place}
    return {"type": "Feature", "geometry": geometry, "properties": members}


def _harmless(value: str | float | int | None) -> str | float | int | None:
    """The value, with a quote before text that a spreadsheet would run as a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
