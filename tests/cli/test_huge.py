"""Files of 1 GB that follow no format: a sentence, no traceback, and less than 1 GB of memory."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SIZE = 1 << 30
MOST_MB = 1_024
PIECE = 1 << 20
WATCH = ("watch", "--minima", "5 [NM] / 1000 [ft]")
CASES = {
    "one line without an end": ("nop", (*WATCH, "--format", "nop"), b"[RH],STARS,D21,03/24/2018,14:57:", b"0"),
    "nothing but brackets": ("readsb", (*WATCH, "--format", "readsb"), b'{"aircraft":[', b"["),
    "an event that never ends": ("cot", (*WATCH, "--format", "cot"), b"<event ", b"<a "),
    "records of nothing": ("asterix", (*WATCH, "--format", "asterix"), b"\x3e\x00\x03", b"\x3e\x00\x03\x3e\x00"),
    "frames of nothing": ("modes", (*WATCH, "--format", "modes"), b"\x1a2", b"\x1a2\x00\x00\x00\x00\x00\x00\x00\x00"),
    "notices nested without an end": ("geojson", ("check",), b'{"type":"FeatureCollection","features":[', b'{"a":['),
}


@contextmanager
def _file(folder: Path, head: bytes, piece: bytes) -> Iterator[Path]:
    path, block = folder / "huge", piece * (PIECE // len(piece))
    with path.open("wb") as file:
        file.write(head)
        while file.tell() < SIZE:
            file.write(block)
    try:
        yield path
    finally:
        path.unlink()


@pytest.mark.soak
@pytest.mark.parametrize("name", CASES)
def test_a_file_of_1_gb_that_is_none_takes_less_than_1_gb_of_memory(name: str, tmp_path: Path) -> None:
    _, words, head, piece = CASES[name]
    said = tmp_path / "said"
    with _file(tmp_path, head, piece) as path, said.open("wb") as output:
        process = subprocess.Popen([sys.executable, "-m", "tafadi", words[0], str(path), *words[1:]], stdout=output, stderr=output)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    told = said.read_text(errors="replace")
    sys.stdout.write(
        f"{name}: {used.ru_maxrss / 1024:.0f} MB, {used.ru_utime + used.ru_stime:.0f} s, exit {process.returncode}: {told[-200:]}\n"
    )
    assert process.returncode == 2, told
    assert "Traceback" not in told
    assert used.ru_maxrss / 1024 < MOST_MB
