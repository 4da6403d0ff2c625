"""The stage: two nodes in two folders, run as two processes and started again when they die; and how the story speaks to them."""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tafadi.cli.calls import ask
from tafadi.cli.demo.held import NotHeldError
from tafadi.cli.demo.scene import ALPHA, BRAVO, CURTAIN_S, LEAD_S, Scene
from tafadi.errors import MissingError, RefusedError, UnavailableError
from tafadi.formats.agreement import write_document
from tafadi.measure.instant import Instant
from tafadi.model.agreement import Agreement, Timing
from tafadi.model.names import Mode
from tafadi.net.tls import make_certificate
from tafadi.node import ScenarioClock
from tafadi.store.files import write_whole
from tafadi.store.folder import Folder
from tafadi.store.identity import CARD_DAYS, first_card
from tafadi.store.settings import Settings

ANSWERS_S: Final = 60.0  # how long a killed node may take to answer again
LOOK_S: Final = 0.03  # how often the story looks whether something has happened


@dataclass
class Actor:
    """One party's node: its folder, its process, and how often it had to be started again."""

    party: str
    folder: Folder
    command: list[str] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None
    restarts: int = 0
    log: Path = Path()


class Stage:
    """Both nodes, while the story is told. Close it, and both are ended."""

    def __init__(self, root: Path, scene: Scene, anchor: Instant) -> None:
        self.root = root
        self.clock = ScenarioClock(scene.start, anchor.plus(CURTAIN_S), scene.rate)
        self.actors = {party: Actor(party, self._make(party, scene), log=root / f"{party}.log") for party in (ALPHA, BRAVO)}
        self.document = self._agree(scene)
        self._ending = threading.Event()
        self._guard = threading.Thread(target=self._keep_alive, daemon=True)

    def _make(self, party: str, scene: Scene) -> Folder:
        certificate = make_certificate(party, self.clock.anchor)
        settings = Settings(party, "en", port=_free_port())
        folder = Folder.create(self.root / party, settings, lambda: os.urandom(32), certificate)
        first_card(folder, scene.start.plus(-3_600.0), CARD_DAYS)
        return folder

    def _agree(self, scene: Scene) -> bytes:
        agreement = Agreement(
            "story",
            (ALPHA, BRAVO),
            (self.actors[ALPHA].folder.card, self.actors[BRAVO].folder.card),
            scene.start.plus(-3_600.0),
            (Mode.EXERCISE,),
            scene.minima,
            None,
            scene.landmarks,
            Timing(
                lead_s=LEAD_S, lookahead_s=round(scene.lookahead_s), track_max_age_s=30, heartbeat_s=1, skew_max_s=round(2 * scene.rate)
            ),
        )
        document = write_document(agreement)
        write_whole(self.root / "agreement.json", document)
        return document

    def start(self, source: str) -> None:
        """Starts both nodes and keeps them running. Raises NotHeldError when one does not open its doors."""
        addresses = {party: actor.folder.settings for party, actor in self.actors.items()}
        for party, actor in self.actors.items():
            other = BRAVO if party == ALPHA else ALPHA
            actor.folder.add_peer(other, f"https://127.0.0.1:{addresses[other].port}")
            node = ["node", "run", str(actor.folder.path), "--clock", str(self.clock), "--source", source]
            actor.command = [sys.executable, "-m", "tafadi", *node]
            self._run(actor)
        self._guard.start()
        for party in self.actors:
            self.ask(party, "status")

    def _run(self, actor: Actor) -> None:
        with actor.log.open("ab") as log:
            actor.process = subprocess.Popen(actor.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def _keep_alive(self) -> None:
        """The supervisor: a node that died is started again."""
        while not self._ending.wait(LOOK_S):
            for actor in self.actors.values():
                if actor.process is not None and actor.process.poll() is not None and not self._ending.is_set():
                    actor.restarts += 1
                    self._run(actor)

    def kill(self, party: str) -> None:
        """Kills a node without warning, as a power cut would."""
        process = self.actors[party].process
        if process is not None:
            process.kill()

    def ask(self, party: str, verb: str, **arguments: Any) -> dict[str, Any]:
        """What the node answers; asks again while it is being started. Raises what the verb raises, NotHeldError after a while."""
        door = self.actors[party].folder.path / "control.sock"
        ends = time.monotonic() + ANSWERS_S
        while True:
            try:
                return ask(door, verb, arguments)
            except (ConnectionError, UnavailableError, FileNotFoundError):
                if time.monotonic() > ends:
                    raise NotHeldError("held.answers", party=party, log=self.actors[party].log) from None
                time.sleep(LOOK_S)

    def picture(self, party: str) -> dict[str, Any]:
        """The picture that a node has now."""
        told: dict[str, Any] = self.ask(party, "picture")["picture"]
        return told

    def ensure(self, done: Callable[[], Any], do: Callable[[], object], within_s: float = ANSWERS_S) -> Any:
        """What `done` finds, doing `do` whenever it finds nothing yet: a killed node may or may not have done it before it died.

        Raises NotHeldError when it never finds anything.
        """
        ends = time.monotonic() + within_s
        while not (found := done()):
            with contextlib.suppress(RefusedError, MissingError):
                do()
            if (found := self.look(done, 3.0)) or time.monotonic() > ends:
                break
        if not found:
            raise NotHeldError("held.needed", folder=self.root)
        return found

    def look(self, found: Callable[[], Any], within_s: float) -> Any:
        """What `found` finds, looking again and again; its last empty answer when it never does."""
        ends = time.monotonic() + within_s
        while not (seen := found()) and time.monotonic() < ends:
            time.sleep(LOOK_S)
        return seen

    def close(self) -> None:
        """Ends both nodes, gracefully, then not."""
        self._ending.set()
        for actor in self.actors.values():
            if actor.process is not None:
                actor.process.terminate()
        for actor in self.actors.values():
            if actor.process is not None:
                _end(actor.process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    try:
        process.wait(10.0)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    """A loopback port that is free now; the node binds it again after each start."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
