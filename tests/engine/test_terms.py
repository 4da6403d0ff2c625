"""What a watch may be asked for."""

import pytest

from tafadi.engine.suppress import RULES
from tafadi.engine.terms import WELL_CLEAR, Rules
from tafadi.errors import InputError
from tafadi.model.operation import Minima

MINIMA = Minima(1000.0, 150.0)


def test_there_is_no_silent_default() -> None:
    with pytest.raises(InputError, match="there is no default"):
        Rules(None, 30.0)
    assert Rules(None, 30.0, well_clear=("phase-2",)).minima is None
    assert Rules(MINIMA, 30.0).well_clear == ()


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"well_clear": ("phase-3",)}, "there are phase-1, phase-2, non-cooperative"),
        ({"well_clear": ("phase-1", "phase-1")}, "named twice"),
        ({"straying_s": -1.0}, "a straying is foreseen"),
        ({"straying_s": float("nan")}, "a straying is foreseen"),
        ({"track_max_age_s": 0.0}, "a track age"),
        ({"fastest_mps": 10.0}, "fastest"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_sentence(said: dict[str, object], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        Rules(MINIMA, 30.0, **said)  # type: ignore[arg-type]


def test_every_rule_is_a_switch_and_switching_one_off_keeps_all_else() -> None:
    asked = Rules(MINIMA, 30.0, 20.0, well_clear=tuple(WELL_CLEAR), straying_s=10.0, fastest_mps=500.0)
    assert asked.on == set(RULES)
    for name in RULES:
        off = asked.without([name])
        assert off.on == set(RULES) - {name}
        assert (off.well_clear, off.straying_s, off.fastest_mps, off.track_max_age_s) == (asked.well_clear, 10.0, 500.0, 20.0)
    assert asked.without(["ground"]).without(["duplicate"]).on == set(RULES) - {"ground", "duplicate"}
