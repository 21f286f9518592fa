"""A shepherd dog: the skinned dog of PyPI's `dm-control` (Apache-2.0), with the bones and gaits of all our animals and a painted coat."""

from __future__ import annotations

import os
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
import people
from animals import DOG_RUN, DOG_WALK, beast, save, smooth_noise
from more_animals import canvas, ramp, side_uvs
from pack import look
from people import Body, Tint
from quadruped import ROW, Mover
from sh3f import Look, Soup
from shape import welded

from sim.render.mesh import Material

Array = npt.NDArray[np.float64]
CREDIT = {
    "package": "PyPI dm-control 1.0.50",
    "file": "suite/dog_assets/dog_skin.skn",
    "creator": "DeepMind",
    "licence": "Apache-2.0",
}
DOG = beast(
    """hips -0.3 0 0.476, spine -0.12 0 0.45, chest 0.06 0 0.44, neck 0.19 0 0.5, head 0.29 0 0.68, nose 0.46 0 0.66,
    fl_up 0.195 0.053 0.425, fl_low 0.145 0.068 0.28, fl_can 0.148 0.053 0.09, fl_paw 0.168 0.053 0.03, fl_tip 0.22 0.055 0.012,
    hl_up -0.326 0.047 0.464, hl_low -0.349 0.078 0.297, hl_can -0.528 0.073 0.158, hl_paw -0.544 0.081 0.038, hl_tip -0.49 0.085 0.012""",
    {"hips": 0.08, "spine": 0.09, "chest": 0.1, "neck": 0.07, "head": 0.07, "f_up": 0.05, "f_low": 0.03, "f_can": 0.025, "f_paw": 0.025,
     "h_up": 0.06, "h_low": 0.03, "h_can": 0.022, "h_paw": 0.022},
    track={"f": 0.056, "h": 0.075}, crouch=0.93,
)  # fmt: skip
WALK = replace(DOG_WALK, stride=0.78, bob=0.008)
RUN = replace(DOG_RUN, stride=1.9, sink=0.02)
PARTS = {
    "pelvis": "hips", "Ca": "hips", "L": "spine", "C": "neck", "skull": "head", "jaw": "head", "scapula": "chest", "upper_arm": "f_up",
    "lower_arm": "f_low", "hand": "f_can", "finger": "f_paw", "upper_leg": "h_up", "lower_leg": "h_low", "foot": "h_can", "toe": "h_paw",
}  # fmt: skip
"""Bones of ours that carry those of the source, by their names without side and number."""


def skin_file() -> Path:
    """Where the dog's skin lies: below SWERVE_DM_CONTROL, the folder that holds `dm_control`, or in the installed package."""
    given = os.environ.get("SWERVE_DM_CONTROL")
    spec = None if given else find_spec("dm_control")
    root = Path(given) / "dm_control" if given else Path(str(spec.origin)).parent if spec and spec.origin else Path()
    return root / "suite" / "dog_assets" / "dog_skin.skn"


def _read() -> tuple[Array, npt.NDArray[np.int64], Array]:
    """Vertices [m], triangles and weights on our bones; a MuJoCo skin (.skn) is four counts, arrays, then bones."""
    raw = skin_file().read_bytes()
    nvertex, nuv, nface, nbone = np.frombuffer(raw, np.int32, 4)
    points = np.frombuffer(raw, np.float32, 3 * nvertex, 16).reshape(-1, 3).astype(float)
    at = 16 + 12 * nvertex + 8 * nuv
    faces = np.frombuffer(raw, np.int32, 3 * nface, at).reshape(-1, 3).astype(np.int64)
    at += 12 * nface
    weights = np.zeros((nvertex, len(ROW)))
    for _ in range(nbone):
        name = raw[at : at + 40].split(b"\0")[0].decode()
        count = int(np.frombuffer(raw, np.int32, 1, at + 68)[0])
        rows = np.frombuffer(raw, np.int32, count, at + 72)
        share = np.frombuffer(raw, np.float32, count, at + 72 + 4 * count)
        at += 72 + 8 * count
        part, _, side = name.rpartition("_")
        ours = PARTS.get(part or name, PARTS.get(name, ""))
        if name == "torso":
            ahead = ramp(points[rows, 0], -0.1, 0.12)[..., 0]
            np.add.at(weights[:, ROW["chest"]], rows, share * ahead)
            np.add.at(weights[:, ROW["spine"]], rows, share * (1 - ahead))
        else:
            row = ROW[f"{ours[0]}{side.lower()}{ours[1:]}" if ours[1:2] == "_" else ours]
            np.add.at(weights[:, row], rows, share)
    return points, faces, weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-9)


