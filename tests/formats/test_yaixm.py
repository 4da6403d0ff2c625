"""YAIXM airspaces: read, refused; and all of the United Kingdom."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.errors import FormatError
from tafadi.formats import yaixm
from tafadi.formats.zones import LeftOut
from tafadi.measure.height import Datum
from tafadi.model.operation import AreaKind
from tafadi.model.volume import Circle
from zone_cases import WEEK, case, check, vectors


@pytest.mark.parametrize("path", vectors("yaixm"), ids=lambda path: path.stem)
def test_every_vector_is_read_refused_or_passed_over_as_it_expects(path: Path) -> None:
    check(yaixm, "yaixm", path)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damaged_bytes_are_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    body = bytearray(case(data.draw(st.sampled_from(vectors("yaixm")))).body or b" ")
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        body = body or bytearray(b" ")
    with suppress(FormatError):
        list(yaixm.parse(bytes(body), WEEK))
    with suppress(FormatError):
        list(yaixm.parse(bytes(body), WEEK, LeftOut()))


def test_all_702_airspaces_of_the_united_kingdom_are_read_or_listed(shared: Callable[[str], Path]) -> None:
    left_out = LeftOut()
    found = list(yaixm.parse(shared("data/permissive/airspace/uk/airspace.yaml").read_bytes(), WEEK, left_out))
    volumes = [volume for one in found for volume in one.notice.volumes]
    assert (len(found), left_out.skips.total) == (701, 1)
    assert [one.name for one in left_out.refused] == [
        "R219 SANDRINGHAM HOUSE"
    ]  # its second arc goes the wrong way round, and crosses the first
    assert (len(volumes), sum(isinstance(volume.outline, Circle) for volume in volumes)) == (1052, 472)
    assert {volume.lower.datum for volume in volumes if volume.lower} == {Datum.GROUND, Datum.GEOID, Datum.PRESSURE}
    assert sum(one.notice.area_kind is AreaKind.KEEP_CLEAR for one in found) == 29


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("rat", "dates in their names"), ("loa", "letters of agreement"), ("obstacle", "announce no air"), ("service", "announce no air")],
)
def test_the_files_beside_it_are_refused_with_a_reason(shared: Callable[[str], Path], name: str, sentence: str) -> None:
    with pytest.raises(FormatError, match=sentence):
        list(yaixm.parse(shared(f"data/permissive/airspace/uk/{name}.yaml").read_bytes(), WEEK))


def test_a_format_without_times_is_not_written() -> None:
    with pytest.raises(FormatError, match="no times"):
        yaixm.dump([])
