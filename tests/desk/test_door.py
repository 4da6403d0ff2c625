"""The door without HTTP: who is let in, which paths there are, and what each answer leaves to be done."""

import json
from pathlib import Path

import pytest

from tafadi.desk import hotline
from tafadi.desk.door import News, Reply, Who, answer, certified
from tafadi.desk.hello import LIMITS, NAMES_MAX, open_hello, own_hello
from tafadi.desk.pulse import beat
from tafadi.errors import FormatError, MissingError, NotPermittedError, TafadiError
from tafadi.model.entry import EntryType
from tafadi.model.line import Attempt
from tafadi.model.names import Mode
from world import OFFICER, StationHouse, World, keys_of


def _is(party: str) -> Who:
    return lambda desk: party


def _asked(world: World, method: str, path: str, body: bytes = b"") -> Reply:
    """What bravo answers alpha."""
    return answer(StationHouse(world["bravo"]), _is("alpha"), method, path, body)


def test_a_push_is_answered_with_a_receipt_and_leaves_entries_to_be_judged(pair: World) -> None:
    hotline.attempt(pair.desk("alpha"), OFFICER, Mode.EXERCISE, Attempt("radio", 1, False))
    reply = _asked(pair, "POST", "/push", pair["alpha"].push_of(1, 2))
    assert (reply.status, reply.news) == (200, News.ENTRIES)
    assert reply.body.startswith("— ".encode())
    again = _asked(pair, "POST", "/push", pair["alpha"].push_of(0, 1))
    assert (again.status, again.body, again.news) == (409, b"2\n", News.NONE)


def test_a_heartbeat_is_answered_with_one_and_a_new_card_is_told_on(pair: World) -> None:
    reply = _asked(pair, "POST", "/heartbeat", beat(pair.desk("alpha")))
    assert (reply.status, reply.news) == (200, News.NONE)
    card = pair["alpha"].renew(keep=False)
    path = f"/card/{pair.pact.id}"
    assert [_asked(pair, "POST", path, card).news for _ in range(2)] == [News.CARD, News.NONE]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"), ("GET", ""), ("GET", "hello"), ("GET", "/hello/x"), ("GET", "/push"), ("POST", "/hello"), ("POST", "/push/"),
        ("GET", "/cards/a/b"), ("GET", "/cards/a/b/c/d"), ("POST", "/card"), ("DELETE", "/push"), ("GET", "/verb/status"),
    ],
)  # fmt: skip
def test_a_path_that_is_none_is_not_found(pair: World, method: str, path: str) -> None:
    with pytest.raises(MissingError):
        _asked(pair, method, path)


@pytest.mark.parametrize("path", ["push", "add-checkpoint", "add-entries", "heartbeat", "card/x", "evidence/x", "feed/x", "cards/x/y/1"])
@pytest.mark.parametrize("body", [b"", b"\xff" * 99, b"\n\n\n"])
def test_bytes_that_are_nothing_are_one_sentence(pair: World, path: str, body: bytes) -> None:
    with pytest.raises(TafadiError):
        _asked(pair, "GET" if path.startswith(("feed", "cards")) else "POST", f"/{path}", body)


def test_nobody_without_a_certificate_of_a_party_learns_anything(pair: World) -> None:
    house, origin = StationHouse(pair["bravo"]), pair.desk("bravo").origin
    own, other = (pair.pact.cards[party].tls_certificate for party in ("bravo", "alpha"))
    for certificate in (None, b"", own, keys_of("zulu").card):
        for path in ("/hello", f"/feed/{origin}/checkpoint", f"/cards/{pair.pact.id}/alpha/1"):
            with pytest.raises(NotPermittedError):
                answer(house, certified(certificate), "GET", path)
    assert answer(house, certified(other), "GET", "/hello").body == own_hello()


def test_tiles_are_served_of_ones_own_feed_and_of_others(pair: World) -> None:
    for party in ("alpha", "bravo"):
        origin = pair.desk(party).origin
        assert _asked(pair, "GET", f"/feed/{origin}/checkpoint").body == pair.desk("bravo").journal.head(origin).checkpoint
    with pytest.raises(MissingError):
        _asked(pair, "GET", f"/feed/{origin.replace('bravo', 'zulu')}/checkpoint")


# Hello


def test_hello_says_the_versions_the_types_and_the_limits() -> None:
    hello = open_hello(own_hello())
    assert hello.versions == {"tafadi.v1"}
    assert hello.types == set(EntryType)
    assert hello.limits == LIMITS


def test_the_specification_shows_the_limits_that_are_kept() -> None:
    page = (Path(__file__).parents[2] / "docs" / "spec" / "exchange.md").read_text()
    shown = open_hello(next(line for line in page.splitlines() if line.startswith('{"limits"')).encode())
    assert shown.limits == LIMITS
    assert shown.versions == {"tafadi.v1"}
    assert shown.types <= set(EntryType)


@pytest.mark.parametrize(
    "member", [{"types": "all"}, {"versions": None}, {"limits": []}, {"types": ["UPPER"]}, {"types": ["a", "a"]}, {"types": ["a"] * 999}]
)
def test_a_hello_of_another_form_is_refused(member: dict[str, object]) -> None:
    with pytest.raises(FormatError):
        open_hello(json.dumps({**json.loads(own_hello()), **member}).encode())
    with pytest.raises(FormatError):
        open_hello(json.dumps({**json.loads(own_hello()), "limits": {str(n): n for n in range(NAMES_MAX + 1)}}).encode())
