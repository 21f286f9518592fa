"""Assets with their meshes: parts that turn, and gaits baked to cyclic clips of posed meshes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import numpy as np

from sim.assets.bones import Keypoints, limb_parts, weight_table
from sim.assets.damage import burn, dent, overturn
from sim.assets.glb import Glb, Node, RawClip, read_glb
from sim.assets.own import own_mesh
from sim.assets.skeleton import hold_phone, repose, sit, thicken
from sim.assets.spec import AssetSpec
from sim.assets.variants import Variant, tint_materials
from sim.assets.wear import worn
from sim.render.mesh import MeshData

ROLES = ("body", "wheel", "steered_wheel", "steered", "crank", "door_left", "door_right", "clip")
"""How a part moves: fixed; spins; spins and steers; steers; turns with the pedals; swings about its hinge; is posed by clips."""


@dataclass(frozen=True)
class Part:
    """A piece that moves as one."""

    name: str
    mesh: MeshData
    """Relative to ``pivot``; of a 'clip' the pose of somebody who stands."""
    role: str
    """One of `ROLES`."""
    pivot: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Centre of the axle or a point of the hinge, in the actor's frame [m]."""
    frames: dict[str, tuple[MeshData, ...]] = field(default_factory=dict)
    """Of a 'clip': its poses in each gait; equal triangles, UVs and materials in all."""

    @property
    def axis(self) -> tuple[float, float, float]:
        """Axis it turns about: wheels about y, steering and doors about z."""
        return (0.0, 1.0, 0.0) if self.role in ("wheel", "steered_wheel", "crank") else (0.0, 0.0, 1.0)


@dataclass(frozen=True)
class Clip:
    """A gait: poses at equal shares of one cycle, equal triangles, UVs and materials in all."""

    stride: float
    """Distance of one cycle [m]."""
    frames: tuple[MeshData, ...]
    """Of the first part with the role 'clip'."""
    rest_frame: int = 0
    """Frame nearest to standing."""


@dataclass(frozen=True)
class Asset:
    """An asset as it is drawn, in the actor's frame."""

    spec: AssetSpec
    parts: tuple[Part, ...]
    clips: dict[str, Clip] = field(default_factory=dict)
    """Gaits of the parts with the role 'clip': 'walk', 'run', of cyclists 'ride'. Empty for all who have no legs."""

    @property
    def triangle_count(self) -> int:
        """Triangles on the screen."""
        return sum(len(part.mesh.triangles) for part in self.parts)

    def assembled(self) -> MeshData:
        """All parts in place, standing."""
        from sim.render.mesh import merge

        meshes = [replace(p.mesh, vertices=p.mesh.vertices + np.array(p.pivot, np.float32)) for p in self.parts]
        return merge(meshes)


def pose(node: Node, matrices: np.ndarray, keypoints: Keypoints | None = None) -> MeshData:
    """Linear blend skinning of one pose.

    Args:
        node: Rest mesh with joints and weights.
        matrices: Rest to posed, (njoint, 3, 4).
        keypoints: To be posed too.
    """
    assert node.joints is not None and node.weights is not None
    blend = np.einsum("vk,vkij->vij", node.weights, matrices[node.joints])
    vertices = np.einsum("vij,vj->vi", blend[:, :, :3], node.mesh.vertices) + blend[:, :, 3]
    normals = np.einsum("vij,vj->vi", blend[:, :, :3], node.mesh.normals)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    points = None if keypoints is None else keypoints.posed(matrices)
    return replace(
        node.mesh, vertices=vertices.astype(np.float32), normals=normals.astype(np.float32), keypoints=points
    )


def _part(node: Node, data: Glb, keypoints: Keypoints | None = None) -> Part:
    """A part with its limbs named and posed in every gait, keypoints with it."""
    if node.role != "clip":
        return Part(node.name, node.mesh, node.role, node.pivot)
    clips = data.clips
    if node.joints is not None and node.weights is not None and clips:
        nbone = next(iter(clips.values())).matrices.shape[1]
        limbs = limb_parts(node.mesh.triangles, weight_table(node.joints, node.weights, nbone))
        node = replace(node, mesh=replace(node.mesh, part=limbs))
    mesh = pose(node, clips["stand"].matrices[0], keypoints) if "stand" in clips else node.mesh
    frames = {
        name: tuple(pose(node, m, keypoints) for m in raw.matrices) for name, raw in clips.items() if name != "stand"
    }
    return Part(node.name, mesh, node.role, node.pivot, frames)


