"""The program `tafadi`: its commands, by room of the house.

A command's module is imported when the command is called or asked for its help, and not before: `tafadi --help` needs none of them, and
nobody who checks a file waits for the libraries of a node. What is heavy, the modules themselves import when they run.
"""

import gc
import sys
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import suppress
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple, cast

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

from tafadi import __version__
from tafadi.cli.exits import COULD_NOT, door

if TYPE_CHECKING:
    from typer._click import Command, Context, HelpFormatter

# Objects between two looks for garbage. Loading libraries makes some 250,000, none of them garbage: at Python's own 700, looking through
# them again and again took a third of the time of the first answer.
GARBAGE_AT: Final = 400_000

# Where they are installed, numba loads scipy (0.3 s) for a linear algebra that no kernel asks for, and cffi (0.04 s), which the node's
# cryptography brings and does not import itself, for functions of C that no kernel calls. The program does not use them; the library, in a
# process of its user's, leaves them alone. (pandas cannot be hidden so: pyarrow fails where it finds None.)
UNUSED: Final = ("scipy", "cffi")


class Where(NamedTuple):
    """Where a command is found, and its line in the help of the whole program."""

    module: str  # in tafadi.cli
    name: str  # of the function, or of the `typer.Typer` that is a group of commands
    line: str  # the first line of the function's docstring, or the group's help (a test holds them equal)


# A new command is one line here, and `python docs/generate.py`. They are listed in this order.
COMMANDS: Final[dict[str, Where]] = {
    "check": Where("check_cmd", "check", "Find every conflict between announced operations and areas, whoever announced them."),
    "watch": Where("watch_cmd", "watch", "Watch tracks and raise alerts before separation is lost."),
    "scan": Where("scan_cmd", "scan", "Find losses of separation and of well clear in recorded traffic."),
    "convert": Where("convert_cmd", "convert", "Write files of notices, or of tracks, in another format."),
    "plot": Where("plot_cmd", "plot", "Draw the map and the profile of notices, or of two tracks of a recording."),
    "demo": Where(
        "demo_cmd", "demo", "Two parties' nodes as two processes play a written scenario, in mode EXERCISE. Exit 0 only if all of it held."
    ),
    "warmup": Where("warmup_cmd", "warmup", "Compile and load the engine's kernels; needed once after each installation or upgrade."),
    "node": Where("node_cmd", "app", "Make a node, run it, ask how it is."),
    "operator": Where("operator_cmd", "app", "Say who may use a node's API, and in which role."),
    "key": Where("key_cmd", "app", "Make a root key apart from the node, have it sign cards, see what keys there are."),
    "agree": Where("agree_cmd", "app", "Make, show, exchange and sign an agreement."),
    "notice": Where("notice_cmd", "app", "Announce, amend, cancel, pass down, begin, end and list notices, movements and presence."),
    "line": Where("line_cmd", "app", "Check the line, acknowledge, answer, say stop."),
    "site": Where("site_cmd", "app", "Announce sites, verify them as a second person, withdraw and list them."),
    "incident": Where("incident_cmd", "app", "Open an incident, reply to one, review, close and show them."),
    "claim": Where("claim_cmd", "app", "Claim that a clause was violated, answer claims, settle them."),
    "conference": Where("conference_cmd", "app", "Propose conferences, agree to them, lay papers, sign minutes."),
    "action": Where("action_cmd", "app", "Give actions to parties, take them further, list what is overdue."),
    "sealed": Where("sealed_cmd", "app", "Seal words or notices for some of the parties, read them, destroy their keys."),
    "feed": Where("feed_cmd", "app", "Verify and show the feeds of a node."),
    "views": Where("views_cmd", "app", "Make what a node shows anew, from its entries."),
    "bundle": Where("bundle_cmd", "app", "Exchange feeds, receipts and cards by a file on a stick."),
    "evidence": Where("evidence_cmd", "app", "List, show, export and verify proofs; prove that an entry was stored."),
}


class Commands(Mapping[str, "Command"]):
    """The commands by name, each imported when it is asked for."""

    def __getitem__(self, name: str) -> "Command":
        where = COMMANDS[name]
        found = getattr(import_module(f"tafadi.cli.{where.module}"), where.name)
        command = get_group(found) if isinstance(found, typer.Typer) else _single(found)
        command.name = name
        return command

    def __contains__(self, name: object) -> bool:
        return name in COMMANDS

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


def _single(function: Callable[..., None]) -> "Command":
    alone = typer.Typer(add_completion=False)
    alone.command()(function)
    return get_command(alone)


class Program(TyperGroup):
    """The group of all commands, which knows their names and lines without importing them."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = cast("MutableMapping[str, Command]", Commands())

    def parse_args(self, ctx: "Context", args: list[str]) -> list[str]:
        """What follows the program's own options. Without any argument the help is printed, and that is wrong usage."""
        if not args and not ctx.resilient_parsing:
            typer.echo(ctx.get_help())
            ctx.exit(COULD_NOT)
        return super().parse_args(ctx, args)

    def format_help(self, ctx: "Context", formatter: "HelpFormatter") -> None:
        """Writes the help as plain text: to load what draws it in boxes would take four times as long as all the rest."""
        self.format_usage(ctx, formatter)
        self.format_help_text(ctx, formatter)
        self.format_options(ctx, formatter)

    def format_commands(self, ctx: "Context", formatter: "HelpFormatter") -> None:
        """Writes the names and lines of all commands."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, where.line) for name, where in COMMANDS.items()])


app = typer.Typer(
    cls=Program,
    name="tafadi",
    help="Deconfliction for parties who share a sky and not a commander. Exit codes: 0 nothing found, 1 something found, 2 could not.",
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tafadi {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """Options that stand before any command."""


def run() -> None:
    """Runs the program with the arguments of this process."""
    gc.set_threshold(GARBAGE_AT)
    with suppress(ImportError):  # of an older typer, which loads nothing to convert
        from tafadi.cli.options import take_as_they_are

        take_as_they_are()
    for name in UNUSED:
        sys.modules.setdefault(name, cast(ModuleType, None))
    try:
        door(app)()  # a fault before any command begins is told in a sentence too
    except typer.Exit as ended:
        sys.exit(ended.exit_code)
