"""The JSON Schema of the GeoJSON profile says what the reader says, as far as a schema can."""

import copy
import json
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tafadi.errors import FormatError
from tafadi.formats import geojson
from tafadi.measure.height import Datum
from tafadi.model.names import LONGEST_TEXT
from tafadi.model.operation import MOST_WAYPOINTS, AreaKind
from tafadi.model.volume import MOST_VERTICES

PROJECT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads(files("tafadi.formats").joinpath("notice.schema.json").read_text("utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)
CASES = {path.stem: path.read_bytes().partition(b"\n\n") for path in sorted((PROJECT / "vectors" / "geojson").glob("*.txt"))}
EXPECTED = {name: header.decode().removeprefix("expect: ").split() for name, (header, _, _) in CASES.items()}
VALID = [json.loads(CASES[name][2].removeprefix(b"\xef\xbb\xbf")) for name, expected in EXPECTED.items() if expected[0] == "ok"]


def is_read(tree: object) -> bool:
    try:
        return bool(list(geojson.parse(json.dumps(tree).encode())))
    except FormatError:
        return False


def test_the_schema_is_itself_valid() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", [name for name, expected in EXPECTED.items() if expected[0] == "ok" and name != "byte_order_mark"])
def test_what_the_reader_takes_the_schema_takes(name: str) -> None:
    VALIDATOR.validate(json.loads(CASES[name][2]))


@pytest.mark.parametrize("name", [name for name, expected in EXPECTED.items() if expected[:2] == ["refused", "schema"]])
def test_a_wrong_structure_fails_in_the_schema_too(name: str) -> None:
    assert not VALIDATOR.is_valid(json.loads(CASES[name][2]))


@pytest.mark.parametrize("name", [name for name, expected in EXPECTED.items() if expected[:2] == ["refused", "meaning"]])
def test_what_only_the_reader_can_refuse_passes_the_schema(name: str) -> None:
    assert VALIDATOR.is_valid(json.loads(CASES[name][2]))


def test_every_sample_is_valid_and_stays_so_when_written_again() -> None:
    for sample in sorted((PROJECT / "samples").glob("*.geojson")):
        data = sample.read_bytes()
        VALIDATOR.validate(json.loads(data))
        VALIDATOR.validate(json.loads(geojson.dump(geojson.parse(data))))


def test_the_limits_and_words_of_the_schema_are_those_of_the_model() -> None:
    parts = SCHEMA["$defs"]["geometry"]["allOf"]
    assert parts[0]["then"]["properties"]["coordinates"]["items"]["maxItems"] == MOST_VERTICES + 1
    assert parts[2]["then"]["properties"]["coordinates"]["maxItems"] == MOST_WAYPOINTS
    assert SCHEMA["properties"]["features"]["maxItems"] == geojson.MOST_FEATURES
    assert SCHEMA["$defs"]["properties"]["properties"]["area_kind"]["enum"] == [*AreaKind, None]
    assert "|".join(Datum) in SCHEMA["$defs"]["height"]["pattern"]
    assert SCHEMA["$defs"]["properties"]["properties"]["title"]["maxLength"] < LONGEST_TEXT


def _paths(tree: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [path, *(deeper for key, value in items for deeper in _paths(value, (*path, key)))]


WRONG = st.sampled_from(
    [None, True, 7, 7.5, "", "x", "7", [], {}, [None], [7], {"x": 1}, "1000 [ft] geoid", "2027-03-02T09:30:00Z", "area"]
)


@given(st.sampled_from(VALID), st.data())
@settings(max_examples=300, deadline=None)
def test_whatever_the_schema_refuses_the_reader_refuses(tree: dict[str, object], data: st.DataObject) -> None:
    changed = copy.deepcopy(tree)
    path = data.draw(st.sampled_from(_paths(tree)[1:]))
    at: object = changed
    for key in path[:-1]:
        at = at[key]  # type: ignore[index]  # a path of this very tree
    how = data.draw(st.sampled_from(["replace", "remove", "add"]))
    if how == "replace":
        at[path[-1]] = data.draw(WRONG)  # type: ignore[index]
    elif how == "remove":
        del at[path[-1]]  # type: ignore[attr-defined]
    elif isinstance(at, dict):
        at[data.draw(st.sampled_from(["x", "z", "radius", "lower", "times", "area_kind", "crs", "purpose"]))] = data.draw(WRONG)
    assert VALIDATOR.is_valid(changed) or not is_read(changed)
