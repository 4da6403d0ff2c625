"""Vectors of published zones: how they are laid out, and what they say of the notices that come of them.

The head of a vector ends at its first empty line. `expect: ok N` and one line `volume:` for each volume, or `expect: refused FIELD`, or
`expect: left out REASON` for what is rightly no notice. All are read for the window of WEEK.
"""

from pathlib import Path
from typing import Final, NamedTuple

import pytest

from tafadi.errors import FormatError
from tafadi.formats.registry import ZoneFormat
from tafadi.formats.zones import LeftOut
from tafadi.measure.instant import Instant, Span
from tafadi.measure.outline import area_m2
from tafadi.model.operation import Announced
from tafadi.model.volume import Circle, Volume4D

PROJECT: Final = Path(__file__).resolve().parents[1]
WEEK: Final = Span(Instant.parse("2026-06-01T00:00:00Z"), Instant.parse("2026-06-08T00:00:00Z"))  # a Monday


class Case(NamedTuple):
    """One vector: what it expects, the volumes that it names, and its bytes."""

    expected: str
    volumes: list[str]
    body: bytes


def vectors(name: str) -> list[Path]:
    """The vectors of a format."""
    return sorted((PROJECT / "vectors" / name).glob("*.txt"))


def case(path: Path) -> Case:
    """The vector in that file."""
    head, _, body = path.read_bytes().partition(b"\n\n")
    first, *lines = head.decode().split("\n")
    return Case(first.removeprefix("expect: "), [line.removeprefix("volume: ") for line in lines], body)


def read(module: ZoneFormat, path: Path) -> list[Announced]:
    """The notices of a vector."""
    return list(module.parse(case(path).body, WEEK))


def described(volume: Volume4D) -> str:
    """The volume in one line: heights, times, and its outline by centre and radius, or by corners and area."""
    outline = volume.outline
    if isinstance(outline, Circle):
        shape = f"circle about {outline.centre}, {outline.radius_m:.1f} m"
    else:
        shape = f"{len(outline.vertices)} corners from {outline.vertices[0]}, {area_m2(outline.vertices) / 1e6:.3f} km2"
    return f"{volume.lower or 'unknown'} to {volume.upper or 'unknown'} | {volume.span.start} to {volume.span.end} | {shape}"


def check(module: ZoneFormat, name: str, path: Path) -> None:
    """Asserts that the vector is read, refused or passed over as it expects."""
    wanted = case(path)
    word, _, rest = wanted.expected.partition(" ")
    if word == "ok":
        found = list(module.parse(wanted.body, WEEK))
        assert len(found) == int(rest)
        assert [described(volume) for one in found for volume in one.notice.volumes] == wanted.volumes
    elif word == "refused":
        with pytest.raises(FormatError) as caught:
            list(module.parse(wanted.body, WEEK))
        assert (caught.value.format, caught.value.field) == (name, rest)
    else:
        left_out = LeftOut()
        assert list(module.parse(wanted.body, WEEK, left_out)) == []
        assert (left_out.refused, left_out.skips[rest.removeprefix("out ")]) == ([], 1)
