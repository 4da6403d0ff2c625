"""`tafadi node renew` and `node restore`, with real nodes: what was said stands, what was lost is fetched back, one node writes."""

import json
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nodes import Liar, RealNode, World, free_port, process, square, tafadi, until, world
from tafadi.errors import DamagedError
from tafadi.model.entry import EntryType
from tafadi.model.line import Attempt
from tafadi.node import Node, SystemClock
from tafadi.store import folder as folder_module
from tafadi.store.folder import EPOCH_KEYS
from tafadi.store.mark import read_mark
from tafadi.store.sqlite import SqliteJournal
from tafadi.trust.card import open_card

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


def test_what_was_said_since_the_copy_is_fetched_back_and_what_nobody_holds_is_counted(pair: World) -> None:
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
        for _ in range(3):
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
    whole: Callable[..., None] = folder_module.write_whole
    written = 0

    def write(path: Path, data: bytes, mode: int = 0o644) -> None:
        nonlocal written
        written += 1
        if written > place:
            raise PowerCut
        whole(path, data, mode)

    monkeypatch.setattr(folder_module, "write_whole", write)


def opens(node: RealNode) -> int:
    """The epoch in which a node over this folder would run; it is opened, and closed again."""
    with node.folder.locked():
        opened = Node(node.folder, SystemClock())
        try:
            return opened.identity.epoch
        finally:
            opened.close()


FILES = len(EPOCH_KEYS) + 4  # the keys; the card beside them, under the agreement, and where it is shown; node.json


@pytest.mark.parametrize("place", range(FILES))
@pytest.mark.parametrize("command", ["renew", "restore"])
def test_a_power_cut_between_any_two_files_leaves_a_folder_that_goes_on(
    alpha: RealNode, monkeypatch: pytest.MonkeyPatch, command: str, place: int
) -> None:
    options = ("--without", "bravo") if command == "restore" else ()
    with monkeypatch.context() as power:
        cut_at(power, place)
        with pytest.raises(PowerCut):
            alpha.cli("node", command, *options)
    begun = 1 if place < FILES - 1 else 2
    assert alpha.folder.settings.epoch == begun
    assert opens(alpha) == begun
    assert alpha.begin_epoch(command, *options)["epoch"] == begun + 1
    assert opens(alpha) == begun + 1
    assert private_keys(alpha) == {f"{begun + 1}/{name}.key" for name in EPOCH_KEYS}
    assert open_card((alpha.path / "card.json").read_bytes()).epoch == begun + 1


def test_that_is_every_file_there_is(alpha: RealNode, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_at(monkeypatch, FILES)
    assert alpha.begin_epoch("renew")["epoch"] == 2


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
        assert contents(alpha) == before
    refuses_to_run(alpha)
    with pytest.raises(DamagedError, match="put back from a copy"):
        opens(alpha)
    begun = alpha.begin_epoch("restore", "--without", "bravo")
    assert (begun["epoch"], begun["fetched"][0]["lost"]) == (2, 1)
    assert opens(alpha) == 2


def test_a_journal_that_is_gone_stays_refused_while_nobody_can_be_asked(alpha: RealNode) -> None:
    alpha.put_back(None)
    assert "--without bravo" in alpha.cli("node", "restore").sentence()
    refuses_to_run(alpha)
    assert "tafadi node restore" in alpha.cli("line", "check").sentence()
    assert "put back from a copy" in alpha.cli("node", "renew").sentence(), "a renewal is for a record that is whole"


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
}


@pytest.mark.parametrize("command", ["renew", "restore"])
@pytest.mark.parametrize("case", [*ROOTS, "missing", "a folder", "another party's", "another key of the party"])
def test_a_root_key_that_is_none_or_another_is_refused_and_nothing_changes(still: World, alpha: RealNode, command: str, case: str) -> None:
    files = {
        "missing": alpha.path / "nowhere.key",
        "a folder": alpha.path,
        "another party's": still["bravo"].path / "keys" / "root.key",
        "another key of the party": alpha.path / "keys" / "1" / "log.key",
    }
    file = files.get(case, alpha.path.parent / "root.key")
    if case in ROOTS:
        file.write_bytes(ROOTS[case])
    before = contents(alpha)
    told = alpha.cli("node", command, "--root", file).sentence()
    assert "key" in told
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
