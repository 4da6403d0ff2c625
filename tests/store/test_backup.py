"""A copy of a journal that is written to: of one moment, whole, and there only once it is verified."""

from pathlib import Path

import pytest

from journals import ORIGIN, folder_of, growth_of, running
from postgres import ABSENT, HERE
from tafadi.desk.ports import Change
from tafadi.errors import DamagedError, InputError, StoreError
from tafadi.store.backup import backup
from tafadi.store.folder import Folder
from tafadi.store.journals import open_journal
from tafadi.store.migrate import digest_of
from tafadi.store.settings import SQLITE, with_store
from tafadi.store.sqlite import SqliteJournal
from tafadi.trust.log import Frontier

LEAVES = tuple(number.to_bytes(3, "big") for number in range(700))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.skipif(not HERE, reason=ABSENT))])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Folder:
    """A node's folder whose record lies in SQLite, or on a server."""
    return folder_of("alpha", tmp_path / "node", SQLITE if request.param == "sqlite" else running().empty())


def test_a_copy_of_a_journal_that_is_open_is_whole_and_one_file(folder: Folder, tmp_path: Path) -> None:
    journal, file = open_journal(folder), tmp_path / "copy.db"
    journal.commit(Change((growth_of(Frontier(), *LEAVES),)))
    assert backup(folder, file) == {ORIGIN: 700}
    before = digest_of(journal)
    journal.commit(Change((growth_of(journal.head(ORIGIN).frontier, b"later"),)))
    copied = SqliteJournal(file, read_only=True)
    assert digest_of(copied) == before
    copied.close()
    journal.close()
    assert [path.name for path in tmp_path.glob("copy*")] == ["copy.db"]
    assert file.stat().st_mode & 0o777 == 0o600


def test_nothing_is_written_over_and_nothing_half_done_is_left(folder: Folder, tmp_path: Path) -> None:
    open_journal(folder).close()
    (tmp_path / "there").write_text("precious")
    with pytest.raises(InputError, match="already"):
        backup(folder, tmp_path / "there")
    assert (tmp_path / "there").read_text() == "precious"
    with pytest.raises(StoreError, match="cannot be written"):
        backup(folder, tmp_path / "no-such-folder" / "copy.db")


def test_a_copy_that_was_put_back_is_not_gone_on_with(folder: Folder, tmp_path: Path) -> None:
    journal = open_journal(folder)
    journal.commit(Change((growth_of(Frontier(), b"one"),)))
    backup(folder, tmp_path / "copy.db")
    journal.commit(Change((growth_of(journal.head(ORIGIN).frontier, b"two"),)))
    journal.close()
    for file in folder.path.glob("journal.db*"):
        file.unlink()
    (tmp_path / "copy.db").rename(folder.path / "journal.db")
    folder.save_settings(with_store(folder.settings, SQLITE))
    with pytest.raises(DamagedError, match="put back from a copy"):
        open_journal(folder)
    restored = open_journal(folder, restored=True)
    assert restored.sizes() == {ORIGIN: 1}
    restored.close()
