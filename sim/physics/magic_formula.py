"""Magic Formula tyre with camber, shifts and combined slip (Pacejka 2012, Tyre and Vehicle Dynamics, eq. 4.E1 to 4.E67, as PAC2002).

The set of coefficients is the one that Althoff and Wursching 2020, CommonRoad: Vehicle models, table 7, print; load sensitivity and
relaxation come on top and are off where their coefficients are zero. Signs: ISO 8855 wheel axes (x ahead, y left), slip angle
positive where the wheel moves to its left, inclination positive where its top leans to the left.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

wp.set_module_options({"enable_backward": False})


@wp.struct
class MagicTyre:
    """Coefficients in Pacejka's names, without their leading p; angles in radians."""

    cx1: float
    dx1: float
    dx2: float
    """Change of friction over relative change of load."""
    dx3: float
    ex1: float
    kx1: float
    hx1: float
    vx1: float
    rbx1: float
    rbx2: float
    rcx1: float
    rex1: float
    rhx1: float
    cy1: float
    dy1: float
    dy2: float
    """Change of friction over relative change of load."""
    dy3: float
    ey1: float
    ky1: float
    """Cornering stiffness over load, negative; with ``ky2`` its greatest value over nominal load."""
    ky2: float
    """Load over nominal load at which cornering stiffness peaks; 0: stiffness is proportional to load."""
    hy1: float
    hy3: float
    vy1: float
    vy3: float
    rby1: float
    rby2: float
    rby3: float
    rcy1: float
    rey1: float
    rhy1: float
    rvy1: float
    rvy3: float
    rvy4: float
    rvy5: float
    rvy6: float
    load: float
    """Nominal load [N]."""
    relax_x: float
    """Relaxation length [m], 0: none."""
    relax_y: float
    """Relaxation length [m], 0: none."""


@wp.struct
class TyreGrip:
    """Forces of a tyre [N] and how fast they fall with the velocity at the contact [N s/m], both in the wheel's axes."""

    fx: float
    fy: float
    kx: float
    ky: float


@wp.func
def curve(x: float, c: float, e: float) -> float:
    """C atan(x - E (x - atan x)), the argument of every Magic Formula (eq. 4.6)."""
    return c * wp.atan(x - e * (x - wp.atan(x)))


@wp.func
def tyre_grip(tyre: MagicTyre, slip: wp.vec2, lean: float, load: float, friction: float, ref: float) -> TyreGrip:
    """Forces at combined slip.

    Args:
        tyre: Coefficients.
        slip: Lengthwise (positive when driven) and slip angle [rad].
        lean: Inclination [rad].
        load: [N].
        friction: The road's, relative to the one where the coefficients were measured.
        ref: Speed by which slip velocities are divided [m/s].
    """
    out = TyreGrip()
    if load <= 0.0 or friction <= 0.0:
        return out
    more = wp.clamp(load / tyre.load - 1.0, -1.0, 2.0)
    side = wp.where(lean > 0.0, 1.0, wp.where(lean < 0.0, -1.0, 0.0))
    tilt = wp.abs(lean)
    # Pure slip lengthwise (4.E9 to 4.E18); the vertical shift turns the sine's argument, as in CommonRoad, where Pacejka adds it.
    kappa = slip[0] + tyre.hx1
    dx = wp.max(friction * tyre.dx1 * (1.0 + tyre.dx2 * more) * (1.0 - tyre.dx3 * lean * lean), 0.01) * load
    bx = tyre.kx1 * load / (tyre.cx1 * dx)
    fx = dx * wp.sin(curve(bx * kappa, tyre.cx1, tyre.ex1) + load * tyre.vx1)
    # Pure slip crosswise (4.E19 to 4.E30).
    alpha = slip[1] + side * (tyre.hy1 + tyre.hy3 * tilt)
    mu = wp.max(friction * tyre.dy1 * (1.0 + tyre.dy2 * more) * (1.0 - tyre.dy3 * lean * lean), 0.01)
    stiff = tyre.ky1 * load
    if tyre.ky2 > 0.0:
        z = load / (tyre.ky2 * tyre.load)  # sin(2 atan z) = 2 z / (1 + z^2)
        stiff = tyre.ky1 * tyre.load * 2.0 * z / (1.0 + z * z)
    dy = mu * load
    by = stiff / (tyre.cy1 * dy)
    shift = side * friction * load * (tyre.vy1 + tyre.vy3 * tilt)
    fy = dy * wp.sin(curve(by * alpha, tyre.cy1, tyre.ey1))
    # Weights of the other slip (4.E50 to 4.E67); cos(atan x) = 1 / sqrt(1 + x^2).
    b = tyre.rbx1 / wp.sqrt(1.0 + tyre.rbx2 * tyre.rbx2 * slip[0] * slip[0])
    gx = wp.cos(curve(b * (slip[1] + tyre.rhx1), tyre.rcx1, tyre.rex1)) / wp.cos(
        curve(b * tyre.rhx1, tyre.rcx1, tyre.rex1)
    )
    a = tyre.rby2 * (slip[1] - tyre.rby3)
    b = tyre.rby1 / wp.sqrt(1.0 + a * a)
    gy = wp.cos(curve(b * (slip[0] + tyre.rhy1), tyre.rcy1, tyre.rey1)) / wp.cos(
        curve(b * tyre.rhy1, tyre.rcy1, tyre.rey1)
    )
    a = tyre.rvy4 * slip[1]
    push = dy * (tyre.rvy1 + tyre.rvy3 * lean) / wp.sqrt(1.0 + a * a) * wp.sin(tyre.rvy5 * wp.atan(tyre.rvy6 * slip[0]))
    out.fx = gx * fx
    out.fy = gy * (fy + shift) + push
    # Secants of the pure curves: never negative, equal to the slope at rest.
    out.kx = wp.where(wp.abs(kappa) > 1.0e-3, wp.abs(out.fx / kappa), tyre.kx1 * load * wp.abs(gx)) / ref
    out.ky = wp.where(wp.abs(alpha) > 1.0e-3, wp.abs(gy * fy / alpha), wp.abs(stiff * gy)) / ref
    return out
