"""Rotations on the host: quaternions x y z w, angles of ISO 8855 (yaw left, pitch down and roll right positive) [rad]."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt


def quaternion(yaw: float, pitch: float = 0.0, roll: float = 0.0) -> tuple[float, float, float, float]:
    """The rotation yaw about z, then pitch about y, then roll about x."""
    cy, sy = math.cos(yaw / 2), math.sin(yaw / 2)
    cp, sp = math.cos(pitch / 2), math.sin(pitch / 2)
    cr, sr = math.cos(roll / 2), math.sin(roll / 2)
    return (
        cy * cp * sr - sy * sp * cr,
        cy * sp * cr + sy * cp * sr,
        sy * cp * cr - cy * sp * sr,
        cy * cp * cr + sy * sp * sr,
    )


def multiply(a: npt.ArrayLike, b: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The rotation ``b``, then ``a``, as a quaternion."""
    (ax, ay, az, aw), (bx, by, bz, bw) = np.asarray(a, float), np.asarray(b, float)
    return np.array(
        [
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
            aw * bw - ax * bx - ay * by - az * bz,
        ]
    )


def matrices(q: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Rotation matrices of unit quaternions, (..., 4) -> (..., 3, 3)."""
    x, y, z, w = np.moveaxis(np.asarray(q, float), -1, 0)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows), (0, 1), (-2, -1))


def yaw_of(q: npt.ArrayLike) -> float:
    """Heading of an orientation; inside kernels: `sim.behavior.measures.yaw_of`."""
    x, y, z, w = (float(v) for v in np.asarray(q))
    return math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))


def inverse(q: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The rotations back, of unit quaternions (..., 4)."""
    return np.asarray(q, float) * (-1.0, -1.0, -1.0, 1.0)


def rotate(q: npt.ArrayLike, v: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Vectors (..., 3) turned by a quaternion, or each by its own (..., 4)."""
    q, v = np.asarray(q, float), np.asarray(v, float)
    if q.ndim == v.ndim == 1:
        # Plain numbers: NumPy takes ten times as long for a single vector.
        return np.array(_turn(*q.tolist(), *v.tolist()))
    return np.stack(_turn(*np.moveaxis(q, -1, 0), *np.moveaxis(v, -1, 0)), axis=-1)


def _turn(x: Any, y: Any, z: Any, w: Any, a: Any, b: Any, c: Any) -> tuple[Any, Any, Any]:
    """Parts of v + w t + q x t with t = 2 q x v, of a vector's or of many vectors' parts a, b, c."""
    i, j, k = 2.0 * (y * c - z * b), 2.0 * (z * a - x * c), 2.0 * (x * b - y * a)
    return a + w * i + (y * k - z * j), b + w * j + (z * i - x * k), c + w * k + (x * j - y * i)
