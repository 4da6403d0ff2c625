"""`tafadi node`: make a node, run it, ask how it is."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from tafadi.cli.calls import AsJson, NodeDir, call, print_json
from tafadi.cli.exits import COULD_NOT, door, say_error, say_line
from tafadi.errors import DamagedError
from tafadi.model.names import Language, Mode

app = typer.Typer(no_args_is_help=True, help="Make a node, run it, ask how it is.")

CARD_DAYS = 90  # signing keys last that long, by the protocol


@app.command()
@door
def init(
    path: NodeDir,
    party: Annotated[str, typer.Option("--party", help="The party's name: a-z, 0-9 and -.")],
    lang: Annotated[Language, typer.Option("--lang", help="The officers' language.")] = Language.EN,
    listen: Annotated[str, typer.Option("--listen", help="HOST:PORT for the other nodes; port 0 takes a free one.")] = "127.0.0.1:0",
    as_json: AsJson = False,
) -> None:
    """Make a node in DIR: fresh keys, a card signed by the root key, and the words of the root key to read out."""
    from tafadi.model.names import check_name
    from tafadi.net.tls import make_certificate
    from tafadi.node import SystemClock
    from tafadi.store.folder import Folder, Settings
    from tafadi.store.identity import make_card
    from tafadi.trust.keys import key_words

    check_name(party, "party")
    host, port = _address(listen)
    now = SystemClock().now()

    folder = Folder.create(path, Settings(party, lang, host=host, port=port), lambda: os.urandom(32), make_certificate(party, now))
    make_card(folder, now, CARD_DAYS)
    words = key_words(folder.key("root").public)
    if as_json:
        print_json({"party": party, "folder": str(path), "words": words})
        return
    say_line(f"Node of {party} made in {path}.")
    say_line(f"Card for the other parties: {path / 'card.json'}")
    say_line("Words of the root key, to be read out and compared in person:")
    for line in _lines_of(words.split()):
        say_line(f"  {line}")
    say_line(f"Move {path / 'keys' / 'root.key'} to a place that is not on this machine.")


def _lines_of(words: list[str]) -> list[str]:
    return [
        "  ".join(f"{number + at + 1:2}. {word:<9}" for at, word in enumerate(words[number : number + 6]))
        for number in range(0, len(words), 6)
    ]


def _address(text: str) -> tuple[str, int]:
    from tafadi.errors import InputError

    host, colon, port = text.rpartition(":")
    if not colon or not host or not (port.isascii() and port.isdigit()) or int(port) > 65_535:
        raise InputError(f"{text!r} is not an address like 127.0.0.1:8443")
    return host.strip("[]"), int(port)


@app.command()
@door
def run(
    path: NodeDir,
    clock: Annotated[str, typer.Option("--clock", help="A scenario clock START=ANCHOR*RATE, for exercises and tests.")] = "",
    source: Annotated[list[str] | None, typer.Option("--source", help="Live tracks: FORMAT=tcp://HOST:PORT; may be repeated.")] = None,
    mode: Annotated[Mode | None, typer.Option("--mode", help="The mode of live tracks; needed when an agreement allows several.")] = None,
) -> None:
    """Run the node in DIR until it is told to stop (Ctrl-C or SIGTERM). Prints one line when its doors are open."""
    from tafadi.net.feeds import Source
    from tafadi.node import Node, ScenarioClock, SystemClock
    from tafadi.store.folder import Folder
    from tafadi.web.serve import configure_logs, serve

    configure_logs()
    folder = Folder.open(path)
    sources = tuple(Source.parse(text) for text in source or ())
    with folder.locked():
        node = Node(folder, ScenarioClock.parse(clock) if clock else SystemClock())
        try:
            asyncio.run(serve(node, sources, lambda port: _say_ready(node.settings.party, port), mode))
        except DamagedError as error:
            say_error(f"the node stops, because its record cannot be trusted: {error}")
            raise typer.Exit(COULD_NOT) from None
        finally:
            node.close()


def _say_ready(party: str, port: int) -> None:
    say_line(f"tafadi node {party} listens on port {port}")


@app.command()
@door
def status(path: NodeDir, as_json: AsJson = False) -> None:
    """Tell who the node is, what it has signed, and how far each feed and receipt has grown."""
    told = call(path, "status")
    if as_json:
        print_json(told)
        return
    say_line(f"{told['party']} at {told['now']}")
    for agreement in told["agreements"]:
        say_line(f"  {agreement['id']}: {'in force' if agreement['in_force'] else 'not yet signed by all'}")
        for party, size in agreement["feeds"].items():
            stored = agreement["stored_at"].get(party)
            say_line(f"    feed of {party}: {size} entries" + (f"; {stored} of ours stored there" if stored is not None else ""))
        if agreement["evidence"]:
            say_line(f"    EVIDENCE of a broken protocol: {agreement['evidence']} pieces")


@app.command()
@door
def peer(
    path: NodeDir,
    party: Annotated[str, typer.Option("--party", help="The other party's name.")],
    url: Annotated[str, typer.Option("--url", help="Where its node listens: https://HOST:PORT.")],
    as_json: AsJson = False,
) -> None:
    """Tell the node where another party's node listens; a running node learns it at its next start or verb."""
    from tafadi.store.folder import Folder

    Folder.open(Path(path)).add_peer(party, url)
    if as_json:
        print_json({"party": party, "url": url})
    else:
        say_line(f"{party} listens at {url}")
