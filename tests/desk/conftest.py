"""Worlds for the tests of the desk."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from world import World, make_agreement


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[World]:
    """alpha and bravo, under an agreement in force."""
    world = World(tmp_path)
    world.sign()
    yield world
    world.close()


@pytest.fixture
def three(tmp_path: Path) -> Iterator[World]:
    """alpha, bravo and charlie, under an agreement in force."""
    world = World(tmp_path, agreement=make_agreement(("alpha", "bravo", "charlie")))
    world.sign()
    yield world
    world.close()
