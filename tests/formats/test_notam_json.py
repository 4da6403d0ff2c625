"""NOTAM in JSON: the wrappers of public interfaces unpacked; and real ones of London, New York and rocket launches."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.errors import FormatError
from tafadi.formats import notam, notam_json
from tafadi.formats.registry import sniff
from tafadi.formats.zones import LeftOut
from tafadi.measure.instant import Instant, Span
from zone_cases import WEEK, case, check, vectors


@pytest.mark.parametrize("path", vectors("notam_json"), ids=lambda path: path.stem)
def test_every_vector_is_read_refused_or_passed_over_as_it_expects(path: Path) -> None:
    check(notam_json, "notam_json", path)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damaged_bytes_are_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    body = bytearray(case(data.draw(st.sampled_from(vectors("notam_json")))).body or b" ")
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        body = body or bytearray(b" ")
    with suppress(FormatError):
        list(notam_json.parse(bytes(body), WEEK))
    with suppress(FormatError):
        list(notam_json.parse(bytes(body), WEEK, LeftOut()))


def test_an_element_that_cannot_be_read_is_listed_and_the_others_are_read() -> None:
    good = json.loads(case(vectors("notam_json")[0].with_name("list_of_texts.txt")).body)
    left_out = LeftOut()
    found = list(notam_json.parse(json.dumps([good[0], {"raw": None}, good[1], [], "x"]).encode(), WEEK, left_out))
    assert [one.id for one in found] == ["ZZFR:A1234/26", "ZZFR:A1236/26"]
    assert [one.number for one in left_out.refused] == [2, 4, 5]


@pytest.mark.parametrize("path", vectors("notam"), ids=lambda path: path.stem)
def test_a_text_in_json_says_what_it_says_outside_of_it(path: Path) -> None:
    body = case(path).body
    if len(list(notam.notams(body))) != 1:  # several in one text are refused here, and read there
        return
    wrapped = json.dumps([{"raw": body.decode()}]).encode()
    left, wrapped_left = LeftOut(), LeftOut()
    with suppress(FormatError):  # an empty file
        assert list(notam.parse(body, WEEK, left)) == list(notam_json.parse(wrapped, WEEK, wrapped_left))
        assert [one.sentence for one in left.refused] == [one.sentence for one in wrapped_left.refused]


@pytest.mark.parametrize(
    ("name", "start", "read", "refused", "passed"),
    [
        ("avwx_EGLL_20231017", "2023-10-01", 21, 3, 18),
        ("avwx_KJFK_20231017", "2023-10-01", 0, 1, 98),  # American texts without numbers: one of them would be an area
        ("danger_areas_launches_2025-12", "2025-12-01", 72, 3, 5),
        ("danger_areas_match1", "2024-05-01", 5, 0, 61),
    ],
)
def test_real_files_are_known_by_their_content_and_read(
    shared: Callable[[str], Path], name: str, start: str, read: int, refused: int, passed: int
) -> None:
    data, left_out = shared(f"data/permissive/notam/{name}.json").read_bytes(), LeftOut()
    first = Instant.parse(f"{start}T00:00:00Z")
    assert sniff(data[:65_536], f"{name}.json").name == "notam_json"
    found = list(notam_json.parse(data, Span(first, first.plus(60 * 86_400.0)), left_out))
    assert (len(found), len(left_out.refused), left_out.skips.total - len(left_out.refused)) == (read, refused, passed)


def test_a_notam_is_not_written() -> None:
    with pytest.raises(FormatError, match="issued by an authority"):
        notam_json.dump([])
