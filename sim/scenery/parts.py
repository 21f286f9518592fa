"""Primitives that scenery is built of: quads, boxes, tubes, sweeps and the materials they share."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sim.render.mesh import Material, MeshData, Semantic, Surface
from sim.scenery.solids import Solids

Floats = npt.NDArray[np.floating]

BOX_FACES = np.array(
    [[1, 2, 6, 5], [3, 0, 4, 7], [2, 3, 7, 6], [0, 1, 5, 4], [4, 5, 6, 7], [3, 2, 1, 0]],
    np.int32,
)
"""Faces +x, -x, +y, -y, +z, -z of the corners below."""
BOX_CORNERS = np.array(
    [[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0], [-1, -1, 1], [1, -1, 1], [1, 1, 1], [-1, 1, 1]], float
)
"""A box that stands on its base: half extents in x and y, height in z."""
HALVES = np.array([[0, 1, 2], [0, 2, 3]])
"""Corners of a quad's two triangles."""


def srgb(red: int, green: int, blue: int) -> tuple[float, float, float]:
    """Linear albedo of an 8-bit sRGB colour."""
    c = np.array([red, green, blue]) / 255.0
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return float(linear[0]), float(linear[1]), float(linear[2])


def plain(
    name: str, color: tuple[float, float, float], surface: Surface = Surface.NONE, roughness: float = 0.8
) -> Material:
    """A dielectric without texture."""
    red, green, blue = (round(float(c), 4) for c in color)
    return Material(name, (red, green, blue), roughness, surface=surface)


def turn(yaw: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Rotation about z, (..., 3, 3); columns are the turned axes."""
    yaw = np.asarray(yaw, float)
    c, s, o = np.cos(yaw), np.sin(yaw), np.zeros_like(yaw)
    return np.stack(
        [np.stack([c, -s, o], -1), np.stack([s, c, o], -1), np.stack([o, o, o + 1.0], -1)],
        -2,
    )


def placed(pos: npt.ArrayLike, yaw: float = 0.0, scale: float = 1.0) -> npt.NDArray[np.float64]:
    """4x4 transform that turns about z, scales and moves."""
    matrix = np.eye(4)
    matrix[:3, :3] = turn(yaw) * scale
    matrix[:3, 3] = pos
    return matrix


def _cross(a: Floats, b: Floats) -> Floats:
    """Cross products of vectors (n, 3): the very numbers of NumPy's function, which takes four times as long for a few of them."""
    (ax, ay, az), (bx, by, bz) = a.T, b.T
    return np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], axis=1)


def _twice(each: Any, count: int) -> Any:
    """What quads have, for their two triangles each; one material or class for all of them stays one."""
    if isinstance(each, Material) or np.ndim(each) == 0:
        return each
    return np.repeat(np.broadcast_to(each, count), 2)


