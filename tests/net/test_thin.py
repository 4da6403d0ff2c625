"""The thin link on devices: pseudo-terminals and TCP, joined by a cable that carries what it is told to carry."""

import asyncio
import os
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import pytest

from nodes import RealNode, free_port, until, world
from tafadi.desk import hotline
from tafadi.desk.express import heard_alone
from tafadi.desk.thin import ThinTalk
from tafadi.errors import InputError
from tafadi.model.entry import EntryId
from tafadi.model.line import Attempt
from tafadi.model.names import Mode
from tafadi.net.thin import ThinLink, ThinWay, keep_thin
from world import OFFICER, World

Got = TypeVar("Got")
FAST = 200_000.0
REAL_BITS_PER_S = 75.0


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[World]:
    """alpha and bravo, under an agreement in force."""
    made = World(tmp_path)
    made.sign()
    yield made
    made.close()


class Cable:
    """Two pseudo-terminals and a thread for each direction, which carries so many bits in a second, and counts them."""

    def __init__(self, bits_per_s: float) -> None:
        self.bits_per_s = bits_per_s
        self.carried = [0, 0]
        self.is_cut = False
        self._ends = [os.openpty(), os.openpty()]
        for _, device in self._ends:
            tty.setraw(device)
        self.devices = [os.ttyname(device) for _, device in self._ends]
        self._threads = [threading.Thread(target=self._carry, args=(number,), daemon=True) for number in (0, 1)]
        for thread in self._threads:
            thread.start()

    def _carry(self, number: int) -> None:
        source, sink = self._ends[number][0], self._ends[1 - number][0]
        with suppress(OSError):
            while data := os.read(source, 1):
                time.sleep(8 / self.bits_per_s)
                self.carried[number] += 1
                if not self.is_cut:
                    os.write(sink, data)

    def close(self) -> None:
        for master, device in self._ends:
            os.close(device)
            os.close(master)


@contextmanager
def cable(bits_per_s: float) -> Iterator[Cable]:
    made = Cable(bits_per_s)
    try:
        yield made
    finally:
        made.close()


async def _at_once(step: Callable[[], Got]) -> Got:
    return step()


def _links(pair: World, wheres: list[str]) -> list[ThinLink]:
    ways = [ThinWay("", other, where, FAST) for other, where in zip(("bravo", "alpha"), wheres, strict=True)]
    return [
        ThinLink(way, ThinTalk(pair.desk(party), way.party, FAST, time.monotonic()))
        for party, way in zip(("alpha", "bravo"), ways, strict=True)
    ]


async def _until_heard(pair: World, links: list[ThinLink], entry: EntryId) -> None:
    tasks = [asyncio.ensure_future(keep_thin(link, _at_once)) for link in links]
    try:
        async with asyncio.timeout(30.0):
            while entry not in heard_alone(pair.desk("alpha")):
                await asyncio.sleep(0.01)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _stop(pair: World) -> EntryId:
    hotline.attempt(pair.desk("alpha"), OFFICER, Mode.EXERCISE, Attempt("radio", 1, False))
    return hotline.raise_stop(pair.desk("alpha"), OFFICER, Mode.EXERCISE, ("bravo/1/17",))


def test_a_stop_is_heard_over_two_terminals_and_a_cable(pair: World) -> None:
    entry = _stop(pair)
    with cable(FAST) as line:
        links = _links(pair, line.devices)
        asyncio.run(_until_heard(pair, links, entry))
        assert all(count > 0 for count in line.carried)
    assert [link.trouble for link in links] == ["", ""]
    assert pair["bravo"].bell.alarms[-1].startswith(f"STOP RAISED by alpha: {entry}")


