"""The record: every entry of every party under an agreement, in the order of each feed, as far as it has its place here.

A cursor is how far of each feed somebody has read: `alpha/1:5,bravo/1:7` is five entries of alpha's first feed and seven of bravo's. It
needs nothing kept at the node, and means the same after a restart, at another node, and after everything was folded anew.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import Field

from tafadi.desk.desk import Desk
from tafadi.desk.outgoing import held_by
from tafadi.errors import InputError
from tafadi.formats.wire import Json, encode, encode_message
from tafadi.model.entry import EntryId
from tafadi.model.message import Message
from tafadi.model.reply import Refusal
from tafadi.web.api.house import House
from tafadi.web.api.paging import CURSOR_MAX, LIMIT, LIMIT_MAX
from tafadi.web.api.shapes import EntryName, Shown, absent, shape_of
from tafadi.web.api.verbs import MEANINGS, PROBLEMS

_ONE: Final = re.compile(r"([a-z][a-z0-9-]{0,31}/[1-9][0-9]{0,8}):(0|[1-9][0-9]{0,14})", re.ASCII)

Marks = dict[str, int]  # how many entries were read, by `party/epoch`


class EntryShown(Shown):
    """One entry: what it says, whether it takes effect, and which parties are known to hold it."""

    id: EntryName
    leaf: Annotated[str, Field(description="The hash of its exact bytes, in hexadecimal.")]
    message: shape_of(Message) = absent()  # type: ignore[valid-type]  # made from the noun
    refused: Annotated[shape_of(Refusal), Field(description="Why it takes no effect.")] = absent()  # type: ignore[valid-type]
    stored_by: Annotated[list[str], Field(description="The parties that are known to have it on their disks, this one among them.")]


class Entries(Shown):
    """The next entries, and the cursor behind them; that is given always, and goes on when there is more."""

    agreement: str
    entries: list[EntryShown]
    next: str
    more: Annotated[bool, Field(description="Whether there are others now.")]


def add_record(router: APIRouter, house: House) -> None:
    """Adds the route of the entries."""

    async def entries(
        agreement: Annotated[str, Query(description=MEANINGS["agreement"])] = "",
        cursor: Annotated[str, Query(max_length=CURSOR_MAX, description="How far of each feed was read: `next` of the page before.")] = "",
        limit: Annotated[int, Query(ge=1, le=LIMIT_MAX, description=MEANINGS["limit"])] = LIMIT,
    ) -> JSONResponse:
        return JSONResponse(await house.turns.take(lambda: _page(house.node.desk(agreement), cursor, limit)))

    router.add_api_route(
        "/entries",
        entries,
        methods=["GET"],
        response_model=Entries,
        response_model_exclude_unset=True,
        summary="Every entry under the agreement, feed by feed.",
        operation_id="entries",
        tags=["record"],
        responses=PROBLEMS,
    )


def _page(desk: Desk, cursor: str, limit: int) -> dict[str, Json]:
    marks = marks_of(desk, cursor)
    shown: list[Json] = [entry_shown(desk, entry) for entry in take_new(desk, marks, limit)]
    return {"agreement": desk.pact.id, "entries": shown, "next": cursor_of(marks), "more": bool(take_new(desk, dict(marks), 1))}


def marks_of(desk: Desk, cursor: str) -> Marks:
    """How far of each feed a cursor says that somebody has read; nothing of any for an empty one. Raises InputError."""
    marks: Marks = {}
    for part in filter(None, cursor.split(",")):
        found = _ONE.fullmatch(part)
        if found is None or found[1].partition("/")[0] not in desk.pact.agreement.parties:
            raise InputError(f"{part[:80]!r} in the cursor is not like alpha/1:5, of a party to {desk.pact.id}")
        marks[found[1]] = int(found[2])
    return marks


def cursor_of(marks: Mapping[str, int]) -> str:
    """The cursor that says so.

    >>> cursor_of({"bravo/1": 7, "alpha/1": 5})
    'alpha/1:5,bravo/1:7'
    """
    return ",".join(f"{feed}:{size}" for feed, size in sorted(marks.items()))


def marks_now(desk: Desk) -> Marks:
    """How far of each feed there is anything to read now."""
    return {_feed_name(desk, origin): desk.views.size(origin) for origin in _origins(desk)}


def take_new(desk: Desk, marks: Marks, most: int) -> list[EntryId]:
    """The next entries beyond the marks, which go on behind them: of one feed after another, each in its order."""
    found: list[EntryId] = []
    for origin in _origins(desk):
        feed = _feed_name(desk, origin)
        start = marks.get(feed, 0)
        end = min(desk.views.size(origin), start + most - len(found))
        found += [desk.pact.entry_id(origin, index) for index in range(start, end)]
        marks[feed] = max(start, end)
    return found


def _origins(desk: Desk) -> Iterator[str]:
    for party in desk.pact.agreement.parties:
        yield from desk.pact.origins(party)


def _feed_name(desk: Desk, origin: str) -> str:
    card = desk.pact.card(origin)
    return f"{card.party}/{card.epoch}"


def entry_shown(desk: Desk, entry: EntryId) -> dict[str, Json]:
    """One entry as it is shown."""
    examined, refusal, origin = desk.views.examined(entry), desk.views.refusal(entry), desk.pact.feed_of(entry)
    others = [party for party in desk.pact.others(desk.party) if party == entry.party or held_by(desk, party, origin) > entry.index]
    shown: dict[str, Json] = {"id": str(entry), "leaf": examined.leaf, "stored_by": [*sorted([desk.party, *others])]}
    if examined.message is not None:
        shown["message"] = encode_message(examined.message)
    if refusal is not None:
        shown["refused"] = encode(refusal)
    return shown
