"""The lines: whether the node runs and how it is, and whether each other party's node answers under the certificate that its card has."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx

from tafadi.cli.doctor.finding import Finding, fault, unknown, well
from tafadi.errors import TafadiError
from tafadi.net.tls import client_context
from tafadi.store.folder import Folder
from tafadi.store.identity import open_pact
from tafadi.web.health import REQUIRED

ANSWERS_S: Final = 5.0  # a healthy line answers in milliseconds, one over a satellite in a second


def is_running(folder: Folder) -> bool:
    """Whether a node runs in the folder: something answers behind its control socket."""
    return _asked(folder) is not None


def running(folder: Folder) -> Iterator[Finding]:
    """How the running node says that it is."""
    told = _asked(folder)
    if told is None:
        yield well("node", "it does not run")
        return
    wrong = {name: trouble for name, trouble in told["checks"].items() if trouble}
    if not told["ready"]:
        yield fault("node", f"it runs, and is not ready: {'; '.join(wrong[name] for name in REQUIRED if name in wrong)}")
        return
    yield well("node", "it runs, and is ready")
    if wrong.get("lines"):
        yield fault("lines", wrong["lines"])


def _asked(folder: Folder) -> "dict[str, dict[str, str]] | None":
    from tafadi.cli.calls import ask

    try:
        return ask(folder.path / "control.sock", "ready", {})
    except ConnectionError:
        return None


def peers(folder: Folder) -> Iterator[Finding]:
    """Whether each party of each agreement can be reached."""
    addresses = folder.settings.peers or {}
    asked: set[str] = set()
    for pact in (open_pact(folder, document) for document in folder.agreements().values()):
        for party in pact.others(folder.settings.party):
            if party not in addresses:
                yield fault(f"peer {party}", f"it is not known where its node listens; `tafadi node peer` says it ({pact.id})")
            elif party not in asked:
                asked.add(party)
                yield _reached(folder.tls(), party, addresses[party], pact.cards[party].tls_certificate)


def _reached(keys: Path, party: str, url: str, certificate: bytes) -> Finding:
    check = f"peer {party}"
    try:
        with httpx.Client(verify=client_context(keys, certificate), base_url=url, timeout=ANSWERS_S, trust_env=False) as client:
            answer = client.get("/hello")
    except TafadiError as error:
        return fault(check, str(error))
    except (httpx.HTTPError, OSError) as error:
        return fault(check, f"{url} does not answer ({type(error).__name__})")
    if answer.status_code == httpx.codes.OK:
        return well(check, f"{url} answers in {answer.elapsed.total_seconds() * 1000:.0f} ms")
    return unknown(check, f"{url} answers {answer.status_code}: it does not know this node under that agreement, or is of another version")
