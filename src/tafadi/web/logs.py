"""Logs: one JSON object a line on standard error, for as long as anybody reads it.

Nothing that anybody said is put in. Errors quote what they were given, and a peer chooses that; so whatever stands in quotation marks is
replaced by its length, and long lines are cut.
"""

import contextlib
import re
import sys
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, Final, TextIO, cast

import structlog

VALUE_MAX: Final = 500  # characters of one value; our own sentences are shorter
# As Python quotes a text: marks that stand in no word (one party's, the parties' lines), with escapes inside.
_QUOTED: Final = re.compile(r"""(?<!\w)(b?'(?:[^'\\]|\\.)*'|b?"(?:[^"\\]|\\.)*")(?!\w)""")


class LastingError:
    """Standard error for as long as it lasts: whoever reads the log may leave, and the line must not be cut for that."""

    def write(self, text: str) -> None:
        """Writes the text, if anybody still takes it."""
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(text)

    def flush(self) -> None:
        """Hands on what was written."""
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.flush()


def without_quotes(text: str) -> str:
    """The text with whatever it quotes replaced by how long that is, and cut where it is long.

    >>> without_quotes("field 'call the tower' is none of the parties' own")
    "field <14 characters> is none of the parties' own"
    """
    bare = _QUOTED.sub(lambda found: f"<{len(found[0].strip('b')) - 2} characters>", text)
    return bare if len(bare) <= VALUE_MAX else f"{bare[:VALUE_MAX]}… ({len(bare)} characters)"


def bare(logger: object, method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The line with every text in it as `without_quotes` has it."""
    return {name: without_quotes(value) if isinstance(value, str) else value for name, value in line.items()}


def traced(logger: object, method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The line with an exception as its kind and the places it came through, without what it says: it may say what somebody else chose."""
    error = line.pop("exc_info", None)
    if isinstance(error, BaseException):
        line["exception"] = type(error).__name__
        line["through"] = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    return line


def configure_logs() -> None:
    """Structured lines on standard error, one JSON object each; no message bodies are ever put in."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            traced,
            bare,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=cast(TextIO, LastingError())),
    )
