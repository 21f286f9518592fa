"""Who sits in vehicles: a few people in several colours, seated, that all models with seats share."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from sim.assets.spec import Vec3
from sim.paths import data_root
from sim.render.mesh import MeshData, Semantic

FOLDER = "occupants"
FIGURES = ("man_hoodie", "man_grey", "woman_coat", "woman_skirt")
"""People of `assets/people` who were seated (`assets/scripts/occupants.py`)."""
LOOKS = (
    "man_hoodie", "man_hoodie_red", "man_hoodie_grey", "man_grey", "man_grey_coat",
    "woman_coat", "woman_coat_red", "woman_coat_navy", "woman_skirt", "woman_skirt_green",
)  # fmt: skip
"""Assets in whose colours they come: what `sim.types.Scene.crew` counts."""
POSES = ("drive", "sit")
"""Hands at a wheel, or in the lap."""


@cache
def occupants(posture: str, semantic: Semantic) -> tuple[MeshData, ...]:
    """Meshes of all `LOOKS` in one of `POSES`, about the middle of the hips, labelled as the vehicle; a figure's share vertices."""
    from sim.assets import list_assets
    from sim.assets.variants import tint_materials

    figures = {name: _figure(name, posture, semantic) for name in FIGURES}
    out = []
    for name in LOOKS:
        variant = list_assets()[name].variant
        mesh = figures[variant.of.name if variant else name]
        out.append(replace(mesh, materials=tint_materials(mesh.materials, variant.tints if variant else ())))
    return tuple(out)


@cache
def reach(*, driver: bool) -> tuple[Vec3, Vec3]:
    """How far people reach from their hips in the driver's seat, or in another: ahead, left and up, least and most of all `FIGURES` [m]."""
    bounds = np.array([_figure(name, POSES[not driver], Semantic.CAR).bounds for name in FIGURES], float)
    return tuple(bounds[:, 0].min(0).tolist()), tuple(bounds[:, 1].max(0).tolist())  # type: ignore[return-value]


def _figure(name: str, posture: str, semantic: Semantic) -> MeshData:
    from sim.assets.glb import read_glb
    from sim.assets.model import pose

    data = read_glb(data_root("assets") / FOLDER / f"{name}.glb")
    mesh = pose(data.nodes[0], data.clips[posture].matrices[0])
    return replace(mesh, semantic=mesh.semantic * 0 + int(semantic), part=None, keypoints=None)
