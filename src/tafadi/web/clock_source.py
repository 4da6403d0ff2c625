"""The clock source: whether anything keeps this machine's clock, as the kernel knows it.

chrony, ntpd and systemd-timesyncd all tell the kernel how good the clock is that they steer, and the kernel lets that bound grow by itself
when nobody steers any more. So there is one question for all of them, `adjtimex(2)`, which anybody may ask. Where it cannot be asked the
answer is that it is not known, which is not that all is well.
"""

import ctypes
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_TIME_ERROR: Final = 5  # adjtimex(2): the clock is not synchronised
_STA_UNSYNC: Final = 0x0040
_ERRORS_AT: Final = 3  # of the words of a `struct timex`: offset and frequency come after modes, then the largest and the estimated error
_ROOM: Final = 512  # bytes; a `struct timex` has 208 on every Linux of 64 bits


@dataclass(frozen=True, slots=True)
class ClockSource:
    """What is known of it. `is_kept` is None where nothing is known; `error_max_s` the kernel's bound, None where there is none."""

    is_kept: bool | None
    error_max_s: float | None
    why: str

    def trouble(self, tolerance_s: float) -> str:
        """Why this clock cannot be trusted to that tolerance, in a sentence; empty where it can."""
        if self.is_kept is None:
            return f"it is not known whether anything keeps this machine's clock: {self.why}"
        if not self.is_kept:
            return "nothing keeps this machine's clock (no chrony, ntpd or timesyncd has set it, or none does any more)"
        if self.error_max_s is not None and self.error_max_s > tolerance_s:
            return f"this machine's clock may be off by {self.error_max_s:.1f} s, and the parties agreed on {tolerance_s:g} s"
        return ""


Ask = Callable[[ctypes.Array[ctypes.c_char]], int]


def clock_source(ask: Ask | None = None) -> ClockSource:
    """What the kernel says. `ask` is given another's answers in tests."""
    words = ctypes.create_string_buffer(_ROOM)
    try:
        state = (ask or _adjtimex)(words)
    except (OSError, AttributeError) as error:
        return ClockSource(None, None, f"adjtimex is not there ({error})")
    if state < 0:
        return ClockSource(None, None, f"adjtimex says {os.strerror(ctypes.get_errno())}")
    longs = (ctypes.c_long * (_ROOM // ctypes.sizeof(ctypes.c_long))).from_buffer_copy(words)
    status = ctypes.c_int.from_buffer_copy(words, 5 * ctypes.sizeof(ctypes.c_long)).value
    if state == _TIME_ERROR or status & _STA_UNSYNC:
        return ClockSource(False, None, "the kernel calls it unsynchronised")
    return ClockSource(True, longs[_ERRORS_AT] / 1e6, "")


def _adjtimex(words: "ctypes.Array[ctypes.c_char]") -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    return int(libc.adjtimex(words))
