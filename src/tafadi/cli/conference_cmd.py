"""`tafadi conference`: propose, agree, hold, minute, sign."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tafadi.cli.calls import AgreementName, AsJson, ModeName, NodeDir, Role, call, print_json, read_text
from tafadi.cli.exits import door, say_line
from tafadi.cli.line_cmd import EntryName, Lang, say_entry, tell
from tafadi.errors import InputError
from tafadi.model.conference import ConferenceKind
from tafadi.model.names import Language

if TYPE_CHECKING:
    from tafadi.phrases.catalogue import Speaker

app = typer.Typer(no_args_is_help=True, help="Propose conferences, agree to them, lay papers, sign minutes.")

Words = Annotated[str, typer.Option("--text", help="Free text for people; never authoritative.")]
Start = Annotated[str, typer.Option("--start", help="When it begins, UTC with Z.")]
End = Annotated[str, typer.Option("--end", help="When it ends, UTC with Z.")]
ConferenceKindName = Annotated[ConferenceKind, typer.Option("--kind", help="One that comes round, or one that is called for a cause.")]
Agenda = Annotated[list[str] | None, typer.Option("--item", help="An item, `topic` or `topic: title`; repeat, in their order.")]
EveryDays = Annotated[int, typer.Option("--every-days", help="How often such a conference comes round.")]
Times = Annotated[int, typer.Option("--times", help="How many there are in all.")]
Annex = Annotated[list[str] | None, typer.Option("--annex", help="What this party holds otherwise; `3: words` is about item 3; repeat.")]


@app.command()
@door
def propose(
    path: NodeDir,
    start: Start,
    end: End,
    kind: ConferenceKindName = ConferenceKind.REGULAR,
    item: Agenda = None,
    every_days: EveryDays = 0,
    times: Times = 0,
    about: Annotated[str, typer.Option("--about", help="The entry that it is called for.")] = "",
    text: Words = "",
    agreement: AgreementName = "",
    role: Role = "supervisor",
    mode: ModeName = "",
    as_json: AsJson = False,
) -> None:
    """Propose a conference: when, and about what."""
    told = call(
        path, "conference.propose", start=start, end=end, kind=kind, agenda=item or [], every_days=every_days, times=times, about=about,
        text=text, agreement=agreement, role=role, mode=mode,
    )  # fmt: skip
    say_entry(told, as_json, "conference proposed as")


@app.command()
@door
def amend(
    path: NodeDir,
    entry: EntryName,
    start: Start,
    end: End,
    kind: ConferenceKindName = ConferenceKind.REGULAR,
    item: Agenda = None,
    every_days: EveryDays = 0,
    times: Times = 0,
    text: Words = "",
    agreement: AgreementName = "",
    role: Role = "supervisor",
    as_json: AsJson = False,
) -> None:
    """Propose a conference otherwise: at another time, with another agenda. All others agree anew."""
    told = call(
        path, "conference.amend", entry=entry, start=start, end=end, kind=kind, agenda=item or [], every_days=every_days, times=times,
        text=text, agreement=agreement, role=role,
    )  # fmt: skip
    say_entry(told, as_json, "proposed otherwise as")


@app.command()
@door
def agree(
    path: NodeDir, entry: EntryName, text: Words = "", agreement: AgreementName = "", role: Role = "supervisor", as_json: AsJson = False
) -> None:
    """Agree to the newest proposal of a conference."""
    say_entry(call(path, "conference.agree", entry=entry, text=text, agreement=agreement, role=role), as_json, "agreed by")


@app.command()
@door
def decline(
    path: NodeDir, entry: EntryName, text: Words = "", agreement: AgreementName = "", role: Role = "supervisor", as_json: AsJson = False
) -> None:
    """Decline the newest proposal of a conference."""
    say_entry(call(path, "conference.decline", entry=entry, text=text, agreement=agreement, role=role), as_json, "declined by")


@app.command()
@door
def lay(
    path: NodeDir,
    entry: EntryName,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JSON: `pins` and the digest of the `figures` (docs/spec/entries.md).")],
    agreement: AgreementName = "",
    role: Role = "supervisor",
    as_json: AsJson = False,
) -> None:
    """Lay this party's papers before a conference."""
    papers = _read_json(file)
    if not isinstance(papers, dict):
        raise InputError(f"{file} is not an object of pins and figures")
    say_entry(call(path, "conference.lay", entry=entry, papers=papers, agreement=agreement, role=role), as_json, "papers laid by")


def _read_json(file: Path) -> Any:
    try:
        return json.loads(read_text(file))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file} is not JSON: {error}") from None


