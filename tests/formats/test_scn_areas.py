"""Areas of scenarios of BlueSky: read, refused, and the flight information regions of the world."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.errors import FormatError
from tafadi.formats import scn_areas
from tafadi.formats.zones import LeftOut
from tafadi.model.operation import AreaKind
from zone_cases import WEEK, case, check, vectors


@pytest.mark.parametrize("path", vectors("scn_areas"), ids=lambda path: path.stem)
def test_every_vector_is_read_refused_or_passed_over_as_it_expects(path: Path) -> None:
    check(scn_areas, "scn_areas", path)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damaged_bytes_are_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    body = bytearray(case(data.draw(st.sampled_from(vectors("scn_areas")))).body or b" ")
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        body = body or bytearray(b" ")
    with suppress(FormatError):
        list(scn_areas.parse(bytes(body), WEEK))
    with suppress(FormatError):
        list(scn_areas.parse(bytes(body), WEEK, LeftOut()))


def test_an_area_has_no_times_and_needs_a_window() -> None:
    (path,) = (path for path in vectors("scn_areas") if path.stem == "circle")
    with pytest.raises(FormatError, match="window"):
        list(scn_areas.parse(case(path).body))


def test_a_scenario_is_not_written() -> None:
    with pytest.raises(FormatError, match="read and not written"):
        scn_areas.dump([])


REGIONS = "data/permissive/airspace/world_firs_polyalt_1803.scn"


def test_regions_of_the_world_are_read_and_what_crosses_the_antimeridian_the_long_way_is_listed(shared: Callable[[str], Path]) -> None:
    lines, left_out = shared(REGIONS).read_bytes().splitlines(), LeftOut()
    some = b"\n".join(line for line in lines if len(line) < 400)
    found = list(scn_areas.parse(some, WEEK, left_out))
    assert (len(found), [one.name for one in left_out.refused]) == (24, ["NZZZFIR", "UHPPFIR"])
    assert {one.notice.area_kind for one in found} == {AreaKind.CAUTION}
    volumes = [volume for one in found for volume in one.notice.volumes]
    assert {(volume.lower, volume.upper) for volume in volumes} == {(None, None)}  # 245 and 999: nobody says of what


@pytest.mark.soak
def test_all_170_regions_of_the_world_are_read_or_listed(shared: Callable[[str], Path]) -> None:
    left_out = LeftOut()
    found = list(scn_areas.parse(shared(REGIONS).read_bytes(), WEEK, left_out))
    assert (len(found), len(left_out.refused), left_out.skips.total) == (160, 10, 10)
    assert sum("180 degrees" in one.sentence for one in left_out.refused) == 5  # across the antimeridian
