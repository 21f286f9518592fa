"""A world of the renderer, handed over to Mitsuba 3 (Jakob et al. 2022): the same triangles, albedo, sun, sky, lamps and camera."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import mitsuba as mi
import numpy as np
import warp as wp

from sim.config import CameraConfig
from sim.render.camera import intrinsic_matrix
from sim.render.frames import Renderer
from sim.render.library import MeshLibrary
from sim.render.mesh import MeshData, Surface
from sim.render.models import MapModel, Model, ModelPart, StaticInstance
from sim.render.sky import Sky, sky_radiance
from tests.render import scenes

mi.set_variant("scalar_rgb")
wp.set_module_options({"enable_backward": False})

SUN_DISTANCE, SUN_ANGLE = 1e6, 0.00465
"""How far from the camera the sun's disc is put [m], and half the angle it is seen under [rad]."""


def matt(mesh: MeshData) -> MeshData:
    """The mesh with nothing but its base colours: no picture, gloss, glass or holes."""
    plain = [
        replace(
            m, texture=None, alpha_cutoff=0.0, transmission=0.0, clearcoat=0.0, metallic=0.0, roughness=1.0,
            emission=(0.0, 0.0, 0.0), surface=Surface.NONE, role=0,
            base_color=tuple(min(c, 0.7) for c in m.base_color),
        )
        for m in mesh.materials
    ]  # fmt: skip
    return replace(mesh, materials=plain)


def matt_library(library: MeshLibrary, lamps: bool) -> MeshLibrary:
    """The library with matt meshes; the map becomes an instance of its own, as the renderer adds unevenness to maps.

    With ``lamps``, the maps' lamps shine evenly to all sides from a metre under their housings.
    """
    flat = [replace(m, parts=tuple(_matt_part(p) for p in m.parts), lights=()) for m in library.models]
    maps = []
    for k, m in enumerate(library.maps):
        lower, upper = m.mesh.bounds
        size, center = upper - lower, (upper + lower) / 2
        flat.append(
            Model(f"map {k}", (ModelPart((matt(m.mesh),)),), tuple(map(float, size)), tuple(map(float, center)))
        )
        lights = [
            replace(light, pos=(light.pos[0], light.pos[1], light.pos[2] - 1.0), cos_inner=-1.0, cos_outer=-2.0)
            for light in (m.lights if lamps else ())
        ]
        instances = [*m.instances, StaticInstance(f"map {k}", np.eye(4))]
        maps.append(MapModel(scenes.plane(half=0.1, z=-500.0), lights, instances))
    return MeshLibrary(flat, maps, library.device)


def _matt_part(part: ModelPart) -> ModelPart:
    frames = [matt(f) for f in part.frames]
    return replace(part, frames=tuple(replace(f, materials=frames[0].materials) for f in frames))


@dataclass
class Placed:
    """One slot of the first world, as the renderer has placed it."""

    slot: int
    vertices: np.ndarray
    """World frame [m], (n, 3)."""
    normals: np.ndarray
    triangles: np.ndarray
    """(m, 4): vertices and material."""


