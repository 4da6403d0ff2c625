"""Track sources over real sockets: garbage, silence, cuts and reconnections; nothing of it ends the follower, and all of it is told."""

import asyncio
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from nodes import free_port, until, world
from tafadi.errors import InputError
from tafadi.formats.plots import write_line
from tafadi.measure.earth import Position
from tafadi.measure.instant import Instant
from tafadi.model.track import Plot
from tafadi.net import feeds
from tafadi.net.feeds import LONGEST_LINE, Feed, Source, follow_source

AT = Instant.parse("2026-11-23T12:00:00Z")


class FixedClock:
    """Shows one instant."""

    def now(self) -> Instant:
        """That instant."""
        return AT


@dataclass
class Heard:
    """What a follower gave and told."""

    plots: list[Plot] = field(default_factory=list)
    told: list[str] = field(default_factory=list)


def plot(number: int) -> Plot:
    """A plot of its own track."""
    return Plot(f"radar/{number}", AT, Position(-37.0, 12.0))


def line(number: int) -> bytes:
    """It as a line."""
    return write_line(plot(number))


async def follow(chunks_by_connection: list[list[bytes]], done: Callable[[Heard], bool], stay_open: bool = False) -> Heard:
    """What is heard of a source that sends these chunks to its first, second, … connection, until `done` or a minute is over."""
    heard, connections = Heard(), iter(chunks_by_connection)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for chunk in next(connections, []):
            writer.write(chunk)
            await writer.drain()
            await asyncio.sleep(0.01)
        if stay_open:
            await asyncio.sleep(90.0)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    source = Source("plots", "127.0.0.1", server.sockets[0].getsockname()[1])
    feed = Feed(source, FixedClock(), heard.plots.extend, heard.told.append)
    task = asyncio.ensure_future(follow_source(feed))
    ends = time.monotonic() + 60.0
    while not done(heard) and not task.done() and time.monotonic() < ends:
        await asyncio.sleep(0.02)
    task.cancel()
    server.close()
    await asyncio.gather(task, return_exceptions=True)
    return heard


def run(work: Awaitable[Heard]) -> Heard:
    """The work, done."""

    async def whole() -> Heard:
        return await work

    return asyncio.run(whole())


def tracks(heard: Heard) -> list[str]:
    """Which tracks were heard of, in order."""
    return [one.track for one in heard.plots]


def test_plots_come_through_however_the_bytes_are_cut() -> None:
    data = line(1) + line(2) + line(3)
    heard = run(follow([[data[at : at + 7] for at in range(0, len(data), 7)]], lambda heard: len(heard.plots) == 3))
    assert tracks(heard) == ["radar/1", "radar/2", "radar/3"]


def test_garbage_between_plots_is_left_out_and_the_plots_are_not() -> None:
    data = [line(1), b"\xff\xfe\x00garbage\n", b"{}\n[]\nnull\n", b"[" * 3_000 + b"\n", line(2)]
    heard = run(follow([data], lambda heard: len(heard.plots) == 2))
    assert tracks(heard) == ["radar/1", "radar/2"]


def test_a_line_without_end_is_dropped_whole_and_its_tail_is_not_read_as_a_line() -> None:
    data = [b" " * LONGEST_LINE, b" " * LONGEST_LINE, line(1), line(2)]
    heard = run(follow([data], lambda heard: len(heard.plots) == 1))
    assert tracks(heard) == ["radar/2"]


def test_a_source_that_is_cut_is_told_and_followed_again() -> None:
    heard = run(follow([[line(1)], [line(2)], [line(3)]], lambda heard: len(heard.plots) == 3))
    assert tracks(heard) == ["radar/1", "radar/2", "radar/3"]
    assert sum("was cut" in sentence for sentence in heard.told) >= 2
    assert any("is followed" in sentence for sentence in heard.told)


def test_half_a_line_at_the_cut_is_not_joined_to_the_next_connection() -> None:
    heard = run(follow([[line(1)[:30]], [line(1)[30:] + line(2)]], lambda heard: bool(heard.plots)))
    assert tracks(heard) == ["radar/2"]


def test_a_source_of_nothing_but_garbage_is_told_once() -> None:
    garbage = [b"\x00\x01\x02\n" * 3_000] * 3
    heard = run(follow([garbage], lambda heard: any("nothing that can be read" in one for one in heard.told), stay_open=True))
    assert heard.plots == []
    assert sum("nothing that can be read" in one for one in heard.told) == 1


def test_a_source_that_is_silent_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "SILENT_S", 0.1)
    heard = run(follow([[line(1)]], lambda heard: "is silent" in " ".join(heard.told[-1:]), stay_open=True))
    assert "not watched" in heard.told[-1]


def test_a_source_that_cannot_be_reached_is_told_once_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    connect, tries = asyncio.open_connection, 0

    async def counted(*address: Any, **options: Any) -> Any:
        nonlocal tries
        tries += 1
        return await connect(*address, **options)

    monkeypatch.setattr(asyncio, "open_connection", counted)

    async def unreachable() -> Heard:
        heard = Heard()
        feed = Feed(Source("plots", "127.0.0.1", free_port()), FixedClock(), heard.plots.extend, heard.told.append)
        task = asyncio.ensure_future(follow_source(feed))
        while tries < 3:
            await asyncio.sleep(0.02)
        assert not task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return heard

    heard = run(unreachable())
    assert len(heard.told) == 1
    assert "cannot be reached" in heard.told[0]


@pytest.mark.parametrize("text", ["plots=tcp://[::1]:9000", "sbs=tcp://localhost:30003"])
def test_a_source_reads_as_it_is_written(text: str) -> None:
    assert Source.parse(text).port in (9000, 30003)


def test_an_unknown_format_names_those_that_are_known() -> None:
    with pytest.raises(InputError, match="nop, sbs, plots"):
        Source.parse("asterix=tcp://127.0.0.1:1")


@pytest.fixture
def bad_source() -> Iterator[int]:
    """A source on a loopback port that sends garbage and hangs up, again and again."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with client:
                client.sendall(b"\xff\x00\n" * 5_000 + b"MSG,3,,,,,,,,,,,,,,,,,,,,\n")

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()[1]
    listener.close()


@pytest.mark.parametrize("format", ["plots", "sbs", "nop"])
def test_a_node_with_a_bad_source_runs_on_and_shows_the_trouble(tmp_path: Path, bad_source: int, format: str) -> None:
    with world(tmp_path, "alpha", "bravo", start=False) as both:
        both["alpha"].start("--source", f"{format}=tcp://127.0.0.1:{bad_source}")
        name = f"source {format}=tcp://127.0.0.1:{bad_source}"
        until(lambda: "not watched" in both["alpha"].ask("line", "show")["links"][name]["trouble"])
        assert both["alpha"].cli("line", "show").code == 0
        assert both["alpha"].stop() == 0
        assert "Traceback" not in both["alpha"].log.read_text()
