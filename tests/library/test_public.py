"""The library as its users meet it: every name, its documents, and how little it costs to import."""

import doctest
import inspect
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tafadi
from tafadi.errors import InputError
from tafadi.library.result import Result

ROOT = Path(__file__).resolve().parents[2]
NAMES = [name for name in tafadi.__all__ if name != "__version__"]
VERBS = ("detect", "detect_states", "judge", "plot_map", "plot_pair", "read_notices", "read_tracks", "scan", "watch", "well_clear")
RAISING = (
    "Circle",
    "DividingLine",
    "Minima",
    "Notice",
    "Plot",
    "Polygon",
    "Position",
    "Span",
    "StandingSet",
    "Trajectory",
    "Volume4D",
    "Watch",
    *VERBS,
)


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_says_what_it_is_and_shows_it_by_an_example(name: str) -> None:
    text = inspect.getdoc(getattr(tafadi, name)) or ""
    assert len(text.split("\n")[0]) > 10
    assert doctest.DocTestParser().get_examples(text), f"{name} has no example"


@pytest.mark.parametrize("name", RAISING)
def test_what_may_refuse_its_arguments_says_so(name: str) -> None:
    assert re.search(r"Raises?\b", inspect.getdoc(getattr(tafadi, name)) or "")


@pytest.mark.parametrize("name", VERBS)
def test_every_verb_names_its_arguments_units_and_source(name: str) -> None:
    verb = getattr(tafadi, name)
    text = inspect.getdoc(verb) or ""
    assert [one for one in inspect.signature(verb).parameters if one not in ("sources", "drawn") and one not in text] == []
    assert re.search(r"docs/|DO-365|WGS 84|noun", text)


@pytest.mark.parametrize("name", NAMES)
def test_every_public_member_of_a_public_class_is_documented(name: str) -> None:
    kind = getattr(tafadi, name)
    if not inspect.isclass(kind) or kind.__module__.startswith("tafadi.errors"):
        return
    members = [member for member in vars(kind) if not member.startswith("_") and callable(getattr(kind, member))]
    assert [member for member in members if not inspect.getdoc(getattr(kind, member))] == []


START = tafadi.Instant(0)
PLACE = tafadi.Position(0.0, 0.0)
ROUTE = tafadi.Trajectory((tafadi.Waypoint(PLACE, None, START), tafadi.Waypoint(tafadi.Position(0.0, 1.0), None, START.plus(600.0))))
MADE: dict[Callable[..., object], dict[str, Any]] = {
    tafadi.Minima: {"horizontal_m": 1.0, "vertical_m": 2.0},
    tafadi.Position: {"lat_deg": 1.0, "lon_deg": 2.0},
    tafadi.Height: {"value_m": 1.0, "datum": tafadi.Datum.GEOID},
    tafadi.Height.parse: {"text": "3 [m] geoid"},
    tafadi.Instant: {"ns": 5},
    tafadi.Instant.parse: {"text": "2027-03-02T09:00:00Z"},
    START.plus: {"duration_s": 1.0},
    tafadi.Span: {"start": START, "end": START.plus(5.0)},
    tafadi.Circle: {"centre": PLACE, "radius_m": 1.0},
    tafadi.Polygon: {"vertices": (PLACE, tafadi.Position(0.0, 1.0), tafadi.Position(1.0, 1.0))},
    tafadi.Volume4D: {"outline": tafadi.Circle(PLACE, 5.0), "lower": None, "upper": None, "span": tafadi.Span(START, START.plus(5.0))},
    tafadi.Waypoint: {"position": PLACE, "height": None, "at": START},
    tafadi.Trajectory: {"waypoints": ROUTE.waypoints},
    tafadi.Notice: {"kind": tafadi.Kind.OPERATION, "trajectory": ROUTE, "volumes": (), "minima": None, "priority": 0, "title": ""},
    tafadi.Announced: {"id": "a", "notice": tafadi.Notice(tafadi.Kind.OPERATION, trajectory=ROUTE), "party": None},
    tafadi.Plot: {"track": "a", "at": START, "position": PLACE, "height": None, "ground_speed_mps": 1.0, "on_ground": None},
    tafadi.DividingLine: {
        "id": "a",
        "path": (PLACE, tafadi.Position(0.0, 1.0)),
        "left": frozenset({"a"}),
        "right": frozenset(),
        "span": None,
    },
}


@pytest.mark.parametrize("make", MADE, ids=lambda make: make.__qualname__)
@pytest.mark.parametrize("wrong", [b"x", 5j, object(), [object()], {1: 2}, float("nan"), 10**400], ids=lambda one: type(one).__name__)
def test_a_part_of_the_wrong_kind_is_refused_where_a_noun_is_made_in_one_short_line(make: Callable[..., object], wrong: object) -> None:
    make(**MADE[make])
    for name in MADE[make]:
        with pytest.raises(InputError) as refused:
            make(**MADE[make] | {name: wrong})
        assert len(str(refused.value)) < 250
        assert "\n" not in str(refused.value)


def test_what_is_given_as_a_list_is_equal_to_the_same_as_a_tuple() -> None:
    assert tafadi.Trajectory(list(ROUTE.waypoints)) == ROUTE  # type: ignore[arg-type]  # that is the question
    corners = [PLACE, tafadi.Position(0.0, 1.0), tafadi.Position(1.0, 1.0)]
    assert hash(tafadi.Polygon(corners)) == hash(tafadi.Polygon(tuple(corners)))  # type: ignore[arg-type]  # that is the question


def test_the_typed_names_are_those_that_are_loaded() -> None:
    source = (ROOT / "src" / "tafadi" / "__init__.py").read_text("utf-8").split("if TYPE_CHECKING:")[1].split("__version__")[0]
    typed = {name for line in re.findall(r"import (.+)", source) for name in re.split(r",\s*", line)}
    assert typed == set(NAMES)
    assert set(tafadi._HOME_OF) == set(NAMES)
    assert [name for name in dir(tafadi) if not name.startswith("__")] == NAMES


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'fly'"):
        tafadi.fly  # noqa: B018  # the question is what it raises


def test_to_import_the_library_loads_nothing_heavy() -> None:
    heavy = "numpy", "numba", "pyarrow", "shapely", "pyproj", "matplotlib", "polars", "pandas"
    code = f"import sys, tafadi; print([name for name in {heavy} if name in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_every_result_is_of_one_kind() -> None:
    kinds = [getattr(tafadi, name) for name in ("Alerts", "Judgements", "Losses", "Meetings", "Notices", "Tracks", "WellClear")]
    assert [kind.__name__ for kind in kinds if not issubclass(kind, Result)] == []


def test_the_examples_of_the_tour_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    told = doctest.testfile(str(ROOT / "docs" / "library.md"), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert told.attempted > 20
    assert told.failed == 0


def test_the_tour_names_every_public_name() -> None:
    text = (ROOT / "docs" / "library.md").read_text("utf-8")
    assert [name for name in NAMES if f"`{name}`" not in text and f"`{name}(" not in text] == []
