"""`tafadi node` and everything about a node's folder: what it refuses to start with, and what survives a kill."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nodes import ENDS_S, RealNode, World, free_port, process, square, tafadi, until, world


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Alpha and bravo, signed by both, not running; tests copy alpha's folder before they harm it."""
    with world(tmp_path_factory.mktemp("signed"), "alpha", "bravo", start=False) as both:
        yield both


@pytest.fixture
def copy(signed: World, tmp_path: Path) -> RealNode:
    """Alpha's folder, to be harmed, with a port of its own."""
    shutil.copytree(signed["alpha"].path, tmp_path / "alpha")
    node = RealNode("alpha", tmp_path / "alpha", free_port())
    change_settings(node.path, port=node.port)
    return node


def change_settings(path: Path, **changed: object) -> None:
    """Edits node.json as a hand would."""
    file = path / "node.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changed}))


def refused(node: RealNode, *options: str) -> str:
    """The one sentence with which `node run` refuses to start."""
    return process("node", "run", node.path, *options).sentence()


@pytest.mark.parametrize("party", ["", "Alpha", "a b", "ü", "1a", "a" * 33, "a/b", "..", "a\x1b[2J", "-", "a\n"])
def test_a_bad_party_name_is_refused_and_nothing_is_made(tmp_path: Path, party: str) -> None:
    assert "party" in tafadi("node", "init", tmp_path / "n", f"--party={party}").sentence()
    assert not (tmp_path / "n").exists()


@pytest.mark.parametrize("listen", ["", "nowhere", "127.0.0.1", "127.0.0.1:", ":5", "127.0.0.1:70000", "127.0.0.1:²", "127.0.0.1:-1"])
def test_a_bad_listening_address_is_refused(tmp_path: Path, listen: str) -> None:
    assert "is not an address" in tafadi("node", "init", tmp_path / "n", "--party", "alpha", "--listen", listen).sentence()


def test_keys_are_readable_by_their_owner_alone(signed: World) -> None:
    keys = signed["alpha"].path / "keys"
    modes = {path.name: path.stat().st_mode & 0o777 for path in keys.rglob("*") if path.is_file()}
    assert {mode for name, mode in modes.items() if name not in ("tls.crt", "card.json")} == {0o600}
    assert {keys.stat().st_mode & 0o777, (keys / "1").stat().st_mode & 0o777} == {0o700}


def test_a_node_is_not_made_over_another(signed: World) -> None:
    assert "not empty" in tafadi("node", "init", signed["alpha"].path, "--party", "alpha").sentence()
    file = signed.root / "file"
    file.write_text("x")
    assert tafadi("node", "init", file, "--party", "alpha").sentence()


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1",
        "https://127.0.0.1",
        "https://127.0.0.1:99999",
        "https://a b:1",
        "https://a/b:1",
        "https://u@h:1",
        "https://h:1/x",
        "",
    ],
)
def test_a_bad_peer_address_is_refused(copy: RealNode, url: str) -> None:
    assert "is not an address" in copy.cli("node", "peer", "--party", "bravo", "--url", url).sentence()


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", "5", '{"party": "alpha"}', '{"party": "Alpha!", "lang": "en"}', '{"party": "alpha", "lang": "xx"}',
        '{"party": "alpha", "lang": "en", "port": 70000}', '{"party": "alpha", "lang": "en", "port": "8443"}',
        '{"party": "alpha", "lang": "en", "host": 5}', '{"party": "alpha", "lang": "en", "epoch": "one"}',
        '{"party": "alpha", "lang": "en", "peers": {"bravo": 5}}', '{"party": "alpha", "lang": "en", "peers": []}',
        '{"party": "alpha", "lang": "en", "form": 2}', '{"party": "alpha", "lang": "en", "surprise": 1}', "[" * 100_000,
    ],
)  # fmt: skip
def test_a_wrong_node_json_is_told_in_one_sentence(copy: RealNode, text: str) -> None:
    (copy.path / "node.json").write_text(text)
    told = copy.cli("node", "status").sentence()
    assert "node.json" in told


def test_a_node_json_that_is_no_text_and_one_that_is_a_folder_are_told(copy: RealNode) -> None:
    (copy.path / "node.json").write_bytes(b"\xff\xfe\x00")
    assert "node.json" in refused(copy)
    (copy.path / "node.json").unlink()
    (copy.path / "node.json").mkdir()
    assert "is no node" in refused(copy)


@pytest.mark.parametrize("name", ["envelope", "log", "mirror"])
def test_a_missing_or_damaged_key_is_told_and_the_node_does_not_start(copy: RealNode, name: str) -> None:
    key = copy.path / "keys" / "1" / f"{name}.key"
    key.write_text("not base64!")
    assert "is damaged" in copy.cli("node", "status").sentence()
    key.write_bytes(b"\xff" * 50)
    assert "is damaged" in copy.cli("node", "status").sentence()
    key.write_text("AAAA")
    assert "is damaged" in copy.cli("node", "status").sentence()
    key.unlink()
    assert "is not here" in copy.cli("node", "status").sentence()


