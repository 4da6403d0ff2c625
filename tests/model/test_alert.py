"""Alerts, as the other party is told of them."""

from collections.abc import Callable

import pytest

from tafadi.errors import InputError
from tafadi.model.alert import AlertBody, AlertKind, AlertStep

LEAF = "0f" * 32


@pytest.mark.parametrize(
    "told",
    [
        lambda: AlertBody(AlertStep.RAISED, "not a digest", AlertKind.TRACKS, ("a", "b")),
        lambda: AlertBody(AlertStep.RAISED, LEAF, AlertKind.TRACKS, ("a\x1b", "b")),
        lambda: AlertBody(AlertStep.RAISED, LEAF, AlertKind.TRACKS, ("a", "b"), None, ("0F" * 32,)),
    ],
)
def test_an_alert_that_cannot_be_meant_is_refused(told: Callable[[], object]) -> None:
    with pytest.raises(InputError):
        told()
