"""Sixteen states at once: which of them may meet one. Written in the compiler's own terms.

A loop over sixteen is turned by the compiler into two times eight, and the answers are then folded into bits one half after the other: 100
steps of the processor. Said outright that it is one vector of sixteen, it is 50, and the bits come out as they are. What is computed is the
same: docs/maths/tactical.md, "The filter".

Units : metres, seconds, metres per second; float32.
Twin  : tests/reference/filter.py, one pair after the other; tests/reference/tactical.py judges every pair.
Why so: docs/decisions/0023-vectors-in-the-compilers-own-terms.md; bench/filter.py measures it beside a loop.
"""

from typing import Any, Final, NamedTuple

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

from tafadi.engine.kernels.placing import AT_ONCE

_LANES: Final = ir.VectorType(ir.FloatType(), AT_ONCE)
_NUMBER: Final = ir.IntType(64)
_CONTRACT: Final = ("contract",)  # a product and a sum may be one step, which is only more exact; NaN stays what it is


class One(NamedTuple):
    """A state as the filter compares it with others: a column of Sorted.quick."""

    x: np.float32
    y: np.float32
    z: np.float32
    vx: np.float32
    vy: np.float32
    vz: np.float32
    height: np.float32
    climb: np.float32


class _Vectors:
    """Writes arithmetic on vectors of AT_ONCE numbers."""

    def __init__(self, builder: Any) -> None:
        self.builder = builder

    def all(self, number: Any) -> Any:
        """The number, AT_ONCE times."""
        some = self.builder.insert_element(ir.Constant(_LANES, ir.Undefined), number, ir.Constant(ir.IntType(32), 0))
        return self.builder.shuffle_vector(some, some, ir.Constant(ir.VectorType(ir.IntType(32), AT_ONCE), [0] * AT_ONCE))

    def read(self, address: Any) -> Any:
        """What lies there."""
        return self.builder.load(self.builder.inttoptr(address, _LANES.as_pointer()), align=4)

    def add(self, a: Any, b: Any) -> Any:
        """a + b."""
        return self.builder.fadd(a, b, flags=_CONTRACT)

    def less(self, a: Any, b: Any) -> Any:
        """a - b."""
        return self.builder.fsub(a, b, flags=_CONTRACT)

    def times(self, a: Any, b: Any) -> Any:
        """a times b."""
        return self.builder.fmul(a, b, flags=_CONTRACT)

    def dot(self, a: Any, b: Any) -> Any:
        """The sum of the products of three and three."""
        return self.add(self.add(self.times(a[0], b[0]), self.times(a[1], b[1])), self.times(a[2], b[2]))

    def least(self, a: Any, b: Any) -> Any:
        """The lesser of both; b where one is NaN."""
        return self.builder.select(self.builder.fcmp_ordered("<", a, b), a, b)

    def most(self, a: Any, b: Any) -> Any:
        """The greater of both; b where one is NaN."""
        return self.builder.select(self.builder.fcmp_ordered(">", a, b), a, b)

    def size(self, a: Any) -> Any:
        """Without its sign."""
        function = self.builder.module.declare_intrinsic(f"llvm.fabs.v{AT_ONCE}f32", (), ir.FunctionType(_LANES, [_LANES]))
        return self.builder.call(function, [a])

    def is_less(self, a: Any, b: Any) -> Any:
        """Whether a < b, or one of them is NaN."""
        return self.builder.fcmp_unordered("<", a, b)


def _may_meet(v: _Vectors, lanes: list[Any], one: list[Any], bounds: list[Any]) -> Any:
    """Bits of whether each of the lanes may come within reach of the one, and within the band of its height.

    The square of the distance at t is a + R² + 2 b t + c t². With tb = c t, c times its least excess over R² is a c + tb (2 b + tb).
    """
    reach2_m2, half_s, band_m, least_m2ps2 = bounds
    apart = [v.less(lane, own) for lane, own in zip(lanes, one, strict=True)]
    place, speed, height, climb = apart[:3], apart[3:6], apart[6], apart[7]
    a, b, c = v.less(v.dot(place, place), reach2_m2), v.dot(place, speed), v.add(v.dot(speed, speed), least_m2ps2)
    nothing, most = ir.Constant(_LANES, [0.0] * AT_ONCE), v.times(c, half_s)
    tb = v.least(v.most(v.less(nothing, b), v.less(nothing, most)), most)
    outside = v.add(v.times(a, c), v.times(tb, v.add(v.add(b, b), tb)))
    over = v.less(v.less(v.size(height), v.times(v.size(climb), half_s)), band_m)
    return v.builder.and_(v.is_less(outside, nothing), v.is_less(over, nothing))


def _sixteen(context: Any, quick: Any, stride: Any, lo: Any, one: Any, bounds: Any) -> Any:
    """Bits: which of the AT_ONCE states from lo on may meet the one; `bounds` are reach2 (m²), half (s), band (m) and least (m²/s²).

    `quick` is the address of Sorted.quick and `stride` the length of its rows; that lo + AT_ONCE is within is for the caller to see to.
    """

    def written(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        """The bits, as the compiler's value; it writes eight loads of sixteen, and what is computed of them."""
        address, length, begin, state, limits = arguments
        v = _Vectors(builder)
        four = ir.Constant(_NUMBER, 4)
        step, at = builder.mul(length, four), builder.add(address, builder.mul(begin, four))
        lanes = []
        for _ in range(8):
            lanes.append(v.read(at))
            at = builder.add(at, step)
        own = [v.all(builder.extract_value(state, n)) for n in range(8)]
        told = [v.all(builder.extract_value(limits, n)) for n in range(4)]
        bits = builder.bitcast(_may_meet(v, lanes, own, told), ir.IntType(AT_ONCE))
        return builder.zext(bits, ir.IntType(32))

    return types.uint32(types.uintp, types.intp, types.intp, one, bounds), written


def _lowest(context: Any, bits: Any) -> Any:
    """The number of the lowest bit that is set; one is."""

    def written(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        """The number, as the compiler's value; the 1 says that no bit at all need not be thought of."""
        return builder.zext(builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1)), _NUMBER)

    return types.intp(types.uint32), written


sixteen: Final[Any] = intrinsic(_sixteen)
lowest: Final[Any] = intrinsic(_lowest)
