"""Lamps that light a world at night: those of the map near the ego and those that actors have switched on."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.render.library import Geometry
from sim.render.mesh import Role
from sim.render.poses import Poses
from sim.render.scene_bvh import Instances
from sim.render.sky import Sky
from sim.types import Lamp, Scene

wp.set_module_options({"enable_backward": False})

CAPACITY = 48
"""Most lamps that light a world at a time; nearer ones come first."""
RADII = wp.constant(wp.vec3(35.0, 70.0, 140.0))
"""Distances from the ego within which lamps are gathered, nearest ring first [m]."""
CONE, LOW, HIGH = 0, 1, 2
"""How a lamp's light is spread: evenly in its cone, or as by a car's passing or driving beam."""
AIMED = 0.9
"""Cosine of the outer angle above which a head lamp is aimed; wider ones are the light that spills beside the beam."""
SMALLEST = 0.05
"""Distance below which a lamp's light grows no further [m]."""


@wp.struct
class Lights:
    """Lamps that are on, in the world frame."""

    count: wp.array[wp.int32]
    """By day of lamps in tunnels alone, (nworld,)."""
    in_tunnel: wp.array[wp.int32]
    """How many of them hang in a tunnel, (nworld,)."""
    pos: wp.array2d[wp.vec3]
    """[m], (nworld, CAPACITY)."""
    axis: wp.array2d[wp.vec3]
    """(nworld, CAPACITY)."""
    intensity: wp.array2d[wp.vec3]
    """Radiant intensity on the axis, (nworld, CAPACITY)."""
    cone: wp.array2d[wp.vec2]
    """Cosines of the inner and outer angle, (nworld, CAPACITY)."""
    beam: wp.array2d[wp.int32]
    """`CONE`, `LOW` or `HIGH`, (nworld, CAPACITY)."""


def make_lights(nworld: int, device: wp.DeviceLike) -> Lights:
    """No lamps."""
    out = Lights()
    out.count = wp.zeros(nworld, dtype=wp.int32, device=device)
    out.in_tunnel = wp.zeros(nworld, dtype=wp.int32, device=device)
    shape = (nworld, CAPACITY)
    for name in ("pos", "axis", "intensity"):
        setattr(out, name, wp.zeros(shape, dtype=wp.vec3, device=device))
    out.cone = wp.zeros(shape, dtype=wp.vec2, device=device)
    out.beam = wp.zeros(shape, dtype=wp.int32, device=device)
    return out


@wp.func
def is_on(role: int, lamps: int, tick: int) -> bool:
    """Whether an actor's lamp of the given role shines."""
    if role == wp.static(int(Role.HEAD_LAMP)):
        return (lamps & wp.static(int(Lamp.LOW_BEAM | Lamp.HIGH_BEAM))) != 0
    if role == wp.static(int(Role.BRAKE_LAMP)):
        return (lamps & wp.static(int(Lamp.BRAKE))) != 0
    if role == wp.static(int(Role.TAIL_LAMP)):
        return (lamps & wp.static(int(Lamp.LOW_BEAM | Lamp.BRAKE))) != 0
    if role == wp.static(int(Role.AMBER_BEACON)):
        return (lamps & wp.static(int(Lamp.BEACON))) != 0 and tick % 60 < 18
    if role == wp.static(int(Role.BEACON)):
        return (lamps & wp.static(int(Lamp.BEACON))) != 0 and tick % 24 < 10
    if role == wp.static(int(Role.REVERSE_LAMP)):
        return (lamps & wp.static(int(Lamp.REVERSE))) != 0
    return False


@wp.func(inline=True)
def add_light(out: Lights, geo: Geometry, world: int, k: int, pos: wp.vec3, linear: wp.mat33, lamps: int, share: float):
    """Append ``share`` of light ``k`` of the library, placed by its owner's frame; ``lamps``: the owner's bits of `Lamp`."""
    n = out.count[world]
    if n < CAPACITY:
        out.pos[world, n] = pos + linear * geo.light_pos[k]
        out.axis[world, n] = wp.normalize(linear * geo.light_axis[k])
        out.intensity[world, n] = geo.light_intensity[k] * share
        out.cone[world, n] = geo.light_cone[k]
        out.beam[world, n] = wp.static(CONE)
        if geo.light_role[k] == wp.static(int(Role.HEAD_LAMP)) and geo.light_cone[k][1] > wp.static(AIMED):
            out.beam[world, n] = wp.where(
                (lamps & wp.static(int(Lamp.HIGH_BEAM))) != 0, wp.static(HIGH), wp.static(LOW)
            )
            out.axis[world, n] = wp.normalize(linear * wp.vec3(1.0, 0.0, 0.0))
        out.count[world] = n + 1


