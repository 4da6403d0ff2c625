"""Incidents: the account of one side."""

from collections.abc import Callable

import pytest

from tafadi.errors import InputError
from tafadi.model.incident import LONGEST_ACCOUNT, Incident, IncidentStep


@pytest.mark.parametrize(
    "account",
    [
        lambda: Incident(IncidentStep.OPEN, "no time said"),
        lambda: Incident(IncidentStep.REPLY, "x" * (LONGEST_ACCOUNT + 1)),
        lambda: Incident(IncidentStep.REPLY, "fine", evidence=("x" * 201,)),
    ],
)
def test_an_account_that_cannot_be_meant_is_refused(account: Callable[[], object]) -> None:
    with pytest.raises(InputError):
        account()
