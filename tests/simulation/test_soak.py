"""Fifty thousand worlds and more, as long as somebody lets them run; where they stopped they go on."""

import json
import os
import sys
import time
from pathlib import Path

import pytest

from simulation.memo import remembered
from simulation.seeded import live

SOAK_FILE = Path(__file__).resolve().parents[2] / ".soak" / "worlds.json"
WANTED = 50_000
FIRST = 1_000_000  # the seeds below are those of every run of the tests
STEP = 100  # how often the count is written


def lived() -> int:
    """How many seeds, from FIRST on, have come to their end so far."""
    return int(json.loads(SOAK_FILE.read_bytes())["lived"]) if SOAK_FILE.is_file() else 0


def _keep(count: int) -> None:
    SOAK_FILE.parent.mkdir(exist_ok=True)
    part = SOAK_FILE.with_suffix(".part")
    part.write_text(json.dumps({"first": FIRST, "lived": count}))
    part.replace(SOAK_FILE)


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_fifty_thousand_worlds_keep_every_promise() -> None:
    """SOAK_S says for how many seconds at most; the count is of all runs together."""
    ends, count = time.monotonic() + float(os.environ.get("SOAK_S", "7200")), lived()
    with remembered():
        while count < WANTED and time.monotonic() < ends:
            for seed in range(FIRST + count, FIRST + count + STEP):
                live(seed)
            count += STEP
            _keep(count)
    sys.stdout.write(f"\n{count} worlds lived through so far, seeds {FIRST} to {FIRST + count - 1}; {WANTED} are wanted\n")
