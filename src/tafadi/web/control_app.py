"""The control socket: the node's own door, a Unix socket in its folder that only its owner can open.

`POST /verb/<name>` with the arguments as one JSON object. Errors are RFC 9457 problems.
"""

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tafadi.errors import InputError, UnavailableError
from tafadi.node import Node
from tafadi.web.peer_app import body_within
from tafadi.web.problems import handlers
from tafadi.web.turn import ALONE, Turns
from tafadi.web.verbs.table import perform

SOCKET_PATH_MAX: Final = 107  # bytes; what a Unix socket's address has room for
ARGUMENTS_MAX_BYTES: Final = 4_000_000  # a notice of 64 volumes with 1,000 corners each, as text


def control_socket(path: Path) -> socket.socket:
    """A listening Unix socket that its owner alone can open. Raises UnavailableError when the path is too long for one."""
    if len(os.fsencode(path)) > SOCKET_PATH_MAX:
        raise UnavailableError(f"{path} is longer than the {SOCKET_PATH_MAX} bytes of a socket's name; give the node a shorter folder")
    path.unlink(missing_ok=True)  # left by a node that was killed; the folder's lock is ours
    door = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        door.bind(str(path))
        door.listen()
    finally:
        os.umask(before)
    return door


def control_app(node: Node, after: Callable[[], None], on_damage: Callable[[str], None], turns: Turns | None = None) -> Starlette:
    """The application behind the control socket; `after` is called when a verb was performed."""
    order = turns or Turns()

    async def verb(request: Request) -> Response:
        name, arguments = request.path_params["name"], _arguments(await body_within(request, ARGUMENTS_MAX_BYTES))
        answer = await order.take(lambda: perform(node, name, arguments), alone=name in ALONE)
        after()
        return JSONResponse(answer)

    return Starlette(routes=[Route("/verb/{name}", verb, methods=["POST"])], exception_handlers=handlers(on_damage))


def _arguments(body: bytes) -> dict[str, Any]:
    try:
        arguments = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise InputError("the arguments are not JSON") from None
    if not isinstance(arguments, dict):
        raise InputError("the arguments are one JSON object")
    try:
        json.dumps(arguments, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise InputError("the arguments hold half a letter (a lone surrogate), which no encoding has") from None
    return arguments
