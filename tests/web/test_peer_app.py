"""What a peer may ask, what it is answered, and what a lying peer that really holds its keys can do: nothing but convict itself."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from nodes import Liar, World, square, until, world
from tafadi.desk.hello import open_hello
from tafadi.desk.pact import pact_of
from tafadi.measure.instant import Instant, Span
from tafadi.model.entry import EntryType
from tafadi.model.line import Attempt, Stop, StopStep
from tafadi.net.tls import client_context
from tafadi.trust.canon import Json, canonical, to_base64
from tafadi.trust.card import CARD_MAX_BYTES, open_card, sign_card
from tafadi.trust.checkpoint import PROTOCOL, Checkpoint, check_cosignature, open_checkpoint, origin_of, sign_checkpoint
from tafadi.trust.evidence import EVIDENCE_MAX_BYTES, Contradiction, compare_checkpoints, encode_evidence, open_evidence
from tafadi.trust.heartbeat import encode_heartbeat
from tafadi.trust.keys import SigningKey
from tafadi.trust.log import Frontier, leaf_hash
from tafadi.trust.push import Push, encode_push
from tafadi.trust.tiles import encode_bundle, encode_hashes, tile_path
from world import keys_of

NOW = Instant.parse("2026-11-23T12:00:00Z")


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Alpha and bravo, signed by both; alpha runs, and the tests speak for bravo."""
    with world(tmp_path_factory.mktemp("peer"), "alpha", "bravo", start=False) as both:
        both["alpha"].start()
        yield both


@pytest.fixture(scope="module")
def bravo(pair: World) -> Liar:
    """Bravo's keys, with its feed as far as it was pushed; entry 0 is pushed."""
    liar = Liar(pair, "bravo", "alpha")
    liar.load()
    first, liar.leaves = liar.leaves, []
    assert liar.push(*first).status_code == 200
    until(lambda: pair["alpha"].status()["in_force"])
    return liar


def attempt(bravo: Liar, **more: Any) -> bytes:
    """An honest entry of bravo's, the next in its feed."""
    return bravo.leaf(bravo.message(Attempt("radio", 1, False), EntryType.ATTEMPT, Instant.parse(_now()), **more))


def _now() -> str:
    from tafadi.node import SystemClock

    return str(SystemClock().now())


def feed_size(pair: World) -> int:
    """How many of bravo's entries alpha holds."""
    return int(pair["alpha"].status()["feeds"]["bravo"])


def test_a_push_is_answered_with_a_receipt_for_exactly_that_tree(pair: World, bravo: Liar) -> None:
    answer = bravo.push(attempt(bravo))
    assert answer.status_code == 200
    frontier = Frontier().extend([leaf_hash(leaf) for leaf in bravo.leaves])
    signed = Checkpoint(bravo.origin, frontier.size, frontier.root())
    check_cosignature(answer.text, signed, bravo.pact.mirror("alpha"), bravo.pact.cards["alpha"].mirror)


def test_a_replayed_push_stores_nothing_twice(pair: World, bravo: Liar) -> None:
    leaf = attempt(bravo)
    body = encode_push(Push(bravo.origin, len(bravo.leaves), (leaf,), bravo.note([*bravo.leaves, leaf])))
    assert bravo.post("/push", body).status_code == 200
    bravo.leaves.append(leaf)
    size = feed_size(pair)
    again = bravo.post("/push", body)
    assert again.status_code in (200, 409)
    assert feed_size(pair) == size
    later = bravo.push(attempt(bravo))
    assert later.status_code == 200
    assert bravo.post("/push", body).status_code == 409
    assert feed_size(pair) == size + 1


def test_rule_02_a_push_from_the_wrong_size_is_told_the_right_one(pair: World, bravo: Liar) -> None:
    leaves = [*bravo.leaves, attempt(bravo)]
    answer = bravo.post("/push", encode_push(Push(bravo.origin, len(leaves) + 5, (), bravo.note(leaves))))
    assert answer.status_code in (409, 422)
    answer = bravo.post("/push", encode_push(Push(bravo.origin, 0, tuple(leaves[:1]), bravo.note(leaves))))
    assert (answer.status_code, answer.text) == (409, f"{len(bravo.leaves)}\n")


