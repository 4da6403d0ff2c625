"""`tafadi line`: line checks, acknowledgements, answers, stop, roster, and attempts by other channels."""

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from tafadi.cli.calls import AgreementName, AsJson, ModeName, NodeDir, Role, call, print_json, read_text
from tafadi.cli.exits import door, say_line
from tafadi.cli.notice_cmd import alert_lines
from tafadi.errors import InputError
from tafadi.model.lapse import LapseKind
from tafadi.model.line import StopStep
from tafadi.model.names import Language
from tafadi.model.reply import AnswerCode

if TYPE_CHECKING:
    from tafadi.phrases.catalogue import Speaker

app = typer.Typer(no_args_is_help=True, help="Check the line, acknowledge, answer, say stop.")

FREQUENCY_MAX_MHZ: Final = 300_000.0  # beyond that it is light

EntryName = Annotated[str, typer.Argument(metavar="ENTRY", help="The entry, like alpha/1/5.")]


Lang = Annotated[Language, typer.Option("--lang", help="The language in which it is told; alerts are told in English.")]


def tell(speaker: "Speaker", key: str, *, indent: int = 0, **values: object) -> None:
    """Prints one phrase. The speaker has made its values safe for a terminal; the marks that turn its own text must stay."""
    typer.echo(" " * indent + speaker.say(key, **values))


def say_entry(told: dict[str, Any], as_json: bool, words: str) -> None:
    """Prints what entry a verb made."""
    if as_json:
        print_json(told)
    else:
        say_line(f"{words} {told['entry']}")


@app.command()
@door
def check(path: NodeDir, agreement: AgreementName = "", role: Role = "watch-officer", mode: ModeName = "", as_json: AsJson = False) -> None:
    """Call the other party's officer; the line is OK when the reply repeats the nonce."""
    say_entry(call(path, "line.check", agreement=agreement, role=role, mode=mode), as_json, "line check sent as")


@app.command()
@door
def ack(
    path: NodeDir,
    entry: EntryName,
    step: Annotated[
        StopStep | None,
        typer.Option("--step", help="For a stop: HEARD (default), ACTED, or CLOSED by who raised it; for a distress HEARD or CLOSED."),
    ] = None,
    agreement: AgreementName = "",
    role: Role = "watch-officer",
    as_json: AsJson = False,
) -> None:
    """Acknowledge a line check, an alert, a stop or a distress. An acknowledgement is not permission; HEARD is not ACTED."""
    say_entry(call(path, "line.ack", entry=entry, step=step or "", agreement=agreement, role=role), as_json, "acknowledged by")


@app.command()
@door
def answer(
    path: NodeDir,
    entry: EntryName,
    code: Annotated[AnswerCode, typer.Argument(help="`accepted` means received and understood; it is never permission.")],
    text: Annotated[str, typer.Option("--text", help="Free text for people; never authoritative.")] = "",
    agreement: AgreementName = "",
    role: Role = "watch-officer",
    as_json: AsJson = False,
) -> None:
    """Answer another party's notice, alert or stop. `not-ours` ends no alert: it stays up."""
    say_entry(call(path, "line.answer", entry=entry, code=code, text=text, agreement=agreement, role=role), as_json, "answered by")


@app.command()
@door
def stop(
    path: NodeDir,
    what: Annotated[list[str], typer.Option("--what", help="What to stop: entries or tracks; repeat.")],
    text: Annotated[str, typer.Option("--text", help="Free text for people; never authoritative.")] = "",
    until: Annotated[str, typer.Option("--until", help="Until when, UTC with Z.")] = "",
    agreement: AgreementName = "",
    role: Role = "watch-officer",
    mode: ModeName = "",
    as_json: AsJson = False,
) -> None:
    """Say stop. It travels as FLASH and goes RAISED, HEARD, ACTED, CLOSED."""
    told = call(path, "line.stop", what=what, text=text, until=until, agreement=agreement, role=role, mode=mode)
    say_entry(told, as_json, "STOP raised as")


