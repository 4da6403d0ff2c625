"""Agreements and plots: what all sign, and what is seen to fly."""

import math
from dataclasses import replace

import pytest

from tafadi.errors import InputError
from tafadi.measure.earth import Position
from tafadi.measure.instant import Instant
from tafadi.model.agreement import MOST_LANDMARKS, Landmark, Timing
from tafadi.model.track import Plot
from world import MARKS, keys_of, make_agreement

AGREEMENT = make_agreement()


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "East Sky"},
        {"text": "x" * 20_001},
        {"parties": ("alpha",), "cards": (keys_of("alpha").card,)},
        {"parties": ("bravo", "alpha")},
        {"parties": ("alpha", "alpha")},
        {"cards": (keys_of("alpha").card,)},
        {"parties": tuple("abcdef"), "cards": (b"",) * 6},
        {"landmarks": MARKS[:1]},
        {"landmarks": (MARKS[0], MARKS[0])},
        {"landmarks": tuple(Landmark(f"mark-{n}", Position(0.0, n / 10)) for n in range(MOST_LANDMARKS + 1))},
        {"modes": ()},
    ],
)
def test_an_agreement_that_could_not_work_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(InputError):
        replace(AGREEMENT, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", list(Timing.__dataclass_fields__))
@pytest.mark.parametrize("value_s", [-1, 91 * 86_400])
def test_every_clock_of_an_agreement_has_its_bounds(name: str, value_s: int) -> None:
    with pytest.raises(InputError, match=name):
        replace(Timing(), **{name: value_s})


@pytest.mark.parametrize("field", ["ground_speed_mps", "course_deg", "climb_mps"])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_plot_leaves_out_what_it_does_not_know(field: str, value: float) -> None:
    plot = Plot("radar/1", Instant(0), Position(0.0, 0.0))
    assert plot.height is None
    with pytest.raises(InputError, match="leave an unknown value out"):
        replace(plot, **{field: value})  # type: ignore[arg-type]
