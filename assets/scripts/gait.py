"""Walking and running: feet that stay where they stand, legs by two-bone inverse kinematics, arms and trunk counter-swing.

Times and angles follow gait analysis (Perry and Burnfield, Gait Analysis, 2010; Novacheck, The biomechanics of running, 1998).
A cycle starts with the left heel's contact; distances are shares of the body's height or of the leg.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from neutral import LEFT, turn
from scipy.interpolate import CubicSpline, PchipInterpolator
from skeleton import JOINTS, ROW, frame, matrices

Array = npt.NDArray[np.float64]
Keys = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Style:
    """How somebody moves; angles in degrees, phases as shares of a cycle from a foot's contact."""

    stride: float
    """Distance of a cycle as a share of the body's height."""
    stance: float
    """Share of the cycle that a foot stands."""
    ahead: float
    """Phase at which the standing ankle is below the hip."""
    pitch: Keys
    """Angle of the foot over the phase, toes up positive; 0 while flat."""
    swing: tuple[tuple[float, float, float], ...]
    """Way of the swinging ankle: phase, x from the hip and height above its standing height as shares of the leg."""
    bob: float
    """Rise and fall of the pelvis as a share of the height."""
    top: float
    """Phase of a foot at which the pelvis is highest."""
    reach: float = 0.997
    """Most extension of the leg while it stands."""
    sway: float = 0.011
    lean: float = 2.0
    pelvis_yaw: float = 4.0
    pelvis_roll: float = 3.0
    chest_yaw: float = 6.0
    arm: tuple[float, float] = (17.0, 1.0)
    """Swing to both sides of a middle angle forward."""
    elbow: tuple[float, float] = (17.0, 8.0)
    """Middle bend and how much more in front."""
    step_width: float = 0.045
    """Ankles from the middle as a share of the height."""
    frames: int = 24
    nod: float = 0.0
    """Head down."""


WALK = Style(
    stride=0.72, stance=0.61, ahead=0.235,
    pitch=((0.0, 17.0), (0.04, 8.0), (0.08, 0.0), (0.32, 0.0), (0.5, -26.0),
           (0.61, -58.0), (0.68, -60.0), (0.78, -28.0), (0.87, 4.0), (0.95, 18.0), (1.0, 17.0)),
    swing=((0.72, -0.17, 0.17), (0.82, 0.13, 0.085), (0.92, 0.32, 0.05)),
    bob=0.0125, top=0.27,
)  # fmt: skip
HEELS = replace(
    WALK, stride=0.62, ahead=0.245,
    pitch=((0.0, 6.0), (0.04, 2.0), (0.08, 0.0), (0.36, 0.0), (0.5, -14.0),
           (0.61, -36.0), (0.68, -38.0), (0.78, -18.0), (0.87, 0.0), (0.95, 6.0), (1.0, 6.0)),
    step_width=0.035, pelvis_roll=4.5, pelvis_yaw=5.5,
)  # fmt: skip
RUN = Style(
    stride=1.22, stance=0.34, ahead=0.145,
    pitch=((0.0, 8.0), (0.03, 3.0), (0.06, 0.0), (0.17, 0.0), (0.27, -28.0),
           (0.34, -58.0), (0.46, -88.0), (0.6, -80.0), (0.75, -30.0), (0.9, 6.0), (1.0, 8.0)),
    swing=((0.5, -0.36, 0.43), (0.64, -0.06, 0.44), (0.8, 0.3, 0.28)),
    bob=0.021, top=0.42, reach=0.985, sway=0.006, lean=8.0, pelvis_yaw=7.0, pelvis_roll=4.0, chest_yaw=11.0,
    arm=(32.0, -6.0), elbow=(82.0, 12.0), step_width=0.028, frames=16,
)  # fmt: skip
ELDERLY = replace(
    WALK, stride=0.6, lean=9.0, nod=-4.0, arm=(11.0, 6.0), elbow=(26.0, 6.0), bob=0.009, pelvis_yaw=3.0, step_width=0.055,
    pitch=((0.0, 10.0), (0.04, 5.0), (0.08, 0.0), (0.4, 0.0), (0.52, -16.0),
           (0.61, -42.0), (0.68, -46.0), (0.78, -20.0), (0.87, 2.0), (0.95, 11.0), (1.0, 10.0)),
    reach=0.988,
)  # fmt: skip


