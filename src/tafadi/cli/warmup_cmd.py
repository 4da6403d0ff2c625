"""`tafadi warmup`: compile what is compiled, once, so that no alert ever waits for a compiler."""

import time

import typer

from tafadi.cli.exits import door


@door
def warmup() -> None:
    """Compile and load the engine's kernels; needed once after each installation or upgrade."""
    began = time.monotonic()
    from tafadi.engine.warm import warm_up

    warm_up()
    typer.echo(f"the engine is ready ({time.monotonic() - began:.1f} s)")