@pytest.mark.parametrize("cut", [0, 1, 2, 10, 40, 60, 200, -1])
def test_a_truncated_push_is_refused_whole(pair: World, bravo: Liar, cut: int) -> None:
    leaf = attempt(bravo)
    body = encode_push(Push(bravo.origin, len(bravo.leaves), (leaf,), bravo.note([*bravo.leaves, leaf])))
    size = feed_size(pair)
    answer = bravo.post("/push", body[:cut])
    assert answer.status_code in (400, 403, 404)
    assert answer.json()["detail"]
    assert feed_size(pair) == size


def test_a_forged_checkpoint_is_refused(pair: World, bravo: Liar) -> None:
    leaf = attempt(bravo)
    frontier = Frontier().extend([leaf_hash(one) for one in [*bravo.leaves, leaf]])
    forged = sign_checkpoint(Checkpoint(bravo.origin, frontier.size, frontier.root()), bravo.identity.mirror)  # not the log's key
    answer = bravo.post("/push", encode_push(Push(bravo.origin, len(bravo.leaves), (leaf,), forged)))
    assert answer.status_code in (400, 403)
    assert pair["alpha"].status()["evidence"] == 0


def test_entries_that_do_not_give_the_signed_root_are_refused_and_accuse_nobody(pair: World, bravo: Liar) -> None:
    leaf = attempt(bravo)
    answer = bravo.post("/push", encode_push(Push(bravo.origin, len(bravo.leaves), (b"{}",), bravo.note([*bravo.leaves, leaf]))))
    assert answer.status_code == 422
    assert pair["alpha"].status()["evidence"] == 0


def test_a_node_says_to_the_parties_alone_what_it_speaks_and_knows(pair: World, bravo: Liar) -> None:
    answer = bravo.get("/hello")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert open_hello(answer.content).versions == {PROTOCOL}
    assert [bravo.post("/hello", b"").status_code, bravo.get("/hello/").status_code] == [405, 404]


def test_a_push_of_the_receivers_own_feed_is_refused(pair: World, bravo: Liar) -> None:
    answer = bravo.post("/push", encode_push(Push(bravo.pact.origin("alpha"), 0, (), bravo.note(bravo.leaves))))
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "origin", ["tafadi.v1/none-000000000000/bravo/1", "tafadi.v1/x", "\x1b[2J", "tafadi.v1/../../bravo/1", "tafadi.v2/sky/bravo/1"]
)
def test_an_unknown_agreement_or_origin_is_refused(pair: World, bravo: Liar, origin: str) -> None:
    assert bravo.post("/push", encode_push(Push(origin, 0, (), bravo.note(bravo.leaves)))).status_code in (400, 404)


@pytest.mark.parametrize("path", ["/", "/push", "/verb/status", "/feed", "/feed/", "/feed/a/b/c/d/e", "/.well-known/x", "/feed/%2e%2e/x"])
def test_an_unknown_route_is_not_found_and_the_control_verbs_are_not_here(pair: World, bravo: Liar, path: str) -> None:
    assert bravo.get(path).status_code in (400, 404, 405)


@pytest.mark.parametrize("body", [b"", b"\n\n\n", b"tafadi.v1/heartbeat\n", b"\xff" * 300, b"tafadi.v1/heartbeat\nnone\nbravo\n1\n"])
def test_a_heartbeat_that_is_none_is_refused(pair: World, bravo: Liar, body: bytes) -> None:
    assert bravo.post("/heartbeat", body).status_code in (400, 403, 404, 422)


def test_a_heartbeat_in_anothers_name_is_refused(pair: World, bravo: Liar) -> None:
    forged = encode_heartbeat(bravo.pact.id, "alpha", 1, Instant.parse(_now()), [], bravo.identity.envelope)
    assert bravo.post("/heartbeat", forged).status_code in (403, 422)


