"""`tafadi feed`: verify and show the feeds in a node's folder. Both only read, and need no running node."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tafadi.cli.calls import AgreementName, AsJson, NodeDir, print_json
from tafadi.cli.exits import FOUND, door, say_line
from tafadi.errors import MissingError

if TYPE_CHECKING:
    from tafadi.desk.pact import Pact
    from tafadi.store.journals import StoredJournal

app = typer.Typer(no_args_is_help=True, help="Verify and show the feeds of a node.")


def _opened(path: Path, name: str) -> "tuple[StoredJournal, list[Pact]]":
    from tafadi.store.folder import Folder
    from tafadi.store.identity import open_pact
    from tafadi.store.journals import open_journal

    folder = Folder.open(path)
    pacts = [open_pact(folder, document) for document in folder.agreements().values()]
    chosen = [pact for pact in pacts if name in ("", pact.id, pact.agreement.name)]
    if not chosen:
        raise MissingError(f"the node has signed no agreement{f' called {name}' if name else ''}")
    return open_journal(folder, read_only=True), chosen


@app.command()
@door
def verify(
    path: NodeDir,
    agreement: AgreementName = "",
    tree_only: Annotated[
        bool, typer.Option("--tree-only", help="Leave out what every entry says and who signed it: a tenth of the time.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Recompute every hash, tile, root, signature and receipt. Exit 0 when all hold, 1 when a fault is found."""
    from tafadi.store.fsck import verify as verify_feeds

    journal, pacts = _opened(path, agreement)
    reports = [report for pact in pacts for report in verify_feeds(journal, pact, entries=not tree_only)]
    exhibits = len(journal.evidence())
    if as_json:
        print_json({"feeds": [asdict(report) for report in reports], "evidence": exhibits})
    else:
        for report in reports:
            say_line(f"{report.origin}: {report.entries} entries, {report.receipts} receipts, root {report.root[:16]}…")
            for line in report.without_effect:
                say_line(f"  without effect: {line}")
            for line in report.faults:
                say_line(f"  FAULT {line}")
        if exhibits:
            say_line(f"EVIDENCE of a broken protocol: {exhibits} pieces")
    if exhibits or any(report.faults for report in reports):
        raise typer.Exit(FOUND)


@app.command()
@door
def show(
    path: NodeDir,
    party: Annotated[str, typer.Option("--party", help="Only this party's feed.")] = "",
    agreement: AgreementName = "",
    as_json: AsJson = False,
) -> None:
    """Show the entries of the feeds, in their order, with what they say."""
    from tafadi.desk.examine import examine
    from tafadi.formats.wire import encode_message

    journal, pacts = _opened(path, agreement)
    rows = []
    for pact in pacts:
        for name in pact.agreement.parties:
            for origin in pact.origins(name) if party in ("", name) else ():
                leaves = journal.leaves(origin, 0, journal.head(origin).frontier.size)
                rows += [examine(leaf, pact.entry_id(origin, index), pact) for index, leaf in enumerate(leaves)]
    if as_json:
        print_json(
            [{"entry": str(row.id), "leaf": row.leaf, "payload": encode_message(row.message) if row.message else None} for row in rows]
        )
        return
    for row in rows:
        said = row.message
        told = f"[{said.mode}] {said.sent_at} {said.precedence} {said.type} by {said.operator.role}" if said else "unreadable"
        say_line(f"{row.id} {told}{f'  REFUSED {row.refusal.code}' if row.refusal else ''}")
