"""`tafadi warmup`: compile what is compiled, once, so that no alert ever waits for a compiler."""

import time

from tafadi.cli.calls import AsJson, print_json
from tafadi.cli.compiling import SENTENCE, telling_when_compiling
from tafadi.cli.exits import door, say_line


@door
def warmup(as_json: AsJson = False) -> None:
    """Compile and load the engine's kernels; needed once after each installation or upgrade."""
    began = time.monotonic()
    from tafadi.engine.warm import warm_up

    with telling_when_compiling(SENTENCE):
        warm_up()
    seconds = time.monotonic() - began
    if as_json:
        print_json({"ready": True, "seconds": round(seconds, 3)})
    else:
        say_line(f"the engine is ready ({seconds:.1f} s)")
