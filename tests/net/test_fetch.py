"""Fetching back from a mirror that lies, breaks off or never ends: each is one sentence that names it, and the record stays as it was."""

import base64
import json
import shutil
import socket
import sqlite3
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from nodes import RealNode, World, tafadi, until, world
from tafadi.desk.cards import CARDS_MAX, CARDS_MAX_BYTES
from tafadi.net import peers
from tafadi.net.fetch import BUNDLE_MAX_BYTES
from tafadi.net.tls import server_context
from tafadi.store.mark import read_mark
from tafadi.trust.card import CARD_MAX_BYTES, open_card, sign_card
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
    cards = {of_cards(apart, party, epoch): b"" for party in ("alpha", "bravo") for epoch in (2, 3)}
    return {"/checkpoint": note(apart, leaves), f"/entries/000.p/{ENTRIES}": encode_bundle(leaves), **cards}


def of_cards(apart: World, party: str, epoch: int) -> str:
    """Where the party's cards are asked for, from the epoch on."""
    return f"/cards/{apart.pact.id}/{party}/{epoch}"


def lines(*cards: bytes) -> bytes:
    """Cards as they are answered."""
    return b"".join(base64.b64encode(card) + b"\n" for card in cards)


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
    for command in (("line", "check"), ("node", "renew")):
        assert "is being restored" in alpha.cli(*command).sentence()
    return sentence


def test_an_honest_mirror_gives_everything_back(apart: World, alpha: RealNode) -> None:
    with mirror_of(apart, alpha, by_path(honest(apart))):
        begun = alpha.begin_epoch("restore")
    assert [(feed["had"], feed["has"], feed["lost"]) for feed in begun["fetched"]] == [(HELD, ENTRIES, 0)]
    assert alpha.leaves(apart.pact.origin("alpha")) == apart["alpha"].leaves(apart.pact.origin("alpha"))


def test_a_mirror_that_holds_nothing_of_ours_gives_nothing_back_and_what_is_lost_is_counted(apart: World, alpha: RealNode) -> None:
    cards = {path: body for path, body in honest(apart).items() if path.startswith("/cards")}
    with mirror_of(apart, alpha, by_path(cards)):
        begun = alpha.begin_epoch("restore")
    assert [(feed["has"], feed["lost"]) for feed in begun["fetched"]] == [(HELD, ENTRIES - HELD)]


def test_a_mirror_that_mislaid_the_agreement_is_one_that_cannot_be_asked(apart: World, alpha: RealNode) -> None:
    """Its answers about feeds would all be that it has none, and everything that it stored would be given up."""
    sentence = told(apart, alpha, {})
    assert "bravo may hold entries of ours that nobody else has, and cannot be asked: https://127.0.0.1" in sentence
    assert f"does not have the agreement {apart.pact.id}" in sentence
    assert "--without bravo" in sentence


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
    assert "signed two histories" in told(apart, alpha, {**honest(apart), **longer})
    for size in (1, HELD):
        assert "signed two histories" in told(apart, alpha, {**honest(apart), "/checkpoint": note(apart, forked[:size])})


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
    second = sign_card(replace(own, epoch=2), root)
    return {
        "no base64": b"***\n",
        "no card": lines(b"{}"),
        "half a card": lines(apart["alpha"].folder.card[:-20]),
        "a card of a thief": lines(sign_card(replace(own, epoch=2, root=thief.public), thief)),
        "a card of another party": lines(apart["bravo"].folder.card),
        "a card that is known": lines(apart["alpha"].folder.card),
        "a card too far ahead": lines(sign_card(replace(own, epoch=7), root)),
        "a card twice": lines(second, second),
        "a card without the one between": lines(second, sign_card(replace(own, epoch=4), root)),
        "the keys of the epoch before": lines(second),
        "bytes": b"\x00\xff\n\n\n",
    }


CASES = (
    "no base64", "no card", "half a card", "a card of a thief", "a card of another party", "a card that is known", "a card too far ahead",
    "a card twice", "a card without the one between", "the keys of the epoch before", "bytes",
)  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_cards_that_are_none_of_ours_are_refused(apart: World, alpha: RealNode, case: str) -> None:
    assert "bravo: " in told(apart, alpha, {**honest(apart), of_cards(apart, "alpha", 2): _foreign_cards(apart)[case]})
    assert not (alpha.path / "cards").exists()


@pytest.fixture(scope="module")
def years(apart: World) -> RealNode:
    """Alpha after two years of renewals that the copies above do not know of."""
    shutil.copytree(apart["alpha"].path, apart.root / "years" / "alpha")
    node = RealNode("alpha", apart.root / "years" / "alpha", 0)
    for epoch in range(2, 2 + YEARS):
        assert node.begin_epoch("renew")["epoch"] == epoch
    return node


