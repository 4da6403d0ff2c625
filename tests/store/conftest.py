"""Worlds and journals for the tests of the store."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from journals import kept as kept
from world import World


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[World]:
    """alpha and bravo, under an agreement in force."""
    world = World(tmp_path)
    world.sign()
    yield world
    world.close()
