"""Real nodes for tests: folders made with the command line, processes on free loopback ports, and the command line to speak to them.

Commands run inside the test's own process (they reach the running node through its control socket all the same); nodes are processes of
their own, ended by the process id that started them. A lying peer is a `Liar`: the keys of a folder, and bytes of the test's choosing.
"""

import itertools
import json
import os
import shutil
import socket
import sqlite3
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx
from typer.testing import CliRunner

from tafadi.cli.main import app
from tafadi.desk.pact import Pact, pact_of
from tafadi.desk.ports import Change, Growth, Head
from tafadi.formats.wire import encode_message
from tafadi.measure.instant import Instant
from tafadi.model.entry import NODE_ROLE, EntryType, Operator
from tafadi.model.message import Body, Message
from tafadi.model.names import Language, Precedence
from tafadi.net.tls import client_context
from tafadi.store.folder import Folder
from tafadi.store.sqlite import SqliteJournal
from tafadi.trust.checkpoint import Checkpoint, sign_checkpoint
from tafadi.trust.envelope import seal
from tafadi.trust.log import Frontier, leaf_hash
from tafadi.trust.push import Push, encode_push

STARTS_S: Final = 150.0  # how long a node may take to open its doors on a loaded machine
COMES_S: Final = 150.0  # how long something may take to arrive at another node on a loaded machine
ENDS_S: Final = 60.0  # how long a node may take to end on a loaded machine; it gives requests under way 3 s
ANSWERS_S: Final = 60.0  # how long a node may take to answer one request on a loaded machine
LOOK_S: Final = 0.05
# Below those that systems give to outgoing connections (from 16,000, 32,768 or 49,152 on), so that nobody takes one while its node is down.
PORTS: Final = range(10_240, 16_000)
NEXT_PORT: Final = itertools.islice(itertools.cycle(PORTS), os.getpid() * 97 % len(PORTS), None)  # other test runs begin elsewhere
LANDMARKS: Final = ("--landmark", "north-light=-37.0,12.1", "--landmark", "south-light=-37.9,12.2")

AS_MODULE: Final = "import runpy, sys\nsys.argv[0] = 'tafadi'\nrunpy.run_module('tafadi', run_name='__main__')\n"

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Told:
    """What a command did: its exit code and what it printed where."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, read as JSON."""
        return json.loads(self.out)

    def sentence(self) -> str:
        """The one sentence on standard error of a command that could not; it must be one line and no traceback."""
        assert self.code == 2, (self.code, self.out, self.err)
        assert self.err.startswith("tafadi: "), self.err
        assert self.err.count("\n") == 1, self.err
        assert "Traceback" not in self.err
        return self.err


