"""`tafadi node renew` and `node restore`, with real nodes: what was said stands, what was lost is fetched back, one node writes."""

import base64
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from nodes import Liar, RealNode, World, free_port, process, square, tafadi, until, world
from tafadi.errors import DamagedError
from tafadi.model.entry import EntryType
from tafadi.model.line import Attempt
from tafadi.node import Node, SystemClock
from tafadi.store import files
from tafadi.store import folder as folder_module
from tafadi.store.folder import EPOCH_KEYS, Folder
from tafadi.store.mark import read_mark
from tafadi.store.sqlite import SqliteJournal
from tafadi.trust.card import open_card
from tafadi.trust.log import Frontier

SAID = 4  # entries of alpha in the record that does not run, the agreement among them
TAKEN_OVER = "another node of this party has taken over"


def verified(*nodes: RealNode) -> None:
    """Every feed of these nodes verifies."""
    for node in nodes:
        told = node.cli("feed", "verify")
        assert told.code == 0, told.out


def both_of(pair: World) -> tuple[RealNode, RealNode]:
    """Alpha and bravo."""
    return pair["alpha"], pair["bravo"]


def checked(pair: World, sender: str, receiver: str) -> None:
    """A new line check of one party arrives at the other."""
    entry = pair[sender].ask("line", "check")["entry"]
    until(lambda: any(one["id"] == entry for one in pair[receiver].ask("line", "show")["line_checks"]))


def epoch_of(node: RealNode) -> int:
    """The epoch that its status tells."""
    return int(node.ask("node", "status")["epoch"])


def contents(node: RealNode) -> dict[str, object]:
    """What lies in the folder: every file's bytes, and what the journal and its mark say in place of theirs."""
    files = [path for path in sorted(node.path.rglob("*")) if path.is_file() and not path.name.startswith(("journal.db", "node.lock"))]
    found: dict[str, object] = {str(path.relative_to(node.path)): path.read_bytes() for path in files if path.name != "journal.mark"}
    found["mark"] = read_mark(node.path / "journal.mark")
    if (node.path / "journal.db").exists():
        found |= {origin: node.leaves(origin) for party in ("alpha", "bravo") for origin in origins(node, party)}
    return found


def origins(node: RealNode, party: str) -> list[str]:
    """The feeds of the party that the node's journal holds."""
    journal = SqliteJournal(node.path / "journal.db", read_only=True)
    try:
        return [origin for origin in journal.origins() if origin.split("/")[2] == party]
    finally:
        journal.close()


def private_keys(node: RealNode) -> set[str]:
    """The private keys of all epochs that lie in the folder."""
    return {str(path.relative_to(node.path / "keys")) for path in (node.path / "keys").glob("*/*.key")}


