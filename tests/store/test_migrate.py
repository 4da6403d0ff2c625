"""Moving a journal: all of it arrives, or nothing, and the node goes by the one or by the other."""

from pathlib import Path

import pytest

from journals import ORIGIN, folder_of, growth_of, running
from postgres import ABSENT, HERE
from tafadi.desk.ports import TRACKS, Answered, Change, Exhibit, Express, Receipt
from tafadi.errors import InputError, RefusedError, StoreError
from tafadi.measure.instant import Instant
from tafadi.store.folder import Folder
from tafadi.store.journals import TabledJournal, open_journal
from tafadi.store.migrate import digest_of, migrate
from tafadi.store.postgres import PostgresJournal
from tafadi.store.reading import ReadFromTables
from tafadi.store.rehash import rehash
from tafadi.store.server import Keeper
from tafadi.store.settings import SQLITE, Settings
from tafadi.trust.card import open_card
from tafadi.trust.log import Frontier, leaf_hash

NOW = Instant.parse("2026-11-23T06:00:00Z")
OTHER = "tafadi.v1/line/bravo/1"
LEAVES = tuple(number.to_bytes(3, "big") for number in range(1_100))
needs_server = pytest.mark.skipif(not HERE, reason=ABSENT)


def fill(journal: TabledJournal) -> None:
    """Something in every table, and an inbox that is not in the order of names."""
    journal.commit(Change((growth_of(Frontier(), b"b", origin=OTHER),)))
    journal.commit(
        Change(
            growths=(growth_of(Frontier(), *LEAVES),),
            judged=tuple((ORIGIN, number) for number in range(1_000)),
            receipts=(Receipt(ORIGIN, "mirror", 2, "line\n", NOW),),
            exhibits=(Exhibit("kind", b"proof"), Exhibit(TRACKS, b"plots")),
            answers=(Answered("key", b"asked", b"answer", NOW),),
            express=(Express(OTHER, 7, b"stop", leaf_hash(b"stop"), "heard\n"),),
        )
    )


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A node's folder with a record in SQLite."""
    found = folder_of("alpha", tmp_path / "node")
    journal = open_journal(found)
    fill(journal)
    journal.close()
    return found


def _digest(folder: Folder) -> str:
    journal = open_journal(folder, read_only=True)
    try:
        assert [rehash(journal, origin).faults for origin in journal.origins()] == [[], []]
        return digest_of(journal)
    finally:
        journal.close()


@needs_server
def test_a_record_goes_to_a_server_and_back_and_not_a_row_is_changed(folder: Folder) -> None:
    before, place = _digest(folder), running().empty()
    assert migrate(folder, place) == {ORIGIN: 1_100, OTHER: 1}
    assert (folder.settings.store, _digest(folder)) == (place, before)
    assert not (folder.path / "journal.db").exists()
    journal = open_journal(folder)
    journal.commit(Change((growth_of(journal.head(OTHER).frontier, b"more", origin=OTHER),), exhibits=(Exhibit("kind", b"later"),)))
    assert (journal.unjudged()[0], journal.unjudged()[-1]) == ((OTHER, 0), (OTHER, 1))
    journal.close()
    after = _digest(folder)
    migrate(folder, SQLITE)
    assert (folder.settings.store, _digest(folder)) == (SQLITE, after)
    open_journal(folder).close()


@needs_server
def test_a_place_that_holds_another_record_is_refused_and_nothing_moves(folder: Folder, tmp_path: Path) -> None:
    place, before = running().empty(), _digest(folder)
    keeper = Keeper("alpha", open_card(folder.card).root.id)
    other = PostgresJournal(place, tmp_path / "other.mark", keeper)
    other.commit(Change((growth_of(Frontier(), b"one"),)))
    other.close()
    with pytest.raises(RefusedError, match="another record"):
        migrate(folder, place)
    assert (folder.settings.store, _digest(folder)) == (SQLITE, before)


@needs_server
def test_a_move_that_is_cut_off_leaves_nothing_there_and_can_be_repeated(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    place, before, take = running().empty(), _digest(folder), ReadFromTables.fill

    def cut(journal: ReadFromTables, table: str, rows: list[tuple[object, ...]]) -> None:
        if table == "express":
            raise StoreError("the machine died")
        take(journal, table, rows)

    with monkeypatch.context() as broken:
        broken.setattr(ReadFromTables, "fill", cut)
        with pytest.raises(StoreError, match="died"):
            migrate(folder, place)
    assert (folder.settings.store, _digest(folder)) == (SQLITE, before)
    migrate(folder, place)
    assert _digest(folder) == before


@needs_server
def test_a_move_that_was_cut_off_after_all_had_arrived_goes_on_from_there(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    place, before = running().empty(), _digest(folder)

    def cut(folder: Folder, settings: Settings) -> None:
        raise StoreError("the machine died")

    with monkeypatch.context() as broken:
        broken.setattr(Folder, "save_settings", cut)
        with pytest.raises(StoreError, match="died"):
            migrate(folder, place)
    assert folder.settings.store == SQLITE
    migrate(folder, place)
    assert (folder.settings.store, _digest(folder)) == (place, before)


def test_a_move_to_where_it_is_and_to_no_store_are_refused(folder: Folder) -> None:
    with pytest.raises(RefusedError, match="already"):
        migrate(folder, SQLITE)
    with pytest.raises(InputError):
        migrate(folder, "mysql://db")
