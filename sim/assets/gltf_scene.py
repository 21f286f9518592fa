"""Meshes and materials of a foreign glTF scene, all nodes in place: what `sim.assets.own` makes an asset of.

Read are triangles (lists, strips, fans), node transforms, base colour, metallic-roughness, emission, alpha, clear coat and transmission.
A picture of roughness, of metal or of emission counts by its mean, vertex colours by the mean of each mesh, as a surface of the renderer
has one value of each. Left out are animations, points and lines, normal maps; skinned and morphed meshes are refused.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.assets.gltf import Gltf
from sim.render.mesh import Material
from sim.rotation import matrices

MAX_NODES, MAX_DEPTH, MAX_PIECES = 8192, 64, 4096
MAX_TRIANGLES = 200_000
"""Of a scene, every use of a mesh counted."""
MAX_EXTENT = 1e6
"""Coordinates beyond are refused."""
MAX_EMISSION = 50.0
"""In the sky's scale: a sunlit white wall has 2."""
TRIANGLES, STRIP, FAN = 4, 5, 6
BASE, ROUGH = "baseColorTexture", "metallicRoughnessTexture"


@dataclass
class Piece:
    """One primitive of one node, in the scene's frame (y up)."""

    names: tuple[str, ...]
    """Of its mesh, its node and all nodes above that."""
    nodes: tuple[int, ...]
    """Rows of its node and of all nodes above that: one less than names."""
    material: int
    """Row of `Scene.materials`."""
    vertices: npt.NDArray[np.float64]
    """(nvertex, 3)."""
    normals: npt.NDArray[np.float64]
    """Unit, (nvertex, 3)."""
    uvs: npt.NDArray[np.float32]
    """(nvertex, 2)."""
    triangles: npt.NDArray[np.int32]
    """Counter-clockwise, (ntriangle, 3)."""


@dataclass
class Scene:
    """What is seen of a file."""

    pieces: list[Piece]
    materials: list[Material]


def read_scene(file: Gltf) -> Scene:
    """All that the file's scene shows.

    Raises:
        ScenarioError: if it is damaged, too large, or holds no triangle.
    """
    try:
        return _Reader(file).read()
    except (KeyError, TypeError, ValueError, IndexError, OverflowError, RecursionError) as error:
        raise file.error(f"the file is damaged: {type(error).__name__} {str(error)[:80]}") from None


