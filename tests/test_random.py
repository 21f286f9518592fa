"""Philox: published known answers, streams apart."""

from __future__ import annotations

import numpy as np
import pytest

from sim.random import Stream, fold32, philox

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


def test_streams_are_apart_and_uniform() -> None:
    stream = Stream(1, 2, 3)
    assert stream.uniform("a") != stream.uniform("b") != Stream(1, 2, 4).uniform("b") != Stream(1, 3, 4).uniform("b")
    draws = np.array([stream.uniform("u", i) for i in range(20_000)])
    assert abs(draws.mean() - 0.5) < 0.01 and abs(draws.var() - 1 / 12) < 0.002
    normals = np.array([stream.normal("n", i) for i in range(20_000)])
    assert abs(normals.mean()) < 0.03 and abs(normals.std() - 1) < 0.02


def test_large_seeds_fold_and_small_ones_stay() -> None:
    assert fold32(12345) == 12345
    assert fold32(2**40 + 1) != fold32(1)
    assert Stream(2**40 + 1, 0).uniform("a") != Stream(1, 0).uniform("a")
    with pytest.raises(ValueError, match="negative"):
        fold32(-1)
