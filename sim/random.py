"""Counter-based random numbers: Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3").

Equal keys give equal bits on the host and in kernels. A draw is addressed by (seed, world key) as the cipher's key and
(purpose, episode, tick, index) as its counter, so draws do not depend on each other or on their order.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import warp as wp

wp.set_module_options({"enable_backward": False})

_M0, _M1 = 0xD2511F53, 0xCD9E8D57
_W0, _W1 = 0x9E3779B9, 0xBB67AE85
_MASK = 0xFFFFFFFF


def philox(counter: tuple[int, int, int, int], key: tuple[int, int]) -> tuple[int, int, int, int]:
    """Four 32-bit words of a 128-bit counter under a 64-bit key, ten rounds."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        p0, p1 = _M0 * c0, _M1 * c2
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 & _MASK, (p0 >> 32) ^ c3 ^ k1, p0 & _MASK
        k0, k1 = (k0 + _W0) & _MASK, (k1 + _W1) & _MASK
    return c0, c1, c2, c3


def philox_array(counter: Any, key: Any) -> np.ndarray:
    """`philox`, vectorised.

    Args:
        counter: Four words each, (..., 4).
        key: Two words each, (..., 2); broadcasts against ``counter``.

    Returns:
        Random words, uint32 (..., 4).
    """
    counter, key = np.asarray(counter, np.uint64), np.asarray(key, np.uint64)
    mask, shift = np.uint64(_MASK), np.uint64(32)
    c0, c1, c2, c3 = (counter[..., i] & mask for i in range(4))
    k0, k1 = key[..., 0] & mask, key[..., 1] & mask
    for _ in range(10):
        p0, p1 = np.uint64(_M0) * c0, np.uint64(_M1) * c2
        c0, c1, c2, c3 = (p1 >> shift) ^ c1 ^ k0, p1 & mask, (p0 >> shift) ^ c3 ^ k1, p0 & mask
        k0, k1 = (k0 + np.uint64(_W0)) & mask, (k1 + np.uint64(_W1)) & mask
    return np.stack(np.broadcast_arrays(c0, c1, c2, c3), axis=-1).astype(np.uint32)


def fold32(value: int) -> int:
    """A seed or key of any size in 32 bits; numbers below 2^32 stay as they are.

    Raises:
        ValueError: if it is negative.
    """
    value = int(value)
    if value < 0:
        raise ValueError(f"a seed or key must not be negative: {value}")
    out = 0
    while value:
        out = (out * 0x01000193 & _MASK) ^ (value & _MASK)
        value >>= 32
    return out


def purpose_key(purpose: str) -> int:
    """32 bits of a purpose's name (BLAKE2b), the same in every run."""
    return int.from_bytes(hashlib.blake2b(purpose.encode(), digest_size=4).digest(), "little")


@dataclass(frozen=True)
class Stream:
    """All draws of one world's episode on the host; each purpose is a stream of its own."""

    seed: int
    key: int
    episode: int = 0
    map_variants: int = 8
    """Different maps that the worlds of one scenario share (`sim.config.SimConfig.map_variants`)."""

    def words(self, purpose: str, index: int = 0) -> tuple[int, int, int, int]:
        """Four random words of the ``index``-th draw for ``purpose``."""
        counter = (purpose_key(purpose), self.episode & _MASK, 0, index & _MASK)
        return philox(counter, (fold32(self.seed), fold32(self.key)))

    def uniform(self, purpose: str, index: int = 0) -> float:
        """Uniform in [0, 1), 53 bits."""
        a, b, _, _ = self.words(purpose, index)
        return ((a >> 5) * 67108864 + (b >> 6)) / 9007199254740992

    def normal(self, purpose: str, index: int = 0) -> float:
        """Standard normal, by inversion."""
        u = self.uniform(purpose, index)
        return NormalDist().inv_cdf(min(max(u, 2.0**-53), 1.0 - 2.0**-53))

    def integer(self, purpose: str, n: int, index: int = 0) -> int:
        """Uniform in 0 .. n-1."""
        return min(math.floor(self.uniform(purpose, index) * n), n - 1)


@wp.func
def _mul_high(a: wp.uint32, b: wp.uint32) -> wp.uint32:
    return wp.uint32((wp.uint64(a) * wp.uint64(b)) >> wp.uint64(32))


@wp.struct
class Words:
    """Four random 32-bit words."""

    a: wp.uint32
    b: wp.uint32
    c: wp.uint32
    d: wp.uint32


@wp.func
def philox_words(c0: wp.uint32, c1: wp.uint32, c2: wp.uint32, c3: wp.uint32, k0: wp.uint32, k1: wp.uint32) -> Words:
    """`philox` on the device, the same bits."""
    w = Words()
    w.a = c0
    w.b = c1
    w.c = c2
    w.d = c3
    x = wp.uint32(k0)
    y = wp.uint32(k1)
    for _i in range(10):
        h0 = _mul_high(wp.uint32(wp.static(_M0)), w.a)
        l0 = wp.uint32(wp.static(_M0)) * w.a
        h1 = _mul_high(wp.uint32(wp.static(_M1)), w.c)
        l1 = wp.uint32(wp.static(_M1)) * w.c
        w.a = h1 ^ w.b ^ x
        w.b = l1
        w.c = h0 ^ w.d ^ y
        w.d = l0
        x = x + wp.uint32(wp.static(_W0))
        y = y + wp.uint32(wp.static(_W1))
    return w


@wp.func
def draw_words(
    seed: wp.uint32, key: wp.uint32, episode: wp.int32, tick: wp.int32, purpose: wp.uint32, index: wp.int32
) -> Words:
    """Random words of a world: ``purpose`` from `purpose_key`; with tick 0 the host's `Stream.words`."""
    return philox_words(purpose, wp.uint32(episode), wp.uint32(tick), wp.uint32(index), seed, key)


@wp.func
def to_uniform(word: wp.uint32) -> float:
    """Uniform in [0, 1), 24 bits."""
    return float(word >> wp.uint32(8)) * 5.9604644775390625e-8


@wp.func
def to_normal(a: wp.uint32, b: wp.uint32) -> wp.vec2:
    """Two independent standard normals of two words (Box and Muller 1958)."""
    r = wp.sqrt(-2.0 * wp.log(to_uniform(a) + 5.9604644775390625e-8))
    angle = 2.0 * wp.pi * to_uniform(b)
    return wp.vec2(r * wp.cos(angle), r * wp.sin(angle))
