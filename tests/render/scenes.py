"""Small worlds made of quads, boxes and spheres, for tests of the renderer."""

from __future__ import annotations

import math

import numpy as np

from sim.render.library import MeshLibrary
from sim.render.mesh import Material, MeshData, Semantic
from sim.render.models import MapModel, Model, ModelPart
from sim.rotation import quaternion
from sim.structs import from_rows, row_sizes
from sim.types import Scene, State

GREY = Material("grey", (0.5, 0.5, 0.5), roughness=1.0)


def build(vertices, triangles, normals, semantic=Semantic.STATIC, material=GREY):
    n, m = len(vertices), len(triangles)
    return MeshData(
        np.asarray(vertices, np.float32), np.asarray(triangles, np.int32), np.asarray(normals, np.float32),
        np.zeros((n, 2), np.float32), np.zeros(m, np.int32), np.full(m, int(semantic), np.uint8), [material],
    )  # fmt: skip


def plane(half=200.0, z=0.0, semantic=Semantic.ROAD, material=GREY, center=(0.0, 0.0)):
    x, y = center
    corners = [(x - half, y - half, z), (x + half, y - half, z), (x + half, y + half, z), (x - half, y + half, z)]
    return build(corners, [(0, 1, 2), (0, 2, 3)], [(0, 0, 1)] * 4, semantic, material)


def box(lower, upper, semantic=Semantic.CAR, material=GREY):
    lower, upper = np.array(lower, float), np.array(upper, float)
    vertices, normals, triangles = [], [], []
    for axis in range(3):
        for side in (0, 1):
            u, v = (axis + 1) % 3, (axis + 2) % 3
            quad = []
            for i, j in ((0, 0), (1, 0), (1, 1), (0, 1)):
                p = np.zeros(3)
                p[axis], p[u], p[v] = (lower, upper)[side][axis], (lower, upper)[i][u], (lower, upper)[j][v]
                quad.append(p)
            normal = np.zeros(3)
            normal[axis] = 2 * side - 1
            k = len(vertices)
            vertices += quad if side else quad[::-1]
            normals += [normal] * 4
            triangles += [(k, k + 1, k + 2), (k, k + 2, k + 3)]
    return build(vertices, triangles, normals, semantic, material)


def sphere(radius=1.0, segments=96, semantic=Semantic.OBSTACLE, material=GREY, inward=False):
    a = np.linspace(0, 2 * math.pi, segments + 1)
    b = np.linspace(-math.pi / 2, math.pi / 2, segments // 2 + 1)
    n = np.array([[math.cos(y) * math.cos(x), math.cos(y) * math.sin(x), math.sin(y)] for y in b for x in a])
    w = segments + 1
    cells = [j * w + i for j in range(segments // 2) for i in range(segments)]
    triangles = [t for k in cells for t in ((k, k + 1, k + w + 1), (k, k + w + 1, k + w))]
    return build(n * radius, triangles, -n if inward else n, semantic, material)


def model(mesh, name="thing", **settings):
    lower, upper = mesh.bounds
    size, center = upper - lower, (upper + lower) / 2
    return Model(name, (ModelPart((mesh,)),), tuple(map(float, size)), tuple(map(float, center)), **settings)


def world(library, actors=(), weather=None, key=1, **state):
    """Rows of a scene and a state; actors are (model name, position, yaw) in slot order."""
    models = [library.models[library.row[a[0]]] for a in actors]
    sky = {"sun_direction": (0.36, -0.48, 0.8), "fog_visibility": 1e6, "turbidity": 3.0, **(weather or {})}
    scene = {"world_key": key, "seed": 5, "weather": sky}
    rows = {"signal": [0]}
    if actors:
        scene |= {
            "valid": [1] * len(actors), "asset": [library.row[a[0]] for a in actors],
            "size": [m.size for m in models], "box_center": [m.box_center for m in models],
            "paint": [(0.5, 0.1, 0.1)] * len(actors),
        }  # fmt: skip
        rows |= {
            "visible": [7] * len(actors), "pos": [a[1] for a in actors],
            "rot": [quaternion(a[2]) for a in actors],
        }  # fmt: skip
    return scene, {**rows, **state}


def batch(worlds, device="cpu", nactor=None):
    """Scene and State of several worlds."""
    n = nactor or max([1, *(len(w[0].get("valid", ())) for w in worlds)])
    out = []
    for k, struct in enumerate((Scene, State)):
        rows = [w[k] for w in worlds]
        sizes = row_sizes(struct, rows)
        sizes |= {name: (n,) for name in sizes if name in NACTOR_FIRST}
        out.append(from_rows(struct, rows, device, sizes))
    return out


NACTOR_FIRST = {
    "valid", "asset", "semantic", "category", "paint", "crew", "size", "box_center", "visible", "pos", "rot", "vel", "ang_vel", "speed",
    "steer", "wheel_angle", "traveled", "door", "lamps", "fallen", "vehicle.lift",
}  # fmt: skip


def library(models=(), ground=None, lights=()):
    return MeshLibrary(list(models), [MapModel(ground if ground is not None else plane(), lights)], "cpu")
