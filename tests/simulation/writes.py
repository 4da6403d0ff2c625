"""Writes: every place in the product that makes something durable, found in its source, so that none can be forgotten."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

SOURCE: Final = Path(__file__).resolve().parents[2] / "src" / "tafadi"
ROOMS: Final = ("desk", "store", "net", "node", "epoch", "web")
# What a write is called: a change of the journal; a file or folder of the node, written, renamed or taken away; what is flushed.
CALLS: Final = frozenset(
    {"commit", "group", "write_whole", "write_seed", "make_folder", "save_settings", "set_aside", "rename", "unlink", "mkdir"}
    | {"write_bytes", "write_text", "fsync", "fdatasync", "sync_folder"}
)


def writes() -> set[str]:
    """The functions that write, as `store.mark._append`."""
    return {f"{module}.{function.name}" for module, function in _functions() if any(map(_is_write, ast.walk(function)))}


def commits_of_the_desk() -> set[str]:
    """The functions of the desk that change the journal, as `listen._grow`."""
    return {name.removeprefix("desk.") for name in writes() if name.startswith("desk.")}


def _functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for path in sorted(SOURCE.rglob("*.py")):
        module = path.relative_to(SOURCE).with_suffix("").as_posix().replace("/", ".")
        if module.split(".")[0] in ROOMS:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    yield module, node


def _is_write(node: ast.AST) -> bool:
    """A call of one of these names; of a journal's own methods and of database libraries only what the product itself calls a change."""
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node.func, ast.Name) else ""
    return name in CALLS