def test_a_clock_that_is_off_alarms(pair: World, bravo: Liar) -> None:
    late = encode_heartbeat(bravo.pact.id, "bravo", 1, Instant.parse("2026-01-01T00:00:00Z"), [], bravo.identity.envelope)
    assert bravo.post("/heartbeat", late).status_code == 200
    assert "the clock of bravo differs" in pair["alpha"].log.read_text()


def test_checkpoint_tiles_and_entries_are_served_and_agree(pair: World, bravo: Liar) -> None:
    base = f"/feed/{bravo.origin}"
    checkpoint = open_checkpoint(bravo.get(f"{base}/checkpoint").content, bravo.pact.cards["bravo"].log)
    size = len(bravo.leaves)
    assert checkpoint.size == size
    hashes = [leaf_hash(leaf) for leaf in bravo.leaves]
    entries = bravo.get(f"{base}/{tile_path(None, 0, size)}")
    tile = bravo.get(f"{base}/{tile_path(0, 0, size)}")
    assert entries.content == encode_bundle(bravo.leaves)
    assert tile.content == encode_hashes(hashes)
    assert Frontier().extend([tile.content[at : at + 32] for at in range(0, len(tile.content), 32)]).root() == checkpoint.root


def test_the_nodes_own_feed_is_served_and_what_it_does_not_have_is_not(pair: World, bravo: Liar) -> None:
    own = bravo.pact.origin("alpha")
    assert open_checkpoint(bravo.get(f"/feed/{own}/checkpoint").content, bravo.pact.cards["alpha"].log).size >= 1
    assert bravo.get(f"/feed/{own}/tile/0/999").status_code == 404
    assert bravo.get(f"/feed/{own}/tile/64/000").status_code in (400, 404)
    assert bravo.get(f"/feed/{own}/tile/0/../../../keys").status_code in (400, 404)
    assert bravo.get(f"/feed/{bravo.pact.id}/keys/root.key").status_code in (400, 404)


def problem_of(answer: httpx.Response) -> tuple[int, str]:
    """Status and name of a refusal, which is a problem document with a sentence in it (RFC 9457)."""
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["status"] == answer.status_code
    assert told["type"] == f"urn:tafadi:error:{told['title']}"
    assert told["detail"]
    return answer.status_code, told["title"]


@pytest.mark.parametrize("body", [b"", b"\x00\xff" * 50, b"{}", b'"card"', b"[" * 20_000])
@pytest.mark.parametrize("route", ["card", "evidence"])
def test_a_card_or_a_proof_that_is_none_is_refused(pair: World, bravo: Liar, route: str, body: bytes) -> None:
    assert problem_of(bravo.post(f"/{route}/{bravo.pact.id}", body)) == (400, "FormatError")
    assert pair["alpha"].status()["evidence"] == 0


@pytest.mark.parametrize(("route", "longest_bytes"), [("card", CARD_MAX_BYTES), ("evidence", EVIDENCE_MAX_BYTES)])
def test_a_card_or_a_proof_that_is_too_long_is_refused_unread(pair: World, bravo: Liar, route: str, longest_bytes: int) -> None:
    assert problem_of(bravo.post(f"/{route}/{bravo.pact.id}", b"x" * (longest_bytes + 1))) == (413, "LimitError")


def test_cards_and_proofs_of_an_agreement_that_is_not_signed_here_are_not_found(pair: World, bravo: Liar) -> None:
    unknown = "none-000000000000"
    answers = [
        bravo.post(f"/card/{unknown}", bravo.folder.card),
        bravo.post(f"/evidence/{unknown}", b"{}"),
        bravo.get(f"/cards/{unknown}/bravo/2"),
    ]
    assert {problem_of(answer) for answer in answers} == {(404, "MissingError")}
    for path in ("/cards/", f"/cards/{bravo.pact.id}", f"/cards/{bravo.pact.id}/bravo", f"/cards/{bravo.pact.id}/bravo/2/3"):
        assert bravo.get(path).status_code == 404
    assert bravo.get(f"/card/{bravo.pact.id}").status_code == 405


