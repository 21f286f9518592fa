"""Magic Formula tyres with combined slip, as resistances against slip so that the chassis can be integrated implicitly.

A tyre's force is written K times slip velocity, with K > 0 depending on slip (a secant, not a slope). With K held over a sub-step, the
backward Euler step of chassis and wheels is one linear system: stable at any stiffness, still at standstill, and it always takes energy
out.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.types import VehicleParams

wp.set_module_options({"enable_backward": False})

CREEP_SPEED = 0.01
"""Below this reference speed slip counts as if at it [m/s]: what is left of creeping on a slope is well under 0.1 mm/s."""


@wp.struct
class TyreForce:
    """How a tyre resists slip."""

    kx: float
    """Force over slip velocity, lengthwise [N s/m]."""
    ky: float
    """The same crosswise."""
    use: float
    """Slip over the slip at the peak: above 1 the tyre slides."""


@wp.func
def magic(x: float, c: float, e: float) -> float:
    """sin(C atan(x - E (x - atan x))) (Pacejka 2012, eq. 4.6, over D; x is B times slip)."""
    return wp.sin(c * wp.atan(x - e * (x - wp.atan(x))))


@wp.func
def tyre_force(
    params: VehicleParams, world: int, a: int, load: float, friction: float, vx: float, vy: float, rolling: float
) -> TyreForce:
    """Resistances of a tyre under ``load`` [N] whose contact patch moves with (vx, vy) [m/s] in the wheel's frame.

    Combined slip by normalised slips (Bakker, Pacejka and Lidner 1989, SAE 890087): both slips are divided by those at the peaks of the
    pure curves, the curves are entered with their resultant, and the force is shared out in its direction. ``rolling``: wheel spin times
    radius [m/s].
    """
    out = TyreForce()
    if load <= 0.0 or friction <= 0.0:
        return out
    lengthwise = params.tyre_long[world, a]
    crosswise = params.tyre_lat[world, a]
    corner = params.tyre_corner[world, a]
    peak = params.tyre_peak[world, a]
    more = wp.clamp(load / corner[2] - 1.0, -1.0, 2.0)
    mu = friction * peak[3]
    dx = mu * load * wp.max(1.0 + lengthwise[3] * more, 0.3)
    dy = mu * load * crosswise[2] * wp.max(1.0 + crosswise[3] * more, 0.3)
    bx = lengthwise[2] * load / (lengthwise[0] * dx)
    z = load / (corner[1] * corner[2])  # sin(2 atan z) = 2 z / (1 + z^2)
    by = corner[0] * corner[2] * 2.0 * z / (1.0 + z * z) / (crosswise[0] * dy)
    ref = wp.max(wp.max(wp.sqrt(vx * vx + vy * vy), wp.abs(rolling)), wp.static(CREEP_SPEED))
    ux = bx * (rolling - vx) / ref / peak[0]
    uy = by * vy / ref / peak[1]
    u = wp.max(wp.sqrt(ux * ux + uy * uy), 1.0e-4)
    fx = magic(u * peak[0], lengthwise[0], lengthwise[1])
    fy = magic(u * peak[1], crosswise[0], crosswise[1])
    if u > 1.0:
        fx = wp.max(fx, peak[2])
        fy = wp.max(fy, peak[2])
    out.kx = dx * fx / (u * peak[0]) * bx / ref
    out.ky = dy * fy / (u * peak[1]) * by / ref
    out.use = u
    return out
