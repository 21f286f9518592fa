"""Philox against the published known answers, host against kernel, and the independence of draws."""

from __future__ import annotations

import numpy as np
import pytest
import warp as wp

from sim.random import Stream, _philox_words, fold32, philox, philox4x32, purpose_key, random_normal, random_uniform

KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]
"""philox4x32 10 rounds, from kat_vectors of Random123."""


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN)
def test_known_answers_on_the_host(counter: tuple, key: tuple, expected: tuple) -> None:
    assert tuple(int(w) for w in philox(counter, key)) == expected
    assert _philox_words(*counter, *key) == expected


@wp.kernel(enable_backward=False)
def _draw(counter: wp.array2d[wp.uint32], key: wp.array2d[wp.uint32], out: wp.array2d[wp.uint32]):
    i = wp.tid()
    w = philox4x32(counter[i, 0], counter[i, 1], counter[i, 2], counter[i, 3], key[i, 0], key[i, 1])
    for k in range(4):
        out[i, k] = w[k]


@wp.kernel(enable_backward=False)
def _draw_numbers(seed: wp.uint32, key: wp.uint32, purpose: wp.uint32, uniform: wp.array[float], normal: wp.array[wp.vec2]):
    i = wp.tid()
    uniform[i] = random_uniform(seed, key, 3, i, purpose, 1)
    normal[i] = random_normal(seed, key, 3, i, purpose, 1)


def test_kernel_gives_the_hosts_bits() -> None:
    rng = np.random.default_rng(0)
    counter = rng.integers(0, 2**32, (500, 4), np.uint32)
    key = rng.integers(0, 2**32, (500, 2), np.uint32)
    counter[:3], key[:3] = [k[0] for k in KNOWN], [k[1] for k in KNOWN]
    out = wp.zeros((500, 4), dtype=wp.uint32, device="cpu")
    args = [wp.array(counter, dtype=wp.uint32, device="cpu"), wp.array(key, dtype=wp.uint32, device="cpu"), out]
    wp.launch(_draw, 500, inputs=args, device="cpu")
    np.testing.assert_array_equal(out.numpy(), philox(counter, key))
    assert tuple(int(w) for w in out.numpy()[2]) == KNOWN[2][2]


def test_stream_and_kernel_draw_the_same_words() -> None:
    n = 4000
    uniform, normal = wp.zeros(n, dtype=float, device="cpu"), wp.zeros(n, dtype=wp.vec2, device="cpu")
    key = purpose_key("noise")
    inputs = [wp.uint32(7), wp.uint32(11), wp.uint32(key), uniform, normal]
    wp.launch(_draw_numbers, n, inputs=inputs, device="cpu")
    stream = Stream(7, 11, 3)
    host = [np.float32(stream.words("noise", 1, tick)[0] >> 8) * np.float32(2.0**-24) for tick in range(n)]
    np.testing.assert_array_equal(uniform.numpy(), np.array(host, np.float32))
    z = normal.numpy()
    assert abs(z.mean()) < 0.05 and abs(z.std() - 1.0) < 0.03
    assert abs(np.mean(z[:, 0] * z[:, 1])) < 0.05


def test_every_part_of_the_key_matters() -> None:
    base = Stream(1, 2, 3).uniform("a")
    others = [
        Stream(2, 2, 3).uniform("a"), Stream(1, 3, 3).uniform("a"), Stream(1, 2, 4).uniform("a"), Stream(1, 2, 3).uniform("b"),
        Stream(1, 2, 3).uniform("a", index=1),
    ]  # fmt: skip
    assert len({base, *others}) == 6
    assert Stream(1, 2, 3).uniform("a") == base


def test_moments_of_stream() -> None:
    u = [Stream(0, k).uniform("u", -1.0, 3.0) for k in range(4000)]
    assert -1.0 <= min(u) and max(u) < 3.0
    assert abs(np.mean(u) - 1.0) < 0.08 and abs(np.std(u) - 4 / np.sqrt(12)) < 0.05
    z = [Stream(0, k).normal("z", 5.0, 2.0) for k in range(4000)]
    assert abs(np.mean(z) - 5.0) < 0.15 and abs(np.std(z) - 2.0) < 0.1
    counts = np.bincount([Stream(0, k).integer("i", 5) for k in range(4000)], minlength=5)
    assert len(counts) == 5 and counts.min() > 650


def test_large_seeds_fold_without_losing_small_ones() -> None:
    assert fold32(12345) == 12345
    assert fold32(2**40 + 1) != fold32(1)
    with pytest.raises(ValueError, match="negative"):
        fold32(-1)
