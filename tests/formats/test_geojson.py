"""The GeoJSON profile: what it reads, what it refuses and in which words, and that it gives back what it was given."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from tafadi.errors import FormatError, InputError
from tafadi.formats import geojson
from tafadi.measure.earth import Position
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant, Span
from tafadi.model.operation import Announced, AreaKind, Disclosure, Kind, Minima, Notice, StatedPlace, Trajectory, Waypoint
from tafadi.model.volume import Circle, Polygon, Volume4D

PROJECT = Path(__file__).resolve().parents[2]
VECTORS = sorted((PROJECT / "vectors" / "geojson").glob("*.txt"))
SAMPLES = sorted((PROJECT / "samples").glob("*.geojson"))
EPOCH_NS = 1_800_000_000_000_000_000


def case(path: Path) -> tuple[list[str], bytes]:
    header, _, body = path.read_bytes().partition(b"\n\n")
    return header.decode().removeprefix("expect: ").split(), body


def read(data: bytes) -> list[Announced]:
    return list(geojson.parse(data))


def refusal(data: bytes) -> FormatError:
    with pytest.raises(FormatError) as caught:
        read(data)
    return caught.value


def one_feature(**changes: object) -> dict[str, object]:
    properties: dict[str, object] = {
        "notice": "a-1",
        "party": "amber",
        "kind": "operation",
        "lower": "100 [m] geoid",
        "upper": "200 [m] geoid",
        "start": "2027-03-02T09:00:00Z",
        "end": "2027-03-02T10:00:00Z",
    }
    ring = [[130.0, -34.0], [131.0, -34.0], [131.0, -33.0], [130.0, -34.0]]
    return {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]}, "properties": properties | changes}


def collection(*features: dict[str, object]) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_every_vector_is_read_or_refused_as_it_expects(path: Path) -> None:
    expected, body = case(path)
    if expected[0] == "ok":
        notices = read(body)
        assert len(notices) == int(expected[1])
        assert read(geojson.dump(notices)) == notices
    else:
        error = refusal(body)
        assert (error.format, error.field) == ("geojson", "".join(expected[2:]))
        assert "\n" not in str(error)


def test_there_are_vectors_of_every_sort() -> None:
    sorts = {" ".join(case(path)[0][:2]) for path in VECTORS}
    assert {"ok 1", "refused schema", "refused meaning", "refused text"} <= sorts


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_every_sample_comes_back_from_its_own_writing(path: Path) -> None:
    notices = read(path.read_bytes())
    assert len(notices) >= 2
    assert read(geojson.dump(notices)) == notices


def test_feet_become_metres_and_the_datum_stays() -> None:
    (one,) = read(collection(one_feature(lower="1000 [ft] geoid", upper="100 [FL] pressure")))
    assert one.notice.volumes[0].lower == Height(304.8, Datum.GEOID)
    assert one.notice.volumes[0].upper == Height(3048.0, Datum.PRESSURE)


def test_a_height_that_is_not_stated_stays_unknown_and_never_zero() -> None:
    (one,) = read(collection(one_feature(lower=None, upper=None)))
    assert one.notice.volumes[0].lower is None
    assert one.notice.volumes[0].upper is None


def test_longitude_comes_first_in_the_file_and_latitude_first_inside() -> None:
    (one,) = read(collection(one_feature()))
    outline = one.notice.volumes[0].outline
    assert isinstance(outline, Polygon)
    assert outline.vertices[0] == Position(-34.0, 130.0)


def test_swapped_latitude_and_longitude_are_named_in_the_sentence() -> None:
    feature = one_feature()
    feature["geometry"] = {"type": "Polygon", "coordinates": [[[-34, 130], [-34, 131], [-33, 131], [-34, 130]]]}
    assert "longitude comes first" in str(refusal(collection(feature)))


def test_an_outline_is_read_and_written_anticlockwise_from_the_same_corner() -> None:
    feature = one_feature()
    feature["geometry"] = {"type": "Polygon", "coordinates": [[[0, 0], [0, 1], [1, 1], [0, 0]]]}
    written = json.loads(geojson.dump(read(collection(feature))))
    assert written["features"][0]["geometry"]["coordinates"] == [[[0.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.0, 0.0]]]


def test_an_outline_over_the_antimeridian_keeps_its_sense() -> None:
    feature = one_feature()
    ring = [[179, 0], [-179, 0], [-179, 1], [179, 1], [179, 0]]
    feature["geometry"] = {"type": "Polygon", "coordinates": [ring]}
    assert json.loads(geojson.dump(read(collection(feature))))["features"][0]["geometry"]["coordinates"] == [ring]


def test_coordinates_are_put_on_the_grid_of_the_wire() -> None:
    feature = one_feature(radius="500 [m]")
    feature["geometry"] = {"type": "Point", "coordinates": [130.123456789, -34.00000004]}
    (one,) = read(collection(feature))
    assert one.notice.volumes[0].outline == Circle(Position(-34.0, 130.1234568), 500.0)


def test_the_refusal_names_the_feature_and_the_member() -> None:
    error = refusal(collection(one_feature(), one_feature(notice="a-2", upper="200 [m]")))
    assert error.field == "features[1].properties.upper"
    assert "names no datum" in str(error)


@pytest.mark.parametrize("name", ["target", "unit", "weapon", "aircraft_type", "purpose", "note_target", "Party"])
def test_a_member_that_has_no_place_is_refused_and_not_dropped(name: str) -> None:
    assert refusal(collection(one_feature(**{name: "x"}))).field == f"features[0].properties.{name}"


def test_too_many_features_are_refused_by_their_named_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geojson, "MOST_FEATURES", 1)
    assert "more than 1" in str(refusal(collection(one_feature(), one_feature(notice="a-2"))))


def test_too_many_corners_are_refused_before_the_outline_is_examined() -> None:
    feature = one_feature()
    feature["geometry"] = {"type": "Polygon", "coordinates": [[[0, 0]] * 2_000]}
    assert "more than 1,000 corners" in str(refusal(collection(feature)))


def test_nothing_is_written_for_no_notice_at_all() -> None:
    with pytest.raises(FormatError, match="no notice to write"):
        geojson.dump([])


def test_two_notices_of_one_identity_are_not_written_into_one() -> None:
    notices = read(collection(one_feature()))
    with pytest.raises(FormatError, match="stands twice"):
        geojson.dump(notices + notices)


def test_an_outline_finer_than_the_grid_is_refused_when_written() -> None:
    corners = (Position(0.0, 0.0), Position(0.0, 2e-8), Position(2e-8, 0.0))
    volume = Volume4D(Polygon(corners), None, None, span(0, 60))
    with pytest.raises(FormatError, match="0 corners"):
        geojson.dump([Announced("a-1", Notice(Kind.OPERATION, (volume,)))])


def span(start_s: int, duration_s: int) -> Span:
    return Span(Instant(EPOCH_NS).plus(start_s), Instant(EPOCH_NS).plus(start_s + duration_s))


positions = st.builds(
    lambda lat, lon: Position(lat / 1e7, lon / 1e7), st.integers(-890_000_000, 890_000_000), st.integers(-(18 * 10**8), 18 * 10**8)
)
heights = st.none() | st.builds(lambda mm, datum: Height(mm / 1000.0, datum), st.integers(-1_000_000, 20_000_000), st.sampled_from(Datum))
labels = st.from_regex(r"[A-Za-z\u0621-\u063a\u0410-\u044f][A-Za-z0-9 :./-]{0,30}", fullmatch=True)
lengths_m = st.floats(0.0, 1e6, allow_nan=False)


@st.composite
def volumes(draw: st.DrawFn) -> Volume4D:
    lower = draw(heights)
    upper = None if lower is None else Height((round(lower.value_m * 1000.0) + draw(st.integers(1, 10_000))) / 1000.0, lower.datum)
    middle = draw(positions)
    size = draw(st.integers(100, 5_000_000)) / 1e7
    lat, lon = min(middle.lat_deg, 88.0), min(middle.lon_deg, 179.0)
    square = (Position(lat, lon), Position(lat, lon + size), Position(lat + size, lon + size), Position(lat + size, lon))
    circle = Circle(middle, draw(st.integers(1, 10**9)) / 1000.0)
    polygon = Polygon(tuple(corner.quantised() for corner in square))
    outline = circle if draw(st.booleans()) else polygon
    return Volume4D(outline, lower, upper, span(draw(st.integers(0, 10**6)), draw(st.integers(1, 10**6))))


@st.composite
def trajectories(draw: st.DrawFn) -> Trajectory:
    seconds = sorted(draw(st.sets(st.integers(0, 10**6), min_size=2, max_size=5)))
    waypoints = tuple(Waypoint(draw(positions), draw(heights), Instant(EPOCH_NS).plus(at)) for at in seconds)
    try:
        return Trajectory(waypoints)
    except InputError:  # a leg to the antipode
        reject()


@st.composite
def announcements(draw: st.DrawFn) -> Announced:
    area_kind = draw(st.none() | st.sampled_from(AreaKind))
    trajectory = draw(st.none() | trajectories()) if area_kind is None else None
    notice = Notice(
        kind=Kind.OPERATION if area_kind is None else Kind.AREA,
        volumes=tuple(draw(st.lists(volumes(), min_size=0 if trajectory else 1, max_size=3))),
        trajectory=trajectory,
        minima=draw(st.none() | st.builds(Minima, lengths_m, lengths_m)),
        area_kind=area_kind,
        priority=draw(st.integers(0, 100)),
        title=draw(st.sampled_from(["", "a transit", "خط\nхорошо 100 %"])),
        contact=draw(st.sampled_from(["", "duty officer"])),
        frequency_hz=draw(st.none() | st.integers(100_000, 6_000_000_000)),
        disclosure=draw(st.sampled_from([Disclosure.FULL, Disclosure.ENVELOPE])),
        stated=tuple(draw(st.lists(st.builds(StatedPlace, st.just("buoy"), st.floats(0.0, 359.0), lengths_m), max_size=2))),
    )
    return Announced(draw(labels), notice, draw(st.none() | labels))


@given(st.lists(announcements(), min_size=1, max_size=3, unique_by=lambda one: one.id))
@settings(max_examples=60, deadline=None)
def test_what_is_written_is_read_back_as_the_same_nouns(announced: list[Announced]) -> None:
    assert read(geojson.dump(announced)) == announced


def damaged() -> Iterator[bytes]:
    for path in VECTORS:
        expected, body = case(path)
        if expected[0] == "ok":
            yield body


@given(st.sampled_from(list(damaged())), st.data())
@settings(max_examples=200, deadline=None)
def test_damaged_bytes_are_read_or_refused_and_nothing_else(body: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(body) - 1))
    width = data.draw(st.integers(0, 8))
    broken = body[:at] + data.draw(st.binary(max_size=6)) + body[at + width :]
    with suppress(FormatError):
        assert read(broken)
