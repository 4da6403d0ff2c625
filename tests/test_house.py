"""What holds the house together: every error mapped, every setting and command in the documents, every room with its tests."""

import ast
import configparser
import dataclasses
import importlib
import importlib.util
import json
import re
import statistics
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer

import tafadi
from tafadi import errors, model
from tafadi.cli.exits import COULD_NOT, door
from tafadi.cli.main import app
from tafadi.desk import folding
from tafadi.desk.fold import KINDS, file_of
from tafadi.errors import EquivocationError, TafadiError
from tafadi.formats.registry import FORMATS
from tafadi.model.agreement import Timing
from tafadi.model.entry import EntryType
from tafadi.model.reply import RefusalCode
from tafadi.store.settings import Settings
from tafadi.web.problems import STATUSES, status_of

ROOT = Path(__file__).resolve().parents[1]
SRC = ROOT / "src" / "tafadi"
DOCS = ROOT / "docs"
OURS = ("src", "tests", "docs", "vectors", "samples", "bench", "design", ".ci")  # everything else beside them is single files
TEXTS = {".py", ".md", ".toml", ".txt", ".json", ".geojson", ".po", ".lock", ".yml", ".sh", ".csv", ".sbs", ".nop", ""}

LONGEST_FUNCTION = 70
MEDIAN_FUNCTION = 13
# No field for these, anywhere, ever: a notice says where and when, and never what for.
FORBIDDEN_FIELDS = {"target", "unit", "weapon", "aircraft_type", "purpose"}


def sources() -> list[Path]:
    """Every module of the package."""
    return sorted(SRC.rglob("*.py"))


def texts() -> Iterator[tuple[Path, str]]:
    """Every text file of the project, with what is in it. Vectors may hold damaged text on purpose."""
    single = [path for path in ROOT.iterdir() if path.is_file()]
    for path in single + [path for name in OURS for path in sorted((ROOT / name).rglob("*"))]:
        if path.is_file() and path.suffix in TEXTS and "__pycache__" not in path.parts:
            yield path, path.read_text(encoding="utf-8", errors="replace")


def documents() -> list[Path]:
    """Every document written for people."""
    return sorted(ROOT.glob("*.md")) + sorted(DOCS.rglob("*.md"))


def short(path: Path) -> str:
    """The path as a reader names it."""
    return path.relative_to(ROOT).as_posix()


def error_classes() -> list[type[TafadiError]]:
    """Every class of the error tree."""
    return [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, TafadiError)]


def an_error(kind: type[TafadiError]) -> TafadiError:
    """One error of that class."""
    return EquivocationError("two stories", b"one", b"other") if kind is EquivocationError else kind("one clear sentence")


