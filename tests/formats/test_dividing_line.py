"""Dividing lines in GeoJSON."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tafadi.errors import FormatError, TafadiError
from tafadi.formats.dividing_line import parse
from tafadi.measure.earth import Position
from tafadi.measure.instant import Instant

SAID = {
    "line": "river",
    "left": ["north"],
    "right": ["south", "convoys"],
    "start": "2026-01-01T00:00:00Z",
    "end": "2026-02-01T00:00:00Z",
    "reach": "50 [NM]",
}


def written(said: dict[str, object] | None = None, geometry: dict[str, object] | None = None, copies: int = 1) -> bytes:
    shape = geometry or {"type": "LineString", "coordinates": [[40.0, 35.0], [41.0, 35.5], [42.0, 35.2]]}
    feature = {"type": "Feature", "geometry": shape, "properties": SAID if said is None else said}
    return json.dumps({"type": "FeatureCollection", "features": [feature] * copies}).encode()


def without(*names: str, **others: object) -> dict[str, object]:
    return {name: value for name, value in SAID.items() if name not in names} | others


def test_a_line_is_read_with_its_sides_its_time_and_its_reach() -> None:
    (line,) = parse(written())
    assert line.path == (Position(35.0, 40.0), Position(35.5, 41.0), Position(35.2, 42.0))
    assert (line.id, line.left, line.right) == ("river", frozenset({"north"}), frozenset({"south", "convoys"}))
    assert line.span is not None
    assert line.span.start == Instant.parse("2026-01-01T00:00:00Z")
    assert line.reach_m == 50 * 1852.0
    (always,) = parse(written(without("start", "end", "reach")))
    assert (always.span, always.reach_m) == (None, 2_000_000.0)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "0 bytes"),
        (b"{", "breaks off"),
        (b'{"type":"FeatureCollection","features":[]}', "no line"),
        (written(copies=2), "two lines have the name 'river'"),
        (written(without("left")), "this member is missing"),
        (written(without(side="left")), "unknown ones are refused"),
        (written(without("end")), "given both, or neither"),
        (written(without(start="2026-01-01T00:00:00")), "UTC with Z"),
        (written(without(end="2025-01-01T00:00:00Z")), "before it starts"),
        (written(without(reach="50")), "its unit in brackets"),
        (written(without(left="north")), "like"),
        (written(without(left=["NORTH"])), "must be 1 to 32"),
        (written(without(left=[], right=[])), "names who may be"),
        (written(without(line="a\nb")), "not a name"),
        (written(geometry={"type": "Polygon", "coordinates": []}), "a dividing line is a LineString"),
        (written(geometry={"type": "LineString", "coordinates": [[40.0, 35.0]]}), "of 1 corners is none"),
        (written(geometry={"type": "LineString", "coordinates": [[40.0, 35.0, 100.0], [41.0, 35.0, 0.0]]}), "names no datum"),
        (written(geometry={"type": "LineString", "coordinates": [[40.0, 95.0], [41.0, 35.0]]}), "not on the earth"),
        (written(geometry={"type": "LineString", "coordinates": [[0.0, 0.0]] * 3000}), "at most 2,000"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(FormatError, match=sentence):
        parse(data)


@given(st.integers(0, 400), st.binary(max_size=8))
def test_bent_bytes_raise_nothing_but_our_errors(at: int, put: bytes) -> None:
    whole = written()
    with contextlib.suppress(TafadiError):
        parse(whole[:at] + put + whole[at + len(put) :])
