"""`tafadi agree suspend`, `resume`, `end` and `standing`: what of the agreement is held back, by whom, and whether it has ended."""

from typing import Annotated

import typer

from tafadi.cli.calls import AgreementName, AsJson, NodeDir, Role, call, print_json
from tafadi.cli.exits import door
from tafadi.cli.line_cmd import EntryName, Lang, say_entry, tell
from tafadi.model.names import Language

Words = Annotated[str, typer.Option("--text", help="Free text for people; never authoritative.")]


@door
def suspend(
    path: NodeDir,
    types: Annotated[
        list[str] | None, typer.Option("--type", help="Notices of this type: notice.area, notice.movement, notice.operation; repeat.")
    ] = None,
    clauses: Annotated[list[str] | None, typer.Option("--clause", help="A clause by its name; repeat.")] = None,
    text: Words = "",
    agreement: AgreementName = "",
    role: Role = "supervisor",
    as_json: AsJson = False,
) -> None:
    """Suspend the agreement, or these parts of it. Stop, distress and line checks go on; what is suspended is shown as SUSPENDED."""
    told = call(path, "agree.suspend", types=types or [], clauses=clauses or [], text=text, agreement=agreement, role=role)
    say_entry(told, as_json, "suspended by")


@door
def resume(
    path: NodeDir, entry: EntryName, text: Words = "", agreement: AgreementName = "", role: Role = "supervisor", as_json: AsJson = False
) -> None:
    """Take one's own suspension back."""
    say_entry(call(path, "agree.resume", entry=entry, text=text, agreement=agreement, role=role), as_json, "resumed by")


@door
def end(
    path: NodeDir,
    successor: Annotated[str, typer.Option("--successor", help="The identity of the agreement that takes its place.")] = "",
    text: Words = "",
    agreement: AgreementName = "",
    role: Role = "supervisor",
    as_json: AsJson = False,
) -> None:
    """End the agreement, for good. Stop, distress and line checks go on as long as the nodes do."""
    say_entry(call(path, "agree.end", successor=successor, text=text, agreement=agreement, role=role), as_json, "ended by")


@door
def standing(path: NodeDir, agreement: AgreementName = "", lang: Lang = Language.EN, as_json: AsJson = False) -> None:
    """Show how the agreement stands: its state, and what is suspended by whom since when."""
    from tafadi.phrases.catalogue import Speaker

    told = call(path, "agree.show", agreement=agreement)
    if as_json:
        print_json(told)
        return
    speaker = Speaker(lang)
    tell(speaker, "agreement.state", agreement=told["agreement"], state=speaker.say(f"state.{told['state']}"))
    for one in told["suspensions"]:
        if one["state"] != "SUSPENDED":
            continue
        scope = one["scope"]
        reach = ", ".join([*scope.get("types", []), *scope.get("clauses", [])]) or speaker.say("agreement.whole")
        tell(speaker, "agreement.suspended", indent=2, party=one["sender"], at=one["suspended_at"], entry=one["id"], reach=reach)
    if told["state"] in ("SUSPENDED", "ENDED", "SUPERSEDED"):
        tell(speaker, "agreement.goes-on", indent=2)