def test_the_card_of_the_agreement_changes_nothing_and_later_cards_are_given_in_lines(pair: World, bravo: Liar) -> None:
    own = pair["alpha"].folder.card
    for card in (bravo.folder.card, own):
        assert bravo.post(f"/card/{bravo.pact.id}", card).status_code == 200
    for party, card in (("bravo", bravo.folder.card), ("alpha", own)):
        answers = [bravo.get(f"/cards/{bravo.pact.id}/{party}/{epoch}") for epoch in (1, 2, 1_000_000)]
        assert [(answer.status_code, answer.text) for answer in answers] == [(200, to_base64(card) + "\n"), (200, ""), (200, "")]


@pytest.mark.parametrize("of_what", ["zulu/1", "alpha/0", "alpha/-1", "alpha/x", "alpha/%D9%A1", "alpha/99999999", "%00/1", "alpha/1%0A"])
def test_cards_of_no_party_or_from_no_epoch_are_refused(bravo: Liar, of_what: str) -> None:
    assert problem_of(bravo.get(f"/cards/{bravo.pact.id}/{of_what}")) == (422, "InputError")


def test_a_card_that_does_not_follow_is_refused_each_for_its_reason(pair: World, bravo: Liar) -> None:
    card, root = open_card(bravo.folder.card), bravo.folder.key("root")
    thief = SigningKey.from_seed(b"\7" * 32)
    due = {
        sign_card(replace(card, epoch=3), root): (404, "MissingError"),
        sign_card(replace(card, valid=Span(card.valid.start, card.valid.end.plus(1.0))), root): (422, "SessionError"),
        sign_card(replace(card, epoch=2, root=thief.public), thief): (403, "NotPermittedError"),
        keys_of("zulu", 2).card: (403, "NotPermittedError"),
        bravo.folder.card.replace(b'"sig":"', b'"sig":"AAAA', 1): (400, "FormatError"),
    }
    for data, refusal in due.items():
        assert problem_of(bravo.post(f"/card/{bravo.pact.id}", data)) == refusal
    assert bravo.get(f"/cards/{bravo.pact.id}/bravo/2").content == b""


def test_evidence_that_proves_nothing_or_is_about_other_keys_accuses_nobody(pair: World, bravo: Liar) -> None:
    note = bravo.note(bravo.leaves)
    for kind in ("two-roots-at-one-size", "no-common-tree", "two-entries-at-one-index"):
        value: dict[str, Json] = {
            "version": PROTOCOL, "kind": kind, "card": to_base64(bravo.folder.card), "nodes": [],
            "first": to_base64(note), "second": to_base64(note),
        }  # fmt: skip
        assert problem_of(bravo.post(f"/evidence/{bravo.pact.id}", canonical(value)))[0] in (400, 403)
    zulu = keys_of("zulu")
    origin = origin_of(bravo.pact.id, "zulu", 1)
    notes = [sign_checkpoint(Checkpoint(origin, 1, bytes([number]) * 32), zulu.identity.log) for number in (1, 2)]
    evidence = compare_checkpoints(notes[0], notes[1], zulu.identity.log.public)
    assert evidence is not None
    answer = bravo.post(f"/evidence/{bravo.pact.id}", encode_evidence(evidence, zulu.card))
    assert problem_of(answer) == (403, "NotPermittedError")
    assert pair["alpha"].status()["evidence"] == 0
    assert pair["alpha"].cli("feed", "verify").code == 0


