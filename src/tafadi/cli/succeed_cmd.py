"""`tafadi agree succeed`, `pins`, `share-history` and `history`: a party joins or leaves, and what went before is pinned and shown."""

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tafadi.cli.calls import AgreementName, AsJson, NodeDir, call, print_json, read_file
from tafadi.cli.exits import FOUND, door, say_line
from tafadi.errors import InputError, LimitError

if TYPE_CHECKING:
    from tafadi.desk.joining import Told


@door
def succeed(
    path: NodeDir,
    out: Annotated[Path, typer.Option("--out", help="Where to write the document that all parties of the next agreement sign.")],
    join: Annotated[list[Path] | None, typer.Option("--join", help="The card of a party that joins; repeat.")] = None,
    leave: Annotated[list[str] | None, typer.Option("--leave", help="A party that leaves; repeat.")] = None,
    agreement: AgreementName = "",
    name: Annotated[str, typer.Option("--name", help="The name of the next agreement; that of this one when left out.")] = "",
    effective: Annotated[str, typer.Option("--effective", help="From when: UTC with Z. Now when left out.")] = "",
    as_json: AsJson = False,
) -> None:
    """Make the agreement that comes after this one, with other parties: the same terms, and the ends of all feeds until now."""
    from tafadi.store.files import write_whole

    cards = [base64.b64encode(read_file(card)).decode("ascii") for card in join or ()]
    told = call(path, "agree.succeed", join=cards, leave=leave, agreement=agreement, name=name, effective=effective)
    write_whole(out, base64.b64decode(told["document"]))
    if as_json:
        print_json({**told, "document": str(out)})
        return
    say_line(f"{told['id']}  sha256 {told['digest']}")
    for pin in told["pins"]:
        say_line(f"  pins {pin}")
    say_line(f"{out} is for all its parties to sign: `tafadi agree sign`, after the words of who joins were compared.")


@door
def pins(path: NodeDir, agreement: AgreementName = "", as_json: AsJson = False) -> None:
    """Compare the ends that an agreement pins with the feeds that are held here of the one before."""
    told = call(path, "agree.pins", agreement=agreement)
    if as_json:
        print_json(told)
        return
    if told["pins"] is None:
        say_line(f"{told['agreement']}: this node was no party of {told['succeeds'] or 'any agreement before'}; nothing can be compared")
        return
    for pin in told["pins"]:
        after = f"; {pin['said_after']} more were said after it" if pin["said_after"] else ""
        say_line(f"{pin['feed']}: the {pin['pinned']} entries that are pinned are those held here{after}")


@door
def share_history(
    path: NodeDir, file: Annotated[Path, typer.Argument(metavar="FILE", help="The bundle.")], agreement: AgreementName = "",
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Write everything that was said under an agreement into FILE, for a party that was none of it. There is no other way to it."""
    from tafadi.store.files import write_whole

    told = call(path, "agree.history", agreement=agreement)
    spool = path / told["name"]
    try:
        write_whole(file, spool.read_bytes())
    finally:
        spool.unlink(missing_ok=True)
    if as_json:
        print_json({**told, "file": str(file)})
    else:
        say_line(f"{file}: {told['bytes']} bytes. Whoever has it reads all that is in it, but for what is sealed.")


@door
def history(
    document: Annotated[Path, typer.Argument(metavar="DOCUMENT", help="The agreement that pins the feeds.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `tafadi agree share-history` wrote.")],
    out: Annotated[Path | None, typer.Option("--out", help="Write the proved entries to this file, one JSON object a line.")] = None,
    as_json: AsJson = False,
) -> None:
    """Prove a history against the ends that all parties of an agreement have signed. Exit 1 where any of it is not what they signed."""
    from tafadi.desk import joining
    from tafadi.desk.pact import pact_of
    from tafadi.store.files import write_whole
    from tafadi.trust.bundle import decode_carried

    agreement = pact_of(read_file(document)).agreement
    if not agreement.succeeds:
        raise InputError("the agreement comes after none, and pins nothing")
    found = joining.history(agreement, decode_carried(_read(file)).feeds)
    if out is not None:
        write_whole(out, "".join(_line(told, index) for told in found for index in range(len(told.entries))).encode())
    if as_json:
        print_json([{"feed": told.origin, "pinned": told.pin.size, "proved": not told.why, "why": told.why} for told in found])
    else:
        for told in found:
            say_line(f"{told.origin}: {told.why or f'the {told.pin.size} entries are those that all parties pinned'}")
    if any(told.why for told in found):
        raise typer.Exit(FOUND)


def _line(told: "Told", index: int) -> str:
    """One entry: its place, and what it says where that can be read."""
    from tafadi.errors import FormatError
    from tafadi.trust.envelope import open_envelope

    said: Any
    try:
        said = open_envelope(told.entries[index]).payload
    except FormatError:
        said = None
    return json.dumps({"feed": told.origin, "index": index, "payload": said}, ensure_ascii=False, sort_keys=True) + "\n"


def _read(file: Path) -> bytes:
    from tafadi.trust.bundle import BUNDLE_MAX_BYTES

    with file.open("rb") as given:
        data = given.read(BUNDLE_MAX_BYTES + 1)
    if len(data) > BUNDLE_MAX_BYTES:
        raise LimitError(f"{file} is longer than the {BUNDLE_MAX_BYTES} bytes of a bundle")
    return data
