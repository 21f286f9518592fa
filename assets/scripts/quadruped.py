"""Four-legged skeletons: weights, walking and galloping on feet that stay where they stand."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from gait import Keys, periodic, reach_knee
from neutral import LEFT, turn
from scipy.interpolate import CubicSpline
from skeleton import frame, laplacian, segment_distance, skin, vertex_normals

Array = npt.NDArray[np.float64]
LEGS = ("hl", "hr", "fl", "fr")
TRUNK = ("hips", "spine", "chest", "neck", "head")
JOINTS = (*TRUNK, *(f"{leg}_{part}" for leg in LEGS for part in ("up", "low", "can", "paw")))
ROW = {name: i for i, name in enumerate(JOINTS)}
AHEAD = np.array([1.0, 0.0, 0.0])


LIMP = {
    "fl": (0.3, 0.3, 20.0, 45.0), "fr": (-0.1, 0.36, 60.0, 60.0), "hl": (0.24, 0.3, -6.0, 30.0), "hr": (-0.22, 0.16, 30.0, 40.0),
}  # fmt: skip
"""Of a limp leg: way of the foot ahead and up from where it stands, over the leg's length; cannon and paw as of `Mover.pose` [degrees]."""


@dataclass
class Beast:
    """Joints of an animal as its source stands, and how it moves."""

    joints: Array
    """Positions of `JOINTS` [m], (21, 3)."""
    ends: dict[str, Array]
    """Tips: 'nose' and '<leg>_tip' [m]."""
    radius: dict[str, float]
    """Thickness around bones by part [m]."""
    stretch: dict[str, float] = field(default_factory=dict)
    """Length of bones against the source's, by part such as 'f_low'."""
    slim: dict[str, float] = field(default_factory=dict)
    """Thickness of bones against the source's, by part."""
    paw: dict[str, float] = field(default_factory=dict)
    """How far paws lean forward from straight down when they stand, by 'f' and 'h' [degrees]; otherwise as in the source."""
    trunk: dict[str, float] = field(default_factory=dict)
    """Nose-down turn of trunk bones from the source to the standing pose [degrees]."""
    head_yaw: float = 0.0
    """Turn to the left of the head in the source [degrees]."""
    track: dict[str, float] = field(default_factory=dict)
    """Feet from the middle: 'f' and 'h' [m]."""
    crouch: float = 0.985
    """Standing height against the height with straight legs."""


@dataclass(frozen=True)
class Steps:
    """A gait: shares of a cycle and of the leg."""

    stride: float
    """Distance of a cycle [m]."""
    stance: float
    lag: dict[str, float]
    """Phase at which each foot lands."""
    cannon: dict[str, Keys]
    """Angle of the cannon over the phase since landing, foot behind positive, by 'f' and 'h' [degrees]."""
    lift: float
    """Height of a swinging foot as a share of the leg."""
    fold: dict[str, Keys]
    """Angle of the paw, toes down positive, while it swings [degrees]."""
    bob: float = 0.01
    """Of the trunk [m]."""
    pitch: float = 0.0
    """Rocking of the trunk [degrees]."""
    flex: float = 0.0
    """Bending of the back [degrees]."""
    nod: float = 3.0
    rocks: float = 1.0
    """Times the trunk rocks per cycle."""
    frames: int = 20
    sink: float = 0.0
    """How much lower than standing [m]."""


def bone_end(beast: Beast, name: str) -> Array:
    """Where the bone of a joint ends [m]."""
    if name in TRUNK:
        return beast.ends["nose"] if name == "head" else beast.joints[ROW[TRUNK[TRUNK.index(name) + 1]]]
    leg, part = name.split("_")
    if part == "paw":
        return beast.ends[f"{leg}_tip"]
    return beast.joints[ROW[f"{leg}_{ {'up': 'low', 'low': 'can', 'can': 'paw'}[part] }"]]