class MeshBuilder:
    """Collects faces with their material and semantic class, and joins them into one `MeshData`; keeps what of it stops bodies.

    Args:
        faces: False: only what stops bodies is kept.
    """

    def __init__(self, *, faces: bool = True) -> None:
        self.faces = faces
        self.solids = Solids()
        self.materials: list[Material] = []
        self._row: dict[Material, int] = {}
        self._parts: list[tuple[np.ndarray, ...]] = []
        self._nvertex = 0
        self.triangle_count = 0

    def material(self, material: Material) -> int:
        """Row of a material, added at its first use (textured ones are told apart by identity)."""
        if material.texture is not None:
            for i, other in enumerate(self.materials):
                if other is material:
                    return i
            self.materials.append(material)
            return len(self.materials) - 1
        row = self._row.get(material)
        if row is None:
            row = self._row[material] = len(self.materials)
            self.materials.append(material)
        return row

    def add(
        self,
        vertices: Floats,
        triangles: npt.NDArray[np.integer],
        normals: Floats,
        material: Material | npt.NDArray[np.integer],
        semantic: int | npt.NDArray[np.integer],
        uvs: Floats | None = None,
    ) -> None:
        """Append triangles; ``material`` is one material or a row of ``materials`` for each triangle."""
        if len(triangles) == 0 or not self.faces:
            return
        rows = self.material(material) if isinstance(material, Material) else material
        count = len(triangles)
        self._parts.append(
            (
                np.asarray(vertices, np.float32),
                np.asarray(triangles, np.int32) + self._nvertex,
                np.asarray(normals, np.float32),
                np.zeros((len(vertices), 2), np.float32) if uvs is None else np.asarray(uvs, np.float32),
                np.broadcast_to(np.asarray(rows, np.int32), count),
                np.broadcast_to(np.asarray(semantic, np.uint8), count),
            )
        )
        self._nvertex += len(vertices)
        self.triangle_count += count

    def quads(
        self,
        corners: Floats,
        material: Material | npt.NDArray[np.integer],
        semantic: int | npt.NDArray[np.integer],
        uvs: Floats | None = None,
    ) -> None:
        """Flat quads (n, 4, 3), counter-clockwise from outside; ``uvs`` (n, 4, 2); rows and classes may be per quad."""
        corners = np.asarray(corners, float).reshape(-1, 4, 3)
        count = len(corners)
        if count == 0 or not self.faces:
            return
        normal = _cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
        size = np.linalg.norm(normal, axis=1)
        keep = size > 1e-10
        if not keep.all():
            corners, normal, size, count = corners[keep], normal[keep], size[keep], int(keep.sum())
            material = material if isinstance(material, Material) or np.ndim(material) == 0 else material[keep]
            semantic = semantic if np.ndim(semantic) == 0 else np.asarray(semantic)[keep]
            uvs = uvs if uvs is None else np.asarray(uvs).reshape(-1, 4, 2)[keep]
        triangles = (np.arange(0, 4 * count, 4)[:, None, None] + HALVES).reshape(-1, 3)
        rows, classes = (_twice(each, count) for each in (material, semantic))
        normals = np.repeat(normal / size[:, None], 4, 0)
        self.add(corners.reshape(-1, 3), triangles, normals, rows, classes, None if uvs is None else uvs.reshape(-1, 2))

    def triangles(self, corners: Floats, material: Material | npt.NDArray[np.integer], semantic: int) -> None:
        """Flat triangles (n, 3, 3), counter-clockwise from outside."""
        if not self.faces:
            return
        corners = np.asarray(corners, float).reshape(-1, 3, 3)
        normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
        index = np.arange(len(corners) * 3).reshape(-1, 3)
        self.add(corners.reshape(-1, 3), index, np.repeat(normal, 3, 0), material, semantic)

    def boxes(
        self,
        base: npt.ArrayLike,
        size: npt.ArrayLike,
        yaw: npt.ArrayLike,
        material: Material | npt.NDArray[np.integer],
        semantic: int,
        *,
        bottom: bool = False,
    ) -> None:
        """Boxes on their base centre (n, 3), length, width and height (n, 3), turned about z."""
        if not self.faces:
            return
        base = np.asarray(base, float).reshape(-1, 3)
        half = np.broadcast_to(np.asarray(size, float).reshape(-1, 3), base.shape) * [0.5, 0.5, 1.0]
        rot = np.broadcast_to(turn(yaw), (len(base), 3, 3))
        corners = np.einsum("nij,nkj->nki", rot, BOX_CORNERS[None] * half[:, None]) + base[:, None]
        faces = BOX_FACES if bottom else BOX_FACES[:5]
        rows = material if isinstance(material, Material) or np.ndim(material) == 0 else np.repeat(material, len(faces))
        self.quads(corners[:, faces].reshape(-1, 4, 3), rows, semantic)

    def tubes(
        self, start: npt.ArrayLike, end: npt.ArrayLike, radius: npt.ArrayLike, material: Material, semantic: int,
        *, sides: int = 8, end_radius: npt.ArrayLike | None = None, cap: bool = True,
    ) -> None:  # fmt: skip
        """Round rods between two points (n, 3), with smooth normals; radii [m], (n,)."""
        if not self.faces:
            return
        a = np.asarray(start, float).reshape(-1, 3)
        b = np.broadcast_to(np.asarray(end, float).reshape(-1, 3), a.shape)
        n = len(a)
        r0 = np.broadcast_to(np.asarray(radius, float).reshape(-1), n)
        r1 = r0 if end_radius is None else np.broadcast_to(np.asarray(end_radius, float).reshape(-1), n)
        axis = (b - a) / np.maximum(np.linalg.norm(b - a, axis=1, keepdims=True), 1e-9)
        helper = np.where(np.abs(axis[:, 2:]) > 0.9, [[1.0, 0.0, 0.0]], [[0.0, 0.0, 1.0]])
        u = np.cross(helper, axis)
        u /= np.linalg.norm(u, axis=1, keepdims=True)
        v = np.cross(axis, u)
        angle = np.arange(sides) * (2 * np.pi / sides)
        ring = u[:, None] * np.cos(angle)[:, None] + v[:, None] * np.sin(angle)[:, None]
        lower = a[:, None] + ring * r0[:, None, None]
        upper = b[:, None] + ring * r1[:, None, None]
        k = np.arange(sides)
        j = (k + 1) % sides
        tri = np.concatenate([np.stack([k, j, sides + j], 1), np.stack([k, sides + j, sides + k], 1)])
        tri = tri[None] + (np.arange(n) * 2 * sides)[:, None, None]
        self.add(
            np.concatenate([lower, upper], 1).reshape(-1, 3),
            tri.reshape(-1, 3),
            np.concatenate([ring, ring], 1).reshape(-1, 3),
            material,
            semantic,
        )
        if cap:
            fan = np.stack([np.zeros(sides - 2, int), np.arange(1, sides - 1), np.arange(2, sides)], 1)
            fans = (fan[None] + (np.arange(n) * sides)[:, None, None]).reshape(-1, 3)
            self.add(upper.reshape(-1, 3), fans, np.repeat(axis, sides, 0), material, semantic)

    def sweep(
        self, path: Floats, left: Floats, profile: Floats, material: Material, semantic: int, *, closed: bool = False
    ) -> None:
        """A profile drawn along a path, flat faces.

        Args:
            path: Points [m], (n, 3).
            left: Unit vectors to the left of travel, (n, 3).
            profile: Offsets to the left and up [m], (k, 2), ordered so that faces look away from the right-hand side of the
                profile's own direction of travel.
            material: Of all faces.
            semantic: Of all faces.
            closed: Joins the profile's ends and caps the sweep.
        """
        if not self.faces:
            return
        path, left, profile = np.asarray(path, float), np.asarray(left, float), np.asarray(profile, float)
        up = np.array([0.0, 0.0, 1.0])
        grid = path[:, None] + left[:, None] * profile[None, :, :1] + up * profile[None, :, 1:]
        k = np.arange(len(profile) - (0 if closed else 1))
        j = (k + 1) % len(profile)
        quads = np.stack([grid[:-1, k], grid[1:, k], grid[1:, j], grid[:-1, j]], 2)
        self.quads(quads.reshape(-1, 4, 3), material, semantic)
        if closed and len(profile) == 4:
            self.quads(np.stack([grid[0], grid[-1][::-1]]), material, semantic)

    def instances(self, mesh: MeshData, matrices: Floats) -> None:
        """Copies of a mesh under 4x4 transforms (n, 4, 4), rigid or uniformly scaled."""
        matrices = np.asarray(matrices, float).reshape(-1, 4, 4)
        if len(matrices) == 0 or not self.faces:
            return
        rows = np.array([self.material(m) for m in mesh.materials], np.int32)[mesh.material]
        vertices = np.einsum("nij,kj->nki", matrices[:, :3, :3], mesh.vertices) + matrices[:, None, :3, 3]
        normals = np.einsum("nij,kj->nki", matrices[:, :3, :3], mesh.normals)
        normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-12)
        count = len(matrices)
        offset = (np.arange(count) * len(mesh.vertices))[:, None, None]
        self.add(
            vertices.reshape(-1, 3), (mesh.triangles[None] + offset).reshape(-1, 3), normals.reshape(-1, 3),
            np.tile(rows, count), np.tile(mesh.semantic, count), np.tile(mesh.uvs, (count, 1)),
        )  # fmt: skip

    def build(self) -> MeshData:
        """The joint mesh."""
        if not self._parts:
            self.triangles(np.zeros((1, 3, 3)), Material("nothing"), int(Semantic.STATIC))
        columns = [np.concatenate(column) for column in zip(*self._parts, strict=True)]
        return MeshData(columns[0], columns[1], columns[2], columns[3], columns[4], columns[5], list(self.materials))
