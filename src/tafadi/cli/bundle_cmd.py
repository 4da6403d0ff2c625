"""`tafadi bundle`: what a line would carry, as a file on a stick, where there is no line. With the node running and without."""

from pathlib import Path
from typing import Annotated

import typer

from tafadi.cli.calls import AgreementName, AsJson, NodeDir, call, print_json
from tafadi.cli.exits import door, say_line
from tafadi.errors import LimitError

app = typer.Typer(no_args_is_help=True, help="Exchange feeds, receipts and cards by a file on a stick.")

BundleFile = Annotated[Path, typer.Argument(metavar="FILE", help="The bundle.")]


@app.command("export")
@door
def export(
    path: NodeDir,
    file: BundleFile,
    party: Annotated[str, typer.Option("--for", help="The party that it is for: what it is known to hold is left out.")],
    since: Annotated[int | None, typer.Option("--since", help="Bring own entries from this one on, whatever the party holds.")] = None,
    agreement: AgreementName = "",
    as_json: AsJson = False,
) -> None:
    """Write what another party lacks into FILE: entries, receipts, cards and proofs. Whoever likes may carry it."""
    told = call(path, "bundle.export", party=party, since=since, agreement=agreement)
    spool = path / told["name"]
    try:
        _write(file, spool.read_bytes())
    finally:
        spool.unlink(missing_ok=True)
    if as_json:
        print_json({**told, "file": str(file)})
        return
    say_line(f"{file}: {told['bytes']} bytes for {party}")
    for origin, missing in told["left"].items():
        say_line(f"  {missing} entries of {origin} did not fit; the next bundle brings them, once {party} has this one")


@app.command("import")
@door
def take(path: NodeDir, file: BundleFile, as_json: AsJson = False) -> None:
    """Take in what another party's node wrote for this one. Twice, or late, changes nothing."""
    from tafadi.store.files import write_whole
    from tafadi.store.folder import Folder
    from tafadi.web.verbs.bundle import bundle_name

    data, folder = _read(file), Folder.open(path)
    spool = folder.path / bundle_name(data)
    write_whole(spool, data, 0o600)
    try:
        told = call(path, "bundle.import", name=spool.name)
    finally:
        spool.unlink(missing_ok=True)
    if as_json:
        print_json(told)
        return
    say_line(f"made by {told['party']} at {told['made_at']} under {told['agreement']}: {told['cards']} new cards")
    for origin, count in told["entries"].items():
        say_line(f"  {origin}: {count} new entries")
    for origin in told["forked"]:
        say_line(f"  EVIDENCE: {origin} has two histories; the proof is kept")


@app.command("show")
@door
def show(file: BundleFile, as_json: AsJson = False) -> None:
    """Tell what a bundle holds. Nothing in it is verified by that."""
    from tafadi.trust.bundle import decode_carried

    bundle = decode_carried(_read(file))
    feeds = {feed.origin: (feed.start, len(feed.entries)) for feed in bundle.feeds}
    if as_json:
        print_json({"cards": len(bundle.cards), "evidence": len(bundle.evidence), "feeds": feeds})
        return
    say_line(f"{file}: {len(bundle.cards)} cards, {len(bundle.evidence)} proofs; nothing is verified by this")
    for origin, (start, count) in feeds.items():
        say_line(f"  {origin}: {count} entries from {start} on")


def _read(file: Path) -> bytes:
    from tafadi.trust.bundle import BUNDLE_MAX_BYTES

    with file.open("rb") as stick:
        data = stick.read(BUNDLE_MAX_BYTES + 1)
    if len(data) > BUNDLE_MAX_BYTES:
        raise LimitError(f"{file} is longer than the {BUNDLE_MAX_BYTES} bytes of a bundle")
    return data


def _write(file: Path, data: bytes) -> None:
    """On the stick, and not only on its way there: it may be pulled out at once."""
    from tafadi.store.files import write_whole

    write_whole(file, data)
