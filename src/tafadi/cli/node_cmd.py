"""`tafadi node`: make a node, run it, ask how it is."""

import asyncio
import os
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Never

import typer

from tafadi.cli.calls import AsJson, NodeDir, ask, call, print_json
from tafadi.cli.doctor_cmd import doctor
from tafadi.cli.exits import COULD_NOT, FOUND, NOTHING, door, say_error, say_line
from tafadi.cli.key_cmd import Dropped, NewTls, Operators, fresh_keys, say_untold
from tafadi.errors import DamagedError
from tafadi.model.names import Language, Mode

if TYPE_CHECKING:
    from tafadi.epoch.begun import Begun
    from tafadi.store.folder import Folder
    from tafadi.trust.keys import SigningKey

app = typer.Typer(no_args_is_help=True, help="Make a node, run it, ask how it is.")

RootKey = Annotated[Path | None, typer.Option("--root", help="The file with the root key, from where it is kept; else DIR/keys/root.key.")]


@app.command()
@door
def init(
    path: NodeDir,
    party: Annotated[str, typer.Option("--party", help="The party's name: a-z, 0-9 and -.")],
    lang: Annotated[Language, typer.Option("--lang", help="The officers' language.")] = Language.EN,
    listen: Annotated[str, typer.Option("--listen", help="HOST:PORT for the other nodes; port 0 takes a free one.")] = "127.0.0.1:0",
    root_words: Annotated[str, typer.Option("--root-words", help="The words of a root key made elsewhere, by `tafadi key root`.")] = "",
    as_json: AsJson = False,
) -> None:
    """Make a node in DIR: fresh keys, a card signed by the root key, and the words of the root key to read out."""
    from tafadi.model.names import check_name
    from tafadi.net.tls import make_certificate
    from tafadi.node import SystemClock
    from tafadi.store.folder import Folder
    from tafadi.store.identity import CARD_DAYS, first_card
    from tafadi.store.settings import Settings
    from tafadi.trust.keys import key_from_words, key_words

    check_name(party, "party")
    host, port = _address(listen)
    now = SystemClock().now()

    root = key_from_words(root_words) if root_words else None
    folder = Folder.create(path, Settings(party, lang, host=host, port=port), lambda: os.urandom(32), make_certificate(party, now), root)
    if root is None:
        first_card(folder, now, CARD_DAYS)
    words = key_words(folder.root)
    if as_json:
        print_json({"party": party, "folder": str(path), "words": words})
        return
    say_line(f"Node of {party} made in {path}.")
    if root is not None:
        say_line(f"Its root key is elsewhere, and signs its first card: `tafadi key request {path} --out FILE`.")
        return
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
    api: Annotated[str, typer.Option("--api", help="HOST:PORT on this machine for programs and the console; else as node.json says.")] = "",
    thin: Annotated[
        list[str] | None,
        typer.Option("--thin", help="A slow line that carries stops: PARTY=DEVICE@BITS, or PARTY=tcp://HOST:PORT@BITS; may be repeated."),
    ] = None,
) -> None:
    """Run the node in DIR until it is told to stop (Ctrl-C or SIGTERM). Prints one line when its doors are open."""
    from tafadi.net.feeds import Source
    from tafadi.net.thin import ThinWay
    from tafadi.node import Node, ScenarioClock, SystemClock
    from tafadi.store.folder import Folder
    from tafadi.web.logs import configure_logs
    from tafadi.web.running import engine_works
    from tafadi.web.serve import serve

    configure_logs()
    code = NOTHING
    folder = Folder.open(path)
    sources = tuple(Source.parse(text) for text in source or ())
    ways = tuple(ThinWay.parse(text) for text in thin or ())
    with folder.locked():
        node = Node(folder, ScenarioClock.parse(clock) if clock else SystemClock())
        try:
            asyncio.run(serve(node, sources, lambda port, at: _say_ready(node.settings.party, port, at), mode, api, ways))
        except DamagedError as error:
            say_error(f"the node stops, because its record cannot be trusted: {error}")
            code = COULD_NOT
        finally:
            node.close()
    if engine_works():
        _leave_at_once(code)
    raise typer.Exit(code)


def _leave_at_once(code: int) -> Never:
    """Ends the process without waiting for its threads, as Python would: everything is closed, and what the engine finds nobody needs."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _say_ready(party: str, port: int, api: str) -> None:
    if api:
        say_line(f"tafadi node {party} answers programs at http://{api}")
    say_line(f"tafadi node {party} listens on port {port}")


@app.command()
@door
def status(
    path: NodeDir,
    ready: Annotated[
        bool, typer.Option("--ready", help="Only whether it runs and may be given work: exit 0, or 1 where it may not.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Tell who the node is, what it has signed, and how far each feed and receipt has grown."""
    if ready:
        _say_readiness(path, as_json)
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
        if agreement["lapses"]:
            say_line(f"    overdue, expired or unanswered: {agreement['lapses']}; `tafadi line show` tells which")
        if agreement["evidence"]:
            say_line(f"    EVIDENCE of a broken protocol: {agreement['evidence']} pieces")


def _say_readiness(path: Path, as_json: bool) -> Never:
    """Prints whether the node is ready, and what is wrong with it."""
    told = _readiness(path)
    if as_json:
        print_json(told)
    else:
        say_line("ready" if told["ready"] else "not ready")
        for name, trouble in told["checks"].items():
            if trouble:
                say_line(f"  {name}: {trouble}")
    raise typer.Exit(NOTHING if told["ready"] else FOUND)


