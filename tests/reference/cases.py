"""Vectors of the track formats: a header (`expect:`, `skips:`, `columns:`), an empty line, and the file itself."""

from pathlib import Path
from typing import NamedTuple

VECTORS = Path(__file__).resolve().parents[2] / "vectors"


class Case(NamedTuple):
    """One vector: how many plots it gives and the reason for what it skips, or the error it raises."""

    plots: int
    skips: str
    error: str
    columns: str
    body: bytes


def cases(folder: str) -> list[str]:
    """The names of all vectors of a format."""
    return sorted(path.stem for path in (VECTORS / folder).glob("*.txt"))


def case(folder: str, name: str) -> Case:
    """One vector."""
    header, _, body = (VECTORS / folder / f"{name}.txt").read_bytes().partition(b"\n\n")
    members = dict(line.split(": ", 1) for line in header.decode().splitlines())
    kind, _, rest = members["expect"].partition(" ")
    error = rest if kind == "refused" else ""
    for sign in "()[]":
        error = error.replace(sign, f"\\{sign}")
    return Case(0 if error else int(rest), members.get("skips", ""), error, members.get("columns", ""), body)
