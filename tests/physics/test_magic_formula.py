"""The polynomials of the tyre formula against NumPy."""

# pyright: reportIndexIssue=false, reportArgumentType=false, reportOperatorIssue=false
from __future__ import annotations

import numpy as np
import warp as wp

from sim.physics.magic_formula import arctan, cosine, sine

wp.set_module_options({"enable_backward": False})


@wp.kernel
def _evaluate(x: wp.array[float], angle: wp.array[float], out: wp.array2d[float]):
    """Reads arguments. Writes arc tangent, sine and cosine."""
    i = wp.tid()
    slot = i & 3
    slip = wp.vec4()
    slip[slot] = x[i]
    turn = wp.vec4()
    turn[slot] = angle[i]
    out[0, i] = arctan(slip)[slot]
    out[1, i] = sine(turn)[slot]
    out[2, i] = cosine(turn)[slot]


def test_polynomials_are_the_functions():
    x = np.concatenate([np.linspace(-3, 3, 5001), np.geomspace(1, 1e6, 999), [0.0]]).astype(np.float32)
    angle = np.linspace(-np.pi, np.pi, len(x)).astype(np.float32)
    out = wp.zeros((3, len(x)), dtype=float, device="cpu")
    wp.launch(_evaluate, len(x), [wp.array(x, device="cpu"), wp.array(angle, device="cpu"), out], device="cpu")
    for mine, true, bound in zip(
        out.numpy(), (np.arctan(x), np.sin(angle), np.cos(angle)), (4e-7, 8e-7, 8e-7), strict=True
    ):
        assert np.abs(mine - true).max() < bound