def test_a_damaged_card_is_told_and_not_handed_out(copy: RealNode) -> None:
    shown = (copy.path / "card.json").read_bytes()
    (copy.path / "keys" / "1" / "card.json").write_text("{}")
    assert "card.json cannot be used" in refused(copy)
    assert (copy.path / "card.json").read_bytes() == shown


@pytest.mark.parametrize("name", ["tls.pem", "tls.crt"])
def test_a_missing_or_damaged_certificate_is_told_and_the_node_does_not_start(copy: RealNode, name: str) -> None:
    (copy.path / "keys" / name).write_text("-----BEGIN NONSENSE-----\n")
    assert name in refused(copy)
    (copy.path / "keys" / name).unlink()
    assert name in refused(copy)


def test_keys_of_another_node_are_not_those_of_the_agreement(copy: RealNode, signed: World) -> None:
    shutil.copy(signed["bravo"].path / "keys" / "1" / "envelope.key", copy.path / "keys" / "1" / "envelope.key")
    assert "names other keys for alpha" in refused(copy)


@pytest.mark.parametrize("harm", ["nonsense", "cut", "empty", "gone", "no tables"])
def test_a_damaged_journal_stops_the_node_with_one_sentence(copy: RealNode, harm: str) -> None:
    journal = copy.path / "journal.db"
    whole = journal.read_bytes()
    for extra in copy.path.glob("journal.db-*"):
        extra.unlink()
    if harm == "gone":
        journal.unlink()
    else:
        journal.write_bytes(
            {"nonsense": os.urandom(len(whole)), "cut": whole[: len(whole) // 3], "empty": b"", "no tables": whole[:100]}[harm]
        )
    assert "journal" in refused(copy)
    assert copy.cli("feed", "verify").code != 0


def test_a_changed_byte_in_an_entry_is_a_fault_that_feed_verify_finds(copy: RealNode) -> None:
    import sqlite3

    with sqlite3.connect(copy.path / "journal.db") as db:
        leaf = db.execute("SELECT leaf FROM entry LIMIT 1").fetchone()[0]
        db.execute("UPDATE entry SET leaf = ?", (leaf.replace(b'"', b"'", 1),))
    told = copy.cli("feed", "verify", "--json")
    assert told.code == 1
    assert any(feed["faults"] for feed in told.json["feeds"])


def test_a_damaged_agreement_is_told_and_the_node_does_not_start(copy: RealNode) -> None:
    document = next((copy.path / "agreements").iterdir())
    document.write_bytes(document.read_bytes()[:-40])
    assert "agreement" in refused(copy)


@pytest.mark.parametrize(
    "clock",
    ["now", "2026-03-01T06:00:00Z", "2026-03-01T06:00:00Z=2026-03-01T06:00:00Z", "2026-03-01T06:00:00Z=2026-03-01T06:00:00Z*²",
     "2026-03-01T06:00:00Z=2026-03-01T06:00:00Z*0", "2026-03-01T06:00:00Z=2026-03-01T06:00:00Z*-1", "2026-03-01T06:00:00Z=x*1",
     "2026-03-01T06:00:00+01:00=2026-03-01T06:00:00Z*1", "2026-03-01T06:00:00Z=2026-03-01T06:00:00Z*nan", "=*", "*"],
)  # fmt: skip
def test_a_bad_clock_is_refused(copy: RealNode, clock: str) -> None:
    assert tafadi("node", "run", copy.path, "--clock", clock).sentence()


@pytest.mark.parametrize(
    "source",
    ["", "nop", "nop=udp://127.0.0.1:1", "xml=tcp://127.0.0.1:1", "nop=tcp://127.0.0.1", "nop=tcp://127.0.0.1:0", "nop=tcp://:5",
     "nop=tcp://127.0.0.1:99999", "nop=tcp://127.0.0.1:²", "nop=tcp://127.0.0.1:" + "9" * 5000],
)  # fmt: skip
def test_a_bad_source_is_refused(copy: RealNode, source: str) -> None:
    assert "is not a source" in tafadi("node", "run", copy.path, "--source", source).sentence()


def test_a_port_that_is_taken_is_told(copy: RealNode) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        change_settings(copy.path, port=other.getsockname()[1])
        assert "cannot listen on 127.0.0.1" in refused(copy)


@pytest.mark.parametrize("host", ["no.such.host.invalid", "203.0.113.9", "", "a" * 300, "\udc80"])
def test_a_host_that_is_none_of_ours_is_told(copy: RealNode, host: str) -> None:
    change_settings(copy.path, host=host)
    assert refused(copy)


def test_a_folder_whose_path_is_too_long_for_a_socket_is_told(copy: RealNode, tmp_path: Path) -> None:
    far = tmp_path / ("d" * 100)
    copy.path.rename(far)
    assert "shorter folder" in refused(RealNode("alpha", far, copy.port))


def test_a_folder_that_is_no_node_is_told(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nothing", Path(__file__), Path("/dev/null")):
        assert "is no node" in tafadi("node", "status", path).sentence()


def test_two_processes_on_one_folder_the_second_is_refused(copy: RealNode) -> None:
    copy.start()
    try:
        assert "another process holds the node" in refused(copy)
        assert copy.cli("node", "status").code == 0  # the first is not disturbed
    finally:
        assert copy.stop() == 0


def test_a_node_ends_gracefully_and_takes_its_socket_away(copy: RealNode) -> None:
    copy.start()
    assert (copy.path / "control.sock").stat().st_mode & 0o777 == 0o600
    assert copy.stop() == 0
    assert not (copy.path / "control.sock").exists()


def test_a_node_that_still_compiles_ends_when_it_is_told(copy: RealNode) -> None:
    """Where nothing is compiled yet the compiler takes minutes, and a thread of Python cannot be ended from outside."""
    copy.start(before="import time\nfrom tafadi.web import running\nrunning.warm_up = lambda: time.sleep(100_000.0)\n")
    assert copy.cli("node", "status").code == 0
    assert copy.stop() == 0
    assert "Traceback" not in copy.log.read_text()


def test_a_node_whose_log_nobody_reads_any_more_runs_on(copy: RealNode) -> None:
    command = [sys.executable, "-m", "tafadi", "node", "run", str(copy.path)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        assert running.stdout.readline()
        running.stdout.close()
        running.stderr.close()
        try:
            until(lambda: "the line to bravo is DOWN" in str(copy.ask("line", "alarms")))  # and it has said so into the void
            assert running.poll() is None
            assert copy.cli("node", "status").code == 0
            assert "does not answer" in copy.trouble("bravo")
        finally:
            running.terminate()
            assert running.wait(ENDS_S) == 0


def test_a_socket_left_by_a_killed_node_disturbs_nobody(copy: RealNode) -> None:
    copy.start()
    copy.kill()
    assert (copy.path / "control.sock").exists()
    assert copy.cli("node", "status").code == 0  # by hand, under the lock
    copy.start()
    assert copy.cli("node", "status").code == 0
    assert copy.stop() == 0


def test_what_is_said_while_no_node_runs_is_pushed_when_it_runs(tmp_path: Path) -> None:
    with world(tmp_path, "alpha", "bravo") as both:
        until(both.settled)  # bravo holds alpha's signature, and alpha the receipt for it
        assert both["alpha"].stop() == 0
        entry = both["alpha"].ask("notice", "send", "-", stdin=square("by hand").encode())["entry"]
        check = both["alpha"].ask("line", "check")["entry"]
        assert both["alpha"].status()["stored_at"] == {"bravo": 1}
        both["alpha"].start()
        until(lambda: any(one["id"] == entry for one in both["bravo"].ask("notice", "list")["notices"]))
        until(lambda: any(one["id"] == check for one in both["bravo"].ask("line", "show")["line_checks"]))
        until(both.settled)


def test_a_node_killed_in_the_middle_of_traffic_loses_nothing_that_had_a_receipt(tmp_path: Path) -> None:
    """Kill -9 shows what the journal's order of writes guarantees; it does not test fsync, for the page cache survives."""
    with world(tmp_path, "alpha", "bravo") as both:
        said: list[str] = []
        for number in range(6):
            victim = both["bravo" if number % 2 else "alpha"]
            said += [both["alpha"].ask("line", "attempt", "--channel", "radio", "--text", f"before {number}")["entry"] for _ in range(5)]
            receipted = both["alpha"].status()["stored_at"]["bravo"]
            victim.kill()
            said += [both["alpha"].ask("line", "attempt", "--channel", "radio", "--text", f"during {number}")["entry"] for _ in range(2)]
            victim.start()
            until(lambda: both["bravo"].cli("node", "status").code == 0)
            assert both["bravo"].status()["feeds"]["alpha"] >= receipted
        until(both.settled)
        kept = both["bravo"].ask("line", "show")["attempts"]
        assert set(said) <= set(kept)
        for node in both.nodes.values():
            assert node.cli("feed", "verify").code == 0


def test_a_record_restored_from_a_backup_stops_the_node(tmp_path: Path) -> None:
    with world(tmp_path, "alpha", "bravo") as both:
        until(both.settled)
        assert both["alpha"].stop() == 0
        shutil.copytree(both["alpha"].path, tmp_path / "backup")
        both["alpha"].start()
        both["alpha"].ask("line", "check")
        until(both.settled)
        assert both["alpha"].stop() == 0
        shutil.rmtree(both["alpha"].path)
        shutil.copytree(tmp_path / "backup", both["alpha"].path)
        both["alpha"].start()
        running = both["alpha"].process
        assert running is not None
        assert running.wait(ENDS_S) == 2
        assert "put back from a copy" in both["alpha"].log.read_text()


def test_help_comes_quickly_enough_to_be_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    began = time.monotonic()
    told = process("--help")
    seconds = time.monotonic() - began
    assert told.code == 0
    with capsys.disabled():
        print(f"\ntafadi --help took {seconds:.2f} s")  # noqa: T201 - a figure to be read, never a limit