def generator() -> ModuleType:
    """docs/generate.py as a module."""
    spec = importlib.util.spec_from_file_location("tafadi_docs_generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def commands() -> Iterator[tuple[str, Any, Any]]:
    """Every command of the program with its full name and a context."""

    def walk(command: Any, name: str, parent: Any) -> Iterator[tuple[str, Any, Any]]:
        context = command.context_class(command, info_name=name.split()[-1], parent=parent)
        yield name, command, context
        for word, inner in getattr(command, "commands", {}).items():
            yield from walk(inner, f"{name} {word}", context)

    yield from walk(typer.main.get_command(app), "tafadi", None)


# Errors


@pytest.mark.parametrize("kind", error_classes(), ids=lambda kind: kind.__name__)
def test_every_error_stands_in_the_tree_and_says_what_it_means(kind: type[TafadiError]) -> None:
    drawn = re.findall(r"[A-Z][A-Za-z]*Error", errors.__doc__ or "")
    assert kind.__name__ in drawn
    assert (kind.__doc__ or "").strip()
    assert f"`{kind.__name__}`" in (DOCS / "errors.md").read_text(encoding="utf-8")


def test_the_tree_draws_no_error_that_is_not_there() -> None:
    drawn = set(re.findall(r"[A-Z][A-Za-z]*Error", errors.__doc__ or ""))
    assert drawn == {kind.__name__ for kind in error_classes()}


@pytest.mark.parametrize("kind", [kind for kind in error_classes() if kind is not TafadiError], ids=lambda kind: kind.__name__)
def test_every_error_has_its_http_status_by_a_line_of_the_table(kind: type[TafadiError]) -> None:
    assert any(issubclass(kind, base) for base, _ in STATUSES)
    assert 400 <= status_of(an_error(kind)) < 600


@pytest.mark.parametrize("kind", error_classes(), ids=lambda kind: kind.__name__)
def test_every_error_leaves_by_the_door_with_one_sentence_and_exit_2(kind: type[TafadiError], capsys: pytest.CaptureFixture[str]) -> None:
    @door
    def command() -> None:
        raise an_error(kind)

    with pytest.raises(typer.Exit) as left:
        command()
    told = capsys.readouterr()
    assert left.value.exit_code == COULD_NOT
    assert told.out == ""
    assert told.err == f"tafadi: {an_error(kind)}\n"


def test_every_error_that_the_source_raises_is_of_the_tree() -> None:
    allowed = {kind.__name__ for kind in error_classes()} | {
        "Exit",
        "BadParameter",
        "AttributeError",  # what a module's __getattr__ answers (PEP 562)
        "TypeError",
        "ValueError",
        "ConnectionError",
        "AssertionError",
    }
    ours = {node.name for path in sources() for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.ClassDef)}
    found = set()
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                name = ast.unparse(node.exc.func).rsplit(".", 1)[-1]
                if name[0].isupper() and name not in allowed | ours:
                    found.add(f"{short(path)}:{node.lineno} raises {name}")
    assert not found


def test_nothing_catches_everything_but_the_two_doors() -> None:
    doors = {
        SRC / "cli" / "exits.py",
        SRC / "net" / "live.py",
    }  # where a command ends; and where a thread does, whose taker it is raised at
    found = [
        path if path in doors else f"{short(path)}:{node.lineno}"
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ExceptHandler) and (node.type is None or ast.unparse(node.type) in ("Exception", "BaseException"))
    ]
    assert len(found) == len(doors)
    assert set(found) == doors


# Documents


def test_the_generated_documents_are_up_to_date() -> None:
    stale = [short(path) for path in generator().stale()]
    assert not stale, f"run `python docs/generate.py`: {', '.join(stale)}"


def test_every_command_is_in_the_documents_and_has_help() -> None:
    page = (DOCS / "cli.md").read_text(encoding="utf-8")
    named = {name: command for name, command, _ in commands()}
    assert len(named) > 20
    assert [name for name, command in named.items() if not (command.help or "").strip()] == []
    assert [name for name in named if not re.search(rf"^##+ {re.escape(name)}$", page, re.MULTILINE)] == []


def test_every_option_and_argument_has_help() -> None:
    silent = []
    for name, command, context in commands():
        for param in command.get_params(context):
            record = param.get_help_record(context)
            if record is not None and not re.sub(r"\[(required|default).*", "", record[1]).strip():
                silent.append(f"{name} {record[0]}")
    assert not silent


@pytest.mark.parametrize("form", [Settings, Timing], ids=["node.json", "Timing"])
def test_every_setting_is_in_the_documents(form: type) -> None:
    page = (DOCS / "start.md").read_text(encoding="utf-8")
    names = [field.name for field in dataclasses.fields(form)]
    assert names
    assert [name for name in names if f"| `{name}` |" not in page] == []


# A number that is read under another name than its own: by what the agreement computes of it.
READ_AS = {
    "lead_s": "lead_of_s",
    "lead_movement_s": "is_emergency=",
    "lead_emergency_s": "is_emergency=",
    "link_down_s": "down_after_s",
    "pins": r"agreement\.pins",
}


