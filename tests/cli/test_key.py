"""`tafadi key`, and renewals of every key: a root key that is never where the node is, and what a thief of the TLS key can do."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from nodes import RealNode, World, square, tafadi, until, world
from tafadi.cli.key_cmd import WARNING_DAYS, numbered
from tafadi.errors import SignatureError
from tafadi.model.entry import EntryId
from tafadi.model.sealed import Sealed
from tafadi.net.tls import client_context
from tafadi.node import Node, SystemClock
from tafadi.store.folder import EPOCH_KEYS, Folder
from tafadi.trust.card import open_card
from tafadi.trust.sealed import unwrap_key


def root_of(folder: Path, party: str) -> tuple[Path, str]:
    """A root key in a place of its own, and the words of its public key."""
    file = folder / f"{party}.root"
    return file, str(tafadi("key", "root", file, "--json").json["words"])


def certified(node: Path, root: Path, *options: str) -> Path:
    """The card of the next epoch, asked for at the node and signed elsewhere."""
    asked, card = node.with_suffix(".request"), node.with_suffix(".card")
    told = tafadi("key", "request", node, "--out", asked, *options, "--json")
    assert told.code == 0, told.err
    signed = tafadi("key", "certify", asked, "--root", root, "--words", told.json["words"], "--out", card)
    assert signed.code == 0, signed.err
    return card


def test_rule_14_the_root_key_is_made_apart_signs_the_first_card_and_is_never_in_the_nodes_folder(tmp_path: Path) -> None:
    root, words = root_of(tmp_path, "alpha")
    node = tmp_path / "alpha"
    made = tafadi("node", "init", node, "--party", "alpha", "--root-words", words)
    assert made.code == 0, made.err
    assert "its root key for one" in tafadi("node", "status", node).sentence()
    card = certified(node, root)
    assert tafadi("key", "install", node, card, "--json").json == {"party": "alpha", "epoch": 1, "untold": [], "closed": []}
    assert tafadi("agree", "card", node).out.split() == words.split()
    secret = root.read_bytes().strip()
    assert not any(secret in path.read_bytes() for path in node.rglob("*") if path.is_file())
    assert tafadi("key", "list", node).code == 0


def test_nothing_is_signed_whose_words_are_not_those_of_the_request(tmp_path: Path) -> None:
    root, words = root_of(tmp_path, "alpha")
    node, other = tmp_path / "alpha", tmp_path / "other"
    for made in (node, other):
        tafadi("node", "init", made, "--party", "alpha", "--root-words", words)
    asked, swapped = tmp_path / "asked", tmp_path / "swapped"
    read_out = tafadi("key", "request", node, "--out", asked, "--json").json["words"]
    tafadi("key", "request", other, "--out", swapped)
    refused = tafadi("key", "certify", swapped, "--root", root, "--words", read_out, "--out", tmp_path / "card")
    assert "not those of this request" in refused.sentence()
    assert not (tmp_path / "card").exists()
    foreign = certified(other, root)
    assert "names other keys than lie here" in tafadi("key", "install", node, foreign).sentence()
    stranger, _ = root_of(tmp_path, "stranger")
    signed = tafadi("key", "certify", asked, "--root", stranger, "--words", read_out, "--out", tmp_path / "card")
    assert "another" in signed.sentence() or "would sign it" in signed.sentence()


def test_a_root_key_is_written_over_nothing_and_into_no_nodes_folder(tmp_path: Path) -> None:
    root, words = root_of(tmp_path, "alpha")
    assert "is there already" in tafadi("key", "root", root).sentence()
    tafadi("node", "init", tmp_path / "node", "--party", "alpha", "--root-words", words)
    assert "is stolen with it" in tafadi("key", "root", tmp_path / "node" / "keys" / "root.key").sentence()


def test_the_words_on_paper_make_the_key_again_and_are_never_taken_for_those_that_are_read_out(tmp_path: Path) -> None:
    root, words = root_of(tmp_path, "alpha")
    paper = tmp_path / "paper"
    shown = tafadi("key", "paper", root).out
    assert shown.count("SECRET") == 5
    paper.write_text(shown)
    again = tmp_path / "again.root"
    assert tafadi("key", "read", again, "--words", paper, "--json").json["words"] == words
    assert again.read_bytes() == root.read_bytes()
    secret = tafadi("key", "paper", root, "--json").json["secret"]
    as_public = tafadi("node", "init", tmp_path / "node", "--party", "alpha", "--root-words", secret)
    assert "the words of a SECRET key" in as_public.sentence()
    for wrong, why in (
        (words, "words of a public key"),
        (" ".join(reversed(secret.split())), "fail their checksum"),
        ("one two", "2 words"),
    ):
        paper.write_text(wrong)
        assert why in tafadi("key", "read", tmp_path / "other.root", "--words", paper).sentence()


def test_the_words_are_drawn_as_a_code_for_who_meets_in_person(tmp_path: Path) -> None:
    root, _ = root_of(tmp_path, "alpha")
    for name, begins in (("code.svg", b"<?xml"), ("code.png", b"\x89PNG")):
        assert tafadi("key", "words", root, "--qr", tmp_path / name).code == 0
        assert (tmp_path / name).read_bytes().startswith(begins)
    assert "neither in .svg nor in .png" in tafadi("key", "words", root, "--qr", tmp_path / "code.gif").sentence()
    assert numbered([f"word{number}" for number in range(24)])[3].startswith("19. word18")


def test_keys_that_end_soon_are_told_by_the_exit_code(tmp_path: Path) -> None:
    root, words = root_of(tmp_path, "alpha")
    node = tmp_path / "alpha"
    tafadi("node", "init", node, "--party", "alpha", "--root-words", words)
    assert tafadi("key", "install", node, certified(node, root, "--days", str(WARNING_DAYS - 1))).code == 0
    told = tafadi("key", "list", node)
    assert (told.code, f"epoch 1: {WARNING_DAYS - 2} days left" in told.out) == (1, True)
    assert "1 to 366 days" in tafadi("key", "request", node, "--out", tmp_path / "asked", "--days", "400").sentence()


# Two nodes, bravo running


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Alpha, which each test finds stopped and leaves so; bravo, which runs all the time."""
    with world(tmp_path_factory.mktemp("keys"), "alpha", "bravo", start=False) as both:
        both["bravo"].start()
        (both["alpha"].path / "keys" / "root.key").rename(safe(both))
        yield both


