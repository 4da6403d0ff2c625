"""What is tried by hand: power cuts of a program that forgot to sync, which must show as losses; and file systems that are really full.

`pytest -m soak tests/soak/test_disks.py -s`, as root where it mounts.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from forks import forking
from nodes import until, world
from soak.crash import Crashes

pytestmark = pytest.mark.soak


@pytest.mark.parametrize("deaf", [("xSync",), ("fdatasync",), ("fsync", "fdatasync", "xSync")])
def test_real_nodes_that_forget_to_sync_are_found_out_by_a_power_cut(tmp_path: Path, deaf: tuple[str, ...]) -> None:
    with forking() as forks, world(tmp_path, "alpha", "bravo", start=False) as both:
        crashes = Crashes(both, forks, 1)
        for record in crashes.records.values():
            record.deaf = deaf
        with pytest.raises(AssertionError) as found:
            crashes.run(60)
        print(f"\nwithout {', '.join(deaf)}: found after {crashes.count} crashes: {str(found.value)[:300]}")  # noqa: T201 - to be read


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MB, where alpha's folder will lie."""
    folder = tmp_path / "alpha"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "none", folder], check=False).returncode:
        pytest.skip("nothing can be mounted here")
    folder.chmod(0o700)
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def _fill(folder: Path) -> Path:
    """Leaves no room at all."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (65_536, 4_096, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue
    return filler


def test_a_file_system_that_is_full_and_one_that_is_mounted_read_only(tmp_path: Path, small: Path) -> None:
    with world(tmp_path, "alpha", "bravo") as both:
        alpha, bravo = both["alpha"], both["bravo"]
        until(both.settled)
        filler = _fill(small)
        told = alpha.cli("line", "check").sentence()
        print(told)  # noqa: T201 - to be read
        assert "full" in told or "No space left" in told
        said = bravo.ask("line", "stop", "--what", "sky/1")["entry"]
        until(lambda: "NOT RECORDED" in str(alpha.ask("line", "alarms")))
        filler.unlink()
        until(both.settled)
        assert said in {stop["id"] for stop in alpha.ask("line", "show")["stops"]}
        assert alpha.stop() == 0
        subprocess.run(["mount", "-o", "remount,ro", small], check=True)
        assert alpha.run_to_its_end() == 2
        assert "Read-only file system" in alpha.log.read_text()
        subprocess.run(["mount", "-o", "remount,rw", small], check=True)
        alpha.start()
        until(both.settled)
        for node in (alpha, bravo):
            assert node.cli("feed", "verify").code == 0
        assert "Traceback" not in alpha.log.read_text()
