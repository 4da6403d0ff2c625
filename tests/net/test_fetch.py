"""Fetching back from a mirror that lies, breaks off or never ends: each is one sentence that names it, and the record stays as it was."""

import base64
import json
import shutil
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from nodes import RealNode, World, tafadi, world
from tafadi.net.fetch import BUNDLE_MAX_BYTES, CARDS_MAX_BYTES
from tafadi.net.tls import server_context
from tafadi.store.mark import read_mark
from tafadi.trust.card import open_card, sign_card
from tafadi.trust.checkpoint import Checkpoint, sign_checkpoint
from tafadi.trust.keys import SigningKey
from tafadi.trust.log import Frontier, leaf_hash
from tafadi.trust.note import NOTE_MAX_BYTES
from tafadi.trust.tiles import encode_bundle

ENTRIES = 5  # of alpha's feed, the agreement among them
HELD = 2  # of them, in the copy that was put back
Answers = dict[str, bytes]


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Alpha and bravo, signed; no node ever runs. Alpha has said all of its entries; `older.db` is its journal from before the last."""
    with world(tmp_path_factory.mktemp("apart"), "alpha", "bravo", start=False) as both:
        for size in range(1, ENTRIES):
            if size == HELD:
                shutil.copy(both["alpha"].path / "journal.db", both.root / "older.db")
            both["alpha"].ask("line", "attempt", "--channel", "radio")
        yield both


@pytest.fixture
def alpha(apart: World, tmp_path: Path) -> RealNode:
    """A copy of alpha's folder, with its journal put back."""
    shutil.copytree(apart["alpha"].path, tmp_path / "alpha")
    node = RealNode("alpha", tmp_path / "alpha", 0)
    node.put_back(apart.root / "older.db")
    return node


