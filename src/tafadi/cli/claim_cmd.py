"""`tafadi claim`: make, answer, settle, withdraw and show claims."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tafadi.cli.calls import AgreementName, AsJson, ModeName, NodeDir, Role, call, print_json
from tafadi.cli.exits import door, say_line
from tafadi.cli.line_cmd import EntryName, Lang, say_entry, tell
from tafadi.model.names import Language

if TYPE_CHECKING:
    from tafadi.phrases.catalogue import Speaker

app = typer.Typer(no_args_is_help=True, help="Claim that a clause was violated, answer claims, settle them.")

Words = Annotated[str, typer.Option("--text", help="What this party says to it.")]
Facts = Annotated[list[str] | None, typer.Option("--fact", help="Like '2 disputed: it was east of the line'; repeat.")]


class Outcome(StrEnum):
    """How a claim is settled."""

    AGREED = "AGREED"
    DISPUTED = "DISPUTED"


@app.command()
@door
def make(
    path: NodeDir,
    clause: Annotated[str, typer.Option("--clause", help="The clause that was violated.")],
    text: Words = "",
    instrument: Annotated[str, typer.Option("--instrument", help="Another instrument than this agreement, by its citation.")] = "",
    words: Annotated[str, typer.Option("--words", help="The words of the clause.")] = "",
    fact: Facts = None,
    incident: Annotated[str, typer.Option("--incident", help="The incident that it is about.")] = "",
    against: Annotated[list[str] | None, typer.Option("--against", help="A party; repeat. All others when left out.")] = None,
    entry: Annotated[list[str] | None, typer.Option("--entry", help="An entry that it rests on; repeat.")] = None,
    agreement: AgreementName = "",
    role: Role = "supervisor",
    mode: ModeName = "",
    as_json: AsJson = False,
) -> None:
    """Claim that a clause was violated, of this agreement or of another instrument."""
    told = call(
        path, "claim.make", clause=clause, text=text, instrument=instrument, words=words, facts=fact or [], incident=incident,
        against=against or [], entries=entry or [], agreement=agreement, role=role, mode=mode,
    )  # fmt: skip
    say_entry(told, as_json, "claim made as")


@app.command()
@door
def answer(
    path: NodeDir, entry: EntryName, text: Words, fact: Facts = None, agreement: AgreementName = "", role: Role = "supervisor",
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Answer a claim that was made against this party."""
    say_entry(call(path, "claim.answer", entry=entry, text=text, facts=fact or [], agreement=agreement, role=role), as_json, "answered by")


@app.command()
@door
def settle(
    path: NodeDir,
    entry: EntryName,
    outcome: Annotated[Outcome, typer.Argument(help="AGREED or DISPUTED; by who made it only DISPUTED, where nobody answers.")],
    text: Words = "",
    agreement: AgreementName = "",
    role: Role = "supervisor",
    as_json: AsJson = False,
) -> None:
    """Agree to a claim after its answer, or say that it is disputed."""
    say_entry(call(path, "claim.settle", entry=entry, outcome=outcome, text=text, agreement=agreement, role=role), as_json, "settled by")


@app.command()
@door
def withdraw(
    path: NodeDir, entry: EntryName, text: Words = "", agreement: AgreementName = "", role: Role = "supervisor", as_json: AsJson = False
) -> None:
    """Take one's own claim back, unless it was agreed to."""
    say_entry(call(path, "claim.withdraw", entry=entry, text=text, agreement=agreement, role=role), as_json, "withdrawn by")


@app.command()
@door
def show(
    path: NodeDir,
    entry: Annotated[str, typer.Argument(metavar="[ENTRY]", help="One claim; all when left out.")] = "",
    agreement: AgreementName = "",
    lang: Lang = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Show claims: what was violated, and what each party that they are made against has said."""
    from tafadi.phrases.catalogue import Speaker

    told = call(path, "claim.show", entry=entry, agreement=agreement)
    if as_json:
        print_json(told)
        return
    for one in told["claims"]:
        _show(Speaker(lang), one)


def _show(speaker: "Speaker", one: dict[str, Any]) -> None:
    cites = one["claim"]["cites"]
    cited = f"{cites['instrument']}: {cites['clause']}" if cites.get("instrument") else cites["clause"]
    tell(
        speaker,
        "claim.state",
        mode=one["mode"],
        entry=one["id"],
        state=speaker.say(f"state.{one['state']}"),
        party=one["sender"],
        clause=cited,
    )
    for party, state in one["sides"].items():
        words = "\n".join(one[said].get(party, {}).get("text", "") for said in ("answers", "verdicts"))
        tell(speaker, "case.side", indent=2, party=party, state=speaker.say(f"state.{state}"))
        for line in words.splitlines():
            say_line(f"    | {line}")
