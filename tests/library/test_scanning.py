"""`tafadi.scan`: what it is told of recordings, and maps that no recording needs."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import tafadi
from tafadi.errors import InputError

ENCOUNTER = Path(__file__).resolve().parents[2] / "samples" / "encounter.csv"
MINIMA = "5 [NM] / 1000 [ft]"


def test_a_map_that_fits_no_recording_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the map may name"):
        tafadi.scan(ENCOUNTER, minima=MINIMA, columns={"zzz": "a"})
    line = "MSG,3,1,1,A1B2C3,1,2027/03/02,09:00:00.000,2027/03/02,09:00:00.000,,2000,,,-33.4,131.1,,,,,,0\r\n"
    (tmp_path / "a.sbs").write_text(line, encoding="ascii")
    with pytest.raises(InputError, match="none of the recordings is a table"):
        tafadi.scan(tmp_path / "a.sbs", minima=MINIMA, columns={"zzz": "a"})


def test_a_recording_without_a_date_is_scanned_once_its_day_is_said(shared: Callable[[str], Path], tmp_path: Path) -> None:
    recording = tmp_path / "begin.ff"
    recording.write_bytes(shared("data/copyleft/asterix/cat062_baltic_30min.ff").read_bytes()[:20_000])
    with pytest.raises(InputError, match="on which day"):
        tafadi.scan(recording, minima=MINIMA)
    found = tafadi.scan(recording, minima=MINIMA, begins=date(2016, 5, 5))
    assert found.found.tracks > 10
    assert str(tafadi.Instant(found.found.start_ns or 0)).startswith("2016-05-0")


@pytest.mark.parametrize(
    "wrong",
    [{"workers": "2"}, {"workers": -1}, {"floor_m": "a"}, {"gap_max_s": "a"}, {"grid_s": "a"}, {"gap_max_s": float("nan")}],
    ids=str,
)
def test_a_number_that_is_none_is_refused_by_its_name(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=next(iter(wrong))):
        tafadi.scan(ENCOUNTER, minima="1 [NM] / 500 [ft]", **wrong)
