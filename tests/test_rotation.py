"""Rotations on the host against a quarter turn known by hand and against each other."""

from __future__ import annotations

import numpy as np

from sim.rotation import matrices, multiply, quaternion, rotate


def test_matrices_turn_as_quaternions_do():
    rng = np.random.default_rng(3)
    q = np.array([[quaternion(*rng.uniform(-3, 3, 3)) for _ in range(4)] for _ in range(2)])
    v = rng.normal(size=3)
    found = matrices(q)
    assert found.shape == (2, 4, 3, 3)
    assert np.allclose(found @ v, [[rotate(one, v) for one in row] for row in q], atol=1e-14)
    assert np.allclose(matrices(multiply(q[0, 0], q[1, 1])), found[0, 0] @ found[1, 1], atol=1e-14)
    assert np.allclose(matrices(quaternion(np.pi / 2)), [[0, -1, 0], [1, 0, 0], [0, 0, 1]], atol=1e-15)
