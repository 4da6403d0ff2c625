"""Quantities as people write them on a command line or in a configuration: separation minima in one phrase.

    5 [NM] / 1000 [ft]

Horizontal first, vertical second, each with its own unit in brackets, because the two are asked for in unlike units everywhere in the field
(ICAO Doc 4444, chapter 5 and 8) and a threshold used in the wrong direction has been a real fault of real programs.
"""

import re

from tafadi.errors import UnitError
from tafadi.measure.units import parse_quantity
from tafadi.model.operation import Minima

_EXAMPLE = "5 [NM] / 1000 [ft]"
_BETWEEN = re.compile(r"\]\s*/")
_LONGEST_TEXT = 160  # two quantities of the length that `parse_quantity` allows


def parse_minima(text: str) -> Minima:
    """The minima written as `horizontal / vertical`, in metres. Raises UnitError for anything else.

    >>> parse_minima("5 [NM] / 1000 [ft]")
    Minima(horizontal_m=9260.0, vertical_m=304.8)
    """
    halves = _BETWEEN.split(text) if len(text) <= _LONGEST_TEXT else []
    if len(halves) != 2:
        raise UnitError(f'{text[:80]!r} is not a pair of minima; write horizontal / vertical, like "{_EXAMPLE}"')
    minima = parse_quantity(halves[0] + "]", "length"), parse_quantity(halves[1], "length")
    if min(minima) < 0.0 or max(minima) > 1_000_000.0:
        raise UnitError(f"{text[:80]!r} are no minima; each is 0 or more and at most 1000 [km]")
    return Minima(*minima)


def format_minima(minima: Minima) -> str:
    """The minima as text that `parse_minima` reads back exactly.

    >>> format_minima(Minima(9260.0, 304.8))
    '9260.0 [m] / 304.8 [m]'
    """
    return f"{minima.horizontal_m} [m] / {minima.vertical_m} [m]"
