"""OpenAir airspaces: read, refused; and Switzerland in the dialect of a flight instrument."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.errors import FormatError
from tafadi.formats import openair
from tafadi.formats.zones import LeftOut
from tafadi.model.volume import Circle
from zone_cases import WEEK, case, check, vectors


@pytest.mark.parametrize("path", vectors("openair"), ids=lambda path: path.stem)
def test_every_vector_is_read_refused_or_passed_over_as_it_expects(path: Path) -> None:
    check(openair, "openair", path)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damaged_bytes_are_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    body = bytearray(case(data.draw(st.sampled_from(vectors("openair")))).body or b" ")
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        body = body or bytearray(b" ")
    with suppress(FormatError):
        list(openair.parse(bytes(body), WEEK))
    with suppress(FormatError):
        list(openair.parse(bytes(body), WEEK, LeftOut()))


def test_all_334_airspaces_of_a_swiss_file_are_read_or_listed(shared: Callable[[str], Path]) -> None:
    left_out = LeftOut()
    found = list(openair.parse(shared("data/permissive/airspace/openair_CH_2016.txt").read_bytes(), WEEK, left_out))
    assert (len(found), len(left_out.refused), left_out.skips.total) == (308, 26, 26)
    cables = [one for one in left_out.refused if one.name.startswith("KABEL")]
    assert len(cables) == 19  # drawn as lines of two corners: they enclose no ground
    assert all("crosses or touches itself" in one.sentence for one in left_out.refused if one not in cables)
    assert sum(isinstance(one.notice.volumes[0].outline, Circle) for one in found) == 59
    assert len({one.id for one in found}) == 308


def test_a_notice_of_several_volumes_is_not_written_as_several_airspaces() -> None:
    with pytest.raises(FormatError, match="several airspaces"):
        openair.dump([])


def test_lines_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openair, "MOST_LINES", 10)
    with pytest.raises(FormatError, match="more than 10 lines"):
        list(openair.parse(b"\n" * 11, WEEK))
