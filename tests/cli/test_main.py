"""The program as a whole: every command has help, and every command that prints data prints it as JSON too."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import typer.main

from nodes import free_port, process, tafadi
from tafadi.cli.main import COMMANDS, Commands, app

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
COMMAND_OF = Commands()
EXAMPLE_MAX_S = 600.0
# They write files and pictures.
DOES_NOT_PRINT_DATA = {("convert",), ("evidence", "export"), ("evidence", "stored"), ("node", "run"), ("node", "unit"), ("plot",)}


def commands() -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command with its path."""
    root = typer.main.get_command(app)
    for name, command in root.commands.items():  # type: ignore[attr-defined]
        subcommands = getattr(command, "commands", None)
        if subcommands is None:
            yield (name,), command
        else:
            yield from (((name, sub), inner) for sub, inner in subcommands.items())


# What the reader of the worked example waits for: by the clock there, by what has happened here.
PATIENT_READER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from nodes import RealNode, World, until
both = World(Path(), {party: RealNode(party, Path(party), 0) for party in ("alpha", "bravo")})
until(lambda: all("listens on port" in node.log.read_text() for node in both.nodes.values()))
until(both.settled)
"""


@pytest.mark.parametrize("path", [path for path, _ in commands()], ids=" ".join)
def test_every_command_has_help_with_a_sentence(path: tuple[str, ...]) -> None:
    told = tafadi(*path, "--help")
    assert told.code == 0
    assert "Usage:" in told.out
    command = dict(commands())[path]
    assert (command.help or "").strip().endswith(".")


@pytest.mark.parametrize("path", [path for path, _ in commands() if path not in DOES_NOT_PRINT_DATA], ids=" ".join)
def test_every_command_that_prints_data_prints_it_as_json_too(path: tuple[str, ...]) -> None:
    options = {option for parameter in dict(commands())[path].params for option in parameter.opts}
    assert options & {"--json", "--format"}


@pytest.mark.parametrize("arguments", [("no-such-command",), ("node", "no-such"), ("line", "check"), ("--no-such-option",)])
def test_wrong_usage_is_exit_2(arguments: tuple[str, ...]) -> None:
    told = tafadi(*arguments)
    assert told.code == 2
    assert told.err
    assert "Traceback" not in told.err


def test_the_version_is_printed() -> None:
    assert tafadi("--version").out.startswith("tafadi ")


def loaded(*arguments: str) -> set[str]:
    """The modules that the program has imported when it ends, in a process of its own."""
    told = "lambda: print(*(name for name, module in sys.modules.items() if module), file=sys.stderr)"
    code = f"import atexit, sys; from tafadi.cli.main import run; atexit.register({told}); run()"
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120.0)
    assert "Traceback" not in done.stderr, done.stderr
    return set(done.stderr.splitlines()[-1].split())


def test_help_loads_no_heavy_library_and_no_command() -> None:
    modules = loaded("--help")
    heavy = "numpy", "numba", "rich", "pydantic", "cryptography", "shapely", "pyproj", "pyarrow", "matplotlib", "pandas", "httpx", "uvicorn"
    assert not modules & {*heavy, "typer.rich_utils", "asyncio", "polars", "scipy", "asterix", "yaml"}
    assert {name for name in modules if name.startswith("tafadi.")} == {
        "tafadi.cli",
        "tafadi.cli.main",
        "tafadi.cli.exits",
        "tafadi.cli.options",  # how the text of options is taken, of every command
        "tafadi.errors",
    }


def test_a_check_loads_nothing_of_a_node_and_nothing_that_it_does_not_use() -> None:
    modules = loaded("check", str(SAMPLES / "amber.geojson"), str(SAMPLES / "cobalt.geojson"))
    assert "tafadi.engine.detect" in modules
    idle = (
        "scipy",
        "rich",
        "pydantic",
        "cryptography",
        "matplotlib",
        "pandas",
        "polars",
        "pyarrow",
        "httpx",
        "uvicorn",
        "asterix",
        "distributed",
    )
    assert not modules & {*idle, "asyncio"}
    assert "tafadi.reports.map" not in modules
    assert not {name for name in modules if name.startswith(("tafadi.desk", "tafadi.store", "tafadi.net", "tafadi.web", "tafadi.trust"))}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_line_of_a_command_is_what_its_own_help_begins_with(name: str) -> None:
    command = COMMAND_OF[name]
    assert (command.name, (command.help or "").split("\n")[0]) == (name, COMMANDS[name].line)


def test_the_help_of_the_program_names_every_command() -> None:
    told = " ".join(tafadi("--help").out.split())
    assert all(f"{name} {where.line}" in told for name, where in COMMANDS.items())


def test_without_arguments_the_help_is_printed_and_that_is_exit_2() -> None:
    told = tafadi()
    assert (told.code, told.out) == (2, tafadi("--help").out)


def test_a_reader_that_leaves_is_no_traceback() -> None:
    command = f"{sys.executable} -m tafadi --help | true"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False, timeout=60.0)
    assert "Traceback" not in done.stderr


def test_output_survives_a_terminal_that_knows_only_ascii() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [sys.executable, "-m", "tafadi", "line", "--help"], capture_output=True, check=False, timeout=60.0, env=environment
    )
    assert b"Traceback" not in done.stderr


def test_the_program_runs_as_a_module() -> None:
    assert process("--version").code == 0


@pytest.mark.timeout(EXAMPLE_MAX_S + 60.0)
def test_the_worked_example_of_two_nodes_runs_as_it_is_written(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "how" / "run-two-nodes.md").read_text()
    script = "set -e\ntrap 'kill $ALPHA $BRAVO 2> /dev/null || true' EXIT\nsleep() { patient-reader; }\n" + "".join(
        re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    )
    for port in ("7001", "7002"):
        script = script.replace(port, str(free_port()))
    (tmp_path / "bin").mkdir()
    (tmp_path / "work").mkdir()
    program = tmp_path / "bin" / "tafadi"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m tafadi "$@"\n')
    program.chmod(0o755)
    (tmp_path / "reader.py").write_text(PATIENT_READER)
    reader = tmp_path / "bin" / "patient-reader"
    reader.write_text(f'#!/bin/sh\nexec {sys.executable} "{tmp_path / "reader.py"}" "{Path(__file__).parents[1]}"\n')
    reader.chmod(0o755)
    environment = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path / "work", capture_output=True, text=True, check=False, timeout=EXAMPLE_MAX_S, env=environment
    )
    assert done.returncode == 0, (done.stdout[-3_000:], done.stderr[-2_000:])
    assert "[EXERCISE] line check alpha/1/1 OK" in done.stdout
    assert re.search(r"\[EXERCISE\] alpha/1/2 alpha ACCEPTED 'survey' stored by bravo", done.stdout)
    assert "FAULT" not in done.stdout


def test_a_fault_before_any_command_begins_is_a_sentence_and_exit_2() -> None:
    broken = "from tafadi.cli import main; main.COMMANDS['check'] = main.COMMANDS['check']._replace(module='nowhere'); main.run()"
    ended = subprocess.run([sys.executable, "-c", broken, "check", "x"], capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stderr.startswith("tafadi: this is a fault of Tafadi")
    assert "Traceback" not in ended.stderr
