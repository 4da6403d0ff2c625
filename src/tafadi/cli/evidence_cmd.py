"""`tafadi evidence`: the proofs that a node keeps, as files that convict by themselves; and a check of such a file, by its own program."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tafadi.cli.calls import AgreementName, AsJson, NodeDir, print_json
from tafadi.cli.exits import door, say_line
from tafadi.errors import FormatError, MissingError

if TYPE_CHECKING:
    from tafadi.desk.pact import Pact
    from tafadi.store.journals import StoredJournal

app = typer.Typer(no_args_is_help=True, help="List, show, export and verify proofs; prove that an entry was stored.")

OutFile = Annotated[Path, typer.Argument(metavar="FILE", help="Where the file is written.")]
Proof = Annotated[str, typer.Argument(metavar="PROOF", help="The beginning of its digest, as `evidence list` shows it.")]


@app.command("list")
@door
def list_(path: NodeDir, as_json: AsJson = False) -> None:
    """List the proofs that the node keeps: of what, and against whom. It need not run."""
    rows = [_row(data) for data in _kept(path)]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        say_line(f"{row['digest'][:12]} {row['kind']} {row['feed']}")


@app.command()
@door
def show(path: NodeDir, proof: Proof, as_json: AsJson = False) -> None:
    """Tell in a sentence who is accused of what, as the verifier says it."""
    from tafadi.verifier import verify

    data = _found(path, proof)
    told = _row(data) | {"said": verify(data)}
    if as_json:
        print_json(told)
        return
    say_line(told["said"])


@app.command()
@door
def export(path: NodeDir, proof: Proof, file: OutFile) -> None:
    """Write a proof into FILE, as it is: whoever has it can verify it, for ever and without any node."""
    from tafadi.store.files import write_whole

    data = _found(path, proof)
    write_whole(file, data)
    say_line(f"{file}: {_row(data)['kind']}, {len(data)} bytes")


@app.command()
@door
def verify(file: Annotated[Path, typer.Argument(metavar="FILE", help="The file of a proof.")], as_json: AsJson = False) -> None:
    """Verify a proof with the program that shares no code with the node. Exit 0 when it is proved, 1 when not, 2 when it is none."""
    from tafadi.verifier import main

    raise typer.Exit(_verdict(file) if as_json else main([str(file)]))


def _verdict(file: Path) -> int:
    """The exit code; what the verifier says is printed as JSON, unless it cannot read the file."""
    from tafadi.verifier import NOT_PROVED, PROVED, NotProved, Unreadable, read_file, verify

    try:
        print_json({"proved": True, "said": verify(read_file(file))})
    except NotProved as fault:
        print_json({"proved": False, "said": str(fault)})
        return NOT_PROVED
    except Unreadable as fault:
        raise FormatError(f"{file.name} is no evidence that can be read: {fault}") from None
    return PROVED


@app.command()
@door
def stored(
    path: NodeDir,
    entry: Annotated[str, typer.Argument(metavar="ENTRY", help="The entry, as PARTY/EPOCH/INDEX.")],
    file: OutFile,
    by: Annotated[str, typer.Option("--by", help="The party that has stored it.")],
    agreement: AgreementName = "",
) -> None:
    """Write into FILE what proves that another party has stored an entry, and when it said so: its receipt and an inclusion proof."""
    from tafadi.desk.delivery import prove_stored
    from tafadi.model.entry import EntryId
    from tafadi.store.files import write_whole

    journal, pacts = _opened(path)
    chosen = [pact for pact in pacts if agreement in ("", pact.id, pact.agreement.name)]
    if len(chosen) != 1:
        raise MissingError(f"name one agreement with --agreement; this node has {', '.join(pact.id for pact in pacts) or 'none'}")
    write_whole(file, prove_stored(journal, chosen[0], EntryId.parse(entry), by))
    say_line(f"{file}: {by} has stored {entry}")


def _opened(path: Path) -> "tuple[StoredJournal, list[Pact]]":
    from tafadi.store.folder import Folder
    from tafadi.store.identity import open_pact
    from tafadi.store.journals import open_journal

    folder = Folder.open(path)
    return open_journal(folder, read_only=True), [open_pact(folder, document) for document in folder.agreements().values()]


def _kept(path: Path) -> list[bytes]:
    journal, _ = _opened(path)
    return [exhibit.data for exhibit in journal.evidence()]


def _found(path: Path, proof: str) -> bytes:
    found = [data for data in _kept(path) if proof and _row(data)["digest"].startswith(proof)]
    if len(found) != 1:
        raise MissingError(f"{len(found)} proofs here have a digest that begins with {proof[:64]!r}")
    return found[0]


def _row(data: bytes) -> dict[str, Any]:
    import hashlib

    from tafadi.trust.evidence import accused_feed, open_evidence

    evidence, card = open_evidence(data)
    return {"digest": hashlib.sha256(data).hexdigest(), "kind": str(evidence.kind), "feed": accused_feed(evidence, card)}
