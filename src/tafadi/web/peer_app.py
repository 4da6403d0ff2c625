"""The peers' port: what other parties' nodes may ask of this one, over mutual TLS with pinned certificates.

`POST push` stores entries and answers with a receipt; `POST heartbeat` exchanges signs of life; `card` and `evidence` take what a root key
or a proof says for itself; the feeds are served as tlog-tiles under `/feed/<origin>/`. Whatever comes is bytes until the trust floor has
looked at it. Handlers touch the node only between awaits, so that each takes its step whole.

Source: docs/spec/push.md, docs/spec/heartbeat.md, docs/spec/tiles.md.
"""

import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tafadi.desk.desk import Desk
from tafadi.desk.listen import add_checkpoint, add_entries, receive
from tafadi.desk.proof import take_evidence
from tafadi.desk.pulse import beat, hear
from tafadi.errors import EquivocationError, InputError, LimitError, MissingError, NotPermittedError, UnavailableError
from tafadi.net.fetch import CARDS_MAX
from tafadi.node import Node
from tafadi.store.tiles import tile_bytes
from tafadi.trust.canon import to_base64
from tafadi.trust.card import CARD_MAX_BYTES
from tafadi.trust.catchup import (
    ADD_CHECKPOINT_MAX_BYTES,
    ADD_ENTRIES_MAX_BYTES,
    Elsewhere,
    decode_add_checkpoint,
    decode_add_entries,
    mirror_info,
)
from tafadi.trust.checkpoint import split_origin
from tafadi.trust.evidence import EVIDENCE_MAX_BYTES
from tafadi.trust.heartbeat import HEARTBEAT_MAX_BYTES
from tafadi.trust.mirror import WrongSize
from tafadi.trust.push import PUSH_MAX_BYTES, decode_push
from tafadi.web.problems import handlers

_EPOCH: Final = re.compile(r"[1-9][0-9]{0,6}", re.ASCII)  # of any card, or the one after the last that there can be
PEER_KEY: Final = "tafadi.peer"  # where the protocol class puts the certificate (DER) that the other side proved to hold


async def body_within(request: Request, longest_bytes: int) -> bytes:
    """The body, read no further than the limit. Raises LimitError, UnavailableError when its sender left before the end."""
    chunks, size = [], 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > longest_bytes:
                raise LimitError(f"the body is longer than the {longest_bytes} bytes allowed here")
            chunks.append(chunk)
    except ClientDisconnect:
        raise UnavailableError("the other side left before its request was whole") from None
    return b"".join(chunks)


