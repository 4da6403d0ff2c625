"""The doctor: what is wrong is found and said, what cannot be seen is UNKNOWN, and nothing is changed by looking."""

import json
import os
import shutil
import socket
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from nodes import ANSWERS_S, World, free_port, tafadi, world
from tafadi.cli.doctor.finding import Verdict
from tafadi.cli.doctor.machine import TOO_QUICK_S, TOO_SLOW_S, file_system, sync_finding


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Alpha and bravo, which do not run."""
    with world(tmp_path_factory.mktemp("doctor"), "alpha", "bravo", start=False) as made:
        yield made


def findings(path: Path) -> dict[str, tuple[str, str]]:
    """What the doctor finds, by check: how it is, and the sentence."""
    told = tafadi("node", "doctor", path, "--json")
    assert told.code in (0, 1), told.err
    assert (told.code == 0) == told.json["well"]
    return {one["check"]: (one["verdict"], one["sentence"]) for one in told.json["findings"]}


def test_a_node_in_order_is_in_order_but_for_the_root_key_that_still_lies_there(both: World) -> None:
    found = findings(both["alpha"].path)
    wrong = {check for check, (verdict, _) in found.items() if verdict == Verdict.FAULT}
    assert wrong - {"clock", "disk", "sync"} == {"root key", "peer bravo"}, found
    assert "ConnectError" in found["peer bravo"][1]
    assert found["own card"] == ("OK", "epoch 1, valid for 90 days more")
    assert found["record"][0] == found["settings"][0] == found["port"][0] == "OK"


def test_keys_that_others_may_read_are_named(both: World) -> None:
    key = both["alpha"].path / "keys" / "operator-planner.key"
    key.chmod(0o640)
    try:
        verdict, sentence = findings(both["alpha"].path)["access"]
        assert verdict == "FAULT"
        assert "operator-planner.key" in sentence
    finally:
        key.chmod(0o600)


def test_a_port_that_another_program_has_is_found_before_the_start_fails(both: World) -> None:
    with closing(socket.create_server(("127.0.0.1", both["alpha"].port))):
        verdict, sentence = findings(both["alpha"].path)["port"]
    assert verdict == "FAULT"
    assert "in use" in sentence


def test_a_record_that_is_gone_or_damaged_is_a_fault_and_the_other_checks_go_on(both: World, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    both["alpha"].copy_to(folder)
    (folder / "journal.db").write_bytes(b"this is no journal" * 1_000)
    found = findings(folder)
    assert found["record"][0] == "FAULT"
    assert found["own card"][0] == "OK"
    (folder / "journal.db").unlink()
    assert findings(folder)["record"][0] == "FAULT"
    (folder / "keys" / "1" / "card.json").write_bytes(b"{}")
    assert findings(folder)["cards"][0] == "FAULT"


def test_settings_that_cannot_be_used_are_one_sentence(both: World, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    both["alpha"].copy_to(folder)
    settings = json.loads((folder / "node.json").read_text())
    for wrong in ({"api": "0.0.0.0:8088"}, {"api": "evil.example:80"}, {"api": 5}, {"api": "127.0.0.1:99999"}, {"port": "x"}):
        (folder / "node.json").write_text(json.dumps({**settings, **wrong}))
        assert "cannot be used" in tafadi("node", "doctor", folder).sentence()
    (folder / "node.json").write_text(json.dumps({**settings, "api": f"127.0.0.1:{free_port()}"}))
    found = findings(folder)
    assert found["api"][0] == "OK"
    assert found["operators"] == ("FAULT", "an API is asked for, and nobody may use it; `tafadi operator add` makes an operator")


def test_looking_changes_nothing(both: World) -> None:
    def seen() -> dict[str, bytes]:
        return {
            str(path): path.read_bytes()
            for path in sorted(both["alpha"].path.rglob("*"))
            if path.is_file() and "journal.db-" not in path.name
        }

    before = seen()
    findings(both["alpha"].path)
    assert seen() == before


@pytest.mark.parametrize(("took_s", "verdict"), [(TOO_QUICK_S / 2, "UNKNOWN"), (0.001, "OK"), (TOO_SLOW_S * 2, "FAULT")])
def test_a_disk_that_answers_too_soon_is_unknown_never_honest(took_s: float, verdict: str) -> None:
    assert sync_finding(took_s).verdict == verdict


def test_the_file_system_is_that_of_the_longest_mount_and_none_is_unknown(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/a / ext4 rw 0 0\nnone {tmp_path.resolve()} tmpfs rw 0 0\nbroken\n")
    assert file_system(tmp_path / "node", mounts) == "tmpfs"
    assert file_system(Path("/"), mounts) == "ext4"
    assert file_system(Path("/"), tmp_path / "nothing") == ""


def test_the_unit_names_this_folder_and_this_program_and_systemd_takes_it(both: World, tmp_path: Path) -> None:
    told = tafadi("node", "unit", both["alpha"].path)
    assert told.code == 0
    assert f"node run {both['alpha'].path}\n" in told.out
    assert "Type=notify" in told.out
    assert "@DIR@" not in told.out
    unit = tmp_path / "tafadi-alpha.service"
    unit.write_text(told.out)
    if shutil.which("systemd-analyze"):
        looked = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, timeout=ANSWERS_S, check=False)
        assert (looked.returncode, looked.stdout, looked.stderr) == (0, "", "")


def test_a_node_that_does_not_run_is_not_ready_and_is_not_opened_for_the_question(both: World) -> None:
    told = tafadi("node", "status", both["alpha"].path, "--ready", "--json")
    assert told.code == 1
    assert told.json == {"ready": False, "checks": {"runs": "the node does not run"}}


def test_operators_come_and_go_by_the_command_line(both: World) -> None:
    path = both["bravo"].path
    made = tafadi("operator", "add", path, "east-desk", "--role", "auditor")
    assert made.out.splitlines()[1].startswith("tafadi_")
    assert tafadi("operator", "list", path, "--json").json[0].keys() == {"name", "role", "since"}
    assert "east-desk  auditor" in tafadi("operator", "list", path).out
    assert "already" in tafadi("operator", "add", path, "east-desk", "--role", "planner").sentence()
    assert "none of watch-officer" in tafadi("operator", "add", path, "north", "--role", "king").sentence()
    assert tafadi("operator", "remove", path, "east-desk").code == 0
    assert "no operator" in tafadi("operator", "remove", path, "east-desk").sentence()
    assert os.stat(path / "operators.json").st_mode & 0o777 == 0o600
