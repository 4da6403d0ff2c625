"""The power is cut at any write, and the disk keeps what it likes of what was not synced: nothing that was told is lost.

Killing a process shows nothing of this, for the page cache outlives it. Here the disk forgets (`tests/lossy.py`): the journal alone, two
nodes that speak with each other, and the files of a folder. That the harness finds a loss where a sync is left out is shown first.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from random import Random

import pytest

from journals import ORIGIN, growth_of
from lossy import ABSENT, HERE, Disk, replay
from nodes import RealNode, tafadi
from nodes import world as real_world
from tafadi.desk import announce, hotline
from tafadi.desk.exchange import Answer, Ask
from tafadi.desk.ports import Answered, Change, Exhibit, Express, Growth, Head, Receipt
from tafadi.errors import MissingError, StoreError
from tafadi.measure.instant import Instant
from tafadi.model.names import Language, Mode
from tafadi.node import Node, SystemClock
from tafadi.store.backup import backup
from tafadi.store.folder import Folder
from tafadi.store.fsck import verify
from tafadi.store.mark import Mark, read_mark
from tafadi.store.rehash import rehash
from tafadi.store.settings import Settings
from tafadi.store.sqlite import SqliteJournal
from tafadi.trust.card import open_card
from tafadi.trust.log import leaf_hash
from world import OFFICER, Station, World, operation, volume

pytestmark = pytest.mark.skipif(not HERE, reason=ABSENT)

NOW = Instant.parse("2026-11-23T06:00:00Z")
OTHER = "tafadi.v1/line/bravo/1"
LOG_PAGES = 40  # so that the log is taken into the file in the middle of the script, and not only at its end
LAST_TRIES = 6  # of the moment after the end, each with another chance
CUTS = 100  # moments of some five thousand that are tried in CI


# The journal alone


def play(disk: Disk, seed: int, pragma: str = "synchronous = FULL", steps: int = 30, log_pages: int = LOG_PAGES) -> None:
    """Commits all kinds of changes, alone and in groups, and opens anew now and then. Tells after each what must be there from then on."""
    rng, path = Random(seed), disk.root / "journal.db"
    with disk.recording():
        journal = _opened(path, pragma, log_pages)
        for step in range(steps):
            if rng.random() < 0.1:
                journal.close()
                journal = _opened(path, pragma, log_pages)
            if rng.random() < 0.2:
                with journal.group():
                    for _ in range(3):
                        journal.commit(_change(journal, rng, step))
            else:
                journal.commit(_change(journal, rng, step))
            disk.tell(_said(journal))
        journal.close()


def _opened(path: Path, pragma: str, log_pages: int) -> SqliteJournal:
    journal = SqliteJournal(path)
    journal._db.execute(f"PRAGMA {pragma}")
    journal._db.execute(f"PRAGMA wal_autocheckpoint = {log_pages}")
    return journal


def _change(journal: SqliteJournal, rng: Random, step: int) -> Change:
    origin = rng.choice((ORIGIN, OTHER))
    growth = growth_of(journal.head(origin).frontier, *(rng.randbytes(rng.choice((40, 900, 6_000))) for _ in range(rng.randint(1, 90))))
    change = Change((replace(growth, origin=origin),))
    if rng.random() < 0.5:
        change = replace(change, receipts=(Receipt(origin, "mirror", step, f"line {step}\n", NOW),), judged=((origin, growth.old_size),))
    if rng.random() < 0.3:
        more = {"exhibits": (Exhibit("kind", rng.randbytes(50)),), "answers": (Answered(f"key {rng.random()}", b"asked", b"answer", NOW),)}
        change = replace(change, **more, express=(Express(origin, 10_000 + step, b"stop", leaf_hash(b"stop"), "heard\n"),))  # type: ignore[arg-type]
    return change


def _said(journal: SqliteJournal) -> dict[str, object]:
    """What somebody may rely on: how far each feed has grown, and everything that stands beside the feeds."""
    beside = {
        f"beside {origin}": (journal.receipts(origin), journal.express(origin), journal.exhibits(), journal.unjudged())
        for origin in journal.origins()
    }
    return {**journal.sizes(), **beside, "leaves": {origin: journal.leaf_hashes(origin) for origin in journal.origins()}}


def losses(image: Path, told: dict[str, object], later: list[dict[str, object]]) -> list[str]:
    """What of it is not there any more, or cannot be opened; what comes on top is what was told next, whole, or nothing."""
    try:
        marked = read_mark(image / "journal.mark")
        journal = SqliteJournal(image / "journal.db")
        said = _said(journal)
        found = [fault for origin in journal.origins() for fault in rehash(journal, origin).faults]
        journal.close()
    except StoreError as error:
        return [str(error)]
    if said not in (told or {"leaves": {}}, *later[:1]):
        found.append("what is there is neither what was told last nor what was told next")
    for origin, size in told.items():
        if isinstance(size, int) and marked.get(origin, 0) < size:
            found.append(f"the mark says {marked.get(origin, 0)} of {origin}, and {size} was told")
    return found


def losses_in(disk: Disk, tmp_path: Path, cuts: int, seed: int = 0) -> Iterator[str]:
    """All that is lost at so many moments, each with its own chance."""
    rng, moments = Random(seed), disk.moments()
    for number, moment in enumerate(rng.sample(moments, min(cuts, len(moments)))):
        image = disk.image(moment, tmp_path / f"image-{seed}-{number}", Random(rng.random()))
        told = disk.told(moment)
        for loss in losses(image, told[-1] if told else {}, disk.told(len(disk.log))[len(told) :]):
            yield f"cut {moment}: {loss}"
        shutil.rmtree(image)


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    """A disk with nothing on it."""
    (tmp_path / "disk").mkdir()
    return Disk(tmp_path / "disk")


@pytest.mark.parametrize(
    ("pragma", "deaf", "told"),
    [
        ("synchronous = OFF", "", "malformed"),
        ("synchronous = OFF", "", "put back from a copy"),  # as it looks to the mark, which was synced
        ("synchronous = NORMAL", "", "put back from a copy"),
        ("synchronous = FULL", "fdatasync", "the mark says"),
        ("synchronous = FULL", "fsync", "the mark"),
    ],
)
def test_the_harness_finds_a_loss_where_a_sync_is_left_out(disk: Disk, tmp_path: Path, pragma: str, deaf: str, told: str) -> None:
    disk.deaf = frozenset({deaf})
    play(disk, 1, pragma, steps=12, log_pages=1_000)
    assert any(told in loss for loss in losses_in(disk, tmp_path, 60)), "a harness that finds nothing shows nothing"


@pytest.mark.parametrize(("seeds", "cuts"), [(1, CUTS), pytest.param(3, 1_000, marks=pytest.mark.soak)])
def test_rule_03_after_a_power_cut_at_any_write_all_that_a_commit_returned_for_is_there(
    disk: Disk, tmp_path: Path, seeds: int, cuts: int
) -> None:
    tried = 0
    for seed in range(seeds):
        disk.log.clear()
        disk.root = tmp_path / f"disk-{seed}"
        disk.root.mkdir()
        play(disk, seed)
        assert list(losses_in(disk, tmp_path, cuts, seed)) == []
        tried += min(cuts, len(disk.moments()))
    print(f"\n{tried} power cuts, 0 losses")  # noqa: T201 - the figure of a soak run


def test_a_power_cut_while_the_journal_is_opened_after_a_power_cut_loses_nothing_either(disk: Disk, tmp_path: Path) -> None:
    play(disk, 2)
    rng = Random(2)
    for number, moment in enumerate(rng.sample(disk.moments(), 6)):
        again = Disk(disk.image(moment, tmp_path / f"first-{number}", Random(number)))
        with again.recording():
            SqliteJournal(again.root / "journal.db").close()
        told, later = disk.told(moment), disk.told(len(disk.log))
        for second in rng.sample(again.moments(), 4):
            image = again.image(second, tmp_path / f"second-{number}-{second}", Random(second))
            assert losses(image, told[-1] if told else {}, later[len(told) :]) == []


def test_a_mark_whose_last_lines_are_torn_at_any_sector_is_no_older_than_what_was_told_and_no_damage(disk: Disk, tmp_path: Path) -> None:
    """Over many appends, so that some lie in two sectors or three; each cut before its sync is tried with several chances."""
    origins = [f"tafadi.v1/line/party-{number}/1" for number in range(20)]
    rng, sizes = Random(4), dict.fromkeys(origins, 0)
    with disk.recording():
        mark = Mark(disk.root / "journal.mark", {})
        for _ in range(60):
            grown = {origin: sizes[origin] + 1 for origin in rng.sample(origins, rng.choice((1, 1, 2, 20)))}
            sizes.update(grown)
            mark.grow(grown)
            disk.tell(dict(sizes))
        mark.close()
    for moment in disk.moments():
        told = disk.told(moment)
        for chance in range(4):
            kept = replay(disk.log[:moment], disk.root, Random(f"{moment}/{chance}"))
            kept.write(disk.root, image := tmp_path / "image")
            marked = read_mark(image / "journal.mark")
            shutil.rmtree(image)
            assert all(told[-1][origin] <= marked.get(origin, 0) <= sizes[origin] for origin in origins if told)


# Two nodes that speak with each other


class Telling(World):
    """A world whose disk is told what left each node: whoever heard it relies on it."""

    disk: Disk

    def _bring_ask(self, one: Station, other: Station, ask: Ask) -> Answer:
        self.said(one)
        answer = super()._bring_ask(one, other, ask)
        self.said(other)
        return answer

    def said(self, station: Station) -> None:
        """The node has told another something: all that it holds is to be there from now on, with the receipts that it has."""
        journal = station.sqlite
        leaves = {origin: journal.leaf_hashes(origin) for origin in journal.origins()}
        receipts = {mirror: receipt.size for mirror, receipt in journal.receipts(station.desk.origin).items()}
        self.disk.tell((station.party, leaves, receipts))


def talked(folder: Path) -> tuple[Telling, Disk]:
    """Two parties that sign, announce, conflict, amend, answer and stop, on a disk that syncs."""
    folder.mkdir()
    disk = Disk(folder)
    with disk.recording():
        world = Telling(folder)
        world.disk = disk
        for station in world.stations.values():
            station.sqlite._db.execute("PRAGMA synchronous = FULL")
            station.sqlite._db.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
        world.sign()
        ours = announce.send(world.desk("alpha"), OFFICER, operation(), Mode.EXERCISE)
        theirs = announce.send(world.desk("bravo"), OFFICER, operation(volume(4_000.0)), Mode.EXERCISE)
        world.settle()
        announce.amend(world.desk("bravo"), OFFICER, theirs, operation(volume(40_000.0)))
        stop = hotline.raise_stop(world.desk("bravo"), OFFICER, Mode.EXERCISE, ("sky/1",))
        world.settle()
        hotline.acknowledge(world.desk("alpha"), OFFICER, stop, (Language.EN,))
        announce.send(world.desk("alpha"), OFFICER, operation(volume(80_000.0)), Mode.EXERCISE)
        world.settle()
        assert ours in world.desk("bravo").picture.notices
        world.close()
    return world, disk


def test_rule_08_two_nodes_that_lose_power_at_once_hold_all_that_either_told_and_go_on_to_one_record(tmp_path: Path) -> None:
    played, disk = talked(tmp_path / "world")
    rng = Random(3)
    for number, moment in enumerate(rng.sample(disk.moments(), 24)):
        image = disk.image(moment, tmp_path / f"image-{number}", Random(number))
        world = World(image)
        for party, leaves, receipts in disk.told(moment):
            journal = world[party].sqlite
            assert {origin: journal.leaf_hashes(origin, 0, len(hashes)) for origin, hashes in leaves.items()} == leaves
            kept = journal.receipts(world[party].desk.origin)
            assert all(kept[mirror].size >= size for mirror, size in receipts.items())
        for station in world.stations.values():
            if station.size == 0:
                station.sign()
        world.settle()
        assert len({station.desk.picture.digest() for station in world.stations.values()}) == 1
        for station in world.stations.values():
            assert [report.faults for report in verify(station.sqlite, world.pact)] == [[], []]
            assert station.sqlite.evidence() == []
        world.close()
    assert played.pact.id == World(tmp_path / "image-0").pact.id


# The files of a folder


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealNode]:
    """Alpha's folder; it has signed with bravo, and nobody runs."""
    with real_world(tmp_path_factory.mktemp("signed"), "alpha", "bravo", start=False) as both:
        yield both["alpha"]