class PeerDoor:
    """The routes, bound to one node; `after` is called when something was stored and waits to be judged, `after_card` upon a new card."""

    def __init__(self, node: Node, after: Callable[[], None], after_card: Callable[[], None]) -> None:
        self._node = node
        self._after = after
        self._after_card = after_card

    def party(self, request: Request, desk: Desk) -> str:
        """Who asks: the party whose card has the certificate of this connection. Raises NotPermittedError."""
        certificate = request.scope.get("extensions", {}).get(PEER_KEY)
        for party, card in desk.pact.cards.items():
            if certificate is not None and card.tls_certificate == certificate and party != desk.party:
                return party
        raise NotPermittedError(f"this connection belongs to no other party of {desk.pact.id}")

    def desk(self, origin: str) -> Desk:
        """The desk that an origin belongs to. Raises FormatError, MissingError."""
        agreement, _, _ = split_origin(origin)
        if agreement not in self._node.desks:
            raise MissingError("no such agreement is signed here")
        return self._node.desks[agreement]

    async def push(self, request: Request) -> Response:
        """Takes entries and answers with the cosignature, or 409 with the size that is held."""
        data = await body_within(request, PUSH_MAX_BYTES)
        desk = self.desk(decode_push(data).origin)
        self.party(request, desk)
        outcome = receive(desk, data)
        if isinstance(outcome, WrongSize):
            return PlainTextResponse(f"{outcome.size}\n", 409, media_type="text/x.tlog.size")
        self._after()
        return PlainTextResponse(outcome.line)

    async def add_checkpoint(self, request: Request) -> Response:
        """Moves the pending checkpoint of a feed that is far behind."""
        data = await body_within(request, ADD_CHECKPOINT_MAX_BYTES)
        desk = self.desk(decode_add_checkpoint(data).checkpoint.split(b"\n", 1)[0].decode("utf-8", "replace"))
        self.party(request, desk)
        outcome = add_checkpoint(desk, data)
        if isinstance(outcome, WrongSize):
            return PlainTextResponse(f"{outcome.size}\n", 409, media_type="text/x.tlog.size")
        return PlainTextResponse("")

    async def add_entries(self, request: Request) -> Response:
        """Takes proved packages: the cosignature when all are in, else 202 (or 409) with where to go on."""
        data = await body_within(request, ADD_ENTRIES_MAX_BYTES)
        upload = decode_add_entries(data)
        desk = self.desk(upload.origin)
        self.party(request, desk)
        outcome = add_entries(desk, data)
        if isinstance(outcome, Elsewhere):
            moved = outcome.next_entry > upload.start
            info = mirror_info(outcome.pending_size, outcome.next_entry)
            self._after()
            return Response(info, 202 if moved else 409, media_type="text/x.tlog.mirror-info")
        self._after()
        return PlainTextResponse(outcome.line)

    async def heartbeat(self, request: Request) -> Response:
        """Hears another node and answers with our own heartbeat."""
        data = await body_within(request, HEARTBEAT_MAX_BYTES)
        lines = data.split(b"\n", 2)
        agreement = lines[1].decode("utf-8", "replace") if len(lines) > 2 else ""
        if agreement not in self._node.desks:
            raise MissingError("no such agreement is signed here")
        desk = self._node.desks[agreement]
        with suppress(EquivocationError):  # kept and alarmed by the desk; who brings the proof of a fork gets an answer all the same
            hear(desk, self.party(request, desk), data)
        return Response(beat(desk), media_type="application/octet-stream")

    async def card(self, request: Request) -> Response:
        """Takes a party's new card, whoever of the parties brings it: its root signed it."""
        data = await body_within(request, CARD_MAX_BYTES)
        desk = self.of_agreement(request)
        if self._node.take_card(desk, data):
            self._after_card()
        return PlainTextResponse("")

    async def cards(self, request: Request) -> Response:
        """A party's cards that this node goes by, from an epoch on, one to a line in base64, in order, at most CARDS_MAX of them.

        Not found means that the agreement is not signed here, and nothing else.
        """
        desk = self.of_agreement(request)
        party, epoch = request.path_params["party"], request.path_params["epoch"]
        if party not in desk.pact.cards or not _EPOCH.fullmatch(epoch):
            raise InputError(f"the cards of a party of {desk.pact.id} can be asked for, from an epoch on that is a number")
        later = [desk.pact.signed(origin) for origin in desk.pact.origins(party)]
        lines = [to_base64(signed.data) + "\n" for signed in later if signed.card.epoch >= int(epoch)]
        return PlainTextResponse("".join(lines[:CARDS_MAX]))

    async def evidence(self, request: Request) -> Response:
        """Keeps a proof that another party found."""
        data = await body_within(request, EVIDENCE_MAX_BYTES)
        take_evidence(self.of_agreement(request), data)
        return PlainTextResponse("")

    def of_agreement(self, request: Request) -> Desk:
        """The desk at the agreement that the path names, for a party to it. Raises MissingError, NotPermittedError."""
        agreement = request.path_params["agreement"]
        if agreement not in self._node.desks:
            raise MissingError("no such agreement is signed here")
        desk = self._node.desks[agreement]
        self.party(request, desk)
        return desk

    async def feed(self, request: Request) -> Response:
        """A checkpoint, tile or entry bundle of a feed that this node holds, its own or a mirrored one."""
        origin, path = request.path_params["origin"], request.path_params["path"]
        desk = self.desk(origin)
        self.party(request, desk)
        if desk.pact.party_of(origin) is None:
            raise MissingError("no such feed is held here")
        return Response(tile_bytes(desk.journal, origin, path), media_type="application/octet-stream")


def peer_app(node: Node, after: Callable[[], None], after_card: Callable[[], None], on_damage: Callable[[str], None]) -> Starlette:
    """The application behind the peers' port."""
    door = PeerDoor(node, after, after_card)
    routes = [
        Route("/push", door.push, methods=["POST"]),
        Route("/add-checkpoint", door.add_checkpoint, methods=["POST"]),
        Route("/add-entries", door.add_entries, methods=["POST"]),
        Route("/heartbeat", door.heartbeat, methods=["POST"]),
        Route("/card/{agreement}", door.card, methods=["POST"]),
        Route("/cards/{agreement}/{party}/{epoch}", door.cards, methods=["GET"]),
        Route("/evidence/{agreement}", door.evidence, methods=["POST"]),
        Route("/feed/{path:path}", _split_feed(door.feed), methods=["GET"]),
    ]
    app = Starlette(routes=routes, exception_handlers=handlers(on_damage))
    app.router.redirect_slashes = False  # there is one name for each thing
    return app


def _split_feed(endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """An origin holds slashes: it is the first four parts of the path, and the tile's path is the rest."""

    async def split(request: Request) -> Response:
        parts = request.path_params["path"].split("/")
        request.path_params.update(origin="/".join(parts[:4]), path="/".join(parts[4:]))
        return await endpoint(request)

    return split