def safe(pair: World) -> Path:
    """Where alpha's root key is kept."""
    return pair.root / "safe.key"


def talked(pair: World) -> None:
    """Alpha runs until both hold all, and stops."""
    pair["alpha"].start()
    until(lambda: pair["alpha"].status()["in_force"])
    pair["alpha"].ask("line", "attempt", "--channel", "radio")
    until(pair.settled)
    assert pair["alpha"].stop() == 0


def connects(pair: World, keys: Path) -> bool:
    """Whether bravo answers whoever has this certificate and its key."""
    context = client_context(keys, open_card(pair["bravo"].folder.card).tls_certificate)
    with httpx.Client(verify=context, base_url=pair["bravo"].url, trust_env=False) as client:
        try:
            return client.get("/hello").status_code == 200
        except httpx.HTTPError:
            return False


def test_rule_14_an_operators_key_and_the_tls_key_are_revoked_by_the_root_which_is_elsewhere(pair: World, tmp_path: Path) -> None:
    """The next card names other keys for both, and drops a role. Bravo hears of it over the certificate that it knew, and of one before."""
    alpha = pair["alpha"]
    alpha.ask("node", "renew", "--root", safe(pair))
    before, stolen = open_card(alpha.folder.card), tmp_path / "stolen"
    stolen.mkdir()
    for name in ("tls.crt", "tls.pem"):
        (stolen / name).write_bytes((alpha.folder.tls() / name).read_bytes())
    assert connects(pair, stolen)
    card = certified(alpha.path, safe(pair), "--operator", "watch-officer", "--drop", "planner", "--tls")
    assert connects(pair, stolen), "the card is made, and nobody goes by it yet"
    told = tafadi("key", "install", alpha.path, card, "--json").json
    assert (told["epoch"], told["untold"]) == (before.epoch + 1, [])
    after = open_card(alpha.folder.card)
    assert [role for role, _ in after.operators] == ["supervisor", "watch-officer"]
    assert after.operator("watch-officer") != before.operator("watch-officer")
    assert after.operator("supervisor") == before.operator("supervisor")
    assert after.tls_certificate != before.tls_certificate
    assert not connects(pair, stolen), "the certificate that was stolen is nobody's any more"
    kept = {path.name for path in (alpha.path / "keys").rglob("*") if path.is_file() and path.stat().st_size}
    assert kept == {
        *(f"{name}.key" for name in EPOCH_KEYS),
        "operator-supervisor.key",
        "operator-watch-officer.key",
        "card.json",
        "tls.crt",
        "tls.pem",
    }
    talked(pair)
    assert "has no key on this node" in alpha.cli("line", "attempt", "--channel", "radio", "--role", "planner").sentence()


def test_what_was_said_between_request_and_installation_is_not_cut_off(pair: World, tmp_path: Path) -> None:
    alpha = pair["alpha"]
    card = certified(alpha.path, safe(pair))
    alpha.ask("line", "attempt", "--channel", "radio")
    assert "something was said since the request" in tafadi("key", "install", alpha.path, card).sentence()
    assert tafadi("key", "install", alpha.path, certified(alpha.path, safe(pair))).code == 0


@pytest.mark.soak
def test_a_party_that_cannot_be_told_the_new_certificate_is_named_and_takes_the_card_from_a_file(pair: World) -> None:
    alpha, bravo = pair["alpha"], pair["bravo"]
    talked(pair)
    assert bravo.stop() == 0
    told = alpha.ask("node", "renew", "--root", safe(pair), "--tls")
    assert [one["party"] for one in told["untold"]] == ["bravo"]
    bravo.start()
    assert tafadi("agree", "take-card", bravo.path, alpha.path / "card.json").code == 0
    talked(pair)


