"""Wheels for PyBullet's vehicles: a spring and damper on a ray at each, and a tyre with a deflection inside a friction ellipse (NumPy).

Deliberately another model than Swerve's own (`sim.physics.vehicle`), fed with the same parameter sets: a tyre is a spring between road and
rim that relaxes as the wheel rolls (Pacejka 2012, ch. 5: first-order relaxation), linear up to an ellipse; brakes hold by dry friction;
wheels have no spin of their own. Wheels are numbered front left, front right, rear left, rear right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.physics.sets import GRAVITY
from sim.types import TICK

Floats = npt.NDArray[np.floating]

RELAXATION = 1.5
"""Relaxation length over the wheel's radius: 0.3 to 0.6 m for cars (Pacejka 2012, ch. 5)."""
TYRE_DAMPING = 0.3
"""Damping ratio of the wheel's share of the mass on the tyre's deflection."""
ABS_SHARE = 0.97
"""Share of the peak friction that an anti-lock system keeps lengthwise."""
HUB = 2.0
"""Height of the rays' origins over the wheel's radius."""
FACING = 0.3
"""Least cosine between a strut and the road's normal with which a wheel still stands on its tread."""
THROTTLE_LAG = 0.15
"""Time constant of the engine [s]."""
BALANCE_RATE = 10.0
"""Natural frequency at which a rider holds a two-wheeler at its lean [rad/s]."""


@dataclass
class Motions:
    """Rigid bodies at an instant, n of them, world axes."""

    center: Floats
    """Centres of gravity [m], (n, 3)."""
    turn: Floats
    """Rotation matrices, actor frame to world, (n, 3, 3)."""
    vel: Floats
    """Of the centres of gravity [m/s], (n, 3)."""
    rate: Floats
    """[rad/s], (n, 3)."""


def cross(a: Floats, b: Floats) -> Floats:
    """Cross product over the last axis; several times as fast as NumPy's on few rows."""
    a0, a1, a2 = a[..., 0], a[..., 1], a[..., 2]
    b0, b1, b2 = b[..., 0], b[..., 1], b[..., 2]
    return np.stack([a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, a0 * b1 - a1 * b0], -1)


def dot(a: Floats, b: Floats) -> Floats:
    """Scalar product over the last axis."""
    return (a * b).sum(-1)


