"""The registry: which format a file is in, and what it carries."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tafadi.errors import FormatError
from tafadi.formats import aixm, ed269, ed318, kml, notam, notam_json, openair, scn_areas, yaixm
from tafadi.formats.registry import FORMATS, HEAD_BYTES, ZONES, Carries, ZoneFormat, named, notice_format, read, sniff, zone_format
from zone_cases import WEEK

PROJECT = Path(__file__).resolve().parents[2]


def bodies(folder: str) -> list[bytes]:
    texts = [path.read_bytes() for path in sorted((PROJECT / "vectors" / folder).glob("*.txt"))]
    return [body for header, _, body in (text.partition(b"\n\n") for text in texts) if header.startswith(b"expect: ok")]


@pytest.mark.parametrize("name", ["geojson", "f3548", *sorted(ZONES)])
def test_content_tells_the_format_whatever_the_file_is_called(name: str) -> None:
    assert bodies(name)
    assert {sniff(body, "plans.txt").name for body in bodies(name)} == {name}


def test_content_is_believed_before_the_ending() -> None:
    assert sniff(bodies("f3548")[0], "plans.geojson").name == "f3548"


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"[RH],STARS,D21_B,03/24/2018,15:03:08.337,N518SP,", "nop"),
        (b"MSG,3,1,1,4CA2D6,1,2018/04/03,19:02:28.136,", "sbs"),
        (b"PAR1\x15\x04", "columns"),
    ],
)
def test_tracks_are_known_too_and_are_no_notices(head: bytes, name: str) -> None:
    found = sniff(head)
    assert (found.name, found.carries) == (name, Carries.TRACKS)
    with pytest.raises(FormatError, match="carries tracks, and notices are needed"):
        notice_format(found)


def test_the_ending_decides_where_the_content_does_not() -> None:
    assert sniff(b"{", "A.GEOJSON").name == "geojson"


@pytest.mark.parametrize("head", [b"{}", b"[1]", b"hello", b"\x00\x01", b'{"type": "Polygon"}'])
def test_what_is_not_known_is_refused_and_never_guessed(head: bytes) -> None:
    with pytest.raises(FormatError, match="none of the formats ed269, ed318"):
        sniff(head, "x.json")


def test_nothing_is_said_to_be_nothing() -> None:
    with pytest.raises(FormatError, match="nothing in it"):
        sniff(b" \n", "x.json")


def test_a_name_that_is_none_lists_those_there_are() -> None:
    with pytest.raises(FormatError, match="there are ed269, ed318"):
        named("shapefile")


def test_every_notice_format_has_a_module_that_reads_and_writes() -> None:
    for one in FORMATS.values():
        if one.carries is Carries.NOTICES and one.name not in ZONES:
            module = notice_format(one)
            assert module is one.load()
            assert list(module.parse(module.dump(module.parse(bodies(one.name)[0]))))


HELD: dict[str, ZoneFormat] = {  # here mypy holds every module to the protocol
    "ed269": ed269,
    "ed318": ed318,
    "yaixm": yaixm,
    "openair": openair,
    "notam": notam,
    "notam_json": notam_json,
    "aixm": aixm,
    "kml": kml,
    "scn_areas": scn_areas,
}


def test_every_zone_format_has_a_module_that_reads_for_a_window() -> None:
    assert set(HELD) == ZONES
    for name, module in HELD.items():
        assert zone_format(FORMATS[name]) is notice_format(FORMATS[name]) is module
        assert list(read(FORMATS[name], bodies(name)[0], WEEK))
    with pytest.raises(FormatError, match="no published zones"):
        zone_format(FORMATS["geojson"])


def test_a_notice_with_its_own_times_is_read_whole_whatever_the_window() -> None:
    assert list(read(FORMATS["f3548"], bodies("f3548")[0], WEEK)) == list(read(FORMATS["f3548"], bodies("f3548")[0]))


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("geozones/ed318_example_collection.json", "ed318"),
        ("geozones/eurocontrol_swim_ed269_brussels.json", "ed269"),
        ("airspace/uk/airspace.yaml", "yaixm"),
        ("airspace/uk/loa.yaml", "yaixm"),
        ("airspace/openair_CH_2016.txt", "openair"),
        ("operations/rid_zurich.kml", "kml"),
    ],
)
def test_real_files_of_zones_are_known_by_their_content(shared: Callable[[str], Path], file: str, name: str) -> None:
    assert sniff(shared(f"data/permissive/{file}").read_bytes()[:HEAD_BYTES], "x").name == name


def test_a_long_file_without_a_mark_is_looked_at_in_its_head_only() -> None:
    with pytest.raises(FormatError):
        sniff(b"{" + b" " * 200_000 + b'"features":[', "x.json")
