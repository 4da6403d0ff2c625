"""What every test may ask for."""

from collections.abc import Callable
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Callable[[str], Path]:
    """A file of the shared recordings and vectors, or a visible skip where that folder is absent."""

    def find(relative: str) -> Path:
        if not SHARED.is_dir():
            pytest.skip("the folder ../shared with recordings and vectors is absent")
        return SHARED / relative

    return find
