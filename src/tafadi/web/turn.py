"""Turns: each step at the node is taken whole, one after another, and is over once what it wrote is durable.

A door hands its step to `Turns.take` and waits; nothing else touches the node in between.
"""

from collections.abc import Callable
from typing import TypeVar

Got = TypeVar("Got")


class Turns:
    """The order in which whoever has something to do at the node takes its turn."""

    async def take(self, step: Callable[[], Got]) -> Got:
        """What the step gives, once everything that it wrote is durable. Raises what the step raises."""
        return step()
