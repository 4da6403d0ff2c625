"""`tafadi action`: give actions, take them further, list them."""

from enum import StrEnum
from typing import Annotated

import typer

from tafadi.cli.calls import AgreementName, AsJson, ModeName, NodeDir, Role, call, print_json
from tafadi.cli.exits import door
from tafadi.cli.line_cmd import EntryName, Lang, say_entry, tell
from tafadi.model.names import Language

app = typer.Typer(no_args_is_help=True, help="Give actions to parties, take them further, list what is overdue.")


class Next(StrEnum):
    """What becomes of an action."""

    DONE = "DONE"
    REFUSED = "REFUSED"
    REOPENED = "REOPENED"
    CLOSED = "CLOSED"
    WITHDRAWN = "WITHDRAWN"


@app.command()
@door
def give(
    path: NodeDir,
    text: Annotated[str, typer.Option("--text", help="What is to be done.")],
    owner: Annotated[str, typer.Option("--owner", help="The party that is to do it.")],
    owner_role: Annotated[str, typer.Option("--owner-role", help="Which role of that party.")],
    due: Annotated[str, typer.Option("--due", help="Until when, UTC with Z.")],
    minutes: Annotated[str, typer.Option("--minutes", help="The minutes that it follows from.")] = "",
    item: Annotated[int | None, typer.Option("--item", help="Which item of the minutes.")] = None,
    agreement: AgreementName = "",
    role: Role = "supervisor",
    mode: ModeName = "",
    as_json: AsJson = False,
) -> None:
    """Give an action to a role of a party."""
    told = call(
        path, "action.give", text=text, owner=owner, owner_role=owner_role, due=due, minutes=minutes, item=item,
        agreement=agreement, role=role, mode=mode,
    )  # fmt: skip
    say_entry(told, as_json, "action given as")


@app.command()
@door
def further(
    path: NodeDir,
    entry: EntryName,
    step: Annotated[Next, typer.Argument(help="DONE, REFUSED by its owner; REOPENED, CLOSED by another party; WITHDRAWN by its giver.")],
    text: Annotated[str, typer.Option("--text", help="What this party says to it.")] = "",
    due: Annotated[str, typer.Option("--due", help="For REOPENED: another time, UTC with Z.")] = "",
    agreement: AgreementName = "",
    role: Role = "supervisor",
    as_json: AsJson = False,
) -> None:
    """Say that an action is done or refused, to be done again, closed, or withdrawn."""
    said = call(path, "action.further", entry=entry, step=step, text=text, due=due, agreement=agreement, role=role)
    say_entry(said, as_json, "said as")


@app.command("list")
@door
def list_actions(path: NodeDir, agreement: AgreementName = "", lang: Lang = Language.EN, as_json: AsJson = False) -> None:
    """List all actions with their owners, states and times; OVERDUE also by this node's own clock."""
    from tafadi.phrases.catalogue import Speaker

    told = call(path, "action.list", agreement=agreement)
    if as_json:
        print_json(told)
        return
    speaker = Speaker(lang)
    for one in told["actions"]:
        is_overdue = one["id"] in told["overdue"] or one["state"] == "OVERDUE"
        state = speaker.say("lapse.OVERDUE" if is_overdue else f"state.{one['state']}")
        action = one["action"]
        tell(
            speaker, "action.state", mode=one["mode"], entry=one["id"], state=state, party=action["owner"],
            role=action["role"], due=one["due"], what=action["text"],
        )  # fmt: skip