@dataclass
class Foot:
    """Points of a foot in the neutral pose, relative to the ankle [m]."""

    heel: Array
    """Lowest point at the back."""
    ball: Array
    """Joint of the toes."""
    height: float
    """Ankle above the sole."""


def feet_of(points: Array, weights: Array, joints: Array) -> dict[str, Foot]:
    """Heel (on the ground), toe joint and height of both feet, from the vertices that follow them."""
    out = {}
    for side in "lr":
        ankle = joints[ROW[f"{side}_foot"]]
        mine = weights[:, ROW[f"{side}_foot"]] + weights[:, ROW[f"{side}_toe"]] > 0.6
        p = points[mine] - ankle
        sole = p[:, 2].min()
        low = p[p[:, 2] < sole + 0.02]
        ball = joints[ROW[f"{side}_toe"]] - ankle
        out[side] = Foot(np.array([low[:, 0].min() + 0.01, 0.0, sole]), np.array([ball[0], 0.0, ball[2]]), -float(sole))
    return out


def periodic(keys: Keys) -> PchipInterpolator:
    """Smooth curve through values at phases 0 to 1 that goes on past both ends."""
    x = np.array([k[0] for k in keys])
    y = np.array([k[1] for k in keys])
    inner = x < 1.0
    return PchipInterpolator(
        np.concatenate([x[inner] - 1, x, x[inner][1:] + 1]), np.concatenate([y[inner], y, y[inner][1:]])
    )


class _Leg:
    """Way of one ankle over the cycle, relative to the point of the ground below the body's middle."""

    def __init__(self, style: Style, foot: Foot, length: float, distance: float) -> None:
        self.style, self.foot, self.distance = style, foot, distance
        self.pitch = periodic(style.pitch)
        t0, t1 = style.stance, 1.0
        eps = 1e-3
        start, end = self._standing(t0), self._standing(t1 - 1.0)
        v0 = (self._standing(t0) - self._standing(t0 - eps)) / eps
        v1 = (self._standing(eps) - self._standing(0.0)) / eps
        times = [t0, *(k[0] for k in style.swing), t1]
        way = np.array([start, *([k[1] * length, foot.height + k[2] * length] for k in style.swing), end])
        self.swing = CubicSpline(times, way, bc_type=((1, v0), (1, v1)))  # type: ignore[arg-type]

    def _standing(self, phase: float) -> Array:
        """Ankle (x, z) while heel, sole or ball is fixed to ground that moves back."""
        s, f = self.style, self.foot
        angle = float(self.pitch(phase))
        x = -self.distance * (phase - s.ahead)
        fixed = f.heel if angle > 0 else f.ball
        # Rolling over heel or ball: the fixed point stays, the ankle turns about it.
        r = turn("y", -angle) @ -fixed
        return np.array([x + fixed[0] + r[0], f.height + fixed[2] + r[2]])

    def at(self, phase: float) -> tuple[Array, float]:
        """Ankle (x, z) [m] and pitch of the foot [degrees]."""
        phase = phase % 1.0
        if phase <= self.style.stance:
            return self._standing(phase), float(self.pitch(phase))
        return self.swing(phase), float(self.pitch(phase))


def reach_knee(hip: Array, ankle: Array, upper: float, lower: float, ahead: Array) -> Array:
    """Knee of a leg of two bones that bends ahead [m], (3,)."""
    span = ankle - hip
    d = min(float(np.linalg.norm(span)), (upper + lower) * 0.9995)
    e = span / np.linalg.norm(span)
    cosine = np.clip((upper**2 + d**2 - lower**2) / (2 * upper * d), -1.0, 1.0)
    f = ahead - (ahead @ e) * e
    f /= np.linalg.norm(f)
    return hip + upper * (cosine * e + np.sqrt(1 - cosine**2) * f)


