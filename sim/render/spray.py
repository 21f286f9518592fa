"""Spray: the water that tyres throw up hangs behind vehicles as clouds, thicker the faster they go and the more water lies there.

How much hangs in the air follows from what the tyres drive over; see `spray_extinction`.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.assets.spec import Category
from sim.render.materials import value_noise
from sim.render.poses import Poses
from sim.types import Scene

wp.set_module_options({"enable_backward": False, "max_unroll": 1})

PLUMES = 24
"""Most clouds of spray in a world at a time; nearer ones come first."""
RADII = wp.constant(wp.vec3(30.0, 80.0, 160.0))
"""Distances from the ego within which they are gathered, nearest ring first [m]."""
ONSET, FULL = 8.0, 32.0
"""Speeds between which tyres turn more and more of the water into spray [m/s]."""
SHARE, TYRE, MIST = 0.15, 0.2, 1.2e-4
"""Share of the water that hangs in the air at `FULL`; width of a tyre; radius of the droplets [m]."""


@wp.struct
class Spray:
    """Clouds of water behind vehicles: Gaussians that lie along their wakes."""

    count: wp.array[wp.int32]
    """(nworld,)."""
    pos: wp.array2d[wp.vec3]
    """Middle [m], (nworld, PLUMES), as the others."""
    rot: wp.array2d[wp.quat]
    """The vehicle's orientation."""
    size: wp.array2d[wp.vec3]
    """Standard deviations along the vehicle's axes [m]."""
    dense: wp.array2d[float]
    """Extinction in the middle [1/m]."""
    moved: wp.array2d[float]
    """How far the vehicle has come [m]: the water stays behind."""
    lit: wp.array2d[wp.vec3]
    """Irradiance of all lamps (`sim.render.air`)."""


def make_spray(nworld: int, device: wp.DeviceLike) -> Spray:
    """No clouds."""
    out, shape = Spray(), (nworld, PLUMES)
    out.count = wp.zeros(nworld, dtype=wp.int32, device=device)
    out.pos, out.size, out.lit = (wp.zeros(shape, dtype=wp.vec3, device=device) for _ in range(3))
    out.rot = wp.zeros(shape, dtype=wp.quat, device=device)
    out.dense, out.moved = (wp.zeros(shape, dtype=float, device=device) for _ in range(2))
    return out


@wp.func
def spray_extinction(water: float, speed: float, wheels: float, section: float) -> float:
    """Extinction in the middle of a wake [1/m].

    The ``wheels`` tyres meet water of depth ``water`` [m] on every metre of road; the share of it that hangs in the air has the liquid
    water content w over the wake's Gaussian ``section`` (product of its standard deviations [m^2]), and droplets of radius r take
    1.5 w / (rho r) of the light per metre (geometric optics: van de Hulst 1957, extinction efficiency 2).
    """
    share = SHARE * wp.smoothstep(ONSET, FULL, speed)
    return 1.5 * water * TYRE * wheels * share / (MIST * 6.2831853 * section)


@wp.func(inline=True)
def add_plumes(scene: Scene, poses: Poses, world: int, actor: int, speed: float, out: Spray):
    """Append an actor's two clouds: dense behind its wheels, then wide and thin in its wake."""
    size = scene.size[world, actor]
    middle = scene.box_center[world, actor]
    wheels = 2.0 * (1.0 + wp.round(0.25 * size[0]))
    for k in range(2):
        n = out.count[world]
        if n < PLUMES:
            far = float(k)
            spread = wp.vec3(1.1 + 2.6 * far, size[1] * (0.34 + 0.16 * far), 0.3 + 0.1 * size[2] + 0.3 * far)
            at = wp.vec3(middle[0] - 0.5 * size[0] - 0.4 - 4.2 * far, 0.0, 0.8 * spread[2])
            out.pos[world, n] = poses.pos[world, actor] + wp.quat_rotate(poses.rot[world, actor], at)
            out.rot[world, n] = poses.rot[world, actor]
            out.size[world, n] = spread
            out.dense[world, n] = spray_extinction(scene.weather.water[world], speed, wheels, spread[1] * spread[2])
            out.moved[world, n] = poses.traveled[world, actor]
            out.count[world] = n + 1


@wp.kernel
def _gather_spray(scene: Scene, poses: Poses, out: Spray):
    """Reads weather, actors, poses. Writes the clouds of water behind the vehicles near the ego."""
    world = wp.tid()
    out.count[world] = 0
    if scene.weather.water[world] <= 0.0:
        return
    eye = poses.pos[world, 0]
    inner = float(-1.0)
    for ring in range(wp.static(len(RADII))):
        outer = RADII[ring]
        for actor in range(poses.pos.shape[1]):
            category = scene.category[world, actor]
            speed = poses.speed[world, actor]
            if speed > ONSET and category > 0 and category <= wp.static(int(Category.MOTORBIKE)):
                distance = wp.length(poses.pos[world, actor] - eye)
                if distance > inner and distance <= outer and (poses.visible[world, actor] & 1) != 0:
                    add_plumes(scene, poses, world, actor, speed, out)
        inner = outer


def gather_spray(scene: Scene, poses: Poses, spray: Spray) -> None:
    """List the clouds of spray near the ego, in every world."""
    wp.launch(
        _gather_spray, dim=spray.count.shape[0], inputs=[scene, poses], outputs=[spray], device=spray.count.device
    )


@wp.func(inline=True)
def spray_depth(spray: Spray, world: int, k: int, eye: wp.vec3, d: wp.vec3, reach: float) -> float:
    """Optical depth of cloud ``k`` along a ray of length ``reach``: a Gaussian's integral in closed form, broken up by noise."""
    size = spray.size[world, k]
    o = wp.quat_rotate_inv(spray.rot[world, k], eye - spray.pos[world, k])
    v = wp.quat_rotate_inv(spray.rot[world, k], d)
    p = wp.cw_div(o, size)
    q = wp.cw_div(v, size)
    a = wp.dot(q, q)
    b = wp.dot(p, q)
    miss = wp.dot(p, p) - b * b / a
    if miss > 12.0:
        return 0.0
    s = wp.sqrt(0.5 / a)
    inside = wp.erf((a * reach + b) * s) - wp.erf(b * s)
    if inside <= 1.0e-4:
        return 0.0
    at = o + v * wp.clamp(-b / a, 0.0, reach)
    at = wp.vec3(at[0] + spray.moved[world, k], at[1], at[2])
    noise = 0.65 * value_noise(at * 1.3) + 0.35 * value_noise(at * 3.9)
    wisps = wp.smoothstep(0.15, 0.8, noise) * 1.9 + 0.1
    return spray.dense[world, k] * wisps * wp.exp(-0.5 * miss) * 1.2533141 * wp.sqrt(1.0 / a) * inside
