"""A verifier in another language, written from docs/spec alone, reads the feeds of real nodes and finds whatever is spoiled in a copy."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nodes import Liar, until, world
from tafadi.desk.pact import pact_of
from tafadi.store.journals import open_journal
from tafadi.trust.canon import to_base64
from tafadi.trust.card import open_card
from tafadi.trust.tiles import tiles_of

PROGRAM = Path(__file__).with_name("verify.mjs")
NODE = shutil.which("node")
ENTRIES = 260  # one full tile of hashes, so that there is a level above, and a partial one


def run(folder: Path) -> tuple[int, str, str]:
    """Exit code, output and errors of the other program."""
    assert NODE is not None, "Node is missing: install the package nodejs (apt-get install nodejs)"
    done = subprocess.run([NODE, str(PROGRAM), str(folder)], capture_output=True, timeout=60, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What bravo's node serves of both feeds over the line, as files, with the cards and with the receipts that it and alpha have."""
    root = tmp_path_factory.mktemp("exported")
    with world(root, "alpha", "bravo", start=False) as both:
        both["bravo"].ask("line", "attempt", "--channel", "radio")
        _speak_much(both["alpha"].path, both.document)
        both.start()
        until(both.settled)
        asking = Liar(both, "alpha", "bravo")
        out = root / "out"
        (out / "cards").mkdir(parents=True)
        for card in both.pact.agreement.cards:
            (out / "cards" / f"{open_card(card).party}.json").write_bytes(card)
        with asking.client() as client:
            for node in both.nodes.values():
                origin = node.origin
                folder = out / "feed" / origin
                holder = open_journal(node.folder, read_only=True)
                size = holder.head(origin).frontier.size
                receipts = "".join(receipt.line for receipt in holder.receipts(origin).values() if receipt.size == size)
                holder.close()
                for path in ("checkpoint", *(tile.path for tile in tiles_of(size))):
                    served = client.get(f"/feed/{origin}/{path}")
                    assert served.status_code == 200, (path, served.text)
                    (folder / path).parent.mkdir(parents=True, exist_ok=True)
                    (folder / path).write_bytes(served.content + (receipts.encode() if path == "checkpoint" else b""))
        yield out


def _speak_much(folder: Path, document: Path) -> None:
    """Many entries at once, by the node's own code."""
    from tafadi.desk.speak import Draft, say
    from tafadi.model.entry import EntryType
    from tafadi.model.line import Attempt
    from tafadi.model.names import Mode
    from tafadi.node import Node, SystemClock
    from tafadi.store.folder import Folder

    opened = Folder.open(folder)
    with opened.locked():
        node = Node(opened, SystemClock())
        desk = node.desk(pact_of(document.read_bytes()).id)
        say(desk, *(Draft(EntryType.ATTEMPT, Attempt("radio", 1, False), Mode.EXERCISE, role="watch-officer") for _ in range(ENTRIES)))
        node.close()


def test_it_verifies_the_feeds_of_real_nodes_with_their_receipts(exported: Path) -> None:
    code, out, err = run(exported)
    assert (code, err) == (0, "")
    found = {feed["origin"].split("/")[2]: feed for feed in json.loads(out)}
    assert found["alpha"]["entries"] > 256
    assert found["alpha"]["operators"] >= ENTRIES
    assert [feed["receipts"] for feed in found.values()] == [1, 1]


def _flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(bytes(data))


def _swap_cards(copy: Path) -> None:
    alpha, bravo = copy / "cards" / "alpha.json", copy / "cards" / "bravo.json"
    value = json.loads(alpha.read_bytes())
    value["signatures"] = json.loads(bravo.read_bytes())["signatures"]
    alpha.write_bytes(json.dumps(value, separators=(",", ":")).encode())


def _alpha(copy: Path) -> Path:
    return next((copy / "feed").glob("*/*/alpha/1"))


def _forge_receipt(copy: Path) -> None:
    path = _alpha(copy) / "checkpoint"
    *lines, last = path.read_text("utf-8").removesuffix("\n").split("\n")
    dash, name, data = last.split(" ")
    assert name.endswith("/mirror")
    path.write_text("\n".join([*lines, f"{dash} {name} {data[:40]}{to_base64(bytes(48))[:60]}{data[100:]}"]) + "\n", "utf-8")


SPOILED: dict[str, tuple[Callable[[Path], object], str]] = {
    "an entry": (lambda copy: _flip(_alpha(copy) / "tile/entries/000", 40), "has not the hash"),
    "a hash": (lambda copy: _flip(_alpha(copy) / "tile/0/000", 32 * 7), "has not the hash"),
    "a hash above": (lambda copy: _flip(next((_alpha(copy) / "tile/1").rglob("1")), 3), "does not follow"),
    "a tile cut short": (lambda copy: (_alpha(copy) / "tile/0/000").write_bytes(bytes(32)), "has not 256 hashes"),
    "a tile gone": (lambda copy: (_alpha(copy) / "tile/entries/000").unlink(), "is missing"),
    "the size": (
        lambda copy: _flip(_alpha(copy) / "checkpoint", (_alpha(copy) / "checkpoint").read_bytes().index(b"\n") + 1),
        "not signed",
    ),
    "a receipt": (_forge_receipt, "receipt of bravo is false"),
    "a card": (_swap_cards, "not signed by its root key"),
    "another's feed": (lambda copy: shutil.copytree(_alpha(copy), _alpha(copy).with_name("2")), "no card"),
}


@pytest.mark.parametrize("what", SPOILED)
def test_it_finds_what_is_spoiled_in_a_copy(exported: Path, tmp_path: Path, what: str) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(exported, copy)
    spoil, said = SPOILED[what]
    spoil(copy)
    code, out, err = run(copy)
    assert (code, out) == (1, "")
    assert said in err
    assert err.count("\n") == 1
