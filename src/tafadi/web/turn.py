"""Turns: each step at the node is taken whole, one after another, and is over once what it wrote is durable.

A door hands its step to `Turns.take` and waits; nothing else touches the node in between. One step alone goes straight: what it commits is
durable when it returns. Where several come at once their commits are one *group* (`Journal.group`): the first opens it, each runs in it in
turn, it ends as soon as nobody else is ready, and nobody is answered before it has ended: so an officer among many, or a judge with much
to say, does not wait for a disk of his own. Where the disk is slow the end is waited for in a thread, and the node goes on reading what
comes in; nobody takes a turn meanwhile.

A group that failed and of which nothing was written is taken back as if nobody had come: what was folded of it is read anew, and each step
is taken again, alone, so that each has its own trouble, and a stop that cannot be kept rings as such. Where it may have been written,
nothing is taken again: each is told so. Alarms are not held back for any group.

Source: docs/spec/feed.md; docs/decisions/0037-turns-and-groups.md.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeVar

from tafadi.desk.desk import Desk
from tafadi.desk.judge import read_anew
from tafadi.desk.ports import Journal
from tafadi.errors import DamagedError, StoreError, TafadiError

SLOW_S: Final = 0.004  # a disk that takes longer is waited for in a thread: ten such in a row would be felt
# Verbs that change more than the journal, or take long: they share no group with others.
ALONE: Final = frozenset({"agree.sign", "card.take", "bundle.export", "bundle.import"})
_CROWD: Final = 2  # steps that came at once before: then the next ones are likely to

Got = TypeVar("Got")


class House(Protocol):
    """A node, as whoever orders its steps knows it."""

    @property
    def journal(self) -> Journal:
        """Where every step writes."""
        ...

    @property
    def desks(self) -> Mapping[str, Desk]:
        """What is folded from it."""
        ...


@dataclass(slots=True)
class _Group:
    """Steps whose commits become durable together. `ended` says whether it was kept; False when nothing of it is there."""

    context: AbstractContextManager[None]
    sizes: dict[str, int]
    ended: "asyncio.Future[bool]"
    steps: int = 0


@dataclass
class Turns:
    """The order in which whoever has something to do at the node takes its turn. Without a house every step goes straight.

    `taken_back` counts groups of which nothing was written.
    """

    house: House | None = None
    taken_back: int = 0
    _group: _Group | None = None
    _steps: int = 0  # in this turn of the event loop
    _crowd: int = 0  # steps in the last turn of the loop that had any
    _wait_s: float = 0.0  # for the disk, the last time
    _free: asyncio.Event = field(default_factory=asyncio.Event)
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "commit"))

    def __post_init__(self) -> None:
        self._free.set()

    @property
    def is_free(self) -> bool:
        """Whether no group is being written just now."""
        return self._free.is_set()

    async def take(self, step: Callable[[], Got], *, alone: bool = False, commits: int = 1, repeats: bool = True) -> Got:
        """What the step gives, once everything that it wrote is durable. Raises what the step raises, StoreError.

        One that is `alone` shares no group, because it changes more than the journal; one that may have many `commits` has a group though
        nobody else comes. One that does not `repeat`, and would have to, is told the error instead.
        """
        await self.rest()
        while alone and self._group is not None:  # while that one was written, somebody else may have opened another
            self._end()
            await self.rest()
        if self.house is None or alone or self._goes_straight(commits):
            return self._straight(step)
        group = self._group or self._open(self.house)
        group.steps += 1
        failure: TafadiError | None = None
        try:
            got = step()
        except TafadiError as error:  # it is told when what the step wrote before is durable, a proof among it
            failure = error
        if not await self._is_kept(group, repeats):
            return await self.take(step, alone=True)
        if failure is not None:
            raise failure
        return got

    async def rest(self) -> None:
        """Waits until no group is being written."""
        while not self._free.is_set():
            await self._free.wait()

    async def end(self) -> None:
        """Waits until everything that was said is on the disk, or has failed; nobody takes a turn after that."""
        self._end()
        await self.rest()
        self._thread.shutdown()

    def _goes_straight(self, commits: int) -> bool:
        """Whether nobody else seems to come at the same time, and the disk is quick."""
        if self._steps == 0:
            asyncio.get_running_loop().call_soon(self._next_turn)
        self._steps += 1
        is_one = max(commits, self._steps, self._crowd) < _CROWD
        return self._group is None and is_one and self._wait_s < SLOW_S

    def _next_turn(self) -> None:
        self._crowd, self._steps = self._steps, 0

    def _straight(self, step: Callable[[], Got]) -> Got:
        began, cpu = time.perf_counter(), time.thread_time()
        try:
            return step()
        finally:
            self._wait_s = time.perf_counter() - began - (time.thread_time() - cpu)

    def _open(self, house: House) -> _Group:
        """A group that ends when everybody who is ready now has had his turn. Raises StoreError."""
        sizes, context = _sizes(house), house.journal.group()
        context.__enter__()
        loop = asyncio.get_running_loop()
        self._group = _Group(context, sizes, loop.create_future())
        loop.call_soon(self._end)
        return self._group

    def _end(self) -> None:
        """Has the group be written: here where the disk is quick, else in a thread."""
        group, self._group = self._group, None
        if group is None:
            return  # somebody who had to be alone ended it
        if self._wait_s < SLOW_S:
            self._settle(group, self._written(group))
            return
        self._free.clear()
        written = asyncio.get_running_loop().run_in_executor(self._thread, self._written, group)
        written.add_done_callback(lambda done: self._settle(group, done.result()))

    def _written(self, group: _Group) -> TafadiError | None:
        """Ends the group; what went wrong."""
        began = time.perf_counter()
        try:
            group.context.__exit__(None, None, None)
            return None
        except TafadiError as error:
            return error
        finally:
            self._wait_s = time.perf_counter() - began

    def _settle(self, group: _Group, error: TafadiError | None) -> None:
        """Tells everybody of the group how it ended."""
        self._free.set()
        if error is None:
            group.ended.set_result(True)
            return
        try:
            is_gone = self._take_back(group, error)
        except TafadiError as worse:  # the record cannot even be read
            is_gone, error = False, worse
        if is_gone:
            group.ended.set_result(False)
            return
        group.ended.set_exception(error)
        group.ended.exception()  # nobody may be left who asks

    def _take_back(self, group: _Group, error: TafadiError) -> bool:
        """Whether nothing of the group is in the record; then nothing of it is in the desks either, from now on."""
        assert self.house is not None  # it has opened the group
        is_gone = all(size == group.sizes.get(origin, 0) for origin, size in _sizes(self.house).items())
        if not is_gone or isinstance(error, DamagedError):
            return False
        self.taken_back += 1
        for desk in self.house.desks.values():
            read_anew(desk)
        return True

    async def _is_kept(self, group: _Group, repeats: bool) -> bool:
        is_kept = await asyncio.shield(group.ended)
        if not is_kept and not repeats:
            raise StoreError("the record could not be written, and nothing of it is; it is tried again")
        return is_kept


def _sizes(house: House) -> dict[str, int]:
    """How far every feed has come in the record."""
    pacts = [desk.pact for desk in house.desks.values()]
    origins = [origin for pact in pacts for party in pact.agreement.parties for origin in pact.origins(party)]
    return {origin: house.journal.head(origin).frontier.size for origin in origins}