def weights_of(points: Array, faces: npt.NDArray[np.int64], beast: Beast, heat: float = 0.8) -> Array:
    """Bone heat as for people, (nvertex, 21)."""
    from scipy.sparse import diags
    from scipy.sparse.linalg import splu

    size = float(np.ptp(points[:, 2]))
    normal = vertex_normals(points, faces)
    distance = np.zeros((len(points), len(JOINTS)))
    signed = np.zeros_like(distance)
    for i, name in enumerate(JOINTS):
        a, b = beast.joints[i], bone_end(beast, name)
        d = segment_distance(points, a, b)
        part = name if name in TRUNK else f"{name[0]}_{name.split('_')[1]}"
        distance[:, i], signed[:, i] = d, d - beast.radius[part]
        if name not in TRUNK:
            t = np.clip(((points - a) @ (b - a)) / max(float((b - a) @ (b - a)), 1e-12), 0.0, 1.0)
            out = points - a - t[:, None] * (b - a)
            signed[((out * normal).sum(axis=1) < -0.3 * d) & (d > 0.06 * size), i] = np.inf
            side = 1.0 if name[1] == "l" else -1.0
            signed[points[:, 1] * side < -0.02 * size, i] = np.inf
    label = signed.argmin(axis=1)
    matrix, area = laplacian(points, faces)
    near = np.maximum(distance[np.arange(len(points)), label], 0.01 * size)
    h = heat * area / near**2
    target = np.zeros_like(distance)
    target[np.arange(len(points)), label] = 1.0
    w = np.maximum(splu((matrix + diags(h)).tocsc()).solve(h[:, None] * target), 0.0)
    return w / w.sum(axis=1, keepdims=True)


