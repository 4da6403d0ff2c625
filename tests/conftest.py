"""What every test may ask for."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How fast a machine is decides no test.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Callable[[str], Path]:
    """A file of the shared recordings and vectors, or a visible skip where that folder is absent."""

    def find(relative: str) -> Path:
        if not SHARED.is_dir():
            pytest.skip("the folder ../shared with recordings and vectors is absent")
        return SHARED / relative

    return find


def pytest_collection_finish(session: pytest.Session) -> None:
    """Compiles the engine once, before tests with real nodes: where nothing is compiled yet, a node does for minutes nothing else."""
    if "nodes" in sys.modules and not session.config.option.collectonly:
        subprocess.run([sys.executable, "-m", "tafadi", "warmup"], stdout=subprocess.DEVNULL, check=True)


def pytest_sessionfinish() -> None:
    """Ends the server that the tests of journals began in this process; a worker of several does not wait for the program's own end."""
    if "journals" in sys.modules:
        sys.modules["journals"].SERVERS.close()


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes are named by their argument: packed ones hold the time of their packing, and tests run side by side must have one name."""
    return argname if isinstance(val, bytes) else None