def _bake(data: Glb) -> tuple[tuple[Part, ...], dict[str, Clip]]:
    """Parts with their poses, and gaits."""
    parts = tuple(_part(node, data, data.keypoints) for node in data.nodes)
    posed = next((p for p in parts if p.role == "clip"), None)
    clips: dict[str, Clip] = {}
    if posed is not None:
        for name, frames in posed.frames.items():
            gap = [float(np.abs(f.vertices - posed.mesh.vertices).mean()) for f in frames]
            clips[name] = Clip(data.clips[name].stride, frames, int(np.argmin(gap)))
    return parts, clips


@cache
def _read(mesh: Path) -> Glb:
    return read_glb(mesh)


@cache
def _baked(mesh: Path) -> tuple[tuple[Part, ...], dict[str, Clip]]:
    return _bake(_read(mesh))


def _reshaped(data: Glb, variant: Variant) -> Glb:
    """The content of a file with a variant's girth, posture or dents."""
    nodes, clips = data.nodes, data.clips
    if variant.damage:
        corners = [np.array(n.mesh.bounds) + np.array(n.pivot) for n in nodes if len(n.mesh.vertices)]
        lower, upper = np.min([c[0] for c in corners], axis=0), np.max([c[1] for c in corners], axis=0)
        harm = {"dented": dent, "overturned": overturn}.get(variant.damage)
        nodes = [burn(node) if harm is None else harm(node, lower, upper) for node in nodes]
    if variant.girth != 1.0:
        nodes = [_thickened(node, data, variant.girth) for node in nodes]
    if variant.posture:
        joints = np.array(list(data.points.values()))[:19]
        change, seated = (sit, True) if variant.posture == "sitting" else (hold_phone, False)
        kept = {name: raw for name, raw in clips.items() if name == "stand" or not seated}
        clips = {
            n: replace(r, matrices=repose(r.matrices, joints, change, seated))
            if n != "fall"
            else _held(r, joints, change)
            for n, r in kept.items()
        }
    return replace(data, nodes=nodes, clips=clips)


def _held(fall: RawClip, joints: np.ndarray, change: Callable[[np.ndarray], None]) -> RawClip:
    """A fall whose two chains start from a posture."""
    matrices = np.array(fall.matrices)
    starts = [0, len(matrices) // 2 - 1]
    matrices[starts] = repose(matrices[starts], joints, change)
    return replace(fall, matrices=matrices)


def _thickened(node: Node, data: Glb, girth: float) -> Node:
    if node.joints is None or node.weights is None:
        return node
    vertices = thicken(node.mesh.vertices, node.joints, node.weights, data.points, girth)
    return replace(node, mesh=replace(node.mesh, vertices=vertices.astype(np.float32)))


def _tinted(parts: tuple[Part, ...], variant: Variant) -> tuple[Part, ...]:
    """Parts in a variant's colours; whatever lists of materials they share stay shared."""
    lists: dict[int, list] = {}

    def dye(mesh: MeshData) -> MeshData:
        if id(mesh.materials) not in lists:
            lists[id(mesh.materials)] = tint_materials(mesh.materials, variant.tints)
        return replace(mesh, materials=lists[id(mesh.materials)])

    return tuple(
        replace(p, mesh=dye(p.mesh), frames={name: tuple(map(dye, frames)) for name, frames in p.frames.items()})
        for p in parts
    )


@cache
def load(spec: AssetSpec) -> Asset:
    """Read the mesh of an asset and bake its clips; a variant shares vertices with the asset that it varies, if it has its shape."""
    variant = spec.variant
    if spec.recipe is not None:
        return Asset(spec, *_bake(own_mesh(spec.recipe)))
    if variant is None:
        return Asset(spec, *_baked(spec.mesh))
    data = _read(spec.mesh)
    if variant.reshaped:
        data = _reshaped(data, variant)
    parts, clips = _bake(data) if variant.reshaped else _baked(spec.mesh)
    body = next((n for n in data.nodes if n.role == "clip"), None)
    if variant.wear and body is not None:
        parts = (*parts, *(_part(node, data) for node in worn(data, body, variant.wear)))
    if variant.cell != (0.0, 0.0):
        parts = tuple(
            replace(p, mesh=replace(p.mesh, uvs=p.mesh.uvs + np.array(variant.cell, np.float32))) for p in parts
        )
    if variant.tints:
        parts = _tinted(parts, variant)
    posed = next((p for p in parts if p.role == "clip"), None)
    if posed is not None:
        clips = {name: replace(clip, frames=posed.frames[name]) for name, clip in clips.items()}
    return Asset(spec, parts, clips)
