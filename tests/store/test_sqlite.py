"""The journal in SQLite: whole changes or none, and one clear word for every disk that fails."""

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journals import ORIGIN, growth_of
from tafadi.desk import announce
from tafadi.desk.ports import Change, Receipt
from tafadi.desk.tree import root_at
from tafadi.errors import DamagedError, HeadMovedError, StoreError
from tafadi.measure.instant import Instant
from tafadi.model.names import Mode
from tafadi.store.fsck import verify
from tafadi.store.rehash import rehash
from tafadi.store.sqlite import SqliteJournal
from tafadi.store.views import FoldedViews
from tafadi.trust.log import Frontier, leaf_hash
from world import OFFICER, Station, World, operation, volume

NOW = Instant.parse("2026-11-23T06:00:00Z")


@pytest.fixture
def journal(tmp_path: Path) -> SqliteJournal:
    """An empty journal."""
    return SqliteJournal(tmp_path / "journal.db")


def test_two_writers_cannot_both_add_at_one_place(tmp_path: Path) -> None:
    first, second = SqliteJournal(tmp_path / "journal.db"), SqliteJournal(tmp_path / "journal.db")
    first.commit(Change((growth_of(Frontier(), b"one"),)))
    with pytest.raises(HeadMovedError):
        second.commit(Change((growth_of(Frontier(), b"two"),)))


# Groups


def test_a_group_leaves_one_line_a_feed_in_the_mark_and_that_at_its_end(journal: SqliteJournal, tmp_path: Path) -> None:
    mark = tmp_path / "journal.mark"
    with journal.group():
        for leaf in (b"one", b"two"):
            journal.commit(Change((growth_of(journal.head(ORIGIN).frontier, leaf),)))
        assert mark.read_text() == ""
    assert mark.read_text() == f"{ORIGIN} 2\n"


def test_where_sqlite_takes_back_a_whole_group_nothing_that_follows_is_durable_by_itself(journal: SqliteJournal) -> None:
    def disk_fails() -> None:
        journal._db.execute("ROLLBACK")  # what SQLite does by itself where a disk is full or broken

    def go_on() -> None:
        for leaf in (b"two", b"three"):
            with pytest.raises(StoreError, match="taken back"):
                journal.commit(Change((growth_of(journal.head(ORIGIN).frontier, leaf),)))

    with pytest.raises(StoreError):
        _together(journal, lambda: journal.commit(Change((growth_of(Frontier(), b"one"),))), disk_fails, go_on)
    assert journal.origins() == []
    journal.commit(Change((growth_of(Frontier(), b"one"),)))


def _together(journal: SqliteJournal, *acts: Callable[[], object]) -> None:
    with journal.group():
        for act in acts:
            act()


def test_a_disk_that_gets_full_within_a_group_keeps_what_fits_or_nothing(journal: SqliteJournal) -> None:
    pages = journal._db.execute("PRAGMA page_count").fetchone()[0]
    journal._db.execute(f"PRAGMA max_page_count = {pages + 2}")
    fitted, is_durable = 0, False
    with suppress(StoreError):
        with journal.group():
            for number in range(9):
                with suppress(StoreError):
                    journal.commit(Change((growth_of(journal.head(ORIGIN).frontier, bytes(2_000), bytes([number])),)))
                    fitted += 2
        is_durable = True
    assert fitted < 18
    assert journal.head(ORIGIN).frontier.size == len(journal.leaves(ORIGIN, 0, 99)) == (fitted if is_durable else 0)


# Tiles, and the way from form 1


LEAVES = tuple(number.to_bytes(3, "big") for number in range(700))


def _as_form_1(path: Path) -> None:
    """Makes the journal what an older build left."""
    database = sqlite3.connect(path)
    database.executescript("DROP TABLE tile; DROP TABLE answer; DROP TABLE express; PRAGMA user_version = 1;")
    database.close()


@pytest.fixture
def older(journal: SqliteJournal, tmp_path: Path) -> Path:
    """A journal of form 1 with 700 entries, closed."""
    journal.commit(Change((growth_of(Frontier(), *LEAVES),), receipts=(Receipt(ORIGIN, "mirror", 7, "line\n", NOW),)))
    journal.close()
    _as_form_1(tmp_path / "journal.db")
    return tmp_path / "journal.db"


