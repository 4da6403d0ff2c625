"""The node as a service: its clock source, its health, what it tells a supervisor, and a log in which nobody's words are."""

import asyncio
import ctypes
import io
import socket
import sys
from contextlib import closing
from pathlib import Path

import pytest
import structlog

from tafadi.measure.instant import Instant
from tafadi.model.entry import EntryId
from tafadi.node import Alarm
from tafadi.web import health
from tafadi.web.alarms import AlarmBook
from tafadi.web.clock_source import Ask, ClockSource, clock_source
from tafadi.web.health import is_ready, room_for_record
from tafadi.web.logs import configure_logs, without_quotes
from tafadi.web.supervisor import Supervisor

NOW = Instant.parse("2026-11-24T03:00:00Z")


def kernel(state: int, error_us: int = 0, status: int = 0) -> Ask:
    """A kernel that answers `adjtimex` so: modes, offset, frequency, largest error, estimated error, status."""

    def answer(words: "ctypes.Array[ctypes.c_char]") -> int:
        longs = (ctypes.c_long * 6)(0, 0, 0, error_us, 0, status)
        ctypes.memmove(words, longs, ctypes.sizeof(longs))
        return state

    return answer


def test_a_clock_that_the_kernel_calls_kept_is_trusted_to_its_bound() -> None:
    source = clock_source(kernel(0, error_us=20_000))
    assert source == ClockSource(True, 0.02, "")
    assert source.trouble(5.0) == ""
    assert "off by 0.0 s" in source.trouble(0.01)


@pytest.mark.parametrize("asked", [kernel(5), kernel(0, status=0x40), kernel(5, status=0x41)])
def test_a_clock_that_nobody_keeps_is_not_trusted(asked: Ask) -> None:
    assert clock_source(asked).is_kept is False
    assert "nothing keeps" in clock_source(asked).trouble(5.0)


def test_a_clock_that_cannot_be_asked_about_is_unknown_never_kept() -> None:
    def missing(words: object) -> int:
        raise AttributeError("no adjtimex")

    for asked in (missing, kernel(-1)):
        assert clock_source(asked).is_kept is None
        assert "not known" in clock_source(asked).trouble(5.0)


def test_this_machines_kernel_answers_in_a_way_that_is_understood() -> None:
    assert clock_source().is_kept in (True, False, None)


def test_a_full_disk_makes_a_node_unready_and_a_line_that_is_down_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert room_for_record(tmp_path) == ""
    monkeypatch.setattr(health, "FREE_MIN_BYTES", 2**80)
    assert "MiB are free" in room_for_record(tmp_path)
    assert "No such file" in room_for_record(tmp_path / "nowhere")
    fine = {"doors": "", "engine": "", "judge": "", "record": "", "lines": "", "clock": ""}
    assert is_ready({**fine, "lines": "down", "clock": "unkept"})
    assert not is_ready({**fine, "record": room_for_record(tmp_path)})


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, Supervisor()),
        ({"NOTIFY_SOCKET": "run/notify"}, Supervisor()),
        ({"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "60000000"}, Supervisor("/run/notify", 60.0)),
        ({"NOTIFY_SOCKET": "@notify", "WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "8"}, Supervisor("@notify", 0.0)),
        ({"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "soon"}, Supervisor("/run/notify", 0.0)),
    ],
)
def test_a_supervisor_is_whoever_the_environment_names(environment: dict[str, str], expected: Supervisor) -> None:
    assert Supervisor.of(environment, 7) == expected


def test_no_sign_of_life_is_given_while_the_record_cannot_be_trusted(tmp_path: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as heard:
        heard.bind(str(tmp_path / "notify"))
        looked: list[bool] = []

        def is_well() -> bool:
            looked.append(len(looked) != 1)  # at the second look something is wrong
            return looked[-1]

        async def run() -> None:
            telling = asyncio.ensure_future(Supervisor(str(tmp_path / "notify"), 0.3).keep_telling(is_well))
            while len(looked) < 3:
                await asyncio.sleep(0.01)
            telling.cancel()

        asyncio.run(run())
        heard.setblocking(False)
        assert [heard.recv(99), heard.recv(99)] == [b"WATCHDOG=1", b"WATCHDOG=1"]
        with pytest.raises(BlockingIOError):
            heard.recv(99)


def test_a_supervisor_that_is_gone_is_not_told_and_nothing_fails(tmp_path: Path) -> None:
    Supervisor(str(tmp_path / "nobody"), 1.0).tell(ready=1)
    Supervisor("@nobody-listens-here", 1.0).tell(ready=1)
    Supervisor().tell(ready=1)


def test_what_is_quoted_does_not_come_into_the_log_and_our_own_words_do() -> None:
    assert without_quotes("'meadow' is none of REAL, TEST") == "<6 characters> is none of REAL, TEST"
    assert without_quotes(f"{b'mead'!r} and {'it' + chr(39) + 's'!r}") == "<4 characters> and <4 characters>"
    assert without_quotes("this node's clock and the parties' clocks differ") == "this node's clock and the parties' clocks differ"
    assert len(without_quotes("x" * 10_000)) < 600


def test_an_exception_is_logged_by_its_kind_and_place_and_not_by_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    configure_logs()
    try:
        raise ValueError("the hidden meadow")
    except ValueError as error:
        structlog.get_logger().error("something failed", exc_info=error, why="field 'the hidden meadow' is none")
    finally:
        structlog.reset_defaults()
    assert '"exception": "ValueError"' in written.getvalue()
    assert "test_service.py:" in written.getvalue()
    assert "meadow" not in written.getvalue()


def test_alarms_are_numbered_and_counted_by_kind() -> None:
    book = AlarmBook("ab")
    for sentence in ("STOP by bravo", "DISTRESS RAISED by bravo", "the line to bravo is DOWN"):
        book.take(Alarm(NOW, "sky", sentence, EntryId("bravo", 1, 1)))
    assert dict(book.kinds) == {"STOP": 1, "DISTRESS": 1, "other": 1}
    assert [number for number, _ in book.after(1)] == [2, 3]
    assert book.after(3) == []
