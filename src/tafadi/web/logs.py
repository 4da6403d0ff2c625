"""Logs: one JSON object a line on standard error, for as long as anybody reads it."""

import contextlib
import sys
from typing import TextIO, cast

import structlog


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


def configure_logs() -> None:
    """Structured lines on standard error, one JSON object each; no message bodies are ever put in."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=cast(TextIO, LastingError())),
    )
