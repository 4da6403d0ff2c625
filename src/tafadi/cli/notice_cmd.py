"""`tafadi notice`: announce, amend, cancel, pass down, begin, end and list; movements along a route, and presence in an area."""

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from tafadi.cli.calls import AgreementName, AsJson, ModeName, NodeDir, Role, call, print_json, read_text
from tafadi.cli.exits import door, say_line
from tafadi.errors import InputError
from tafadi.model.names import Precedence

app = typer.Typer(no_args_is_help=True, help="Announce, amend, cancel, pass down, begin, end and list notices, movements and presence.")

NoticeFile = Annotated[Path, typer.Argument(metavar="FILE", help="One notice as GeoJSON in our profile; - reads standard input.")]
ValidUntil = Annotated[str, typer.Option("--valid-until", help="From then on nobody accepts it until it is amended; UTC with Z.")]
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
    valid_until: ValidUntil = "",
    track: Annotated[str, typer.Option("--track", help="Which track of ours flies it, so that straying alarms; told to nobody.")] = "",
    seal_for: Annotated[list[str] | None, typer.Option("--seal-for", help="Seal it, for this party alone to read; repeat.")] = None,
    as_json: AsJson = False,
) -> None:
    """Announce the notice in FILE to the other parties."""
    if seal_for:
        sealed = call(path, "sealed.send", geojson=read_text(file), to=seal_for, agreement=agreement, role=role, mode=mode)
        _say(sealed, as_json, "sealed as")
        return
    said = {"agreement": agreement, "role": role, "mode": mode, "precedence": precedence, "valid_until": valid_until}
    told = call(path, "notice.send", geojson=read_text(file), **said)
    if track:
        call(path, "notice.assign", track=track, entry=told["entry"], agreement=agreement)
    _say(told, as_json, "announced as")


@app.command()
@door
def amend(
    path: NodeDir,
    entry: EntryName,
    file: NoticeFile,
    valid_until: ValidUntil = "",
    agreement: AgreementName = "",
    role: Role = "watch-officer",
    as_json: AsJson = False,
) -> None:
    """Replace the geometry of one's own notice by that in FILE."""
    said = {"geojson": read_text(file), "agreement": agreement, "role": role, "valid_until": valid_until}
    _say(call(path, "notice.amend", entry=entry, **said), as_json, "amended by")


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


@app.command()
@door
def movement(
    path: NodeDir,
    at: Annotated[list[str], typer.Option("--at", help="LAT,LON in degrees: the places of the route, in order; repeat.")],
    half_width: Annotated[str, typer.Option("--half-width", help='Of the corridor, to each side, like "500 \\[m]".')],
    window: Annotated[list[str], typer.Option("--window", help="START/END, UTC with Z: when they move; repeat.")],
    lower: Annotated[str, typer.Option("--lower", help='From which height, like "0 \\[m] ground".')] = "",
    upper: Annotated[str, typer.Option("--upper", help='Up to which height, like "100 \\[m] ground".')] = "",
    markings: Annotated[str, typer.Option("--markings", help="By what one knows them when one sees them; at most 200 characters.")] = "",
    emergency: Annotated[bool, typer.Option("--emergency", help="It needs less lead.")] = False,
    title: Annotated[str, typer.Option("--title", help="A name, for people.")] = "",
    contact: Annotated[str, typer.Option("--contact", help="How to reach who announces it.")] = "",
    stated: Annotated[
        list[str] | None, typer.Option("--stated", help='The first place in words, like "north-light, 135 \\[deg], 20 \\[NM]".')
    ] = None,
    amends: Annotated[str, typer.Option("--amends", help="The movement of one's own that this replaces, like alpha/1/5.")] = "",
    agreement: AgreementName = "",
    role: Role = "watch-officer",
    mode: ModeName = "",
    precedence: Annotated[Precedence, typer.Option("--precedence", help="FLASH is held to no lead.")] = Precedence.ROUTINE,
    valid_until: ValidUntil = "",
    as_json: AsJson = False,
) -> None:
    """Announce a movement along a route. It is checked and answered like any notice, and OVERDUE unless it is ended in time."""
    from tafadi.measure.units import parse_quantity

    told = call(
        path, "notice.movement", route=[_place(one) for one in at], half_width_m=parse_quantity(half_width, "length"),
        windows=[one.split("/") for one in window], lower=lower, upper=upper, markings=markings, emergency=emergency, title=title,
        contact=contact, stated=[[word.strip() for word in one.split(",")] for one in stated or []], amends=amends,
        agreement=agreement, role=role, mode=mode, precedence=precedence, valid_until=valid_until,
    )  # fmt: skip
    _say(told, as_json, "amended by" if amends else "movement announced as")