def _coat(lower: Array, upper: Array, animal: Mover) -> npt.NDArray[np.uint8]:
    """Both sides of a shepherd's coat, sRGB with alpha: tan, black saddle, muzzle and ears, paler legs and chest."""
    x, z = canvas(lower, upper)
    stand = animal.standing()[0]
    at = {n: stand[ROW[n], :, :3] @ animal.beast.joints[ROW[n]] + stand[ROW[n], :, 3] for n in ROW}
    nose = stand[ROW["head"], :, :3] @ animal.beast.ends["nose"] + stand[ROW["head"], :, 3]
    color = np.ones((*x.shape, 1)) * np.array([148.0, 105.0, 62.0])
    wave = 0.02 * smooth_noise(x.shape, (10.0, 10.0), 3)
    saddle = ramp(z + wave, at["spine"][2] - 0.06, at["spine"][2] + 0.01) * ramp(
        x + wave, at["hips"][0] - 0.34, at["hips"][0] - 0.2
    )
    saddle = saddle * (1 - ramp(x + wave, at["neck"][0] - 0.03, at["neck"][0] + 0.05))
    color += saddle * (np.array([34.0, 29.0, 26.0]) - color)
    tail = 1 - ramp(x, at["hips"][0] - 0.16, at["hips"][0] - 0.06)
    color += tail * ramp(z, 0.24, 0.36) * (np.array([52.0, 42.0, 34.0]) - color) * 0.8
    pale = 1 - ramp(z + wave, 0.2, 0.34)
    color += pale * (np.array([182.0, 148.0, 104.0]) - color) * 0.7
    muzzle = ramp(x, nose[0] - 0.1, nose[0] - 0.06) * ramp(z, nose[2] - 0.14, nose[2] - 0.1)
    color += muzzle * (np.array([38.0, 32.0, 29.0]) - color) * 0.9
    tip = np.exp(-(((x - nose[0]) / 0.022) ** 2) - ((z - nose[2]) / 0.03) ** 2)[..., None]
    color += np.clip(1.5 * tip, 0, 1) * (np.array([16.0, 14.0, 14.0]) - color)
    mouth = np.exp(-(((x - nose[0] + 0.05) / 0.045) ** 2) - ((z - nose[2] + 0.062) / 0.014) ** 2)[..., None]
    color += np.clip(1.3 * mouth, 0, 1) * (np.array([120.0, 52.0, 50.0]) - color)
    eye = at["head"] + [0.062, 0.0, 0.022]
    color += (1 - ramp(np.hypot(x - eye[0], z - eye[2]), 0.009, 0.015)) * (np.array([12.0, 9.0, 8.0]) - color)
    ears = ramp(z, upper[2] - 0.09, upper[2] - 0.05)
    color += ears * (np.array([58.0, 44.0, 34.0]) - color) * 0.8
    fur = 0.07 * smooth_noise(x.shape, (1.6, 2.4), 1) + 0.06 * smooth_noise(x.shape, (12.0, 18.0), 2)
    out = np.full((*x.shape, 4), 255, np.uint8)
    out[..., :3] = np.clip(color * (1 + fur[..., None]), 0, 255)
    return out


def build() -> None:
    """Write the dog."""
    from scipy.spatial import KDTree

    points, faces, weights = _read()
    n = len(faces)
    soup = Soup(
        points[faces],
        np.zeros((n, 3, 2)),
        np.zeros(n, np.int32),
        np.zeros(n, np.int32),
        [Look("coat")],
        [""],
        dict(CREDIT),
    )
    soup = people.thinned(soup, 6500)
    index = welded(soup.corners)
    at = np.zeros((int(index.max()) + 1, 3))
    at[index.ravel()] = soup.corners.reshape(-1, 3)
    body = Body(soup, index, at, weights[KDTree(points).query(at)[1]], DOG.joints, DOG.ends)
    mover = Mover(DOG)
    mover.put_on_ground(body.points, body.weights)
    lower, upper = side_uvs(body, mover, "coat")
    materials = [Material("coat", (0.95, 0.95, 0.95), 0.85, texture=_coat(lower, upper, mover))]
    variants = [
        look("shepherd_black", [Tint("coat", 0.0, 0.25, 0.35)], kinds=["dog"], height=0.78, mass=31.0),
        look(
            "shepherd_golden",
            [Tint("coat", 0.0, 1.0, 1.5), Tint("coat", 4.0, 0.8, 1.25)],
            kinds=["dog"],
            height=0.72,
            mass=28.0,
        ),
        look("shepherd_grey", [Tint("coat", 0.0, 0.15, 1.15)], kinds=["dog"], height=0.66, mass=22.0),
        look("shepherd_small", [Tint("coat", -6.0, 1.1, 0.9)], kinds=["dog"], height=0.45, mass=9.0),
    ]
    spec = {"kinds": ["dog"], "mass": 30.0, "variants": variants}
    save(
        "shepherd",
        body,
        mover,
        materials,
        WALK,
        RUN,
        spec,
        "bones merged, taken to walk and gallop, thinned out, coat painted",
    )


ALL = {"shepherd": build}
