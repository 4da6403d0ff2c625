"""A mirror written from docs/spec alone holds all vectors, and is a real node's other party: it stores, cosigns, refuses forks, returns."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from nodes import Liar, RealNode, World, free_port, tafadi, until
from tafadi.desk.speak import Draft, say
from tafadi.model.entry import EntryType
from tafadi.model.line import Attempt
from tafadi.model.names import Mode
from tafadi.node import Node, SystemClock
from tafadi.trust.push import Push, encode_push

PROGRAM = Path(__file__).with_name("mirror.py")
VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "trust"
MANY = 300  # more than one push, so that the mirror is brought packages


@dataclass
class Mirror:
    """The other program as a process, in a folder whose keys and card it made itself."""

    node: RealNode
    document: Path
    peer: RealNode
    process: "subprocess.Popen[bytes] | None" = field(default=None)

    def start(self) -> None:
        """Starts it and waits until it listens."""
        told = self.said().count("listens on")
        with self.node.log.open("ab") as log:
            address, peer = f"127.0.0.1:{self.node.port}", f"{self.peer.party}=127.0.0.1:{self.peer.port}"
            command = [sys.executable, PROGRAM, "serve", self.node.path, "--agreement", self.document, "--listen", address, "--peer", peer]
            self.process = subprocess.Popen([*map(str, command)], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until(lambda: self.said().count("listens on") > told)

    def said(self) -> str:
        """What it has written until now."""
        return self.node.log.read_text() if self.node.log.exists() else ""

    def kill(self) -> None:
        """Ends it without warning."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(60.0)
            self.process = None


def _run(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, PROGRAM, *arguments], capture_output=True, text=True, timeout=60, check=False)


@dataclass
class Pair:
    """A real node, alpha, and the mirror, bravo, that have an agreement."""

    world: World
    mirror: Mirror

    @property
    def alpha(self) -> RealNode:
        return self.world["alpha"]

    def all_stored(self) -> bool:
        """Whether the mirror has given a receipt for all that alpha says in its newest feed, and both are bound."""
        state = self.alpha.status()
        return bool(state["in_force"] and state["feeds"]["alpha"] == state["stored_at"]["bravo"])


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Both running, under an agreement whose card of bravo the mirror has made."""
    world = World(tmp_path_factory.mktemp("mirror"))
    alpha, bravo = world.add("alpha"), RealNode("bravo", world.root / "bravo", free_port())
    made = _run("card", bravo.path, "bravo")
    assert made.returncode == 0, made.stderr
    shutil.copy(made.stdout.strip(), bravo.path / "card.json")
    world.nodes["bravo"] = bravo
    world.agree()
    words = str(tafadi("agree", "words", bravo.path / "card.json", "--json").json["words"])
    signed = tafadi("agree", "sign", alpha.path, world.document, "--words", f"bravo={words}")
    assert signed.code == 0, signed.err
    assert alpha.cli("node", "peer", "--party", "bravo", "--url", bravo.url).code == 0
    mirror = Mirror(bravo, world.document, alpha)
    try:
        mirror.start()
        alpha.start()
        both = Pair(world, mirror)
        until(both.all_stored)
        yield both
    finally:
        mirror.kill()
        alpha.end()


def test_every_vector_ends_as_its_file_says() -> None:
    done = _run("check", VECTORS)
    assert done.returncode == 0, done.stdout
    count = len(list(VECTORS.glob("*.json")))
    assert done.stdout.splitlines()[-1] == f"{count} of {count} cases hold"


def test_what_a_real_node_says_is_stored_at_the_mirror_and_all_receipts_verify(pair: Pair) -> None:
    pair.alpha.ask("line", "attempt", "--channel", "radio")
    until(pair.all_stored)
    assert pair.alpha.status()["feeds"]["alpha"] > 1
    assert pair.alpha.cli("feed", "verify").code == 0


def test_both_go_on_after_both_were_killed_one_behind_and_the_other_with_new_keys(pair: Pair) -> None:
    before, origin = pair.alpha.status()["feeds"]["alpha"], pair.alpha.origin
    pair.alpha.kill()
    pair.mirror.kill()
    opened = pair.alpha.folder
    with opened.locked():
        node = Node(opened, SystemClock())
        attempt = Draft(EntryType.ATTEMPT, Attempt("radio", 1, False), Mode.EXERCISE, role="watch-officer")
        say(node.desk(pair.world.pact.id), *[attempt] * MANY)
        node.close()
    pair.alpha.begin_epoch("renew")
    pair.mirror.start()
    assert f"holds {before} of {origin}" in pair.mirror.said()
    pair.alpha.start()
    until(pair.all_stored)
    until(lambda: pair.alpha.status()["feeds"]["bravo"] == 2)  # entry 0, and alpha's new card
    assert '"POST /add-entries HTTP/1.1" 200' in pair.mirror.said()  # what was lacking of the feed that has ended
    assert pair.alpha.cli("feed", "verify").code == 0


def test_a_wrong_size_is_answered_with_the_right_one_and_a_fork_with_a_proof(pair: Pair) -> None:
    until(pair.all_stored)
    liar = Liar(pair.world, "alpha", "bravo", pair.alpha.origin)
    liar.load()
    ahead = encode_push(Push(liar.origin, len(liar.leaves) + 7, (), liar.note([*liar.leaves, liar.leaves[0]])))
    answer = liar.post("/push", ahead)
    assert (answer.status_code, answer.text) == (409, f"{len(liar.leaves)}\n")
    untrue = encode_push(Push(liar.origin, len(liar.leaves), (liar.leaves[0],), liar.note([*liar.leaves, liar.leaves[1]])))
    assert _refusal(liar.post("/push", untrue)) == (422, "ChainError")
    fork = encode_push(Push(liar.origin, len(liar.leaves), (), liar.note([*liar.leaves[:-1], liar.leaves[0]])))
    assert _refusal(liar.post("/push", fork)) == (422, "EquivocationError")
    until(lambda: "ALARM: alpha has signed what cannot both be true" in pair.mirror.said())
    until(lambda: pair.alpha.status()["evidence"])  # the mirror brings the proof to every other party


def _refusal(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, str(json.loads(answer.text)["title"])
