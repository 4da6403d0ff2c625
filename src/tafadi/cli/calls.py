"""Calls: how a command reaches a node: through the control socket of the one that runs, or by opening the folder itself when none does."""

import json
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Final

import typer

from tafadi import errors
from tafadi.cli.exits import say_error, visible
from tafadi.errors import DamagedError, InputError, LimitError, TafadiError, UnavailableError

TIMEOUT_S: Final = 30.0
FILE_MAX_BYTES: Final = 4_000_000  # what a verb takes; every file of ours is smaller, and /dev/zero is not

NodeDir = Annotated[Path, typer.Argument(metavar="DIR", help="The node's folder, made by `tafadi node init`.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
AgreementName = Annotated[str, typer.Option("--agreement", help="Which agreement; needed only when the node has signed several.")]
Role = Annotated[str, typer.Option("--role", help="Who speaks: a role that has a key on this node.")]
ModeName = Annotated[str, typer.Option("--mode", help="REAL, EXERCISE or TEST; needed when the agreement allows several.")]


def call(path: Path, verb: str, **arguments: Any) -> dict[str, Any]:
    """What the node in the folder answers to the verb. Raises what the verb raises."""
    from tafadi.store.folder import Folder

    folder = Folder.open(path)
    _check_letters(arguments)
    door = path / "control.sock"
    if door.exists():
        try:
            return ask(door, verb, arguments)
        except ConnectionError:  # left behind by a node that was killed
            pass
    return _by_hand(folder, verb, arguments)


def _check_letters(arguments: dict[str, Any]) -> None:
    """Raises InputError for text that no encoding has: the shell hands on any bytes."""
    try:
        json.dumps(arguments, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError(f"what was given is not UTF-8 text: {error.object[max(0, error.start - 20) : error.end]!r}") from None


def _by_hand(folder: Any, verb: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """No node runs: hold the folder, do the verb, let go. What was said is pushed when the node runs."""
    from tafadi.node import Node, SystemClock
    from tafadi.web.verbs.table import perform

    with folder.locked():
        node = Node(folder, SystemClock())
        try:
            answer = dict(perform(node, verb, arguments))
            _judge(node)
        finally:
            node.close()
    return answer


def _judge(node: Any) -> None:
    """Judges what was said. Where that fails it is said all the same, and is judged when the node runs."""
    try:
        node.judge()
    except DamagedError:
        raise
    except TafadiError as error:
        say_error(f"not judged yet: {error}")


def ask(door: Path, verb: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """What the running node behind the socket answers. Raises ConnectionError when nobody listens there."""
    import httpx

    transport = httpx.HTTPTransport(uds=str(door), verify=False)  # no TLS on a socket; what it would load takes 50 ms
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


def read_file(path: Path) -> bytes:
    """The file's bytes. Raises LimitError beyond FILE_MAX_BYTES, and what the system raises."""
    with path.open("rb") as file:
        return _within(path, file)


def _within(path: Path, file: BinaryIO) -> bytes:
    data = file.read(FILE_MAX_BYTES + 1)
    if len(data) > FILE_MAX_BYTES:
        raise LimitError(f"{path} is longer than the {FILE_MAX_BYTES} bytes that are read here")
    return data


def read_text(path: Path) -> str:
    """The file's text; `-` reads standard input. Raises InputError when it is not UTF-8, LimitError when it is too long."""
    import sys

    data = _within(path, sys.stdin.buffer) if str(path) == "-" else read_file(path)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text: byte {error.start} is not") from None


def print_json(value: object) -> None:
    """The value as indented JSON on standard output, safe for a terminal: what `visible` writes out stands only inside of its texts."""
    lines = json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True).split("\n")
    typer.echo("\n".join(map(visible, lines)))
