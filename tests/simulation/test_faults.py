"""The fault table: each write of the product fails, and fails though it was persisted; what must come of it is in docs/fault-table.md."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from simulation.cast import NAMES
from simulation.memo import remembered
from simulation.network import WEATHERS
from simulation.seeded import Plan, SeededWorld
from simulation.writes import commits_of_the_desk, writes
from tafadi.store.memory import Failing

TABLE = Path(__file__).resolve().parents[2] / "docs" / "fault-table.md"
BUSY = Plan(NAMES[:3], weather=WEATHERS[3], words=8, cuts=2, lasts_s=30.0)
SLOW = Plan(weather=WEATHERS[4], words=14, cuts=2, crashes=1, renewals=1, lasts_s=40.0)
LYING = Plan(NAMES[:3], weather=WEATHERS[0], words=2, lasts_s=20.0)
SEEDS = 20  # worlds of a plan, of which one must come to the write


@dataclass(frozen=True)
class Row:
    """Where the write is met: in worlds of this plan, from this seed on; with packages of two entries where catching up is."""

    plan: Plan
    seed: int = 0
    is_small: bool = False


ROWS = {
    "speak.say": Row(BUSY),
    "speak.keep_receipt": Row(BUSY),
    "listen._grow": Row(BUSY),
    "listen.add_checkpoint": Row(BUSY, is_small=True),
    "pulse._take_receipts": Row(BUSY),
    "proof.keep_file": Row(replace(LYING, liar="fork")),
    "express._keep": Row(BUSY),
    "express.convict": Row(replace(LYING, liar="express")),
    "succession._drop_pending": Row(SLOW, 18, is_small=True),
}


@pytest.fixture(autouse=True)
def _remembered() -> Iterator[None]:
    with remembered():
        yield


def test_every_write_of_the_product_has_a_row_in_the_table() -> None:
    told = {name for row in TABLE.read_text(encoding="utf-8").split("\n") if row.startswith("| `") for name in _named(row)}
    assert writes() - told == set(), "write a row for each in docs/fault-table.md"
    assert told - writes() == set(), "these write nothing any more"


def _named(row: str) -> list[str]:
    return re.findall(r"`([a-z_0-9.]+)`", row.split("|")[1])


def test_every_commit_of_the_desk_is_met_by_some_world() -> None:
    assert commits_of_the_desk() == set(ROWS)


@pytest.mark.parametrize("dies", [False, True], ids=["goes-on", "power-lost"])
@pytest.mark.parametrize("how", Failing, ids=lambda how: how.name.lower().replace("_", "-"))
@pytest.mark.parametrize("site", ROWS)
def test_a_commit_that_fails_loses_nothing_receipted_and_all_come_to_one_record(
    site: str, how: Failing, dies: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = ROWS[site]
    if row.is_small:
        monkeypatch.setattr("tafadi.desk.outgoing.ENTRIES_MAX", 2)
    for seed in range(row.seed, row.seed + SEEDS):
        world = SeededWorld(seed, row.plan)
        world.rounds += len(world.machines)
        for machine in world.machines.values():
            machine.disk.fail_at(site, how, dies=dies)
        world.live()
        if any(not machine.disk.site and machine.disk.sites[site] for machine in world.honest.values()):
            return
    raise AssertionError(f"in {SEEDS} worlds {site} commits nothing")