@wp.kernel
def _gather_lights(geo: Geometry, scene: Scene, poses: Poses, inst: Instances, sky: Sky, out: Lights):
    """Reads the library's lights, actors' lamps and poses, the sky. Writes the world's list of lamps that are on."""
    world = wp.tid()
    out.count[world] = 0
    out.in_tunnel[world] = 0
    # By day only tunnels' lamps matter.
    dark = sky.night[world] >= 0.01
    eye = poses.pos[world, 0]
    inner = float(0.0)
    for ring in range(wp.static(len(RADII))):
        outer = RADII[ring]
        for actor in range(wp.where(dark, poses.pos.shape[1], 0)):
            slot = inst.first_actor + actor * inst.part_capacity
            asset = scene.asset[world, actor]
            distance = wp.length(poses.pos[world, actor] - eye)
            if asset >= 0 and inst.mesh[world, slot] >= 0 and distance >= inner and distance < outer:
                for k in range(geo.model_light[asset], geo.model_light[asset + 1]):
                    lamps = poses.lamps[world, actor]
                    if is_on(geo.light_role[k], lamps, poses.tick[world]):
                        add_light(
                            out, geo, world, k, inst.pos[world, slot], inst.linear[world, slot], lamps, sky.night[world]
                        )
        m = scene.map_index[world]
        for k in range(geo.map_light[m], geo.map_light[m + 1]):
            distance = wp.length(geo.light_pos[k] - eye)
            in_tunnel = geo.light_role[k] == wp.static(int(Role.TUNNEL_LAMP))
            if (dark or in_tunnel) and distance >= inner and distance < outer:
                out.in_tunnel[world] += wp.where(in_tunnel, 1, 0)
                share = wp.where(in_tunnel, 1.0, sky.night[world])
                add_light(out, geo, world, k, wp.vec3(0.0, 0.0, 0.0), wp.identity(n=3, dtype=float), 0, share)
        inner = outer


def gather_lights(
    geometry: Geometry, scene: Scene, poses: Poses, instances: Instances, sky: Sky, lights: Lights
) -> None:
    """List the lamps that are on near the ego, in every world."""
    inputs = [geometry, scene, poses, instances, sky]
    wp.launch(_gather_lights, dim=lights.count.shape[0], inputs=inputs, outputs=[lights], device=lights.count.device)


@wp.func
def luminance(c: wp.vec3) -> float:
    """Rec. 709."""
    return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2]


@wp.func
def beam_pattern(axis: wp.vec3, d: wp.vec3, high: int) -> float:
    """Intensity of a head lamp in direction ``d`` over the one that its asset states.

    The passing beam ends 1 % below the horizon, to the right of the axis along a line that rises by 15 degrees, with a little light above
    for signs; its brightest point lies just beneath. The driving beam adds a narrow lobe (UN Regulations 112 and 113, right-hand traffic;
    about 20,000 and 50,000 cd a lamp). Level to the side: a car that rolls does not turn it.
    """
    right = wp.normalize(wp.cross(axis, wp.vec3(0.0, 0.0, 1.0)))
    ahead = wp.max(wp.dot(d, axis), 1.0e-3)
    h = wp.dot(d, right) / ahead
    v = wp.dot(d, wp.cross(right, axis)) / ahead
    edge = -0.01 + 0.268 * wp.clamp(h, 0.0, 0.07)
    under = edge - v
    wide = 0.55 * wp.exp(-25.0 * h * h) + 0.33 * wp.exp(-5.0 * h * h) + 0.12 * wp.exp(-1.2 * h * h)
    drop = wp.max(under, 0.0)
    low = 5.0 * wide * wp.smoothstep(-0.004, 0.006, under) * (0.02 + 0.98 * wp.exp(-drop * drop * 220.0)) + 0.06 * wide
    if high == 1:
        low += 9.0 * wp.exp(-60.0 * h * h - 160.0 * v * v)
    return wp.where(wp.dot(d, axis) > 0.02, low, 0.0)


@wp.func(inline=True)
def lamp_flux(lights: Lights, world: int, k: int, p: wp.vec3) -> wp.vec3:
    """Irradiance of one lamp on a surface that faces it, without shadow."""
    to = lights.pos[world, k] - p
    r2 = wp.max(wp.dot(to, to), SMALLEST * SMALLEST)
    l = to / wp.sqrt(r2)
    spot = float(0.0)
    if lights.beam[world, k] == wp.static(CONE):
        cone = lights.cone[world, k]
        spot = wp.smoothstep(cone[1], cone[0], -wp.dot(l, lights.axis[world, k]))
    else:
        spot = beam_pattern(lights.axis[world, k], -l, wp.where(lights.beam[world, k] == wp.static(HIGH), 1, 0))
    return lights.intensity[world, k] * (spot / r2)


@wp.func(inline=True)
def lamp_light(lights: Lights, world: int, k: int, p: wp.vec3, n: wp.vec3) -> wp.vec3:
    """Irradiance of one lamp on a surface, without shadow."""
    nl = wp.dot(n, wp.normalize(lights.pos[world, k] - p))
    if nl <= 0.0:
        return wp.vec3(0.0, 0.0, 0.0)
    return lamp_flux(lights, world, k, p) * nl