def placed_meshes(renderer: Renderer) -> list[Placed]:
    """What stands in the first world, without its map's own mesh."""
    geo, inst = renderer.library.geometry, renderer.bvh.instances
    table = {name: getattr(geo, name).numpy() for name in ("triangle", "mesh_triangle", "mesh_normal", "normal")}
    mesh, pos, linear, inverse = (getattr(inst, n).numpy()[0] for n in ("mesh", "pos", "linear", "inverse"))
    out = []
    for slot in range(1, inst.nslot):
        if mesh[slot] < 0:
            continue
        data = renderer.library._meshes[mesh[slot]]
        points = data.points.numpy().astype(float)
        first, base = table["mesh_triangle"][mesh[slot]], table["mesh_normal"][mesh[slot]]
        triangles = table["triangle"][first : first + data.indices.shape[0] // 3].copy()
        triangles[:, 3] &= 65535
        normals = table["normal"][base : base + len(points)].astype(float) @ inverse[slot].astype(float)
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
        out.append(Placed(slot, points @ linear[slot].astype(float).T + pos[slot], normals, triangles))
    return out


def _mesh(
    name: str, vertices: np.ndarray, normals: np.ndarray | None, triangles: np.ndarray, albedo: np.ndarray | None
):
    settings = mi.Properties()
    if albedo is not None:
        bsdf = {
            "type": "twosided",
            "inner": {"type": "diffuse", "reflectance": {"type": "rgb", "value": albedo.tolist()}},
        }
        settings["bsdf"] = mi.load_dict(bsdf)
    out = mi.Mesh(name, len(vertices), len(triangles), props=settings, has_vertex_normals=normals is not None)
    params = mi.traverse(out)
    params["vertex_positions"] = vertices.astype(np.float32).ravel()
    params["faces"] = triangles.astype(np.uint32).ravel()
    if normals is not None:
        params["vertex_normals"] = normals.astype(np.float32).ravel()
    params.update()
    return out


class Geometry:
    """What Mitsuba's rays find in the first world."""

    def __init__(self, renderer: Renderer) -> None:
        self.parts = {f"slot{p.slot}": p for p in placed_meshes(renderer)}
        shapes = {name: _mesh(name, p.vertices, None, p.triangles[:, :3], None) for name, p in self.parts.items()}
        self.scene = mi.load_dict({"type": "scene", **shapes})

    def shoot(self, origin: np.ndarray, direction: np.ndarray) -> np.ndarray:
        """Distance [m] (inf: nothing), slot, material and geometric normal (3) of the first hit of each ray (n, 3): (n, 6)."""
        out = np.zeros((len(direction), 6))
        start = origin.tolist()
        for k, d in enumerate(direction.tolist()):
            hit = self.scene.ray_intersect_preliminary(mi.Ray3f(start, d))
            if not hit.is_valid():
                out[k, 0] = math.inf
                continue
            part = self.parts[hit.shape.id()]
            a, b, c = part.vertices[part.triangles[hit.prim_index, :3]]
            n = np.cross(b - a, c - a)
            n *= -np.sign(n @ direction[k]) / max(np.linalg.norm(n), 1e-30)
            out[k] = hit.t, part.slot, part.triangles[hit.prim_index, 3], *n
        return out


def light_scene(renderer: Renderer, camera: CameraConfig, depth: int) -> mi.Scene:
    """A scene with a mesh per albedo, the sun as a distant glowing ball, the sky as a picture, lamps as points."""
    color = renderer.library.geometry.materials.color.numpy()[:, :3]
    scene: dict = {
        "type": "scene",
        "integrator": {"type": "path", "max_depth": depth, "rr_depth": 1000, "hide_emitters": True},
    }
    by_color: dict[bytes, list[tuple[Placed, np.ndarray]]] = {}
    for p in placed_meshes(renderer):
        for row in np.unique(p.triangles[:, 3]):
            by_color.setdefault(color[row].tobytes(), []).append((p, p.triangles[p.triangles[:, 3] == row, :3]))
    for k, (key, pieces) in enumerate(by_color.items()):
        starts = np.cumsum([0, *(len(p.vertices) for p, _ in pieces)])
        scene[f"mesh{k}"] = _mesh(
            f"mesh{k}",
            np.concatenate([p.vertices for p, _ in pieces]),
            np.concatenate([p.normals for p, _ in pieces]),
            np.concatenate([t + s for (_, t), s in zip(pieces, starts, strict=False)]),
            np.frombuffer(key, np.float32),
        )
    sun, direction = (getattr(renderer.sky, n).numpy()[0] for n in ("sun", "sun_direction"))
    if sun.max() > 1e-4:
        radius = SUN_DISTANCE * math.sin(SUN_ANGLE)
        middle = renderer.views[1].pos.numpy()[0, 0] + direction * SUN_DISTANCE
        radiance = sun / (math.pi * math.sin(SUN_ANGLE) ** 2)
        scene["sun"] = {
            "type": "sphere", "center": middle.tolist(), "radius": radius,
            "emitter": {"type": "area", "radiance": {"type": "rgb", "value": radiance.tolist()}},
        }  # fmt: skip
    scene["sky"] = {
        "type": "envmap", "bitmap": mi.Bitmap(sky_picture(renderer.sky)),
        "to_world": mi.ScalarTransform4f().rotate([1, 0, 0], 90),
    }  # fmt: skip
    lights = renderer.lights
    for k in range(lights.count.numpy()[0]):
        scene[f"lamp{k}"] = {
            "type": "point", "position": lights.pos.numpy()[0, k].tolist(),
            "intensity": {"type": "rgb", "value": lights.intensity.numpy()[0, k].tolist()},
        }  # fmt: skip
    scene["sensor"] = sensor(renderer, camera)
    return mi.load_dict(scene)


def sensor(renderer: Renderer, camera: CameraConfig, samples: int = 1024) -> dict:
    """The first camera of the first world."""
    pos, rot = (getattr(renderer.views[1], n).numpy()[0, 0].astype(float) for n in ("pos", "rot"))
    right, down, forward = rot.T
    pose = np.eye(4)
    pose[:3, :3] = np.stack([-right, -down, forward], axis=1)
    pose[:3, 3] = pos
    return {
        "type": "perspective", "fov": math.degrees(camera.horizontal_fov), "fov_axis": "x", "near_clip": 0.01,
        "to_world": mi.ScalarTransform4f(pose),
        "film": {"type": "hdrfilm", "width": camera.width, "height": camera.height, "rfilter": {"type": "box"},
                 "pixel_format": "rgb", "component_format": "float32"},
        "sampler": {"type": "multijitter", "sample_count": samples},
    }  # fmt: skip


def pixel_rays(renderer: Renderer, camera: CameraConfig, split: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Origin (3,) and unit directions (height * split, width * split, 3), evenly over each pixel, world frame."""
    k = intrinsic_matrix(camera)
    col, row = np.meshgrid(*((np.arange(n * split) + 0.5) / split - 0.5 for n in (camera.width, camera.height)))
    d = np.stack([(col - k[0, 2]) / k[0, 0], (row - k[1, 2]) / k[1, 1], np.ones(col.shape)], axis=-1)
    d /= np.linalg.norm(d, axis=-1, keepdims=True)
    pos, rot = (getattr(renderer.views[1], n).numpy()[0, 0].astype(float) for n in ("pos", "rot"))
    return pos, d @ rot.T


@wp.kernel
def _look_up(sky: Sky, out: wp.array2d[wp.vec3]):
    """Reads the sky. Writes its radiance by angle from the zenith (rows) and angle from y towards x (columns), as Mitsuba has them."""
    row, col = wp.tid()
    polar = (float(row) + 0.5) / float(out.shape[0]) * 3.14159265
    azimuth = (float(col) + 0.5) / float(out.shape[1]) * 6.2831853
    d = wp.vec3(wp.sin(polar) * wp.sin(azimuth), wp.sin(polar) * wp.cos(azimuth), wp.cos(polar))
    out[row, col] = sky_radiance(sky, 0, d)


def sky_picture(sky: Sky, height: int = 1024) -> np.ndarray:
    """The sky of the first world as Mitsuba's `envmap` takes it, turned so that its y axis is up: (height, 2 height, 3)."""
    out = wp.zeros((height, 2 * height), dtype=wp.vec3, device="cpu")
    wp.launch(_look_up, dim=out.shape, inputs=[sky], outputs=[out], device="cpu")
    return out.numpy()
