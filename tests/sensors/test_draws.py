"""The device's random numbers against the host's, whose known answers `tests/test_random.py` checks."""

from __future__ import annotations

import numpy as np
import warp as wp

from sim.random import philox as host_philox
from sim.render.draws import Key, normals, philox


@wp.kernel
def _draw(key: Key, first: int, out: wp.array2d[wp.vec4]):
    i = wp.tid()
    out[i, 0] = philox(key, first + i, i % 7)
    out[i, 1] = normals(out[i, 0])


def draw(key, count, first=0):
    device_key = Key()
    device_key.seed, device_key.world, device_key.purpose, device_key.moment = (wp.uint32(k) for k in key)
    out = wp.zeros((count, 2), dtype=wp.vec4, device="cpu")
    wp.launch(_draw, count, [device_key, first], [out], device="cpu")
    return out.numpy()


def test_philox_is_the_host_s():
    key = (0xFFFFFFFF, 7, 0x9ABCDEF0, 0x80000001)
    found = draw(key, 200, -3)[:, 0]
    seed, world, purpose, moment = key
    for i in range(200):
        words = host_philox((purpose, moment, i % 7, (i - 3) & 0xFFFFFFFF), (seed, world))
        assert found[i].tolist() == [(w >> 8) / (1 << 24) for w in words]


def test_normals_are_normal():
    from scipy.stats import kstest

    n = draw((1, 2, 3, 4), 20_000)[:, 1]
    assert kstest(n.ravel(), "norm").pvalue > 0.01
    np.testing.assert_allclose(np.corrcoef(n.T), np.eye(4), atol=0.03)
