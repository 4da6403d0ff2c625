"""Calls: how a command reaches a node: through the control socket of the one that runs, or by opening the folder itself when none does."""

import json
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from tafadi import errors
from tafadi.errors import InputError, TafadiError, UnavailableError

TIMEOUT_S: Final = 30.0

NodeDir = Annotated[Path, typer.Argument(metavar="DIR", help="The node's folder, made by `tafadi node init`.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
AgreementName = Annotated[str, typer.Option("--agreement", help="Which agreement; needed only when the node has signed several.")]
Role = Annotated[str, typer.Option("--role", help="Who speaks: a role that has a key on this node.")]
ModeName = Annotated[str, typer.Option("--mode", help="REAL, EXERCISE or TEST; needed when the agreement allows several.")]


def call(path: Path, verb: str, **arguments: Any) -> dict[str, Any]:
    """What the node in the folder answers to the verb. Raises what the verb raises."""
    from tafadi.store.folder import Folder

    folder = Folder.open(path)
    door = path / "control.sock"
    if door.exists():
        try:
            return ask(door, verb, arguments)
        except ConnectionError:  # left behind by a node that was killed
            pass
    return _by_hand(folder, verb, arguments)


def _by_hand(folder: Any, verb: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """No node runs: hold the folder, do the verb, let go. What was said is pushed when the node runs."""
    from tafadi.node import Node, SystemClock
    from tafadi.web.verbs import perform

    with folder.locked():
        node = Node(folder, SystemClock())
        try:
            return dict(perform(node, verb, arguments))
        finally:
            node.close()


def ask(door: Path, verb: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """What the running node behind the socket answers. Raises ConnectionError when nobody listens there."""
    import httpx

    transport = httpx.HTTPTransport(uds=str(door))
    try:
        with httpx.Client(transport=transport, timeout=TIMEOUT_S) as client:
            answer = client.post(f"http://node/verb/{verb}", json=arguments)
    except httpx.ConnectError as error:
        raise ConnectionError(str(error)) from None
    except httpx.HTTPError as error:
        raise UnavailableError(f"the node behind {door} broke off ({type(error).__name__})") from None
    return _opened(answer.status_code, answer.content)


def _opened(status: int, body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except ValueError:
        raise UnavailableError(f"the node answered {status} and nothing readable") from None
    if status == 200 and isinstance(told, dict):
        return told
    kind = getattr(errors, str(told.get("title")), None)
    sentence = str(told.get("detail", f"the node answered {status}"))
    if not (isinstance(kind, type) and issubclass(kind, TafadiError)) or kind is errors.EquivocationError:
        raise UnavailableError(sentence)
    raise kind(sentence)


def read_text(path: Path) -> str:
    """The file's text; `-` reads standard input. Raises InputError when it is not UTF-8."""
    import sys

    data = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text: byte {error.start} is not") from None


def print_json(value: object) -> None:
    """The value as indented JSON on standard output."""
    typer.echo(json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True))
