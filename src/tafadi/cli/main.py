"""The program `tafadi`: its commands, by room of the house.

Command modules import nothing heavy at their top, so that `tafadi --help` stays quick; what they need they import when they run.
"""

from typing import Annotated

import typer

from tafadi import __version__

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


def run() -> None:
    """Runs the program with the arguments of this process."""
    app()
