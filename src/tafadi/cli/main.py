"""The program `tafadi`: its commands, by room of the house.

Command modules import nothing heavy at their top, so that `tafadi --help` stays quick; what they need they import when they run.
"""

from typing import Annotated

import typer

from tafadi import __version__
from tafadi.cli import agree_cmd, check_cmd, demo_cmd, feed_cmd, incident_cmd, line_cmd, node_cmd, notice_cmd, warmup_cmd, watch_cmd

app = typer.Typer(
    name="tafadi",
    help="Deconfliction for parties who share a sky and not a commander. Exit codes: 0 nothing found, 1 something found, 2 could not.",
    no_args_is_help=True,
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


app.command("check")(check_cmd.check)
app.command("watch")(watch_cmd.watch)
app.command("demo")(demo_cmd.demo)
app.command("warmup")(warmup_cmd.warmup)
for _group, _name in (
    (node_cmd.app, "node"),
    (agree_cmd.app, "agree"),
    (notice_cmd.app, "notice"),
    (line_cmd.app, "line"),
    (incident_cmd.app, "incident"),
    (feed_cmd.app, "feed"),
):
    app.add_typer(_group, name=_name)


def run() -> None:
    """Runs the program with the arguments of this process."""
    app()
