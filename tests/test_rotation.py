"""Rotations on the host against a quarter turn known by hand and against each other."""

from __future__ import annotations

import numpy as np

from sim.rotation import inverse, matrices, multiply, quaternion, rotate


def test_matrices_turn_as_quaternions_do():
    rng = np.random.default_rng(3)
    q = np.array([[quaternion(*rng.uniform(-3, 3, 3)) for _ in range(4)] for _ in range(2)])
    v = rng.normal(size=3)
    found = matrices(q)
    assert found.shape == (2, 4, 3, 3)
    assert np.allclose(found @ v, [[rotate(one, v) for one in row] for row in q], atol=1e-14)
    assert np.allclose(matrices(multiply(q[0, 0], q[1, 1])), found[0, 0] @ found[1, 1], atol=1e-14)
    assert np.allclose(matrices(quaternion(np.pi / 2)), [[0, -1, 0], [1, 0, 0], [0, 0, 1]], atol=1e-15)


def test_each_vector_turns_by_its_own_quaternion_and_back():
    rng = np.random.default_rng(4)
    q = np.array([quaternion(*rng.uniform(-3, 3, 3)) for _ in range(5)])
    v = rng.normal(size=(5, 3))
    turned = rotate(q, v)
    assert (turned == [rotate(one, w) for one, w in zip(q, v, strict=True)]).all()
    assert (rotate(q, v[0]) == [rotate(one, v[0]) for one in q]).all() and (rotate(q[0], v)[0] == turned[0]).all()
    assert np.allclose(rotate(inverse(q), turned), v, atol=1e-14) and not np.allclose(turned, v)