def tafadi(*arguments: str | Path, stdin: bytes = b"") -> Told:
    """One command in this process. An exception that the program does not know fails the test."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Told(result.exit_code, result.stdout, result.stderr)


def process(*arguments: str | Path, stdin: bytes = b"", within_s: float = STARTS_S) -> Told:
    """One command as a process of its own, to its end."""
    command = [sys.executable, "-m", "tafadi", *map(str, arguments)]
    done = subprocess.run(command, input=stdin, capture_output=True, timeout=within_s, check=False)
    return Told(done.returncode, done.stdout.decode(), done.stderr.decode())


def until(look: Callable[[], Found], within_s: float = COMES_S) -> Found:
    """What `look` finds once it finds something; fails when it never does."""
    ends = time.monotonic() + within_s
    while not (found := look()):
        assert time.monotonic() < ends, "what was waited for did not happen"
        time.sleep(LOOK_S)
    return found


def free_port() -> int:
    """A loopback port that is free now, and stays so for the node that is to listen there."""
    for port in NEXT_PORT:
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("a cycle has no end")


@dataclass
class RealNode:
    """One party's node: its folder, and its process while it runs."""

    party: str
    path: Path
    port: int
    process: "subprocess.Popen[bytes] | None" = None
    options: tuple[str, ...] = ()
    starts: int = 0

    @property
    def log(self) -> Path:
        """Where its standard output and error go, across restarts."""
        return self.path.with_suffix(".log")

    def start(self, *options: str, before: str = "") -> None:
        """Starts it and waits until its doors are open. Its process runs the Python lines of `before` first."""
        self.options = options or self.options
        self.starts += 1
        with self.log.open("ab") as log:
            begin = ["-c", before + AS_MODULE] if before else ["-m", "tafadi"]
            command = [sys.executable, *begin, "node", "run", str(self.path), *self.options]
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until(self.is_ready, STARTS_S)

    def is_ready(self) -> bool:
        """Whether it has opened its doors; one that has may end at once, one that has not must run."""
        assert self.process is not None
        has_ended = self.process.poll() is not None  # looked at first: what it said before its end is in the log
        told = self.log.read_text()
        is_ready = told.count(f"tafadi node {self.party} listens on port") == self.starts
        assert is_ready or not has_ended, told
        return is_ready

    def start_loaded(self) -> None:
        """Starts it and waits until it has loaded the engine, so that what its memory takes from then on is not the engine.

        A node connects to its track sources as soon as the engine is there; so a source at which nobody listens shows that it is.
        """
        source = f"plots=tcp://127.0.0.1:{free_port()}"
        self.start("--source", source)
        until(lambda: "cannot be reached" in self.ask("line", "show")["links"][f"source {source}"]["trouble"])

    def kill(self) -> None:
        """Ends it without warning, as a power cut would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(ENDS_S)
        self.process = None

    def stop(self) -> int:
        """Asks it to end; its exit code."""
        assert self.process is not None
        self.process.terminate()
        code = self.process.wait(ENDS_S)
        self.process = None
        return code

    def ended(self) -> int:
        """Its exit code, once it has ended by itself."""
        assert self.process is not None
        code = self.process.wait(STARTS_S)
        self.process = None
        return code

    def run_to_its_end(self) -> int:
        """Starts it, though it may stop before its doors are open; its exit code, once it has ended by itself."""
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "tafadi", "node", "run", str(self.path), *self.options]
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        code = self.ended()
        self.starts = self.log.read_text().count(f"tafadi node {self.party} listens on port")
        return code

    def end(self) -> None:
        """Ends it, whatever it does."""
        if self.process is not None:
            with suppress(subprocess.TimeoutExpired):
                self.process.terminate()
                self.process.wait(10.0)
            self.process.kill()
            self.process.wait(ENDS_S)
            self.process = None

    def cli(self, group: str, command: str, *arguments: str | Path, stdin: bytes = b"") -> Told:
        """A command about this node."""
        return tafadi(group, command, self.path, *arguments, stdin=stdin)

    def ask(self, group: str, command: str, *arguments: str | Path, stdin: bytes = b"") -> Any:
        """What the command prints with --json; it must succeed."""
        told = self.cli(group, command, *arguments, "--json", stdin=stdin)
        assert told.code == 0, (told.out, told.err)
        return told.json

    def status(self) -> Any:
        """The status of its only (or first) agreement."""
        return self.ask("node", "status")["agreements"][0]

    def rss_mb(self) -> float:
        """How much memory its process holds, in megabytes."""
        assert self.process is not None
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line for line in text.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024

    def leaves(self, origin: str) -> list[bytes]:
        """The entries of a feed that its record holds."""
        journal = SqliteJournal(self.path / "journal.db", read_only=True)
        try:
            return journal.leaves(origin, 0, journal.head(origin).frontier.size)
        finally:
            journal.close()

    @property
    def origin(self) -> str:
        """The feed in which its party speaks now."""
        return f"tafadi.v1/{self.status()['id']}/{self.party}/{self.folder.settings.epoch}"

    def copy_journal(self, to: Path) -> None:
        """A copy of its journal as it is now, whether it runs or not."""
        with closing(sqlite3.connect(self.path / "journal.db")) as live, closing(sqlite3.connect(to)) as copy:
            live.backup(copy)

    def copy_to(self, to: Path) -> None:
        """A copy of its whole folder as it is now, whether it runs or not."""
        shutil.copytree(self.path, to, ignore=shutil.ignore_patterns("control.sock", "journal.db*"))
        self.copy_journal(to / "journal.db")

    def put_back(self, journal: Path | None) -> None:
        """Puts an older journal in the place of its own, as from a copy; without one, its journal is gone. The mark stays."""
        for name in ("journal.db", "journal.db-wal", "journal.db-shm"):
            (self.path / name).unlink(missing_ok=True)
        if journal is not None:
            (self.path / "journal.db").write_bytes(journal.read_bytes())

    def begin_epoch(self, command: str, *options: str | Path) -> Any:
        """What `node renew` or `node restore` prints; the node must not run."""
        return self.ask("node", command, *options)

    def line(self, party: str) -> Any:
        """What it knows, while it runs, of its line to the other party: when it last heard it, and its trouble in words."""
        return next(state for name, state in self.ask("line", "show")["links"].items() if name.endswith(f"/{party}"))

    def trouble(self, party: str) -> str:
        """What troubles its line to the other party; nothing when the line is well, or was not tried yet."""
        return str(self.line(party)["trouble"])

    @property
    def url(self) -> str:
        """Where the other nodes reach it."""
        return f"https://127.0.0.1:{self.port}"

    @property
    def folder(self) -> Folder:
        """Its folder, opened."""
        return Folder.open(self.path)


@dataclass
class World:
    """Some parties' nodes, and the agreement document between all of them."""

    root: Path
    nodes: dict[str, RealNode] = field(default_factory=dict)
    document: Path = Path()

    def __getitem__(self, party: str) -> RealNode:
        return self.nodes[party]

    @property
    def pact(self) -> Pact:
        """The agreement, opened."""
        return pact_of(self.document.read_bytes())

    def add(self, party: str) -> RealNode:
        """One more party with a node that does not run yet."""
        node = RealNode(party, self.root / party, free_port())
        made = tafadi("node", "init", node.path, "--party", party, "--listen", f"127.0.0.1:{node.port}", "--json")
        assert made.code == 0, made.err
        self.nodes[party] = node
        return node

    def words(self, party: str) -> str:
        """What the party reads out."""
        return str(tafadi("agree", "card", self[party].path, "--json").json["words"])

    def agree(self, *options: str, name: str = "sky", parties: Sequence[str] = ()) -> Path:
        """A document between the parties (all of them when none are named)."""
        out = self.root / f"{name}.json"
        cards = [part for party in parties or self.nodes for part in ("--card", str(self[party].path / "card.json"))]
        made = tafadi(
            "agree", "new", "--name", name, *cards, "--minima", "1 [NM] / 500 [ft]", *LANDMARKS, "--out", out,
            "--lead", "0 [s]", "--heartbeat", "1 [s]", "--mode", "EXERCISE", *options,
        )  # fmt: skip
        assert made.code == 0, made.err
        self.document = out
        return out

    def sign(self, party: str, document: Path | None = None) -> Told:
        """The party signs, after it compared everybody's words."""
        chosen = document or self.document
        others = pact_of(chosen.read_bytes()).others(party)
        given = [part for other in others for part in ("--words", f"{other}={self.words(other)}")]
        return tafadi("agree", "sign", self[party].path, chosen, *given, "--json")

    def introduce(self) -> None:
        """Every node is told where every other listens."""
        for party, node in self.nodes.items():
            for other, peer in self.nodes.items():
                if other != party:
                    told = node.cli("node", "peer", "--party", other, "--url", peer.url)
                    assert told.code == 0, told.err

    def start(self, *options: str) -> None:
        """Starts every node."""
        for node in self.nodes.values():
            node.start(*options)

    def settled(self) -> bool:
        """Whether every node holds every entry and every receipt, has judged all, and all pictures are equal."""
        states = [node.status() for node in self.nodes.values()]
        complete = all(
            size == state["feeds"][party] for party, state in zip(self.nodes, states, strict=True) for size in state["stored_at"].values()
        )
        same = len({(state["picture"], str(state["feeds"])) for state in states}) == 1
        return complete and same and not any(state["unjudged"] for state in states)

    def well(self) -> bool:
        """Whether every line of every node worked when it was last tried.

        One that was cut is tried again within some seconds; all can be settled before that, for what the other node says it says over
        its own line.
        """
        lines = [node.line(other) for party, node in self.nodes.items() for other in self.nodes if other != party]
        return all(line["heard_at"] and not line["trouble"] for line in lines)

    def end(self) -> None:
        """Ends every node that runs."""
        for node in self.nodes.values():
            node.end()


