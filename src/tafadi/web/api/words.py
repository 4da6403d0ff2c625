"""Words: whoever signs an agreement says what the other parties read out, here as on the command line.

It is the only moment at which anybody could slip in between two parties; no program signs without somebody who has listened.
"""

import base64
from collections.abc import Mapping

from tafadi.desk.pact import pact_of
from tafadi.errors import InputError
from tafadi.trust.keys import key_from_words


def check_words(document: str, party: str, read_out: Mapping[str, str]) -> None:
    """Nothing, if every other party's root key in the document (base64) is the one whose words were read out. Raises InputError."""
    try:
        data = base64.b64decode(document, validate=True)
    except ValueError:  # binascii.Error, or letters that are not ASCII
        raise InputError("the document did not arrive as base64") from None
    pact = pact_of(data)
    for other in pact.others(party):
        if other not in read_out:
            raise InputError(f"give the words that {other} read out, as a member of `words`")
        if key_from_words(read_out[other]) != pact.cards[other].root:
            raise InputError(f"the words read out by {other} are not those of the root key on its card; do not sign")
