"""The street that `swerve bench` draws: the same triangles, cars and poses for Swerve's fast renderer and for its peer.

A road with kerbs between two rows of houses with recessed windows, a row of trees on each side and parked cars.
``python -m sim.bench_street 3 80000 128 128`` prints the pictures per second of one thread.
Everything is tessellated to a wanted number of triangles; the cars are bodies of their own, so that both renderers
have instances to label.
"""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.render.mesh import Material, MeshData, Semantic, Surface, merge

LENGTH = 160.0
"""Of the street [m]."""
FIELD_OF_VIEW = 60.0
"""Vertical [deg]."""
LIGHT_DIRECTION = (0.36, -0.48, 0.8)
"""Towards the sun."""
CARS = 12
WORLDS = 4
"""Pictures per call of Swerve's renderer, each from another place."""

_MATERIALS = {
    Semantic.ROAD: Material("asphalt", (0.18, 0.18, 0.18), surface=Surface.ASPHALT),
    Semantic.SIDEWALK: Material("paving", (0.4, 0.38, 0.36)),
    Semantic.BUILDING: Material("plaster", (0.6, 0.52, 0.42)),
    Semantic.VEGETATION: Material("leaves", (0.12, 0.25, 0.07)),
    Semantic.POLE: Material("bark", (0.2, 0.14, 0.1)),
    Semantic.CAR: Material("paint", (0.45, 0.06, 0.05), clearcoat=1.0),
}


def _grid(points: npt.NDArray[np.floating], semantic: Semantic) -> MeshData:
    """A mesh over a grid of points, (rows, columns, 3), seen from the side on which rows x columns is right-handed."""
    rows, columns = points.shape[:2]
    i, j = np.meshgrid(np.arange(rows - 1), np.arange(columns - 1), indexing="ij")
    a = (i * columns + j).ravel()
    triangles = np.concatenate(
        [np.stack([a, a + columns, a + columns + 1], 1), np.stack([a, a + columns + 1, a + 1], 1)]
    )
    along, across = np.gradient(points, axis=0), np.gradient(points, axis=1)
    normals = np.cross(along, across).reshape(-1, 3)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    n, m = rows * columns, len(triangles)
    return MeshData(
        points.reshape(-1, 3).astype(np.float32), triangles.astype(np.int32), normals.astype(np.float32),
        np.zeros((n, 2), np.float32), np.zeros(m, np.int32), np.full(m, int(semantic), np.uint8), [_MATERIALS[semantic]],
    )  # fmt: skip


def _strip(y0: float, y1: float, z: float, columns: int, rows: int, semantic: Semantic) -> MeshData:
    x, y = np.meshgrid(np.linspace(0.0, LENGTH, rows + 1), np.linspace(y0, y1, columns + 1), indexing="ij")
    return _grid(np.stack([x, y, np.full_like(x, z)], -1), semantic)


def _facade(side: int, columns: int, rows: int) -> MeshData:
    """A row of houses: storeys of 3 m, windows 0.25 m deep every 2.5 m, house fronts at different depths."""
    x, z = np.meshgrid(np.linspace(0.0, LENGTH, columns + 1), np.linspace(0.1, 12.0, rows + 1), indexing="ij")
    house = np.floor(x / 10.0)
    depth = 0.6 * np.sin(house * 2.4) + np.where(np.abs(x % 2.5 - 1.25) < 0.6, 0.25, 0.0) * (
        np.abs(z % 3.0 - 1.7) < 0.8
    )
    height = z * (1.0 + 0.15 * np.sin(house * 1.7 + side))
    grid = np.stack([x, side * (9.0 + depth), height], -1)
    return _grid(grid if side > 0 else grid[::-1], Semantic.BUILDING)


def _ball(
    center: tuple[float, float, float],
    radius: tuple[float, float, float],
    n: int,
    semantic: Semantic,
    rough: float = 0.0,
) -> MeshData:
    """An ellipsoid of about 4 n^2 triangles, its surface ``rough``."""
    a, b = np.meshgrid(
        np.linspace(-0.5 * math.pi, 0.5 * math.pi, n + 1), np.linspace(0.0, 2.0 * math.pi, 2 * n + 1), indexing="ij"
    )
    r = 1.0 + rough * np.sin(9.0 * a) * np.sin(7.0 * b) * np.cos(a)
    unit = np.stack([r * np.cos(a) * np.cos(b), r * np.cos(a) * np.sin(b), r * np.sin(a)], -1)
    return _grid((unit * np.array(radius) + np.array(center))[:, ::-1], semantic)


def _parts(detail: float) -> list[MeshData]:
    """The street's parts; triangles grow with the square of ``detail``."""

    def cells(n: float) -> int:
        return max(2, round(n * detail))

    parts = [_strip(-4.0, 4.0, 0.0, cells(8), cells(80), Semantic.ROAD)]
    for side in (-1, 1):
        low, high = sorted((side * 4.0, side * 9.8))
        parts.append(_strip(low, high, 0.12, cells(4), cells(80), Semantic.SIDEWALK))
        parts.append(_facade(side, cells(320), cells(24)))
        for k in range(12):
            x = 8.0 + 12.5 * k
            parts.append(_ball((x, side * 6.3, 4.2), (1.6, 1.6, 1.9), cells(16), Semantic.VEGETATION, 0.12))
            parts.append(_ball((x, side * 6.3, 1.2), (0.16, 0.16, 1.6), cells(5), Semantic.POLE))
    return parts


def _detail_for(triangles: int) -> float:
    """The detail at which street and cars together come nearest to ``triangles``."""
    low, high = 0.2, 40.0
    for _ in range(40):
        mid = 0.5 * (low + high)
        count = sum(len(p.triangles) for p in _parts(mid)) + CARS * len(_car(mid).triangles) if mid < 12 else 10**9
        low, high = (mid, high) if count < triangles else (low, mid)
    return low