def _torso(style: Style, phase: float) -> dict[str, Array]:
    """Global turns of trunk and head."""
    c, s = np.cos(2 * np.pi * phase), np.sin(2 * np.pi * phase)
    # At the left heel's contact the left hip is ahead: the pelvis is turned to the right.
    pelvis = turn("z", -style.pelvis_yaw * c) @ turn("x", -style.pelvis_roll * s) @ turn("y", style.lean * 0.5)
    spine = turn("z", 0.3 * style.chest_yaw * c) @ turn("y", style.lean * 0.9)
    chest = turn("z", style.chest_yaw * c) @ turn("x", 0.8 * s) @ turn("y", style.lean * 1.1)
    neck = turn("z", 0.3 * style.chest_yaw * c) @ turn("y", style.lean * 0.8 - 0.5 * style.nod)
    head = turn("y", 0.2 * style.lean - style.nod) @ turn("z", 0.1 * style.chest_yaw * c)
    return {"pelvis": pelvis, "spine": spine, "chest": chest, "neck": neck, "head": head}


def _arms(style: Style, phase: float, chest: Array) -> dict[str, Array]:
    """Global turns of the arms: each swings with the other side's leg."""
    out = {}
    for side, sign in (("l", -1.0), ("r", 1.0)):
        swing = sign * np.cos(2 * np.pi * (phase + 0.03))
        lift = style.arm[1] + style.arm[0] * swing
        bend = style.elbow[0] + style.elbow[1] * swing
        inward = 1.0 if side == "l" else -1.0
        across = turn("z", -inward * (4.0 + 0.16 * bend))
        arm = chest @ turn("y", -style.lean) @ turn("y", -lift)
        out[f"{side}_arm"] = arm
        out[f"{side}_fore"] = arm @ turn("y", -0.5 * bend) @ across @ turn("y", -0.5 * bend + 6.0)
        out[f"{side}_hand"] = out[f"{side}_fore"] @ turn("y", -3.0)
    return out


def _base_height(style: Style, legs: dict[str, _Leg], lengths: dict[str, float], drop: float, bob: float) -> float:
    """Highest mean position of the hips that no standing leg is too short for [m]."""
    best = np.inf
    for phase in np.linspace(0, style.stance, 60):
        for side in "lr":
            ankle, _ = legs[side].at(phase)
            x = ankle[0]
            room = (lengths[side] * style.reach) ** 2 - x**2 - (0.02 * lengths[side]) ** 2
            best = min(best, ankle[1] + np.sqrt(max(room, 0.01)) - bob * np.cos(4 * np.pi * (phase - style.top)))
    return best - drop


def cycle(joints: Array, feet: dict[str, Foot], height: float, style: Style) -> tuple[Array, float]:
    """Bone matrices of a gait, (nframe, 19, 3, 4), and its stride [m].

    Args:
        joints: Neutral pose [m].
        feet: From `feet_of`.
        height: Of the body [m].
        style: The gait.
    """
    upper = {s: float(np.linalg.norm(joints[ROW[f"{s}_shin"]] - joints[ROW[f"{s}_thigh"]])) for s in "lr"}
    lower = {s: float(np.linalg.norm(joints[ROW[f"{s}_foot"]] - joints[ROW[f"{s}_shin"]])) for s in "lr"}
    length = {s: upper[s] + lower[s] for s in "lr"}
    distance = style.stride * height
    legs = {s: _Leg(style, feet[s], length[s], distance) for s in "lr"}
    bob = style.bob * height
    base = _base_height(style, legs, length, 0.0, bob)
    out = []
    for k in range(style.frames):
        phase = (k + 0.5) / style.frames
        turns = np.tile(np.eye(3), (len(JOINTS), 1, 1))
        torso = _torso(style, phase)
        for name, value in (torso | _arms(style, phase, torso["chest"])).items():
            turns[ROW[name]] = value
        hips = {s: torso["pelvis"] @ (joints[ROW[f"{s}_thigh"]] - joints[0]) for s in "lr"}
        middle = (hips["l"] + hips["r"]) / 2
        sway = style.sway * height * np.sin(2 * np.pi * (phase - 0.05))
        rise = base + bob * np.cos(4 * np.pi * (phase - style.top))
        root = np.array([-middle[0], sway - middle[1], rise - middle[2]])
        for side, lag in (("l", 0.0), ("r", 0.5)):
            ankle, pitch = legs[side].at(phase + lag)
            out_y = style.step_width * height * (1.0 if side == "l" else -1.0)
            leg_turns(
                turns,
                joints,
                side,
                root + hips[side],
                np.array([ankle[0], out_y, ankle[1]]),
                pitch,
                (phase + lag) % 1.0 < style.stance + 0.1,
            )
        out.append(matrices(joints, turns, root)[0])
    return np.array(out), distance


