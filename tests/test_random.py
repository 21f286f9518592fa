"""Philox: published known answers, host equals device, streams apart."""

from __future__ import annotations

import numpy as np
import warp as wp

from sim.random import Stream, Words, draw_words, philox, purpose_key

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