def test_the_documents_say_which_numbers_of_an_agreement_nothing_acts_on() -> None:
    """What parties have signed and no node does: the list in docs/start.md is exact, and shrinks as they are built."""
    only_carried = ("model/agreement.py", "formats/terms.py", "cli/agree_cmd.py")
    code = "\n".join(path.read_text("utf-8") for path in sources() if not short(path).endswith(only_carried))
    names = [*(field.name for field in dataclasses.fields(Timing)), "check_times_utc_s", "ladder", "quota", "pins"]
    idle = [name for name in names if not re.search(READ_AS.get(name, rf"\.{name}\b"), code)]
    said = re.search(r"does not act yet on: ([^.]*)\.", (DOCS / "start.md").read_text(encoding="utf-8"))
    assert re.findall(r"`(\w+)`", said[1] if said else "") == idle


def test_every_refusal_code_is_produced_somewhere_and_documented() -> None:
    page = (DOCS / "spec" / "entries.md").read_text(encoding="utf-8")
    listed = SRC / "model" / "reply.py"
    code = "\n".join(path.read_text("utf-8") for path in sources() if path != listed)
    code += listed.read_text("utf-8").split("class RefusalCode")[0]
    unproduced = [one for one in RefusalCode if f"RefusalCode.{one.name}" not in code and f'"{one.value}"' not in code]
    assert not unproduced
    assert [one.value for one in RefusalCode if f"`{one.value}`" not in page] == []


LINK = re.compile(r"\]\(([^()\s]+)\)")
NAMED_PATH = re.compile(
    r"(?<![\w/.])((?:src|docs|tests|vectors|samples|bench|design)/[\w./-]*\w)(<?)"
)  # `test_<name>` names a pattern, not a file


def test_every_link_in_the_documents_resolves() -> None:
    dead = []
    for path in documents():
        for link in LINK.findall(path.read_text(encoding="utf-8")):
            file, _, anchor = link.partition("#")
            if "://" in link:
                dead.append(f"{short(path)}: {link} leads out of the house")
                continue
            goal = (path.parent / file).resolve() if file else path
            if not goal.exists() or (anchor and anchor not in anchors(goal)):
                dead.append(f"{short(path)}: {link}")
    assert not dead


