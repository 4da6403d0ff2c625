"""The verbs as routes: `notice.send` is `POST /v1/notice/send`, `line.show` is `GET /v1/line/show`.

They are made from the table of verbs: a new verb there is a route here, with its arguments as it names and types them. The one argument
that nobody gives is `role`: in which role somebody speaks, the token says. What only reads is named so, by the last word of its name;
anything else says something, and may be sent with an `Idempotency-Key`.
"""

import hashlib
import inspect
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Header, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, create_model

from tafadi.desk.judge import read_anew
from tafadi.desk.ports import Answered, Change
from tafadi.errors import InputError, StoreError, TafadiError
from tafadi.formats.wire import Json
from tafadi.measure.instant import Instant
from tafadi.store.operators import Operator
from tafadi.web.api.answers import Problem, answer_of
from tafadi.web.api.callers import VITAL_VERBS, check_may
from tafadi.web.api.gate import caller
from tafadi.web.api.house import House
from tafadi.web.api.paging import CURSOR_MAX, LIMIT, LIMIT_MAX, Cut
from tafadi.web.api.words import check_words
from tafadi.web.problems import PROBLEM
from tafadi.web.turn import ALONE
from tafadi.web.verbs.table import VERBS, Verb, perform

READS: Final = frozenset({"status", "ready", "picture", "alarms", "list", "show", "pins"})
KEY_MAX: Final = 200  # characters of an idempotency key: a UUID has 36
GIVEN: Final = ("node", "role")  # what the rim gives a verb, and nobody who asks
REPLAYED: Final = "idempotency-replayed"
PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    "default": {"description": "What went wrong.", "content": {PROBLEM: {"schema": Problem.model_json_schema()}}}
}
MEANINGS: Final = {
    "agreement": "Which agreement, by name or identity; needed only where the node has signed several.",
    "entry": "An entry, like alpha/1/17.",
    "mode": "REAL, EXERCISE or TEST; needed where the agreement allows several.",
    "precedence": "ROUTINE, PRIORITY, IMMEDIATE or FLASH.",
    "text": "Free text for people; never authoritative.",
    "geojson": "One notice as a GeoJSON document (docs/spec/geojson-notice.md), as text.",
    "document": "The agreement document, in base64.",
    "card": "The card, in base64.",
    "words": "By party: the 24 words of its root key, as that party read them out.",
    "limit": "How many items of each list are answered at most.",
    "cursor": "`next` of the page before.",
}
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=KEY_MAX,
        pattern=r"^[\x21-\x7e]+$",
        description="Of the caller's choice: who asks the same again under it within 24 h gets the same answer, and it is said once.",
    ),
]


def reads(verb: str) -> bool:
    """Whether the verb only reads. What is not known to do so is taken to say something."""
    return verb.rpartition(".")[2] in READS


def path_of(verb: str) -> str:
    """Where the verb is found, below `/v1`.

    >>> path_of("notice.send")
    '/notice/send'
    """
    return "/" + verb.replace(".", "/")


def add_verbs(router: APIRouter, house: House, verbs: Mapping[str, Verb] = VERBS) -> None:
    """Adds a route for every verb of the table."""
    for name, verb in verbs.items():
        made = _reading(house, name, verb) if reads(name) else _saying(house, name, verb)
        router.add_api_route(
            path_of(name),
            made,
            methods=["GET" if reads(name) else "POST"],
            response_model=answer_of(name, reads=reads(name), speaks="role" in inspect.signature(verb).parameters),
            response_model_exclude_unset=True,
            summary=(verb.__doc__ or name).strip().split("\n")[0],
            operation_id=name.replace(".", "_"),
            tags=[name.partition(".")[0] if "." in name else "node"],
            responses=PROBLEMS,
        )


def arguments_of(name: str, verb: Verb) -> type[BaseModel]:
    """What the verb takes, as a type: exactly these members, each of the type that the verb says."""
    fields: dict[str, Any] = {}
    for given in inspect.signature(verb, eval_str=True).parameters.values():
        if given.name not in GIVEN:
            filled = ... if given.default is inspect.Parameter.empty else given.default
            fields[given.name] = (given.annotation, Field(filled, description=MEANINGS.get(given.name)))
    if name == "agree.sign":
        fields["words"] = (dict[str, str], Field(..., description=MEANINGS["words"]))
    if reads(name):
        fields["limit"] = (int, Field(LIMIT, ge=1, le=LIMIT_MAX, description=MEANINGS["limit"]))
        fields["cursor"] = (str, Field("", max_length=CURSOR_MAX, description=MEANINGS["cursor"]))
    config = ConfigDict(extra="forbid", strict=not reads(name), allow_inf_nan=False)
    title = "".join(part.capitalize() for part in name.replace("-", ".").split("."))
    return create_model(f"{title}Asked", __config__=config, **fields)


