"""AIXM 5.1 airspaces: read, refused; and the data set of a state that does not exist."""

import gzip
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.errors import FormatError
from tafadi.formats import aixm
from tafadi.formats.zones import LeftOut
from tafadi.measure.instant import Instant, Span
from zone_cases import WEEK, case, check, vectors


@pytest.mark.parametrize("path", vectors("aixm"), ids=lambda path: path.stem)
def test_every_vector_is_read_refused_or_passed_over_as_it_expects(path: Path) -> None:
    check(aixm, "aixm", path)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damaged_bytes_are_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    body = bytearray(case(data.draw(st.sampled_from(vectors("aixm")))).body or b" ")
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        body = body or bytearray(b" ")
    with suppress(FormatError):
        list(aixm.parse(bytes(body), WEEK))
    with suppress(FormatError):
        list(aixm.parse(bytes(body), WEEK, LeftOut()))


def test_all_20_airspaces_of_the_specimen_data_set_are_read_or_listed(shared: Callable[[str], Path]) -> None:
    data = gzip.decompress(shared("data/permissive/airspace/donlon_aixm511_aip_ds.xml.gz").read_bytes())
    week = Span(Instant.parse("2017-12-07T00:00:00Z"), Instant.parse("2017-12-14T00:00:00Z"))
    left_out = LeftOut()
    found = [one.id for one in aixm.parse(data, week, left_out)]
    assert found == ["P EAP2", "R EAR1", "R EAR3", "TMA EADD", "TMA_P EAMM1", "TMA_P EAMM2", "CTR EADD", "CTA EADD", "CTA_P EADD2"]
    why = {one.name: one.sentence for one in left_out.refused}
    assert len(found) + left_out.skips.total == 20
    assert len(why) == 9
    assert why["CTA_P EADD1"] == "its lower limit in FL has the reference SFC"
    assert why["TMA EAMM"] == "it is made of other airspaces, and they are read themselves"
    assert left_out.skips["it is inactive"] == left_out.skips["it is a division of responsibility, and claims no air"] == 1


def test_a_data_set_is_not_written() -> None:
    with pytest.raises(FormatError, match="issued by an authority"):
        aixm.dump([])
