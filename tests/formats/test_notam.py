"""NOTAM: areas of Q-lines read, passed over, refused; and the polygons of real danger areas."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.errors import FormatError
from tafadi.formats import notam
from tafadi.formats.zones import LeftOut
from tafadi.measure.earth import Position, leg
from tafadi.model.operation import Disclosure
from tafadi.model.volume import Circle
from zone_cases import WEEK, case, check, vectors


@pytest.mark.parametrize("path", vectors("notam"), ids=lambda path: path.stem)
def test_every_vector_is_read_refused_or_passed_over_as_it_expects(path: Path) -> None:
    check(notam, "notam", path)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damaged_bytes_are_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    body = bytearray(case(data.draw(st.sampled_from(vectors("notam")))).body or b" ")
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        body = body or bytearray(b" ")
    with suppress(FormatError):
        list(notam.parse(bytes(body), WEEK))
    with suppress(FormatError):
        list(notam.parse(bytes(body), WEEK, LeftOut()))


def test_a_circle_that_holds_the_area_is_said_to_be_an_envelope() -> None:
    (found,) = notam.parse(case(vectors("notam")[0].with_name("danger_area.txt")).body, WEEK)
    assert (found.notice.disclosure, found.notice.title, found.party) == (Disclosure.ENVELOPE, "A1234/26", None)


def test_what_replaces_another_is_read_and_the_other_passed_over() -> None:
    left_out = LeftOut()
    body = case(vectors("notam")[0].with_name("replaced_in_the_same_file.txt")).body
    assert [one.id for one in notam.parse(body + body, WEEK, left_out)] == ["ZZFR:A1235/26"]
    assert left_out.refused == []
    assert left_out.skips["another NOTAM of the file replaces or cancels it"] == 1
    assert left_out.skips["the same NOTAM stands before it"] == 2


def test_the_circle_holds_the_polygon_of_every_real_danger_area(shared: Callable[[str], Path]) -> None:
    worst_m = []
    for one in json.loads(shared("data/permissive/notam/danger_areas_match1.json").read_text("utf-8")):
        (found,) = notam.parse(one["RAWMESSAGE"].encode())
        outline = found.notice.volumes[0].outline
        assert isinstance(outline, Circle)
        worst_m.append(max(leg(outline.centre, Position(*place)).distance_m for place in one["points"]) - outline.radius_m)
    assert len(worst_m) == 66
    assert -0.5 * 1852.0 < max(worst_m) <= 0.0  # without the mile that is added, 22 of them would reach out of it


def test_a_notam_is_not_written() -> None:
    with pytest.raises(FormatError, match="issued by an authority"):
        notam.dump([])


def test_lines_and_the_length_of_one_notam_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    body = case(vectors("notam")[0].with_name("danger_area.txt")).body
    with pytest.raises(FormatError, match="characters is not one"):
        list(notam.parse(body + b"x\n" * 20_000, WEEK))
    monkeypatch.setattr(notam, "MOST_LINES", 10)
    with pytest.raises(FormatError, match="more than 10 lines"):
        list(notam.parse(body + b"\n" * 11, WEEK))
