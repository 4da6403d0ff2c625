"""What comes alone, and what is beyond a quota, over the peers' port of a running node."""

from collections.abc import Iterator

import pytest

from nodes import Liar, World, until, world
from tafadi.model.entry import EntryType
from tafadi.model.line import Attempt, Stop, StopStep
from tafadi.model.names import Precedence
from tafadi.node import SystemClock
from tafadi.trust.envelope import LEAF_MAX_BYTES
from tafadi.trust.express import open_heard
from tafadi.trust.keys import PublicKey
from tafadi.trust.log import leaf_hash
from tafadi.trust.push import Push, encode_push

HOURLY = 12


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Alpha and bravo, who take twelve entries of each other in an hour; alpha runs, and the tests speak for bravo."""
    root = tmp_path_factory.mktemp("express")
    terms = root / "terms.toml"
    terms.write_text(f"[quota]\nentries_hourly = {HOURLY}\n", encoding="utf-8")
    with world(root, "alpha", "bravo", options=("--terms", str(terms)), start=False) as both:
        both["alpha"].start()
        yield both


@pytest.fixture(scope="module")
def bravo(pair: World) -> Liar:
    """Bravo's keys; its entry 0 is pushed."""
    liar = Liar(pair, "bravo", "alpha")
    liar.load()
    first, liar.leaves = liar.leaves, []
    assert liar.push(*first).status_code == 200
    until(lambda: pair["alpha"].status()["in_force"])
    return liar


def _attempt(bravo: Liar, index: int) -> bytes:
    return bravo.leaf(bravo.message(Attempt("radio", 1, False), EntryType.ATTEMPT, SystemClock().now(), index=index))


def _stop(bravo: Liar, index: int) -> bytes:
    body = Stop(StopStep.RAISED, ("alpha/1/1",), text="do not enter")
    return bravo.leaf(bravo.message(body, EntryType.STOP, SystemClock().now(), index=index, precedence=str(Precedence.FLASH)))


def _key(pair: World) -> PublicKey:
    return pair.pact.cards["alpha"].envelope


def test_rule_06_a_stop_alone_is_answered_by_heard_rings_and_is_shown_as_not_stored(pair: World, bravo: Liar) -> None:
    leaf = _stop(bravo, 7)
    answer = bravo.post("/express", leaf)
    assert answer.status_code == 200
    heard = open_heard(answer.content, _key(pair))
    assert (heard.origin, heard.index, heard.leaf_hash, heard.party) == (bravo.origin, 7, leaf_hash(leaf), "alpha")
    alpha = pair["alpha"]
    assert alpha.ask("line", "show")["came_alone"] == ["bravo/1/7"]
    assert "bravo/1/7 came ahead of those before it; NOT STORED here yet" in alpha.cli("line", "show").out
    (rung,) = [one["sentence"] for one in alpha.ask("line", "alarms") if one["sentence"].startswith("STOP")]
    assert "do not enter" in rung
    assert alpha.status()["feeds"]["bravo"] == 1, "it is in no feed"


@pytest.mark.parametrize(("body", "status"), [(b"", 400), (b"{}", 400), (b"x" * (LEAF_MAX_BYTES + 1), 413)])
def test_what_is_no_entry_is_refused_at_the_door(bravo: Liar, body: bytes, status: int) -> None:
    assert bravo.post("/express", body).status_code == status


def test_what_is_not_urgent_or_is_of_another_agreement_is_refused(pair: World, bravo: Liar) -> None:
    assert bravo.post("/express", _attempt(bravo, 9)).status_code == 422
    payload = bravo.message(Stop(StopStep.RAISED), EntryType.STOP, SystemClock().now(), origin="tafadi.v1/elsewhere/bravo/1")
    assert bravo.post("/express", bravo.leaf(payload)).status_code == 404


def test_rule_19_beyond_the_quota_the_answer_is_429_with_the_time_to_wait(pair: World, bravo: Liar) -> None:
    new = [_attempt(bravo, index) for index in range(1, 7)]
    assert bravo.push(*new).status_code == 200
    stop = _stop(bravo, 15)
    more = [*(_attempt(bravo, index) for index in range(7, 15)), stop]
    body = encode_push(Push(bravo.origin, len(bravo.leaves), tuple(more), bravo.note([*bravo.leaves, *more])))
    answer = bravo.post("/push", body)
    assert (answer.status_code, answer.json()["title"]) == (429, "QuotaError")
    assert 0 < int(answer.headers["retry-after"]) <= 3_600
    assert "bravo has brought 7 entries within the hour; 12 are agreed" in answer.json()["detail"]
    assert pair["alpha"].status()["feeds"]["bravo"] == 7
    assert "bravo/1/15" in pair["alpha"].ask("line", "show")["came_alone"], "the stop in it is taken in alone"