class Mover:
    """Poses of one animal."""

    def __init__(self, beast: Beast) -> None:
        self.beast = beast
        self.span = {name: bone_end(beast, name) - beast.joints[ROW[name]] for name in JOINTS}
        self.scale = {
            name: 1.0 if name in TRUNK else beast.stretch.get(f"{name[0]}_{name.split('_')[1]}", 1.0) for name in JOINTS
        }
        self.slim = {
            name: 1.0 if name in TRUNK else beast.slim.get(f"{name[0]}_{name.split('_')[1]}", 1.0) for name in JOINTS
        }
        self.length = {name: float(np.linalg.norm(v)) * self.scale[name] for name, v in self.span.items()}
        self.paw_height = {leg: self._paw_height(leg) for leg in LEGS}
        self._stand_up()

    def _stand_up(self) -> None:
        self.reach = {
            leg: sum(self.length[f"{leg}_{p}"] for p in ("up", "low", "can")) + self.paw_height[leg] for leg in LEGS
        }
        self.base = self._base()

    def put_on_ground(self, points: Array, weights: Array) -> None:
        """Correct the height of the paws so that the soles of a skinned body touch the ground."""
        for _ in range(2):
            stand = skin(points, weights, self.standing()[0])
            for leg in LEGS:
                mine = weights[:, ROW[f"{leg}_paw"]] + weights[:, ROW[f"{leg}_can"]] > 0.6
                self.paw_height[leg] -= float(stand[mine, 2].min())
            self._stand_up()

    def _paw_height(self, leg: str) -> float:
        """Height of the paw's joint over the ground [m]."""
        if leg[0] in self.beast.paw:
            return self.length[f"{leg}_paw"] * math.cos(math.radians(self.beast.paw[leg[0]]))
        return float(self.beast.joints[ROW[f"{leg}_paw"]][2])

    def _paw_turn(self, leg: str, toes: float) -> Array:
        """Turn of a paw whose toes point down by an angle [degrees]."""
        if leg[0] not in self.beast.paw:
            return turn("y", toes)
        down = turn("y", -self.beast.paw[leg[0]]) @ np.array([0.0, 0.0, -1.0])
        return turn("y", toes) @ frame(down, LEFT) @ frame(self.span[f"{leg}_paw"], LEFT).T

    def trunk(self, pitch: float = 0.0, flex: float = 0.0, nod: float = 0.0) -> dict[str, Array]:
        """Global turns of the trunk; positive pitch lowers the front."""
        t = self.beast.trunk
        hips = turn("y", t.get("hips", 0.0) + pitch - flex)
        spine = turn("y", t.get("spine", 0.0) + pitch)
        chest = turn("y", t.get("chest", 0.0) + pitch + flex)
        yaw = self.beast.head_yaw
        neck = turn("y", t.get("neck", 0.0) + nod + 0.4 * pitch) @ turn("z", -0.5 * yaw)
        head = turn("y", t.get("head", 0.0) + 0.5 * nod) @ turn("z", -yaw)
        return {"hips": hips, "spine": spine, "chest": chest, "neck": neck, "head": head}

    def places(self, turns: dict[str, Array], root: Array) -> dict[str, Array]:
        """Trunk joints and leg roots for trunk turns [m]."""
        j = self.beast.joints
        out = {"hips": root}
        for name, parent in zip(TRUNK[1:], TRUNK, strict=False):
            out[name] = out[parent] + turns[parent] @ (j[ROW[name]] - j[ROW[parent]])
        for leg in LEGS:
            parent = "hips" if leg[0] == "h" else "chest"
            out[f"{leg}_up"] = out[parent] + turns[parent] @ (j[ROW[f"{leg}_up"]] - j[ROW[parent]])
        return out

    def _base(self) -> Array:
        """Position of the hips' joint when standing: legs nearly straight, trunk over the feet [m]."""
        turns = self.trunk()
        at = self.places(turns, np.zeros(3))
        heights = [self.reach[leg] * self.beast.crouch - at[f"{leg}_up"][2] for leg in LEGS]
        middle = (at["hl_up"][0] + at["fl_up"][0]) / 2
        return np.array([-middle, 0.0, min(heights)])

    def pose(self, turns: dict[str, Array], root: Array, feet: dict[str, tuple[Array, float, float]]) -> Array:
        """Bone matrices, (21, 3, 4).

        Args:
            turns: Of the trunk.
            root: Position of the hips' joint [m].
            feet: By leg: joint of the paw [m], cannon angle (foot behind positive) and paw angle (toes down positive) [degrees].
        """
        at = self.places(turns, root)
        out = np.zeros((len(JOINTS), 3, 4))
        for name in TRUNK:
            out[ROW[name]] = self._matrix(name, turns[name], at[name], 1.0)
        for leg in LEGS:
            self._leg(out, leg, at[f"{leg}_up"], *feet[leg])
        return out

    def _leg(self, out: Array, leg: str, root: Array, paw: Array, cannon: float, toes: float) -> None:
        up, low, can, foot = (f"{leg}_{p}" for p in ("up", "low", "can", "paw"))
        down = turn("y", cannon) @ np.array([0.0, 0.0, -1.0])
        ankle = paw - self.length[can] * down
        knee = reach_knee(root, ankle, self.length[up], self.length[low], AHEAD if leg[0] == "h" else -AHEAD)
        # Out of reach: the foot follows the leg.
        lower = knee + self.length[low] * (ankle - knee) / np.linalg.norm(ankle - knee)
        for name, start, direction in ((up, root, knee - root), (low, knee, lower - knee), (can, lower, down)):
            r = frame(direction, LEFT) @ frame(self.span[name], LEFT).T
            out[ROW[name]] = self._matrix(name, r, start, self.scale[name])
        out[ROW[foot]] = self._matrix(
            foot, self._paw_turn(leg, toes), lower + self.length[can] * down, self.scale[foot]
        )

    def _matrix(self, name: str, r: Array, to: Array, stretch: float) -> Array:
        d = self.span[name] / np.linalg.norm(self.span[name])
        slim = self.slim[name]
        linear = r @ (slim * np.eye(3) + (stretch - slim) * np.outer(d, d))
        return np.concatenate([linear, (to - linear @ self.beast.joints[ROW[name]])[:, None]], axis=1)

    def standing(self) -> Array:
        """Bone matrices at rest, (1, 21, 3, 4)."""
        turns = self.trunk()
        at = self.places(turns, self.base)
        feet = {}
        for leg in LEGS:
            x = at[f"{leg}_up"][0] + (0.0 if leg[0] == "f" else -0.12 * self.reach[leg])
            feet[leg] = (self._on_ground(leg, x), 4.0 if leg[0] == "f" else -4.0, 0.0)
        return self.pose(turns, self.base, feet)[None]

    def lying(self, share: float) -> Array:
        """Bone matrices between standing (0) and lying limp on a side (1), (21, 3, 4): legs half folded, each otherwise, neck low."""
        turns = self.trunk(nod=24.0 * share)
        at = self.places(turns, self.base)
        feet = {}
        for leg in LEGS:
            x, up, cannon, toes = LIMP[leg]
            stand = self._on_ground(leg, at[f"{leg}_up"][0] + (0.0 if leg[0] == "f" else -0.12 * self.reach[leg]))
            moved = np.array([x * self.reach[leg], -0.4 * stand[1], up * self.reach[leg]])
            straight = 4.0 if leg[0] == "f" else -4.0
            feet[leg] = (stand + share * moved, straight + share * (cannon - straight), share * toes)
        return self.pose(turns, self.base, feet)

    def _on_ground(self, leg: str, x: float) -> Array:
        side = 1.0 if leg[1] == "l" else -1.0
        return np.array([x, side * self.beast.track[leg[0]], self.paw_height[leg]])

    def cycle(self, steps: Steps) -> Array:
        """Bone matrices of a gait, (nframe, 21, 3, 4)."""
        at = self.places(self.trunk(), self.base)
        out = []
        for k in range(steps.frames):
            phase = (k + 0.5) / steps.frames
            a = 2 * math.pi * phase * steps.rocks
            turns = self.trunk(steps.pitch * math.sin(a), steps.flex * math.cos(a), steps.nod * math.sin(a + 0.6))
            rise = np.array([0.0, 0.0, steps.bob * math.cos(2 * a if steps.rocks == 1.0 else a) - steps.sink])
            middle = (at["hl_up"] + at["fl_up"]) / 2
            tilted = self.places(turns, self.base)
            shift = middle - (tilted["hl_up"] + tilted["fl_up"]) / 2
            root = self.base + rise + shift * [1.0, 0.0, 1.0]
            feet = {leg: self._foot(steps, leg, at[f"{leg}_up"][0], (phase - steps.lag[leg]) % 1.0) for leg in LEGS}
            out.append(self.pose(turns, root, feet))
        return np.array(out)

    def _foot(self, steps: Steps, leg: str, below: float, phase: float) -> tuple[Array, float, float]:
        kind = leg[0]
        shift = (-0.06 if kind == "h" else 0.02) * self.reach[leg]
        angle = float(periodic(steps.cannon[kind])(phase))
        half = steps.stride * steps.stance / 2
        speed = -steps.stride
        if phase <= steps.stance:
            return self._on_ground(leg, below + shift + half + speed * phase), angle, 0.0
        lift = steps.lift * self.reach[leg]
        t0, t1 = steps.stance, 1.0
        mid = (t0 + t1) / 2
        way = np.array([[-half, 0.0], [-0.1 * half, lift], [half + 0.012 * steps.stride, 0.16 * lift], [half, 0.0]])
        times = [t0, mid, t1 - 0.08 * (t1 - t0), t1]
        spline = CubicSpline(times, way, bc_type=((1, np.array([speed, 0.0])), (1, np.array([speed, 0.0]))))  # type: ignore[arg-type]
        x, z = spline(phase)
        foot = self._on_ground(leg, below + shift + float(x))
        return foot + np.array([0.0, 0.0, max(float(z), 0.0)]), angle, float(periodic(steps.fold[kind])(phase))
