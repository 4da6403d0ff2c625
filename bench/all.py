"""Every measurement of this folder on this machine, printed and kept in bench/last.md.

Run: python bench/all.py
"""

import ast
import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import reach

HERE: Final = Path(__file__).resolve().parent
COMMAND: Final = "python bench/all.py"
LIBRARIES: Final = ("numpy", "numba", "shapely", "pyproj", "pyarrow", "scipy", "duckdb", "bluesky-simulator")
GIB: Final = 1 << 30


def modules() -> list[str]:
    """The names of all modules here that measure something."""
    return sorted(path.stem for path in HERE.glob("*.py") if path.stem not in ("all", "reach"))


def _processor() -> str:
    """The model name that the system gives the processor; its kind where it gives none."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text(encoding="utf-8").splitlines() if told.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return next((name for name in names if name not in ("", "unknown")), platform.machine())


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def machine() -> list[str]:
    """What the figures were measured on, as a list in Markdown."""
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB
    return [
        f"* {os.cpu_count()} cores, {_processor()}; {memory_gib:.0f} GiB of memory; {platform.system()}",
        f"* Load when it began: {os.getloadavg()[0]:.1f}",
        f"* Python {platform.python_version()}; " + ", ".join(f"{name} {_version(name)}" for name in LIBRARIES),
    ]


def measured(name: str) -> str:
    """What a module prints; it runs in a process of its own, so that its memory is its own."""
    run = subprocess.run([sys.executable, str(HERE / f"{name}.py")], stdout=subprocess.PIPE, text=True, check=True)
    return run.stdout.rstrip("\n")


def main() -> None:
    """Prints every table as it is measured, and keeps them all in last.md."""
    lines = ["# Measured last", "", f"`{COMMAND}`", "", *machine()]
    print("\n".join(lines))
    printed: dict[str, list[str]] = {}
    for name in modules():
        told = str(ast.get_docstring(ast.parse((HERE / f"{name}.py").read_text(encoding="utf-8")))).splitlines()[0]
        printed[name] = measured(name).split("\n")
        table = ["", f"## {name}", "", told, "", *printed[name]]
        print("\n".join(table), flush=True)
        lines += table
    goal = ["", "## reach", "", *reach.lines(printed)]
    print("\n".join(goal))
    lines += goal
    (HERE / "last.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
