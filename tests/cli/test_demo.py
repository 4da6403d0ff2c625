"""`tafadi demo`: the whole story between two real processes, with kills, in every language, and over a recording of real traffic.

Each run takes its time on the wall. Two run always; those marked soak are started by hand: `pytest -m soak tests/cli/test_demo.py`.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nodes import Told, process, tafadi
from tafadi.cli.demo.story import STEPS

PARTIES = ("alpha", "bravo")
WITHIN_S = 600.0


def held(*options: str | Path) -> Any:
    """What a run of the story printed as JSON; the story must have held."""
    told: Told = process("demo", "--json", *options, within_s=WITHIN_S)
    assert told.code == 0, (told.out[-3_000:], told.err)
    assert told.json["held"] is True
    assert told.json["broken"] == ""
    return told.json


def everything(told: Any) -> None:
    """The figures that every run has to show."""
    figures = told["figures"]
    assert figures["entries"] >= 30
    assert figures["alerts"] >= 3
    assert re.fullmatch(r"[0-9a-f]{64}", figures["picture"])


@pytest.mark.timeout(WITHIN_S)
def test_the_story_holds_in_arabic_though_each_node_is_killed_at_every_step_and_twenty_times_more() -> None:
    kills = [part for step in STEPS for party in PARTIES for part in ("--kill", f"{step}={party}")]
    told = held("--lang", "ar", "--prepare", "130", *kills, "--kill-randomly", "20")
    everything(told)
    assert sum(told["figures"]["restarts"].values()) >= 30  # a node that is down already is not killed again
    assert any("\u0627" in line for line in told["lines"])


@pytest.mark.timeout(WITHIN_S)
def test_the_recorded_loss_of_separation_is_foreseen_and_agrees_with_the_published_result(shared: Callable[[str], Path]) -> None:
    """Authority: scaryTrackOutput.json beside the recording, for 15:03:00.107Z; the minimum between the hits is by straight lines."""
    recording = shared("data/permissive/radar_nop/cases/scaryTrackData.txt")
    told = held("--lang", "en", "--recording", recording, "--format", "nop")
    everything(told)
    figures, lines = told["figures"], "\n".join(told["lines"])
    assert figures["warning_s"] >= 15.0
    assert figures["published_difference"]["horizontal_nm"] <= 0.02
    assert figures["published_difference"]["vertical_ft"] <= 0.1
    assert "at 2018-03-24T15:02:59.39Z" in lines
    closest = re.search(r"closest approach.*?: ([0-9.]+) NM and ([0-9.]+) ft", lines)
    assert closest is not None
    assert (round(float(closest[1]), 3), round(float(closest[2]))) == (0.024, 9)
    assert figures["latency_s track-track"] <= 1.0


@pytest.mark.soak
@pytest.mark.timeout(WITHIN_S)
@pytest.mark.parametrize("lang", ["en", "ru", "ar"])
def test_the_story_holds_in_each_language(lang: str) -> None:
    told = held("--lang", lang)
    everything(told)
    assert told["figures"]["restarts"] == {}
    assert told["figures"]["latency_s track-track"] <= 1.0


@pytest.mark.soak
@pytest.mark.timeout(WITHIN_S)
@pytest.mark.parametrize("party", PARTIES)
@pytest.mark.parametrize("step", STEPS)
def test_the_story_holds_with_one_kill(step: str, party: str) -> None:
    told = held("--prepare", "40", "--kill", f"{step}={party}")
    everything(told)
    assert told["figures"]["restarts"] == {party: 1}


@pytest.mark.soak
@pytest.mark.timeout(WITHIN_S)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_story_holds_with_random_kills(seed: int) -> None:
    told = held("--prepare", "90", "--kill-randomly", "20", "--seed", str(seed))
    everything(told)


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (("--kill", "nonsense"), "is not a kill"),
        (("--kill", "conflict=charlie"), "is not a kill"),
        (("--kill", "nowhere=alpha"), "is not a kill"),
        (("--prepare", "1"), "5 to 600"),
        (("--prepare", "nan"), "5 to 600"),
        (("--recording", "/nowhere/at/all"), "/nowhere/at/all"),
        (("--recording", "/"), "/"),
        (("--keep", "/etc"), "is not empty"),
        (("--keep", "/dev/null"), "/dev/null"),
    ],
)
def test_what_cannot_be_played_is_told_in_one_sentence(options: tuple[str, ...], part: str) -> None:
    assert part in tafadi("demo", *options).sentence()


@pytest.mark.parametrize("content", [b"", b"\x00\xff" * 5_000, b"track,time\n1,2\n"])
def test_a_recording_without_a_story_is_told_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "recording.txt"
    file.write_bytes(content)
    assert tafadi("demo", "--recording", file, "--format", "nop", "--prepare", "20").sentence()
