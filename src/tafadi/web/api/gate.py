"""The gate of the API: what is looked at before anything of a request is read as JSON.

Whoever can open a web page on this machine can have a browser send requests to 127.0.0.1. So the `Host` must be the API's own (a name that
was made to point here is refused), an `Origin` must be its own too, and nothing is allowed to any other. Then comes the token, then how
often it asks, then the body, up to a limit. None of it is written to a log.
"""

import time
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tafadi.errors import LimitError, NotPermittedError, TafadiError
from tafadi.store.operators import Operator
from tafadi.trust.bundle import BUNDLE_MAX_BYTES
from tafadi.web.api.callers import VITAL_VERBS, Callers, NoTokenError
from tafadi.web.metrics import Metrics
from tafadi.web.peer_app import body_within
from tafadi.web.problems import problem

BODY_MAX_BYTES: Final = 4_000_000  # a notice of 64 volumes with 1,000 corners each, as text; as on the control socket
OPEN_PATHS: Final = ("/healthz", "/readyz", "/v1/openapi.json")  # say nothing of what the node holds
OPERATOR: Final = "tafadi.operator"  # where the application finds who asks
BUNDLES_PATH: Final = "/v1/bundles/"  # files, and longer than what a verb takes
_DIGITS_MAX: Final = 20  # of any length that there is
_OWN_SITE: Final = ("same-origin", "none")  # what a browser says of a request of the API's own page, and of one typed in
_HEADERS: Final = {"cache-control": "no-store", "x-content-type-options": "nosniff", "content-security-policy": "default-src 'none'"}
_VITAL_PATHS: Final = tuple(f"/v1/{verb.replace('.', '/')}" for verb in VITAL_VERBS)


@dataclass
class Gate:
    """The API behind its gate, as an ASGI application. `hosts` are the names and ports by which it is called."""

    inner: ASGIApp
    callers: Callers
    hosts: frozenset[str]
    metrics: Metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            return
        started_s, status = time.monotonic(), 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        try:
            body = await self._admitted(scope, receive)
        except TafadiError as error:
            await refusal(error)(scope, receive, noted)
        else:
            await self.inner(scope, _replayed(body, receive), noted)
        self.metrics.answered(getattr(scope.get("route"), "path", ""), status, time.monotonic() - started_s)

    async def _admitted(self, scope: Scope, receive: Receive) -> bytes:
        """The body of a request that may be answered. Raises NotPermittedError, LimitError, UnavailableError."""
        headers = Headers(scope=scope)
        self._check_origin(headers)
        if scope["path"] not in OPEN_PATHS:
            operator = self.callers.named_by(headers.get("authorization", ""))
            if scope["path"] not in _VITAL_PATHS:
                self.callers.count(operator)
            scope[OPERATOR] = operator
        longest_bytes = BUNDLE_MAX_BYTES if scope["path"].startswith(BUNDLES_PATH) else BODY_MAX_BYTES
        announced = headers.get("content-length", "0")
        if len(announced) > _DIGITS_MAX or (announced.isdecimal() and int(announced) > longest_bytes):
            raise LimitError(f"the body is longer than the {longest_bytes} bytes allowed here")
        return await body_within(Request(scope, receive), longest_bytes)

    def _check_origin(self, headers: Headers) -> None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self.hosts:
            raise NotPermittedError(f"the API is called by its own address and no other: {', '.join(sorted(self.hosts))}")
        if any(origin not in {f"http://{host}" for host in self.hosts} for origin in headers.getlist("origin")):
            raise NotPermittedError("the API answers no page of another origin")
        if any(site not in _OWN_SITE for site in headers.getlist("sec-fetch-site")):
            raise NotPermittedError("the API answers no page of another site")


def refusal(error: TafadiError) -> ASGIApp:
    """The problem that answers the error; with what HTTP wants beside it where a token is missing."""
    if isinstance(error, NoTokenError):
        response = problem(NotPermittedError(str(error)), 401)
        response.headers["www-authenticate"] = "Bearer"
        return response
    return problem(error)


def caller(request: Request) -> Operator:
    """Who asks, as the gate found out."""
    operator = request.scope[OPERATOR]
    assert isinstance(operator, Operator)
    return operator


def _replayed(body: bytes, receive: Receive) -> Receive:
    """What the application receives: the body that was read, and after that whatever becomes of the connection."""
    parts = iter([body])

    async def again() -> Message:
        for part in parts:
            return {"type": "http.request", "body": part, "more_body": False}
        return await receive()

    return again
