"""The API's routes: every verb is there; who may say what; what is said twice under one key is said once; answers are as described."""

import asyncio
import base64
import inspect
import json
import random
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import APIRouter

from api_client import HOST, Api, opened_api
from tafadi.desk.ports import Change
from tafadi.errors import InputError, QuotaError, StoreError, UnavailableError
from tafadi.store.operators import Operator, OperatorBook, add_operator, remove_operator
from tafadi.store.sqlite import SqliteJournal
from tafadi.trust.keys import key_words
from tafadi.web.api import callers, events
from tafadi.web.api.answers import ANSWERS, answer_of
from tafadi.web.api.callers import CALLS_AT_ONCE, Callers
from tafadi.web.api.house import House
from tafadi.web.api.paging import Cut
from tafadi.web.api.verbs import add_verbs, arguments_of, path_of, reads
from tafadi.web.turn import Turns
from tafadi.web.verbs.table import VERBS

TRIED: dict[str, Any] = {"channel": "radio", "tries": 1, "answered": False}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """Alpha's API."""
    with opened_api(tmp_path_factory.mktemp("api")) as made:
        yield made


# The table


def test_every_verb_of_the_table_is_a_route_and_takes_what_the_verb_takes(api: Api) -> None:
    paths = api.ask("GET", "/v1/openapi.json", "").json()["paths"]
    for name, verb in VERBS.items():
        described = paths[f"/v1{path_of(name)}"]["get" if reads(name) else "post"]
        assert described["operationId"] == name.replace(".", "_")
        taken = set(arguments_of(name, verb).model_fields)
        assert set(inspect.signature(verb).parameters) - {"node", "role"} <= taken
        assert "role" not in taken  # the token says it


def test_a_new_verb_is_a_route_by_itself(api: Api) -> None:
    def weather_tell(node: object, place: str, hours: int = 1) -> dict[str, Any]:
        """Tells the weather."""
        return {"place": place, "hours": hours}

    router = APIRouter()
    add_verbs(router, None, {"weather.tell": weather_tell, "weather.list": weather_tell})  # type: ignore[arg-type]  # nobody asks it
    assert [(route.path, route.methods) for route in router.routes] == [("/weather/tell", {"POST"}), ("/weather/list", {"GET"})]  # type: ignore[attr-defined]


def test_what_is_said_of_answers_is_said_of_verbs_that_there_are() -> None:
    assert set(ANSWERS) <= set(VERBS)


def test_the_description_is_openapi_3_1_with_a_problem_for_every_route(api: Api) -> None:
    told = api.ask("GET", "/v1/openapi.json", "").json()
    assert told["openapi"].startswith("3.1")
    for path, methods in told["paths"].items():
        for described in methods.values():
            assert described["summary"]
            if path.startswith("/v1"):
                assert "application/problem+json" in described["responses"]["default"]["content"]
                assert described["security"]


@pytest.mark.parametrize("verb", [name for name in VERBS if reads(name)])
def test_what_is_read_is_as_it_is_described(api: Api, verb: str) -> None:
    api.say("line.stop", what=["sky/1"])
    api.say("line.distress", text="engine out")
    api.say("line.attempt", **TRIED)
    api.node.judge()
    answer = api.read(verb)
    if answer.status_code == 200:
        answer_of(verb, reads=True, speaks=False).model_validate_json(answer.content)
    else:
        assert answer.status_code in (404, 422), answer.text  # it needs an argument, or there is none of its things


# Who may say what


def test_without_a_token_nothing_is_answered_but_whether_the_node_lives(api: Api) -> None:
    assert api.ask("GET", "/healthz", "").json() == {"alive": True}
    assert api.ask("GET", "/readyz", "").json() == {"ready": True}
    for path in ("/v1/status", "/v1/entries", "/v1/events", "/v1/me", "/metrics", "/v1/nothing"):
        answer = api.ask("GET", path, "")
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("sent", ["", "Bearer", "Bearer ", "Bearer x", "Basic Zm9v", "Bearer tafadi_" + "B" * 43, "Bearer \xff\xfe"])
def test_what_is_no_token_names_nobody(api: Api, sent: str) -> None:
    assert api.ask("GET", "/v1/status", "", headers={b"authorization": sent.encode("latin-1")}).status_code == 401


