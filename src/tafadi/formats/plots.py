"""Plot lines: live plots between programs, one JSON object a line, in the wire form of `tafadi.model.track.Plot`.

    {"track":"radar/1001","at":"2026-03-01T06:40:00Z","position":{"lat_e7":341234567,"lon_e7":402345678},
     "height":{"value_mm":3000000,"datum":"pressure"},"ground_speed_mmps":180000,"course_e7":900000000}

Units and datum: 1e-7 degree, millimetres with their datum, millimetres a second, UTC with Z (docs/spec/entries.md has the rule). Nothing is
dropped: what a plot does not say is absent. A line that cannot be read is counted with its reason and left out.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Final

from tafadi.errors import FormatError, InputError
from tafadi.formats.skips import Skips
from tafadi.formats.wire import decode, encode
from tafadi.model.track import Plot

NAME: Final = "plots"
LONGEST_LINE: Final = 4_096  # bytes; a plot with everything in it has under 500


class Reader:
    """Reads plot lines; `skips` says what was left out and why."""

    def __init__(self) -> None:
        self.skips = Skips()
        self._line = 0

    def read(self, lines: Iterable[bytes]) -> Iterator[Plot]:
        """The plots of `lines`, in their order. Never raises for what a line holds."""
        for line in lines:
            self._line += 1
            if not line.strip():
                continue
            try:
                yield parse_line(line)
            except FormatError as error:
                self.skips.add(error.sentence, self._line, is_damage=True)


def parse_line(line: bytes) -> Plot:
    """The plot of one line. Raises FormatError."""
    if len(line) > LONGEST_LINE:
        raise FormatError("the line is too long", format=NAME)
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        raise FormatError("the line is not JSON", format=NAME) from None
    try:
        return decode(Plot, value)
    except FormatError:
        raise
    except (InputError, OverflowError) as error:
        raise FormatError(str(error), format=NAME) from None


def write_line(plot: Plot) -> bytes:
    """The plot as one line, ended."""
    return json.dumps(encode(plot), ensure_ascii=True, separators=(",", ":")).encode("ascii") + b"\n"
