"""Philox: published known answers, host equals device, streams apart."""

from __future__ import annotations

import numpy as np
import pytest
import warp as wp

from sim.random import Stream, Words, draw_words, fold32, philox, philox_array, purpose_key, to_normal

wp.set_module_options({"enable_backward": False})

KNOWN = [  # Random123 1.14, kat_vectors, philox4x32 10
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


def test_known_answers() -> None:
    for counter, key, words in KNOWN:
        assert philox(counter, key) == words
        assert tuple(int(w) for w in philox_array(counter, key)) == words


def test_vectorised_equals_plain() -> None:
    rng = np.random.default_rng(0)
    counter, key = rng.integers(0, 2**32, (100, 4)), rng.integers(0, 2**32, (100, 2))
    plain = [philox(tuple(map(int, c)), tuple(map(int, k))) for c, k in zip(counter, key, strict=True)]
    np.testing.assert_array_equal(philox_array(counter, key), np.array(plain, np.uint32))


@wp.kernel
def _draw(seed: wp.uint32, key: wp.uint32, episode: int, purpose: wp.uint32, out: wp.array2d[wp.uint32]):
    i = wp.tid()
    w = Words()
    w = draw_words(seed, key, episode, 0, purpose, i)
    out[i, 0] = w.a
    out[i, 1] = w.b
    out[i, 2] = w.c
    out[i, 3] = w.d


def test_device_draws_the_hosts_bits() -> None:
    out = wp.zeros((50, 4), dtype=wp.uint32, device="cpu")
    wp.launch(_draw, dim=50, inputs=[7, 99, 3, purpose_key("rain")], outputs=[out], device="cpu")
    stream = Stream(7, 99, 3)
    assert out.numpy().tolist() == [list(stream.words("rain", i)) for i in range(50)]


def test_streams_are_apart_and_uniform() -> None:
    stream = Stream(1, 2, 3)
    assert stream.uniform("a") != stream.uniform("b") != Stream(1, 2, 4).uniform("b") != Stream(1, 3, 4).uniform("b")
    draws = np.array([stream.uniform("u", i) for i in range(20_000)])
    assert abs(draws.mean() - 0.5) < 0.01 and abs(draws.var() - 1 / 12) < 0.002
    normals = np.array([stream.normal("n", i) for i in range(20_000)])
    assert abs(normals.mean()) < 0.03 and abs(normals.std() - 1) < 0.02


@wp.kernel
def _draw_normals(seed: wp.uint32, purpose: wp.uint32, out: wp.array[wp.vec2]):
    i = wp.tid()
    w = draw_words(seed, wp.uint32(0), 0, 0, purpose, i)
    out[i] = to_normal(w.a, w.b)


def test_device_normals() -> None:
    out = wp.zeros(20_000, dtype=wp.vec2, device="cpu")
    wp.launch(_draw_normals, dim=len(out), inputs=[5, purpose_key("n")], outputs=[out], device="cpu")
    z = out.numpy()
    assert np.isfinite(z).all()
    assert np.abs(z.mean(0)).max() < 0.03 and np.abs(z.std(0) - 1).max() < 0.02
    assert abs(np.mean(z[:, 0] * z[:, 1])) < 0.03


def test_large_seeds_fold_and_small_ones_stay() -> None:
    assert fold32(12345) == 12345
    assert fold32(2**40 + 1) != fold32(1)
    assert Stream(2**40 + 1, 0).uniform("a") != Stream(1, 0).uniform("a")
    with pytest.raises(ValueError, match="negative"):
        fold32(-1)
