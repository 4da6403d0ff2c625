"""`tafadi notice`: announce, amend, cancel, pass down, begin, end and list."""

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from tafadi.cli.calls import AgreementName, AsJson, ModeName, NodeDir, Role, call, print_json, read_text
from tafadi.cli.exits import door, say_line
from tafadi.model.names import Precedence

app = typer.Typer(no_args_is_help=True, help="Announce, amend, cancel, pass down, begin, end and list notices.")

NoticeFile = Annotated[Path, typer.Argument(metavar="FILE", help="One notice as GeoJSON in our profile; - reads standard input.")]
EntryName = Annotated[str, typer.Argument(metavar="ENTRY", help="The notice, like alpha/1/5.")]


@app.command()
@door
def send(
    path: NodeDir,
    file: NoticeFile,
    agreement: AgreementName = "",
    role: Role = "watch-officer",
    mode: ModeName = "",
    precedence: Annotated[Precedence, typer.Option("--precedence", help="FLASH is held to no lead.")] = Precedence.ROUTINE,
    track: Annotated[str, typer.Option("--track", help="Which track of ours flies it, so that straying alarms; told to nobody.")] = "",
    seal_for: Annotated[list[str] | None, typer.Option("--seal-for", help="Seal it, for this party alone to read; repeat.")] = None,
    as_json: AsJson = False,
) -> None:
    """Announce the notice in FILE to the other parties."""
    if seal_for:
        sealed = call(path, "sealed.send", geojson=read_text(file), to=seal_for, agreement=agreement, role=role, mode=mode)
        _say(sealed, as_json, "sealed as")
        return
    told = call(path, "notice.send", geojson=read_text(file), agreement=agreement, role=role, mode=mode, precedence=precedence)
    if track:
        call(path, "notice.assign", track=track, entry=told["entry"], agreement=agreement)
    _say(told, as_json, "announced as")


@app.command()
@door
def amend(
    path: NodeDir,
    entry: EntryName,
    file: NoticeFile,
    agreement: AgreementName = "",
    role: Role = "watch-officer",
    as_json: AsJson = False,
) -> None:
    """Replace the geometry of one's own notice by that in FILE."""
    _say(call(path, "notice.amend", entry=entry, geojson=read_text(file), agreement=agreement, role=role), as_json, "amended by")


@app.command()
@door
def cancel(path: NodeDir, entry: EntryName, agreement: AgreementName = "", role: Role = "watch-officer", as_json: AsJson = False) -> None:
    """Take one's own notice back."""
    _say(call(path, "notice.cancel", entry=entry, agreement=agreement, role=role), as_json, "cancelled by")


@app.command()
@door
def distributed(
    path: NodeDir,
    entry: EntryName,
    level: Annotated[list[str], typer.Option("--level", help="Who has it now: staff, squadron, crew, …; repeat.")],
    agreement: AgreementName = "",
    role: Role = "watch-officer",
    as_json: AsJson = False,
) -> None:
    """Say to which levels another party's notice was passed down. Until all addressees have, it does not become active."""
    _say(call(path, "notice.distributed", entry=entry, levels=level, agreement=agreement, role=role), as_json, "passed down, kept as")


@app.command()
@door
def activate(path: NodeDir, entry: EntryName, agreement: AgreementName = "", role: Role = "watch-officer", as_json: AsJson = False) -> None:
    """Say that what one's own notice announces has begun."""
    _say(call(path, "notice.activate", entry=entry, agreement=agreement, role=role), as_json, "made active by")


@app.command()
@door
def end(path: NodeDir, entry: EntryName, agreement: AgreementName = "", role: Role = "watch-officer", as_json: AsJson = False) -> None:
    """Say that what one's own notice announces is over."""
    _say(call(path, "notice.end", entry=entry, agreement=agreement, role=role), as_json, "ended by")


@app.command("list")
@door
def list_notices(path: NodeDir, agreement: AgreementName = "", as_json: AsJson = False) -> None:
    """List all notices with their states, and the alerts between them."""
    told = call(path, "notice.list", agreement=agreement)
    if as_json:
        print_json(told)
        return
    for notice in told["notices"]:
        say_line(_notice_line(notice))
    for line in alert_lines(told["alerts"]):
        say_line(line)


def _say(told: dict[str, Any], as_json: bool, words: str) -> None:
    if as_json:
        print_json(told)
    else:
        say_line(f"{words} {told['entry']}")


def _notice_line(notice: dict[str, Any]) -> str:
    stored = ", ".join(notice["stored_by"]) or "nobody yet"
    refused = "".join(f"; refused by {party}: {why['code']} {why.get('field', '')}".rstrip() for party, why in notice["refusals"].items())
    title = f" {notice['notice']['title']!r}" if notice["notice"].get("title") else ""
    return f"[{notice['mode']}] {notice['id']} {notice['sender']} {notice['state']}{title} stored by {stored}{refused}"


def alert_lines(alerts: list[dict[str, Any]]) -> list[str]:
    """The alerts in words; standing UNKNOWNs of one cause are told once, with their count, so that a flood of them buries nothing."""
    lines, unknown = [], Counter[str]()
    for alert in alerts:
        cause = (alert.get("prediction") or {}).get("cause")
        if cause and alert["state"] != "CLEARED":
            unknown[cause] += 1
            if unknown[cause] > 1:
                continue
        lines.append(alert_line(alert))
    return lines + [f"{count} alerts in all are UNKNOWN because of {cause}" for cause, count in unknown.items() if count > 1]


def alert_line(alert: dict[str, Any]) -> str:
    """One alert in words: state, verdict, subjects, when, how close."""
    found = alert.get("prediction") or {}
    when = f" {found['start']} to {found['end']}" if found.get("start") and found.get("end") else ""
    close = ""
    if found.get("closest_horizontal_mm") is not None:
        vertical = found.get("closest_vertical_mm")
        close = f" closest {found['closest_horizontal_mm'] / 1852000:.2f} NM"
        close += f" / {vertical / 304.8:.0f} ft" if vertical is not None else " / height unknown"
    raised = ", ".join(sorted(alert["raised"]))
    subjects = " and ".join(alert["subjects"])
    answered = "".join(f"; {party} answers {its['code']}" for party, its in sorted(alert.get("answers", {}).items()))
    said = f"{alert['state']} {found.get('verdict', '')} {alert['kind']} {subjects}"
    return f"[{alert['mode']}] ALERT {said}{when}{close} raised by {raised}{answered}"
