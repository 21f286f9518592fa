"""Random numbers of sensors on the device: Philox4x32-10 as in `sim.random`, addressed by seed, world, episode, tick, purpose and beam."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.render.poses import Poses
from sim.types import Scene

wp.set_module_options({"enable_backward": False})

_LOW = wp.constant(wp.uint64(0xFFFFFFFF))
_M0, _M1 = wp.constant(wp.uint64(0xD2511F53)), wp.constant(wp.uint64(0xCD9E8D57))
_W0, _W1 = wp.constant(wp.uint32(0x9E3779B9)), wp.constant(wp.uint32(0xBB67AE85))
_UNIT = wp.constant(1.0 / 16777216.0)


@wp.struct
class Key:
    """What the draws of one sensor in one world at one moment depend on."""

    seed: wp.uint32
    world: wp.uint32
    purpose: wp.uint32
    """`sim.random.purpose_key` of the sensor."""
    moment: wp.uint32
    """Tick and episode."""


@wp.func(inline=True)
def key_of(scene: Scene, poses: Poses, world: int, purpose: wp.uint32) -> Key:
    """The key of a world's draws at its present tick."""
    out = Key()
    out.seed = scene.seed[world]
    out.world = scene.world_key[world]
    out.purpose = purpose
    # Episodes of up to 11 minutes do not meet the next one's.
    out.moment = wp.uint32(poses.tick[world]) ^ (wp.uint32(scene.episode[world]) << wp.uint32(16))
    return out


@wp.func
def philox(key: Key, index: int, draw: int) -> wp.vec4:
    """Four independent numbers, uniform in 0 <= u < 1 with 24 bits: the ``draw``-th of beam ``index``."""
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
    """Four independent standard normal numbers from four uniform ones (Box and Muller 1958)."""
    a = wp.sqrt(-2.0 * wp.log(1.0 - u[0]))
    b = wp.sqrt(-2.0 * wp.log(1.0 - u[2]))
    p = 6.2831853 * u[1]
    q = 6.2831853 * u[3]
    return wp.vec4(a * wp.cos(p), a * wp.sin(p), b * wp.cos(q), b * wp.sin(q))
