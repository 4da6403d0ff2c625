"""Writes the documents that are made from the code: docs/errors.md, docs/spec/states.md and docs/cli.md.

python docs/generate.py           writes those that are out of date
python docs/generate.py --check   writes nothing; exit 1 and their names when one is out of date
"""

import inspect
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from tafadi import errors
from tafadi.casework.tables import TABLES, Table
from tafadi.cli import exits
from tafadi.cli.main import app
from tafadi.errors import InputError, TafadiError
from tafadi.web.problems import STATUSES

DOCS: Final = Path(__file__).resolve().parent
STATUS_OTHERWISE: Final = 500  # what tafadi.web.problems answers for an error that its table does not name
MADE: Final = "<!-- Made by `python docs/generate.py` from {source}. Change that, not this. -->\n"


def error_classes() -> list[type[TafadiError]]:
    """Every class of the error tree, in the order in which the module defines them."""
    return [kind for _, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, TafadiError)]


def status_of(kind: type[TafadiError]) -> int:
    """The HTTP status of an error class: the first entry of the table that it descends from."""
    return next((status for base, status in STATUSES if issubclass(kind, base)), STATUS_OTHERWISE)


def first_line(thing: object) -> str:
    """The first line of a docstring; empty without one."""
    return (inspect.getdoc(thing) or "").split("\n")[0]


def errors_page() -> str:
    """docs/errors.md: the tree as errors.py draws it, and where each class comes out."""
    tree = (errors.__doc__ or "").split("\n\n")
    drawn = inspect.cleandoc("\n" + tree[1])
    rows = [f"| `{kind.__name__}` | {first_line(kind)} | {status_of(kind)} | {_refusal(kind)} |" for kind in error_classes()]
    return "\n".join(
        [
            "# Errors",
            "",
            MADE.format(source="`src/tafadi/errors.py` and `src/tafadi/web/problems.py`"),
            "```",
            drawn,
            "```",
            "",
            tree[2].strip(),
            "",
            f"On the command line every one of them is one sentence on standard error and exit code {exits.COULD_NOT} (`tafadi.cli.exits`;",
            f"{exits.NOTHING} is nothing found, {exits.FOUND} is something found: a conflict, a breach or an unknown). Over HTTP it is an",
            "RFC 9457 problem (`application/problem+json`): `type` is `urn:tafadi:error:<class>`, `detail` is the sentence.",
            "",
            "An exception that is none of these is a fault of Tafadi. The command line says so in one sentence, with its kind and text,",
            f"and exits {exits.COULD_NOT}: never {exits.FOUND}, which would say that something was found.",
            f"With `{exits.TRACEBACK}=1` in the environment the traceback stands before the sentence.",
            "",
            "| class | means | HTTP | word in a `refusal` entry |",
            "|---|---|---|---|",
            *rows,
            "",
            "An `InputError` may carry a more exact word than its class does; all words are in [spec/entries.md](spec/entries.md).",
            "",
        ]
    )


def _refusal(kind: type[TafadiError]) -> str:
    return f"`{kind.code}`" if issubclass(kind, InputError) else "–"


_ABOUT: Final = {
    "notice": (
        "One addressee's side of the newest revision of a notice. An amendment begins it anew; a cancelled notice is CANCELLED as a whole.",
        "A notice that came too late begins as REFUSED and can still be read back and questioned.",
    ),
    "course of a notice": (
        "The notice as a whole, as its sender says. ACTIVE follows only where every addressee has accepted the newest revision and",
        "has said how far down it was passed (`distributed`). An amendment begins all of that anew.",
    ),
    "course of a movement": (
        "The same of a movement, which may end though nobody has said that it began. From the end of its last window it is shown as",
        "OVERDUE, by the word of any party's clock, until it is ENDED or CANCELLED: no step of the table, and no step is hindered by it.",
    ),
    "presence": (
        "WITHDRAWN is said by the party that announced it. Past its `until` it is shown as EXPIRED by the word of any party's clock:",
        "nobody has said that they have left.",
    ),
    "site": (
        "VERIFIED is said by another person of the party that announced the site, and again before `reverify_s` of the agreement is",
        "over; STALE by any party whose clock says that it was not, as a step or as a `lapse`.",
    ),
    "stop": (
        "HEARD and ACTED are said by another party, CLOSED by the one that raised it. HEARD is not ACTED.",
        "CLOSED_EXPIRED is CLOSED after the instant until which the stop was said, whoever has acted.",
    ),
    "distress": ("HEARD is said by each addressee, CLOSED by the one that raised it, once all have heard.",),
    "alert": (
        "One situation, whoever raised it. It is CLEARED when all who raised it saw it end,",
        "and LOST when nobody who raised it sees it any more: nobody knows, and that is not clear.",
    ),
    "line check": (
        "One addressee's side. The reply repeats the nonce of the call. The line check as a whole is OK when every addressee has replied.",
    ),
    "incident": (
        "One party's side; who opened it begins as REPLIED. As a whole it is REPLIED, REVIEWED, CLOSED when every side has come so far,",
        "and DISAGREED while one disagrees. REVIEWED needs every account. An account counts however late it comes, and once; a party that",
        "never gives one is OVERDUE by the clock, and the incident ends DISAGREED.",
    ),
    "claim": (
        "The side of one party that it is made against; as a whole the least settled of them. `unanswered` is DISPUTED as said by who made",
        "it: the end of a claim that nobody answers, until an answer comes after all.",
    ),
    "conference": (
        "One party's side of the newest proposal; who proposes agrees by that, and an amendment begins all others anew. `absent` is what",
        "another party says: a party's own word that it was there counts more.",
    ),
    "course of a conference": ("The conference as a whole, as its sides and its minutes make it.",),
    "draft of minutes": (
        "One party's side of the newest draft. Who drafts has signed that draft by it; an amendment begins all others anew, until all have",
        "signed one: that stays. Minutes as a whole are SIGNED when all have, and REFUSED while one refuses.",
    ),
    "action": (
        "DONE and REFUSED are said by its owner, REOPENED and CLOSED by another party, WITHDRAWN by who gave it. While it is OPEN and its",
        "time has passed by the word of any party's clock it is shown as OVERDUE.",
    ),
    "call": ("The side of one party to which it is offered. ENDED is said by any party, for all.",),
    "agreement": (
        "The agreement as a whole. Any party suspends or ends it, alone. While it is suspended, the notices that this reaches are shown as",
        "SUSPENDED and as nothing else, and VOID after its end; stop, distress, line checks, and storing and cosigning go on.",
    ),
    "suspension": ("One suspension, with its scope. It is resumed by the party that said it, and by no other.",),
}


