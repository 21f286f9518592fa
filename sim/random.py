"""Counter-based randomness: Philox4x32-10, the same bits on the host and in kernels.

Every draw is a pure function of (seed, world key, episode, tick, purpose, index): nothing is consumed, so adding a draw changes no
other, and a world draws the same alone, in any batch and after any resets of others.

Source: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11 (2011).
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportGeneralTypeIssues=false
from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import warp as wp

wp.set_module_options({"enable_backward": False})

ROUNDS = 10
M0, M1 = 0xD2511F53, 0xCD9E8D57
W0, W1 = 0x9E3779B9, 0xBB67AE85
"""Multipliers and Weyl increments of Philox4x32."""

_MASK = 0xFFFFFFFF


def fold32(value: int) -> int:
    """A non-negative integer of any size in 32 bits; numbers below 2^32 stay as they are."""
    out = 0
    value = int(value)
    if value < 0:
        raise ValueError(f"a seed or key must not be negative: {value}")
    while value:
        out = (out * 0x01000193 & _MASK) ^ (value & _MASK)
        value >>= 32
    return out


def purpose_key(name: str) -> int:
    """32-bit key of a draw's purpose, from its name."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=4).digest(), "little")


# --- host ---------------------------------------------------------------------------------------------------------------


def philox(counter: Any, key: Any) -> np.ndarray:
    """Philox4x32-10, vectorised.

    Args:
        counter: Four 32-bit words, (..., 4).
        key: Two 32-bit words, (..., 2); broadcasts against ``counter``.

    Returns:
        Four random words, uint32 (..., 4).
    """
    counter = np.asarray(counter, np.uint64)
    key = np.asarray(key, np.uint64)
    mask, shift = np.uint64(_MASK), np.uint64(32)
    c0, c1, c2, c3 = (counter[..., i] & mask for i in range(4))
    k0, k1 = key[..., 0] & mask, key[..., 1] & mask
    for _ in range(ROUNDS):
        p0, p1 = np.uint64(M0) * c0, np.uint64(M1) * c2
        c0, c1, c2, c3 = (p1 >> shift) ^ c1 ^ k0, p1 & mask, (p0 >> shift) ^ c3 ^ k1, p0 & mask
        k0, k1 = (k0 + np.uint64(W0)) & mask, (k1 + np.uint64(W1)) & mask
    return np.stack(np.broadcast_arrays(c0, c1, c2, c3), axis=-1).astype(np.uint32)


def _philox_words(c0: int, c1: int, c2: int, c3: int, k0: int, k1: int) -> tuple[int, int, int, int]:
    """One block in plain integers: 20 times faster than NumPy on single draws."""
    for _ in range(ROUNDS):
        p0, p1 = M0 * c0, M1 * c2
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 & _MASK, (p0 >> 32) ^ c3 ^ k1, p0 & _MASK
        k0, k1 = (k0 + W0) & _MASK, (k1 + W1) & _MASK
    return c0, c1, c2, c3


@dataclass(frozen=True)
class Stream:
    """Random numbers of one world's episode, drawn by purpose.

    Args:
        seed: Seed of the run.
        key: The world's own key.
        episode: Counts the world's resets.
        map_variants: Number of different maps that the worlds of a scenario share.
    """

    seed: int
    key: int
    episode: int = 0
    map_variants: int = 8

    def words(self, purpose: str, index: int = 0, tick: int = 0) -> tuple[int, int, int, int]:
        """Four 32-bit words."""
        return _philox_words(
            fold32(self.episode), fold32(tick), purpose_key(purpose), fold32(index), fold32(self.seed), fold32(self.key)
        )

    def uniform(self, purpose: str, low: float = 0.0, high: float = 1.0, index: int = 0) -> float:
        """Uniform in [low, high), 53 bits."""
        a, b, _, _ = self.words(purpose, index)
        u = ((a >> 5) * 67108864 + (b >> 6)) / 9007199254740992.0
        return low + (high - low) * u

    def normal(self, purpose: str, mean: float = 0.0, std: float = 1.0, index: int = 0) -> float:
        """Normal, by Box and Muller."""
        a, b, c, d = self.words(purpose, index)
        u = ((a >> 5) * 67108864 + (b >> 6) + 1) / 9007199254740992.0
        v = ((c >> 5) * 67108864 + (d >> 6)) / 9007199254740992.0
        return mean + std * math.sqrt(-2.0 * math.log(u)) * math.cos(2.0 * math.pi * v)

    def integer(self, purpose: str, n: int, index: int = 0) -> int:
        """Uniform integer in 0..n-1."""
        return min(int(self.uniform(purpose, index=index) * n), n - 1)


# --- kernels --------------------------------------------------------------------------------------------------------------


@wp.func
def philox4x32(c0: wp.uint32, c1: wp.uint32, c2: wp.uint32, c3: wp.uint32, k0: wp.uint32, k1: wp.uint32) -> wp.vec4ui:
    """Philox4x32-10 of a counter and a key: four random words."""
    for _ in range(10):
        p0 = wp.uint64(wp.uint32(0xD2511F53)) * wp.uint64(c0)
        p1 = wp.uint64(wp.uint32(0xCD9E8D57)) * wp.uint64(c2)
        hi0 = wp.uint32(p0 >> wp.uint64(32))
        hi1 = wp.uint32(p1 >> wp.uint64(32))
        n0 = hi1 ^ c1 ^ k0
        n2 = hi0 ^ c3 ^ k1
        c1 = wp.uint32(p1 & wp.uint64(0xFFFFFFFF))
        c3 = wp.uint32(p0 & wp.uint64(0xFFFFFFFF))
        c0 = n0
        c2 = n2
        k0 = k0 + wp.uint32(0x9E3779B9)
        k1 = k1 + wp.uint32(0xBB67AE85)
    return wp.vec4ui(c0, c1, c2, c3)


@wp.func
def random_words(seed: wp.uint32, key: wp.uint32, episode: int, tick: int, purpose: wp.uint32, index: int) -> wp.vec4ui:
    """Four words of a draw, as `Stream.words` on the host; ``purpose`` from `purpose_key`."""
    return philox4x32(wp.uint32(episode), wp.uint32(tick), purpose, wp.uint32(index), seed, key)


@wp.func
def unit_float(word: wp.uint32) -> float:
    """A word as a number in [0, 1), 24 bits: exact in float32, so equal on every device."""
    return float(word >> wp.uint32(8)) * float(5.9604644775390625e-08)


@wp.func
def random_uniform(seed: wp.uint32, key: wp.uint32, episode: int, tick: int, purpose: wp.uint32, index: int) -> float:
    """Uniform in [0, 1)."""
    return unit_float(random_words(seed, key, episode, tick, purpose, index)[0])


@wp.func
def random_normal(seed: wp.uint32, key: wp.uint32, episode: int, tick: int, purpose: wp.uint32, index: int) -> wp.vec2:
    """Two independent standard normals, by Box and Muller."""
    w = random_words(seed, key, episode, tick, purpose, index)
    r = wp.sqrt(-2.0 * wp.log(unit_float(w[0]) + float(5.9604644775390625e-08)))
    a = 2.0 * wp.pi * unit_float(w[1])
    return wp.vec2(r * wp.cos(a), r * wp.sin(a))
