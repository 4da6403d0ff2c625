"""Kinds: what a noun is made of is looked at when it is made, so that a wrong thing is told there and not deep in the engine."""

import math
from typing import Final

from tafadi.errors import InputError

LONGEST_SHOWN: Final = 40  # characters of a thing that is none of its kind


def is_finite(value: object) -> bool:
    """Whether it is a finite number; what is no number is none.

    >>> is_finite(3), is_finite("3"), is_finite(float("nan")), is_finite(10**400)
    (True, False, False, False)
    """
    try:
        return math.isfinite(value)  # type: ignore[arg-type]  # what it refuses is the answer
    except (TypeError, OverflowError):
        return False


def shown(value: object) -> str:
    """The thing as a sentence names it: in one line, and short.

    >>> shown("3"), shown(float("nan"))
    ("'3'", 'nan')
    """
    text = " ".join(repr(value).split())
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def check_kind(value: object, what: str, *kinds: type) -> None:
    """Raises InputError when it is of none of the kinds."""
    if not isinstance(value, kinds):
        wanted = " or ".join("nothing" if kind is type(None) else kind.__name__ for kind in kinds)
        raise InputError(f"{what} is {shown(value)}; give {wanted}")
