"""The library as its users meet it: every name, its documents, and how little it costs to import."""

import doctest
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import tafadi
from tafadi.library.result import Result

ROOT = Path(__file__).resolve().parents[2]
NAMES = [name for name in tafadi.__all__ if name != "__version__"]
VERBS = ("detect", "detect_states", "judge", "plot_map", "plot_pair", "read_notices", "read_tracks", "scan", "watch", "well_clear")
RAISING = ("Circle", "Minima", "Notice", "Plot", "Polygon", "Position", "Span", "StandingSet", "Trajectory", "Volume4D", "Watch", *VERBS)


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