def test_a_journal_of_form_1_is_brought_to_this_form_with_the_tiles_of_its_entries(older: Path) -> None:
    journal = SqliteJournal(older)
    assert rehash(journal, ORIGIN).faults == []
    assert (journal.tile_count(ORIGIN), journal.receipts(ORIGIN)["mirror"].size) == (3, 7)
    journal.commit(Change((growth_of(journal.head(ORIGIN).frontier, *(b"more" for _ in range(400))),)))
    assert rehash(journal, ORIGIN).faults == []
    journal.check_file()
    journal.close()
    SqliteJournal(older).close()


def test_who_only_reads_a_journal_of_form_1_is_told_what_brings_it_on(older: Path) -> None:
    with pytest.raises(StoreError, match="node run"):
        SqliteJournal(older, read_only=True)


@pytest.mark.parametrize("statement", ["PRAGMA user_version = 2", "INSERT INTO tile (origin, level, idx, hashes) VALUES (?, ?, ?, ?) "])
def test_a_way_to_this_form_that_is_cut_off_leaves_form_1_as_it_was(older: Path, monkeypatch: pytest.MonkeyPatch, statement: str) -> None:
    class Cut(sqlite3.Connection):
        def execute(self, sql: str, *rest: object) -> sqlite3.Cursor:
            if sql.startswith(statement):
                raise sqlite3.OperationalError("disk I/O error")
            return super().execute(sql, *rest)  # type: ignore[arg-type]

        def executemany(self, sql: str, *rest: object) -> sqlite3.Cursor:
            self.execute(sql) if sql.startswith(statement) else None
            return super().executemany(sql, *rest)  # type: ignore[arg-type]

    connect = sqlite3.connect
    with monkeypatch.context() as broken:
        broken.setattr(sqlite3, "connect", lambda path, **more: connect(path, factory=Cut, **more))
        with pytest.raises(StoreError, match="disk I/O error"):
            SqliteJournal(older)
    database = connect(older)
    assert database.execute("PRAGMA user_version").fetchone() == (1,)
    assert database.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'tile'").fetchone() == (0,)
    database.close()
    assert rehash(SqliteJournal(older), ORIGIN).faults == []


def test_a_journal_of_form_1_that_lacks_entries_is_damaged(older: Path) -> None:
    database = sqlite3.connect(older)
    database.execute("DELETE FROM entry WHERE idx = 300")
    database.commit()
    database.close()
    with pytest.raises(DamagedError, match="256 to 511"):
        SqliteJournal(older)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("UPDATE tile SET hashes = zeroblob(8192) WHERE level = 0 AND idx = 1", "tile 1 of level 0"),
        ("UPDATE tile SET hashes = zeroblob(64) WHERE level = 1", "tile 0 of level 1"),
        ("UPDATE tile SET hashes = x'07' WHERE level = 1", "tile 0 of level 1"),
        ("DELETE FROM tile WHERE level = 1", "tile 0 of level 1"),
        ("INSERT INTO tile (origin, level, idx, hashes) SELECT origin, 3, 9, hashes FROM tile WHERE level = 1", "4 tiles are stored"),
    ],
)
def test_a_tile_that_is_not_that_of_the_entries_is_seen_and_no_earlier_root_is_made_with_it(
    journal: SqliteJournal, change: str, told: str
) -> None:
    journal.commit(Change((growth_of(Frontier(), *LEAVES),)))
    journal._db.execute(change)
    assert [fault for fault in rehash(journal, ORIGIN).faults if told in fault]
    for size in (300, 512, 513):
        with suppress(DamagedError):
            assert root_at(journal, ORIGIN, size) == Frontier().extend(map(leaf_hash, LEAVES[:size])).root()


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
    journal.commit(Change((growth_of(Frontier(), b"one"),)))
    reader = SqliteJournal(tmp_path / "journal.db", read_only=True)
    assert reader.leaves(ORIGIN, 0, 9) == [b"one"]
    with pytest.raises(StoreError, match="readonly"):
        reader.commit(Change((growth_of(reader.head(ORIGIN).frontier, b"two"),)))


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
