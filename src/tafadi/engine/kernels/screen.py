"""A ball against sixteen others at once: which of them may be within reach of the minima. Written in the compiler's own terms.

Balls in rows are compared with three others in the mean. A loop that the compiler turns into vectors never gets to use them on three: it
goes through them one by one, after it has found out whether its eight arrays overlap. Said outright that it is one vector of sixteen, it
is one step, and the answers come out as bits: docs/maths/detect.md, "What it costs".

Two balls are kept unless one of these is known: they are further apart than both radii and the larger of both horizontal minima; their
bands of heights are apart by the larger of both vertical minima. NaN fails every comparison, and so is kept.

Units : metres in float32; heights in whole 0.1 mm.
Twin  : all pairs, in the tests.
"""

from typing import Any, Final, NamedTuple

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

from tafadi.engine.layout import Float32s, Int32s, leaf, part

AT_ONCE: Final = 16  # balls
COLUMNS: Final = 8  # x, y, z, radius, horizontal minimum in float32; low, high, vertical minimum as whole numbers
ALL: Final = (1 << AT_ONCE) - 1

_METRES: Final = ir.VectorType(ir.FloatType(), AT_ONCE)
_STEPS: Final = ir.VectorType(ir.IntType(32), AT_ONCE)
_NUMBER: Final = ir.IntType(64)
_CONTRACT: Final = ("contract",)  # a product and a sum may be one step, which is only more exact; NaN stays what it is


class Ordered(NamedTuple):
    """What is looked at of the balls of one slab first, in the order of their cells; there is room for AT_ONCE more than are read."""

    metres: Float32s  # [COLUMNS, room] x, y, z, radius, minimum; then the bits of `steps`
    steps: Int32s  # [COLUMNS, room] the same memory; low, high, apart in rows 5, 6, 7
    ball: Int32s  # [room] the number of each
    address: int  # of `metres`
    stride: int  # balls in a row of it


@part
def room_for(count: int) -> Ordered:
    """Room for so many balls in order."""
    metres = np.zeros((COLUMNS, count + AT_ONCE), np.float32)
    return Ordered(metres, metres.view(np.int32), np.empty(count, np.int32), metres.ctypes.data, count + AT_ONCE)


class _Lanes:
    """Reads columns of balls: AT_ONCE from one on, or the one, AT_ONCE times."""

    def __init__(self, builder: Any, address: Any, stride: Any) -> None:
        self.builder, self.address = builder, address
        self.step = builder.mul(stride, ir.Constant(_NUMBER, 4))

    def at(self, column: int, ball: Any) -> Any:
        """The address of a ball's number in a column."""
        row = self.builder.add(self.address, self.builder.mul(self.step, ir.Constant(_NUMBER, column)))
        return self.builder.add(row, self.builder.mul(ball, ir.Constant(_NUMBER, 4)))

    def many(self, column: int, ball: Any, kind: Any) -> Any:
        """A column of AT_ONCE balls."""
        return self.builder.load(self.builder.inttoptr(self.at(column, ball), kind.as_pointer()), align=4)

    def one(self, column: int, ball: Any, kind: Any) -> Any:
        """A column of one ball, AT_ONCE times."""
        number = self.builder.load(self.builder.inttoptr(self.at(column, ball), kind.element.as_pointer()), align=4)
        some = self.builder.insert_element(ir.Constant(kind, ir.Undefined), number, ir.Constant(ir.IntType(32), 0))
        return self.builder.shuffle_vector(some, some, ir.Constant(_STEPS, [0] * AT_ONCE))


def _beside(builder: Any, lanes: list[Any], one: list[Any]) -> Any:
    """Bits of whether each of the lanes is surely too far from the one; both are x, y, z, radius, minimum."""
    apart = [builder.fsub(lane, own, flags=_CONTRACT) for lane, own in zip(lanes[:3], one[:3], strict=True)]
    squares = [builder.fmul(each, each, flags=_CONTRACT) for each in apart]
    square = builder.fadd(builder.fadd(squares[0], squares[1], flags=_CONTRACT), squares[2], flags=_CONTRACT)
    minimum = builder.select(builder.fcmp_ordered(">", lanes[4], one[4]), lanes[4], one[4])
    reach = builder.fadd(builder.fadd(lanes[3], one[3]), minimum)
    return builder.fcmp_ordered(">", square, builder.fmul(reach, reach))


def _above(builder: Any, lanes: list[Any], one: list[Any]) -> Any:
    """Bits of whether each of the lanes is surely high enough above the one, or below it; both are low, high, apart."""

    def most(a: Any, b: Any) -> Any:
        return builder.select(builder.icmp_signed(">", a, b), a, b)

    gap = most(builder.sub(lanes[0], one[1]), builder.sub(one[0], lanes[1]))
    return builder.icmp_signed(">=", gap, most(lanes[2], one[2]))


def _near(context: Any, address: Any, stride: Any, own: Any, first: Any) -> Any:
    """Bits: which of the AT_ONCE balls from `first` on may be within reach of ball `own`.

    `address` is that of Ordered.metres and `stride` the length of its rows; that there are so many is for the caller to see to.
    """

    def written(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        start, length, ball, other = arguments
        lanes = _Lanes(builder, start, length)
        kinds = [_METRES] * 5 + [_STEPS] * 3
        many = [lanes.many(column, other, kind) for column, kind in enumerate(kinds)]
        one = [lanes.one(column, ball, kind) for column, kind in enumerate(kinds)]
        apart = builder.or_(_beside(builder, many[:5], one[:5]), _above(builder, many[5:], one[5:]))
        return builder.zext(builder.bitcast(builder.not_(apart), ir.IntType(AT_ONCE)), _NUMBER)

    return types.int64(types.intp, types.intp, types.intp, types.intp), written


def _lowest(context: Any, bits: Any) -> Any:
    """The number of the lowest bit that is set; one is."""

    def written(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.intp(types.int64), written


near: Final[Any] = intrinsic(_near)
lowest: Final[Any] = intrinsic(_lowest)


@leaf
def meeting(balls: Ordered, k: int, start: int, end: int, hits: Int32s, count: int) -> int:
    """How many hits there are after ball k was compared with a stretch of others, for which there is room in `hits`."""
    for n in range(start, end, AT_ONCE):
        bits = near(balls.address, balls.stride, k, n) & (ALL if end - n >= AT_ONCE else (1 << (end - n)) - 1)
        while bits != 0:
            hits[count, 0], hits[count, 1] = k, n + lowest(bits)
            count += 1
            bits &= bits - 1
    return count
