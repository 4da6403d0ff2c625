"""The mark beside the journal: a record put back from a copy is refused before it signs a place twice."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from nodes import RealNode, process, until, world
from tafadi.desk.ports import Change, Growth, Head
from tafadi.errors import DamagedError, StoreError
from tafadi.store import mark
from tafadi.store.sqlite import SqliteJournal
from tafadi.trust.log import leaf_hash

ORIGIN = "tafadi.v1/line/alpha/1"


def _grow(journal: SqliteJournal, *leaves: bytes) -> None:
    hashes = tuple(leaf_hash(leaf) for leaf in leaves)
    old = journal.head(ORIGIN).frontier
    journal.commit(Change((Growth(ORIGIN, old.size, leaves, hashes, Head(old.extend(hashes), b"note")),)))


def _size(journal: SqliteJournal) -> int:
    return journal.head(ORIGIN).frontier.size


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a journal with three entries lies, closed."""
    journal = SqliteJournal(tmp_path / "journal.db")
    for leaf in (b"one", b"two", b"three"):
        _grow(journal, leaf)
    journal.close()
    return tmp_path / "journal.db"


def _mark(path: Path) -> Path:
    return path.with_suffix(".mark")


def test_a_journal_put_back_from_a_copy_is_refused(path: Path, tmp_path: Path) -> None:
    shutil.copy(path, tmp_path / "copy.db")
    journal = SqliteJournal(path)
    _grow(journal, b"four")
    journal.close()
    shutil.copy(tmp_path / "copy.db", path)
    for _ in range(2):
        with pytest.raises(DamagedError, match=r"holds 3 entries .* says 4: the record was put back from a copy"):
            SqliteJournal(path)


def test_a_journal_begun_anew_beside_an_old_mark_is_refused(path: Path) -> None:
    path.unlink()
    with pytest.raises(DamagedError, match="put back from a copy"):
        SqliteJournal(path)


def test_the_mark_is_written_before_a_commit_returns_and_compacted_at_the_next_opening(path: Path) -> None:
    journal = SqliteJournal(path)
    assert _mark(path).read_text() == f"{ORIGIN} 3\n"
    assert _mark(path).stat().st_mode & 0o777 == 0o600
    _grow(journal, b"four")
    _grow(journal, b"five", b"six")
    assert _mark(path).read_text() == f"{ORIGIN} 3\n{ORIGIN} 4\n{ORIGIN} 6\n"
    journal.commit(Change(judged=((ORIGIN, 0),)))
    assert _mark(path).read_text().count("\n") == 3, "nothing grew"
    journal.close()
    SqliteJournal(path).close()
    assert _mark(path).read_text() == f"{ORIGIN} 6\n"


def test_a_mark_that_has_grown_long_is_compacted(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mark, "LINES_MAX", 4)
    journal = SqliteJournal(path)
    for number in range(9):
        _grow(journal, bytes([number]))
    assert _mark(path).read_text().endswith(f"{ORIGIN} 12\n")
    assert _mark(path).read_text().count("\n") <= 4


def test_a_torn_last_line_is_left_out(path: Path) -> None:
    with _mark(path).open("a") as file:
        file.write(f"{ORIGIN} 9")
    journal = SqliteJournal(path)
    assert _size(journal) == 3
    assert _mark(path).read_text() == f"{ORIGIN} 3\n"


@pytest.mark.parametrize(
    "torn", [b"\0\0\0one/1 9\n", b"tafadi.v1/li\0\0\0", b"\0\0e/1 9\n" + f"{ORIGIN} 3\n".encode(), b"\0" * 600 + b"\n"]
)
def test_zeros_where_the_last_lines_were_are_left_out_for_nobody_was_told_of_them(path: Path, torn: bytes) -> None:
    with _mark(path).open("ab") as file:
        file.write(torn)
    journal = SqliteJournal(path)
    assert _size(journal) == 3
    assert _mark(path).read_text() == f"{ORIGIN} 3\n"


def test_zeros_before_what_was_told_later_are_damage(path: Path) -> None:
    with _mark(path).open("ab") as file:
        file.write(b"\0\0e/1 2\n" + f"{ORIGIN} 3\n{ORIGIN} 3\n".encode())
    with pytest.raises(DamagedError, match="is damaged"):
        SqliteJournal(path)


