"""`tafadi incident`: open, reply, show."""

from typing import Annotated, Any

import typer

from tafadi.cli.calls import AgreementName, AsJson, ModeName, NodeDir, Role, call, print_json
from tafadi.cli.exits import door, say_line
from tafadi.cli.line_cmd import EntryName, say_entry

app = typer.Typer(no_args_is_help=True, help="Open an incident, reply to one, show them.")

Account = Annotated[str, typer.Option("--account", help="This party's account of what happened.")]
Evidence = Annotated[list[str] | None, typer.Option("--evidence", help="SHA-256 of a piece of evidence; repeat.")]


@app.command("open")
@door
def open_incident(
    path: NodeDir,
    account: Account,
    alert: Annotated[str, typer.Option("--alert", help="The entry that raised the alert it is about.")] = "",
    start: Annotated[str, typer.Option("--start", help="When it began, UTC with Z.")] = "",
    end: Annotated[str, typer.Option("--end", help="When it ended, UTC with Z.")] = "",
    evidence: Evidence = None,
    agreement: AgreementName = "",
    role: Role = "supervisor",
    mode: ModeName = "",
    as_json: AsJson = False,
) -> None:
    """Open an incident with this party's account, from an alert or by its times."""
    told = call(
        path, "incident.open", account=account, alert=alert, start=start, end=end, evidence=evidence,
        agreement=agreement, role=role, mode=mode,
    )  # fmt: skip
    say_entry(told, as_json, "incident opened as")


@app.command()
@door
def reply(
    path: NodeDir,
    entry: EntryName,
    account: Account,
    evidence: Evidence = None,
    agreement: AgreementName = "",
    role: Role = "supervisor",
    as_json: AsJson = False,
) -> None:
    """Give this party's account of an incident that the other opened."""
    told = call(path, "incident.reply", entry=entry, account=account, evidence=evidence, agreement=agreement, role=role)
    say_entry(told, as_json, "replied by")


@app.command()
@door
def show(
    path: NodeDir,
    entry: Annotated[str, typer.Argument(metavar="[ENTRY]", help="One incident; all when left out.")] = "",
    agreement: AgreementName = "",
    as_json: AsJson = False,
) -> None:
    """Show incidents with both accounts and the evidence that they rest on."""
    told = call(path, "incident.show", entry=entry, agreement=agreement)
    if as_json:
        print_json(told)
        return
    for incident in told["incidents"]:
        say_line(f"[{incident['mode']}] incident {incident['id']} {incident['state']}")
        for party, account in sorted(incident["accounts"].items()):
            _show_account(party, account)


def _show_account(party: str, account: dict[str, Any]) -> None:
    first, *rest = account["account"].splitlines() or [""]
    say_line(f"  {party}: {first}")
    for line in rest:
        say_line(f"    | {line}")
    for digest in account.get("evidence", []):
        say_line(f"    evidence sha256 {digest}")
    measured = account.get("measured")
    if measured:
        vertical = measured.get("vertical_mm")
        height = f"{vertical / 304.8:.0f} ft" if vertical is not None else "height unknown"
        say_line(f"    measured {measured['horizontal_mm'] / 1852000:.3f} NM / {height} at {measured['at']}")
