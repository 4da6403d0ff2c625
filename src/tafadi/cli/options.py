"""Options whose text needs no conversion are taken as they are, so that the first answer does not wait for what converts them.

Typer converts the text of every option by pydantic, also where it is to stay text or was not given; to load that takes a seventh of the
time in which `tafadi check` answers. Whatever is to become something else (a number, a path, a word of a list) is left to typer, as ever.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import typer.core
from typer._coercion import RuntimeParam, TypeDescriptor, build_runtime_param

if TYPE_CHECKING:
    from typer._click import Context
    from typer.core import _TyperParameter


@dataclass(frozen=True)
class _AsItIs(RuntimeParam):
    """How the value of one option is converted: not at all, or by typer."""

    descriptor: TypeDescriptor

    def _coerce_value(self, value: Any, param: "_TyperParameter", ctx: "Context") -> Any:
        if self.annotation == list[str] and isinstance(value, list | tuple) and all(type(one) is str for one in value):
            return list(value)
        if type(value) is self.annotation and not self.descriptor.is_ranged and self.parameter_info.parser is None:
            return value
        return build_runtime_param(self.descriptor).coerce(value, param, ctx)


def take_as_they_are() -> None:
    """From now on, no option of this process is converted that needs no conversion."""
    vars(typer.core)["build_runtime_param"] = _as_it_is


def _as_it_is(descriptor: TypeDescriptor) -> RuntimeParam:
    return _AsItIs(descriptor.parameter_info, descriptor.annotation, descriptor)
