"""Recordings as `tafadi watch` opens them: each format is known by its content, and needs what it cannot say itself."""

import gzip
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from reference.cases import case
from tafadi.cli.watch_input import hits, opened
from tafadi.cli.watch_stated import NOTHING, Stated, stated
from tafadi.errors import FormatError, InputError

CASES = {
    "nop": "terminal_hit",
    "sbs": "velocity_then_place",
    "iff": "track_point",
    "readsb": "aircraft",
    "modes": "even_and_odd",
    "asterix": "track",
    "cot": "event",
    "daa": "milliseconds",
    "scn": "aircraft_created",
}


def body(name: str) -> bytes:
    data = case(name, CASES[name]).body
    return bytes.fromhex(data.decode()) if name == "asterix" else data


@pytest.mark.parametrize("name", list(CASES))
def test_a_recording_is_known_by_its_content_and_read(name: str) -> None:
    coming = hits(BytesIO(body(name)), None, None, False, None, stated("2026-03-01", []))
    assert [plot.source for plot in coming.plots] == [name]


@pytest.mark.parametrize("name", list(CASES))
def test_a_recording_that_is_named_is_read_as_what_it_is_named(name: str, tmp_path: Path) -> None:
    packed = tmp_path / "recording.gz"
    packed.write_bytes(gzip.compress(body(name)))
    with opened(str(packed)) as file:
        assert len(list(hits(file, name, None, False, None, stated("2026-03-01", [])).plots)) == 1


@pytest.mark.parametrize("name", list(CASES))
def test_a_map_of_columns_belongs_to_tables_alone(name: str) -> None:
    with pytest.raises(InputError, match="--columns belongs to"):
        hits(BytesIO(body(name)), name, "{}", False, None)


@pytest.mark.parametrize(
    ("name", "given", "sentence"),
    [
        ("copyleft/asterix/cat062_baltic_30min.ff", NOTHING, "on which day"),
        ("copyleft/raw_modes/ulss7_beast_20180403.beast", NOTHING, "at which time"),
    ],
)
def test_a_recording_that_does_not_say_when_it_was_made_is_refused(
    shared: Callable[[str], Path], name: str, given: Stated, sentence: str
) -> None:
    with opened(str(shared(f"data/{name}"))) as file, pytest.raises(FormatError, match=sentence):
        list(hits(file, None, None, False, None, given).plots)


def test_a_radar_of_which_the_command_line_says_where_it_stands_gives_places(shared: Callable[[str], Path]) -> None:
    given = stated("2016-05-05", ["25/201: 45.8, 15.98, 300 [m] ellipsoid"])
    with opened(str(shared("data/copyleft/asterix/croatiacontrol/cat048.raw"))) as file:
        assert [plot.track for plot in hits(file, None, None, False, None, given).plots] == ["25/201/3563"]


@pytest.mark.parametrize("name", ["daa", "scn"])
def test_what_counts_seconds_without_a_date_says_so_until_one_is_told(name: str) -> None:
    assert hits(BytesIO(body(name)), None, None, False, None).is_undated
    assert not hits(BytesIO(body(name)), None, None, False, None, stated("2026-03-01", [])).is_undated
    assert not hits(BytesIO(body("nop")), None, None, False, None).is_undated
