"""Runs the notebooks anew and keeps what they show, without what differs from one run or machine to the next.

python docs/notebooks/execute.py           runs all of them, in place
python docs/notebooks/execute.py plans     runs those whose name holds this word

Each is its own source: cells are written in the notebook, and their outputs are what the code of this tree gave when this was last run.
`tafadi.digest` in the metadata is of the cells that were run; a test holds the two together.
"""

import hashlib
import sys
from pathlib import Path
from typing import Any, Final

import nbformat
from nbclient import NotebookClient

HERE: Final = Path(__file__).resolve().parent
LONGEST_S: Final = 300  # a cell; the slowest, which compiles the engine on a new machine, takes one minute
LARGEST_BYTES: Final = 600_000
METADATA: Final = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}, "language_info": {"name": "python"}}


def notebooks(word: str = "") -> list[Path]:
    """The notebooks beside this file whose name holds the word."""
    return sorted(path for path in HERE.glob("*.ipynb") if word in path.stem)


def digest(notebook: Any) -> str:
    """SHA-256 of the code cells in their order."""
    cells = [cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
    return hashlib.sha256("\0".join(cells).encode()).hexdigest()


def executed(notebook: Any) -> Any:
    """The notebook with the outputs of its cells, run beside it. Raises nbclient.CellExecutionError for a cell that fails."""
    NotebookClient(notebook, timeout=LONGEST_S, kernel_name="python3", resources={"metadata": {"path": str(HERE)}}).execute()
    for number, cell in enumerate(notebook["cells"]):
        cell["metadata"] = {}
        cell["id"] = f"cell-{number}"
    notebook["metadata"] = METADATA | {"tafadi": {"digest": digest(notebook)}}
    return notebook


def main(words: list[str]) -> int:
    """The exit code: 0, or 2 when one is too large to keep."""
    for path in notebooks(words[0] if words else ""):
        notebook = executed(nbformat.read(path, as_version=4))  # type: ignore[no-untyped-call]  # nbformat states no types
        text: str = nbformat.writes(notebook, indent=1) + "\n"  # type: ignore[no-untyped-call]
        if len(text) > LARGEST_BYTES:
            sys.stderr.write(f"{path.name}: {len(text):,} bytes are more than {LARGEST_BYTES:,}; draw smaller or fewer pictures\n")
            return 2
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"run: {path.name}, {len(text):,} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
