"""Packed recordings and notices by the library: opened as what they hold, and refused in a sentence with their name."""

import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tafadi
from tafadi.errors import FormatError, InputError, LimitError, TafadiError
from tafadi.formats import unpacked

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
ENCOUNTER, AMBER = SAMPLES / "encounter.csv", SAMPLES / "amber.geojson"
MINIMA = "1 [NM] / 500 [ft]"
VERBS: dict[str, Callable[[Any], object]] = {
    "read_tracks": tafadi.read_tracks,
    "read_notices": tafadi.read_notices,
    "scan": lambda path: tafadi.scan(path, minima=MINIMA),
    "watch": lambda path: tafadi.watch(path, minima=MINIMA),
    "watch-lines": lambda path: tafadi.Watch(minima=MINIMA, lines=path),
}


def zipped(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def packed(folder: Path, source: Path, ending: str) -> Path:
    path = folder / f"{source.name}{ending}"
    if ending == ".gz":
        path.write_bytes(gzip.compress(source.read_bytes()))
        return path
    return zipped(path, **{f"../../{source.name}": source.read_bytes()})


@pytest.mark.parametrize("ending", [".gz", ".zip"])
def test_what_is_packed_is_read_as_what_it_holds(ending: str, tmp_path: Path) -> None:
    tracks, notices = packed(tmp_path, ENCOUNTER, ending), packed(tmp_path, AMBER, ending)
    assert list(tafadi.read_tracks(tracks)) == list(tafadi.read_tracks(ENCOUNTER))
    assert list(tafadi.read_tracks(tracks.read_bytes())) == list(tafadi.read_tracks(ENCOUNTER))
    assert list(tafadi.read_notices(io.BytesIO(notices.read_bytes()))) == list(tafadi.read_notices(AMBER))
    assert list(tafadi.scan(tracks, minima=MINIMA)) == list(tafadi.scan(ENCOUNTER, minima=MINIMA))


def test_the_ending_in_an_archive_tells_a_format_that_content_does_not(tmp_path: Path) -> None:
    text = b"AC R\nAN Zone\nAH 3000ft MSL\nAL GND\nV X=46:30:00 N 007:00:00 E\nDC 2\n"
    window = tafadi.Span(tafadi.Instant(0), tafadi.Instant(3_600 * 10**9))
    path = zipped(tmp_path / "airspaces.zip", **{"zone.openair": text})
    assert len(tafadi.read_notices(path, window=window)) == 1


@pytest.mark.parametrize("verb", VERBS)
def test_a_bomb_is_refused_with_its_name(verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacked, "FREE_BYTES", 1_000_000)  # a test need not unfold more to see it
    line = b'{"type":"FeatureCollection","features":[' if verb in ("read_notices", "watch-lines") else ENCOUNTER.read_bytes()[:20_000]
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(line + (b" " * 9_999 + b"\n") * 400))
    with pytest.raises(TafadiError, match=r"bomb\.gz: .*(more than 200 times its size|more than [0-9,]+ bytes is none)") as refused:
        VERBS[verb](tmp_path / "bomb.gz")
    assert isinstance(refused.value, LimitError)


@pytest.mark.parametrize("verb", VERBS)
def test_what_is_cut_or_ambiguous_is_refused_with_its_name(verb: str, tmp_path: Path) -> None:
    source = AMBER if verb in ("read_notices", "watch-lines") else ENCOUNTER
    (tmp_path / "cut.gz").write_bytes(gzip.compress(source.read_bytes())[:-9])
    with pytest.raises(FormatError, match=r"cut\.gz: .*compressed and damaged|cut\.gz: .*first line"):
        VERBS[verb](tmp_path / "cut.gz")
    two = zipped(tmp_path / "two.zip", a=source.read_bytes(), b=source.read_bytes())
    with pytest.raises(InputError, match=r"two\.zip: .*holds 2 files"):
        VERBS[verb](two)


def test_a_file_that_is_open_for_text_is_refused() -> None:
    with ENCOUNTER.open(encoding="utf-8") as file, pytest.raises(InputError, match="open it for bytes"):
        tafadi.read_tracks(file)  # type: ignore[arg-type]  # that is the question
