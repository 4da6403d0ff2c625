"""The journal in SQLite: whole changes or none, and one clear word for every disk that fails."""

import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.desk import announce
from tafadi.desk.ports import Change, Exhibit, Growth, Head, Receipt
from tafadi.errors import DamagedError, HeadMovedError, MissingError, StoreError
from tafadi.measure.instant import Instant
from tafadi.model.names import Mode
from tafadi.store.fsck import verify
from tafadi.store.sqlite import SqliteJournal
from tafadi.store.views import FoldedViews
from tafadi.trust.log import Frontier, leaf_hash
from world import OFFICER, Station, World, operation, volume

ORIGIN = "tafadi.v1/line/alpha/1"
NOW = Instant.parse("2026-11-23T06:00:00Z")


def _growth(old: Frontier, *leaves: bytes, note: bytes = b"note") -> Growth:
    hashes = tuple(leaf_hash(leaf) for leaf in leaves)
    return Growth(ORIGIN, old.size, leaves, hashes, Head(old.extend(hashes), note))


@pytest.fixture
def journal(tmp_path: Path) -> SqliteJournal:
    """An empty journal."""
    return SqliteJournal(tmp_path / "journal.db")


def test_what_was_committed_is_there_when_it_is_opened_again(journal: SqliteJournal, tmp_path: Path) -> None:
    receipt = Receipt(ORIGIN, "mirror", 2, "line\n", NOW)
    growth = _growth(Frontier(), b"one", b"two")
    journal.commit(Change((growth,), receipts=(receipt,), exhibits=(Exhibit("kind", b"proof"),)))
    journal.close()
    again = SqliteJournal(tmp_path / "journal.db")
    assert again.head(ORIGIN) == growth.head
    assert again.leaves(ORIGIN, 0, 9) == [b"one", b"two"]
    assert again.leaf(ORIGIN, 1) == b"two"
    assert again.leaf_hashes(ORIGIN) == list(growth.leaf_hashes)
    assert again.unjudged() == [(ORIGIN, 0), (ORIGIN, 1)]
    assert again.receipts(ORIGIN) == {"mirror": receipt}
    assert again.exhibits() == [Exhibit("kind", b"proof")]
    assert again.origins() == [ORIGIN]


def test_an_unknown_feed_is_empty_and_an_unknown_entry_is_missing(journal: SqliteJournal) -> None:
    assert journal.head(ORIGIN) == Head(Frontier(), None)
    with pytest.raises(MissingError):
        journal.leaf(ORIGIN, 0)


def test_a_feed_that_has_moved_refuses_the_whole_change(journal: SqliteJournal) -> None:
    journal.commit(Change((_growth(Frontier(), b"one"),)))
    stale = _growth(Frontier(), b"other")
    with pytest.raises(HeadMovedError):
        journal.commit(Change((stale,), receipts=(Receipt(ORIGIN, "mirror", 1, "line\n", NOW),), exhibits=(Exhibit("kind", b"proof"),)))
    assert journal.leaves(ORIGIN, 0, 9) == [b"one"]
    assert (journal.receipts(ORIGIN), journal.exhibits()) == ({}, [])


def test_the_second_of_two_growths_that_fails_takes_the_first_with_it(journal: SqliteJournal) -> None:
    other = Growth("tafadi.v1/line/bravo/1", 5, (b"x",), (leaf_hash(b"x"),), Head(Frontier().append(leaf_hash(b"x")), b"note"))
    with pytest.raises(HeadMovedError):
        journal.commit(Change((_growth(Frontier(), b"one"), other)))
    assert journal.origins() == []


def test_a_change_that_does_not_add_up_leaves_no_transaction_open(journal: SqliteJournal) -> None:
    broken = Growth(ORIGIN, 0, (b"one", b"two"), (leaf_hash(b"one"),), Head(Frontier().append(leaf_hash(b"one")), b"note"))
    with pytest.raises(ValueError, match="zip"):
        journal.commit(Change((broken,)))
    journal.commit(Change((_growth(Frontier(), b"one"),)))
    assert journal.leaves(ORIGIN, 0, 9) == [b"one"]


def test_an_older_receipt_never_replaces_a_newer_one(journal: SqliteJournal) -> None:
    for size in (3, 2):
        journal.commit(Change(receipts=(Receipt(ORIGIN, "mirror", size, f"{size}\n", NOW),)))
    assert journal.receipts(ORIGIN)["mirror"].size == 3


def test_one_proof_is_kept_once(journal: SqliteJournal) -> None:
    for _ in range(2):
        journal.commit(Change(exhibits=(Exhibit("kind", b"proof"),)))
    assert len(journal.exhibits()) == 1


def test_what_was_judged_leaves_the_inbox_and_nothing_else_does(journal: SqliteJournal) -> None:
    journal.commit(Change((_growth(Frontier(), b"one", b"two", b"three"),)))
    journal.commit(Change(judged=((ORIGIN, 1), (ORIGIN, 7))))
    assert journal.unjudged() == [(ORIGIN, 0), (ORIGIN, 2)]


def test_two_writers_cannot_both_add_at_one_place(tmp_path: Path) -> None:
    first, second = SqliteJournal(tmp_path / "journal.db"), SqliteJournal(tmp_path / "journal.db")
    first.commit(Change((_growth(Frontier(), b"one"),)))
    with pytest.raises(HeadMovedError):
        second.commit(Change((_growth(Frontier(), b"two"),)))


# Disks that fail


