"""Problems: errors as RFC 9457 documents. HTTP statuses are known only here, by base class of the error."""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tafadi import errors
from tafadi.errors import TafadiError

PROBLEM: Final = "application/problem+json"
STATUSES: Final[tuple[tuple[type[TafadiError], int], ...]] = (
    (errors.LimitError, 413),
    (errors.NotOnRosterError, 403),
    (errors.NotPermittedError, 403),
    (errors.RefusedError, 409),
    (errors.FormatError, 400),
    (errors.InputError, 422),
    (errors.SignatureError, 403),
    (errors.PeerError, 422),
    (errors.MissingError, 404),
    (errors.HeadMovedError, 503),
    (errors.StoreError, 500),
    (errors.QuotaError, 429),
    (errors.UnavailableError, 503),
)


def status_of(error: TafadiError) -> int:
    """The HTTP status of an error: the first entry of the table that it is an instance of."""
    return next((status for kind, status in STATUSES if isinstance(error, kind)), 500)


def problem(error: TafadiError, status: int = 0) -> Response:
    """The error as application/problem+json, with the status of the table unless the door has a more exact one."""
    kind, status = type(error).__name__, status or status_of(error)
    body = {"type": f"urn:tafadi:error:{kind}", "title": kind, "status": status, "detail": _sendable(str(error))}
    headers = {"retry-after": str(error.wait_s)} if isinstance(error, errors.QuotaError) else None
    return JSONResponse(body, status, headers, media_type=PROBLEM)


def plain_problem(status: int, title: str) -> Response:
    """What HTTP itself refuses, and no error of ours: a path that is none, a method that the path does not take."""
    return JSONResponse({"type": "about:blank", "title": title, "status": status}, status, media_type=PROBLEM)


def _sendable(sentence: str) -> str:
    """The sentence in letters that can be sent: an error quotes what it was given, and that may hold half a letter."""
    return sentence.encode("utf-8", "replace").decode("utf-8")


def handlers(on_damage: Callable[[str], None]) -> dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]]:
    """Starlette's handlers for every TafadiError; a record that contradicts itself is told on, for the node must stop."""

    async def handle(request: Request, error: Exception) -> Response:
        assert isinstance(error, TafadiError)
        if isinstance(error, errors.DamagedError):
            on_damage(str(error))
        return problem(error)

    return {TafadiError: handle}