def anchors(path: Path) -> set[str]:
    """The anchors of a document's headings, as they are commonly made."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def test_every_path_that_a_document_or_a_module_names_is_there() -> None:
    missing = []
    for path in [*documents(), *sources(), *sorted((ROOT / "bench").rglob("*.py"))]:
        for named, pattern in NAMED_PATH.findall(path.read_text(encoding="utf-8")):
            if not pattern and not any((base / named).exists() or (base / f"{named}.py").exists() for base in (ROOT, path.parent)):
                missing.append(f"{short(path)}: {named}")
    assert not missing


def test_the_decisions_are_numbered_once_and_named_by_their_number() -> None:
    found = sorted((DOCS / "decisions").glob("*.md"))
    numbers = [path.name[:4] for path in found]
    assert len(set(numbers)) == len(numbers)
    assert [path.name for path in found if not path.read_text("utf-8").startswith(f"# {path.name[:4]} ")] == []


def test_the_changelog_knows_the_version() -> None:
    assert tafadi.__version__ in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f'version = "{tafadi.__version__}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


# Nouns and formats


def test_every_type_has_its_kind_in_the_file_of_its_name() -> None:
    assert set(KINDS) == set(EntryType)
    for type, kind in KINDS.items():
        assert kind.type is type
        assert importlib.import_module(f"{folding.__name__}.{file_of(type)}").KIND is kind


def test_every_file_with_a_kind_is_named_for_a_type() -> None:
    files = sorted((SRC / "desk" / "folding").glob("*.py"))
    with_kind = [path.stem for path in files if "\nKIND = Kind(" in path.read_text("utf-8")]
    assert with_kind == sorted(map(file_of, EntryType))


def model_fields() -> Iterator[tuple[str, str]]:
    """Every field of every noun."""
    for path in sorted((SRC / "model").glob("*.py")):
        module = importlib.import_module(f"{model.__name__}.{path.stem}") if path.stem != "__init__" else model
        for kind in vars(module).values():
            if isinstance(kind, type) and dataclasses.is_dataclass(kind):
                yield from ((kind.__name__, field.name) for field in dataclasses.fields(kind))


def schema_members(value: object) -> Iterator[str]:
    """Every member that a JSON Schema names, at any depth."""
    if isinstance(value, dict):
        if isinstance(value.get("properties"), dict):
            yield from value["properties"]
        for inner in value.values():
            yield from schema_members(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from schema_members(inner)


def is_forbidden(name: str) -> bool:
    """Whether a field of that name would say what an aircraft is for."""
    snake = re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
    return any(re.search(rf"(^|_){word}s?($|_)", snake) for word in FORBIDDEN_FIELDS)


def test_no_noun_has_a_field_for_target_unit_weapon_aircraft_type_or_purpose() -> None:
    fields = list(model_fields())
    assert len(fields) > 50
    assert [f"{noun}.{name}" for noun, name in fields if is_forbidden(name)] == []


def test_no_schema_has_a_member_for_target_unit_weapon_aircraft_type_or_purpose() -> None:
    schemas = sorted(SRC.rglob("*.schema.json"))
    assert schemas
    members = [name for path in schemas for name in schema_members(json.loads(path.read_bytes()))]
    assert "notice" in members
    assert [name for name in members if is_forbidden(name)] == []


@pytest.mark.parametrize("name", ["target", "weapon_type", "aircraftType", "aircraft_type", "unit", "purposes"])
def test_the_forbidden_fields_would_be_found(name: str) -> None:
    assert is_forbidden(name)


@pytest.mark.parametrize("name", list(FORMATS))
def test_every_format_has_vectors_tests_and_a_layout_with_units_and_datum(name: str) -> None:
    assert any((ROOT / "vectors" / name).iterdir())
    assert (ROOT / "tests" / "formats" / f"test_{name}.py").is_file()
    layout = (FORMATS[name].load().__doc__ or "").lower()
    assert re.search(r"\b(metres?|feet|ft|knots?|kt|degrees?|units?)\b", layout)
    assert re.search(r"\b(datums?|pressure|ellipsoid|geoid|sea level)\b", layout)


# The tree


def test_nothing_in_the_tree_names_a_place_on_one_machine() -> None:
    places = re.compile(r"(?<![\w.~-])/(?:" + "|".join(("work", "root", "home")) + r")/[\w.]")
    assert [short(path) for path, text in texts() if places.search(text)] == []


def test_nothing_in_the_tree_holds_the_address_of_a_registry() -> None:
    registries = re.compile(
        "|".join(("pypi" + r"\.org", "pythonhosted" + r"\.org", "npmjs" + r"\.(?:org|com)", "--(?:extra-)?index" + "-url[ =]http"))
    )
    assert [short(path) for path, text in texts() if registries.search(text)] == []


def test_nothing_in_the_tree_is_left_to_be_done() -> None:
    marks = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK", "NotImplemented" + "Error")) + r")\b")
    assert [short(path) for path, text in texts() if marks.search(text) and "vectors" not in path.parts] == []


def test_the_lock_has_a_hash_for_everything_and_no_address() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in lock
    required = re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE | re.IGNORECASE)
    pins = [pin for pin in required if pin.strip() and not pin.startswith("#")]
    assert len(pins) > 20
    assert [pin.split("\n")[0] for pin in pins if "==" not in pin.split("\n")[0] or "--hash=sha256:" not in pin] == []


def functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef, bool]]:
    """Every function of the package with its place, and whether it is public: not private, nor inside a function or a private class."""

    def walk(path: Path, body: list[ast.stmt], public: bool) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef, bool]]:
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{short(path)}:{node.lineno} {node.name}", node, public and not node.name.startswith("_")
                yield from walk(path, node.body, False)
            elif isinstance(node, ast.ClassDef):
                yield from walk(path, node.body, public and not node.name.startswith("_"))

    for path in sources():
        yield from walk(path, ast.parse(path.read_text("utf-8")).body, True)


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The lines of a function, from its def to its end."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_every_module_and_every_public_class_and_function_says_what_it_is() -> None:
    silent = [place for place, node, public in functions() if public and not ast.get_docstring(node)]
    for path in sources():
        tree = ast.parse(path.read_text("utf-8"))
        if not ast.get_docstring(tree) and path.name != "__main__.py":
            silent.append(short(path))
        classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
        silent += [f"{short(path)}:{node.lineno} {node.name}" for node in classes if not ast.get_docstring(node)]
    assert not silent


def test_functions_are_short() -> None:
    lengths = {place: length(node) for place, node, _ in functions()}
    assert statistics.median(lengths.values()) < MEDIAN_FUNCTION
    assert {place: lines for place, lines in lengths.items() if lines > LONGEST_FUNCTION} == {}


def is_furnished(folder: Path) -> bool:
    """Whether a room has anything in it; batch and reports, for one, are still empty and say so."""
    return any(path.name != "__init__.py" for path in folder.rglob("*.py"))


def test_every_room_has_its_tests() -> None:
    rooms = [path for path in sorted(SRC.iterdir()) if path.is_dir() and (path / "__init__.py").is_file() and is_furnished(path)]
    assert len(rooms) > 8
    assert [room.name for room in rooms if not any((ROOT / "tests" / room.name).rglob("test_*.py"))] == []


def test_every_folder_of_tests_has_its_room() -> None:
    # Slow twins; programs that share nothing with the package; whole worlds, and long runs, that no one room could own.
    without_room = ("reference", "outsiders", "simulation", "soak", "__pycache__")
    folders = [path.name for path in (ROOT / "tests").iterdir() if path.is_dir() and path.name not in without_room]
    assert [name for name in folders if not (SRC / name).is_dir()] == []


def test_no_folder_of_tests_is_a_package() -> None:
    assert [short(path) for path in (ROOT / "tests").rglob("__init__.py")] == []


def test_every_room_stands_on_its_floor() -> None:
    rules = configparser.ConfigParser()
    rules.read(ROOT / ".importlinter", encoding="utf-8")
    floors = rules["importlinter:contract:floors"]
    listed = set(re.findall(r"[a-z_]+", floors["layers"]))
    rooms = {path.stem for path in SRC.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()} - {"__init__"}
    assert listed == rooms
    assert floors["exhaustive"] == "true"


def test_the_thinking_floors_are_named_to_the_linter() -> None:
    rules = configparser.ConfigParser()
    rules.read(ROOT / ".importlinter", encoding="utf-8")
    named = set(rules["importlinter:contract:sansio"]["source_modules"].split())
    assert {f"tafadi.{room}" for room in ("measure", "model", "engine", "trust", "rules", "casework", "formats", "desk")} <= named


# What the line must hold, by its number: the nineteen rules of the protocol, and what has gone wrong in such mechanisms. The ninth failure,
# no shared definition, is prevented by clauses that both nodes compute, and not by the line.
RULES = frozenset(range(1, 20))
FAILURES = frozenset(range(1, 17)) - {9}


@pytest.mark.parametrize(("what", "numbers"), [("rule", RULES), ("failure", FAILURES)], ids=["rules", "failures"])
def test_every_rule_and_every_failure_has_a_test_that_names_it(what: str, numbers: frozenset[int]) -> None:
    named = re.compile(rf"^def test_{what}_(\d\d)_\w+\(", re.MULTILINE)
    found = {int(number) for path in (ROOT / "tests").rglob("test_*.py") for number in named.findall(path.read_text(encoding="utf-8"))}
    assert sorted(numbers - found) == []
