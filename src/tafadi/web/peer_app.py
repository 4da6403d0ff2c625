"""The peers' port: what other parties' nodes may ask of this one, over mutual TLS with pinned certificates, as HTTP.

What is answered is decided at the door (`tafadi.desk.door`). Here are the limits of what is read, and who it is that asks: the party whose
card has the certificate of the connection. Each takes its turn (`tafadi.web.turn`), and its step whole.

Source: docs/spec/exchange.md.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from tafadi.desk.desk import Desk
from tafadi.desk.door import News, answer, certified
from tafadi.errors import LimitError, UnavailableError
from tafadi.node import Node
from tafadi.store.tiles import tile_bytes
from tafadi.trust.card import CARD_MAX_BYTES
from tafadi.trust.catchup import ADD_CHECKPOINT_MAX_BYTES, ADD_ENTRIES_MAX_BYTES
from tafadi.trust.envelope import LEAF_MAX_BYTES
from tafadi.trust.evidence import EVIDENCE_MAX_BYTES
from tafadi.trust.heartbeat import HEARTBEAT_MAX_BYTES
from tafadi.trust.push import PUSH_MAX_BYTES
from tafadi.web.problems import handlers
from tafadi.web.turn import Turns

PEER_KEY: Final = "tafadi.peer"  # where the protocol class puts the certificate (DER) that the other side proved to hold
# Each route with the longest body that is read; a GET has none.
POSTS: Final[tuple[tuple[str, int], ...]] = (
    ("/push", PUSH_MAX_BYTES),
    ("/express", LEAF_MAX_BYTES),
    ("/add-checkpoint", ADD_CHECKPOINT_MAX_BYTES),
    ("/add-entries", ADD_ENTRIES_MAX_BYTES),
    ("/heartbeat", HEARTBEAT_MAX_BYTES),
    ("/card/{agreement}", CARD_MAX_BYTES),
    ("/evidence/{agreement}", EVIDENCE_MAX_BYTES),
)
GETS: Final = ("/hello", "/cards/{agreement}/{party}/{epoch}", "/feed/{path:path}")


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


@dataclass(frozen=True, slots=True)
class NodeHouse:
    """A node as its door knows it, with its feeds as tiles."""

    node: Node

    @property
    def desks(self) -> Mapping[str, Desk]:
        """The desk at each agreement, by the agreement's name."""
        return self.node.desks

    def take_card(self, desk: Desk, data: bytes) -> bool:
        """Goes by a party's new card, once it is durable; False when it is known already."""
        return self.node.take_card(desk, data)

    def tile(self, desk: Desk, origin: str, path: str) -> bytes:
        """What is served at `path` below a feed. Raises FormatError, MissingError."""
        return tile_bytes(desk.journal, origin, path)


class PeerDoor:
    """The routes, bound to one node; `after` is called when something was stored and waits to be judged, `after_card` upon a new card."""

    def __init__(self, node: Node, after: Callable[[], None], after_card: Callable[[], None], turns: Turns) -> None:
        self._house = NodeHouse(node)
        self._turns = turns
        self._after = {News.ENTRIES: after, News.CARD: after_card}

    async def get(self, request: Request) -> Response:
        """The answer to a request that has no body."""
        return await self._answered(request, "GET")

    def posts(self, longest_bytes: int) -> Callable[[Request], Awaitable[Response]]:
        """Answers requests whose body has at most so many bytes."""

        async def post(request: Request) -> Response:
            return await self._answered(request, "POST", await body_within(request, longest_bytes))

        return post

    async def _answered(self, request: Request, method: str, body: bytes = b"") -> Response:
        who, path = certified(request.scope.get("extensions", {}).get(PEER_KEY)), request.scope["path"]
        alone = path.startswith("/card/")  # changes the folder, and whom the node trusts
        reply = await self._turns.take(lambda: answer(self._house, who, method, path, body), alone=alone)
        if reply.news in self._after:
            self._after[reply.news]()
        return Response(reply.body, reply.status, media_type=reply.media_type)


def peer_app(
    node: Node, after: Callable[[], None], after_card: Callable[[], None], on_damage: Callable[[str], None], turns: Turns | None = None
) -> Starlette:
    """The application behind the peers' port."""
    door = PeerDoor(node, after, after_card, turns or Turns())
    routes = [Route(path, door.posts(longest_bytes), methods=["POST"]) for path, longest_bytes in POSTS]
    routes += [Route(path, door.get, methods=["GET"]) for path in GETS]
    app = Starlette(routes=routes, exception_handlers=handlers(on_damage))
    app.router.redirect_slashes = False  # there is one name for each thing
    return app
