"""The same world, driven step by step: Hypothesis chooses what happens next, and makes what breaks a promise as short as it can."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from simulation import liars
from simulation.cast import NAMES
from simulation.memo import remembered
from simulation.network import WEATHERS
from simulation.seeded import Plan, SeededWorld

SHORT = settings(
    max_examples=25, stateful_step_count=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], database=None
)
LONG = settings(max_examples=2_000, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


class Troubles(RuleBasedStateMachine):
    """Two to four parties; in the end all trouble is over, and every promise is looked at."""

    world: SeededWorld

    def __init__(self) -> None:
        super().__init__()
        self._memo = remembered()
        self._memo.__enter__()

    @initialize(seed=st.integers(0, 2**16), count=st.integers(2, 4), quick=st.booleans(), groups=st.booleans(), liar=st.booleans())
    def begin(self, seed: int, count: int, quick: bool, groups: bool, liar: bool) -> None:
        """Parties that have signed; the last of them may be one to lie."""
        self.world = SeededWorld(seed, Plan(NAMES[:count], quick=quick, groups=groups, liar="noise" if liar else ""))

    @rule(lasts_s=st.sampled_from((0.1, 1.0, 7.0, 31.0)))
    def wait(self, lasts_s: float) -> None:
        """Time passes."""
        self.world.run(lasts_s)

    @rule(weather=st.sampled_from(WEATHERS))
    def weather(self, weather: object) -> None:
        """The network is another from now on."""
        self.world.network.weather = weather  # type: ignore[assignment]

    @rule(what=st.sampled_from(("speak", "speak", "speak", "cut", "crash", "fault", "renew", "jump")))
    def happen(self, what: str) -> None:
        """Something of what happens in every world."""
        act: Callable[[], None] = getattr(self.world, what)
        act()

    @rule(kind=st.sampled_from(liars.KINDS[False]))
    def lie(self, kind: str) -> None:
        """The liar lies, if there is one."""
        if self.world.liar:
            liars.begin(self.world, kind)

    def teardown(self) -> None:
        """All trouble ends, and everybody comes to the same record."""
        try:
            if hasattr(self, "world"):
                self.world.heal()
                self.world.settle()
        finally:
            self._memo.__exit__(None, None, None)


class TestTroubles(Troubles.TestCase):  # type: ignore[misc, valid-type]
    """In CI, a few short lives."""

    settings = SHORT


@pytest.mark.soak
class TestManyTroubles(Troubles.TestCase):  # type: ignore[misc, valid-type]
    """By hand, many long ones."""

    settings = LONG