@pytest.mark.parametrize("role", ["analyst", "auditor"])
def test_who_only_reads_says_nothing_not_even_stop(api: Api, role: str) -> None:
    before = api.size()
    for verb, arguments in (
        ("line.stop", {"what": ["sky/1"]}),
        ("line.attempt", TRIED),
        ("notice.assign", {"track": "a", "entry": "alpha/1/0"}),
    ):
        assert api.say(verb, role, **arguments).status_code == 403
    assert api.size() == before
    assert api.read("line.show", role).status_code == 200


def test_the_role_in_which_somebody_speaks_is_that_of_the_token(api: Api) -> None:
    entry = api.say("line.attempt", "planner", **TRIED).json()["entry"]
    assert api.desk.views.examined(api.desk.find(entry)).message.operator.role == "planner"  # type: ignore[union-attr]
    refused = api.ask("POST", "/v1/line/attempt", "planner", json={**TRIED, "role": "supervisor"})
    assert refused.status_code == 422
    assert "role" in refused.json()["detail"]


def test_only_a_supervisor_decides_by_whose_keys_the_node_goes(api: Api) -> None:
    for verb, arguments in (("agree.sign", {"document": "e30=", "words": {}}), ("card.take", {"card": "e30="})):
        assert api.say(verb, "watch-officer", **arguments).status_code == 403
        assert api.say(verb, "supervisor", **arguments).status_code in (400, 403, 422)


def test_nobody_signs_an_agreement_without_the_words_that_the_others_read_out(api: Api) -> None:
    document = next(iter(api.node.folder.agreements().values()))
    told = {"document": base64.b64encode(document).decode()}
    assert "words" in api.say("agree.sign", "supervisor", **told).json()["detail"]
    assert "bravo read out" in api.say("agree.sign", "supervisor", words={}, **told).json()["detail"]
    wrong = api.say("agree.sign", "supervisor", words={"bravo": key_words(api.desk.pact.cards["alpha"].root)}, **told)
    assert "do not sign" in wrong.json()["detail"]


def test_an_operator_that_was_removed_is_out_at_once(api: Api) -> None:
    folder = api.node.folder.path
    token = add_operator(folder, "short-lived", "auditor", bytes([77]) * 32, api.node.clock.now())
    asked = {"headers": {"authorization": f"Bearer {token}"}}
    assert api.ask("GET", "/v1/me", "", **asked).json() == {"name": "short-lived", "role": "auditor", "may_speak": False, "party": "alpha"}
    remove_operator(folder, "short-lived")
    assert api.ask("GET", "/v1/me", "", **asked).status_code == 401


# Said once


def test_what_is_asked_twice_under_one_key_is_said_once(api: Api) -> None:
    first = api.say("line.attempt", key="radio-1", **TRIED)
    size = api.size()
    again = api.say("line.attempt", key="radio-1", **TRIED)
    assert first.json() == again.json()
    assert (first.headers.get("idempotency-replayed"), again.headers.get("idempotency-replayed")) == (None, "true")
    assert api.size() == size


def test_a_key_is_of_one_operator_and_of_one_request(api: Api) -> None:
    entry = api.say("line.attempt", key="radio-2", **TRIED).json()["entry"]
    other = api.say("line.attempt", key="radio-2", **{**TRIED, "tries": 2})
    assert other.status_code == 422
    assert "something else" in other.json()["detail"]
    assert api.say("line.stop", key="radio-2", what=["sky/1"]).status_code == 422
    assert api.say("line.attempt", "planner", key="radio-2", **TRIED).json()["entry"] != entry


def test_a_key_is_remembered_by_the_record_and_not_by_the_process(api: Api) -> None:
    api.say("line.attempt", key="radio-3", **TRIED)
    beside = SqliteJournal(api.node.folder.path / "journal.db", read_only=True)
    try:
        assert beside.answered("desk-watch-officer radio-3", api.node.clock.now()) is not None
    finally:
        beside.close()


def test_what_was_refused_is_not_kept_under_its_key(api: Api) -> None:
    assert api.say("line.attempt", key="radio-4", **{**TRIED, "tries": -1}).status_code == 422
    assert api.say("line.attempt", key="radio-4", **TRIED).status_code == 200