# Two running nodes


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Alpha and bravo, running; each test, in this order or alone, begins and ends with both running and settled."""
    with world(tmp_path_factory.mktemp("epochs"), "alpha", "bravo") as both:
        until(both.settled)
        yield both


def test_after_a_renewal_all_that_stood_stands_and_can_be_answered(pair: World) -> None:
    alpha, bravo = both_of(pair)
    old = alpha.ask("notice", "send", "-", stdin=square("before the renewal").encode())["entry"]
    until(pair.settled)
    size = alpha.status()["feeds"]["alpha"]
    assert "another process holds" in alpha.cli("node", "renew").sentence(), "one writer only"
    assert alpha.stop() == 0
    begun = alpha.begin_epoch("renew")
    assert (begun["epoch"], [end["size"] for end in begun["ends"]], begun["fetched"]) == (2, [size], [])
    alpha.start()
    until(pair.settled)
    assert (epoch_of(alpha), epoch_of(bravo)) == (2, 1)
    assert epoch_of(alpha) == open_card((alpha.path / "card.json").read_bytes()).epoch
    assert private_keys(alpha) == {f"2/{name}.key" for name in EPOCH_KEYS}, "retired keys are destroyed"
    assert bravo.cli("line", "answer", old, "accepted").code == 0
    checked(pair, "alpha", "bravo")
    checked(pair, "bravo", "alpha")
    until(pair.settled)
    notice = next(one for one in alpha.ask("notice", "list")["notices"] if one["id"] == old)
    assert "ACCEPTED" in json.dumps(notice)
    verified(alpha, bravo)


def test_both_may_renew_at_once_and_one_of_them_twice_before_the_other_hears_of_it(pair: World) -> None:
    alpha, bravo = both_of(pair)
    assert (alpha.stop(), bravo.stop()) == (0, 0)
    said = []
    for _ in range(2):
        said.append(alpha.ask("line", "attempt", "--channel", "radio")["entry"])
        alpha.begin_epoch("renew")
    bravo.begin_epoch("renew")
    pair.start()
    until(pair.settled)
    assert set(said) <= set(bravo.ask("line", "show")["attempts"])
    checked(pair, "bravo", "alpha")
    until(pair.settled)
    verified(alpha, bravo)


def test_a_copy_from_before_the_renewal_stops_and_a_card_that_was_brought_by_hand_is_taken_once(pair: World) -> None:
    alpha, bravo = both_of(pair)
    assert alpha.stop() == 0
    copy = RealNode("alpha", pair.root / "copy" / "alpha", free_port())
    alpha.copy_to(copy.path)
    settings = copy.path / "node.json"
    settings.write_text(json.dumps({**json.loads(settings.read_text()), "port": copy.port}))
    epoch, card = alpha.begin_epoch("renew")["epoch"], alpha.path / "card.json"
    told = tafadi("agree", "take-card", bravo.path, card, "--json")
    assert (told.code, told.json) == (0, {"party": "alpha", "epoch": epoch, "taken": [pair.pact.id]})
    again = tafadi("agree", "take-card", bravo.path, card)
    assert (again.code, "was known already" in again.out) == (0, True)
    alpha.start()
    until(pair.settled)
    try:
        assert copy.run_to_its_end() == 2
    finally:
        copy.end()
    assert TAKEN_OVER in copy.log.read_text()
    assert "Traceback" not in copy.log.read_text()
    assert TAKEN_OVER in tafadi("agree", "take-card", copy.path, card).sentence()
    checked(pair, "alpha", "bravo")
    until(pair.settled)
    verified(alpha, bravo)


def refuses_to_run(node: RealNode) -> None:
    """It refuses with one sentence that says what helps."""
    assert "tafadi node restore" in process("node", "run", node.path).sentence()


def test_rule_15_what_was_said_since_the_copy_is_fetched_back_and_what_nobody_holds_is_counted(pair: World) -> None:
    alpha, bravo = both_of(pair)
    origin, epoch, older = alpha.origin, epoch_of(alpha), pair.root / "older.db"
    alpha.copy_journal(older)
    alpha.ask("notice", "send", "-", stdin=square("of alpha, since the copy").encode())
    bravo.ask("notice", "send", "-", stdin=square("of bravo, since the copy", lat=-34.0).encode())
    until(pair.settled)
    assert alpha.stop() == 0
    for _ in range(2):
        alpha.ask("line", "attempt", "--channel", "radio")
    alpha.put_back(older)
    refuses_to_run(alpha)
    begun = alpha.begin_epoch("restore")
    fetched = begun["fetched"][-1]
    receipted = bravo.leaves(origin)
    assert (fetched["origin"], fetched["lost"]) == (origin, 2)
    assert fetched["had"] < fetched["has"] == len(receipted) == begun["ends"][0]["size"]
    alpha.start()
    until(pair.settled)
    assert epoch_of(alpha) == begun["epoch"] == epoch + 1
    assert alpha.leaves(origin) == receipted, "nothing that was receipted is missing"
    checked(pair, "alpha", "bravo")
    until(pair.settled)
    verified(alpha, bravo)


def kill_at_some_instants(node: RealNode, command: str, chance: random.Random) -> None:
    """Kill -9 of the command's own process, three times; the instants between two files are below, one by one."""
    for _ in range(3):
        running = subprocess.Popen([sys.executable, "-m", "tafadi", "node", command, str(node.path)], stdout=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.2, 1.2))  # the instant of the kill; nothing is expected of it
        running.kill()
        running.wait(10.0)


def put_back_whole(node: RealNode, backup: Path) -> None:
    """Puts a copy in the place of the whole folder, the mark and all."""
    assert node.stop() == 0
    shutil.rmtree(node.path)
    shutil.copytree(backup, node.path)