class Wheels:
    """Wheels of all actors of a world; actors without wheels have unused rows.

    Args:
        params: `sim.types.VehicleParams` of the world by field name, (nactor, ...).
        rides: Whether each actor leans into bends on wheels in one track, (nactor,).
    """

    def __init__(self, params: Mapping[str, Any], rides: npt.NDArray[np.bool_]) -> None:
        p = _parameters(params)
        n = len(p["mass"])
        self.params, self.rides = p, rides
        base, cog = np.maximum(p["wheelbase"], 1e-3), p["cog"]
        ahead = np.stack([base, base, 0 * base, 0 * base], 1) - cog[:, :1]
        side = np.where(rides[:, None], 0.0, 0.5 * p["track"][:, None] * np.array([1.0, -1.0, 1.0, -1.0]))
        self.hub = np.stack([ahead, side, HUB * p["wheel_radius"][:, None] - cog[:, 1:] + np.zeros((n, 4))], -1)
        """Origins of the rays from the centre of gravity, actor frame [m], (nactor, 4, 3)."""
        weight = p["mass"] * GRAVITY
        front = 0.5 * weight * cog[:, 0] / base
        self.static = np.stack([front, front, 0.5 * weight - front, 0.5 * weight - front], 1)
        """Loads at rest on level ground [N], (nactor, 4)."""
        axles = (0, 0, 1, 1)
        self.stiffness, self.damping = p["stiffness"][:, axles], p["damping"][:, axles]
        self.bend = np.zeros((n, 4, 2))
        """Deflection of the tyres lengthwise and crosswise [m], (nactor, 4, 2)."""
        self.brake = np.zeros(n)
        self.throttle = np.zeros(n)
        self.steer = np.zeros(n)
        self.load = np.zeros((n, 4))
        """As of the last `forces` [N], (nactor, 4)."""
        self.spin = np.zeros((n, 4))
        """[rad/s], (nactor, 4)."""

    def press_pedals(self, who: npt.NDArray[np.intp], steer: Floats, accel: Floats) -> None:
        """A tick of steering rate, engine lag and brake build-up; ``steer`` and ``accel`` as in `sim.types.Control`, (n,)."""
        p = self.params
        steer, accel = np.nan_to_num(steer, posinf=0.0, neginf=0.0), np.nan_to_num(accel, posinf=0.0, neginf=0.0)
        limit, step = p["max_steer"][who], p["steer_rate"][who] * TICK
        wanted = np.clip(steer, -1.0, 1.0) * limit
        self.steer[who] += np.clip(wanted - self.steer[who], -step, step)
        self.throttle[who] += (np.clip(accel, 0.0, 1.0) - self.throttle[who]) * min(TICK / THROTTLE_LAG, 1.0)
        pedal, rate = np.clip(-accel, 0.0, 1.0), p["brake_rate"][who] * TICK
        self.brake[who] += np.clip(pedal - self.brake[who], -4.0 * rate, rate)

    def forces(
        self, who: npt.NDArray[np.intp], body: Motions, plane: Floats, friction: Floats, driven: Floats, h: float
    ) -> tuple[Floats, Floats]:
        """Forces and torques about the centres of gravity over a sub-step; moves the tyres' deflections on.

        Args:
            who: Which actors, (n,).
            body: Their motions.
            plane: Ground under each wheel: normal and offset [m], (n, 4, 4).
            friction: There, (n, 4).
            driven: 1 where somebody drives; wheels of the others are damaged and held, (n,).
            h: Sub-step [s].

        Returns:
            Force [N] and torque [N m], world axes, (n, 3) each.
        """
        normal = plane[..., :3]
        up = body.turn[:, None, :, 2]
        hub = body.center[:, None] + self.hub[who] @ body.turn.transpose(0, 2, 1)
        facing = dot(normal, up)
        stands = facing > FACING
        reach = (dot(normal, hub) - plane[..., 3]) / np.where(stands, facing, 1.0)
        arm = hub - up * reach[..., None] - body.center[:, None]
        vel = body.vel[:, None] + cross(body.rate[:, None], arm)
        squeeze = HUB * self.params["wheel_radius"][who, None] - reach
        load = self.static[who] + self.stiffness[who] * squeeze - self.damping[who] * dot(vel, normal)
        load = np.where(stands & (reach > 0.0), np.maximum(load, 0.0), 0.0)
        ahead = self._headings(who, body.turn, normal)
        left = cross(normal, ahead)
        fx, fy = self._tyres(who, load, friction, dot(vel, ahead), dot(vel, left), driven, h)
        push = normal * load[..., None] + ahead * fx[..., None] + left * fy[..., None]
        self.load[who] = load
        return push.sum(1), cross(arm, push).sum(1) + self._balance(who, body, driven)

    def _headings(self, who: npt.NDArray[np.intp], turn: Floats, normal: Floats) -> Floats:
        """Unit vectors along the wheels in the road, front wheels square to one centre of turn (Ackermann), (n, 4, 3)."""
        base, t = self.params["wheelbase"][who], np.tan(self.steer[who])
        half = np.where(self.rides[who], 0.0, 0.5 * self.params["track"][who]) * t
        angle = np.zeros((len(who), 4))
        angle[:, 0] = np.arctan(base * t / np.maximum(base - half, 0.1))
        angle[:, 1] = np.arctan(base * t / np.maximum(base + half, 0.1))
        ahead = np.cos(angle)[..., None] * turn[:, None, :, 0] + np.sin(angle)[..., None] * turn[:, None, :, 1]
        ahead = ahead - normal * dot(ahead, normal)[..., None]
        return ahead / np.maximum(np.sqrt(dot(ahead, ahead)), 1e-6)[..., None]

    def _tyres(
        self,
        who: npt.NDArray[np.intp],
        load: Floats,
        friction: Floats,
        vx: Floats,
        vy: Floats,
        driven: Floats,
        h: float,
    ) -> tuple[Floats, Floats]:
        """Forces along and across the wheels [N], (n, 4) each."""
        p, drives = self.params, driven[:, None] > 0.0
        grip = np.where(drives, p["peak"][who, None], p["slide"][who, :1]) * friction * load
        side_grip = np.where(drives, grip * p["peak_side"][who, None], p["slide"][who, 1:] * friction * load)
        brake, drive = self._demand(who, load, vx)
        brake = np.where(drives, brake, np.inf)
        abs_on = drives & (p["abs"][who, None] > 0.0)
        locked = ~abs_on & (brake > grip)
        most = np.minimum(brake, np.where(abs_on, ABS_SHARE, 1.0) * grip)
        stiff, damp, length = self._stiffness(who, load)
        bend = self.bend[who]
        roll = np.where(locked, 0.0, np.abs(vx)) / length
        y = (bend[..., 1] + h * vy) / (1.0 + h * roll)
        fy = -(stiff * y + damp * (y - bend[..., 1]) / h)
        x = bend[..., 0] + h * vx
        elastic = -(stiff * x + damp * vx)
        fx = np.clip(elastic, -most, most)
        total = fx + np.where(drives, drive, 0.0)
        use = np.sqrt((total / np.maximum(grip, 1e-6)) ** 2 + (fy / np.maximum(side_grip, 1e-6)) ** 2)
        slides = use > 1.0
        left = np.where(locked & drives, p["sliding"][who, None], 1.0)
        scale = np.where(slides, left / np.maximum(use, 1.0), 1.0)
        # What slips does not bend further: the deflection is the one that belongs to the force.
        x = np.where(slides | (np.abs(elastic) > most), -fx * scale / stiff, x)
        y = np.where(slides, -fy * scale / stiff, y)
        self.bend[who] = np.where(load[..., None] > 0.0, np.stack([x, y], -1), 0.0)
        self.spin[who] = np.where(locked, 0.0, vx) / np.maximum(p["wheel_radius"][who, None], 0.05)
        return total * scale, fy * scale

    def _demand(self, who: npt.NDArray[np.intp], load: Floats, vx: Floats) -> tuple[Floats, Floats]:
        """What brakes and rolling resistance can hold, and what the engine pulls, at each wheel [N], (n, 4) each."""
        p = self.params
        front = np.array([1.0, 1.0, 0.0, 0.0])
        share = 0.5 * (p["brake_front"][who, None] * front + (1.0 - p["brake_front"][who, None]) * (1.0 - front))
        brake = share * (p["brake_force"][who] * self.brake[who])[:, None] + p["rolling"][who, None] * load
        share = 0.5 * (p["drive_front"][who, None] * front + (1.0 - p["drive_front"][who, None]) * (1.0 - front))
        speed = np.maximum(np.abs(vx.mean(1)), 1.0)
        pull = self.throttle[who] * np.minimum(p["drive_force"][who], p["power"][who] / speed)
        return brake, share * pull[:, None]

    def _stiffness(self, who: npt.NDArray[np.intp], load: Floats) -> tuple[Floats, Floats, Floats]:
        """Stiffness [N/m] and damping [N s/m] of the tyres' deflection, and relaxation length [m]: Pacejka 2012, eq. 4.E25."""
        nominal = self.params["nominal"][who, None]
        bend = load / nominal * self.params["ky2"][who, None]
        slope = self.params["ky1"][who, None] * load / (1.0 + bend**2)
        length = RELAXATION * np.maximum(self.params["wheel_radius"][who, None], 0.05)
        stiff = np.maximum(slope, 0.02 * nominal) / length
        return stiff, 2.0 * TYRE_DAMPING * np.sqrt(stiff * self.static[who] / GRAVITY), length

    def _balance(self, who: npt.NDArray[np.intp], body: Motions, driven: Floats) -> Floats:
        """Torque by which the riders of two-wheelers hold them at the lean that their bend asks for [N m], (n, 3)."""
        p, ahead, left = self.params, body.turn[:, :, 0], body.turn[:, :, 1]
        wanted = -np.arctan(dot(body.vel, ahead) * body.rate[:, 2] / GRAVITY)
        lean = np.arcsin(np.clip(left[:, 2], -1.0, 1.0))
        inertia = p["inertia"][who, 0] + p["mass"][who] * p["cog"][who, 1] ** 2
        size = inertia * (BALANCE_RATE**2 * (wanted - lean) - 2.0 * BALANCE_RATE * dot(body.rate, ahead))
        return ahead * np.where(self.rides[who] & (driven > 0.0), size, 0.0)[:, None]


