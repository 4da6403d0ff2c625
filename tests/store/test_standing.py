"""The files in which what stands is kept: whole or not at all, and no reason to fail."""

from pathlib import Path

import pytest

from tafadi.errors import DamagedError, StoreError
from tafadi.store import standing
from tafadi.store.standing import read_copy, write_copy


def test_what_was_written_is_read_and_replaced(tmp_path: Path) -> None:
    assert read_copy(tmp_path, "sky") is None
    write_copy(tmp_path, "sky", [b"one ", b"two"])
    assert bytes(read_copy(tmp_path, "sky") or b"") == b"one two"
    write_copy(tmp_path, "sky", [b"three"])
    assert bytes(read_copy(tmp_path, "sky") or b"") == b"three"
    assert [path.name for path in (tmp_path / "standing").iterdir()] == ["sky.set"]
    assert (tmp_path / "standing" / "sky.set").stat().st_mode & 0o777 == 0o600


def test_what_cannot_be_read_or_written_is_told_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "standing").mkdir()
    (tmp_path / "standing" / "sky.set").mkdir()
    with pytest.raises(DamagedError, match="cannot be read"):
        read_copy(tmp_path, "sky")
    with pytest.raises(StoreError, match="cannot be written"):
        write_copy(tmp_path, "sky", [b"one"])
    write_copy(tmp_path, "sea", [b"1234"])
    monkeypatch.setattr(standing, "MOST_BYTES", 3)
    with pytest.raises(DamagedError, match="more than 3"):
        read_copy(tmp_path, "sea")
