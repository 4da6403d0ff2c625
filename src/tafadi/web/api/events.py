"""Events: what is new, told as it comes (server-sent events, HTML Living Standard, section 9.2).

`entry` is an entry that has its place in the record now; `alarm` what officers must see and hear; `stored` how far another party's receipt
for this party's feed goes; `here` comes first and says where the stream begins. Each carries as its `id` how far of everything one has been
told: whoever was cut off sends it back as `Last-Event-ID` and misses nothing of the record. Alarms are counted from the node's start: after
another start all that it has rung is told.

A stream looks for news some times a second. Where there are none that costs a comparison for each feed.
"""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse

from tafadi.desk.desk import Desk
from tafadi.desk.outgoing import held_by
from tafadi.errors import InputError, UnavailableError
from tafadi.formats.wire import Json
from tafadi.node import Alarm
from tafadi.store.operators import Operator, OperatorBook
from tafadi.web.api.gate import caller
from tafadi.web.api.house import House
from tafadi.web.api.paging import CURSOR_MAX
from tafadi.web.api.record import Marks, cursor_of, entry_shown, marks_now, marks_of, take_new
from tafadi.web.api.verbs import MEANINGS, PROBLEMS
from tafadi.web.lasting import UNHURRIED

LOOK_S: Final = 0.2  # an alert is to be shown within a second
RECEIPTS_S: Final = 1.0  # how often receipts are looked at: they are in the record and not in the picture
BEAT_S: Final = 15.0  # how often a silent stream shows that it is there: proxies cut what says nothing for half a minute
STREAMS_MAX: Final = 32  # a watch has a handful of screens; each holds a connection
ENTRIES_AT_ONCE: Final = 100  # told in one step, so that a long record holds up nobody
RETRY_MS: Final = 1_000  # after how long a browser that was cut off comes again
MEDIA_TYPE: Final = "text/event-stream"
START: Final = "start"

_ID: Final = re.compile(r"([^;]*)(?:;alarm=([0-9a-f]{1,32}):(0|[1-9][0-9]{0,14}))?")


@dataclass
class Stream:
    """One stream: how far of the record and of the alarms has been told."""

    house: House
    desk: Desk
    marks: Marks
    alarm: int
    held: dict[str, int] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """How far of everything has been told."""
        return f"{cursor_of(self.marks)};alarm={self.house.alarms.start}:{self.alarm}"

    def here(self) -> bytes:
        """The first event: where the stream begins."""
        return f"retry: {RETRY_MS}\n".encode() + self._event("here", {"agreement": self.desk.pact.id, "start": self.house.alarms.start})

    def news(self) -> list[bytes]:
        """What is new since it was last asked for; alarms first, for nobody may wait for them behind a long record."""
        return [*self._alarms(), *self._entries()]

    def _alarms(self) -> list[bytes]:
        told = []
        for number, alarm in self.house.alarms.after(self.alarm):
            self.alarm = number
            if alarm.agreement == self.desk.pact.id:
                told.append(self._event("alarm", _alarm_shown(number, alarm)))
        return told

    def _entries(self) -> list[bytes]:
        told = []
        for entry in take_new(self.desk, dict(self.marks), ENTRIES_AT_ONCE):
            self.marks[f"{entry.party}/{entry.epoch}"] = entry.index + 1
            told.append(self._event("entry", entry_shown(self.desk, entry)))
        return told

    def stored(self) -> list[bytes]:
        """Every other party that is known to hold more, or at first anything, of this party's feed than was told. Reads the record."""
        told = []
        for party in self.desk.pact.others(self.desk.party):
            size = held_by(self.desk, party)
            if size != self.held.get(party):
                self.held[party] = size
                told.append(self._event("stored", {"party": party, "feed": self.desk.origin, "entries": size}))
        return told

    def has_news(self) -> bool:
        """Whether there may be something to tell. Cheap: it is asked some times a second."""
        return self.house.alarms.count > self.alarm or any(size > self.marks.get(feed, 0) for feed, size in marks_now(self.desk).items())

    def _event(self, name: str, data: dict[str, Json]) -> bytes:
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))  # line feeds in texts are written out: it is one line
        return f"id: {self.id}\nevent: {name}\ndata: {text}\n\n".encode()


