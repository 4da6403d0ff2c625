"""The slow twin of closest.py: walk through the window in small steps and look."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def walked(row: tuple[float, ...], times: Floats) -> tuple[Floats, Floats]:
    """Horizontal and vertical distance at each of the times."""
    x, y, z = (row[axis] + row[axis + 3] * times for axis in range(3))
    return np.hypot(x, y), np.abs(z)


def entry(row: tuple[float, ...], radius: float, half_height: float, times: Floats) -> float | None:
    """The first of the times at which the pair is inside; None when it never is."""
    horizontal, vertical = walked(row, times)
    inside = (horizontal < radius) & (vertical < half_height)
    return float(times[inside.argmax()]) if inside.any() else None


def least_norm(row: tuple[float, ...], radius: float, half_height: float, times: Floats) -> float:
    """The smallest cylinder norm at any of the times."""
    horizontal, vertical = walked(row, times)
    return float(np.maximum(horizontal / radius, vertical / half_height).min())
