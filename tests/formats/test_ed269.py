"""EUROCAE ED-269 zones: read, refused; and what a service of EUROCONTROL says."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.errors import FormatError
from tafadi.formats import ed269
from tafadi.formats.zones import LeftOut
from zone_cases import WEEK, case, check, vectors


@pytest.mark.parametrize("path", vectors("ed269"), ids=lambda path: path.stem)
def test_every_vector_is_read_refused_or_passed_over_as_it_expects(path: Path) -> None:
    check(ed269, "ed269", path)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damaged_bytes_are_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    body = bytearray(case(data.draw(st.sampled_from(vectors("ed269")))).body or b" ")
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        body = body or bytearray(b" ")
    with suppress(FormatError):
        list(ed269.parse(bytes(body), WEEK))
    with suppress(FormatError):
        list(ed269.parse(bytes(body), WEEK, LeftOut()))


def test_zones_that_are_permanent_and_end_are_refused_one_by_one_and_counted(shared: Callable[[str], Path]) -> None:
    data = shared("data/permissive/geozones/eurocontrol_swim_ed269_brussels.json").read_bytes()
    left_out = LeftOut()
    assert list(ed269.parse(data, WEEK, left_out)) == []
    assert [zone.name for zone in left_out.refused] == ["28525c8", "c7b19b1", "593f5c5"]
    assert left_out.skips.rows() == [("it is permanent and has an end or hours, and nobody can say which holds", 3, 1)]
    with pytest.raises(FormatError, match="nobody can say which holds"):
        list(ed269.parse(data, WEEK))


def test_nothing_is_written_in_a_format_that_another_has_replaced() -> None:
    with pytest.raises(FormatError, match="written as ed318"):
        ed269.dump([])