def test_a_stop_is_heard_over_tcp_after_a_line_that_nobody_answered(pair: World) -> None:
    entry = _stop(pair)

    async def scene() -> None:
        ends: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

        async def joined(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            ends.append((reader, writer))
            while len(ends) < 2:
                await asyncio.sleep(0.01)
            other = next(out for source, out in ends if source is not reader)
            while data := await reader.read(1_000):
                other.write(data)

        server = await asyncio.start_server(joined, "127.0.0.1", 0)
        where = f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        links = _links(pair, [where, where])
        await _until_heard(pair, links, entry)
        server.close()

    asyncio.run(scene())


def test_a_device_that_is_none_is_trouble_in_words_and_tried_again(pair: World, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    wheres = [str(tmp_path / "file"), f"tcp://127.0.0.1:{free_port()}"]
    links = _links(pair, wheres)

    async def scene() -> None:
        tasks = [asyncio.ensure_future(keep_thin(link, _at_once)) for link in links]
        while not all(link.trouble for link in links):
            await asyncio.sleep(0.01)
        assert not any(task.done() for task in tasks)
        for task in tasks:
            task.cancel()

    asyncio.run(scene())
    assert links[0].trouble == f"{wheres[0]} is no device for a line (not a terminal)"
    assert links[1].state()["trouble"].startswith(f"{wheres[1]} cannot be used")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bravo",
        "bravo=",
        "bravo=ttyS0",
        "Bravo=/dev/ttyS0",
        "bravo=/dev/ttyS0@0",
        "bravo=/dev/ttyS0@9999999",
        "bravo=tcp://h:99999",
        "bravo=udp://h:1",
    ],
)
def test_what_is_no_thin_link_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(InputError, match="is not a thin link like"):
        ThinWay.parse(text)


def test_a_thin_link_names_party_place_and_speed() -> None:
    assert ThinWay.parse("line-1a2b3c4d5e6f/bravo=tcp://127.0.0.1:4001@300") == ThinWay(
        "line-1a2b3c4d5e6f", "bravo", "tcp://127.0.0.1:4001", 300.0
    )
    assert str(ThinWay.parse("bravo=/dev/ttyS0")) == "bravo=/dev/ttyS0@75"


def test_a_node_says_in_a_sentence_that_a_thin_link_leads_to_no_party(tmp_path: Path) -> None:
    with world(tmp_path, "alpha", "bravo", start=False) as both:
        told = both["alpha"].cli("node", "run", "--thin", "nobody=/dev/null")
        assert (told.code, "nobody is no other party" in told.err) == (2, True), told.err


def _heard(node: RealNode) -> dict[str, object]:
    found = node.ask("line", "show")["heard_alone"]
    assert isinstance(found, dict)
    return found


@pytest.mark.soak
def test_two_real_nodes_hear_a_stop_within_a_minute_over_75_bits_a_second(tmp_path: Path) -> None:
    with world(tmp_path, "alpha", "bravo") as both, cable(REAL_BITS_PER_S) as line:
        until(both.settled)
        for node in both.nodes.values():
            assert node.stop() == 0
        for party, other in (("alpha", "bravo"), ("bravo", "alpha")):
            both[party].cli("node", "peer", "--party", other, "--url", f"https://127.0.0.1:{free_port()}")
        for party, other, device in (("alpha", "bravo", line.devices[0]), ("bravo", "alpha", line.devices[1])):
            both[party].start("--thin", f"{other}={device}@75")
        until(lambda: both["alpha"].ask("line", "show")["links"][f"thin bravo={line.devices[0]}@75"]["heard_at"], 120.0)
        before = sum(line.carried)
        began = time.monotonic()
        entry = both["alpha"].ask("line", "stop", "--what", "bravo/1/17", "--text", "do not enter")["entry"]
        until(lambda: entry in _heard(both["alpha"]), 120.0)
        took_s = time.monotonic() - began
        print(f"heard after {took_s:.1f} s; {sum(line.carried) - before} bytes carried at {REAL_BITS_PER_S:g} bit/s")  # noqa: T201 - to be read
        assert took_s < 60.0
        assert both["bravo"].ask("line", "show")["came_alone"] == [entry]