def _reading(house: House, name: str, verb: Verb) -> Callable[..., Awaitable[Response]]:
    async def endpoint(request: Request, asked: Any) -> Response:
        check_may(caller(request), name, reads=True)
        given = asked.model_dump(exclude_unset=True)
        cut = Cut(given.pop("limit", LIMIT), given.pop("cursor", ""))
        answer = await house.turns.take(lambda: perform(house.node, name, given))
        return JSONResponse(cut.of(answer))

    endpoint.__annotations__["asked"] = Annotated[arguments_of(name, verb), Query()]
    return endpoint


def _saying(house: House, name: str, verb: Verb) -> Callable[..., Awaitable[Response]]:
    takes_role = "role" in inspect.signature(verb).parameters

    async def endpoint(request: Request, asked: Any, key: Key = None) -> Response:
        operator = caller(request)
        check_may(operator, name, reads=False)
        given = asked.model_dump(exclude_unset=True)
        if name == "agree.sign":
            check_words(given["document"], house.node.settings.party, given.pop("words"))
        if takes_role:
            given["role"] = operator.role
        body, is_replayed = await house.turns.take(lambda: _said(house, operator, name, given, key), alone=key is not None or name in ALONE)
        house.after()
        return Response(body, media_type="application/json", headers={REPLAYED: "true"} if is_replayed else None)

    endpoint.__annotations__["asked"] = Annotated[arguments_of(name, verb), Body()]
    return endpoint


def _said(house: House, operator: Operator, name: str, given: dict[str, Any], key: str | None) -> tuple[bytes, bool]:
    """What the verb answers, and whether it had answered that before.

    Raises InputError where the key was used for something else, and what the verb raises: then nothing is kept under the key.
    """
    if key is None:
        return _encoded(perform(house.node, name, given)), False
    now = house.node.clock.now()
    own_key, request = f"{operator.name} {key}", hashlib.sha256(json.dumps([name, given], sort_keys=True).encode()).digest()
    known = house.node.journal.answered(own_key, now)
    if known is not None and known.request != request:
        raise InputError(f"the idempotency key {key[:KEY_MAX]!r} was used for something else; each request wants its own")
    if known is not None:
        return known.answer, True
    if name in VITAL_VERBS or name in ALONE:
        return _said_at_once(house, name, given, own_key, request, now), False
    return _said_with_its_answer(house, name, given, own_key, request, now), False


def _said_at_once(house: House, name: str, given: dict[str, Any], key: str, request: bytes, now: Instant) -> bytes:
    """What a stop or a distress answers, or a verb that changes more than the journal: to say one of these twice harms nobody.

    So it waits for no answer to be kept with it, and fails with none.
    """
    answer = _encoded(perform(house.node, name, given))
    with suppress(StoreError):
        house.node.journal.commit(Change(answers=(Answered(key, request, answer, now),)))
    return answer


def _said_with_its_answer(house: House, name: str, given: dict[str, Any], key: str, request: bytes, now: Instant) -> bytes:
    """What the verb answers. What it said and the answer under the key become durable together; this step shares no group.

    What it wrote before it failed stays, as without a key. Where the whole could not be written, the desks know nothing of it either.
    """
    desks, failure, answer = house.node.desks.values(), None, b""
    before = [desk.views.read for desk in desks]
    try:
        with house.node.journal.group():
            try:
                answer = _encoded(perform(house.node, name, given))
            except TafadiError as error:
                failure = error
            else:
                house.node.journal.commit(Change(answers=(Answered(key, request, answer, now),)))
    except TafadiError:
        for desk in (desk for desk, read in zip(desks, before, strict=False) if desk.views.read != read):
            read_anew(desk)
        raise
    if failure is not None:
        raise failure
    return answer


def _encoded(answer: dict[str, Json]) -> bytes:
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
