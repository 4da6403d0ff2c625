"""Packed files: read as what they hold, refused where they are damaged, ambiguous, or unfold without end."""

import gzip
import io
import struct
import zipfile
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tafadi.errors import FormatError, LimitError
from tafadi.formats.unpacked import FREE_BYTES, LIST_BYTES, METHODS, MOST_MEMBERS, RATIO_MAX, unpacked


class Pipe(io.RawIOBase):
    """What cannot be sought in, like standard input."""

    def __init__(self, data: bytes) -> None:
        self._rest = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def readinto(self, room: bytearray) -> int:  # type: ignore[override]  # as narrow as its use
        return self._rest.readinto(room)


def held(data: bytes) -> bytes:
    with unpacked(io.BytesIO(data)) as file:
        return file.read()


def archived(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return whole.getvalue()


def zipped(method: int = zipfile.ZIP_DEFLATED, **members: bytes) -> bytes:
    return archived(members, method)


def test_a_file_that_is_not_packed_is_itself_and_can_be_read_from_its_end() -> None:
    plain = io.BytesIO(b"one")
    with unpacked(plain) as file:
        assert file is plain
        assert file.read() == b"one"
    assert held(b"") == b""


def test_gz_and_zip_are_known_by_their_bytes_and_opened() -> None:
    assert held(gzip.compress(b"one") + gzip.compress(b"two")) == b"onetwo"
    for method in METHODS:
        assert held(zipped(method, plan=b"three")) == b"three"


def test_a_file_is_unpacked_from_where_it_stands() -> None:
    file = io.BytesIO(b"gone" + gzip.compress(b"one"))
    file.seek(4)
    with unpacked(file) as bare:
        assert bare.read() == b"one"


@pytest.mark.parametrize(("data", "name"), [(gzip.compress(b"{}"), "a.geojson"), (zipped(plan=b"{}"), "plan")])
def test_the_name_is_that_of_what_is_in_it(data: bytes, name: str) -> None:
    with unpacked(io.BytesIO(data), "a.geojson.gz") as file:
        assert file.name == name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/plan.csv", "plan.csv"),
        ("/etc/plan.csv", "plan.csv"),
        ("C:\\windows\\plan.csv", "plan.csv"),
        ("\x1b[31mred\u202e.csv", "?[31mred?.csv"),
        ("a" * 5_000 + ".csv", "a" * 196 + ".csv"),
        ("folder/..", ".."),
    ],
)
def test_of_a_hostile_name_only_the_end_is_taken_and_nothing_that_a_terminal_obeys(name: str, shown: str) -> None:
    with unpacked(io.BytesIO(archived({name: b"one"})), "a.zip") as file:
        assert (file.name, file.read()) == (shown, b"one")


@pytest.mark.parametrize(
    "pipe",
    [Pipe, lambda data: io.BufferedReader(Pipe(data))],  # type: ignore[type-var]  # it reads, and that is all that is asked
)
def test_a_pipe_may_be_packed_as_gz_and_not_as_zip(pipe: Callable[[bytes], io.BufferedReader]) -> None:
    for data in (b"one", gzip.compress(b"one")):
        with unpacked(pipe(data)) as file:
            assert file.read() == b"one"
    with pytest.raises(FormatError, match="no pipe or standard input"), unpacked(pipe(zipped(plan=b"{}"))):
        pass


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: zipped(a=data)])
def test_a_bomb_is_refused_in_a_sentence_where_it_begins_to_be_one(pack: Callable[[bytes], bytes]) -> None:
    taken: list[int] = []
    with (
        unpacked(io.BytesIO(pack(b"0" * (FREE_BYTES + 10_000_000)))) as file,
        pytest.raises(LimitError, match=f"more than {RATIO_MAX} times"),
    ):
        taken.extend(map(len, iter(lambda: file.read(65_536), b"")))
    assert sum(taken) <= FREE_BYTES + 65_536


def test_an_archive_that_lies_about_its_size_is_a_bomb_all_the_same() -> None:
    data = bytearray(zipped(a=b"0" * (FREE_BYTES + 10_000_000)))
    listed = data.index(b"PK\x01\x02")
    for at in (18, listed + 20):  # the packed size: of the member's own header, and of the list
        struct.pack_into("<L", data, at, 0xF0000000)
    with pytest.raises(LimitError, match=f"more than {RATIO_MAX} times"):
        held(bytes(data))


def test_a_small_file_may_shrink_by_more() -> None:
    assert len(held(gzip.compress(b"0" * 1_000_000))) == 1_000_000


WHOLE = gzip.compress(b"one" * 1000)
TWO = zipped(a=b"1", b=b"2")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (WHOLE[:-9], "compressed and damaged"),
        (WHOLE[:5], "compressed and damaged"),
        (WHOLE[:12] + b"\xff\xff" + WHOLE[14:], "compressed and damaged"),
        (WHOLE + b"more", "compressed and damaged"),
        (TWO, "holds 2 files"),
        (archived({"folder/": b""}), "holds 0 files"),
        (TWO[:-30], "compressed and damaged"),
        (zipped(a=b"one" * 1000)[:40], "compressed and damaged"),
        (zipped(zipfile.ZIP_STORED, a=b"one").replace(b"one", b"two"), "compressed and damaged"),
        (zipped(zipfile.ZIP_LZMA, a=b"1"), "packed by method 14"),
        (zipped(zipfile.ZIP_BZIP2, a=b"1"), "packed by method 12"),
        (archived({f"{number}": b"" for number in range(MOST_MEMBERS + 1)}), "holds 1,001 files"),
        (archived({f"{number:060000}": b"" for number in range(LIST_BYTES // 60_000 + 1)}), "lists its files in"),
    ],
)
def test_damaged_cut_ambiguous_and_overlong_archives_are_refused(data: bytes, sentence: str) -> None:
    with pytest.raises(FormatError, match=sentence):
        held(data)


def test_a_locked_archive_is_refused() -> None:
    data = bytearray(zipped(a=b"1"))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(FormatError, match="locked with a password"):
        held(bytes(data))


def test_what_whoever_reads_raises_is_not_taken_for_damage() -> None:
    with pytest.raises(RecursionError), unpacked(io.BytesIO(zipped(a=b"1"))):
        raise RecursionError


@given(st.sampled_from([WHOLE, zipped(a=b"one" * 100), zipped(zipfile.ZIP_STORED, a=b"one" * 10)]), st.data())
def test_an_archive_with_any_byte_changed_is_read_or_refused(data: bytes, draw: st.DataObject) -> None:
    changed = bytearray(data)
    for _ in range(draw.draw(st.integers(1, 4))):
        changed[draw.draw(st.integers(2, len(data) - 1))] = draw.draw(st.integers(0, 255))
    try:
        held(bytes(changed))
    except (FormatError, LimitError):
        return
