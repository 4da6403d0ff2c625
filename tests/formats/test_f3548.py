"""ASTM F3548 operational intents: read, refused, given back; and what InterUSS's own test data say."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.errors import FormatError
from tafadi.formats import f3548
from tafadi.measure.height import Datum, Height
from tafadi.model.operation import Announced, AreaKind, Kind, Minima
from tafadi.model.volume import Circle, Polygon

PROJECT = Path(__file__).resolve().parents[2]
VECTORS = sorted((PROJECT / "vectors" / "f3548").glob("*.txt"))


def case(path: Path) -> tuple[list[str], bytes]:
    header, _, body = path.read_bytes().partition(b"\n\n")
    return header.decode().removeprefix("expect: ").split(), body


def read(name: str) -> list[Announced]:
    return list(f3548.parse(case(PROJECT / "vectors" / "f3548" / f"{name}.txt")[1]))


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_every_vector_is_read_or_refused_as_it_expects(path: Path) -> None:
    expected, body = case(path)
    if expected[0] == "ok":
        intents = list(f3548.parse(body))
        assert len(intents) == int(expected[1])
        assert list(f3548.parse(f3548.dump(intents))) == intents
    else:
        with pytest.raises(FormatError) as caught:
            list(f3548.parse(body))
        assert (caught.value.format, caught.value.field) == ("f3548", "".join(expected[1:]))


def test_altitudes_are_above_the_ellipsoid_and_the_manager_is_the_party() -> None:
    (one,) = read("polygon")
    assert (one.party, one.notice.kind, one.notice.priority) == ("uss-amber", Kind.OPERATION, 3)
    assert one.notice.volumes[0].lower == Height(100.5, Datum.ELLIPSOID)
    assert isinstance(one.notice.volumes[0].outline, Polygon)


def test_an_altitude_that_is_not_stated_stays_unknown() -> None:
    (one,) = read("altitude_not_stated")
    assert one.notice.volumes[0].upper is None


def test_off_nominal_volumes_count_like_the_others() -> None:
    (one,) = read("off_nominal")
    assert len(one.notice.volumes) == 2


def test_a_circle_is_read_in_metres() -> None:
    (one,) = read("circle")
    outline = one.notice.volumes[0].outline
    assert isinstance(outline, Circle)
    assert outline.radius_m == 300.5


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"minima": Minima(1.0, 1.0)}, "no member for areas, trajectories or minima"),
        ({"kind": Kind.AREA, "area_kind": AreaKind.CAUTION}, "no member for areas, trajectories or minima"),
    ],
)
def test_what_the_standard_cannot_say_is_refused_and_never_left_out(change: dict[str, object], sentence: str) -> None:
    (one,) = read("polygon")
    with pytest.raises(FormatError, match=sentence):
        f3548.dump([replace(one, notice=replace(one.notice, **change))])  # type: ignore[arg-type]  # fields by name


def test_a_height_over_another_datum_is_not_written_as_w84() -> None:
    (one,) = read("polygon")
    volume = replace(one.notice.volumes[0], lower=Height(10.0, Datum.GEOID), upper=None)
    with pytest.raises(FormatError, match="W84 alone"):
        f3548.dump([replace(one, notice=replace(one.notice, volumes=(volume,)))])


def test_a_notice_of_nobody_has_no_manager_to_write() -> None:
    (one,) = read("polygon")
    with pytest.raises(FormatError, match="of nobody"):
        f3548.dump([replace(one, party=None)])


def test_nothing_and_the_same_notice_twice_are_not_written() -> None:
    with pytest.raises(FormatError, match="no notice"):
        f3548.dump([])
    with pytest.raises(FormatError, match="stands twice"):
        f3548.dump(read("polygon") * 2)


def test_every_vector_of_interuss_is_read_and_given_back(shared: Callable[[str], Path]) -> None:
    files = sorted(shared("vectors/f3548").glob("flight_*.json"))
    assert len(files) == 6
    for file in files:
        intents = list(f3548.parse(file.read_bytes()))
        assert list(f3548.parse(f3548.dump(intents))) == intents


def test_the_test_intents_of_interuss_are_refused_with_what_they_are(shared: Callable[[str], Path]) -> None:
    data = shared("data/permissive/operations/f3548_che_conflicting_flights.json").read_bytes()
    with pytest.raises(FormatError, match="flight intents for a test, not operational intents"):
        list(f3548.parse(data))


@given(st.sampled_from([body for expected, body in map(case, VECTORS) if expected[0] == "ok"]), st.data())
@settings(max_examples=150, deadline=None)
def test_damaged_bytes_are_read_or_refused_and_nothing_else(body: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(body) - 1))
    broken = body[:at] + data.draw(st.binary(max_size=6)) + body[at + data.draw(st.integers(0, 8)) :]
    with suppress(FormatError):
        assert list(f3548.parse(broken))