@app.command()
@door
def distress(
    path: NodeDir,
    what: Annotated[list[str] | None, typer.Option("--what", help="Who: entries or tracks; repeat.")] = None,
    lat: Annotated[float | None, typer.Option("--lat", help="Where, degrees north.")] = None,
    lon: Annotated[float | None, typer.Option("--lon", help="Where, degrees east.")] = None,
    text: Annotated[str, typer.Option("--text", help="Free text for people; never authoritative.")] = "",
    agreement: AgreementName = "",
    role: Role = "watch-officer",
    mode: ModeName = "",
    as_json: AsJson = False,
) -> None:
    """Say that somebody needs help. Nothing holds it back; RAISED, HEARD, CLOSED. Without --mode it is REAL where there are several."""
    told = call(path, "line.distress", what=what or [], lat_deg=lat, lon_deg=lon, text=text, agreement=agreement, role=role, mode=mode)
    say_entry(told, as_json, "DISTRESS raised as")


@app.command()
@door
def attempt(
    path: NodeDir,
    channel: Annotated[str, typer.Option("--channel", help="radio, telephone, …")],
    tries: Annotated[int, typer.Option("--tries", help="How often it was tried.")] = 1,
    answered: Annotated[bool, typer.Option("--answered/--unanswered", help="Whether anybody answered.")] = False,
    frequency: Annotated[float | None, typer.Option("--frequency-mhz", help="On which frequency, in MHz.")] = None,
    to: Annotated[list[str] | None, typer.Option("--to", help="Which party was called; repeat. Default: all others.")] = None,
    text: Annotated[str, typer.Option("--text", help="Free text for people; never authoritative.")] = "",
    agreement: AgreementName = "",
    role: Role = "watch-officer",
    mode: ModeName = "",
    as_json: AsJson = False,
) -> None:
    """Keep a try by another channel on the record, answered or not. Those that nobody answers are counted, and climb the ladder."""
    hertz = _hertz(frequency) if frequency is not None else None
    told = call(
        path, "line.attempt", channel=channel, tries=tries, answered=answered, frequency_hz=hertz, text=text, to=to or [],
        agreement=agreement, role=role, mode=mode,
    )  # fmt: skip
    say_entry(told, as_json, "attempt kept as")


def _hertz(frequency_mhz: float) -> int:
    if not 0.0 < frequency_mhz <= FREQUENCY_MAX_MHZ:  # false for NaN as well
        raise InputError(f"a frequency of {frequency_mhz} MHz is not one of radio")
    return round(frequency_mhz * 1e6)


@app.command()
@door
def roster(
    path: NodeDir,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JSON: a list of duties (docs/spec/entries.md).")],
    agreement: AgreementName = "",
    role: Role = "supervisor",
    mode: ModeName = "",
    as_json: AsJson = False,
) -> None:
    """Publish who holds which role when, in which languages, and who may stop operations."""
    try:
        duties = json.loads(read_text(file))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file} is not JSON: {error}") from None
    if not isinstance(duties, list) or not all(isinstance(duty, dict) for duty in duties):
        raise InputError(f"{file} is not a list of duties, each an object")
    say_entry(call(path, "line.roster", duties=duties, agreement=agreement, role=role, mode=mode), as_json, "roster published as")


@app.command()
@door
def alarms(path: NodeDir, as_json: AsJson = False) -> None:
    """Show what the running node has rung since it started: distress and stops, then the rest, newest last; repeats once."""
    told = call(path, "alarms")["alarms"]
    if as_json:
        print_json(told)
        return
    counts = Counter(alarm["sentence"] for alarm in told)
    newest = {alarm["sentence"]: alarm for alarm in told}
    for alarm in sorted(newest.values(), key=lambda one: not one["sentence"].startswith(("DISTRESS", "STOP"))):
        often = counts[alarm["sentence"]]
        say_line(f"{alarm['at']} {alarm['sentence']}{f' ({often} times)' if often > 1 else ''}")


