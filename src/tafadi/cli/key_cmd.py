"""`tafadi key`: the root key, kept apart from every node, and the cards that it signs; what keys a node has, and for how long.

offline:  key root FILE                  made once; its words are read out, its paper copy lies in a safe
node:     key request DIR --out ASKED    fresh keys, and the card of the next epoch for the root to sign
offline:  key certify ASKED --root FILE  after the words of the request were compared
node:     key install DIR CARD           the epoch begins
"""

import hashlib
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from tafadi.cli.calls import AsJson, NodeDir, print_json, read_file, read_text
from tafadi.cli.exits import FOUND, door, say_error, say_line
from tafadi.errors import InputError

if TYPE_CHECKING:
    from tafadi.store.keyring import Fresh
    from tafadi.trust.card import Card
    from tafadi.trust.keys import PublicKey

WARNING_DAYS: Final = 14  # time to fetch a root key from its safe, and to try again
DAY_S: Final = 86_400.0
_WORDS_A_LINE: Final = 6

app = typer.Typer(no_args_is_help=True, help="Make a root key apart from the node, have it sign cards, see what keys there are.")

RootFile = Annotated[Path, typer.Argument(metavar="FILE", help="The file with the root key, on a machine without a line.")]
RootOption = Annotated[Path, typer.Option("--root", help="The file with the root key.")]
Operators = Annotated[list[str] | None, typer.Option("--operator", help="A role that gets a new key, or its first; repeat.")]
Dropped = Annotated[list[str] | None, typer.Option("--drop", help="A role that has no key any more; repeat.")]
NewTls = Annotated[bool, typer.Option("--tls", help="Make a new TLS key and certificate too.")]
Picture = Annotated[Path | None, typer.Option("--qr", help="Draw the words as a QR code into this file: .svg or .png.")]


@app.command()
@door
def root(file: RootFile, qr: Picture = None, as_json: AsJson = False) -> None:
    """Make a root key in FILE, apart from any node, and show the words of its public key: these are read out and compared."""
    from tafadi.store.files import write_seed
    from tafadi.trust.keys import SigningKey

    if file.exists():
        raise InputError(f"{file} is there already, and may be a root key; nothing is written over it")
    for folder in (file.absolute().parent, *file.absolute().parents):
        if (folder / "node.json").is_file():
            raise InputError(f"{folder} is a node's folder: a root key that lies there is stolen with it; choose another place")
    write_seed(file, os.urandom(32))
    _show_words(SigningKey.from_seed(_seed(file)).public, qr, as_json)
    if not as_json:
        say_line(f"The key is in {file}. `tafadi key paper` writes it out for a safe; without it no card can be renewed.")


@app.command()
@door
def words(file: RootFile, qr: Picture = None, as_json: AsJson = False) -> None:
    """Show the words of the public key that belongs to the root key in FILE, and their QR code."""
    from tafadi.trust.keys import SigningKey

    _show_words(SigningKey.from_seed(_seed(file)).public, qr, as_json)


def _seed(file: Path) -> bytes:
    from tafadi.store.files import read_seed

    return read_seed(file)


def _show_words(key: "PublicKey", qr: Path | None, as_json: bool) -> None:
    from tafadi.trust.keys import key_words

    text = key_words(key)
    if qr is not None:
        _draw(text, qr)
    if as_json:
        print_json({"words": text, "key": key.text, "id": key.id})
        return
    say_line("Words of the root key, to be read out and compared in person:")
    for line in numbered(text.split()):
        say_line(f"  {line}")
    if qr is None and sys.stdout.isatty():
        import segno

        segno.make(text, error="m", micro=False).terminal(compact=True)


def numbered(given: list[str]) -> list[str]:
    """The words in lines of six, each with its number.

    >>> numbered(["one", "two"])
    [' 1. one         2. two      ']
    """
    rows = [given[start : start + _WORDS_A_LINE] for start in range(0, len(given), _WORDS_A_LINE)]
    return ["  ".join(f"{row * _WORDS_A_LINE + at + 1:2}. {word:<9}" for at, word in enumerate(line)) for row, line in enumerate(rows)]


