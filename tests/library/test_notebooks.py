"""The notebooks of the documents: run, without errors, with pictures, and of this code."""

import base64
import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "notebooks"
NAMES = ("plans", "recording", "well-clear")
MOST_ROWS = 20  # of a table that is kept: a notebook shows results and copies no recording


def runner() -> ModuleType:
    """docs/notebooks/execute.py as a module."""
    spec = importlib.util.spec_from_file_location("tafadi_docs_notebooks", FOLDER / "execute.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read(name: str) -> Any:
    """One notebook, valid by its format's schema."""
    notebook: Any = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)  # type: ignore[no-untyped-call]  # nbformat states no types
    nbformat.validate(notebook)
    return notebook


def outputs(notebook: Any) -> list[Any]:
    """All outputs of all its cells."""
    return [output for cell in notebook["cells"] if cell["cell_type"] == "code" for output in cell["outputs"]]


def test_there_are_no_other_notebooks() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.ipynb")) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_was_run_to_its_end_and_its_cells_are_those_that_were_run(name: str) -> None:
    notebook = read(name)
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    assert [output for output in outputs(notebook) if output["output_type"] == "error" or output.get("name") == "stderr"] == []
    assert notebook["metadata"]["tafadi"]["digest"] == runner().digest(notebook), f"run `python docs/notebooks/execute.py {name}`"


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_shows_pictures_and_is_small(name: str) -> None:
    pictures = [output["data"]["image/png"] for output in outputs(read(name)) if "image/png" in output.get("data", {})]
    assert len(pictures) >= 2
    assert all(base64.b64decode(picture).startswith(b"\x89PNG") for picture in pictures)
    assert (FOLDER / f"{name}.ipynb").stat().st_size < runner().LARGEST_BYTES


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_names_no_place_on_one_machine_and_copies_no_recording(name: str) -> None:
    text = (FOLDER / f"{name}.ipynb").read_text("utf-8")
    assert (
        re.search(r"(?<![\w.~-])/(?:" + "|".join(("work", "root", "home", "tmp")) + r")/[\w.]", re.sub(r'"image/png": "[^"]*"', "", text))
        is None
    )
    tables = ["".join(output["data"].get("text/html", "")) for output in outputs(read(name)) if "data" in output]
    assert max((table.count("<tr") for table in tables), default=0) <= MOST_ROWS


@pytest.mark.soak
@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_runs_anew_and_says_the_same(name: str) -> None:
    def said(notebook: Any) -> str:
        return json.dumps([output.get("text", output.get("data", {}).get("text/plain")) for output in outputs(notebook)])

    kept, module = read(name), runner()
    if "../../../shared" in json.dumps(kept) and not (ROOT.parent / "shared").is_dir():
        pytest.skip("the folder ../shared with recordings and vectors is absent")
    anew = module.executed(read(name))
    assert re.sub(r"0x[0-9a-f]+", "", said(anew)) == re.sub(r"0x[0-9a-f]+", "", said(kept))