def _place(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise InputError(f"{text[:40]!r} is not a place like 34.5,40.9 (latitude, longitude)") from None


@app.command()
@door
def presence(
    path: NodeDir,
    since: Annotated[str, typer.Option("--since", help="Since when, UTC with Z.")],
    until: Annotated[str, typer.Option("--until", help="Until when, UTC with Z.")] = "",
    no_end: Annotated[bool, typer.Option("--no-end", help="No end is announced.")] = False,
    at: Annotated[str, typer.Option("--at", help="LAT,LON in degrees: the middle of the area.")] = "",
    radius: Annotated[str, typer.Option("--radius", help='How far it reaches, like "4 \\[km]".')] = "",
    corner: Annotated[list[str] | None, typer.Option("--corner", help="LAT,LON: a corner of the area, instead; repeat.")] = None,
    title: Annotated[str, typer.Option("--title", help="A name, for people.")] = "",
    text: Annotated[str, typer.Option("--text", help="Free text for people; never authoritative.")] = "",
    agreement: AgreementName = "",
    role: Role = "watch-officer",
    mode: ModeName = "",
    as_json: AsJson = False,
) -> None:
    """Announce presence in an area, with its end or with none. It closes no air."""
    from tafadi.measure.units import parse_quantity

    told = call(
        path, "notice.presence", since=since, until=until, no_end=no_end, centre=_place(at) if at else None,
        radius_m=parse_quantity(radius, "length") if radius else 0.0, corners=[_place(one) for one in corner or []],
        title=title, text=text, agreement=agreement, role=role, mode=mode,
    )  # fmt: skip
    _say(told, as_json, "presence announced as")


@app.command()
@door
def withdraw(
    path: NodeDir,
    entry: Annotated[str, typer.Argument(metavar="ENTRY", help="The presence, like alpha/1/5.")],
    text: Annotated[str, typer.Option("--text", help="Free text for people; never authoritative.")] = "",
    agreement: AgreementName = "",
    role: Role = "watch-officer",
    as_json: AsJson = False,
) -> None:
    """Say that one's own presence is over."""
    _say(call(path, "notice.withdraw", entry=entry, text=text, agreement=agreement, role=role), as_json, "withdrawn by")


@app.command("list")
@door
def list_notices(path: NodeDir, agreement: AgreementName = "", as_json: AsJson = False) -> None:
    """List all notices and presences with their states, and the alerts between notices."""
    told = call(path, "notice.list", agreement=agreement)
    if as_json:
        print_json(told)
        return
    for notice in told["notices"]:
        say_line(_notice_line(notice))
    for presence_ in told["presences"]:
        say_line(_presence_line(presence_))
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
    lapsed = "".join(f"; {what} by the clock of {', '.join(parties)}" for what, parties in notice.get("lapsed", {}).items())
    known = f" known by {notice['movement']['markings']!r}" if notice.get("movement", {}).get("markings") else ""
    return f"[{notice['mode']}] {notice['id']} {notice['sender']} {notice['state']}{title}{known} stored by {stored}{lapsed}{refused}"


def _presence_line(view: dict[str, Any]) -> str:
    said = view["presence"]
    until = f"until {said['until']}" if "until" in said else "no end announced"
    title = f" {said['title']!r}" if said.get("title") else ""
    return f"[{view['mode']}] {view['id']} {view['sender']} presence {view['state']}{title} since {said['since']}, {until}"


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
