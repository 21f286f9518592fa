"""Random numbers on the device: Philox4x32-10 as in `sim.random`, addressed by seed, world, purpose, moment and index; sampling noise."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

wp.set_module_options({"enable_backward": False, "max_unroll": 1})

_LOW = wp.constant(wp.uint64(0xFFFFFFFF))
_M0, _M1 = wp.constant(wp.uint64(0xD2511F53)), wp.constant(wp.uint64(0xCD9E8D57))
_W0, _W1 = wp.constant(wp.uint32(0x9E3779B9)), wp.constant(wp.uint32(0xBB67AE85))
_UNIT = wp.constant(1.0 / 16777216.0)


@wp.struct
class Key:
    """What a row of draws depends on."""

    seed: wp.uint32
    world: wp.uint32
    """The world's own key."""
    purpose: wp.uint32
    """`sim.random.purpose_key`."""
    moment: wp.uint32
    """Tick and episode."""


@wp.func
def philox(key: Key, index: int, draw: int) -> wp.vec4:
    """Four independent numbers, uniform in 0 <= u < 1 with 24 bits: the ``draw``-th of ``index``."""
    c0 = key.purpose
    c1 = key.moment
    c2 = wp.uint32(draw)
    c3 = wp.uint32(index)
    k0 = key.seed
    k1 = key.world
    for _ in range(10):
        p0 = _M0 * wp.uint64(c0)
        p1 = _M1 * wp.uint64(c2)
        n0 = wp.uint32(p1 >> wp.uint64(32)) ^ c1 ^ k0
        n2 = wp.uint32(p0 >> wp.uint64(32)) ^ c3 ^ k1
        c1 = wp.uint32(p1 & _LOW)
        c3 = wp.uint32(p0 & _LOW)
        c0 = n0
        c2 = n2
        k0 = k0 + _W0
        k1 = k1 + _W1
    s = wp.uint32(8)
    return wp.vec4(float(c0 >> s), float(c1 >> s), float(c2 >> s), float(c3 >> s)) * _UNIT


@wp.func
def normals(u: wp.vec4) -> wp.vec4:
    """Four independent standard normal numbers of four uniform ones (Box and Muller 1958)."""
    a = wp.sqrt(-2.0 * wp.log(1.0 - u[0]))
    b = wp.sqrt(-2.0 * wp.log(1.0 - u[2]))
    p = 6.2831853 * u[1]
    q = 6.2831853 * u[3]
    return wp.vec4(a * wp.cos(p), a * wp.sin(p), b * wp.cos(q), b * wp.sin(q))


@wp.func
def poisson(mean: float, u: float, normal: float) -> float:
    """A Poisson number of a uniform one by inversion, of a normal one where the mean is large."""
    if mean > 40.0:
        return wp.max(wp.round(mean + wp.sqrt(mean) * normal), 0.0)
    p = wp.exp(-mean)
    total = p
    k = float(0.0)
    while u > total and k < 120.0:
        k += 1.0
        p = p * mean / k
        total += p
    return k


@wp.func
def fraction(x: float) -> float:
    """Of a number: what is left over its floor."""
    return x - wp.floor(x)


@wp.func
def reshuffled(draw: wp.vec4, round: int) -> wp.vec4:
    """Four numbers in 0..1 that do not depend on ``draw`` as far as one can tell: for what follows a bounce."""
    state = wp.rand_init(int(draw[3] * 8388608.0) + 8388608 * round, int(draw[2] * 8388608.0))
    return wp.vec4(wp.randf(state), wp.randf(state), wp.randf(state), wp.randf(state))
