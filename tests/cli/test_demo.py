"""`tafadi demo`: the whole story between two real processes, with kills, in every language, and over a recording of real traffic.

Each run takes its time on the wall. Two run always; those marked soak are started by hand: `pytest -m soak tests/cli/test_demo.py`.
"""

import re
from collections.abc import Callable
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

from nodes import Told, process, tafadi
from tafadi.cli import demo_cmd
from tafadi.cli.demo.story import STEPS
from tafadi.model.names import Language
from tafadi.phrases.catalogue import Speaker
from tafadi.phrases.table import PHRASES

PARTIES = ("alpha", "bravo")
WITHIN_S = 600.0
PREPARE_MOST_S = 400.0  # the flying and its end come after it
# By hand: 2 agreements, 2 of the line check, 2 rosters, 3 notices, 2 amendments, 5 read-backs, 3 answers, the conflict raised and cleared
# by both, one straying and one alert of the pair at the least, 4 of the stop, 2 of the incident.
ENTRIES_LEAST = 31
ALERTS_LEAST = 3  # the conflict, the straying, the pair


# What the sample's story tells, in its order; a recording tells the same and more.
TOLD = (
    "demo.title", "demo.clock", "demo.agreed", "demo.line-check", "demo.rosters",
    "demo.notice", "demo.readback-match", "demo.answered",
    "demo.notice", "demo.readback-match", "demo.conflict", "demo.conflict-where", "demo.same-situation",
    "demo.amended", "demo.readback-match", "demo.answered",
    "demo.notice", "demo.readback-mismatch", "demo.readback-match", "demo.answered",
    "demo.flying", "demo.alert-straying", "demo.alert-tracks",
    "demo.stop-raised", "demo.stop-heard", "demo.stop-acted", "demo.incident", "demo.evidence",
    "demo.receipts", "demo.verified", "demo.verified", "demo.equal",
)  # fmt: skip


def pattern(key: str, speaker: Speaker) -> re.Pattern[str]:
    """What the phrase looks like with any values in it."""
    names = [name for _, name, _, _ in Formatter().parse(PHRASES[key]) if name]
    said = speaker.say(key, **{name: f"\ue000{name}\ue001" for name in names})
    return re.compile(re.sub(r"\ue000\w+\ue001", ".+", re.escape(said)))


def tells_everything(lines: list[str], lang: str) -> None:
    """Every sentence of the story is told, in its order, in that language."""
    speaker, left = Speaker(Language(lang)), iter(lines)
    for key in TOLD:
        wanted = pattern(key, speaker)
        assert any(wanted.fullmatch(line) for line in left), (key, lines)


def verifies(folder: Path) -> None:
    """The folders that the story left behind prove everything to a program of their own, and hold what the story says they hold."""
    for party in PARTIES:
        report = tafadi("feed", "verify", folder / party, "--json")
        assert report.code == 0, report.err
        assert [feed["faults"] for feed in report.json["feeds"]] == [[], []]
        assert report.json["evidence"] == 0


def slowly(duration_s: float) -> str:
    """So many seconds on a calm machine, and as many more as this one takes now: what is tested is that the story holds, not how fast."""
    return str(round(min(duration_s * demo_cmd._prepare_s(0) / demo_cmd.PREPARE_S, PREPARE_MOST_S)))


def held(*options: str | Path) -> Any:
    """What a run of the story printed as JSON; the story must have held."""
    told: Told = process("demo", "--json", *options, within_s=WITHIN_S)
    assert told.code == 0, (told.out[-3_000:], told.err)
    assert told.json["held"] is True
    assert told.json["broken"] == ""
    return told.json


def everything(told: Any, lang: str = "en") -> None:
    """The figures and the sentences that every run has to show."""
    figures = told["figures"]
    assert figures["entries"] >= ENTRIES_LEAST
    assert figures["alerts"] >= ALERTS_LEAST
    tells_everything(told["lines"], lang)
    counted = [Speaker(Language(lang)).count(f"demo.{name}", figures[name]) for name in ("entries", "alerts")]
    assert [line for line in told["lines"] if line in counted] == counted, "what is told is what was counted"
    assert re.fullmatch(r"[0-9a-f]{64}", figures["picture"])


@pytest.mark.timeout(WITHIN_S)
def test_the_story_holds_in_arabic_though_each_node_is_killed_at_every_step_and_twenty_times_more(tmp_path: Path) -> None:
    kills = [part for step in STEPS for party in PARTIES for part in ("--kill", f"{step}={party}")]
    told = held("--lang", "ar", "--prepare", slowly(130.0), *kills, "--kill-randomly", "20", "--keep", tmp_path / "kept")
    everything(told, "ar")
    assert sum(told["figures"]["restarts"].values()) >= 30  # a node that is down already is not killed again
    speaker = Speaker(Language.AR)
    for party, count in told["figures"]["restarts"].items():
        assert speaker.say("demo.restarted", party=party, count=count) in told["lines"]
    verifies(tmp_path / "kept")


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
    everything(told, lang)
    assert told["figures"]["restarts"] == {}
    assert told["figures"]["latency_s track-track"] <= 1.0


@pytest.mark.soak
@pytest.mark.timeout(WITHIN_S)
def test_the_story_is_told_line_by_line_and_says_where_it_keeps_the_folders(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    told = process("demo", "--lang", "ru", "--keep", kept, within_s=WITHIN_S)
    assert (told.code, told.err) == (0, "")
    lines, speaker = told.out.splitlines(), Speaker(Language.RU)
    tells_everything(lines, "ru")
    assert pattern("demo.held", speaker).fullmatch(lines[-2])
    assert lines[-1] == speaker.say("demo.kept", folder=kept)
    verifies(kept)


@pytest.mark.soak
@pytest.mark.timeout(WITHIN_S)
@pytest.mark.parametrize("party", PARTIES)
@pytest.mark.parametrize("step", STEPS)
def test_the_story_holds_with_one_kill(step: str, party: str) -> None:
    told = held("--prepare", slowly(40.0), "--kill", f"{step}={party}")
    everything(told)
    assert told["figures"]["restarts"] == {party: 1}


@pytest.mark.soak
@pytest.mark.timeout(WITHIN_S)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_story_holds_with_random_kills(seed: int) -> None:
    told = held("--prepare", slowly(90.0), "--kill-randomly", "20", "--seed", str(seed))
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
