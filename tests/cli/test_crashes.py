"""Real processes are killed at random moments while both speak: nothing that was told is lost, and both come to the same record."""

from pathlib import Path

import pytest

from forks import forking
from soak.crash import chapter

CRASHES = 50  # a thousand and more: `make soak-crash`


@pytest.mark.timeout(600)
def test_of_fifty_crashes_while_both_speak_none_loses_what_was_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with forking() as forks:
        entries = chapter(tmp_path, forks, 0, CRASHES)
    with capsys.disabled():
        print(f"\n{CRASHES} crashes, {entries} entries acknowledged, 0 lost")  # noqa: T201 - a figure to be read, never a limit