YEARS = 2 * CARDS_MAX + 1


def _pages(apart: World, years: RealNode, page: int) -> Callable[[str], Iterator[bytes]]:
    """An honest mirror that has all of these cards, and gives so many in one answer."""
    cards = [(years.path / "keys" / str(epoch) / "card.json").read_bytes() for epoch in range(1, 2 + YEARS)]
    truth = by_path({path: body for path, body in honest(apart).items() if "/alpha/2" not in path})

    def answer(path: str) -> Iterator[bytes]:
        asked = path.removeprefix(of_cards(apart, "alpha", 0)[:-1])
        if asked.isdecimal():
            return iter([response(lines(*cards[int(asked) - 1 :][:page]))])
        return iter([NOT_FOUND]) if "/alpha/1/" not in path and path.startswith("/feed") else truth(path)

    return answer


@pytest.mark.parametrize("page", [1, CARDS_MAX])
def test_any_number_of_cards_is_asked_for_in_answers_of_a_few(apart: World, alpha: RealNode, years: RealNode, page: int) -> None:
    with mirror_of(apart, alpha, _pages(apart, years, page)):
        begun = alpha.begin_epoch("restore")
    assert begun["epoch"] == 2 + YEARS
    assert begun["fetched"][0]["has"] == ENTRIES


def test_the_most_and_longest_cards_of_one_answer_are_no_longer_than_any_answer_of_a_node() -> None:
    assert CARDS_MAX_BYTES == len(lines(*[b"x" * CARD_MAX_BYTES] * CARDS_MAX)) <= peers.ANSWER_MAX_BYTES


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
    known = by_path({**honest(apart), of_cards(apart, "alpha", 2): lines(later.folder.card)})
    with mirror_of(apart, alpha, lambda path: iter([NOT_FOUND]) if "/alpha/2/" in path else known(path)):
        begun = alpha.begin_epoch("restore", "--without", "charlie")
    assert begun["epoch"] == 3
    for agreement in (apart.pact.id, made.pact.id):
        told = alpha.ask("line", "attempt", "--channel", "radio", "--agreement", agreement)
        assert told["entry"].startswith("alpha/3/")
    assert alpha.cli("feed", "verify").code == 0