def test_a_whole_folder_put_back_stops_at_the_first_heartbeat_and_restoring_helps_whenever_it_was_killed(pair: World) -> None:
    """The second time the folder is older by an epoch, of which the keys are gone, and its journal is gone as well."""
    alpha, bravo = both_of(pair)
    backup, epoch = pair.root / "backup", epoch_of(alpha)
    alpha.copy_to(backup)
    said = [alpha.ask("line", "attempt", "--channel", "radio")["entry"]]
    until(pair.settled)
    put_back_whole(alpha, backup)
    assert alpha.run_to_its_end() == 2
    assert "tafadi node restore" in alpha.log.read_text()
    assert "bravo holds" in alpha.cli("node", "renew").sentence(), "to renew here would cut off what bravo gave a receipt for"
    assert alpha.begin_epoch("restore")["epoch"] == epoch + 1
    alpha.start()
    said.append(alpha.ask("line", "attempt", "--channel", "telephone")["entry"])
    until(pair.settled)
    before = {origin: alpha.leaves(origin) for origin in origins(alpha, "alpha")}
    put_back_whole(alpha, backup)
    for options in ((), ("--cut",)):
        assert f"bravo knows a card of alpha for epoch {epoch + 1}" in alpha.cli("node", "renew", *options).sentence()
    alpha.put_back(None)
    refuses_to_run(alpha)
    chance = random.Random(2027)
    for command in ("restore", "renew"):
        kill_at_some_instants(alpha, command, chance)
        begun = alpha.begin_epoch(command)
        assert private_keys(alpha) == {f"{begun['epoch']}/{name}.key" for name in EPOCH_KEYS}
    assert begun["epoch"] >= epoch + 3
    alpha.start()
    until(pair.settled)
    assert {origin: alpha.leaves(origin) for origin in before} == before
    assert set(said) <= set(alpha.ask("line", "show")["attempts"])
    checked(pair, "alpha", "bravo")
    until(pair.settled)
    verified(alpha, bravo)


def test_what_a_thief_said_with_stolen_keys_is_left_out_by_renewing(pair: World) -> None:
    alpha, bravo = both_of(pair)
    until(pair.settled)
    mine, epoch = len(alpha.leaves(alpha.origin)), epoch_of(alpha)
    assert alpha.stop() == 0
    thief = Liar(pair, "alpha", "bravo", alpha.origin)
    thief.load()
    said = thief.leaf(thief.message(Attempt("radio", 1, False), EntryType.ATTEMPT, SystemClock().now()))
    assert thief.push(said).status_code == 200
    assert f"bravo holds {mine + 1} entries" in alpha.cli("node", "renew").sentence()
    begun = alpha.begin_epoch("renew", "--cut")
    assert (begun["epoch"], begun["ends"][0]["size"]) == (epoch + 1, mine)
    alpha.start()
    until(lambda: any("take no effect any more" in alarm["sentence"] for alarm in bravo.ask("line", "alarms")))
    until(pair.settled)
    assert f"alpha/{epoch}/{mine}" not in bravo.ask("line", "show")["attempts"]


# Every instant between two files


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Alpha and bravo, signed by both; neither runs. Tests harm a copy of alpha's folder."""
    with world(tmp_path_factory.mktemp("still"), "alpha", "bravo", start=False) as both:
        for _ in range(SAID - 1):
            both["alpha"].ask("line", "attempt", "--channel", "radio")
        yield both


@pytest.fixture
def alpha(still: World, tmp_path: Path) -> RealNode:
    """A copy of alpha's folder."""
    shutil.copytree(still["alpha"].path, tmp_path / "alpha")
    return RealNode("alpha", tmp_path / "alpha", free_port())


class PowerCut(BaseException):
    """Ends the command as a power cut would: nothing of ours catches it."""


def cut_at(monkeypatch: pytest.MonkeyPatch, place: int) -> None:
    """The power goes before the file of that number is written; files are those of the folder, with each key and card."""
    whole: Callable[..., None] = files.write_whole
    written = 0

    def write(path: Path, data: bytes, mode: int = 0o644) -> None:
        nonlocal written
        written += 1
        if written > place:
            raise PowerCut
        whole(path, data, mode)

    for module in (files, folder_module):
        monkeypatch.setattr(module, "write_whole", write)