def _fill(station: Station) -> tuple[int, str]:
    """Says things until the disk is full; the feed's size and the picture's digest before the one that failed."""
    for number in range(50):
        before = station.size, station.desk.picture.digest()
        try:
            announce.send(station.desk, OFFICER, operation(volume(20_000.0 * number)), Mode.EXERCISE)
        except StoreError as error:
            told = str(error)
            break
    assert "full" in told
    return before


def test_a_full_disk_leaves_nothing_half_done_and_the_node_goes_on_when_there_is_room(pair: World) -> None:
    alpha = pair["alpha"]
    database = alpha.sqlite._db
    pages = database.execute("PRAGMA page_count").fetchone()[0]
    database.execute(f"PRAGMA max_page_count = {pages}")
    size, digest = _fill(alpha)
    assert (alpha.size, alpha.desk.picture.digest()) == (size, digest)
    assert verify(alpha.sqlite, pair.pact)[0].faults == []
    database.execute("PRAGMA max_page_count = 1000000")
    sent = announce.send(alpha.desk, OFFICER, operation(), Mode.EXERCISE)
    pair.settle()
    assert sent in pair.desk("bravo").picture.notices


def test_a_mirror_whose_disk_is_full_gives_no_receipt_and_takes_the_same_push_later(pair: World) -> None:
    bravo = pair["bravo"]
    database = bravo.sqlite._db
    database.execute(f"PRAGMA max_page_count = {database.execute('PRAGMA page_count').fetchone()[0]}")
    for number in range(30):
        announce.send(pair.desk("alpha"), OFFICER, operation(volume(20_000.0 * number)), Mode.EXERCISE)
    with pytest.raises(StoreError):
        pair.settle()
    assert pair.desk("alpha").journal.receipts(pair["alpha"].desk.origin)[pair.pact.mirror("bravo")].size == 1
    database.execute("PRAGMA max_page_count = 1000000")
    pair.settle()
    assert len(bravo.desk.picture.notices) == 30


def test_a_journal_opened_to_read_cannot_be_written(journal: SqliteJournal, tmp_path: Path) -> None:
    journal.commit(Change((_growth(Frontier(), b"one"),)))
    reader = SqliteJournal(tmp_path / "journal.db", read_only=True)
    assert reader.leaves(ORIGIN, 0, 9) == [b"one"]
    with pytest.raises(StoreError, match="readonly"):
        reader.commit(Change((_growth(reader.head(ORIGIN).frontier, b"two"),)))


@pytest.mark.parametrize("name", ["no-such-folder/journal.db", "."])
def test_a_place_where_no_journal_can_be_is_told_in_a_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(StoreError, match="cannot be used"):
        SqliteJournal(tmp_path / name)


def test_a_file_that_is_no_journal_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(b"This is not a database at all. " * 200)
    with pytest.raises(DamagedError):
        SqliteJournal(path)


def test_a_journal_of_another_form_says_what_to_upgrade(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(StoreError, match="upgrade"):
        SqliteJournal(path)


@dataclass(frozen=True)
class Whole:
    """The bytes of a good journal file, and the world that it is of."""

    image: bytes = field(repr=False)
    world: World = field(repr=False)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """A journal of some entries, as one file."""
    world = World(tmp_path_factory.mktemp("whole"))
    world.sign()
    for number in range(4):
        announce.send(world.desk("alpha"), OFFICER, operation(volume(20_000.0 * number)), Mode.EXERCISE)
    world.settle()
    world["alpha"].sqlite._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return Whole(world["alpha"].path.read_bytes(), world)


def _faults(path: Path, world: World) -> list[str]:
    """What opening, folding and verifying a file finds: errors of ours, and faults."""
    try:
        journal = SqliteJournal(path)
    except StoreError as error:
        return [str(error)]
    try:
        FoldedViews(journal, world.pact)
        return [fault for report in verify(journal, world.pact) for fault in report.faults + report.without_effect]
    except StoreError as error:  # and no other: a damaged record is our own, and nobody else's input
        return [str(error)]
    finally:
        journal.close()


@settings(max_examples=120, deadline=None)
@given(at=st.floats(0.0, 0.9999), byte=st.integers(1, 255))
def test_a_changed_byte_is_a_store_error_or_a_fault_or_without_meaning(
    whole: Whole, tmp_path_factory: pytest.TempPathFactory, at: float, byte: int
) -> None:
    image, world = whole.image, whole.world
    damaged = bytearray(image)
    damaged[int(at * len(image))] ^= byte
    path = tmp_path_factory.mktemp("damaged") / "journal.db"
    path.write_bytes(bytes(damaged))
    faults = _faults(path, world)
    if not faults:
        assert _same_record(path, world), "a change that verify does not find changed nothing of the record"


def _same_record(path: Path, world: World) -> bool:
    journal = SqliteJournal(path)
    good = world["alpha"].sqlite
    origins = good.origins()
    same = all(journal.leaves(origin, 0, 99) == good.leaves(origin, 0, 99) for origin in origins)
    journal.close()
    return same


@pytest.mark.parametrize("share", [0.0, 0.01, 0.2, 0.5, 0.9, 0.99])
def test_a_truncated_file_is_damaged_or_shows_its_faults_and_is_never_taken_for_whole(whole: Whole, tmp_path: Path, share: float) -> None:
    image, world = whole.image, whole.world
    path = tmp_path / "journal.db"
    path.write_bytes(image[: int(share * len(image))])
    journal_is_new = share == 0.0  # an empty file is a new journal to SQLite; the folder refuses it where agreements are signed
    assert _faults(path, world) != [] or journal_is_new
