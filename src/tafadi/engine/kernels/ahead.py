"""Reading ahead: the memory is told what is wanted soon, so that many waits are one.

Nothing is computed here, and no result depends on it. A look into a set that fills more than the caches waits a tenth of a microsecond for
each line, and what is to be read next is known only when the last has come; asked for side by side, they come side by side.
`docs/decisions/0023-vectors-in-the-compilers-own-terms.md` says why this is written in the compiler's own terms.
"""

from typing import Any, Final

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

_BYTE: Final = ir.IntType(8).as_pointer()
_CODE: Final = ir.IntType(32)
_READ: Final = 0
_KEEP: Final = 3  # in all caches
_DATA: Final = 1


def _fetch(context: Any, address: Any) -> Any:
    """Asks for the line of the cache at this address; nothing happens where there is none."""

    def written(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        """Nothing; it writes one instruction, which a processor that has none leaves out."""
        kind = ir.FunctionType(ir.VoidType(), [_BYTE, _CODE, _CODE, _CODE])
        function = builder.module.declare_intrinsic("llvm.prefetch.p0", (), kind)
        builder.call(function, [builder.inttoptr(arguments[0], _BYTE), *(ir.Constant(_CODE, code) for code in (_READ, _KEEP, _DATA))])
        return context.get_dummy_value()

    return types.void(types.intp), written


fetch: Final[Any] = intrinsic(_fetch)
