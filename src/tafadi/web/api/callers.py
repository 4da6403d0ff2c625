"""Callers: who asks, by the token that comes with each request, and what somebody in that role may ask.

Three roles speak, with the key that the node has for each (`tafadi.store.folder.ROLES`): nobody chooses in which role, for the token says
it. Analysts and auditors read everything and say nothing.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from tafadi.errors import NotPermittedError, QuotaError
from tafadi.store.folder import ROLES
from tafadi.store.operators import Operator, OperatorBook

# Verbs that only these roles may use, beyond what the desk itself allows: they decide by which agreement or keys the node goes, destroy
# one, or show what was sealed because it is not for everybody.
ONLY: Final = {
    "agree.sign": ("supervisor",),
    "agree.suspend": ("supervisor",),
    "agree.resume": ("supervisor",),
    "agree.end": ("supervisor",),
    "agree.succeed": ("supervisor",),
    "agree.history": ("supervisor",),
    "card.take": ("supervisor",),
    "sealed.destroy": ("supervisor",),
    "sealed.show": ROLES,
}
VITAL_VERBS: Final = ("line.stop", "line.distress")  # never held up for how often somebody asked
CALLS_PER_S: Final = 50.0  # of one operator, for as long as it likes: a console asks some times a second
CALLS_AT_ONCE: Final = 200.0  # and so many on top, when it begins
CALLERS_MAX: Final = 1_000  # tokens whose allowance is remembered; a node has at most a hundred operators at a time
_SCHEME: Final = "bearer "


class NoTokenError(NotPermittedError):
    """The request carries no token of any operator."""


@dataclass
class Allowance:
    """How often one operator may ask: a bucket that fills evenly and holds so much."""

    left: float
    at_s: float

    def take(self, now_s: float) -> float:
        """Nothing where one more call is allowed now; else after how many seconds it is."""
        self.left = min(CALLS_AT_ONCE, self.left + (now_s - self.at_s) * CALLS_PER_S)
        self.at_s = now_s
        if self.left < 1.0:
            return (1.0 - self.left) / CALLS_PER_S
        self.left -= 1.0
        return 0.0


@dataclass
class Callers:
    """The operators of one node at its API, and how much each has asked."""

    book: OperatorBook
    elapsed_s: Callable[[], float] = time.monotonic
    _allowances: dict[str, Allowance] = field(default_factory=dict)

    def named_by(self, authorization: str) -> Operator:
        """Who sent the header `Authorization`. Raises NoTokenError."""
        scheme, token = authorization[: len(_SCHEME)].lower(), authorization[len(_SCHEME) :].strip()
        found = self.book.named_by(token) if scheme == _SCHEME and token else None
        if found is None:
            raise NoTokenError("this asks for the token of an operator: Authorization: Bearer TOKEN; `tafadi operator add` makes one")
        return found

    def count(self, operator: Operator) -> None:
        """Counts one call of the operator. Raises QuotaError."""
        now_s = self.elapsed_s()
        if len(self._allowances) >= CALLERS_MAX:
            self._allowances.clear()  # of operators that are none any more; whoever is one begins anew
        wait_s = self._allowances.setdefault(operator.token, Allowance(CALLS_AT_ONCE, now_s)).take(now_s)
        if wait_s:
            raise QuotaError(f"{operator.name} asks more often than {CALLS_PER_S:.0f} times a second", max(1, math.ceil(wait_s)))


def check_may(operator: Operator, verb: str, *, reads: bool) -> None:
    """Nothing where the operator may have that said, or read. Raises NotPermittedError."""
    if not reads and not operator.may_speak:
        raise NotPermittedError(f"{operator.name} is an {operator.role}, who reads and says nothing")
    if verb in ONLY and operator.role not in ONLY[verb]:
        raise NotPermittedError(f"{verb} is for {' and '.join(ONLY[verb])}; {operator.name} is {operator.role}")