def test_rule_17_what_was_destroyed_cannot_be_read_from_anything_that_is_left_after_a_renewal(pair: World) -> None:
    alpha, bravo = pair["alpha"], pair["bravo"]
    alpha.start()
    until(pair.settled)  # so that bravo goes by alpha's newest card
    kept = bravo.ask("sealed", "send", "--text", "what may stay", "--to", "alpha")["entry"]
    gone = bravo.ask("sealed", "send", "--text", "what must go", "--to", "alpha")["entry"]
    closed = bravo.ask("notice", "send", "-", "--seal-for", "alpha", stdin=square("sealed").encode())["entry"]
    until(pair.settled)
    assert alpha.stop() == 0
    assert alpha.cli("sealed", "show", gone).out == "what must go\n"
    assert [one["here"] for one in alpha.ask("sealed", "list")["sealed"]] == ["READ"] * 3
    assert alpha.ask("sealed", "show", closed)["confided"]["notice"]["title"] == "sealed"
    revealed = alpha.ask("sealed", "show", kept, "--reveal")["key"]
    assert revealed.encode() in b"".join(path.read_bytes() for path in (alpha.path / "sealed").rglob("*.key"))
    assert alpha.cli("sealed", "destroy", gone).code == 0
    assert "was destroyed here" in alpha.cli("sealed", "show", gone).sentence()
    assert alpha.ask("node", "renew", "--root", safe(pair))["closed"] == []
    assert [one["here"] for one in alpha.ask("sealed", "list")["sealed"]] == ["READ", "DESTROYED", "READ"]
    assert opens_with_nothing_left(alpha, EntryId.parse(gone))
    assert bravo.cli("sealed", "show", gone).out == "what must go\n", "each destroys its own"
    assert "readable here" in alpha.cli("sealed", "list").out


def opens_with_nothing_left(node: RealNode, entry: EntryId) -> bool:
    """Whether no 32 bytes that lie in any file of the folder open the key that is wrapped in the entry."""
    folder = Folder.open(node.path)
    with folder.locked():
        running = Node(folder, SystemClock())
        try:
            said = running.desk().views.examined(entry).message
        finally:
            running.close()
    assert said is not None
    assert isinstance(said.body, Sealed)
    wrapped = said.body.key_of(node.party)
    assert wrapped is not None
    for path in node.path.rglob("*.key"):
        if path.stat().st_size:
            private = base64.b64decode(path.read_bytes())
            with pytest.raises(SignatureError):
                unwrap_key(wrapped.wrapped, private, bytes.fromhex(said.body.commitment), said.origin.encode())
    return True


def test_rule_16_a_third_party_joins_over_the_command_line_and_signs_no_ends_that_are_false(pair: World, tmp_path: Path) -> None:
    alpha, bravo = pair["alpha"], pair["bravo"]
    charlie = pair.add("charlie")
    del pair.nodes["charlie"]  # it runs not, and is not waited for
    document, before = tmp_path / "three.json", pair.pact.id
    made = alpha.ask("agree", "succeed", "--join", charlie.path / "card.json", "--out", document)
    false = tmp_path / "false.json"
    false.write_text(document.read_text().replace(made_root(document), "7" * 64))
    others = [part for party in (bravo, charlie) for part in ("--words", f"{party.party}={words_of(party)}")]
    assert "is not in the feed that is held here" in tafadi("agree", "sign", alpha.path, false, *others).sentence()
    signed = tafadi("agree", "sign", alpha.path, document, *others, "--json").json
    assert all(pin["held"] == pin["pinned"] for pin in signed["pins"])
    shown = tafadi("agree", "pins", alpha.path, "--agreement", made["id"])
    assert "are those held here" in shown.out
    theirs = [part for party in (alpha, bravo) for part in ("--words", f"{party.party}={words_of(party)}")]
    newcomer = tafadi("agree", "sign", charlie.path, document, *theirs, "--json").json
    assert "pins" not in newcomer
    assert "was no party of" in tafadi("agree", "pins", charlie.path).out
    stick, entries = tmp_path / "history.tar", tmp_path / "entries.jsonl"
    assert tafadi("agree", "share-history", alpha.path, stick, "--agreement", before).code == 0
    proved = tafadi("agree", "history", document, stick, "--out", entries)
    assert (proved.code, "all parties pinned" in proved.out) == (0, True)
    assert len(entries.read_text().splitlines()) == sum(pin["pinned"] for pin in signed["pins"])
    assert tafadi("agree", "history", false, stick, "--json").code == 1


def words_of(node: RealNode) -> str:
    """What its party reads out."""
    return str(tafadi("agree", "card", node.path, "--json").json["words"])


def made_root(document: Path) -> str:
    """The root of the first end that the document pins."""
    return str(json.loads(document.read_bytes())["pins"][0]["root"])