def _draw(text: str, file: Path) -> None:
    """Writes the QR code of the text. Raises InputError for another ending than .svg and .png."""
    import io

    import segno

    from tafadi.store.files import write_whole

    kind = file.suffix.removeprefix(".").lower()
    if kind not in ("svg", "png"):
        raise InputError(f"{file} ends neither in .svg nor in .png")
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind=kind, scale=8)
    write_whole(file, out.getvalue())


@app.command()
@door
def paper(file: RootFile, as_json: AsJson = False) -> None:
    """Write out the root key itself as 24 SECRET words, for paper in a safe. Whoever has heard or seen them can be this party."""
    from tafadi.trust.keys import secret_words

    text = secret_words(_seed(file))
    if as_json:
        print_json({"secret": text})
        return
    for line in numbered(text.split()):
        say_line(f"SECRET  {line}")
    say_line("SECRET. Write this down by hand; keep no file and no photograph of it. `tafadi key read` makes the key again.")


@app.command()
@door
def read(
    file: RootFile,
    source: Annotated[Path, typer.Option("--words", help="A file with the 24 SECRET words; - reads standard input.")] = Path("-"),
    as_json: AsJson = False,
) -> None:
    """Make the root key again in FILE, from the SECRET words on paper, with their numbers or without."""
    from tafadi.store.files import write_seed
    from tafadi.trust.keys import SigningKey, key_words, secret_from_words

    if file.exists():
        raise InputError(f"{file} is there already, and may be a root key; nothing is written over it")
    text = read_text(source)
    numbers = re.findall(r"\d+\.\s*([A-Za-z]+)", text)  # as `key paper` writes them
    seed = secret_from_words(" ".join(numbers) or text)
    write_seed(file, seed)
    text = key_words(SigningKey.from_seed(seed).public)
    if as_json:
        print_json({"words": text})
        return
    say_line("The key is made again. The words of its public key:")
    for line in numbered(text.split()):
        say_line(f"  {line}")