def test_an_entry_with_bad_content_is_stored_and_answered_with_a_refusal(pair: World, bravo: Liar) -> None:
    place = len(bravo.leaves)
    payload = bravo.message(Attempt("radio", 1, False), EntryType.ATTEMPT, Instant.parse(_now()))
    assert bravo.push(bravo.leaf({**payload, "no\x1b[31msuch\u202emember": 1})).status_code == 200
    refused = until(lambda: pair["alpha"].ask("line", "show")["refusals"].get(f"bravo/1/{place}"))
    assert refused["alpha"]["code"] == "not-usable"
    shown = pair["alpha"].cli("line", "show").out
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def _odd(payload: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        "an unknown type": {**payload, "type": "gossip"},
        "a body of another type": {**payload, "type": "stop"},
        "no body": {key: value for key, value in payload.items() if key != "body"},
        "another version": {**payload, "v": 2},
        "another sender": {**payload, "sender": "alpha"},
        "another index": {**payload, "index": 7_000},
        "a negative index": {**payload, "index": -1},
        "no recipients": {**payload, "recipients": []},
        "a far future": {**payload, "sent_at": "2199-12-31T23:59:59Z"},
        "a time in another zone": {**payload, "sent_at": "2026-07-01T09:00:00-05:00"},
        "a mode not agreed": {**payload, "mode": "REAL"},
        "an operator not on the card": {**payload, "operator": {"role": "admiral", "key": "0" * 16}},
        "a reference to nothing": {**payload, "refs": [{"entry": "bravo/1/999999", "leaf": "0" * 64}]},
        "seen what nobody signed": {**payload, "seen": [{"party": "nobody", "epoch": 9, "size": 3, "root": "0" * 64}]},
        "seen a negative size": {**payload, "seen": [{"party": "alpha", "epoch": 1, "size": -4, "root": "0" * 64}]},
        "a body that is a list": {**payload, "body": []},
        "texts where numbers belong": {**payload, "body": {"channel": 5, "tries": "x", "answered": 1}},
        "a target": {**payload, "target": "x"},
    }


@pytest.mark.parametrize("case", sorted(_odd({})))
def test_no_odd_entry_stops_the_feed(pair: World, bravo: Liar, case: str) -> None:
    payload = bravo.message(Attempt("radio", 1, False), EntryType.ATTEMPT, Instant.parse(_now()))
    assert bravo.push(bravo.leaf(_odd(payload)[case])).status_code == 200
    after = len(bravo.leaves)
    assert bravo.push(attempt(bravo)).status_code == 200
    until(lambda: f"bravo/1/{after}" in pair["alpha"].ask("line", "show")["attempts"])


@pytest.mark.parametrize("leaf", [b"", b"\x00", b"{}", b"null", b"[" * 60_000, b"\xff" * 65_535, b'{"payload":"","signatures":[]}'])
def test_rule_05_no_bytes_at_all_stop_the_feed(pair: World, bravo: Liar, leaf: bytes) -> None:
    assert bravo.push(leaf).status_code == 200
    after = len(bravo.leaves)
    assert bravo.push(attempt(bravo)).status_code == 200
    until(lambda: f"bravo/1/{after}" in pair["alpha"].ask("line", "show")["attempts"])


def test_an_entry_that_another_party_signed_takes_no_effect_and_is_a_fault_of_the_feed(pair: World, bravo: Liar) -> None:
    payload = bravo.message(Attempt("radio", 1, False), EntryType.ATTEMPT, Instant.parse(_now()))
    place = len(bravo.leaves)
    stolen = pair["alpha"].folder.identity().mirror
    from tafadi.trust.envelope import seal

    assert bravo.push(seal(payload, stolen)).status_code == 200
    refused = until(lambda: pair["alpha"].ask("line", "show")["refusals"].get(f"bravo/1/{place}"))
    assert refused["alpha"]["code"] == "bad-signature"
    told = pair["alpha"].cli("feed", "verify", "--json")
    assert told.code == 1
    assert any(f"entry {place}: bad-signature" in fault for feed in told.json["feeds"] for fault in feed["faults"])


