"""Pictures: the same every time, without an address, with what is not known told as such."""

import re
import xml.etree.ElementTree as ET

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from report_cases import MINIMA, T0, area, flight, meeting
from tafadi.engine.detect import detect, judge
from tafadi.errors import InputError
from tafadi.measure.instant import Span
from tafadi.model.judgement import ClosestApproach, Judgement, Verdict
from tafadi.model.operation import Announced
from tafadi.reports import heights_figure, map_figure, pair_figure, picture, profile_figure, timeline_figure
from tafadi.reports import map as maps
from tafadi.reports.look import LONGEST_LABEL, label

CROSSING = flight("a", [(50.0, 10.0), (50.0, 11.0)]), flight("b", [(50.2, 10.5), (49.8, 10.5)], party="cobalt")


def words(figure: Figure) -> str:
    """All that is written in a figure."""
    return "\n".join(artist.get_text() for artist in figure.findobj(Text) if isinstance(artist, Text))


def found(*announced: Announced) -> list[Judgement]:
    return detect(announced, MINIMA)


def crossing() -> Figure:
    return pair_figure(*CROSSING, MINIMA, judge(*CROSSING, MINIMA))


@pytest.mark.parametrize("form", ["svg", "png", "pdf"])
def test_one_figure_is_the_same_bytes_every_time(form: str) -> None:
    assert picture(map_figure(CROSSING, found(*CROSSING)), form) == picture(map_figure(CROSSING, found(*CROSSING)), form)


def test_an_svg_is_xml_without_an_address_a_script_or_a_date() -> None:
    text = picture(crossing()).decode()
    assert text.startswith("<svg")
    ET.fromstring(text)
    assert set(re.findall(r"https?://[^\s\"'<]+", text)) <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert not re.search(r"<script|<metadata|<text|<image|dc:date", text)


def test_the_profile_tells_the_loss_the_minima_and_the_closest_approach() -> None:
    judgement = judge(*CROSSING, MINIMA)
    told = words(profile_figure(*CROSSING, MINIMA, judgement))
    assert "inside the minima for 2 min" in told
    assert "minimum 9.26 km (5.00 NM)" in told
    assert "minimum 305 m (1,000 ft)" in told
    assert re.search(r"closest: 101 m \(0.05\d NM\) at 09:04:59", told)
    assert "UTC, 2027-03-02" in told


def test_without_minima_the_picture_says_that_a_loss_cannot_be_told() -> None:
    assert "no minima were given" in words(profile_figure(*meeting()))


def test_without_a_judgement_the_curve_itself_tells_the_loss() -> None:
    told = words(pair_figure(*meeting(), MINIMA))
    assert "inside the minima" in told
    assert "closest: 56 m" in told


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (flight("b", [(50.2, 10.5), (49.8, 10.5)], height_m=None), "a height is not stated"),
        (flight("b", [(50.2, 10.5), (49.8, 10.5)], datum="ground"), "heights above unlike datums"),
    ],
)
def test_what_is_not_known_is_drawn_and_told_as_unknown(other: Announced, why: str) -> None:
    judgement = judge(CROSSING[0], other, MINIMA)
    assert judgement.verdict is Verdict.UNKNOWN
    told = words(pair_figure(CROSSING[0], other, MINIMA, judgement))
    assert f"UNKNOWN, not clear: {why}" in told
    assert "?" in told.split("\n")
    assert "vertical distance not known" in told
    assert "apart" not in told


def test_tracks_without_a_height_near_each_other_are_unknown_without_a_judgement_too() -> None:
    told = words(pair_figure(*meeting(height_m=None), MINIMA))
    assert "UNKNOWN, not clear" in told
    assert "inside the minima" not in told


def test_unlike_datums_have_a_panel_each_and_each_names_its_datum() -> None:
    figure = heights_figure([CROSSING[0], flight("b", [(50.2, 10.5), (49.8, 10.5)], datum="ellipsoid")])
    assert "Height above the geoid (mean sea level)" in words(figure)
    assert "Height above the ellipsoid (WGS 84)" in words(figure)


def test_a_top_that_is_not_stated_is_told_in_the_picture() -> None:
    assert "top not stated" in words(heights_figure([area("z", 50.0, 10.0, upper_m=None), CROSSING[0]]))


