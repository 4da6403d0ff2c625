"""The API of a node in this very process, called over ASGI: the same application and the same gate, without a server before it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

from nodes import World
from tafadi.desk.desk import Desk
from tafadi.node import Node, SystemClock
from tafadi.store.operators import add_operator
from tafadi.web.alarms import AlarmBook
from tafadi.web.api.app import api_app
from tafadi.web.api.gate import Gate
from tafadi.web.api.house import House
from tafadi.web.metrics import Metrics
from tafadi.web.turn import Turns

HOST: Final = "127.0.0.1:8088"
START: Final = "0123456789abcdef"


@dataclass
class Api:
    """One node's API, and a token of one operator in each role."""

    node: Node
    tokens: dict[str, str]
    app: Gate
    alarms: AlarmBook
    damage: list[str] = field(default_factory=list)

    @property
    def desk(self) -> Desk:
        """The node's only desk."""
        return next(iter(self.node.desks.values()))

    def ask(self, method: str, path: str, role: str = "watch-officer", **more: Any) -> httpx.Response:
        """The answer to one request of the operator in that role; of nobody, where there is none."""
        headers = {"authorization": f"Bearer {self.tokens[role]}"} if role else {}
        headers |= more.pop("headers", {})

        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}") as client:
                return await client.request(method, path, headers=headers, **more)

        return asyncio.run(asked())

    def say(self, verb: str, role: str = "watch-officer", key: str = "", **arguments: Any) -> httpx.Response:
        """The answer to a verb that says something."""
        headers = {"idempotency-key": key} if key else {}
        return self.ask("POST", f"/v1/{verb.replace('.', '/')}", role, json=arguments, headers=headers)

    def read(self, verb: str, role: str = "watch-officer", **arguments: Any) -> httpx.Response:
        """The answer to a verb that reads."""
        return self.ask("GET", f"/v1/{verb.replace('.', '/')}", role, params=arguments)

    def size(self) -> int:
        """How many entries the node's own feed has."""
        return self.node.journal.head(self.desk.origin).frontier.size


@contextmanager
def opened_api(root: Path) -> Iterator[Api]:
    """The API of alpha, which has signed an agreement with bravo, of whom nothing has come yet."""
    world = World(root)
    for party in ("alpha", "bravo"):
        world.add(party)
    world.agree()
    assert world.sign("alpha").code == 0
    folder, now = world["alpha"].folder, SystemClock().now()
    roles = ("watch-officer", "supervisor", "planner", "analyst", "auditor")
    tokens = {role: add_operator(folder.path, f"desk-{role}", role, bytes([place]) * 32, now) for place, role in enumerate(roles)}
    with folder.locked():
        node = Node(folder, SystemClock())
        try:
            yield _api(node, tokens)
        finally:
            node.close()


def _api(node: Node, tokens: dict[str, str]) -> Api:
    alarms, damage = AlarmBook(START), list[str]()
    node.bell.on_alarm = alarms.take
    house = House(
        node=node, turns=Turns(node), alarms=alarms, metrics=Metrics(node, alarms, dict, dict), after=lambda: None,
        on_damage=damage.append, is_stopping=lambda: False, health=lambda: {"ready": True, "checks": {}},
    )  # fmt: skip
    return Api(node, tokens, api_app(house, frozenset({HOST})), alarms, damage)
