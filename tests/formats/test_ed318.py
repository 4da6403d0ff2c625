"""EUROCAE ED-318 zones: read, cut, refused, written; the official examples, and the whole of Switzerland."""

import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.errors import FormatError
from tafadi.formats import ed318
from tafadi.formats.zones import NOT_NOW, LeftOut
from tafadi.measure.earth import Position
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant, Span
from tafadi.model.operation import Announced, AreaKind, Kind, Minima
from tafadi.model.volume import Polygon
from zone_cases import PROJECT, WEEK, case, check, read, vectors


@pytest.mark.parametrize("path", vectors("ed318"), ids=lambda path: path.stem)
def test_every_vector_is_read_refused_or_passed_over_as_it_expects(path: Path) -> None:
    check(ed318, "ed318", path)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damaged_bytes_are_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    body = bytearray(case(data.draw(st.sampled_from(vectors("ed318")))).body or b" ")
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        body = body or bytearray(b" ")
    with suppress(FormatError):
        list(ed318.parse(bytes(body), WEEK))
    with suppress(FormatError):
        list(ed318.parse(bytes(body), WEEK, LeftOut()))


def one(name: str) -> Announced:
    (found,) = read(ed318, PROJECT / "vectors" / "ed318" / f"{name}.txt")
    return found


def zipped(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        (name,) = archive.namelist()
        return archive.read(name)


def test_a_zone_is_an_area_of_nobody_with_its_english_name() -> None:
    found = one("polygon")
    assert (found.id, found.party, found.notice.kind) == ("ZZZ:SEA0001", None, Kind.AREA)
    assert (found.notice.title, found.notice.area_kind) == ("Sea zone", AreaKind.KEEP_CLEAR)


def test_a_zone_without_end_is_refused_when_no_window_is_given() -> None:
    with pytest.raises(FormatError, match="stands without an end; say for which window"):
        list(ed318.parse(case(PROJECT / "vectors" / "ed318" / "polygon.txt").body))


def test_a_zone_with_both_ends_needs_no_window() -> None:
    (found,) = ed318.parse(case(PROJECT / "vectors" / "ed318" / "from_until.txt").body)
    assert str(found.notice.span.end) == "2026-06-03T20:00:00Z"


@pytest.mark.parametrize(
    "name", ["from_until", "two_layers", "circle_radius_in_metres_heights_in_feet", "hole_is_cut_out", "hours_on_two_days"]
)
def test_what_is_written_is_read_back_to_the_same_nouns(name: str) -> None:
    found = [one(name)]
    assert [again.notice.volumes for again in ed318.parse(ed318.dump(found, "ZZZ"))] == [zone.notice.volumes for zone in found]


def test_what_the_standard_cannot_say_is_refused_and_never_left_out() -> None:
    found = one("from_until")
    for change, sentence in (
        ({"area_kind": AreaKind.TRANSIT}, "keep clear of or to be cautious in"),
        ({"minima": Minima(1.0, 1.0)}, "no minima"),
        ({"volumes": (replace(found.notice.volumes[0], upper=None),)}, "is not stated"),
        ({"volumes": (replace(found.notice.volumes[0], lower=Height(0.0, Datum.PRESSURE)),)}, "no pressure heights"),
    ):
        with pytest.raises(FormatError, match=sentence):
            ed318.dump([replace(found, notice=replace(found.notice, **change))], "ZZZ")
    with pytest.raises(FormatError, match="country of three letters"):
        ed318.dump([found])
    with pytest.raises(FormatError, match="stands twice"):
        ed318.dump([found, found], "ZZZ")
    with pytest.raises(FormatError, match="1 to 7 characters"):
        ed318.dump([replace(found, id="a long name")], "ZZZ")
    with pytest.raises(FormatError, match="strays by more than 1 m"):
        ed318.dump([long_edge(found)], "ZZZ")


def long_edge(found: Announced) -> Announced:
    wide = Polygon((Position(50.0, -30.0), Position(50.0, -29.0), Position(50.5, -29.0)))
    return replace(found, notice=replace(found.notice, volumes=(replace(found.notice.volumes[0], outline=wide),)))


def test_the_official_examples_are_read_and_the_invalid_one_refused(shared: Callable[[str], Path]) -> None:
    year = Instant.parse("2019-04-01T00:00:00Z")
    week = Span(year, year.plus(7 * 86_400.0))
    folder = "data/permissive/geozones"
    found = list(ed318.parse(shared(f"{folder}/ed318_example_collection.json").read_bytes(), week))
    assert [(zone.id, len(zone.notice.volumes)) for zone in found] == [
        ("FRA:NFZ6547", 2 * 8),
        ("FRA:ABC1234", 1),
    ]  # 7 days and Sunday's own hours
    assert len(list(ed318.parse(shared(f"{folder}/ed318_example_two_layers.json").read_bytes(), week))) == 1
    with pytest.raises(FormatError, match="REQ_AUTHORISATION"):
        list(ed318.parse(shared(f"{folder}/ed318_invalid_two_layers.json").read_bytes(), week))


def test_all_1179_zones_of_switzerland_are_read_or_listed(shared: Callable[[str], Path]) -> None:
    data = zipped(shared("data/permissive/geozones/swiss_uas_geozones_ed318_20250313.zip"))
    day = Span(Instant.parse("2025-04-01T00:00:00Z"), Instant.parse("2025-04-02T00:00:00Z"))
    left_out = LeftOut()
    found = list(ed318.parse(data, day, left_out))
    assert len(found) + left_out.skips.total == 1179
    assert [(zone.number, zone.name) for zone in left_out.refused] == [(759, "VBS_8-0")]  # its outline touches itself
    assert left_out.skips[NOT_NOW] == 3  # three whose season is over by then
    assert {zone.notice.area_kind for zone in found} == {AreaKind.KEEP_CLEAR}
    assert (
        max(len(volume.outline.vertices) for zone in found for volume in zone.notice.volumes if isinstance(volume.outline, Polygon)) <= 1000
    )
    assert {str(volume.upper) for zone in found for volume in zone.notice.volumes} >= {
        "99999.0 m ground",
        "99999.0 m geoid",
        "120.0 m ground",
    }
