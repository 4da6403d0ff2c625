"""What the readers of published zones have in common: refusals listed, outlines cut, tops without end."""

import pytest

from tafadi.errors import FormatError
from tafadi.formats.schedule import ALWAYS
from tafadi.formats.zones import SURFACE, Known, LeftOut, Part, apart, numbered, plain, sift, unlimited, zone
from tafadi.measure.earth import Position
from tafadi.measure.height import Datum, Height
from tafadi.model.operation import Announced, AreaKind
from tafadi.model.volume import Circle
from zone_cases import WEEK

SQUARE = (Position(10.0, -30.0), Position(10.0, -29.9), Position(10.1, -29.9), Position(10.1, -30.0))


def read(name: str) -> Announced | Known:
    if name == "bad":
        raise FormatError("7 corners are wrong", format="x", field=name)
    if name == "other":
        return Known("it is another thing")
    return zone("x", name, AreaKind.CAUTION, [Part(SQUARE, SURFACE, Height(100.0, Datum.GROUND))], [ALWAYS], WEEK)


def sifted(names: list[str], left_out: LeftOut | None = None) -> list[str]:
    return [one.id for one in sift("x", names, read, lambda name: name, left_out)]


def test_without_a_list_the_first_refusal_ends_the_reading() -> None:
    with pytest.raises(FormatError, match="7 corners are wrong"):
        sifted(["a", "bad", "b"])


def test_with_a_list_every_refusal_is_in_it_and_the_rest_is_read() -> None:
    left_out = LeftOut()
    assert sifted(["a", "bad", "b", "other", "bad"], left_out) == ["a", "b"]
    assert [one.number for one in left_out.refused] == [2, 5]
    assert left_out.skips.rows() == [("… corners are wrong", 2, 2), ("it is another thing", 1, 4)]
    assert left_out.skips.damaged == 2


def test_an_identity_that_stands_twice_is_refused_the_second_time() -> None:
    left_out = LeftOut()
    assert sifted(["a", "a"], left_out) == ["a"]
    assert "stands twice" in left_out.refused[0].sentence


def test_a_file_of_which_nothing_comes_is_refused_unless_the_list_says_why() -> None:
    with pytest.raises(FormatError, match="none of what it holds"):
        sifted(["other"])
    assert sifted(["other"], LeftOut()) == []
    with pytest.raises(FormatError, match="holds no zone"):
        sifted([])


def test_half_a_zone_does_not_pass_for_the_whole() -> None:
    parts = [Part(SQUARE, None, None), Part(SQUARE[:2], None, None)]
    with pytest.raises(FormatError, match="polygon of 2 corners"):
        zone("x", "a", AreaKind.CAUTION, parts, [ALWAYS], WEEK)


def test_a_zone_of_too_many_volumes_is_refused() -> None:
    with pytest.raises(FormatError, match="65 volumes, and a notice holds 64; a shorter window"):
        zone("x", "a", AreaKind.CAUTION, [Part(Circle(SQUARE[0], 10.0), None, None)] * 65, [ALWAYS], WEEK)


def test_a_top_without_end_is_above_the_datum_of_its_bottom() -> None:
    assert unlimited(Height(100.0, Datum.GEOID)).datum is Datum.GEOID
    assert unlimited(SURFACE).datum is unlimited(None).datum is Datum.PRESSURE


def test_corners_that_stand_twice_in_a_row_count_once() -> None:
    assert apart((*SQUARE, SQUARE[0])) == apart((SQUARE[0], *SQUARE)) == SQUARE
    assert apart((SQUARE[0],) * 3) == SQUARE[:1]


def test_free_text_that_could_mislead_is_not_a_title() -> None:
    assert plain("a\n b") == "a b"
    assert len(plain("x" * 900)) == 200
    assert "\u202e" not in plain("a\u202eb")


def test_names_that_stand_once_keep_theirs() -> None:
    assert numbered(["b", "a", "b"]) == ["b [1]", "a", "b [2]"]
