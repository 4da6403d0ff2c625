"""`tafadi views`: what a node shows, made anew from the entries alone and compared. Only reads."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tafadi.cli.calls import AsJson, NodeDir, call, print_json
from tafadi.cli.exits import FOUND, door, say_line
from tafadi.errors import UnavailableError

if TYPE_CHECKING:
    from tafadi.store.folder import Folder

app = typer.Typer(no_args_is_help=True, help="Make what a node shows anew, from its entries.")

TRIES = 5  # while the node goes on, entries may come between its answer and ours


@app.callback()
def views() -> None:
    """Make what a node shows anew, from its entries."""


@app.command()
@door
def rebuild(path: NodeDir, as_json: AsJson = False) -> None:
    """Fold every agreement anew from the journal, and compare with what the node shows. Exit 0 when equal, 1 when not."""
    from tafadi.store.folder import Folder

    rows = _compared(Folder.open(path), path)
    if as_json:
        print_json(rows)
    else:
        for row in rows:
            say_line(f"{row['agreement']}: {row['entries']} entries give {str(row['rebuilt'])[:16]}…")
            say_line("  as the node shows" if row["rebuilt"] == row["shown"] else f"  FAULT the node shows {str(row['shown'])[:16]}…")
    if any(row["rebuilt"] != row["shown"] for row in rows):
        raise typer.Exit(FOUND)


def _compared(folder: "Folder", path: Path) -> list[dict[str, object]]:
    """What each agreement's entries give and what is shown, of one and the same moment. Raises UnavailableError for a node too busy."""
    for _ in range(TRIES):
        before, rebuilt, after = call(path, "status"), _rebuilt(folder), call(path, "status")
        shown = [(told["id"], told["picture"]) for told in before["agreements"]]
        if shown == [(told["id"], told["picture"]) for told in after["agreements"]]:
            return [
                {"agreement": name, "entries": rebuilt[name][0], "rebuilt": rebuilt[name][1], "shown": digest} for name, digest in shown
            ]
    raise UnavailableError("entries come faster than they can be folded here; try again when the node is quieter, or stop it")


def _rebuilt(folder: "Folder") -> dict[str, tuple[int, str]]:
    """How many entries each agreement has, and the digest of the picture that they give."""
    from tafadi.store.identity import open_pact
    from tafadi.store.journals import open_journal
    from tafadi.store.views import FoldedViews

    journal = open_journal(folder, read_only=True)
    try:
        with journal.snapshot():
            pacts = [open_pact(folder, document) for document in folder.agreements().values()]
            folded = {pact.id: FoldedViews(journal, pact) for pact in pacts}
            return {name: (views.read, views.picture.digest()) for name, views in folded.items()}
    finally:
        journal.close()