def test_what_was_said_and_its_answer_are_written_together_or_neither_is(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    commit, size = SqliteJournal.commit, api.size()

    def failing(journal: SqliteJournal, change: Change) -> None:
        if change.answers:
            raise StoreError("the disk is full")
        commit(journal, change)

    with monkeypatch.context() as broken:
        broken.setattr(SqliteJournal, "_transaction", _never_kept(SqliteJournal._transaction))
        refused = api.say("line.attempt", key="radio-5", **TRIED)
        assert refused.status_code == 500
    assert api.size() == size
    assert api.desk.views.size(api.desk.origin) == size, "what was taken back is still shown"
    with monkeypatch.context() as broken:
        broken.setattr(SqliteJournal, "commit", failing)
        assert api.say("line.attempt", key="radio-5", **TRIED).status_code == 500
        assert api.size() == api.desk.views.size(api.desk.origin) == size
        stopped = api.say("line.stop", key="stop-5", what=["sky/1"])
        assert stopped.status_code == 200, "a stop waits for no key"
    assert api.size() == size + 1
    assert api.say("line.attempt", key="radio-5", **TRIED).status_code == 200


def _never_kept(transaction: Any) -> Any:
    @contextmanager
    def broken(journal: Any) -> Iterator[None]:
        with transaction(journal):
            yield
            raise StoreError("the disk is full")

    return broken


def test_a_crowd_with_keys_and_without_is_said_once_each_at_a_slow_disk(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps with a key share no group of commits, and others do; a disk that is waited for in a thread mixes them."""
    monkeypatch.setattr("tafadi.web.turn.SLOW_S", 0.0)
    size = api.size()

    async def run() -> list[int]:
        transport = httpx.ASGITransport(api.app)
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}") as client:

            async def one(number: int) -> int:
                headers = {"authorization": f"Bearer {api.tokens['planner']}"}
                headers |= {"idempotency-key": f"crowd-{number // 6}"} if number % 3 == 0 else {}
                return (await client.post("/v1/line/attempt", json=TRIED, headers=headers)).status_code

            return await asyncio.gather(*map(one, range(36)))

    assert set(asyncio.run(run())) == {200}
    assert api.size() - size == 24 + 6, "every second key was used before"


class Groups:
    """A house whose groups of commits take a moment to be written, and that knows whether one is open."""

    def __init__(self) -> None:
        self.desks: dict[str, Any] = {}
        self.journal: Any = self
        self.open = False

    @contextmanager
    def group(self) -> Iterator[None]:
        assert not self.open
        self.open = True
        yield
        time.sleep(0.001)
        self.open = False


@pytest.mark.parametrize("number", range(5))
def test_a_step_that_is_alone_is_in_no_group_however_many_come(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tafadi.web.turn.SLOW_S", 0.0)
    chance, house = random.Random(number), Groups()

    async def run() -> list[bool]:
        turns = Turns(house)

        async def one(alone: bool, waits: int) -> bool:
            for _ in range(waits):
                await asyncio.sleep(0)
            return await turns.take(lambda: alone and house.open, alone=alone)

        return await asyncio.gather(*(one(chance.random() < 0.3, chance.randrange(40)) for _ in range(300)))

    assert not any(asyncio.run(run())), "somebody who had to be alone was in a group"


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 201, "ключ", "a\x00b"])
def test_a_key_that_is_none_is_refused(api: Api, key: str) -> None:
    answer = api.ask("POST", "/v1/line/attempt", json=TRIED, headers={b"idempotency-key": key.encode("utf-8")})
    assert answer.status_code == 422


# Hostile


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"5", b"null", b"{", b"\xff", b"[" * 200_000, b'{"what": "sky/1"}', b'{"what": [5]}', b'{"what": ["a"], "node": 1}',
     b'{"what": ["\\ud800"]}', b'{"what": ["\\u202e"]}', b'{"what": ["a"], "until": "now"}', 
     b'{"what": ["a"], "until": 1e999}',
     b'{"what": ["a"], "text": NaN}', b'{"what": {"a": 1}}', b'{"what": ["a"], "\\ud800": 1}'],
)  # fmt: skip
def test_a_body_that_says_nothing_is_a_problem_with_a_sentence_and_says_nothing(api: Api, content: bytes) -> None:
    before = api.size()
    answer = api.ask("POST", "/v1/line/stop", content=content, headers={"content-type": "application/json"})
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"]
    assert api.size() == before


def test_a_form_that_any_page_may_send_is_no_request(api: Api) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = api.ask("POST", "/v1/line/stop", content=b'{"what": ["sky/1"]}', headers={"content-type": kind})
        assert answer.status_code == 422, kind


def test_a_body_without_end_is_refused_before_it_is_read(api: Api) -> None:
    assert api.ask("POST", "/v1/line/stop", content=b" " * 4_000_001).status_code == 413


@pytest.mark.parametrize("name", ["evil.example", "127.0.0.1", "127.0.0.1:8089", "127.0.0.1:8088.evil.example", ""])
def test_a_name_that_was_made_to_point_here_is_refused(api: Api, name: str) -> None:
    assert api.ask("GET", "/v1/status", headers={"host": name}).status_code == 403
    assert api.ask("GET", "/healthz", headers={"host": name}).status_code == 403


@pytest.mark.parametrize(
    "header",
    [{"origin": "http://evil.example"}, {"origin": "null"}, {"origin": "https://127.0.0.1:8088"}, {"sec-fetch-site": "cross-site"}],
)
def test_a_page_of_another_origin_is_refused_and_no_answer_allows_it_anything(api: Api, header: dict[str, str]) -> None:
    for method in ("GET", "POST", "OPTIONS"):
        answer = api.ask(method, "/v1/line/stop", headers=header)
        assert answer.status_code == 403
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_its_own_page_is_answered(api: Api) -> None:
    answer = api.ask("GET", "/v1/status", headers={"origin": "http://127.0.0.1:8088", "sec-fetch-site": "same-origin"})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"


def test_who_asks_without_end_waits_and_a_stop_does_not() -> None:
    seconds = [0.0]
    asked, one = Callers(OperatorBook(Path()), lambda: seconds[0]), Operator("a", "planner", "0" * 64, "")
    for _ in range(int(CALLS_AT_ONCE)):
        asked.count(one)
    with pytest.raises(QuotaError) as refused:
        asked.count(one)
    assert refused.value.wait_s == 1
    asked.count(Operator("b", "planner", "1" * 64, ""))
    seconds[0] = 1.0
    asked.count(one)


def test_a_flood_holds_up_no_stop(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callers, "CALLS_AT_ONCE", 0.0)
    flooded = api.read("status", "supervisor")
    assert flooded.status_code == 429
    assert int(flooded.headers["retry-after"]) >= 1
    assert api.say("line.stop", "supervisor", what=["sky/1"]).status_code == 200


# Pages


def test_lists_come_in_pages_that_together_are_the_whole(api: Api) -> None:
    for _ in range(3):
        api.say("line.stop", what=["sky/1"])
    whole = api.read("line.show").json()
    stops: list[Any] = []
    cursor, pages = "", 0
    while True:
        page = api.read("line.show", limit=2, **({"cursor": cursor} if cursor else {})).json()
        assert page["in_force"] == whole["in_force"]
        stops += page.get("stops", [])
        pages += 1
        if "next" not in page:
            break
        cursor = page["next"]
    assert stops == whole["stops"]
    assert pages > 1


@pytest.mark.parametrize("cursor", ["x", "{}", "e30", "eyJhIjoxfQ", "A" * 4_000, "é"])
def test_a_cursor_that_leads_nowhere_is_refused(api: Api, cursor: str) -> None:
    assert api.read("line.show", cursor=cursor).status_code == 422


def test_a_cursor_behind_what_is_gone_is_refused_for_nobody_knows_what_was_missed() -> None:
    first = Cut(1).of({"alarms": [{"at": "1"}, {"at": "2"}, {"at": "3"}]})
    cursor = str(first["next"])
    assert Cut(5, cursor).of({"alarms": [{"at": "1"}, {"at": "2"}]}) == {"alarms": [{"at": "2"}]}
    with pytest.raises(InputError, match="holds no longer"):
        Cut(5, cursor).of({"alarms": [{"at": "2"}, {"at": "3"}]})


def test_entries_are_read_in_order_and_the_cursor_goes_on_where_one_was(api: Api) -> None:
    seen: list[str] = []
    cursor = ""
    while True:
        page = api.ask("GET", "/v1/entries", params={"limit": 2, "cursor": cursor}).json()
        seen += [entry["id"] for entry in page["entries"]]
        cursor = page["next"]
        if not page["more"]:
            break
    assert seen == [f"alpha/1/{index}" for index in range(api.size())]
    entry = api.say("line.attempt", **TRIED).json()["entry"]
    page = api.ask("GET", "/v1/entries", params={"cursor": cursor}).json()
    assert [one["id"] for one in page["entries"]] == [entry]
    assert page["entries"][0]["message"]["body"]["channel"] == "radio"
    assert page["entries"][0]["stored_by"] == ["alpha"], "nobody else has given a receipt"


@pytest.mark.parametrize("cursor", ["alpha", "alpha/1:-1", "alpha/1:1e3", "charlie/1:0", "alpha/1:1;drop", "a" * 5_000, "alpha/1:٣"])
def test_a_cursor_of_no_feed_is_refused(api: Api, cursor: str) -> None:
    assert api.ask("GET", "/v1/entries", params={"cursor": cursor}).status_code == 422


def test_metrics_hold_counts_and_nothing_that_anybody_said(api: Api) -> None:
    api.say("line.distress", text="the hidden meadow")
    told = api.ask("GET", "/metrics", "auditor")
    assert told.status_code == 200
    assert f'tafadi_feed_entries{{agreement="{api.desk.pact.id}",party="alpha"}} {api.size()}' in told.text
    assert "tafadi_alarms_total" in told.text
    assert "meadow" not in told.text
    routes = set(re.findall(r'route="([^"]+)"', told.text))
    assert routes <= {"none", *json.loads(api.ask("GET", "/v1/openapi.json", "").content)["paths"], "/v1/openapi.json"}


def test_bundles_come_and_go_as_files_and_one_that_is_not_whole_is_refused(api: Api) -> None:
    made = api.say("bundle.export", party="bravo").json()
    fetched = api.ask("GET", f"/v1/bundles/{made['name']}", "auditor")
    assert (fetched.status_code, len(fetched.content), fetched.headers["content-type"]) == (200, made["bytes"], "application/octet-stream")
    assert api.ask("DELETE", f"/v1/bundles/{made['name']}", "auditor").status_code == 403
    assert api.ask("DELETE", f"/v1/bundles/{made['name']}").status_code == 204
    assert api.ask("GET", f"/v1/bundles/{made['name']}").status_code == 404
    assert api.ask("PUT", f"/v1/bundles/{made['name']}", content=fetched.content[:-1]).status_code == 422
    assert api.ask("PUT", f"/v1/bundles/{made['name']}", content=fetched.content).status_code == 204
    assert api.say("bundle.import", name=made["name"]).status_code in (200, 409, 422), "it is our own"
    assert api.ask("DELETE", f"/v1/bundles/{made['name']}").status_code == 204
    for name in ("node.json", "..%2Fnode.json", "keys", "bundle-x.tar"):
        assert api.ask("GET", f"/v1/bundles/{name}").status_code in (404, 422)


def test_what_was_sealed_is_shown_to_those_who_speak_alone(api: Api) -> None:
    assert api.read("sealed.show", "auditor", entry="alpha/1/0").status_code == 403
    assert api.read("sealed.show", "watch-officer", entry="alpha/1/0").status_code != 403
    assert api.say("sealed.destroy", "watch-officer", entry="alpha/1/0").status_code == 403


class Clock:
    """Seconds that pass as the test says."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_a_stream_ends_when_its_operator_is_removed_however_much_there_is_to_tell(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, folder = Clock(), api.node.folder.path
    monkeypatch.setattr("tafadi.web.api.events.time.monotonic", clock)
    token = add_operator(folder, "leaving", "auditor", bytes([78]) * 32, api.node.clock.now())
    book = OperatorBook(folder)
    operator = book.named_by(token)
    assert operator is not None

    async def never() -> bool:
        return False

    async def run() -> list[str]:
        house = House(api.node, Turns(api.node), api.alarms, api.app.metrics, lambda: None, print, lambda: False, dict)
        told = events.told(events.begin(house, api.desk, "start"), book, operator, never)
        parts = [await anext(told), await anext(told)]
        remove_operator(folder, "leaving")
        clock.now_s = events.BEAT_S
        parts += [part async for part in told]
        return [part.decode() for part in parts]

    told = asyncio.run(run())
    assert "event: here" in told[0]
    assert len(told) >= 2


def test_there_is_a_limit_to_streams() -> None:
    streams = events.Streams()
    for _ in range(events.STREAMS_MAX):
        streams.begin()
    with pytest.raises(UnavailableError):
        streams.begin()