def test_two_volumes_have_heights_and_a_map_but_no_profile() -> None:
    pair = area("y", 50.0, 10.0), area("z", 50.5, 10.5)
    told = words(pair_figure(*pair, None, judge(*pair)))
    assert "share air for 1 h, from 09:00:00Z" in told
    assert "Horizontal distance" not in told
    assert "whether" in words(pair_figure(*pair, MINIMA))
    apart = area("y", 50.0, 10.0), area("z", 60.0, 10.0)
    assert "\nclear" in words(pair_figure(*apart, None, judge(*apart)))
    with pytest.raises(InputError, match="neither of the two moves"):
        profile_figure(*pair)
    with pytest.raises(InputError, match="at least one"):
        heights_figure([])


@pytest.mark.parametrize(
    "places",
    [[(-17.0, 178.8), (-17.5, -179.2)], [(88.0, 0.0), (88.0, 180.0)], [(-89.0, 10.0), (-89.0, -170.0)], [(0.0, 0.0), (0.001, 0.0)]],
    ids=["antimeridian", "north pole", "south pole", "a hundred metres"],
)
def test_a_map_is_drawn_anywhere(places: list[tuple[float, float]]) -> None:
    figure = map_figure([flight("a", places)])
    told = words(figure)
    assert ("North Pole" in told) == (places[0][0] > 80.0)
    assert ("South Pole" in told) == (places[0][0] < -80.0)
    assert "NM" in told
    assert len(picture(figure)) > 5_000


def test_a_map_of_nothing_says_so() -> None:
    assert "there is nothing to draw" in words(map_figure([]))
    assert "nothing was found" in words(timeline_figure([]))


def test_of_too_many_those_in_conflict_are_drawn_and_the_rest_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maps, "MOST_DRAWN", 5)
    many = [flight(f"n{number}", [(10.0, 10.0), (10.0, 10.1)]) for number in range(5)]
    told = words(map_figure([*many, *CROSSING], found(*CROSSING)))
    assert "5 drawn; 2 more are not drawn" in told
    assert "×1" in told


def test_conflicts_and_unknowns_are_told_apart_without_colour() -> None:
    without = flight("c", [(50.2, 10.45), (49.8, 10.45)], height_m=None)
    judged = found(*CROSSING, without)
    told = words(map_figure([*CROSSING, without], judged))
    assert "× in conflict (1 pair)" in told
    assert "? unknown, not clear (" in told
    assert {text[0] for text in told.split("\n") if re.fullmatch(r"[×?]\d", text)} == {"×", "?"}
    assert re.search(r"^×\d  ", words(timeline_figure(judged)), re.MULTILINE)


def test_hostile_names_are_drawn_as_letters() -> None:
    names = ("$x_{y", "_hidden", "a\u202eb", "\x1b[2J", "飛行", "x" * 200, "<script>")
    assert len(picture(map_figure([flight(name, [(50.0, 10.0), (50.0, 11.0)]) for name in names]), "png")) > 1_000
    assert all(len(label(name)) <= LONGEST_LABEL and label(name).isprintable() for name in names)


def test_drawing_leaves_the_readers_own_settings_alone() -> None:
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    picture(timeline_figure(found(*CROSSING)))
    assert dict(mpl.rcParams) == before


def test_the_time_to_show_can_be_said() -> None:
    told = words(profile_figure(*CROSSING, MINIMA, window=Span(T0, T0.plus(120.0))))
    assert "09:01:00" in told or "09:01" in told
    assert "09:05" not in told.split("UTC")[0].split("closest")[0]


def test_heights_that_the_engine_brought_to_one_datum_are_not_told_as_unknown() -> None:
    other = flight("b", [(50.2, 10.5), (49.8, 10.5)], datum="ellipsoid")
    closest = ClosestApproach(T0.plus(300.0), 101.0, 46.0)
    judgement = Judgement("a", "b", Verdict.CONFLICT, MINIMA, span=Span(T0.plus(240.0), T0.plus(360.0)), closest=closest)
    told = words(pair_figure(CROSSING[0], other, MINIMA, judgement))
    assert "inside the minima for 2 min" in told
    assert "no curve: the heights are above unlike datums" in told
    assert "UNKNOWN" not in told
    assert "?" not in told.split("\n")
