"""Operators: a token is shown once and kept as a digest, and whoever is removed is out at once."""

import json
from pathlib import Path

import pytest

from tafadi.errors import DamagedError, InputError, LimitError, MissingError
from tafadi.measure.instant import Instant
from tafadi.store.operators import OPERATORS_FILE, OPERATORS_MAX, OperatorBook, add_operator, operators, remove_operator

NOW = Instant.parse("2026-11-24T03:00:00Z")


def add(folder: Path, name: str, role: str = "planner", seed: int = 0) -> str:
    """The token of a new operator."""
    return add_operator(folder, name, role, seed.to_bytes(32, "big"), NOW)


def test_the_file_holds_no_token_and_is_its_owners_alone(tmp_path: Path) -> None:
    token = add(tmp_path, "east-desk")
    text = (tmp_path / OPERATORS_FILE).read_text()
    assert token not in text
    assert token.removeprefix("tafadi_") not in text
    assert (tmp_path / OPERATORS_FILE).stat().st_mode & 0o777 == 0o600


def test_a_token_names_its_operator_until_that_is_removed(tmp_path: Path) -> None:
    book, token = OperatorBook(tmp_path), add(tmp_path, "east-desk")
    found = book.named_by(token)
    assert found is not None
    assert (found.name, found.role, found.may_speak) == ("east-desk", "planner", True)
    assert book.named_by(token[:-1]) is None
    remove_operator(tmp_path, "east-desk")
    assert book.named_by(token) is None
    assert not book.still_has(found)


def test_a_name_is_of_one_operator_and_a_removed_one_gets_another_token(tmp_path: Path) -> None:
    old = add(tmp_path, "east-desk")
    with pytest.raises(InputError, match="already"):
        add(tmp_path, "east-desk", seed=1)
    remove_operator(tmp_path, "east-desk")
    new = add(tmp_path, "east-desk", "auditor", seed=2)
    book = OperatorBook(tmp_path)
    assert book.named_by(old) is None
    assert book.named_by(new) is not None


@pytest.mark.parametrize(
    ("name", "role"), [("East Desk", "planner"), ("", "planner"), ("east", "admiral"), ("east", ""), ("\u202east", "planner")]
)
def test_what_can_be_no_operator_is_refused_and_nothing_is_written(tmp_path: Path, name: str, role: str) -> None:
    with pytest.raises(InputError):
        add(tmp_path, name, role)
    assert operators(tmp_path) == {}


def test_nobody_is_removed_who_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="none"):
        remove_operator(tmp_path, "east-desk")


def test_there_is_a_limit_to_operators(tmp_path: Path) -> None:
    first = {"name": "a0", "role": "planner", "token": "0" * 64, "since": str(NOW)}
    kept = [{**first, "name": f"a{number}"} for number in range(OPERATORS_MAX)]
    (tmp_path / OPERATORS_FILE).write_text(json.dumps({"form": 1, "operators": kept}))
    with pytest.raises(LimitError):
        add(tmp_path, "one-more")


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"form": 2, "operators": []}', '{"form": 1, "operators": [{}]}', '{"form": 1, "operators": 5}', "[" * 100_000,
     '{"form": 1, "operators": [{"name": "a", "role": "king", "token": "", "since": ""}]}',
     '{"form": 1, "operators": [{"name": "a", "role": "planner", "token": 5, "since": "2026-11-24T03:00:00Z"}]}',
     '{"form": 1, "operators": [{"name": "a", "role": "planner", "token": "%s", "since": "yesterday"}]}' % ("0" * 64)],
)  # fmt: skip
def test_a_file_that_cannot_be_used_lets_nobody_in_and_says_so(tmp_path: Path, text: str) -> None:
    (tmp_path / OPERATORS_FILE).write_text(text)
    with pytest.raises(DamagedError, match="cannot be used"):
        OperatorBook(tmp_path).named_by("tafadi_x")
