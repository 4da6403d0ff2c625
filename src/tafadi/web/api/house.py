"""What the API's routes are bound to: one running node, the order of its steps, and what is counted of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from tafadi.formats.wire import Json
from tafadi.node import Node
from tafadi.web.alarms import AlarmBook
from tafadi.web.metrics import Metrics

Got = TypeVar("Got")


class Turn(Protocol):
    """What takes steps at the node one after another (`tafadi.web.turn`)."""

    def take(self, step: Callable[[], Got], *, alone: bool = False) -> Awaitable[Got]:
        """What the step gives, once everything that it wrote is durable. One that is `alone` shares no group of commits."""
        ...


@dataclass(frozen=True, slots=True)
class House:
    """One node as its API knows it.

    `after` is called when something may have been said, `is_stopping` tells that the node is about to end, `health` what it is like.
    """

    node: Node
    turns: Turn
    alarms: AlarmBook
    metrics: Metrics
    after: Callable[[], None]
    on_damage: Callable[[str], None]
    is_stopping: Callable[[], bool]
    health: Callable[[], dict[str, Json]]
