"""Counter-based random numbers: Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3").

A draw is addressed by (seed, world key) as the cipher's key and (purpose, episode, 0, index) as its counter, so draws do not depend
on each other or on their order.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from statistics import NormalDist

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