@pytest.mark.parametrize(
    ("path", "longest_bytes"),
    [("/checkpoint", NOTE_MAX_BYTES), ("/alpha/2", CARDS_MAX_BYTES), (f"/entries/000.p/{ENTRIES}", BUNDLE_MAX_BYTES)],
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


# A record that is damaged, and one that is renewed


@pytest.fixture
def whole(apart: World, tmp_path: Path) -> RealNode:
    """A copy of alpha's folder with all that it has said."""
    shutil.copytree(apart["alpha"].path, tmp_path / "whole" / "alpha")
    return RealNode("alpha", tmp_path / "whole" / "alpha", 0)


def forget(node: RealNode, condition: str) -> None:
    """Takes rows out of the journal, as a bad disk would."""
    with closing(sqlite3.connect(node.path / "journal.db")) as db:
        db.execute(f"DELETE FROM entry WHERE {condition}")
        db.commit()


@pytest.mark.parametrize("damage", ["idx = 1", f"idx = {ENTRIES - 1}", "1", ""])
def test_a_damaged_record_is_fetched_whole_and_nobody_is_told_of_two_histories(apart: World, whole: RealNode, damage: str) -> None:
    if damage:
        forget(whole, damage)
    else:
        (whole.path / "journal.db").write_bytes(b"noise" * 1_000)
    with mirror_of(apart, whole, by_path(honest(apart))):
        told = whole.cli("node", "restore", "--json")
    assert told.code == 0, told.err
    assert "journal.damaged-1.db" in told.err
    assert "histories" not in told.err
    assert [(feed["had"], feed["has"], feed["lost"]) for feed in told.json["fetched"]] == [(0, ENTRIES, 0)]
    assert whole.leaves(apart.pact.origin("alpha")) == apart["alpha"].leaves(apart.pact.origin("alpha"))
    assert whole.cli("feed", "verify").code == 0


def test_what_was_lost_with_a_damaged_record_is_counted_though_the_restoring_was_repeated(apart: World, whole: RealNode) -> None:
    forget(whole, "idx = 1")
    answers = honest(apart)
    with mirror_of(apart, whole, by_path(answers, ("/checkpoint", response(b"", "500 Oops")))):
        told = whole.cli("node", "restore")
    assert (told.code, told.err.count("\n")) == (2, 2), "what was set aside, and what went wrong then"
    short = apart["alpha"].leaves(apart.pact.origin("alpha"))[:HELD]
    answers |= {"/checkpoint": note(apart, short), f"/entries/000.p/{HELD}": encode_bundle(short)}
    with mirror_of(apart, whole, by_path(answers)):
        begun = whole.begin_epoch("restore")
    assert [(feed["has"], feed["lost"]) for feed in begun["fetched"]] == [(HELD, ENTRIES - HELD)]


def test_whoever_renews_is_told_who_was_not_asked_and_why(apart: World, whole: RealNode) -> None:
    answers = honest(apart)
    cases = {
        "does not have the agreement": by_path({}),
        "refused": by_path(answers, ("/checkpoint", response(b"", "500 Oops"))),
        "is not signed by": by_path({**answers, "/checkpoint": note(apart, [b"another"], signer="mirror")}),
        "is not cards": by_path({**answers, of_cards(apart, "alpha", 2): b"***\n", of_cards(apart, "alpha", 3): b"***\n"}),
    }
    for part, answer in cases.items():
        node = RealNode("alpha", whole.path.with_name(part.replace(" ", "-")), 0)
        shutil.copytree(whole.path, node.path)
        with mirror_of(apart, node, answer):
            told = node.cli("node", "renew")
        assert told.code == 0
        assert f"what bravo holds under {apart.pact.id} was not learned: " in told.err
        assert part in told.err
    for peers_known, part in (({}, "its address is not known"), ({"bravo": "https://127.0.0.1:1"}, "does not answer")):
        settings = whole.path / "node.json"
        settings.write_text(json.dumps({**json.loads(settings.read_text()), "peers": peers_known}))
        (unasked,) = whole.begin_epoch("renew")["unasked"]
        assert (unasked["party"], unasked["agreement"]) == ("bravo", apart.pact.id)
        assert part in unasked["why"]


def test_nobody_is_named_who_was_asked(apart: World, whole: RealNode) -> None:
    with mirror_of(apart, whole, by_path(honest(apart))):
        told = whole.cli("node", "renew", "--json")
    assert (told.code, told.err, told.json["unasked"]) == (0, "", [])


@pytest.mark.parametrize("size", [1, 2, ENTRIES])
@pytest.mark.parametrize("options", [(), ("--cut",)])
def test_a_record_is_not_renewed_beside_another_history_that_this_party_signed(
    apart: World, whole: RealNode, size: int, options: tuple[str, ...]
) -> None:
    forked = [b"fork %d" % number for number in range(size)]
    with mirror_of(apart, whole, by_path({**honest(apart), "/checkpoint": note(apart, forked)})):
        told = whole.cli("node", "renew", *options).sentence()
    assert "signed two histories" in told
    assert "what bravo holds" in told
    assert whole.folder.settings.epoch == 1


# What a node asks of the others before it speaks

CARDS_LATER = """
from tafadi.desk.door import Reply
from tafadi.web import peer_app
honest = peer_app.answer
def answer(house, who, method, path, body=b""):
    return Reply({status}, ({body}).encode()) if path.startswith("/cards/") else honest(house, who, method, path, body)
peer_app.answer = answer
"""


@pytest.mark.parametrize(
    ("status", "body", "trouble"),
    [
        (200, f"'x' * {peers.ANSWER_MAX_BYTES + 1}", "longer than"),
        (200, "'***'", "not cards"),
        (200, "'e30='", "cannot be told; entries go out all the same"),
        (404, "''", "404"),
        (503, "''", "503"),
        (403, "''", ""),
        (500, "''", ""),
    ],
)
def test_a_stop_goes_out_to_a_node_that_does_not_tell_whose_cards_it_goes_by(tmp_path: Path, status: int, body: str, trouble: str) -> None:
    """A fault of that one answer is trouble of the line, which is tried again; a plain no is not, and is told once."""
    with world(tmp_path, "alpha", "bravo", start=False) as both:
        alpha, bravo = both["alpha"], both["bravo"]
        bravo.start(before=CARDS_LATER.format(status=status, body=body))
        alpha.start()
        stop = alpha.ask("line", "stop", "--what", "sky/1")["entry"]
        until(lambda: stop in str(bravo.ask("line", "show")["stops"]))
        if trouble:
            until(lambda: trouble in alpha.trouble("bravo"))
            assert alpha.line("bravo")["heard_at"]
        else:
            until(lambda: f"refused /cards/{both.pact.id}/alpha/2 ({status}" in alpha.log.read_text())
            until(both.well)
