"""Warming up: after it, no kernel that is called from anywhere has yet to be loaded, and nothing is compiled anew by what people do."""

import ast
import importlib
import json
import subprocess
import sys
from pathlib import Path

from tafadi.engine import kernels

KERNELS = Path(kernels.__path__[0])
SOURCES = Path(__file__).resolve().parents[2] / "src" / "tafadi"
SAMPLES = SOURCES.parents[1] / "samples"

# In a process of its own: what other tests have loaded here would hide what the warm-up forgets.
WORK = """
import json, sys
from typer.testing import CliRunner
from numba.core.dispatcher import Dispatcher
from tafadi.engine.warm import warm_up
from tafadi.cli.main import app

def compiled():
    modules = [module for name, module in sys.modules.items() if name.startswith("tafadi.engine.kernels.") and module]
    known = [value for module in modules for value in vars(module).values() if isinstance(value, Dispatcher)]
    return {f"{one.py_func.__module__}.{one.py_func.__name__}": sorted(map(str, one.signatures)) for one in known}

warm_up()
ready = compiled()
told = [CliRunner().invoke(app, arguments) for arguments in json.loads(sys.argv[1])]
new = {name: signatures for name, signatures in compiled().items() if signatures != ready.get(name, [])}
answers = [[one.exit_code, one.output, repr(one.exception)] for one in told]
print(json.dumps({"ready": ready, "new": new, "answers": answers}))
"""


def called() -> set[str]:
    """The kernels that modules outside `engine/kernels` name: the ways into them."""
    found = set()
    for path in SOURCES.rglob("*.py"):
        if path.parent == KERNELS:
            continue
        tree = ast.parse(path.read_text("utf-8"))
        modules: dict[str, str] = {}  # an alias of a module of kernels
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module == "tafadi.engine.kernels":
                modules |= {name.asname or name.name: name.name for name in node.names}
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tafadi.engine.kernels."):
                found |= {f"{node.module}.{name.name}" for name in node.names}
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
                found.add(f"tafadi.engine.kernels.{modules[node.value.id]}.{node.attr}")
    return found


def is_kernel(name: str) -> bool:
    module, _, attribute = name.rpartition(".")
    return hasattr(getattr(importlib.import_module(module), attribute), "py_func")


def recording(folder: Path) -> Path:
    """Two that meet head on, each heard every four seconds."""
    rows = ["track,time,lat,lon,height"]
    for number in range(30):
        at = f"2026-03-01T10:{number * 4 // 60:02d}:{number * 4 % 60:02d}Z"
        rows += [f"one,{at},{1.0 + 0.003 * number:.4f},2.0,3000", f"two,{at},{1.2 - 0.003 * number:.4f},2.0,3000"]
    path = folder / "meeting.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


def test_after_the_warm_up_nothing_is_compiled_anew_and_no_kernel_is_left_out(tmp_path: Path) -> None:
    plots = recording(tmp_path)
    columns = '{"track": "track", "at": "time [utc]", "lat": "lat", "lon": "lon", "height": "height [ft] pressure"}'
    minima = ["--minima", "0.5 [NM] / 500 [ft]"]
    runs = [
        ["check", str(SAMPLES / "amber.geojson"), str(SAMPLES / "cobalt.geojson")],
        ["check", str(SAMPLES / "amber.geojson"), str(SAMPLES / "cobalt.geojson"), *minima, "--json"],
        ["watch", str(plots), *minima, "--columns", columns],
        ["watch", str(plots), *minima, "--columns", columns, "--announced", str(SAMPLES / "amber.geojson")],
        ["scan", str(plots), *minima, "--well-clear", "phase-1", "--columns", columns],
    ]
    done = subprocess.run([sys.executable, "-c", WORK, json.dumps(runs)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert [code for code, _, _ in told["answers"]] == [1, 1, 1, 1, 1], told["answers"]
    assert told["new"] == {}
    ways = {name for name in called() if is_kernel(name)}
    assert len(ways) > 30
    assert {name for name in ways if not told["ready"].get(name)} == set()
