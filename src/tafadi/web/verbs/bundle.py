"""The verbs about bundles: what another party lacks as one file, and such a file taken in.

A bundle is longer than what a verb carries, so it lies in the node's own folder, under a name made of its content, while it is handed over:
whoever may use a verb can name no other file.
"""

import hashlib
import re
from dataclasses import asdict
from pathlib import Path
from typing import Final

from tafadi.desk.bundle import agreement_of, make_bundle, take_bundle
from tafadi.errors import InputError, MissingError
from tafadi.formats.wire import Json
from tafadi.node import Node
from tafadi.store.files import write_whole
from tafadi.trust.bundle import BUNDLE_MAX_BYTES, decode_carried

_NAME: Final = re.compile(r"bundle-[0-9a-f]{64}\.tar", re.ASCII)


def bundle_name(data: bytes) -> str:
    """Under which name a bundle lies in a node's folder.

    >>> bundle_name(b"")[:16]
    'bundle-e3b0c4429'
    """
    return f"bundle-{hashlib.sha256(data).hexdigest()}.tar"


def bundle_export(node: Node, party: str, since: int | None = None, agreement: str = "") -> dict[str, Json]:
    """Makes a bundle of what that party lacks, and lays it into the node's folder."""
    if since is not None and since < 0:
        raise InputError(f"no feed begins at entry {since}")
    made = make_bundle(node.desk(agreement), party, since)
    name = bundle_name(made.data)
    write_whole(node.folder.path / name, made.data, 0o600)
    left: dict[str, Json] = dict(made.left)
    return {"name": name, "bytes": len(made.data), "left": left}


def bundle_import(node: Node, name: str) -> dict[str, Json]:
    """Takes in the bundle of that name in the node's folder."""
    bundle = decode_carried(_read(node.folder.path, name))
    agreement = agreement_of(bundle)
    if agreement not in node.desks:
        raise MissingError(f"the bundle was made under {agreement[:80] or 'no agreement'}, which is not signed here")
    desk = node.desks[agreement]
    taken = asdict(take_bundle(desk, bundle, lambda card: node.take_card(desk, card)))
    return {**taken, "forked": list(taken["forked"]), "agreement": agreement}


def _read(folder: Path, name: str) -> bytes:
    if not _NAME.fullmatch(name) or not (folder / name).is_file():
        raise InputError(f"{name[:100]!r} is no bundle that lies in the node's folder")
    with (folder / name).open("rb") as file:
        return file.read(BUNDLE_MAX_BYTES + 1)
