"""Assets with their meshes: parts that turn, and gaits baked to cyclic clips of posed meshes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np

from sim.assets.bones import Keypoints, find_keypoints, limb_parts, weight_table
from sim.assets.glb import Node, RawClip, read_glb
from sim.assets.spec import AssetSpec
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
    rest_frame: int = 0
    """Frame nearest to standing."""


@dataclass(frozen=True)
class Asset:
    """An asset as it is drawn, in the actor's frame."""

    spec: AssetSpec
    parts: tuple[Part, ...]
    clips: dict[str, Clip] = field(default_factory=dict)
    """Gaits of the part with the role 'clip': 'walk', 'run', of cyclists 'ride'. Empty for all who have no legs."""

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


def _with_limbs(node: Node, clips: dict[str, RawClip]) -> Keypoints | None:
    """Name the limbs of a skinned mesh; its keypoints, if it is a person's."""
    if node.joints is None or node.weights is None or not clips:
        return None
    poses = [raw.matrices for raw in clips.values()]
    weights = weight_table(node.joints, node.weights, poses[0].shape[1])
    node.mesh.part = limb_parts(node.mesh.triangles, weights)
    standing = _standing(clips)
    return find_keypoints(node.mesh, weights, poses, poses[0][0] if standing is None else standing)


def _standing(clips: dict[str, RawClip]) -> np.ndarray | None:
    return clips["stand"].matrices[0] if "stand" in clips else None


@cache
def load(spec: AssetSpec) -> Asset:
    """Read the mesh of an asset and bake its clips."""
    data = read_glb(spec.mesh)
    parts = []
    clips: dict[str, Clip] = {}
    for node in data.nodes:
        mesh = node.mesh
        if node.role == "clip":
            keypoints = _with_limbs(node, data.clips)
            standing = _standing(data.clips)
            if standing is not None:
                mesh = pose(node, standing, keypoints)
            for name, raw in data.clips.items():
                if name != "stand":
                    frames = tuple(pose(node, m, keypoints) for m in raw.matrices)
                    gap = [float(np.abs(f.vertices - mesh.vertices).mean()) for f in frames]
                    clips[name] = Clip(raw.stride, frames, int(np.argmin(gap)))
        parts.append(Part(node.name, mesh, node.role, node.pivot))
    return Asset(spec, tuple(parts), clips)
