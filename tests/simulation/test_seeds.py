"""Two thousand worlds, each from its own number: whatever happens in them, the promises of the line hold."""

from collections.abc import Iterator

import pytest

from simulation.memo import remembered
from simulation.seeded import SeededWorld, live

SHARES = 8  # for machines with several cores
SEEDS_EACH = 250


@pytest.fixture(autouse=True)
def _remembered() -> Iterator[None]:
    with remembered():
        yield


@pytest.mark.parametrize("share", range(SHARES))
def test_rules_1_to_16_hold_in_two_thousand_worlds_of_loss_crashes_failing_disks_and_liars(share: int) -> None:
    for seed in range(share * SEEDS_EACH, (share + 1) * SEEDS_EACH):
        live(seed)


def _log(seed: int) -> list[str]:
    told: list[str] = []
    live(seed, told.append)
    return told


@pytest.mark.parametrize("seed", [7, 1_002])
def test_a_seed_always_gives_the_same_world(seed: int) -> None:
    assert len(_log(seed)) > 10
    assert _log(seed) == _log(seed)


def test_the_worlds_are_not_all_calm() -> None:
    """Among a hundred plans there is everything that a world can have."""
    plans = [SeededWorld(seed).plan for seed in range(100)]
    for name in ("quick", "second", "engine", "groups", "cuts", "crashes", "faults", "renewals", "jumps", "liar"):
        assert 3 < sum(bool(getattr(plan, name)) for plan in plans) < 80, name
    assert {len(plan.parties) for plan in plans} >= {2, 3, 4}
    assert any(not plan.signed for plan in plans)
