"""`tafadi site`: announce sites, verify them as a second person, withdraw and list them."""

from typing import Annotated

import typer

from tafadi.cli.calls import AgreementName, AsJson, ModeName, NodeDir, Role, call, print_json
from tafadi.cli.exits import door, say_line
from tafadi.cli.line_cmd import say_entry
from tafadi.measure.units import parse_quantity
from tafadi.model.site import SiteCategory

app = typer.Typer(no_args_is_help=True, help="Announce sites, verify them as a second person, withdraw and list them.")

SiteEntry = Annotated[str, typer.Argument(metavar="ENTRY", help="The site, like alpha/1/5.")]
Words = Annotated[str, typer.Option("--text", help="Free text for people; never authoritative.")]


@app.command()
@door
def send(
    path: NodeDir,
    category: Annotated[SiteCategory, typer.Option("--category", help="What kind of place it is.")],
    lat: Annotated[float, typer.Option("--lat", help="Where, degrees north.")],
    lon: Annotated[float, typer.Option("--lon", help="Where, degrees east.")],
    radius: Annotated[str, typer.Option("--radius", help='How far its ground reaches, like "150 [m]".')],
    title: Annotated[str, typer.Option("--title", help="Its name, for people.")] = "",
    agreement: AgreementName = "",
    role: Role = "watch-officer",
    mode: ModeName = "",
    as_json: AsJson = False,
) -> None:
    """Announce a site, UNVERIFIED until another officer of one's own has looked at it."""
    told = call(
        path, "site.send", category=category, lat_deg=lat, lon_deg=lon, radius_m=parse_quantity(radius, "length"), title=title,
        agreement=agreement, role=role, mode=mode,
    )  # fmt: skip
    say_entry(told, as_json, "site announced as")


@app.command()
@door
def verify(
    path: NodeDir, entry: SiteEntry, text: Words = "", agreement: AgreementName = "", role: Role = "supervisor", as_json: AsJson = False
) -> None:
    """Say that a second person, not the one who announced it, has looked at one's own site."""
    say_entry(call(path, "site.verify", entry=entry, text=text, agreement=agreement, role=role), as_json, "verified by")


@app.command()
@door
def stale(path: NodeDir, entry: SiteEntry, agreement: AgreementName = "", role: Role = "watch-officer", as_json: AsJson = False) -> None:
    """Say that a site was verified too long ago."""
    say_entry(call(path, "site.stale", entry=entry, agreement=agreement, role=role), as_json, "marked stale by")


@app.command()
@door
def withdraw(
    path: NodeDir, entry: SiteEntry, text: Words = "", agreement: AgreementName = "", role: Role = "watch-officer", as_json: AsJson = False
) -> None:
    """Take one's own site back."""
    say_entry(call(path, "site.withdraw", entry=entry, text=text, agreement=agreement, role=role), as_json, "withdrawn by")


@app.command("list")
@door
def list_sites(path: NodeDir, agreement: AgreementName = "", as_json: AsJson = False) -> None:
    """List all sites with their states, and those that are to be verified again."""
    told = call(path, "site.list", agreement=agreement)
    if as_json:
        print_json(told)
        return
    for site in told["sites"]:
        looked = f" verified {site['verified_at']} by {site['verified_by']['role']}" if site.get("verified_at") else ""
        due = " TO BE VERIFIED AGAIN" if site["id"] in told["due"] else ""
        say_line(f"[{site['mode']}] {site['id']} {site['sender']} {site['state']} {site['site']['category']}{looked}{due}")
