"""`tafadi operator`: who may use a node's API, in which role."""

import os
from dataclasses import asdict
from typing import Annotated

import typer

from tafadi.cli.calls import AsJson, NodeDir, print_json
from tafadi.cli.exits import door, say_line

app = typer.Typer(no_args_is_help=True, help="Say who may use a node's API, and in which role.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The operator's name: a-z, 0-9 and -. A desk or a program, not a person.")]


@app.command()
@door
def add(
    path: NodeDir,
    name: Name,
    role: Annotated[str, typer.Option("--role", help="watch-officer, supervisor or planner speak; analyst and auditor read.")],
    as_json: AsJson = False,
) -> None:
    """Make an operator, and print its token: once, for only a digest of it is kept. A running node knows it at once."""
    from tafadi.node import SystemClock
    from tafadi.store.folder import Folder
    from tafadi.store.operators import TOKEN_BYTES, add_operator

    folder = Folder.open(path)
    token = add_operator(folder.path, name, role, os.urandom(TOKEN_BYTES), SystemClock().now())
    if as_json:
        print_json({"name": name, "role": role, "token": token})
        return
    say_line(f"{name} is {role}. Its token, which nobody can show again:")
    say_line(token)


@app.command("list")
@door
def list_(path: NodeDir, as_json: AsJson = False) -> None:
    """List the operators, their roles, and since when there are they. Nobody can list their tokens."""
    from tafadi.store.folder import Folder
    from tafadi.store.operators import operators

    known = operators(Folder.open(path).path).values()
    if as_json:
        shown = [asdict(operator) for operator in known]
        print_json([{name: value for name, value in operator.items() if name != "token"} for operator in shown])
        return
    for operator in known:
        say_line(f"{operator.name}  {operator.role}  since {operator.since}")


@app.command()
@door
def remove(path: NodeDir, name: Name, as_json: AsJson = False) -> None:
    """Remove an operator: its token is worth nothing from its next request on."""
    from tafadi.store.folder import Folder
    from tafadi.store.operators import remove_operator

    removed = remove_operator(Folder.open(path).path, name)
    if as_json:
        print_json({"name": removed.name, "role": removed.role})
        return
    say_line(f"{removed.name}, {removed.role}, is an operator no longer")
