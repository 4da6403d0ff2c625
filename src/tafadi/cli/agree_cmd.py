"""`tafadi agree`: make, show, exchange and sign an agreement between nodes."""

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tafadi.cli.calls import AgreementName, AsJson, NodeDir, call, print_json, read_file
from tafadi.cli.exits import door, say_line
from tafadi.cli.succeed_cmd import history, pins, share_history, succeed
from tafadi.cli.suspend_cmd import end, resume, standing, suspend
from tafadi.errors import InputError
from tafadi.model.names import Mode

if TYPE_CHECKING:
    from tafadi.desk.pact import Pact
    from tafadi.formats.terms import Terms
    from tafadi.model.agreement import Landmark

app = typer.Typer(no_args_is_help=True, help="Make, show, exchange and sign an agreement.")


@app.command()
@door
def card(
    path: NodeDir,
    out: Annotated[Path | None, typer.Option("--out", help="Write the card to this file, for the other party.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show this node's card: the file to hand over, and the words of the root key to read out in person."""
    from tafadi.store.files import write_whole
    from tafadi.store.folder import Folder
    from tafadi.trust.card import open_card
    from tafadi.trust.keys import key_words

    data = Folder.open(path).card
    words = key_words(open_card(data).root)
    if out is not None:
        write_whole(out, data)
    if as_json:
        print_json({"words": words, "card": base64.b64encode(data).decode("ascii")})
        return
    say_line(words)


@app.command()
@door
def words(file: Annotated[Path, typer.Argument(help="A card that another party handed over.")], as_json: AsJson = False) -> None:
    """Show the words of the root key on a card, to be compared with what its party reads out."""
    from tafadi.trust.card import open_card
    from tafadi.trust.keys import key_words

    opened = open_card(read_file(file))
    told = {"party": opened.party, "words": key_words(opened.root), "valid_until": str(opened.valid.end)}
    if as_json:
        print_json(told)
    else:
        say_line(f"{told['party']} (card valid until {told['valid_until']}): {told['words']}")


@app.command()
@door
def terms(
    out: Annotated[Path | None, typer.Option("--out", help="Write them to this file, to be edited.")] = None, as_json: AsJson = False
) -> None:
    """Show all numbers of an agreement that may be chosen, at their defaults: the file for `agree new --terms`."""
    from dataclasses import asdict

    from tafadi.formats.terms import Terms, write_terms
    from tafadi.store.files import write_whole

    text = write_terms(Terms())
    if out is not None:
        write_whole(out, text.encode())
    if as_json:
        print_json(asdict(Terms()))
    if out is not None or as_json:
        return
    for line in text.splitlines():
        say_line(line)


@app.command()
@door
def new(
    name: Annotated[str, typer.Option("--name", help="The agreement's name: a-z, 0-9 and -.")],
    cards: Annotated[list[Path], typer.Option("--card", help="The card of each party; repeat for each.")],
    minima: Annotated[str, typer.Option("--minima", help='Between tracks, like "5 [NM] / 1000 \\[ft]".')],
    landmarks: Annotated[list[str], typer.Option("--landmark", help="NAME=LAT,LON in degrees; at least two, for the read-back.")],
    out: Annotated[Path, typer.Option("--out", help="Where to write the document that all parties sign.")],
    modes: Annotated[list[Mode] | None, typer.Option("--mode", help="Modes allowed; repeat. Default EXERCISE and TEST.")] = None,
    announced_minima: Annotated[str, typer.Option("--announced-minima", help="Between announced operations; none when left out.")] = "",
    terms: Annotated[Path | None, typer.Option("--terms", help="A file as `agree terms` writes it: times, ladder, quotas.")] = None,
    lead: Annotated[str, typer.Option("--lead", help='How early a notice must come. Default: of the terms, "24 \\[h]".')] = "",
    lookahead: Annotated[str, typer.Option("--lookahead", help='How far ahead tracks are watched. Default: "120 \\[s]".')] = "",
    heartbeat: Annotated[str, typer.Option("--heartbeat", help='How often nodes show that they live. Default: "30 \\[s]".')] = "",
    skew: Annotated[str, typer.Option("--skew", help='How far the parties\' clocks may differ. Default: "5 \\[s]".')] = "",
    effective: Annotated[str, typer.Option("--effective", help="From when: UTC with Z. Default: the youngest card's beginning.")] = "",
    text: Annotated[Path | None, typer.Option("--text", help="The agreement's text, UTF-8.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make the document of a new agreement from the parties' cards. Compare each card's words in person first."""
    from tafadi.cli.calls import read_text
    from tafadi.formats.agreement import agreement_id, digest_of, write_document
    from tafadi.formats.quantity import parse_minima
    from tafadi.measure.instant import Instant
    from tafadi.model.agreement import Agreement
    from tafadi.store.files import write_whole
    from tafadi.trust.card import open_card

    signed = {open_card(data).party: data for data in (read_file(path) for path in cards)}
    if len(signed) != len(cards):
        raise InputError("two of the cards are of the same party")
    parties = tuple(sorted(signed))
    youngest = max(open_card(data).valid.start for data in signed.values())
    chosen = _terms(terms, lead_s=lead, lookahead_s=lookahead, heartbeat_s=heartbeat, skew_max_s=skew)
    agreement = Agreement(
        name,
        parties,
        tuple(signed[party] for party in parties),
        Instant.parse(effective) if effective else youngest,
        tuple(modes or (Mode.EXERCISE, Mode.TEST)),
        parse_minima(minima),
        parse_minima(announced_minima) if announced_minima else None,
        tuple(_landmark(item) for item in landmarks),
        chosen.timing,
        read_text(text) if text else "",
        chosen.check_times_utc_s,
        chosen.ladder,
        chosen.quota,
    )
    document = write_document(agreement)
    write_whole(out, document)
    if as_json:
        print_json({"id": agreement_id(name, document), "digest": digest_of(document), "document": str(out)})
    else:
        say_line(f"{agreement_id(name, document)}  sha256 {digest_of(document)}")


def _terms(file: Path | None, **options: str) -> "Terms":
    """The terms of the file, or the defaults; an option that is given counts more."""
    from dataclasses import replace

    from tafadi.formats.terms import Terms, read_terms
    from tafadi.measure.units import parse_quantity

    chosen = read_terms(read_file(file)) if file else Terms()
    times_s = {name: round(parse_quantity(text, "time")) for name, text in options.items() if text}
    return replace(chosen, timing=replace(chosen.timing, **times_s))


def _landmark(text: str) -> "Landmark":
    from tafadi.measure.earth import Position
    from tafadi.model.agreement import Landmark

    name, equals, place = text.partition("=")
    lat, comma, lon = place.partition(",")
    try:
        if not (equals and comma):
            raise ValueError
        return Landmark(name.strip(), Position(float(lat), float(lon)).quantised())
    except ValueError:
        raise InputError(f"{text!r} is not a landmark like lighthouse=34.5,40.9 (latitude, longitude)") from None


@app.command()
@door
def show(file: Annotated[Path, typer.Argument(help="An agreement document.")], as_json: AsJson = False) -> None:
    """Show an agreement document: parties with the words of their root keys, minima, landmarks, all terms, digest."""
    from tafadi.desk.pact import pact_of
    from tafadi.formats.agreement import digest_of
    from tafadi.formats.terms import Terms, write_terms
    from tafadi.measure.units import feet, nautical_miles
    from tafadi.trust.keys import key_words

    document = read_file(file)
    pact = pact_of(document)
    if as_json:
        print_json({"id": pact.id, "digest": digest_of(document), "document": json.loads(document)})
        return
    agreement = pact.agreement
    minima = agreement.minima_tracks
    say_line(f"{pact.id}  effective {agreement.effective}  modes {', '.join(agreement.modes)}")
    say_line(f"sha256 {digest_of(document)}")
    say_line(f"minima between tracks: {nautical_miles(minima.horizontal_m):g} NM / {feet(minima.vertical_m):g} ft")
    announced = agreement.minima_announced
    told = (
        f"{nautical_miles(announced.horizontal_m):g} NM / {feet(announced.vertical_m):g} ft"
        if announced
        else "none: volumes that touch do not overlap"
    )
    say_line(f"minima between announced: {told}")
    for party, opened in pact.cards.items():
        say_line(f"{party}: {key_words(opened.root)}")
    for mark in agreement.landmarks:
        say_line(f"landmark {mark.name}: {mark.position}")
    for pin in agreement.pins:
        say_line(f"succeeds {agreement.succeeds}: {pin.party}/{pin.epoch} ended at {pin.size} entries, root {pin.root}")
    for line in write_terms(Terms.of(agreement)).splitlines():
        if line and not line.startswith("#"):
            say_line(line)
    for line in agreement.text.splitlines():
        say_line(f"  {line}")


@app.command()
@door
def sign(
    path: NodeDir,
    file: Annotated[Path, typer.Argument(help="The agreement document.")],
    words: Annotated[list[str], typer.Option("--words", help='PARTY="24 words" as that party read them out; one for each other party.')],
    as_json: AsJson = False,
) -> None:
    """Sign an agreement in the name of the node's party, after the other parties' words were compared."""
    from tafadi.desk.pact import pact_of
    from tafadi.store.folder import Folder

    document = read_file(file)
    pact = pact_of(document)
    _check_words(pact, Folder.open(path).settings.party, words)
    told = call(path, "agree.sign", document=base64.b64encode(document).decode("ascii"))
    if as_json:
        print_json(told)
    else:
        say_line(f"signed {told['agreement']}; {'in force' if told['in_force'] else 'waiting for the other parties to sign'}")
        if pact.agreement.succeeds and "pins" not in told:
            say_line(f"Nothing of {pact.agreement.succeeds} is held here: the ends that it pins were not compared.")


def _check_words(pact: "Pact", party: str, given: list[str]) -> None:
    """Every other party's root key is the one whose words were read out. Raises InputError."""
    from tafadi.trust.keys import key_from_words

    read_out = dict(item.split("=", 1) for item in given if "=" in item)
    for other in pact.others(party):
        if other not in read_out:
            raise InputError(f'give the words that {other} read out: --words {other}="…"')
        if key_from_words(read_out[other]) != pact.cards[other].root:
            raise InputError(f"the words read out by {other} are not those of the root key on its card; do not sign")


@app.command("take-card")
@door
def take_card(
    path: NodeDir,
    file: Annotated[Path, typer.Argument(help="Another party's new card.")],
    agreement: AgreementName = "",
    as_json: AsJson = False,
) -> None:
    """Go by another party's new card, brought as a file. Its root key must be the one that the agreement names."""
    told = call(path, "card.take", card=base64.b64encode(read_file(file)).decode("ascii"), agreement=agreement)
    if as_json:
        print_json(told)
    elif told["taken"]:
        say_line(f"{told['party']} goes on in epoch {told['epoch']} under {', '.join(told['taken'])}")
    else:
        say_line(f"the card of {told['party']} for epoch {told['epoch']} was known already")


app.command()(succeed)
app.command()(pins)
app.command("share-history")(share_history)
app.command()(history)
app.command()(suspend)
app.command()(resume)
app.command()(end)
app.command()(standing)