def opens(node: RealNode) -> int:
    """The epoch in which a node over this folder would run; it is opened, and closed again."""
    with node.folder.locked():
        opened = Node(node.folder, SystemClock())
        try:
            return opened.identity.epoch
        finally:
            opened.close()


FILES = len(EPOCH_KEYS) + 4  # the keys; the card beside them, under the agreement; node.json; the card where it is shown
CUTS = [("renew", place) for place in range(FILES)] + [("restore", place) for place in range(1 + FILES)]  # the flag of a restoring first


@pytest.mark.parametrize(("command", "place"), CUTS)
def test_a_power_cut_between_any_two_files_leaves_a_folder_that_goes_on(
    alpha: RealNode, monkeypatch: pytest.MonkeyPatch, command: str, place: int
) -> None:
    options = ("--without", "bravo") if command == "restore" else ()
    is_restored = command == "restore" and place > 0
    with monkeypatch.context() as power:
        cut_at(power, place)
        with pytest.raises(PowerCut):
            alpha.cli("node", command, *options)
    begun = 1 if place < FILES - 1 + (command == "restore") else 2
    assert alpha.folder.settings.epoch == begun
    if is_restored:
        goes_on_with_a_restoring_only(alpha)
    else:
        assert opens(alpha) == begun
        assert f"{begun}/log.key" in private_keys(alpha) <= {f"{epoch}/{name}.key" for epoch in (begun, 2) for name in EPOCH_KEYS}
    assert alpha.begin_epoch(command, *options)["epoch"] == begun + 1
    assert opens(alpha) == begun + 1
    assert private_keys(alpha) == {f"{begun + 1}/{name}.key" for name in EPOCH_KEYS}
    assert open_card((alpha.path / "card.json").read_bytes()).epoch == begun + 1