@app.command()
@door
def request(
    path: NodeDir,
    out: Annotated[Path, typer.Option("--out", help="Write the request to this file, for `tafadi key certify`.")],
    days: Annotated[int, typer.Option("--days", help="How long the keys are to last.")] = 90,
    operator: Operators = None,
    drop: Dropped = None,
    tls: NewTls = False,
    cut: Annotated[bool, typer.Option("--cut", help="Leave out what others hold and is not here: a thief said it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make the keys of the next epoch, and the card that names them, for a root key that is elsewhere. Stop the node before."""
    from tafadi.epoch.renewing import request as ask
    from tafadi.node import SystemClock
    from tafadi.store.files import write_whole
    from tafadi.store.folder import Folder

    folder = Folder.open(path)
    with folder.locked():
        asked = ask(folder, SystemClock().now(), lambda: os.urandom(32), days=days, cut=cut, fresh=fresh_keys(folder, operator, drop, tls))
    write_whole(out, asked.data)
    for unasked in asked.unasked:
        say_error(f"what {unasked.party} holds under {unasked.agreement} was not learned: {unasked.why}")
    text = _words_of(asked.data)
    if as_json:
        print_json({"request": str(out), "words": text})
        return
    say_line("Words of the request, to be compared where it is signed:")
    for line in numbered(text.split()):
        say_line(f"  {line}")
    say_line("Until the card is installed, let the node stand still: what it says would be beyond the end.")


def fresh_keys(folder: Any, operator: list[str] | None, drop: list[str] | None, tls: bool) -> "Fresh":
    """What is to be made new, as the options say."""
    from tafadi.net.tls import make_certificate
    from tafadi.node import SystemClock
    from tafadi.store.keyring import Fresh

    certificate = make_certificate(folder.settings.party, SystemClock().now()) if tls else None
    return Fresh(tuple(operator or ()), tuple(drop or ()), certificate)


def _words_of(data: bytes) -> str:
    from tafadi.trust.keys import digest_words

    return digest_words(hashlib.sha256(data).digest())


@app.command()
@door
def certify(
    file: Annotated[Path, typer.Argument(metavar="REQUEST", help="What `tafadi key request` wrote.")],
    root: RootOption,
    words: Annotated[str, typer.Option("--words", help="The 24 words that the node showed for this request, read out or carried by hand.")],
    out: Annotated[Path, typer.Option("--out", help="Write the signed card to this file, for `tafadi key install`.")],
    as_json: AsJson = False,
) -> None:
    """Sign the card in a request with the root key, on a machine without a line, after its words were compared. Shows what it signs."""
    from tafadi.store.files import write_whole
    from tafadi.trust.card import read_request, sign_card
    from tafadi.trust.keys import SigningKey, bytes_from_words

    data = read_file(file)
    card = read_request(data)
    if bytes_from_words(words) != hashlib.sha256(data).digest():
        raise InputError("the words are not those of this request: it is not the one that the node made; do not sign")
    write_whole(out, sign_card(card, SigningKey.from_seed(_seed(root))))
    if as_json:
        print_json({"party": card.party, "epoch": card.epoch, "card": str(out)})
        return
    for line in _lines(card):
        say_line(line)
    say_line(f"Signed into {out}.")


def _lines(card: "Card") -> list[str]:
    ends = [f"  ends {end.origin} at {end.size} entries" for end in card.ends]
    roles = ", ".join(role for role, _ in card.operators) or "no role"
    return [
        f"{card.party}, epoch {card.epoch}, valid from {card.valid.start} to {card.valid.end}",
        f"  speaks as {roles}; certificate {hashlib.sha256(card.tls_certificate).hexdigest()[:16]}",
        *ends,
    ]


@app.command()
@door
def install(
    path: NodeDir, file: Annotated[Path, typer.Argument(metavar="CARD", help="What `tafadi key certify` wrote.")], as_json: AsJson = False
) -> None:
    """Begin the epoch of a card that the root key signed elsewhere. Stop the node before, and run it again after."""
    from tafadi.epoch.renewing import install as begin
    from tafadi.node import SystemClock
    from tafadi.store.folder import Folder

    folder = Folder.open(path)
    with folder.locked():
        begun = begin(folder, read_file(file), SystemClock().now())
    if as_json:
        untold = [{"party": one.party, "why": one.why} for one in begun.untold]
        print_json({"party": folder.settings.party, "epoch": begun.epoch, "untold": untold, "closed": list(begun.closed)})
        return
    say_untold(begun)
    say_line(f"{folder.settings.party} is in epoch {begun.epoch}. Card for the other parties: {path / 'card.json'}")


def say_untold(begun: Any) -> None:
    """What people must do after an epoch has begun: bring the card to who does not know the new certificate."""
    for one in begun.untold:
        say_error(f"{one.party} was not told the new certificate ({one.why}): bring it card.json, for `tafadi agree take-card`")
    for entry in begun.closed:
        say_error(f"{entry} is sealed for this party and never opened; its private key is gone now")


@app.command("list")
@door
def list_keys(path: NodeDir, as_json: AsJson = False) -> None:
    """List the keys that the node's card names, and every party's cards with the days that they last. Exit 1 when one ends soon."""
    from tafadi.node import SystemClock
    from tafadi.store.folder import Folder
    from tafadi.store.identity import open_pact
    from tafadi.trust.card import open_card

    folder, now = Folder.open(path), SystemClock().now()
    own = open_card(folder.card)
    pacts = [open_pact(folder, document) for document in folder.agreements().values()]
    cards = {(card.party, card.epoch): card for card in (own, *(card for pact in pacts for card in pact.cards.values()))}
    days = {key: int(card.valid.end.since(now) // DAY_S) for key, card in cards.items()}
    if as_json:
        print_json([{"party": party, "epoch": epoch, "days": left} for (party, epoch), left in sorted(days.items())])
    else:
        for use, key in _uses(own):
            say_line(f"{use:<24} {key}")
        for (party, epoch), left in sorted(days.items()):
            say_line(f"{party}, epoch {epoch}: {f'{left} days left' if left >= 0 else 'HAS RUN OUT'}")
    if min(days.values()) < WARNING_DAYS:
        raise typer.Exit(FOUND)


def _uses(card: "Card") -> list[tuple[str, str]]:
    signing = [("root", card.root), ("envelope", card.envelope), ("log", card.log), ("mirror", card.mirror)]
    operators = [(f"operator {role}", key) for role, key in card.operators]
    return [(use, key.id) for use, key in (*signing, *operators)] + [("tls", hashlib.sha256(card.tls_certificate).hexdigest()[:16])]
