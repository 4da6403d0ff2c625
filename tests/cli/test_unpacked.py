"""Packed files: opened as what they hold, refused where they are damaged or unfold without end."""

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from tafadi.cli.unpacked import FREE_BYTES, RATIO_MAX, opened, unpacked
from tafadi.errors import FormatError, LimitError


def held(path: Path) -> bytes:
    with opened(path) as file:
        return file.read()


def zipped(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def test_a_file_that_is_not_packed_is_itself_and_can_be_read_from_its_end(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"one")
    with opened(tmp_path / "a.csv") as file:
        assert file.seekable()
        assert file.read() == b"one"


def test_gz_and_zip_are_known_by_their_bytes_and_opened(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(gzip.compress(b"one") + gzip.compress(b"two"))
    assert held(tmp_path / "a") == b"onetwo"
    assert held(zipped(tmp_path / "b", plan=b"three")) == b"three"


def test_the_name_is_that_of_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "a.geojson.gz").write_bytes(gzip.compress(b"{}"))
    for path, name in ((tmp_path / "a.geojson.gz", "a.geojson"), (zipped(tmp_path / "b.zip", plan=b"{}"), "plan")):
        with opened(path) as file:
            assert file.name == name


def test_a_pipe_may_be_packed_as_gz_and_not_as_zip(tmp_path: Path) -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    with unpacked(io.BufferedReader(Pipe(gzip.compress(b"one")))) as file:
        assert file.read() == b"one"
    data = zipped(tmp_path / "b.zip", plan=b"{}").read_bytes()
    with pytest.raises(FormatError, match="not standard input"), unpacked(io.BufferedReader(Pipe(data))):
        pass


@pytest.mark.parametrize("pack", [lambda path, data: path.write_bytes(gzip.compress(data)), lambda path, data: zipped(path, a=data)])
def test_a_bomb_is_refused_in_a_sentence_where_it_begins_to_be_one(pack: object, tmp_path: Path) -> None:
    pack(tmp_path / "bomb", b"0" * (FREE_BYTES + 10_000_000))  # type: ignore[operator]
    taken: list[int] = []
    with opened(tmp_path / "bomb") as file, pytest.raises(LimitError, match=f"more than {RATIO_MAX} times its size"):
        taken.extend(map(len, iter(lambda: file.read(65_536), b"")))
    assert sum(taken) <= FREE_BYTES + 65_536


def test_a_small_file_may_shrink_by_more(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"0" * 1_000_000))
    assert len(held(tmp_path / "a.gz")) == 1_000_000


def test_damaged_cut_and_ambiguous_archives_are_refused(tmp_path: Path) -> None:
    whole = gzip.compress(b"one" * 1000)
    (tmp_path / "cut.gz").write_bytes(whole[:-9])
    (tmp_path / "bad.gz").write_bytes(whole[:12] + b"\xff\xff" + whole[14:])
    two = zipped(tmp_path / "two.zip", a=b"1", b=b"2")
    (tmp_path / "cut.zip").write_bytes(two.read_bytes()[:-30])
    for name, sentence in (
        ("cut.gz", "compressed and damaged"),
        ("bad.gz", "compressed and damaged"),
        ("two.zip", "holds 2 files"),
        ("cut.zip", "compressed and damaged"),
    ):
        with pytest.raises(FormatError, match=sentence):
            held(tmp_path / name)