def test_an_entry_that_has_seen_what_nobody_has_waits_loudly_and_a_stop_behind_it_is_heard_at_once(pair: World, bravo: Liar) -> None:
    """From here on bravo's feed waits for an entry of ours that will not come for long; it is shown, and judged within a bound."""
    ahead = [{"party": "alpha", "epoch": 1, "size": 1_000_000, "root": "0" * 64}]
    waiting = f"bravo/1/{len(bravo.leaves)}"
    assert bravo.push(attempt(bravo, seen=ahead)).status_code == 200
    until(lambda: f"{waiting} is stored and waits" in pair["alpha"].log.read_text())
    stop = bravo.message(Stop(StopStep.RAISED, ("sky/1",)), EntryType.STOP, Instant.parse(_now()), precedence="FLASH")
    assert bravo.push(bravo.leaf(stop)).status_code == 200
    until(lambda: "STOP RAISED by bravo" in pair["alpha"].log.read_text())
    shown = pair["alpha"].ask("line", "show")
    assert waiting in shown["attempts"]
    assert [one["sender"] for one in shown["stops"]] == ["bravo"]


def test_a_forked_feed_convicts_its_owner_and_the_node_goes_on(pair: World, bravo: Liar) -> None:
    """Runs last: bravo, which really holds its keys, signs two histories of its feed."""
    told, other = attempt(bravo), bravo.leaf(bravo.message(Attempt("telephone", 2, True), EntryType.ATTEMPT, Instant.parse(_now())))
    before = list(bravo.leaves)
    assert bravo.push(told).status_code == 200
    fork = Liar(pair, "bravo", "alpha")
    fork.leaves = before
    answer = fork.push(other)
    assert answer.status_code == 422
    assert "two roots" in answer.json()["detail"]
    assert pair["alpha"].status()["evidence"] == 1
    verified = pair["alpha"].cli("feed", "verify")
    assert verified.code == 1
    assert "EVIDENCE of a broken protocol: 1" in verified.out
    exhibit = next(one for one in _exhibits(pair) if one.accuses)
    evidence, card = open_evidence(exhibit.data)
    assert (evidence.kind, card.party) == (Contradiction.TWO_ROOTS, "bravo")
    assert fork.push(other).status_code == 422
    assert pair["alpha"].status()["evidence"] == 1  # one proof is enough
    assert "two different histories" in pair["alpha"].log.read_text()
    assert bravo.push(attempt(bravo)).status_code == 200  # storing goes on, and so does the node
    assert pair["alpha"].ask("notice", "send", "-", stdin=square("after the fork").encode())["entry"]


def _exhibits(pair: World) -> list[Any]:
    from tafadi.store.sqlite import SqliteJournal

    journal = SqliteJournal(pair["alpha"].path / "journal.db", read_only=True)
    try:
        return list(journal.exhibits())
    finally:
        journal.close()


def test_a_fork_under_one_agreement_leaves_the_other_agreements_alone(pair: World, bravo: Liar) -> None:
    """After the fork: a third party and a second agreement at the same node."""
    first = pair.document
    charlie = pair.add("charlie")
    document = pair.agree(name="second", parties=("alpha", "charlie"))
    try:
        pair.introduce()
        for party in ("charlie", "alpha"):
            signed = pair.sign(party, document)
            assert signed.code == 0, signed.err
        charlie.start()
        until(lambda: charlie.status()["in_force"])
        entry = charlie.ask("line", "check")["entry"]
        shown = until(lambda: pair["alpha"].ask("line", "show", "--agreement", "second")["line_checks"])
        assert shown[0]["id"] == entry
        _check_stranger(pair, first)
    finally:
        charlie.end()
        pair.document = first


def _check_stranger(pair: World, document: Path) -> None:
    """Charlie, a party to the second agreement, is let in, and is no party to the first: it learns and changes nothing of it."""
    first = pact_of(document.read_bytes())
    context = client_context(pair["charlie"].path / "keys", first.cards["alpha"].tls_certificate)
    with httpx.Client(verify=context, base_url=pair["alpha"].url, trust_env=False, timeout=20.0) as charlie:
        answers = [
            charlie.post(f"/card/{first.id}", content=pair["bravo"].folder.card),
            charlie.post(f"/evidence/{first.id}", content=b"{}"),
            charlie.get(f"/cards/{first.id}/alpha/1"),
            charlie.get(f"/feed/{first.origin('bravo')}/checkpoint"),
        ]
    assert {problem_of(answer) for answer in answers} == {(403, "NotPermittedError")}
