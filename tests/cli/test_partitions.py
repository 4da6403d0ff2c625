"""Real nodes over real TLS, and a line between them that is slow, late, broken, garbled, half-open and cut, each way for itself."""

import random
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from forks import ForkedNode, forking
from nodes import until, world
from proxy import BAD, Proxy, Weather
from soak.crash import Speaker, settled
from tafadi.desk.pact import Pact
from tafadi.store.fsck import verify
from tafadi.store.sqlite import SqliteJournal

LASTS_S = 0.4  # how long each weather lasts, at most


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("seed", "changes", "cuts"), [(1, 10, True), *[pytest.param(seed, 60, False, marks=pytest.mark.soak) for seed in range(2, 12)]]
)
def test_rule_11_whatever_becomes_of_the_line_both_speak_on_and_come_to_one_record_with_nobody_accused(
    tmp_path: Path, seed: int, changes: int, cuts: bool
) -> None:
    """`cuts` has connections end with the weather; else a half-open one stays so, until the node has waited for long enough."""
    rng = random.Random(seed)
    with ExitStack() as stack:
        forks = stack.enter_context(forking())
        both = stack.enter_context(world(tmp_path, "alpha", "bravo", start=False))
        lines = [stack.enter_context(Proxy(both[other].port, random.Random(rng.random())).running()) for other in ("bravo", "alpha")]
        speakers = [Speaker(ForkedNode.of(node, forks), random.Random(rng.random())) for node in both.nodes.values()]
        for speaker, other, line in zip(speakers, ("bravo", "alpha"), lines, strict=True):
            assert speaker.node.cli("node", "peer", "--party", other, "--url", f"https://127.0.0.1:{line.port}").code == 0
            stack.callback(speaker.node.end)
            stack.callback(speaker.ended.set)
            speaker.node.start()
            speaker.start()
        until(lambda: settled([speaker.node for speaker in speakers]))
        for speaker in speakers:
            speaker.goes.set()
        for weather in (*rng.sample(BAD, len(BAD)), *rng.choices(BAD, k=changes - len(BAD))):
            _change(lines, weather, rng, cuts)
        for line in lines:
            line.turn(Weather.WELL, cuts=cuts)
        for speaker in speakers:
            speaker.goes.clear()
        until(lambda: settled([speaker.node for speaker in speakers]))
        assert set(BAD) <= lines[0].seen | lines[1].seen, "whatever can befall the line did"
        for speaker in speakers:
            assert speaker.refused == []
            _is_whole(speaker, both.pact)


def _change(lines: list[Proxy], weather: Weather, rng: random.Random, cuts: bool) -> None:
    """The weather of one direction, or of both, for a while."""
    turned = rng.choice((lines, lines[:1], lines[1:]))
    for line in turned:
        line.turn(weather, cuts=cuts)
    time.sleep(rng.uniform(LASTS_S / 2, LASTS_S))


def _is_whole(speaker: Speaker, pact: Pact) -> None:
    journal = SqliteJournal(speaker.node.path / "journal.db", read_only=True)
    assert [fault for report in verify(journal, pact) for fault in report.faults + report.without_effect] == []
    assert journal.evidence() == []
    assert max(speaker.acknowledged) < journal.head(pact.origin(speaker.node.party)).frontier.size
    journal.close()
