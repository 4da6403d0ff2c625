"""`tafadi incident`: open, reply, review, close, disagree, show."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tafadi.cli.calls import AgreementName, AsJson, ModeName, NodeDir, Role, call, print_json
from tafadi.cli.exits import door, say_line
from tafadi.cli.line_cmd import EntryName, Lang, say_entry, tell
from tafadi.model.names import Language

if TYPE_CHECKING:
    from tafadi.phrases.catalogue import Speaker

app = typer.Typer(no_args_is_help=True, help="Open an incident, reply to one, review, close and show them.")

Account = Annotated[str, typer.Option("--account", help="This party's account of what happened.")]
Sealed = Annotated[str, typer.Option("--sealed", help="What only the parties of --to can read of it: names, health, anything personal.")]
Readers = Annotated[list[str] | None, typer.Option("--to", help="Who reads what is sealed; repeat. All other parties when left out.")]
Words = Annotated[str, typer.Option("--text", help="What this party says to it.")]
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
    sealed: Sealed = "",
    to: Readers = None,
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
    say_entry(told | _seal(path, told["entry"], sealed, to, agreement, role, mode), as_json, "incident opened as")


@app.command()
@door
def reply(
    path: NodeDir,
    entry: EntryName,
    account: Account,
    evidence: Evidence = None,
    sealed: Sealed = "",
    to: Readers = None,
    agreement: AgreementName = "",
    role: Role = "supervisor",
    mode: ModeName = "",
    as_json: AsJson = False,
) -> None:
    """Give this party's account of an incident that the other opened."""
    told = call(path, "incident.reply", entry=entry, account=account, evidence=evidence, agreement=agreement, role=role)
    say_entry(told | _seal(path, told["entry"], sealed, to, agreement, role, mode), as_json, "replied by")


def _seal(path: Path, about: str, text: str, to: list[str] | None, agreement: str, role: str, mode: str) -> dict[str, Any]:
    """The sealed entry that belongs to one just said, where there is anything to seal."""
    if not text:
        return {}
    told = call(path, "sealed.send", text=text, to=to, about=about, agreement=agreement, role=role, mode=mode)
    return {"sealed": told["entry"]}


@app.command()
@door
def review(
    path: NodeDir,
    entry: EntryName,
    fact: Annotated[list[str], typer.Option("--fact", help="Like '1 undisputed' or '2 disputed: it was east of the line'; repeat.")],
    text: Annotated[str, typer.Option("--text", help="What this party makes of it.")] = "",
    agreement: AgreementName = "",
    role: Role = "supervisor",
    as_json: AsJson = False,
) -> None:
    """Review an incident, fact by fact, when every account is there."""
    say_entry(call(path, "incident.review", entry=entry, facts=fact, text=text, agreement=agreement, role=role), as_json, "reviewed by")


@app.command()
@door
def close(
    path: NodeDir, entry: EntryName, text: Words = "", agreement: AgreementName = "", role: Role = "supervisor", as_json: AsJson = False
) -> None:
    """Close an incident that this party has reviewed; it is CLOSED when all have."""
    say_entry(call(path, "incident.close", entry=entry, text=text, agreement=agreement, role=role), as_json, "closed by")


@app.command()
@door
def disagree(
    path: NodeDir, entry: EntryName, text: Words = "", agreement: AgreementName = "", role: Role = "supervisor", as_json: AsJson = False
) -> None:
    """Say that the parties do not agree; without every account only when the time for them is over."""
    say_entry(call(path, "incident.disagree", entry=entry, text=text, agreement=agreement, role=role), as_json, "disagreed by")


@app.command()
@door
def show(
    path: NodeDir,
    entry: Annotated[str, typer.Argument(metavar="[ENTRY]", help="One incident; all when left out.")] = "",
    agreement: AgreementName = "",
    lang: Lang = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Show incidents with every party's account, who has not given one, and the evidence that they rest on."""
    from tafadi.phrases.catalogue import Speaker

    told = call(path, "incident.show", entry=entry, agreement=agreement)
    if as_json:
        print_json(told)
        return
    speaker = Speaker(lang)
    for incident in told["incidents"]:
        _show_incident(speaker, incident)


def _show_incident(speaker: "Speaker", incident: dict[str, Any]) -> None:
    """One incident with its accounts; where several are addressed, which of them have given none."""
    tell(speaker, "incident.state", mode=incident["mode"], entry=incident["id"], state=speaker.say(f"state.{incident['state']}"))
    for party, account in sorted(incident["accounts"].items()):
        _show_account(speaker, party, account)
    for party, said in sorted(incident.get("reviews", {}).items()):
        for fact in said.get("facts", []):
            key = "incident.undisputed" if fact["undisputed"] else "incident.disputed"
            tell(speaker, key, indent=4, party=party, item=fact["item"], what=fact.get("text", ""))
    for party in incident["sides"] if len(incident["sides"]) > 1 else ():
        if party not in incident["accounts"]:
            tell(speaker, "incident.no-account", indent=2, party=party)


def _show_account(speaker: "Speaker", party: str, account: dict[str, Any]) -> None:
    first, *rest = account["account"].splitlines() or [""]
    say_line(f"  {party}: {first}")
    for line in rest:
        say_line(f"    | {line}")
    for digest in account.get("evidence", []):
        tell(speaker, "incident.evidence", indent=4, digest=f"sha256 {digest}")
    measured = account.get("measured")
    if measured:
        figures = {"horizontal": f"{measured['horizontal_mm'] / 1852000:.3f}", "at": measured["at"]}
        if measured.get("vertical_mm") is None:
            tell(speaker, "incident.measured-level", indent=4, **figures)
        else:
            tell(speaker, "incident.measured", indent=4, vertical=f"{measured['vertical_mm'] / 304.8:.0f}", **figures)