@contextmanager
def world(root: Path, *parties: str, options: Sequence[str] = (), start: bool = True) -> Iterator[World]:
    """Nodes of the parties that have signed an agreement and know each other's address; running, unless told otherwise."""
    made = World(root)
    for party in parties:
        made.add(party)
    made.agree(*options)
    made.introduce()
    for party in parties:
        signed = made.sign(party)
        assert signed.code == 0, signed.err
    try:
        if start:
            made.start()
            until(lambda: all(node.status()["in_force"] for node in made.nodes.values()))
        yield made
    finally:
        made.end()


def square(
    title: str = "survey",
    lat: float = -37.5,
    lon: float = 12.3,
    half_deg: float = 0.05,
    lower_m: float = 300.0,
    upper_m: float = 900.0,
    start: str = "2027-03-01T06:00:00Z",
    end: str = "2027-03-01T08:00:00Z",
    **more: object,
) -> str:
    """One notice in our GeoJSON profile: an operation in a square."""
    corners = [(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]
    ring = [[round(lon + x * half_deg, 7), round(lat + y * half_deg, 7)] for x, y in corners]
    properties = {
        "kind": "operation", "notice": "one", "title": title, "start": start, "end": end,
        "lower": f"{lower_m:g} [m] geoid", "upper": f"{upper_m:g} [m] geoid", **more,
    }  # fmt: skip
    feature = {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    return json.dumps({"type": "FeatureCollection", "features": [feature]})


class Liar:
    """A peer that holds a party's real keys and sends whatever it likes, over real TLS."""

    def __init__(self, world: World, party: str, target: str, origin: str = "") -> None:
        self.folder = world[party].folder
        self.identity = self.folder.identity()
        self.pact = world.pact
        self.origin = origin or self.pact.origin(party)
        self.target = world[target]
        self.leaves: list[bytes] = []

    def client(self) -> httpx.Client:
        """A connection with the party's own certificate."""
        context = client_context(self.folder.path / "keys", self.pact.cards[self.target.party].tls_certificate)
        return httpx.Client(verify=context, base_url=self.target.url, trust_env=False, timeout=ANSWERS_S)

    def post(self, path: str, body: bytes) -> httpx.Response:
        """The answer to one request on a connection of its own."""
        with self.client() as client:
            return client.post(path, content=body)

    def get(self, path: str) -> httpx.Response:
        """The answer to one request on a connection of its own."""
        with self.client() as client:
            return client.get(path)

    def load(self) -> None:
        """Knows what the party's own journal holds, so that its lies begin where its truth ends."""
        journal = SqliteJournal(self.folder.path / "journal.db", read_only=True)
        try:
            self.leaves = journal.leaves(self.origin, 0, journal.head(self.origin).frontier.size)
        finally:
            journal.close()

    def note(self, leaves: Sequence[bytes]) -> bytes:
        """The signed checkpoint of a feed that holds exactly these leaves."""
        frontier = Frontier().extend([leaf_hash(leaf) for leaf in leaves])
        return sign_checkpoint(Checkpoint(self.origin, frontier.size, frontier.root()), self.identity.log)

    def push(self, *new: bytes) -> httpx.Response:
        """Pushes these entries after those it knows, correctly framed and signed as a tree; keeps them when they are taken."""
        leaves = [*self.leaves, *new]
        answer = self.post("/push", encode_push(Push(self.origin, len(self.leaves), tuple(new), self.note(leaves))))
        if answer.status_code == 200:
            self.leaves = leaves
        return answer

    def keep(self) -> None:
        """Writes what was pushed into the party's own journal, as if its node had said it."""
        journal = SqliteJournal(self.folder.path / "journal.db")
        try:
            head = journal.head(self.origin)
            fresh = tuple(self.leaves[head.frontier.size :])
            hashes = tuple(leaf_hash(leaf) for leaf in fresh)
            state = Head(head.frontier.extend(hashes), self.note(self.leaves))
            journal.commit(Change(growths=(Growth(self.origin, head.frontier.size, fresh, hashes, state),)))
        finally:
            journal.close()

    def message(self, body: Body, kind: EntryType, at: Instant, **more: Any) -> dict[str, Any]:
        """The payload of the next entry, said by the node itself; any member can be given another value."""
        operator = Operator(NODE_ROLE, self.identity.envelope.public.id)
        entry = Message(
            origin=self.origin, index=len(self.leaves), agreement=self.pact.id, sender=self.identity.party,
            recipients=self.pact.others(self.identity.party), type=kind, mode=self.pact.agreement.modes[0],
            precedence=Precedence.ROUTINE, sent_at=at, operator=operator, lang=Language.EN, body=body,
        )  # fmt: skip
        return {**encode_message(entry), **more}

    def leaf(self, payload: dict[str, Any]) -> bytes:
        """The payload as an entry, signed with the party's envelope key."""
        return seal(payload, self.identity.envelope)


def raw_tls(context: ssl.SSLContext, port: int) -> ssl.SSLSocket:
    """A TLS connection to a loopback port, for tests that speak bytes instead of HTTP."""
    plain = socket.create_connection(("127.0.0.1", port), timeout=ANSWERS_S)
    return context.wrap_socket(plain)