def cut_at(disk: Disk, tmp_path: Path, cuts: int, seed: int) -> Iterator[tuple[Path, bool]]:
    """What is left at so many moments, and whether the end had been told by then. The last moment is tried several times."""
    rng, numbers = Random(seed), count()
    moments = rng.sample(disk.moments(), min(cuts, len(disk.moments())))
    for moment in (*moments, *[len(disk.log)] * LAST_TRIES):
        yield disk.image(moment, tmp_path / f"image-{next(numbers)}", Random(rng.random())), bool(disk.told(moment))


def test_rule_14_a_power_cut_while_keys_are_renewed_leaves_a_node_of_the_old_epoch_or_of_the_new(signed: RealNode, tmp_path: Path) -> None:
    disk = Disk(signed.path)
    with disk.recording():
        assert tafadi("node", "renew", signed.path).code == 0
        disk.tell("epoch 2")
    epochs = set()
    for image, was_told in cut_at(disk, tmp_path, 40, 5):
        folder = Folder.open(image)
        with folder.locked():
            node = Node(folder, SystemClock())
            epochs.add(node.identity.epoch)
            assert open_card(folder.card).epoch == node.identity.epoch
            assert all(not report.faults for desk in node.desks.values() for report in verify(node.journal, desk.pact))
            node.close()
        assert node.identity.epoch == 2 or not was_told
    assert epochs == {1, 2}