def states_page() -> str:
    """docs/spec/states.md: every transition table as a Mermaid diagram."""
    head = [
        "# States: which step may follow which",
        "",
        MADE.format(source="`src/tafadi/casework/tables.py`"),
        "What a table does not hold is refused: the entry is stored and cosigned, takes no effect, and the receiver's `refusal` says",
        "`wrong-state`. What a clock decides is no step: [clocks](clocks.md).",
        "",
    ]
    return "\n".join([*head, *(line for table in TABLES for line in _state_lines(table))])


def reachable(table: Table, start: str) -> set[str]:
    """Every state that steps can lead to from `start`."""
    found: set[str] = set()
    looking = [start]
    while looking:
        state = looking.pop()
        following = {after for (before, _), after in table.steps.items() if before == state} - found
        found |= following
        looking += following
    return found


def _on_mismatch(table: Table) -> list[str]:
    """What the table says about a place that was read back as another one."""
    if "MISMATCH" not in table.states:
        return []
    if "ACCEPTED" in reachable(table, "MISMATCH"):
        return ["From MISMATCH no step leads straight to ACCEPTED. **A known gap:** two steps do, by way of another answer."]
    return ["From MISMATCH nothing leads to ACCEPTED, by whatever steps: only an amendment begins the notice anew."]


def _state_lines(table: Table) -> list[str]:
    about = [*_ABOUT.get(table.name, ()), *_on_mismatch(table)]
    return [f"## {table.name.capitalize()}", "", *about, "", "```mermaid", table.draw(), "```", ""]


def commands() -> Iterator[tuple[str, Any, Any]]:
    """Every command and group of commands: its full name, itself, and a context to ask it about its parameters with."""
    import typer

    yield from _walk(typer.main.get_command(app), "tafadi", None)


def _walk(command: Any, name: str, parent: Any) -> Iterator[tuple[str, Any, Any]]:
    context = command.context_class(command, info_name=name.split()[-1], parent=parent)
    yield name, command, context
    for word, inner in getattr(command, "commands", {}).items():
        yield from _walk(inner, f"{name} {word}", context)


def cli_page() -> str:
    """docs/cli.md: every command with its help and its options."""
    head = [
        "# Commands",
        "",
        MADE.format(source="`src/tafadi/cli`"),
        'Every command and option says the same under `--help`. Lengths and times on the command line carry their unit, as in `"5 [NM]"`',
        'and `"30 [s]"`; times are UTC with Z.',
        "",
    ]
    return "\n".join([*head, *(line for name, command, context in commands() for line in _command_lines(name, command, context))])


def _command_lines(name: str, command: Any, context: Any) -> list[str]:
    level = "##" if " " not in name or hasattr(command, "commands") else "###"
    lines = [f"{level} {name}", "", _plain(command.help or ""), ""]
    if hasattr(command, "commands"):
        return lines
    lines += ["```", command.get_usage(context).removeprefix("Usage: ").replace("\n", " "), "```", ""]
    records = [record for param in command.get_params(context) if (record := param.get_help_record(context)) and "--help" not in record[0]]
    if records:
        lines += ["| | |", "|---|---|", *(f"| `{_cell(left)}` | {_cell(_plain(right))} |" for left, right in records), ""]
    return lines


def _plain(text: str) -> str:
    return text.replace("\\[", "[").strip()


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


PAGES: Final[dict[str, Callable[[], str]]] = {"errors.md": errors_page, "spec/states.md": states_page, "cli.md": cli_page}


def stale() -> dict[Path, str]:
    """The pages whose file is not what the code gives now, with what it should be."""
    made = {DOCS / name: page() for name, page in PAGES.items()}
    return {path: text for path, text in made.items() if not path.is_file() or path.read_text(encoding="utf-8") != text}


def main(arguments: list[str]) -> int:
    """The exit code."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write("usage: python docs/generate.py [--check]\n")
        return exits.COULD_NOT
    found = stale()
    for path, text in found.items():
        if not arguments:
            path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{'out of date' if arguments else 'written'}: {path.relative_to(DOCS.parent)}\n")
    return exits.FOUND if found and arguments else exits.NOTHING


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