@pytest.mark.parametrize("line", [b"\n", b"one\n", f"{ORIGIN} -1\n".encode(), b"\xff\xfe 3\n", f"{ORIGIN} \xb2\n".encode(), b" 3\n"])
def test_a_line_that_is_whole_and_no_mark_is_damage(path: Path, line: bytes) -> None:
    _mark(path).write_bytes(line)
    with pytest.raises(DamagedError, match="is damaged"):
        SqliteJournal(path)


def test_without_a_mark_it_begins_anew_from_what_the_journal_holds(path: Path) -> None:
    _mark(path).unlink()
    SqliteJournal(path).close()
    assert _mark(path).read_text() == f"{ORIGIN} 3\n"


def test_a_journal_in_memory_and_one_opened_to_read_have_no_mark(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _mark(path).unlink()
    SqliteJournal(path, read_only=True).close()
    _grow(SqliteJournal(":memory:"), b"one")
    assert list(tmp_path.glob("*.mark")) == []


def _full(*_: object) -> int:
    raise OSError(28, "No space left on device")


def _half(write: Callable[[int, bytes], int]) -> Callable[[int, bytes], int]:
    return lambda file, data: write(file, data[: len(data) // 2])


@pytest.mark.parametrize("fault", ["write", "part", "sync"])
def test_a_mark_that_cannot_be_written_is_told_and_written_whole_the_next_time(
    path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    journal = SqliteJournal(path)
    with monkeypatch.context() as broken:
        if fault == "sync":
            broken.setattr(os, "fdatasync", _full)
        else:
            broken.setattr(os, "write", _full if fault == "write" else _half(os.write))
        with pytest.raises(StoreError, match="cannot be written") as told:
            _grow(journal, b"four")
    assert not isinstance(told.value, DamagedError)
    assert _size(journal) == 4, "the commit stands"
    journal.commit(Change(judged=((ORIGIN, 0),)))
    assert _mark(path).read_text() == f"{ORIGIN} 4\n"
    _grow(journal, b"five")
    journal.close()
    assert _size(SqliteJournal(path)) == 5


def test_a_record_that_is_being_restored_leaves_the_mark_until_it_is_told_that_the_epoch_has_ended(path: Path, tmp_path: Path) -> None:
    shutil.copy(path, tmp_path / "copy.db")
    journal = SqliteJournal(path)
    _grow(journal, b"four", b"five")
    journal.close()
    shutil.copy(tmp_path / "copy.db", path)
    restored = SqliteJournal(path, restored=True)
    _grow(restored, b"four")
    restored.close()
    assert mark.read_mark(_mark(path)) == {ORIGIN: 5}
    with pytest.raises(DamagedError, match=r"holds 4 entries .* says 5"):
        SqliteJournal(path)
    restored = SqliteJournal(path, restored=True)
    restored.mark_anew()
    restored.close()
    assert _mark(path).read_text() == f"{ORIGIN} 4\n"
    assert _size(SqliteJournal(path)) == 4


def test_a_folder_that_takes_no_mark_is_told_in_one_sentence(path: Path) -> None:
    _mark(path).unlink()
    _mark(path).mkdir()
    with pytest.raises(StoreError, match=r"the mark .* cannot be"):
        SqliteJournal(path)


def _put_back(node: RealNode, copy: Path) -> None:
    for file in node.path.glob("journal.db*"):
        file.unlink()
    for file in copy.glob("journal.db*"):
        shutil.copy(file, node.path)


def test_a_node_whose_journal_was_put_back_says_nothing_and_does_not_start(tmp_path: Path) -> None:
    with world(tmp_path, "alpha", "bravo") as both:
        until(both.settled)
        alpha = both["alpha"]
        alpha.kill()
        shutil.copytree(alpha.path, tmp_path / "copy", ignore=shutil.ignore_patterns("control.sock"))
        alpha.start()
        alpha.ask("line", "stop", "--what", "sky/1")
        alpha.kill()
        alpha.start()
        until(both.settled)
        assert alpha.stop() == 0
        _put_back(alpha, tmp_path / "copy")
        assert "put back from a copy" in alpha.cli("line", "stop", "--what", "sky/2").sentence()
        assert "put back from a copy" in process("node", "run", alpha.path).sentence()
        assert both["bravo"].cli("feed", "verify").code == 0