def _car(detail: float) -> MeshData:
    n = max(3, round(11 * detail))
    body = _ball((0.0, 0.0, 0.62), (2.15, 0.9, 0.5), n, Semantic.CAR)
    cabin = _ball((-0.2, 0.0, 1.05), (1.25, 0.72, 0.48), n, Semantic.CAR)
    return merge([body, cabin])


def street_meshes(triangles: int) -> tuple[MeshData, MeshData]:
    """The street without cars, and one car; street + `CARS` cars have about ``triangles`` triangles."""
    detail = _detail_for(triangles)
    return merge(_parts(detail)), _car(detail)


def car_poses(count: int = CARS) -> list[tuple[float, float, float]]:
    """x, y [m] and heading [rad] of the cars: parked on both sides, two driving, and beyond `CARS` rows of further ones."""
    parked = [(18.0 + 13.0 * k, (3.1, -3.1)[k % 2], 0.03 * (k % 3 - 1)) for k in range(CARS - 2)]
    more = [(14.0 + 5.4 * (k // 4), (7.6, -7.6, 5.4, -5.4)[k % 4], 0.0) for k in range(max(0, count - CARS))]
    return [*parked, (46.0, -1.4, 0.0), (30.0, 1.5, math.pi), *more][:count]


def camera_pose(index: int = 0) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Eye and target [m] of the camera of picture ``index``: along the street, 1.5 m high."""
    x = 4.0 + 3.0 * (index % WORLDS)
    return (x, -0.8, 1.5), (x + 40.0, -0.4, 1.2)


def build_renderer(triangles: int, size: tuple[int, int], threads: int, cars: int = CARS) -> tuple[Any, Any, Any, int]:
    """Swerve's fast renderer on the street: renderer, scene, state, and triangles drawn in each world.

    ``triangles``: of the street with `CARS` cars, whatever the number of ``cars``.
    """
    from sim.config import CameraConfig, RenderConfig
    from sim.render.frames import Renderer
    from sim.render.library import MeshLibrary
    from sim.render.models import MapModel, Model, ModelPart

    street, car = street_meshes(triangles)
    lower, upper = car.bounds
    length, width, height = (float(v) for v in upper - lower)
    middle = tuple(float(v) for v in (upper + lower) / 2)
    model = Model("car", (ModelPart((car,)),), (length, width, height), (middle[0], middle[1], middle[2]))
    library = MeshLibrary([model], [MapModel(street)])
    scene, state = _worlds(model, cars)
    width_px, height_px = size
    horizontal = 2.0 * math.atan(math.tan(math.radians(FIELD_OF_VIEW) / 2.0) * width_px / height_px)
    pitch = math.atan2(0.3, 40.0)
    camera = CameraConfig(
        width=width_px, height=height_px, horizontal_fov=horizontal, pos=(0.0, 0.0, 1.5), pitch=pitch, yaw=0.01
    )
    config = RenderConfig((camera,), "fast", ("rgb", "depth", "semantic", "instance"))
    renderer = Renderer(library, scene, state, config, threads=threads)
    return renderer, scene, state, len(street.triangles) + cars * len(car.triangles)


def _worlds(model: Any, cars: int) -> tuple[Any, Any]:
    """`WORLDS` worlds with the camera's carrier (actor 0, hidden) at different places."""
    from sim.structs import from_rows, row_sizes
    from sim.types import Scene, State

    poses = car_poses(cars)
    nactor = 1 + len(poses)
    scenes, states = [], []
    for world in range(WORLDS):
        eye, _ = camera_pose(world)
        paint = [(0.05 + 0.07 * k, 0.1, 0.5 - 0.03 * k) for k in range(nactor)]
        sky = {"sun_direction": LIGHT_DIRECTION, "fog_visibility": 1e6, "turbidity": 3.0}
        scenes.append(
            {"world_key": world, "seed": 1, "weather": sky, "valid": [1] * nactor, "asset": [-1] + [0] * len(poses),
             "size": [model.size] * nactor, "box_center": [model.box_center] * nactor, "paint": paint}
        )  # fmt: skip
        yaw = np.array([0.0, *(p[2] for p in poses)])
        rot = np.stack([0 * yaw, 0 * yaw, np.sin(yaw / 2), np.cos(yaw / 2)], 1)
        pos = [(eye[0], eye[1], 0.0), *((x, y, 0.0) for x, y, _ in poses)]
        states.append({"signal": [0], "visible": [7] * nactor, "pos": pos, "rot": rot})
    out = []
    for struct, rows in ((Scene, scenes), (State, states)):
        sizes = row_sizes(struct, rows)
        own = {"vehicle.lift"} | {
            name for name, var in struct.vars.items() if getattr(var.type, "ndim", 0) == 2 and name != "signal"
        }
        out.append(from_rows(struct, rows, None, {k: ((nactor,) if k in own else v) for k, v in sizes.items()}))
    return out[0], out[1]


def render_rate(triangles: int, size: tuple[int, int], seconds: float, threads: int) -> tuple[int, float]:
    """Triangles drawn, and pictures per second of ``size`` (width, height) with rgb, shadow, depth and masks, refit included."""
    import warp as wp

    from sim.bench import rate

    renderer, scene, state, count = build_renderer(triangles, size, threads)

    def run() -> int:
        renderer.advance(scene, state)
        renderer.render(scene)
        wp.synchronize()
        return WORLDS

    return count, rate(run, seconds)


if __name__ == "__main__":
    _seconds, *_numbers = sys.argv[1:]
    _triangles, _width, _height = (int(n) for n in _numbers)
    print(render_rate(_triangles, (_width, _height), float(_seconds), 1)[1])
