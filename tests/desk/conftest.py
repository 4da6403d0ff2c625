"""Worlds for the tests of the desk."""

from collections.abc import Iterator
from dataclasses import replace
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


@pytest.fixture
def calm(tmp_path: Path) -> Iterator[World]:
    """alpha, bravo and charlie in force, with no agreed times of day: their clocks say only what a test is about."""
    world = World(tmp_path, agreement=replace(make_agreement(("alpha", "bravo", "charlie")), check_times_utc_s=()))
    world.sign()
    yield world
    world.close()