@app.command()
@door
def show(path: NodeDir, agreement: AgreementName = "", lang: Lang = Language.EN, as_json: AsJson = False) -> None:
    """Show the line: when each party was last heard, checks, stops, what is overdue, alerts, refusals, and what is stored where."""
    from tafadi.phrases.catalogue import Speaker

    told = call(path, "line.show", agreement=agreement)
    if as_json:
        print_json(told)
        return
    speaker = Speaker(lang)
    _show_links(speaker, told)
    for check_ in told["line_checks"]:
        _show_check(speaker, check_)
    for stop_ in told["stops"]:
        what = ", ".join(stop_["stop"].get("what", []))
        tell(speaker, "line.stop", mode=stop_["mode"], entry=stop_["id"], state=speaker.say(f"state.{stop_['state']}"), what=what)
    for distress_ in told["distresses"]:
        what = ", ".join([*distress_["distress"].get("what", []), distress_["distress"].get("text", "")])
        state = speaker.say(f"state.{distress_['state']}")
        tell(speaker, "line.distress", mode=distress_["mode"], entry=distress_["id"], state=state, what=what)
    for lapse in told["lapses"]:
        _show_lapse(speaker, lapse)
    for silence in told["silences"]:
        tries = ", ".join(f"{channel} {count}" for channel, count in silence["tries"].items())
        ways = {name: silence[name] for name in ("mode", "called", "caller", "since")}
        tell(speaker, "line.silence", tries=tries, **ways)
    for line in alert_lines(told["alerts"]):
        say_line(line)
    for entry, parties in told["refusals"].items():
        for party, why in parties.items():
            tell(speaker, "line.refused", party=party, entry=entry, why=f"{why['code']} {why.get('field', '')}".rstrip())


def _show_links(speaker: "Speaker", told: dict[str, Any]) -> None:
    force = "line.in-force" if told["in_force"] else "line.not-in-force"
    tell(speaker, force, party=told["party"], agreement=told["agreement"], now=told["now"])
    if told["state"] not in ("PROPOSED", "IN_FORCE", "RESUMED"):
        tell(speaker, "agreement.state", indent=2, agreement=told["agreement"], state=speaker.say(f"state.{told['state']}"))
        tell(speaker, "agreement.goes-on", indent=2)
    for party, held in told["stored_at"].items():
        tell(speaker, "line.stored", indent=2, held=held, size=told["feed_size"], party=party)
    for name, link in told["links"].items():
        at = link["heard_at"] or speaker.say("line.never")
        if link["trouble"]:
            tell(speaker, "line.trouble", indent=2, name=name, at=at, trouble=link["trouble"])
        else:
            tell(speaker, "line.heard", indent=2, name=name, at=at)
        if link.get("held_back"):
            tell(speaker, "line.held-back", indent=2, party=name.rpartition("/")[2], why=link["held_back"])
    for entry, parties in told["heard_alone"].items():
        tell(speaker, "line.heard-alone", indent=2, entry=entry, parties=", ".join(parties))
    for entry in told["came_alone"]:
        tell(speaker, "line.came-alone", indent=2, entry=entry)


def _show_lapse(speaker: "Speaker", shown: dict[str, Any]) -> None:
    """What a party's clock says of something that is open still, and who is called for it."""
    lapse = shown["lapse"]
    no_entry = speaker.say("lapse.roster" if lapse["what"] == LapseKind.GAP else "lapse.check")
    parties = ", ".join(lapse.get("parties", [])) or speaker.say("lapse.nobody")
    what, about = speaker.say(f"lapse.{lapse['what']}"), shown["about"] or no_entry
    tell(speaker, "line.lapse", what=what, party=shown["sender"], at=lapse["at"], about=about, parties=parties)
    if lapse.get("role"):
        tell(speaker, "line.lapse-called", indent=2, role=lapse["role"])


def _show_check(speaker: "Speaker", check_: dict[str, Any]) -> None:
    """One line check; where several are addressed, which of them have replied."""
    tell(speaker, "line.check", mode=check_["mode"], entry=check_["id"], state=speaker.say(f"state.{check_['state']}"))
    if len(check_["sides"]) == 1:
        return
    for party in check_["sides"]:
        if party in check_["replied_at"]:
            tell(speaker, "line.replied", indent=2, party=party, at=check_["replied_at"][party])
        else:
            tell(speaker, "line.not-replied", indent=2, party=party)