def _parameters(params: Mapping[str, Any]) -> Mapping[str, Floats]:
    """What wheels read of `sim.types.VehicleParams`, by name: (nactor, ...), with the axles' values front and rear, (nactor, 2).

    The tyre's Magic Formula is cut down to its peak friction, what is left of that at full slip, and its cornering stiffness.
    """
    out = {name: np.asarray(value, np.float64) for name, value in params.items() if name != "car"}
    car, tyre = params["car"], params["car"]["tyre"]
    for name in ("max_steer", "steer_rate", "brake_rate", "power", "rolling"):
        out[name] = np.asarray(car[name], np.float64)
    out["track"] = np.asarray(car["front"]["track"], np.float64)
    out["drive_front"], out["drive_force"] = car["front"]["drive"].astype(float), car["max_drive"].astype(float)
    out["brake_front"], out["brake_force"] = car["front"]["brake"].astype(float), car["max_brake"].astype(float)
    out["abs"] = (car["abs_slip"] > 0.0).astype(float)
    peak = np.maximum(tyre["dx1"].astype(float), 1e-6)
    out["peak"], out["peak_side"] = peak, tyre["dy1"] / peak
    full = tyre["kx1"] / np.maximum(tyre["cx1"], 1e-6) / peak  # B at slip 1
    out["sliding"] = np.sin(tyre["cx1"] * np.arctan(full - tyre["ex1"] * (full - np.arctan(full))))
    out["ky1"], out["ky2"] = -tyre["ky1"].astype(float), tyre["ky2"].astype(float)
    out["nominal"] = np.maximum(tyre["load"].astype(float), 1.0)
    axles = [car["front"], car["rear"]]
    # An anti-roll bar as springs at both wheels.
    out["stiffness"] = np.stack(
        [a["spring"] + 2.0 * a["bar"] / np.maximum(a["track"], 0.1) ** 2 for a in axles], 1
    ).astype(float)
    out["damping"] = np.stack([a["damper"] for a in axles], 1).astype(float)
    return out
