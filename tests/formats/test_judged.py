"""Judgements written for a map, a program and a table."""

import csv
import io
import json

from tafadi.formats.judged import COLUMNS, OVERLAP_COLUMNS, to_csv, to_geojson, to_json
from tafadi.measure.earth import Position
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant, Span
from tafadi.model.judgement import Cause, ClosestApproach, Judgement, Overlap, Verdict
from tafadi.model.operation import NO_MINIMA, Minima

START = Instant.parse("2027-03-02T09:00:00Z")
SPAN = Span(START, START.plus(60.0))
PARTIES = {"a": "amber", "b": None, "c": None}
CLOSE = Judgement(
    "a",
    "b",
    Verdict.CONFLICT,
    Minima(9260.0, 304.8),
    span=SPAN,
    place=Position(-34.0, 130.0),
    closest=ClosestApproach(START.plus(30.0), 1234.5678, None),
)
SHARED = Judgement(
    "a",
    "c",
    Verdict.CONFLICT,
    NO_MINIMA,
    span=SPAN,
    place=Position(-34.0, 130.0),
    overlaps=tuple(Overlap(area_m2, Height(605.0, Datum.ELLIPSOID), Height(635.0, Datum.ELLIPSOID), SPAN) for area_m2 in (10.0, 20.0)),
)
NOT_KNOWN = Judgement("b", "c", Verdict.UNKNOWN, NO_MINIMA, cause=Cause.HEIGHT_MISSING)


def test_an_unknown_without_a_place_is_on_the_map_file_with_a_null_geometry() -> None:
    features = json.loads(to_geojson([CLOSE, NOT_KNOWN], PARTIES))["features"]
    assert features[0]["geometry"] == {"type": "Point", "coordinates": [130.0, -34.0]}
    assert features[1]["geometry"] is None
    assert features[1]["properties"]["cause"] == "height-missing"


def test_a_vertical_separation_that_is_not_known_is_absent_and_never_zero() -> None:
    (one,) = json.loads(to_json([CLOSE], PARTIES))["judgements"]
    assert (one["closest_horizontal_m"], one["margin_horizontal_m"]) == (1234.568, -8025.432)
    assert "closest_vertical_m" not in one
    assert "margin_vertical_m" not in one
    (row,) = csv.DictReader(io.StringIO(to_csv([CLOSE], PARTIES).decode()))
    assert row["closest_vertical_m"] == ""


def test_json_keeps_every_overlap_and_the_table_shows_the_largest_and_their_number() -> None:
    (one,) = json.loads(to_json([SHARED], PARTIES))["judgements"]
    assert [overlap["area_m2"] for overlap in one["overlaps"]] == [10.0, 20.0]
    (row,) = csv.DictReader(io.StringIO(to_csv([SHARED], PARTIES).decode()))
    assert (row["overlaps"], row["overlap_area_m2"], row["overlap_lower_datum"]) == ("2", "20.0", "ellipsoid")
    assert tuple(row) == COLUMNS + OVERLAP_COLUMNS


def test_pairs_without_a_judgement_count_as_clear_and_unknown_ones_do_not() -> None:
    answer = json.loads(to_json([CLOSE, NOT_KNOWN], PARTIES))
    assert (answer["notices"], answer["pairs"], answer["conflict"], answer["unknown"], answer["clear"]) == (3, 3, 1, 1, 1)
    assert json.loads(to_json([], PARTIES))["clear"] == 3


def test_clear_judgements_are_not_on_the_map() -> None:
    clear = Judgement("a", "b", Verdict.CLEAR, NO_MINIMA)
    assert json.loads(to_geojson([clear], PARTIES))["features"] == []
