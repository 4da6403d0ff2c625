"""Terms: what a watch asks of tracks, and the switch of each rule against false alarms.

There is no silent default: separation minima, or rules of well clear, or both must be asked for, by the agreement or by the command.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from typing import Final

from tafadi.engine.alerting import NON_COOPERATIVE, PHASE_I, PHASE_II, Filter, RuleSet
from tafadi.engine.suppress import RULES
from tafadi.engine.trail import FASTEST_MPS
from tafadi.errors import InputError
from tafadi.model.operation import Minima

FORGOTTEN_S: Final = 90.0  # straight motion says nothing after so long; alerts about the track are then LOST
LOOKAHEAD_MAX_S: Final = 600.0  # straight motion is wrong by kilometres beyond ten minutes
STRAYING_S: Final = 30.0  # a turn is likelier than a straying that lies farther ahead
SLOWEST_LIMIT_MPS: Final = 50.0  # a limit of speed below this would call every aeroplane suspect
FASTEST_LIMIT_MPS: Final = 10_000.0  # beyond it nothing is ever suspect
WELL_CLEAR: Final = {"phase-1": PHASE_I, "phase-2": PHASE_II, "non-cooperative": NON_COOPERATIVE}


@dataclass(frozen=True, slots=True)
class Rules:
    """What the watch asks for, and the switch of each rule. Raises InputError when it asks for nothing, or for what cannot be.

    `minima` are those between tracks (None: none are asked for), `well_clear` names sets of WELL_CLEAR. A straying is foreseen `straying_s`
    ahead (0: told only once it has happened). A hit that implies more than `fastest_mps` makes its track suspect.
    """

    minima: Minima | None
    lookahead_s: float
    track_max_age_s: float = 30.0  # two turns of an en-route radar, and some
    quantisation: bool = True
    height_jump: bool = True
    level_off: bool = True
    duplicate: bool = True
    ground: bool = True
    formation: bool = True
    height_swap: bool = True
    renumbered: bool = True
    seen_once: bool = True
    fleeting: bool = True
    well_clear: tuple[str, ...] = ()
    straying_s: float = STRAYING_S
    fastest_mps: float = FASTEST_MPS
    sieve: Filter = field(default_factory=Filter)

    def __post_init__(self) -> None:
        if not 0.0 < self.lookahead_s <= LOOKAHEAD_MAX_S:
            raise InputError(f"a lookahead of {self.lookahead_s} s is not within 0 to {LOOKAHEAD_MAX_S:.0f} s")
        if not 0.0 < self.track_max_age_s <= FORGOTTEN_S:
            raise InputError(f"a track age of {self.track_max_age_s} s is not within 0 to {FORGOTTEN_S:.0f} s")
        if not 0.0 <= self.straying_s <= LOOKAHEAD_MAX_S:
            raise InputError(f"a straying is foreseen 0 to {LOOKAHEAD_MAX_S:.0f} s ahead, not {self.straying_s} s")
        if not SLOWEST_LIMIT_MPS <= self.fastest_mps <= FASTEST_LIMIT_MPS:
            limits = f"{SLOWEST_LIMIT_MPS:.0f} to {FASTEST_LIMIT_MPS:,.0f} m/s"
            raise InputError(f"the fastest that a track may be is within {limits}, not {self.fastest_mps} m/s")
        self._check_asked()

    def _check_asked(self) -> None:
        if self.minima is None and not self.well_clear:
            raise InputError("a watch asks for minima between tracks, or for rules of well clear, or for both; there is no default")
        if self.minima is not None and (self.minima.horizontal_m == 0.0 or self.minima.vertical_m == 0.0):
            raise InputError("between tracks both minima must be more than 0, or nothing could ever be found")
        for name in self.well_clear:
            if name not in WELL_CLEAR:
                raise InputError(f"there is no set of rules of well clear {name[:40]!r}; there are {', '.join(WELL_CLEAR)}")
        if len(set(self.well_clear)) != len(self.well_clear):
            raise InputError("a set of rules of well clear is named twice")

    def without(self, names: Iterable[str]) -> "Rules":
        """These rules with the named ones switched off. Raises InputError for a name that is no rule."""
        off = list(names)
        for name in off:
            if name not in RULES:
                raise InputError(f"there is no rule {name[:40]!r}; there are {', '.join(RULES)}")
        # mypy cannot know that all names of RULES are switches; a test holds the two together.
        return replace(self, **dict.fromkeys(off, False))  # type: ignore[arg-type]

    @property
    def on(self) -> frozenset[str]:
        """The names of the rules that are on."""
        return frozenset(one.name for one in fields(self) if one.name in RULES and getattr(self, one.name))

    @property
    def sets(self) -> dict[str, RuleSet]:
        """The rules of well clear that are asked for, by name."""
        return {name: WELL_CLEAR[name] for name in self.well_clear}
