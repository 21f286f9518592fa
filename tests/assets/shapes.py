"""The project's assets and where their triangles are, for the tests of assets."""

from __future__ import annotations

import numpy as np

from sim.assets import list_assets, load_asset

SPECS = list_assets()
VEHICLES = [n for n, s in SPECS.items() if s.file.parent.name == "vehicles" and s.variant is None]
THINGS = [n for n, s in SPECS.items() if s.file.parent.name in ("props", "plants", "signs")]


def world_vertices(part):
    return part.mesh.vertices.astype(float) + np.array(part.pivot)


def bounds(name):
    points = np.concatenate([world_vertices(p) for p in load_asset(name).parts])
    return points.min(axis=0), points.max(axis=0)


def triangles_by_role(name):
    out = {}
    for part in load_asset(name).parts:
        corners = world_vertices(part)[part.mesh.triangles]
        for i in np.unique(part.mesh.material):
            role = part.mesh.materials[i].role
            out.setdefault(role, []).append(corners[part.mesh.material == i])
    return {role: np.concatenate(c) for role, c in out.items()}