@pytest.mark.parametrize("command", ["renew", "restore"])
def test_that_is_every_file_there_is(alpha: RealNode, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    options = ("--without", "bravo") if command == "restore" else ()
    cut_at(monkeypatch, FILES + (command == "restore"))
    assert alpha.begin_epoch(command, *options)["epoch"] == 2


def goes_on_with_a_restoring_only(node: RealNode) -> None:
    """Neither runs nor speaks by hand nor renews, with one sentence that says what helps."""
    for command in (("node", "renew"), ("line", "check"), ("line", "stop", "--what", "sky/1"), ("node", "status")):
        assert "is being restored, and is not whole yet; `tafadi node restore` goes on" in node.cli(*command).sentence()
    with pytest.raises(DamagedError, match="is being restored"):
        opens(node)


@pytest.mark.parametrize("method", ["drop_retired_keys", "end_restoring"])
def test_a_restoring_that_is_cut_in_its_last_steps_is_repeated_and_nobody_goes_on_before(
    alpha: RealNode, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    def fail(folder: Folder) -> None:
        if folder.settings.epoch == 2:
            raise PowerCut

    with monkeypatch.context() as power:
        power.setattr(Folder, method, fail)
        with pytest.raises(PowerCut):
            alpha.cli("node", "restore", "--without", "bravo")
    assert alpha.folder.settings.epoch == 2
    goes_on_with_a_restoring_only(alpha)
    assert alpha.begin_epoch("restore", "--without", "bravo")["epoch"] == 3
    assert opens(alpha) == 3


def test_private_keys_that_a_kill_left_behind_are_destroyed_when_the_folder_is_opened(
    alpha: RealNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(folder: Folder) -> None:
        if folder.settings.epoch == 2:
            raise PowerCut

    with monkeypatch.context() as power:
        power.setattr(Folder, "drop_retired_keys", cut)
        with pytest.raises(PowerCut):
            alpha.cli("node", "renew")
    assert {"1/log.key", "2/log.key"} <= private_keys(alpha)
    synced = watch_syncs(monkeypatch)
    assert opens(alpha) == 2
    assert private_keys(alpha) == {f"2/{name}.key" for name in EPOCH_KEYS}
    assert identity(alpha.path / "keys" / "1") in synced


def test_no_key_is_destroyed_for_an_epoch_that_node_json_merely_names(alpha: RealNode) -> None:
    before = private_keys(alpha)
    settings = alpha.path / "node.json"
    settings.write_text(json.dumps({**json.loads(settings.read_text()), "epoch": 9}))
    assert "is not here" in alpha.cli("node", "status").sentence()
    assert private_keys(alpha) == before


def identity(path: Path) -> tuple[int, int]:
    """Which file or folder that is, by whatever name."""
    found = path.stat()
    return found.st_dev, found.st_ino


def watch_syncs(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """What is flushed to the disk from now on, in its order."""
    synced: list[tuple[int, int]] = []
    flush = os.fsync

    def fsync(file: int) -> None:
        flush(file)
        found = os.fstat(file)
        synced.append((found.st_dev, found.st_ino))

    monkeypatch.setattr(os, "fsync", fsync)
    return synced


def test_new_folders_are_on_the_disk_before_node_json_names_their_epoch(alpha: RealNode, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = watch_syncs(monkeypatch)
    alpha.begin_epoch("renew")
    counts = synced.index(identity(alpha.path / "node.json"))
    for folder in ("keys", "keys/2", "cards", ".", f"cards/{alpha.status()['id']}"):
        assert identity(alpha.path / folder) in synced[:counts], folder


# A record that holds nothing


@pytest.mark.parametrize("has_agreement", [True, False])
def test_an_agreement_is_not_signed_again_where_a_card_shows_that_its_party_went_on(
    still: World, alpha: RealNode, tmp_path: Path, has_agreement: bool
) -> None:
    first = tmp_path / "first"
    shutil.copytree(alpha.path / "keys", first)
    alpha.begin_epoch("renew")
    shutil.rmtree(alpha.path / "keys")
    shutil.copytree(first, alpha.path / "keys")
    settings = alpha.path / "node.json"
    settings.write_text(json.dumps({**json.loads(settings.read_text()), "epoch": 1}))
    for file in alpha.path.glob("journal.*"):
        file.unlink()
    if has_agreement:
        SqliteJournal(alpha.path / "journal.db").close()
    else:
        shutil.rmtree(alpha.path / "agreements")
        (alpha.path / "agreements").mkdir()
    others = World(still.root, {**still.nodes, "alpha": alpha}, still.document)
    told = others.sign("alpha").sentence()
    assert f"alpha has signed {still.pact.id} before, and has a card for epoch 2" in told
    assert "tafadi node restore" in told
    assert alpha.folder.agreements().keys() == ({still.pact.id} if has_agreement else set())
    assert alpha.leaves(still.pact.origin("alpha")) == []


# A record that is damaged


def damage_row(path: Path) -> None:
    """One of alpha's own entries is gone."""
    execute(path, "DELETE FROM entry WHERE origin LIKE '%/alpha/%' AND idx = 1")


def execute(path: Path, statement: str) -> None:
    """Something that no node does to its journal."""
    with closing(sqlite3.connect(path)) as db:
        db.execute(statement)
        db.commit()


def forge(path: Path) -> None:
    """The last entry, and the tree with it, are taken away; nothing is signed for what is left."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("DELETE FROM entry WHERE origin LIKE '%/alpha/%' AND idx = (SELECT max(idx) FROM entry WHERE origin LIKE '%/alpha/%')")
        hashes = [row[0] for row in db.execute("SELECT leaf_hash FROM entry WHERE origin LIKE '%/alpha/%' ORDER BY idx")]
        frontier = Frontier().extend(hashes)
        db.execute("UPDATE feed SET size = ?, frontier = ? WHERE origin LIKE '%/alpha/%'", (frontier.size, frontier.to_bytes()))
        db.commit()


def tear(path: Path, share: float) -> None:
    """The file ends before its end."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    os.truncate(path, int(path.stat().st_size * share))


def overwrite(path: Path) -> None:
    """A page in its middle is noise."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(path.read_bytes())
    for at in range(4096, len(data), 8192):
        data[at : at + 4096] = random.Random(at).randbytes(4096)
    path.write_bytes(bytes(data))


def replace_by_folder(path: Path) -> None:
    """Where the file was there is a folder."""
    path.unlink()
    path.mkdir()


def empty(path: Path) -> None:
    """A journal by its version, and nothing in it."""
    path.unlink()
    execute(path, "PRAGMA user_version = 1")


DAMAGES: dict[str, Callable[[Path], object]] = {
    "a row is gone": damage_row,
    "an entry is another": lambda path: execute(path, "UPDATE entry SET leaf = x'7b7d' WHERE idx = 0"),
    "a hash is another": lambda path: execute(path, "UPDATE entry SET leaf_hash = zeroblob(32) WHERE idx = 0"),
    "an entry is beyond the end": lambda path: execute(
        path, "INSERT INTO entry SELECT origin, 99, leaf, leaf_hash FROM entry WHERE idx = 0"
    ),
    "the size is another": lambda path: execute(path, "UPDATE feed SET size = size + 1"),
    "the tree is none": lambda path: execute(path, "UPDATE feed SET frontier = x'00'"),
    "the feed is forgotten": lambda path: execute(path, "DELETE FROM feed"),
    "nothing is signed": lambda path: execute(path, "UPDATE feed SET checkpoint = NULL"),
    "what is signed is none": lambda path: execute(path, "UPDATE feed SET checkpoint = x'00ff'"),
    "the end was taken away": forge,
    "a table is gone": lambda path: execute(path, "DROP TABLE receipt"),
    "a table is another": lambda path: execute(path, "ALTER TABLE entry RENAME COLUMN leaf TO leaves"),
    "all tables are gone": empty,
    "tables without a version": lambda path: execute(path, "PRAGMA user_version = 0"),
    "noise": lambda path: path.write_bytes(random.Random(7).randbytes(50_000)),
    "zeros": lambda path: path.write_bytes(bytes(8_192)),
    "a text": lambda path: path.write_text("journal\n"),
    "half a file": lambda path: tear(path, 0.5),
    "most of a file": lambda path: tear(path, 0.9),
    "a hundred bytes": lambda path: os.truncate(path, 100),
    "pages of noise": overwrite,
    "a folder": replace_by_folder,
}


@pytest.mark.parametrize("case", DAMAGES)
def test_a_damaged_journal_is_set_aside_and_its_entries_are_fetched(alpha: RealNode, case: str) -> None:
    """Nobody is there to give them here (`tests/net/test_fetch.py`): all that the mark tells of is lost, and counted."""
    path = alpha.path / "journal.db"
    DAMAGES[case](path)
    kept = path.read_bytes() if path.is_file() else b""
    told = alpha.cli("node", "restore", "--without", "bravo", "--json")
    assert told.code == 0, told.err
    assert "kept as journal.damaged-1.db" in told.err
    assert "two histories" not in told.err
    assert told.json["aside"] == [told.err.removeprefix("tafadi: ").rstrip("\n")]
    assert [(feed["had"], feed["has"], feed["lost"]) for feed in told.json["fetched"]] == [(0, 0, SAID)]
    aside = alpha.path / "journal.damaged-1.db"
    assert aside.is_dir() or aside.read_bytes()[:100] == kept[:100] or aside.stat().st_size
    assert opens(alpha) == 2


@pytest.mark.parametrize("mark", [b"garbage\n", b"\xff\xfe 3\n", None])
def test_a_mark_that_cannot_be_read_is_set_aside_and_the_journal_stays(alpha: RealNode, mark: bytes | None) -> None:
    path = alpha.path / "journal.mark"
    path.unlink()
    if mark is None:
        path.mkdir()
    else:
        path.write_bytes(mark)
        assert "tafadi node restore" in alpha.cli("line", "check").sentence()
    told = alpha.cli("node", "restore", "--without", "bravo")
    assert told.code == 0, told.err
    assert "kept as journal.damaged-1.mark, and how many entries were lost cannot be told" in told.err
    assert f"{SAID} entries were here, {SAID} are now" in told.out
    assert opens(alpha) == 2


def test_what_is_set_aside_never_takes_the_place_of_what_was_before(alpha: RealNode) -> None:
    for number in (1, 2, 3):
        (alpha.path / "journal.db").write_bytes(b"noise %d" % number)
        alpha.begin_epoch("restore", "--without", "bravo")
    assert [(alpha.path / f"journal.damaged-{number}.db").read_bytes()[-1:] for number in (1, 2, 3)] == [b"1", b"2", b"3"]


def test_a_damaged_record_is_not_renewed_and_nobody_is_accused(alpha: RealNode) -> None:
    damage_row(alpha.path / "journal.db")
    told = alpha.cli("node", "renew").sentence()
    assert "do not give the tree that is stored; `tafadi node restore` fetches them back" in told


def test_what_cannot_be_opened_for_another_reason_is_not_set_aside(alpha: RealNode) -> None:
    execute(alpha.path / "journal.db", "PRAGMA user_version = 7")
    for _ in range(2):
        assert "has the form 7 of the journal" in alpha.cli("node", "restore", "--without", "bravo").sentence()
    assert not list(alpha.path.glob("journal.damaged*"))


# Refusals that change nothing


def test_a_party_that_is_down_is_named_with_what_helps_and_the_record_stays_refused(still: World, alpha: RealNode) -> None:
    """The journal is older than the mark says, before and after: what failed must not let the node run in its old epoch."""
    older = still["alpha"].path / "journal.db"
    alpha.ask("line", "attempt", "--channel", "radio")
    alpha.put_back(older)
    before = contents(alpha)
    for _ in range(2):
        told = alpha.cli("node", "restore").sentence()
        assert "bravo" in told
        assert "--without bravo" in told
        assert {name: found for name, found in contents(alpha).items() if name != "restoring"} == before
    refuses_to_run(alpha)
    goes_on_with_a_restoring_only(alpha)
    begun = alpha.begin_epoch("restore", "--without", "bravo")
    assert (begun["epoch"], begun["fetched"][0]["lost"]) == (2, 1)
    assert opens(alpha) == 2


def test_a_journal_that_is_gone_stays_refused_while_nobody_can_be_asked(alpha: RealNode) -> None:
    """With the mark lost as well: nothing but the flag is left to show that this record must not go on."""
    alpha.put_back(None)
    (alpha.path / "journal.mark").unlink()
    assert "is gone or empty" in alpha.cli("node", "renew").sentence(), "a renewal is for a record that is whole"
    assert "--without bravo" in alpha.cli("node", "restore").sentence()
    refuses_to_run(alpha)
    goes_on_with_a_restoring_only(alpha)
    (alpha.path / "journal.mark").unlink(missing_ok=True)
    SqliteJournal(alpha.path / "journal.db", restored=True).close()
    goes_on_with_a_restoring_only(alpha)


def test_a_party_without_an_address_is_named(alpha: RealNode) -> None:
    settings = alpha.path / "node.json"
    settings.write_text(json.dumps({**json.loads(settings.read_text()), "peers": {}}))
    before = contents(alpha)
    assert "the address of bravo is not known" in alpha.cli("node", "restore").sentence()
    assert contents(alpha) == before


@pytest.mark.parametrize("party", ["alpha", "charlie", "", "bravo\n", "\x1b[2J"])
def test_only_another_party_can_be_left_out(alpha: RealNode, party: str) -> None:
    before = contents(alpha)
    assert "is no other party" in alpha.cli("node", "restore", f"--without={party}").sentence()
    assert contents(alpha) == before


ROOTS = {
    "garbage": b"\x00\xff garbage \xfe",
    "empty": b"",
    "too short": b"AAAA\n",
    "a PEM file": b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    "letters that are not ASCII": "ключ".encode(),
    "a key and more": base64.b64encode(bytes(32)) + b"\n" * 2_000,
}


@pytest.mark.parametrize("command", ["renew", "restore"])
@pytest.mark.parametrize("case", [*ROOTS, "missing", "a folder", "nothing", "no end", "another party's", "another key of the party"])
def test_a_root_key_that_is_none_or_another_is_refused_and_nothing_changes(still: World, alpha: RealNode, command: str, case: str) -> None:
    files = {
        "missing": alpha.path / "nowhere.key",
        "a folder": alpha.path,
        "nothing": Path("/dev/null"),
        "no end": Path("/dev/zero"),
        "another party's": still["bravo"].path / "keys" / "root.key",
        "another key of the party": alpha.path / "keys" / "1" / "log.key",
    }
    file = files.get(case, alpha.path.parent / "root.key")
    if case in ROOTS:
        file.write_bytes(ROOTS[case])
    before = contents(alpha)
    told = alpha.cli("node", command, "--root", file).sentence()
    assert "key" in told
    assert ("is not here" in told) == (case == "missing")
    assert contents(alpha) == before
    assert opens(alpha) == 1


@pytest.mark.parametrize("command", ["renew", "restore"])
def test_a_root_key_that_is_kept_elsewhere_is_asked_for_and_serves_from_there(alpha: RealNode, command: str, tmp_path: Path) -> None:
    kept = tmp_path / "vault.key"
    (alpha.path / "keys" / "root.key").rename(kept)
    before = contents(alpha)
    assert "root.key is not here" in alpha.cli("node", command).sentence()
    assert contents(alpha) == before
    options = ("--without", "bravo") if command == "restore" else ()
    assert alpha.begin_epoch(command, "--root", kept, *options)["epoch"] == 2


def test_a_root_key_comes_through_a_pipe_and_nothing_of_it_stays(alpha: RealNode, tmp_path: Path) -> None:
    root = alpha.path / "keys" / "root.key"
    kept = root.read_bytes()
    root.unlink()
    through = process("node", "renew", alpha.path, "--root", "/dev/stdin", stdin=kept)
    assert (through.code, alpha.folder.settings.epoch) == (0, 2), through.err
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(kept,), daemon=True)
    writer.start()
    assert alpha.begin_epoch("renew", "--root", pipe)["epoch"] == 3
    writer.join(10.0)
    assert not root.exists()


def test_what_it_prints_for_people_says_what_became_of_each_feed(still: World, alpha: RealNode) -> None:
    alpha.ask("line", "attempt", "--channel", "radio")
    alpha.put_back(still["alpha"].path / "journal.db")
    told = alpha.cli("node", "restore", "--without", "bravo")
    assert told.code == 0, told.err
    assert "1 more had been written, and no party that was asked holds them" in told.out
    assert "alpha goes on in epoch 2" in told.out


def test_a_node_that_does_not_run_takes_a_card_by_hand_and_keeps_it(still: World, alpha: RealNode, tmp_path: Path) -> None:
    bravo = tmp_path / "bravo"
    shutil.copytree(still["bravo"].path, bravo)
    assert alpha.begin_epoch("renew")["epoch"] == 2
    answers = [tafadi("agree", "take-card", bravo, alpha.path / "card.json", "--json").json["taken"] for _ in range(2)]
    assert answers == [[still.pact.id], []]


CARDS = {"garbage": b"\x00\xff" * 100, "empty": b"", "an empty object": b"{}", "a text": b'"card"', "deep": b"[" * 30_000}


@pytest.mark.parametrize("case", CARDS)
def test_a_file_that_is_no_card_is_refused_by_hand(alpha: RealNode, tmp_path: Path, case: str) -> None:
    file = tmp_path / "card.json"
    file.write_bytes(CARDS[case])
    before = contents(alpha)
    assert "card" in tafadi("agree", "take-card", alpha.path, file).sentence()
    assert contents(alpha) == before


def test_a_card_of_a_stranger_a_huge_file_and_one_that_is_not_there_are_refused_by_hand(alpha: RealNode, tmp_path: Path) -> None:
    made = tafadi("node", "init", tmp_path / "zulu", "--party", "zulu")
    assert made.code == 0
    impostor = tafadi("node", "init", tmp_path / "bravo", "--party", "bravo")
    assert impostor.code == 0
    huge = tmp_path / "huge"
    with huge.open("wb") as file:
        file.truncate(100_000_000)
    before = contents(alpha)
    for file_name, part in (
        (tmp_path / "zulu" / "card.json", "zulu is no party"),
        (tmp_path / "bravo" / "card.json", "not signed by the root key"),
        (huge, "longer than"),
        (tmp_path / "nothing", "nothing"),
        (tmp_path, ""),
    ):
        assert part in tafadi("agree", "take-card", alpha.path, file_name).sentence()
    assert contents(alpha) == before
