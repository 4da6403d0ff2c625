"""`tafadi watch` on what does not end: sockets, a pipe, a file that grows; alerts come as they arise, and a signal ends it in order."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from reference.gtx import write_gtx
from tafadi.cli.watch_cmd import watch
from tafadi.cli.watch_live import now
from tafadi.net.live import Arrived, Event, Receiver
from tafadi.store import geoid

PROGRAM = typer.Typer(pretty_exceptions_enable=False)
PROGRAM.command()(watch)
MINIMA = ("--minima", "0.3 [NM] / 300 [ft]")
LIVE = (*MINIMA, "--from", "sbs")


def messages(first: int, last: int) -> bytes:
    """Two at one height on one line, 0.25 degree apart and each 0.01 degree nearer every 10 s."""
    rows = []
    for k in range(first, last):
        at = f"2026/01/01,00:{k // 6:02d}:{k % 6 * 10:02d}.000"
        for address, lon in (("AAAAAA", 10.0 + 0.01 * k), ("BBBBBB", 10.25 - 0.01 * k)):
            rows.append(f"MSG,3,1,1,{address},1,{at},{at},,9000,,,45.0,{lon:.4f},,,,,,0\n")
    return "".join(rows).encode()


def run(source: str, play: Callable[[], None], *options: str) -> Result:
    """The command in this process, while `play` is the other side; once that is over it is told to end."""

    def whole() -> None:
        try:
            play()
        finally:
            time.sleep(0.5)
            os.kill(os.getpid(), signal.SIGTERM)

    player = threading.Thread(target=whole, daemon=True)
    seen: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: seen.append(number))  # what is told too late ends no test run
    try:
        player.start()
        result = CliRunner().invoke(PROGRAM, [source, *(options or LIVE)])
        player.join(60.0)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert seen == [], result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def server() -> tuple[socket.socket, str]:
    made = socket.create_server(("127.0.0.1", 0))
    made.settimeout(30.0)
    return made, f"tcp://127.0.0.1:{made.getsockname()[1]}"


def test_a_tcp_source_is_watched_over_a_cut_and_the_gap_is_told_and_is_no_clear_air() -> None:
    made, source = server()

    def play() -> None:
        for part in (messages(0, 7), messages(7, 14)):
            line, _ = made.accept()
            line.sendall(part)
            time.sleep(0.2)
            line.close()

    result = run(source, play)
    made.close()
    assert result.exit_code == 1
    assert "CONFLICT  sbs/aaaaaa and sbs/bbbbbb: loss of separation in" in result.stdout
    assert "the source was cut; what it would have seen until it was back is unknown" in result.stdout
    assert f"{source} was cut; what it would see is not watched" in result.stderr
    assert f"{source} is followed again after" in result.stderr
    assert "stopped; what was watched until now:" in result.stderr


def test_a_quiet_sky_that_was_heard_whole_exits_0() -> None:
    made, source = server()
    line: list[socket.socket] = []

    def play() -> None:
        line.append(made.accept()[0])
        line[0].sendall(b"".join(row + b"\n" for row in messages(0, 14).splitlines() if b"AAAAAA" in row))

    result = run(source, play)
    made.close()
    line[0].close()
    assert (result.exit_code, result.stdout) == (0, "0 conflicts\n")


def test_datagrams_are_watched_and_one_that_is_damaged_is_told() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def play() -> None:
        time.sleep(0.5)
        with socket.socket(type=socket.SOCK_DGRAM) as sender:
            for row in (*messages(0, 14).splitlines(), b"MSG,3,1,1,AAAA"):
                sender.sendto(row, ("127.0.0.1", port))

    result = run(f"udp://127.0.0.1:{port}", play)
    assert result.exit_code == 1
    assert "CONFLICT  sbs/aaaaaa and sbs/bbbbbb" in result.stdout
    assert "a damaged or truncated message" in result.stdout


def test_a_file_that_grows_is_watched_until_a_signal_ends_it(tmp_path: Path) -> None:
    path = tmp_path / "live.sbs"
    path.write_bytes(messages(0, 7))

    def play() -> None:
        time.sleep(0.5)
        with path.open("ab") as file:
            file.write(messages(7, 14))

    result = run(str(path), play, *MINIMA, "--follow")
    assert result.exit_code == 1
    assert "1 conflict\n" in result.stdout


def test_nothing_that_can_be_used_is_no_answer() -> None:
    made, source = server()
    line: list[socket.socket] = []

    def play() -> None:
        line.append(made.accept()[0])
        line[0].sendall(b"nothing of the kind\n" * 10)

    result = run(source, play)
    made.close()
    line[0].close()
    assert (result.exit_code, result.stdout) == (2, "")
    assert "it holds no hit that can be used, so nothing can be said: not an SBS message (10)" in result.stderr


@pytest.mark.parametrize(
    ("source", "options", "sentence"),
    [
        ("tcp://nowhere", LIVE, "is no live input"),
        ("udp://127.0.0.1:1", MINIMA, "say what udp://127.0.0.1:1 sends, with --format: sbs, modes, asterix"),
        ("udp://127.0.0.1:1", (*MINIMA, "--from", "parquet"), "does not come live"),
        (f"udp://{'a' * 70}:3000", LIVE, "no host can have that name"),
        ("udp://192.0.2.1:9", LIVE, "udp://192.0.2.1:9 cannot be listened at"),
        ("udp://127.0.0.1:1", (*LIVE, "--columns", "{}"), "a table does not come live"),
    ],
)
def test_a_source_that_cannot_be_watched_is_one_sentence(source: str, options: tuple[str, ...], sentence: str) -> None:
    result = CliRunner().invoke(PROGRAM, [source, *options])
    assert (result.exit_code, result.stdout) == (2, "")
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_receiver_that_breaks_down_is_a_fault_and_no_end_of_the_input(monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(receiver: Receiver) -> None:
        for row in messages(0, 14).splitlines():
            receiver._inbox.put(Arrived(Event.DATA, now(), row))
        raise ZeroDivisionError("broken")

    monkeypatch.setattr(Receiver, "_datagrams", break_down)
    with socket.socket(type=socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    result = CliRunner().invoke(PROGRAM, [f"udp://127.0.0.1:{port}", *LIVE])
    assert result.exit_code == 2
    assert "CONFLICT" in result.stdout  # what was found before is told
    assert "conflict\n" not in result.stdout  # and no summary reads as if the watch had been kept
    assert "this is a fault of Tafadi, and what was asked is not answered: ZeroDivisionError: broken" in result.stderr


def test_standard_input_is_watched_as_it_comes_and_a_signal_ends_it_in_order() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "tafadi", "watch", "-", "--follow", *LIVE], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(messages(0, 13))
        process.stdin.flush()
        assert select.select([process.stdout], [], [], 120.0)[0]  # the alert comes while the pipe is open
        assert b"CONFLICT  sbs/aaaaaa and sbs/bbbbbb" in process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()
        assert process.wait(60.0) == 1
    assert rest.endswith(b"1 conflict\n")


def table(tmp_path: Path, other_m: int) -> Path:
    """Two towards one another, one above the sea and one above the ellipsoid."""
    rows = []
    for k in range(14):
        for name, lon, height, datum in (("a", 10.0 + 0.01 * k, 1_000, "geoid"), ("b", 10.25 - 0.01 * k, other_m, "ellipsoid")):
            plot = {
                "track": name,
                "at": f"2026-01-01T00:{k // 6:02d}:{k % 6 * 10:02d}Z",
                "height": {"value_mm": height * 1000, "datum": datum},
            }
            rows.append(json.dumps({**plot, "position": {"lat_e7": 450_000_000, "lon_e7": round(lon * 1e7)}}))
    path = tmp_path / "two.plots"
    path.write_text("\n".join(rows) + "\n")
    return path


def test_tracks_across_datums_are_compared_where_there_is_a_grid_and_else_it_is_said_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grid = str(write_gtx(tmp_path / "own.gtx", lambda lat, lon: 40.0))

    def said(other_m: int, *options: str) -> Result:
        return CliRunner().invoke(PROGRAM, [str(table(tmp_path, other_m)), *MINIMA, "--from", "plots", *options])

    assert "CONFLICT  a and b" in said(1_050, "--geoid", grid).stdout
    assert said(1_200, "--geoid", grid).stdout == "0 conflicts\n"
    monkeypatch.setattr(geoid, "folders", lambda: iter(()))
    unknown = said(1_200)
    assert (unknown.exit_code, "datums-unlike" in unknown.stdout) == (1, True)
    assert "install Debian's package proj-data" in unknown.stderr