@app.command()
@door
def held(
    path: NodeDir,
    entry: EntryName,
    absent: Annotated[list[str] | None, typer.Option("--absent", help="A party that did not come; repeat.")] = None,
    text: Words = "",
    agreement: AgreementName = "",
    role: Role = "supervisor",
    as_json: AsJson = False,
) -> None:
    """Say that this party was there, and who was not."""
    told = call(path, "conference.held", entry=entry, absent=absent or [], text=text, agreement=agreement, role=role)
    say_entry(told, as_json, "said as")


@app.command()
@door
def cancel(
    path: NodeDir, entry: EntryName, text: Words = "", agreement: AgreementName = "", role: Role = "supervisor", as_json: AsJson = False
) -> None:
    """Cancel a conference that this party called."""
    say_entry(call(path, "conference.cancel", entry=entry, text=text, agreement=agreement, role=role), as_json, "cancelled by")


@app.command()
@door
def minutes(
    path: NodeDir,
    entry: EntryName,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JSON: a list of items, each with `item`, `text` and `decision`.")],
    annex: Annex = None,
    agreement: AgreementName = "",
    role: Role = "supervisor",
    as_json: AsJson = False,
) -> None:
    """Draft the minutes of a conference that was held, or draft them otherwise. Who drafts has signed by that."""
    items = _read_json(file)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise InputError(f"{file} is not a list of items, each an object")
    told = call(path, "conference.minutes", entry=entry, items=items, annex=annex or [], agreement=agreement, role=role)
    say_entry(told, as_json, "minutes drafted as")


@app.command()
@door
def sign(
    path: NodeDir, entry: EntryName, annex: Annex = None, agreement: AgreementName = "", role: Role = "supervisor", as_json: AsJson = False
) -> None:
    """Sign the newest draft of the minutes; the annex says what this party holds otherwise."""
    say_entry(call(path, "conference.sign", entry=entry, annex=annex or [], agreement=agreement, role=role), as_json, "signed by")


@app.command()
@door
def refuse(
    path: NodeDir,
    entry: EntryName,
    annex: Annotated[list[str], typer.Option("--annex", help="What is wrong with them; `3: words` is about item 3; repeat.")],
    agreement: AgreementName = "",
    role: Role = "supervisor",
    as_json: AsJson = False,
) -> None:
    """Refuse to sign the newest draft of the minutes."""
    say_entry(call(path, "conference.refuse", entry=entry, annex=annex, agreement=agreement, role=role), as_json, "refused by")


@app.command()
@door
def show(
    path: NodeDir,
    entry: Annotated[str, typer.Argument(metavar="[ENTRY]", help="One conference; all when left out.")] = "",
    agreement: AgreementName = "",
    lang: Lang = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Show conferences: when, each party's word, whether the papers match, and the minutes."""
    from tafadi.phrases.catalogue import Speaker

    told = call(path, "conference.show", entry=entry, agreement=agreement)
    if as_json:
        print_json(told)
        return
    speaker = Speaker(lang)
    drafts = {one["conference"]: one for one in told["minutes"]}
    for one in told["conferences"]:
        _show(speaker, one, told["papers"][one["id"]])
        if one["id"] in drafts:
            _show_minutes(speaker, drafts[one["id"]])


def _show(speaker: "Speaker", one: dict[str, Any], papers: str) -> None:
    span = one["conference"]["span"]
    state = speaker.say(f"state.{one['state']}")
    tell(speaker, "conference.state", mode=one["mode"], entry=one["id"], state=state, start=span["start"], end=span["end"])
    for party, side in one["sides"].items():
        tell(speaker, "case.side", indent=2, party=party, state=speaker.say(f"state.{side}"))
    if one["papers"]:
        tell(speaker, "conference.papers", indent=2, state=speaker.say(f"papers.{papers}"))
    for number, item in enumerate(one["conference"].get("agenda", []), start=1):
        say_line(f"  {number}. {item['topic']} {item.get('title', '')}".rstrip())


def _show_minutes(speaker: "Speaker", draft: dict[str, Any]) -> None:
    tell(speaker, "conference.minutes", indent=2, entry=draft["revision"], state=speaker.say(f"state.{draft['state']}"))
    for item in draft["minutes"]["items"]:
        decision = f" => {item['decision']}" if item.get("decision") else ""
        say_line(f"    {item['item']}. {item['text']}{decision}")
    for party, annex in draft["annexes"].items():
        for one in annex:
            tell(
                speaker, "conference.annex", indent=4, party=party, what=f"{one['item']}: {one['text']}" if one.get("item") else one["text"]
            )
