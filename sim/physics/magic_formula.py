"""Magic Formula tyre with camber, shifts and combined slip (Pacejka 2012, Tyre and Vehicle Dynamics, eq. 4.E1 to 4.E67, as PAC2002).

The set of coefficients is the one that Althoff and Wursching 2020, CommonRoad: Vehicle models, table 7, print; load sensitivity and
relaxation come on top and are off where their coefficients are zero. Signs: ISO 8855 wheel axes (x ahead, y left), slip angle
positive where the wheel moves to its left, inclination positive where its top leans to the left.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.physics.four import above, add, div, least, most, mul, root, share, signed, size, sub  # noqa: F401 (operators of wp.vec4)
from sim.physics.options import VEHICLES
from sim.types import MagicTyre

wp.set_module_options(VEHICLES)


@wp.struct
class TyreGrip:
    """Forces of four tyres [N] and their secants against slip [N], in the wheels' axes."""

    fx: wp.vec4
    fy: wp.vec4
    kx: wp.vec4
    ky: wp.vec4


@wp.func(inline=True)
def arctan(x: wp.vec4) -> wp.vec4:
    """Arc tangent within 3e-7: the least-maximum odd polynomial of degree 13 on [0, 1], and reciprocals beyond."""
    a = size(x)
    z = least(a, 1.0) / most(a, 1.0)
    u = z * z
    p = 0.00681156 * u - 0.03360354
    p = p * u + 0.07962291
    p = p * u - 0.13233301
    p = p * u + 0.19807805
    p = p * u - 0.33317367
    p = (p * u + 0.99999611) * z
    return signed(above(a, 1.0, 0.5 * wp.pi - p, p), x)


@wp.func(inline=True)
def sine(x: wp.vec4) -> wp.vec4:
    """Sine within 6e-7 on [-pi, pi] and beyond to one and a half pi: the least-maximum odd polynomial of degree 7 on a quarter turn."""
    a = size(x)
    z = least(a, wp.pi - a)
    u = z * z
    p = 8.30632293e-3 - 1.83635913e-4 * u
    p = p * u - 0.166648281
    return signed((p * u + 0.999996615) * z, x)


@wp.func(inline=True)
def cosine(x: wp.vec4) -> wp.vec4:
    """Cosine within 6e-7 on [-pi, pi]."""
    z = 0.5 * wp.pi - size(x)
    u = z * z
    p = 8.30632293e-3 - 1.83635913e-4 * u
    p = p * u - 0.166648281
    return (p * u + 0.999996615) * z


@wp.func(inline=True)
def curve(x: wp.vec4, c: float, e: float) -> wp.vec4:
    """C atan(x - E (x - atan x)), the argument of every Magic Formula (eq. 4.6)."""
    return c * arctan(x - e * (x - arctan(x)))


@wp.func(inline=True)
def slip_weight(b: float, a: wp.vec4, other: wp.vec4, shift: float, c: float, e: float) -> wp.vec4:
    """What the ``other`` slip leaves of a force (4.E50 to 4.E65); ``a``: argument of B's arc tangent, cos(atan a) = 1 / sqrt(1 + a^2)."""
    slope = b / root(1.0 + a * a)
    left = cosine(curve(slope * (other + shift), c, e))
    if shift != 0.0:
        left = left / cosine(curve(slope * shift, c, e))
    return left


@wp.func(inline=True)
def secant_of(force: wp.vec4, slip: wp.vec4, slope: wp.vec4) -> wp.vec4:
    """A curve's secant from 0 to ``slip``; ``slope``: the one that it has there."""
    far = size(slip)
    return above(far, 1.0e-3, size(force) / most(far, 1.0e-3), slope)


@wp.func(inline=True)
def tyre_grip(
    tyre: MagicTyre, slip: wp.vec4, angle: wp.vec4, lean: wp.vec4, load: wp.vec4, friction: wp.vec4
) -> TyreGrip:
    """Forces at combined slip.

    Args:
        tyre: Coefficients.
        slip: Lengthwise, positive when driven.
        angle: Of slip [rad].
        lean: Inclination [rad].
        load: [N].
        friction: The road's, relative to the one where the coefficients were measured.
    """
    out = TyreGrip()
    # A tyre off the ground, or on none, has no forces.
    bears = above(least(load, friction), 0.0, load, 0.0)
    relative = load * (1.0 / tyre.load)
    more = most(least(relative - 1.0, 2.0), -1.0)
    tilt = size(lean)
    side = signed(above(tilt, 0.0, wp.vec4(1.0, 1.0, 1.0, 1.0), 0.0), lean)
    # Pure slip lengthwise (4.E9 to 4.E18); the vertical shift turns the sine's argument, as in CommonRoad, where Pacejka adds it.
    kappa = slip + tyre.hx1
    mux = most(friction * tyre.dx1 * (1.0 + tyre.dx2 * more) * (1.0 - tyre.dx3 * lean * lean), 0.01)
    bx = (tyre.kx1 / tyre.cx1) / mux
    fx = mux * sine(curve(bx * kappa, tyre.cx1, tyre.ex1) + load * tyre.vx1)
    # Pure slip crosswise (4.E19 to 4.E30).
    alpha = angle + side * (tyre.hy1 + tyre.hy3 * tilt)
    muy = most(friction * tyre.dy1 * (1.0 + tyre.dy2 * more) * (1.0 - tyre.dy3 * lean * lean), 0.01)
    z = relative * tyre.ky2  # sin(2 atan z) = 2 z / (1 + z^2), over the load
    stiff = tyre.ky1 / (1.0 + z * z)
    by = stiff / (tyre.cy1 * muy)
    fy = muy * sine(curve(by * alpha, tyre.cy1, tyre.ey1))
    # The curve hardly falls past its peak, while what slides sideways has less friction.
    fy = fy * (1.0 - tyre.fade * share(2.0 * size(alpha) - 0.6))
    gx = slip_weight(tyre.rbx1, tyre.rbx2 * slip, angle, tyre.rhx1, tyre.rcx1, tyre.rex1)
    gy = slip_weight(tyre.rby1, tyre.rby2 * (angle - tyre.rby3), slip, tyre.rhy1, tyre.rcy1, tyre.rey1)
    shift = wp.vec4()
    push = wp.vec4()
    if tyre.vy1 != 0.0 or tyre.vy3 != 0.0:
        shift = side * friction * (tyre.vy1 + tyre.vy3 * tilt)
    if tyre.rvy5 != 0.0:
        a = tyre.rvy4 * angle
        turn = tyre.rvy5 * arctan(tyre.rvy6 * slip)
        push = muy * (tyre.rvy1 + tyre.rvy3 * lean) / root(1.0 + a * a) * sine(turn)
    out.fx = gx * fx * bears
    out.fy = (gy * (fy + shift) + push) * bears
    # Secants of the pure curves: never negative, equal to the slope at rest.
    out.kx = size(gx) * bears * secant_of(fx, kappa, wp.vec4(1.0, 1.0, 1.0, 1.0) * tyre.kx1)
    out.ky = size(gy) * bears * secant_of(fy, alpha, size(stiff))
    return out
