"""KML polygons: read, refused, written; and drawings of InterUSS."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.errors import FormatError
from tafadi.formats import kml
from tafadi.formats.zones import LeftOut
from tafadi.measure.earth import Position, leg
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant, Span
from tafadi.model.operation import Announced
from tafadi.model.volume import Circle, Polygon
from zone_cases import PROJECT, WEEK, case, check, read, vectors


@pytest.mark.parametrize("path", vectors("kml"), ids=lambda path: path.stem)
def test_every_vector_is_read_refused_or_passed_over_as_it_expects(path: Path) -> None:
    check(kml, "kml", path)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damaged_bytes_are_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    body = bytearray(case(data.draw(st.sampled_from(vectors("kml")))).body or b" ")
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        body = body or bytearray(b" ")
    with suppress(FormatError):
        list(kml.parse(bytes(body), WEEK))
    with suppress(FormatError):
        list(kml.parse(bytes(body), WEEK, LeftOut()))


DAY = Span(Instant.parse("2023-12-07T00:00:00Z"), Instant.parse("2023-12-08T00:00:00Z"))


def one(name: str) -> Announced:
    (found,) = read(kml, PROJECT / "vectors" / "kml" / f"{name}.txt")
    return found


@pytest.mark.parametrize("name", ["extruded", "extruded_above_ground", "prism", "on_the_ground_heights_are_unknown"])
def test_what_is_written_is_read_back_to_the_same_nouns(name: str) -> None:
    found = one(name)
    (again,) = kml.parse(kml.dump([found]))
    assert again.notice.volumes == found.notice.volumes
    assert again.id == found.id


def test_a_circle_is_written_as_corners_within_a_metre() -> None:
    found = one("extruded")
    round_one = replace(found.notice.volumes[0], outline=Circle(Position(10.0, -30.0), 18_520.0))
    (again,) = kml.parse(kml.dump([replace(found, notice=replace(found.notice, volumes=(round_one,)))]))
    outline = again.notice.volumes[0].outline
    assert isinstance(outline, Polygon)
    assert all(abs(leg(Position(10.0, -30.0), corner).distance_m - 18_520.0) < 0.02 for corner in outline.vertices)


def test_what_kml_cannot_say_is_refused() -> None:
    found = one("prism")
    volume = replace(found.notice.volumes[0], lower=Height(0.0, Datum.PRESSURE), upper=Height(100.0, Datum.PRESSURE))
    with pytest.raises(FormatError, match="above ground or above mean sea level"):
        kml.dump([replace(found, notice=replace(found.notice, volumes=(volume,)))])
    with pytest.raises(FormatError, match="no trajectory, minima or party"):
        kml.dump([replace(found, party="north")])
    with pytest.raises(FormatError, match="no notice to write"):
        kml.dump([])


def test_names_are_written_so_that_they_cannot_become_markup() -> None:
    found = replace(one("prism"), id="<a> & </name>")
    assert [again.id for again in kml.parse(kml.dump([found]))] == ["<a> & </name>"]


def test_prisms_of_a_real_drawing_are_read(shared: Callable[[str], Path]) -> None:
    found = list(kml.parse(shared("data/permissive/operations/f3548_che_conflicting_flights.kml").read_bytes()))
    assert len(found) == 13
    assert (str(found[0].notice.volumes[0].lower), str(found[0].notice.volumes[0].upper)) == ("605.0 m geoid", "635.0 m geoid")


def test_a_real_drawing_of_areas_lines_and_sheets_is_read_in_part_and_counted(shared: Callable[[str], Path]) -> None:
    left_out = LeftOut()
    found = list(kml.parse(shared("data/permissive/operations/rid_zurich.kml").read_bytes(), DAY, left_out))
    assert (len(found), len(left_out.refused), left_out.skips["it encloses no ground"]) == (8, 2, 4)