@contextmanager
def mirror_of(apart: World, alpha: RealNode, answer: Callable[[str], Iterator[bytes]]) -> Iterator[None]:
    """A server with bravo's certificate at the address that alpha knows, answering each path with the bytes given, as HTTP."""
    context = server_context(apart["bravo"].path / "keys", [apart.pact.cards["alpha"].tls_certificate])
    listener = socket.create_server(("127.0.0.1", 0))

    def converse(client: socket.socket) -> None:
        with suppress(OSError, IndexError), context.wrap_socket(client, server_side=True) as tls:
            for part in answer(_path_in(tls)):
                tls.sendall(part)

    def serve() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=converse, args=(client,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    settings = alpha.path / "node.json"
    url = f"https://127.0.0.1:{listener.getsockname()[1]}"
    settings.write_text(json.dumps({**json.loads(settings.read_text()), "peers": {"bravo": url}}))
    try:
        yield
    finally:
        listener.close()


def _path_in(tls: ssl.SSLSocket) -> str:
    request = b""
    while b"\r\n\r\n" not in request and (more := tls.recv(65_536)):
        request += more
    return request.split(b" ")[1].decode()


def response(body: bytes, status: str = "200 OK") -> bytes:
    """One whole answer, after which the line is closed."""
    return f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


NOT_FOUND = response(b"", "404 Not Found")


def by_path(answers: Answers, *raw: tuple[str, bytes]) -> Callable[[str], Iterator[bytes]]:
    """Answers by the end of the path: these bodies, and these bytes as they are; nothing else is found."""
    answered = {**{path: response(body) for path, body in answers.items()}, **dict(raw)}
    return lambda path: iter([next((data for end, data in answered.items() if path.endswith(end)), NOT_FOUND)])


def honest(apart: World) -> Answers:
    """What an honest mirror answers that holds all of alpha's feed, by the end of the path."""
    leaves = apart["alpha"].leaves(apart.pact.origin("alpha"))
    return {"/checkpoint": note(apart, leaves), f"/entries/000.p/{ENTRIES}": encode_bundle(leaves), f"/cards/{apart.pact.id}": b""}


def note(apart: World, leaves: list[bytes], *, origin: str = "", signer: str = "log") -> bytes:
    """A checkpoint of a feed with these leaves, under alpha's log key, or under another key of alpha's folder."""
    frontier = Frontier().extend([leaf_hash(leaf) for leaf in leaves])
    key = apart["alpha"].folder.key(signer)
    return sign_checkpoint(Checkpoint(origin or apart.pact.origin("alpha"), frontier.size, frontier.root()), key)


def told(apart: World, alpha: RealNode, answers: Answers, *raw: tuple[str, bytes]) -> str:
    """The one sentence of a restoring from a mirror with these answers; the record is as it was, and no node goes on with it."""
    origin, mark = apart.pact.origin("alpha"), read_mark(alpha.path / "journal.mark")
    before = alpha.leaves(origin)
    with mirror_of(apart, alpha, by_path(answers, *raw)):
        sentence = alpha.cli("node", "restore").sentence()
    assert alpha.leaves(origin) == before
    assert read_mark(alpha.path / "journal.mark") == mark
    assert alpha.folder.settings.epoch == 1
    assert "put back from a copy" in alpha.cli("line", "check").sentence()
    return sentence


def test_an_honest_mirror_gives_everything_back(apart: World, alpha: RealNode) -> None:
    with mirror_of(apart, alpha, by_path(honest(apart))):
        begun = alpha.begin_epoch("restore")
    assert [(feed["had"], feed["has"], feed["lost"]) for feed in begun["fetched"]] == [(HELD, ENTRIES, 0)]
    assert alpha.leaves(apart.pact.origin("alpha")) == apart["alpha"].leaves(apart.pact.origin("alpha"))


def test_a_mirror_that_holds_nothing_of_ours_gives_nothing_back_and_what_is_lost_is_counted(apart: World, alpha: RealNode) -> None:
    with mirror_of(apart, alpha, lambda path: iter([NOT_FOUND])):
        begun = alpha.begin_epoch("restore")
    assert [(feed["has"], feed["lost"]) for feed in begun["fetched"]] == [(HELD, ENTRIES - HELD)]


def test_other_entries_than_those_that_were_signed_are_not_taken(apart: World, alpha: RealNode) -> None:
    answers = honest(apart)
    leaves = apart["alpha"].leaves(apart.pact.origin("alpha"))
    answers[f"/entries/000.p/{ENTRIES}"] = encode_bundle([*leaves[:-1], b"{}"])
    sentence = told(apart, alpha, answers)
    assert sentence.startswith("tafadi: bravo: ")
    assert "do not give the root that this party signed" in sentence


def test_fewer_entries_than_were_signed_for_are_told(apart: World, alpha: RealNode) -> None:
    answers = honest(apart)
    bundle = answers.pop(f"/entries/000.p/{ENTRIES}")
    assert f"bravo: it signed for {ENTRIES} entries" in told(apart, alpha, answers)
    for short in (b"", bundle[:-1], bundle[: len(bundle) // 2], bundle + b"\0\0", b"\xff" * 300):
        assert "bravo: " in told(apart, alpha, {**answers, f"/entries/000.p/{ENTRIES}": short})


def test_a_history_that_this_party_signed_beside_its_own_is_told_and_no_epoch_is_begun_upon_both(apart: World, alpha: RealNode) -> None:
    """Alpha once signed other entries: as many as the mirror has, more, or fewer than are here."""
    forked = [b"another", b"story", b"altogether"]
    longer = {"/checkpoint": note(apart, forked), "/entries/000.p/3": encode_bundle(forked)}
    assert "do not give the root" in told(apart, alpha, longer)
    for size in (1, HELD):
        assert "signed two histories" in told(apart, alpha, {"/checkpoint": note(apart, forked[:size])})


def test_a_checkpoint_that_is_none_of_ours_is_refused(apart: World, alpha: RealNode) -> None:
    answers, leaves = honest(apart), apart["alpha"].leaves(apart.pact.origin("alpha"))
    elsewhere = "tafadi.v1/other-000000000000/alpha/1"
    for wrong in (
        note(apart, leaves, signer="mirror"),
        note(apart, leaves, origin=elsewhere),
        b"",
        b"\x00\xff",
        answers["/checkpoint"][:-9],
    ):
        assert "bravo: " in told(apart, alpha, {**answers, "/checkpoint": wrong})


def _foreign_cards(apart: World) -> dict[str, bytes]:
    own = open_card(apart["alpha"].folder.card)
    thief = SigningKey.from_seed(b"\7" * 32)
    root = apart["alpha"].folder.key("root")
    return {
        "no base64": b"***\n",
        "no card": base64.b64encode(b"{}") + b"\n",
        "half a card": base64.b64encode(apart["alpha"].folder.card[:-20]) + b"\n",
        "a card of a thief": base64.b64encode(sign_card(replace(own, epoch=2, root=thief.public), thief)) + b"\n",
        "a card too far ahead": base64.b64encode(sign_card(replace(own, epoch=7), root)) + b"\n",
        "bytes": b"\x00\xff\n\n\n",
    }


@pytest.mark.parametrize("case", ["no base64", "no card", "half a card", "a card of a thief", "a card too far ahead", "bytes"])
def test_cards_that_are_none_of_ours_are_refused(apart: World, alpha: RealNode, case: str) -> None:
    assert "bravo: " in told(apart, alpha, {**honest(apart), f"/cards/{apart.pact.id}": _foreign_cards(apart)[case]})
    assert not (alpha.path / "cards").exists()


def test_cards_that_are_known_or_of_no_party_are_passed_over(apart: World, alpha: RealNode, tmp_path: Path) -> None:
    assert tafadi("node", "init", tmp_path / "zulu", "--party", "zulu").code == 0
    cards = [apart["alpha"].folder.card, apart["bravo"].folder.card, (tmp_path / "zulu" / "card.json").read_bytes()]
    answers = {**honest(apart), f"/cards/{apart.pact.id}": b"".join(base64.b64encode(card) + b"\n" for card in cards)}
    with mirror_of(apart, alpha, by_path(answers)):
        assert alpha.begin_epoch("restore")["fetched"][0]["has"] == ENTRIES


def test_a_newer_card_of_ones_own_that_one_neighbour_knows_counts_under_every_agreement(
    apart: World, alpha: RealNode, tmp_path: Path
) -> None:
    """Charlie, under an agreement of its own with alpha, cannot be asked: the folder must open all the same."""
    made = World(tmp_path, {"alpha": alpha, "bravo": apart["bravo"]})
    made.add("charlie")
    alpha.put_back(apart["alpha"].path / "journal.db")
    made.agree(name="second", parties=("alpha", "charlie"))
    assert made.sign("alpha").code == 0
    later = RealNode("alpha", tmp_path / "later", 0)
    shutil.copytree(alpha.path, later.path)
    assert later.begin_epoch("renew")["epoch"] == 2
    known = by_path({**honest(apart), f"/cards/{apart.pact.id}": base64.b64encode(later.folder.card) + b"\n"})
    with mirror_of(apart, alpha, lambda path: iter([NOT_FOUND]) if "/alpha/2/" in path else known(path)):
        begun = alpha.begin_epoch("restore", "--without", "charlie")
    assert begun["epoch"] == 3
    for agreement in (apart.pact.id, made.pact.id):
        told = alpha.ask("line", "attempt", "--channel", "radio", "--agreement", agreement)
        assert told["entry"].startswith("alpha/3/")
    assert alpha.cli("feed", "verify").code == 0


@pytest.mark.parametrize(
    ("path", "longest_bytes"),
    [("/checkpoint", NOTE_MAX_BYTES), ("/cards", CARDS_MAX_BYTES), (f"/entries/000.p/{ENTRIES}", BUNDLE_MAX_BYTES)],
)
def test_an_answer_that_never_ends_is_read_no_further_than_its_limit(apart: World, alpha: RealNode, path: str, longest_bytes: int) -> None:
    truth = by_path(honest(apart))

    def answer(asked: str) -> Iterator[bytes]:
        if path not in asked:
            yield from truth(asked)
            return
        yield b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
        while True:
            yield b"x" * 65_536

    with mirror_of(apart, alpha, answer):
        sentence = alpha.cli("node", "restore").sentence()
    assert sentence.startswith("tafadi: bravo: ")
    assert f"longer than the {longest_bytes} bytes" in sentence


@pytest.mark.parametrize(
    ("answer", "part"),
    [
        (response(b"", "500 Oops"), "bravo: "),
        (response(b"", "302 Found"), "bravo: "),
        (response(b"\x1b[2J", "403 Forbidden"), "bravo: "),
        (b"\x00\xff garbage\r\n\r\n", "--without bravo"),
        (b"", "--without bravo"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf", "--without bravo"),
    ],
)
def test_an_answer_that_is_none_is_told_in_words(apart: World, alpha: RealNode, answer: bytes, part: str) -> None:
    assert part in told(apart, alpha, honest(apart), ("/checkpoint", answer))


def test_a_mirror_with_another_certificate_is_not_asked(apart: World, alpha: RealNode, tmp_path: Path) -> None:
    assert tafadi("node", "init", tmp_path / "bravo", "--party", "bravo").code == 0
    other = World(apart.root, {**apart.nodes, "bravo": RealNode("bravo", tmp_path / "bravo", 0)}, apart.document)
    with mirror_of(other, alpha, by_path(honest(apart))):
        assert "--without bravo" in alpha.cli("node", "restore").sentence()