def _alarm_shown(number: int, alarm: Alarm) -> dict[str, Json]:
    entry = str(alarm.entry) if alarm.entry else None
    return {"number": number, "at": str(alarm.at), "agreement": alarm.agreement, "sentence": alarm.sentence, "entry": entry}


def begin(house: House, desk: Desk, last: str) -> Stream:
    """A stream that goes on behind that event: from now on for an empty one, from the beginning for `start`. Raises InputError."""
    alarms = house.alarms
    if last == START:
        return Stream(house, desk, {}, 0)
    if not last:
        return Stream(house, desk, marks_now(desk), alarms.count)
    found = _ID.fullmatch(last) if len(last) <= CURSOR_MAX else None
    if found is None:
        raise InputError("the last event's id is none that this API has given")
    is_of_this_start = found[2] == alarms.start
    return Stream(house, desk, marks_of(desk, found[1]), min(int(found[3]), alarms.count) if is_of_this_start else 0)


async def told(stream: Stream, book: OperatorBook, operator: Operator, has_left: Callable[[], Awaitable[bool]]) -> AsyncIterator[bytes]:
    """What goes over the stream, until the node stops, the operator is one no longer, or the other side has left."""
    yield stream.here()
    looked_s = spoken_s = time.monotonic()
    receipts_s = -RECEIPTS_S
    while not stream.house.is_stopping() and not await has_left():
        now_s = time.monotonic()
        if now_s - looked_s >= BEAT_S:
            looked_s = now_s
            if not book.still_has(operator):
                return
        parts = await stream.house.turns.take(stream.news) if stream.has_news() else []
        if now_s - receipts_s >= RECEIPTS_S:
            parts, receipts_s = [*parts, *await stream.house.turns.take(stream.stored)], now_s
        for event in parts:
            yield event
        if parts:
            spoken_s = now_s
        elif now_s - spoken_s >= BEAT_S:
            yield b": here\n\n"
            spoken_s = now_s
        else:
            await asyncio.sleep(LOOK_S)


@dataclass
class Streams:
    """How many streams there are."""

    open: int = 0

    async def one(self, parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The parts, counted as one stream for as long as they are taken."""
        try:
            async for part in parts:
                yield part
        finally:
            self.open -= 1

    def begin(self) -> None:
        """Counts one more. Raises UnavailableError beyond STREAMS_MAX."""
        if self.open >= STREAMS_MAX:
            raise UnavailableError(f"{STREAMS_MAX} streams are open already; close one")
        self.open += 1


def add_events(router: APIRouter, house: House, book: OperatorBook) -> None:
    """Adds the route of the stream."""
    streams = Streams()

    async def events(
        request: Request,
        agreement: Annotated[str, Query(description=MEANINGS["agreement"])] = "",
        cursor: Annotated[
            str, Query(max_length=CURSOR_MAX, description="Where to go on: `start`, or the id of an event; else from now on.")
        ] = "",
        last: Annotated[str, Header(alias="Last-Event-ID", max_length=CURSOR_MAX, description="As `cursor`; a browser sends it.")] = "",
    ) -> StreamingResponse:
        stream = begin(house, house.node.desk(agreement), last or cursor)
        streams.begin()
        request.scope.get("extensions", {}).get(UNHURRIED, _nothing)()
        parts = told(stream, book, caller(request), request.is_disconnected)
        return StreamingResponse(streams.one(parts), media_type=MEDIA_TYPE)

    shown: dict[int | str, dict[str, Any]] = {
        200: {"description": "Events, without end.", "content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}
    }
    router.add_api_route(
        "/events",
        events,
        methods=["GET"],
        response_class=StreamingResponse,
        summary="What is new, as it comes.",
        operation_id="events",
        tags=["record"],
        responses={**PROBLEMS, **shown},
    )


def _nothing() -> None:
    """There is no deadline to lift."""