def leg_turns(
    turns: Array,
    joints: Array,
    side: str,
    hip: Array,
    ankle: Array,
    pitch: float,
    down: bool,
    ahead: Array | None = None,
) -> None:
    """Write the turns of a leg that reaches from hip to ankle."""
    hip0, knee0, ankle0 = (joints[ROW[f"{side}_{n}"]] for n in ("thigh", "shin", "foot"))
    upper, lower = np.linalg.norm(knee0 - hip0), np.linalg.norm(ankle0 - knee0)
    if ahead is None:
        ahead = turn("z", 4.0 if side == "l" else -4.0)[:, 0]
    knee = reach_knee(hip, ankle, float(upper), float(lower), ahead)
    span = ankle - hip
    hinge = np.cross(ahead, span / np.linalg.norm(span))
    turns[ROW[f"{side}_thigh"]] = frame(knee - hip, hinge) @ frame(knee0 - hip0, LEFT).T
    turns[ROW[f"{side}_shin"]] = frame(ankle - knee, hinge) @ frame(ankle0 - knee0, LEFT).T
    turns[ROW[f"{side}_foot"]] = turn("y", -pitch)
    toes = min(max(pitch, 0.0) if down else pitch + 30.0 * np.exp(-(((pitch + 50) / 30) ** 2)), pitch + 62.0)
    turns[ROW[f"{side}_toe"]] = turn("y", -max(toes, pitch))


def standing(
    joints: Array, feet: dict[str, Foot], height: float, lean: float = 0.0, nod: float = 0.0, spread: float = 0.055
) -> Array:
    """Bone matrices of somebody at rest, (1, 19, 3, 4)."""
    style = Style(
        0.0,
        1.0,
        0.0,
        (),
        (),
        0.0,
        0.0,
        lean=lean,
        nod=nod,
        pelvis_yaw=0,
        pelvis_roll=0,
        chest_yaw=0,
        arm=(0.0, 2.0),
        elbow=(16.0, 0.0),
    )
    turns = np.tile(np.eye(3), (len(JOINTS), 1, 1))
    torso = _torso(style, 0.0)
    for name, value in (torso | _arms(style, 0.0, torso["chest"])).items():
        turns[ROW[name]] = value
    length = min(
        float(
            np.linalg.norm(joints[ROW[f"{s}_foot"]] - joints[ROW[f"{s}_shin"]])
            + np.linalg.norm(joints[ROW[f"{s}_shin"]] - joints[ROW[f"{s}_thigh"]])
        )
        + feet[s].height
        for s in "lr"
    )
    hips = {s: torso["pelvis"] @ (joints[ROW[f"{s}_thigh"]] - joints[0]) for s in "lr"}
    middle = (hips["l"] + hips["r"]) / 2
    root = np.array([-middle[0], -middle[1], 0.997 * length - middle[2]])
    for side in "lr":
        y = spread * height * (1.0 if side == "l" else -1.0)
        leg_turns(turns, joints, side, root + hips[side], np.array([0.0, y, feet[side].height]), 0.0, True)
    return matrices(joints, turns, root)[0][None]


__all__ = ["ELDERLY", "RUN", "WALK", "Foot", "Style", "cycle", "feet_of", "standing"]