def test_a_power_cut_while_a_node_is_made_leaves_a_whole_one_or_none(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    disk = Disk(tmp_path / "disk")
    with disk.recording():
        made = tafadi("node", "init", disk.root / "parties" / "alpha", "--party", "alpha")
        assert made.code == 0, made.err
        disk.tell("made")
    for image, was_told in cut_at(disk, tmp_path, 40, 6):
        try:
            folder = Folder.open(image / "parties" / "alpha")
        except MissingError:
            assert not was_told
            continue
        with folder.locked():
            if was_told:
                Node(folder, SystemClock()).close()
                assert open_card((folder.path / "card.json").read_bytes()).party == "alpha"


def test_a_power_cut_while_a_backup_is_written_leaves_a_verified_copy_or_none(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "node")
    folder.path.mkdir()
    folder.save_settings(Settings("alpha", "en"))
    journal = SqliteJournal(folder.path / "journal.db")
    leaves = tuple(number.to_bytes(3, "big") for number in range(300))
    journal.commit(Change((growth_of(journal.head(ORIGIN).frontier, *leaves),)))
    (tmp_path / "copies").mkdir()
    disk = Disk(tmp_path / "copies")
    with disk.recording():
        backup(folder, disk.root / "copy.db")
        disk.tell("copied")
    journal.close()
    for image, was_told in cut_at(disk, tmp_path, 40, 7):
        there = (image / "copy.db").exists()
        assert there or not was_told
        if there:
            copied = SqliteJournal(image / "copy.db", read_only=True)
            copied.check_file()
            assert (copied.sizes(), rehash(copied, ORIGIN).faults) == ({ORIGIN: 300}, [])
            copied.close()


def test_a_power_cut_while_a_journal_of_form_1_is_brought_on_leaves_it_to_be_brought_on(
    tmp_path: Path, make_older: Callable[[Path], None]
) -> None:
    (tmp_path / "disk").mkdir()
    disk = Disk(tmp_path / "disk")
    make_older(disk.root / "journal.db")
    with disk.recording():
        SqliteJournal(disk.root / "journal.db").close()
    for image, _ in cut_at(disk, tmp_path, 30, 8):
        journal = SqliteJournal(image / "journal.db")
        assert (journal.sizes(), rehash(journal, ORIGIN).faults) == ({ORIGIN: 300}, [])
        journal.close()


@pytest.fixture
def make_older() -> Callable[[Path], None]:
    """Makes a journal as an older build left it, with 300 entries."""

    def make(path: Path) -> None:
        journal = SqliteJournal(path)
        leaves = tuple(number.to_bytes(3, "big") for number in range(300))
        grown = journal.head(ORIGIN).frontier.extend([leaf_hash(leaf) for leaf in leaves])
        journal.commit(Change((Growth(ORIGIN, 0, leaves, tuple(map(leaf_hash, leaves)), Head(grown, b"note")),)))
        for table in ("tile", "answer", "express"):
            journal._db.execute(f"DROP TABLE {table}")
        journal._db.execute("PRAGMA user_version = 1")
        journal.close()

    return make