def _readiness(path: Path) -> dict[str, Any]:
    """What the running node says of itself; one that does not run is not opened for it."""
    from tafadi.store.folder import Folder

    try:
        return ask(Folder.open(path).path / "control.sock", "ready", {})
    except ConnectionError:
        return {"ready": False, "checks": {"runs": "the node does not run"}}


app.command()(doctor)


@app.command()
@door
def unit(path: NodeDir) -> None:
    """Print a systemd unit for the node in DIR, with the paths of this installation and this user in it."""
    import getpass
    from importlib.resources import files

    from tafadi.store.folder import Folder

    folder = Folder.open(path).path.resolve()
    values = {"DIR": str(folder), "PROGRAM": f"{sys.executable} -m tafadi", "USER": getpass.getuser()}
    text = (files("tafadi") / "packaging" / "tafadi.service").read_text(encoding="utf-8")
    for name, value in values.items():
        text = text.replace(f"@{name}@", value.replace("%", "%%"))
    typer.echo(text, nl=False)


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


@app.command()
@door
def backup(
    path: NodeDir,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The copy; nothing may lie there.")],
    as_json: AsJson = False,
) -> None:
    """Write a verified copy of the record into FILE, with the node running and without. Keys and settings are not in it."""
    from tafadi.store.backup import backup as copy
    from tafadi.store.folder import Folder

    sizes = copy(Folder.open(path), file)
    if as_json:
        print_json({"file": str(file), "entries": sizes})
        return
    for origin, size in sizes.items():
        say_line(f"{origin}: {size} entries")
    say_line(f"{file} is verified. It is for `tafadi node restore`, and no node goes on with it otherwise.")


@app.command()
@door
def migrate(
    path: NodeDir,
    to: Annotated[str, typer.Option("--to", help="postgresql://USER@HOST/DATABASE, or sqlite.")],
    as_json: AsJson = False,
) -> None:
    """Move the record to another kind of store, verified, whole or not at all. Stop the node before."""
    from tafadi.store.folder import Folder
    from tafadi.store.migrate import migrate as move

    folder = Folder.open(path)
    with folder.locked():
        sizes = move(folder, to)
    kind = to.partition(":")[0]  # and no more of an address: it may hold a password
    if as_json:
        print_json({"store": kind, "entries": sizes})
        return
    for origin, size in sizes.items():
        say_line(f"{origin}: {size} entries moved")
    say_line(f"{folder.settings.party} keeps its record in {kind} from now on.")


@app.command()
@door
def renew(
    path: NodeDir,
    root: RootKey = None,
    cut: Annotated[bool, typer.Option("--cut", help="Leave out what others hold and is not here: a thief said it.")] = False,
    operator: Operators = None,
    drop: Dropped = None,
    tls: NewTls = False,
    as_json: AsJson = False,
) -> None:
    """Renew the keys: a new card for the next epoch, signed by the root key. Stop the node before, and run it again after."""
    from tafadi.epoch.renewing import renew as begin
    from tafadi.node import SystemClock
    from tafadi.store.folder import Folder

    folder = Folder.open(path)
    with folder.locked():
        more = fresh_keys(folder, operator, drop, tls)
        begun = begin(folder, _root_key(folder, root), SystemClock().now(), lambda: os.urandom(32), cut=cut, fresh=more)
    _say_begun(folder, begun, as_json)


@app.command()
@door
def restore(
    path: NodeDir,
    root: RootKey = None,
    without: Annotated[list[str] | None, typer.Option("--without", help="A party that cannot be asked; may be repeated.")] = None,
    as_json: AsJson = False,
) -> None:
    """Go on after the record was lost or put back from a copy: fetch own entries back from the others, begin the next epoch."""
    from tafadi.epoch.restoring import restore as begin
    from tafadi.node import SystemClock
    from tafadi.store.folder import Folder

    folder = Folder.open(path)
    with folder.locked(needs_journal=False):
        begun = begin(folder, _root_key(folder, root), SystemClock().now(), lambda: os.urandom(32), without or (), say_error)
    _say_begun(folder, begun, as_json)


def _root_key(folder: "Folder", path: Path | None) -> "SigningKey":
    from tafadi.store.files import read_seed
    from tafadi.trust.keys import SigningKey

    return SigningKey.from_seed(read_seed(path)) if path else folder.key("root")


def _say_begun(folder: "Folder", begun: "Begun", as_json: bool) -> None:
    if as_json:
        ends = [{"origin": end.origin, "size": end.size, "root": end.root.hex()} for end in begun.ends]
        fetched = [{**asdict(feed), "lost": feed.lost} for feed in begun.fetched]
        more = {"unasked": [asdict(unasked) for unasked in begun.unasked], "aside": list(begun.aside)}
        more |= {"untold": [asdict(one) for one in begun.untold], "closed": list(begun.closed)}
        print_json({"party": folder.settings.party, "epoch": begun.epoch, "ends": ends, "fetched": fetched, **more})
        return
    for unasked in begun.unasked:
        say_error(f"what {unasked.party} holds under {unasked.agreement} was not learned: {unasked.why}")
    for feed in begun.fetched:
        say_line(f"{feed.origin}: {feed.had} entries were here, {feed.has} are now")
        if feed.lost:
            say_line(f"  {feed.lost} more had been written, and no party that was asked holds them: they take no effect any more")
    for end in begun.ends:
        say_line(f"{end.origin} ends at {end.size} entries")
    say_untold(begun)
    say_line(f"{folder.settings.party} goes on in epoch {begun.epoch}. Run the node: it tells the others.")
    say_line(f"Its new card, for a party that cannot be reached over the line: {folder.path / 'card.json'}")
