"""`tafadi sealed`: words or a notice that only some of the parties can read; read them, and destroy them when it is time."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from tafadi.cli.calls import AgreementName, AsJson, ModeName, NodeDir, Role, call, print_json, read_text
from tafadi.cli.exits import door, say_line
from tafadi.cli.line_cmd import say_entry

app = typer.Typer(no_args_is_help=True, help="Seal words or notices for some of the parties, read them, destroy their keys.")

SealedEntry = Annotated[str, typer.Argument(metavar="ENTRY", help="The sealed entry, like alpha/1/5.")]


@app.command()
@door
def send(
    path: NodeDir,
    text: Annotated[str, typer.Option("--text", help="The words.")] = "",
    notice: Annotated[Path | None, typer.Option("--notice", help="One notice as GeoJSON in our profile; - reads standard input.")] = None,
    to: Annotated[list[str] | None, typer.Option("--to", help="Who can read it; repeat. All other parties when left out.")] = None,
    about: Annotated[str, typer.Option("--about", help="The entry that it belongs to: an incident, a notice.")] = "",
    agreement: AgreementName = "",
    role: Role = "watch-officer",
    mode: ModeName = "",
    as_json: AsJson = False,
) -> None:
    """Seal words or a notice. Every party stores it; who is not named sees that it is there, and for whom."""
    told = call(
        path, "sealed.send", text=text, geojson=read_text(notice) if notice else "", to=to, about=about,
        agreement=agreement, role=role, mode=mode,
    )  # fmt: skip
    say_entry(told, as_json, "sealed as")


@app.command("list")
@door
def list_sealed(path: NodeDir, agreement: AgreementName = "", as_json: AsJson = False) -> None:
    """List all sealed entries: by whom, for whom, and whether they can be read here."""
    told = call(path, "sealed.list", agreement=agreement)
    if as_json:
        print_json(told)
        return
    for one in told["sealed"]:
        say_line(_line(one))


def _line(one: dict[str, Any]) -> str:
    until = f" until {one['until']}: what it meets is UNKNOWN here" if one["kind"] == "notice" and one["here"] != "READ" else ""
    state = {"SEALED": "stored, sealed", "READ": "readable here", "DESTROYED": "its key was destroyed here"}.get(
        one["here"], "does not open"
    )
    return f"{one['id']} {one['mode']} {one['kind']} for {', '.join(one['readers'])}: {state}{until}"


@app.command()
@door
def show(
    path: NodeDir,
    entry: SealedEntry,
    reveal: Annotated[bool, typer.Option("--reveal", help="Print the key too: whoever has it reads the entry, and can prove it.")] = False,
    agreement: AgreementName = "",
    as_json: AsJson = False,
) -> None:
    """Show what is inside a sealed entry, and what a notice in it meets."""
    told = call(path, "sealed.show", entry=entry, agreement=agreement, reveal=reveal)
    if as_json:
        print_json(told)
        return
    for line in told["confided"].get("text", "").splitlines():
        say_line(line)
    if "notice" in told["confided"]:
        say_line(json.dumps(told["confided"]["notice"], ensure_ascii=False, sort_keys=True))
    for found in told["meets"]:
        say_line(f"{found['verdict']} between {found['first']} and {found['second']}")
    if reveal:
        say_line(f"key: {told['key']}")


@app.command()
@door
def destroy(path: NodeDir, entry: SealedEntry, agreement: AgreementName = "", as_json: AsJson = False) -> None:
    """Destroy this party's key to a sealed entry. It cannot be taken back; other readers destroy theirs for themselves."""
    told = call(path, "sealed.destroy", entry=entry, agreement=agreement)
    if as_json:
        print_json(told)
        return
    say_line(f"{entry}: its key is destroyed here.")
    say_line("The next `tafadi node renew` destroys the private key as well that could take it out of the entry again.")