class _Reader:
    def __init__(self, file: Gltf) -> None:
        self.file = file
        self.pieces: list[Piece] = []
        self.materials: list[Material] = []
        self.triangles = 0
        self._known: dict[tuple[int | None, tuple[float, ...]], int] = {}
        self._plain: dict[int | None, Material] = {}
        self._opaque: dict[int, npt.NDArray[np.uint8]] = {}

    def read(self) -> Scene:
        for names, rows, matrix, node in self._nodes():
            if "mesh" not in node:
                continue
            if "skin" in node:
                raise self.file.error(f"node {names[0]!r} has a skin", "Apply the armature, then export without skins.")
            mesh = self.file.row("meshes", node["mesh"])
            determinant = float(np.linalg.det(matrix[:3, :3]))
            if determinant == 0.0:
                continue  # scaled to nothing: how some tools hide things
            if not math.isfinite(determinant):
                raise self.file.error(f"the transform of node {names[0]!r} is not finite")
            primitives = mesh.get("primitives")
            if not isinstance(primitives, list) or not all(isinstance(p, dict) for p in primitives):
                raise self.file.error(f"mesh {self.file.name(mesh)!r} has no primitives")
            for primitive in primitives:
                self._add(primitive, ((self.file.name(mesh), *names), rows), matrix, determinant < 0.0)
        if not self.pieces:
            raise self.file.error("there is no triangle in it")
        return Scene(self.pieces, self.materials)

    def _nodes(self) -> Iterator[tuple[tuple[str, ...], tuple[int, ...], npt.NDArray[np.float64], dict[str, Any]]]:
        """Every node of the scene: its name and those above, their rows, its transform to the scene, itself."""
        nodes = self.file.rows("nodes")
        scenes = self.file.rows("scenes")
        if scenes:
            scene = self.file.row("scenes", self.file.json.get("scene", 0))
            roots = scene.get("nodes", [])
        else:
            below = {child for node in nodes for child in node.get("children", [])}
            roots = [i for i in range(len(nodes)) if i not in below]
        stack = [(index, (), (), np.eye(4)) for index in reversed(roots)]
        seen: set[int] = set()
        while stack:
            index, above, rows, outer = stack.pop()
            node = self.file.row("nodes", index)
            if index in seen:
                raise self.file.error(f"nodes[{index}] is below itself or below two nodes")
            seen.add(index)
            if len(seen) > MAX_NODES or len(above) >= MAX_DEPTH:
                raise self.file.error(f"it has more than {MAX_NODES} nodes, or {MAX_DEPTH} below each other")
            names, rows = (self.file.name(node), *above), (index, *rows)
            matrix = outer @ self._matrix(node)
            stack += [(child, names, rows, matrix) for child in reversed(node.get("children", []))]
            yield names, rows, matrix, node

    def _matrix(self, node: dict[str, Any]) -> npt.NDArray[np.float64]:
        """Transform of a node to the one above it, (4, 4)."""
        if "matrix" in node:
            return np.array(self.file.numbers(node, "matrix", tuple(np.eye(4).ravel()))).reshape(4, 4).T
        out = np.eye(4)
        x, y, z, w = self.file.numbers(node, "rotation", (0.0, 0.0, 0.0, 1.0))
        norm = math.sqrt(x * x + y * y + z * z + w * w)
        if not 1e-6 < norm < 1e6:
            raise self.file.error("the rotation of a node has no length")
        scale = np.array(self.file.numbers(node, "scale", (1.0, 1.0, 1.0)))
        out[:3, :3] = matrices(np.array([x, y, z, w]) / norm) * scale
        out[:3, 3] = self.file.numbers(node, "translation", (0.0, 0.0, 0.0))
        return out

    # --- geometry ------------------------------------------------------------------------------------------------------

    def _add(
        self,
        primitive: dict[str, Any],
        place: tuple[tuple[str, ...], tuple[int, ...]],
        matrix: npt.NDArray[np.float64],
        mirrored: bool,
    ) -> None:
        """Append a primitive in place (names and rows of nodes); points and lines are left out."""
        file, names = self.file, place[0]
        mode = file.whole(primitive, "mode", TRIANGLES, 6)
        if mode not in (TRIANGLES, STRIP, FAN):
            return
        if primitive.get("targets"):
            raise file.error(f"mesh {names[0]!r} has morph targets", "Apply them, then export without.")
        attributes = file.part(primitive, "attributes")
        points = file.accessor(attributes.get("POSITION"), 3, "POSITION")
        index = self._indices(primitive, len(points), mode)
        self.triangles += len(index)
        if self.triangles > MAX_TRIANGLES:
            raise file.error(f"it has more than {MAX_TRIANGLES} triangles", "Thin it out.")
        if len(self.pieces) >= MAX_PIECES:
            raise file.error(f"it has more than {MAX_PIECES} pieces", "Join its meshes.")
        used, corner = np.unique(index, return_inverse=True)
        with np.errstate(invalid="ignore", over="ignore"):
            vertices = points[used].astype(np.float64) @ matrix[:3, :3].T + matrix[:3, 3]
        if not (np.abs(vertices) < MAX_EXTENT).all():  # neither is NaN
            raise file.error(f"mesh {names[0]!r} has vertices that are not finite, or beyond {MAX_EXTENT:g} m")
        triangles = corner.reshape(-1, 3)
        corners = vertices[triangles]
        face = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        whole = np.linalg.norm(face, axis=1) > 0.0
        if not whole.any():
            return
        triangles, face = triangles[whole], face[whole]
        material, uvs = self._surface(primitive, attributes, used, len(points))
        normals = self._normals(attributes, used, matrix, len(points))
        if normals is None:
            vertices, uvs = vertices[triangles].reshape(-1, 3), uvs[triangles].reshape(-1, 2)
            flat = (-face if mirrored else face) / np.linalg.norm(face, axis=1, keepdims=True)
            normals, triangles = np.repeat(flat, 3, axis=0), np.arange(3 * len(triangles)).reshape(-1, 3)
        if mirrored:
            triangles = triangles[:, ::-1]
        self.pieces.append(Piece(*place, material, vertices, normals, uvs, np.ascontiguousarray(triangles, np.int32)))

    def _indices(self, primitive: dict[str, Any], npoint: int, mode: int) -> npt.NDArray[np.int64]:
        """Corners of all triangles, (ntriangle, 3)."""
        file = self.file
        if "indices" in primitive:
            row = file.accessor(primitive["indices"], 1, "indices").ravel()
            if row.dtype.kind != "u" or int(row.max()) >= npoint:
                raise file.error(f"an index points beyond its {npoint} vertices")
        else:
            row = np.arange(min(npoint, 3 * MAX_TRIANGLES + 3))
        n = len(row)
        if mode == TRIANGLES:
            return row[: n - n % 3].astype(np.int64).reshape(-1, 3)
        if n < 3:
            return np.zeros((0, 3), np.int64)
        row = row[: MAX_TRIANGLES + 3].astype(np.int64)
        if mode == FAN:
            return np.stack([np.full(len(row) - 2, row[0]), row[1:-1], row[2:]], 1)
        out = np.stack([row[:-2], row[1:-1], row[2:]], 1)
        out[1::2] = out[1::2, [1, 0, 2]]
        return out

    def _normals(
        self, attributes: dict[str, Any], used: npt.NDArray[np.int64], matrix: npt.NDArray[np.float64], npoint: int
    ) -> npt.NDArray[np.float64] | None:
        """Unit normals of the vertices used, None where the file has none that are sound."""
        if "NORMAL" not in attributes:
            return None
        raw = self.file.accessor(attributes["NORMAL"], 3, "NORMAL")
        if len(raw) != npoint:
            raise self.file.error(f"it has {npoint} positions and {len(raw)} normals")
        with np.errstate(invalid="ignore", over="ignore"):
            normals = raw[used].astype(np.float64) @ np.linalg.inv(matrix[:3, :3])
            length = np.linalg.norm(normals, axis=1, keepdims=True)
        if not ((length > 1e-12) & np.isfinite(length)).all():
            return None
        return normals / length

    # --- surfaces ------------------------------------------------------------------------------------------------------

    def _surface(
        self, primitive: dict[str, Any], attributes: dict[str, Any], used: npt.NDArray[np.int64], npoint: int
    ) -> tuple[int, npt.NDArray[np.float32]]:
        """Row of a primitive's material, and texture coordinates of the vertices used."""
        file = self.file
        row = primitive.get("material")
        entry = {} if row is None else file.row("materials", row)
        tint = self._vertex_color(attributes, used, npoint)
        if (row, tint) not in self._known:
            if row not in self._plain:
                self._plain[row] = self._material(entry)
            plain = self._plain[row]
            r, g, b = (c * t for c, t in zip(plain.base_color, tint, strict=True))
            self._known[row, tint] = len(self.materials)
            self.materials.append(replace(plain, base_color=(r, g, b)))
        uvs = np.zeros((len(used), 2), np.float32)
        texture = file.part(entry, "pbrMetallicRoughness", BASE)
        change = file.part(texture, "extensions", "KHR_texture_transform")
        layer = file.whole(change, "texCoord", file.whole(texture, "texCoord", 0, 7), 7)
        if self.materials[self._known[row, tint]].texture is not None and f"TEXCOORD_{layer}" in attributes:
            raw = file.accessor(attributes[f"TEXCOORD_{layer}"], 2, "TEXCOORD")
            if len(raw) != npoint or not np.isfinite(raw[used]).all():
                raise file.error("texture coordinates are missing or not finite")
            (ox, oy), (sx, sy) = (
                file.numbers(change, k, d) for k, d in (("offset", (0.0, 0.0)), ("scale", (1.0, 1.0)))
            )
            (angle,) = file.numbers(change, "rotation", (0.0,))
            c, s = math.cos(angle), math.sin(angle)
            u, v = raw[used, 0] * sx, raw[used, 1] * sy
            uvs = np.clip(np.stack([c * u + s * v + ox, c * v - s * u + oy], 1), -1e4, 1e4).astype(np.float32)
        return self._known[row, tint], uvs

    def _vertex_color(
        self, attributes: dict[str, Any], used: npt.NDArray[np.int64], npoint: int
    ) -> tuple[float, float, float]:
        """Mean of the vertex colours, linear; white if there are none."""
        if "COLOR_0" not in attributes:
            return 1.0, 1.0, 1.0
        kind = self.file.row("accessors", attributes["COLOR_0"]).get("type")
        raw = self.file.accessor(attributes["COLOR_0"], 4 if kind == "VEC4" else 3, "COLOR_0")
        if len(raw) != npoint:
            raise self.file.error(f"it has {npoint} positions and {len(raw)} colours")
        mean = np.nan_to_num(np.clip(raw[used, :3].astype(np.float64), 0.0, 1.0)).mean(axis=0)
        return round(float(mean[0]), 4), round(float(mean[1]), 4), round(float(mean[2]), 4)

    def _picture(self, info: dict[str, Any]) -> npt.NDArray[np.uint8] | None:
        """The image of a texture that a material names, None if it names none."""
        if "index" not in info:
            return None
        texture = self.file.row("textures", info["index"])
        source = self.file.part(texture, "extensions", "EXT_texture_webp").get("source", texture.get("source"))
        return None if source is None else self.file.image(source)

    def _material(self, m: dict[str, Any]) -> Material:
        """A material of the file in the renderer's terms (glTF 2.0, 3.9; KHR_materials_*)."""
        file = self.file
        pbr, more = file.part(m, "pbrMetallicRoughness"), file.part(m, "extensions")
        *color, alpha = (min(max(v, 0.0), 1.0) for v in file.numbers(pbr, "baseColorFactor", (1.0, 1.0, 1.0, 1.0)))
        (metallic,), (roughness,) = (file.numbers(pbr, key, (1.0,)) for key in ("metallicFactor", "roughnessFactor"))
        surface = self._picture(file.part(pbr, ROUGH))
        if surface is not None:
            roughness *= float(surface[..., 1].mean()) / 255.0
            metallic *= float(surface[..., 2].mean()) / 255.0
        glow = self._picture(file.part(m, "emissiveTexture"))
        (strength,) = file.numbers(file.part(more, "KHR_materials_emissive_strength"), "emissiveStrength", (1.0,))
        emission = np.array(file.numbers(m, "emissiveFactor", (0.0, 0.0, 0.0))) * strength
        if glow is not None:
            emission = emission * ((glow[..., :3] / 255.0) ** 2.2).mean(axis=(0, 1))
        emission = np.clip(emission, 0.0, MAX_EMISSION)
        (coat,) = file.numbers(file.part(more, "KHR_materials_clearcoat"), "clearcoatFactor", (0.0,))
        (clear,) = file.numbers(file.part(more, "KHR_materials_transmission"), "transmissionFactor", (0.0,))
        texture, mode = self._picture(file.part(pbr, BASE)), m.get("alphaMode", "OPAQUE")
        cutoff = 0.0
        if mode == "BLEND":
            clear = max(clear, 1.0 - alpha)
        if texture is not None and mode in ("MASK", "BLEND") and texture[..., 3].min() < 250:
            cutoff = min(max(file.numbers(m, "alphaCutoff", (0.5,))[0], 0.02), 0.98)
        elif texture is not None:
            texture = self._without_alpha(texture)
        r, g, b = color
        return Material(
            file.name(m), (r, g, b), min(max(roughness, 0.02), 1.0), min(max(metallic, 0.0), 1.0), min(max(coat, 0.0), 1.0),
            min(max(clear, 0.0), 0.95), (float(emission[0]), float(emission[1]), float(emission[2])), texture, cutoff,
        )  # fmt: skip

    def _without_alpha(self, picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """A picture whose alpha counts for nothing; the same for the same one, so that it is stored once."""
        if id(picture) not in self._opaque:
            self._opaque[id(picture)] = picture | np.array([0, 0, 0, 255], np.uint8)
        return self._opaque[id(picture)]
