"""Reads the project's compact .glb files: quantised glTF 2.0 with WebP textures, written by `assets/scripts/pack.py`.

Positions are u16 (KHR_mesh_quantization), normals i8, texture coordinates u16 (KHR_texture_transform); what glTF has no word for
(surface, role, part, clips, tables of leaves) stands in ``extras``. Any glTF viewer opens the files too, trees without leaves.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.assets.bones import Keypoints
from sim.assets.leaves import decode, with_leaves
from sim.errors import ScenarioError
from sim.render.mesh import Material, MeshData, Role, Semantic, Surface

MAGIC, JSON_CHUNK, BIN_CHUNK = 0x46546C67, 0x4E4F534A, 0x004E4942
DTYPES = {5120: np.int8, 5121: np.uint8, 5122: np.int16, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


@dataclass
class Node:
    """One part of a file, as stored."""

    name: str
    mesh: MeshData
    role: str
    pivot: tuple[float, float, float]
    joints: npt.NDArray[np.uint8] | None = None
    """Bones of each vertex, (nvertex, 4)."""
    weights: npt.NDArray[np.float32] | None = None
    """Sum to 1, (nvertex, 4)."""


@dataclass
class RawClip:
    """Bone matrices of a gait."""

    stride: float
    """Distance of one cycle [m]."""
    matrices: npt.NDArray[np.float32]
    """Rest pose to posed, (nframe, njoint, 3, 4)."""


@dataclass
class Glb:
    """Content of a file."""

    nodes: list[Node]
    clips: dict[str, RawClip] = field(default_factory=dict)
    points: dict[str, npt.NDArray[np.float64]] = field(default_factory=dict)
    """Joints and tips of a person in the rest pose [m], the joints in the order of the bones; empty for others."""
    keypoints: Keypoints | None = None
    """Of a person."""


class _File:
    def __init__(self, path: Path) -> None:
        self.path = path
        data = path.read_bytes()
        try:
            magic, version, length = struct.unpack_from("<III", data)
            if magic != MAGIC or version != 2 or length != len(data):
                raise ValueError
            size, kind = struct.unpack_from("<II", data, 12)
            self.json: dict[str, Any] = json.loads(data[20 : 20 + size])
            bin_size, bin_kind = struct.unpack_from("<II", data, 20 + size)
            if kind != JSON_CHUNK or bin_kind != BIN_CHUNK:
                raise ValueError
        except (struct.error, ValueError):
            raise ScenarioError("no complete .glb file", file=path) from None
        self.bin = data[28 + size : 28 + size + bin_size]

    def view(self, index: int) -> bytes:
        view = self.json["bufferViews"][index]
        start = view.get("byteOffset", 0)
        return self.bin[start : start + view["byteLength"]]

    def accessor(self, index: int) -> npt.NDArray[Any]:
        """Raw values, (count, width), padding dropped."""
        a = self.json["accessors"][index]
        dtype, width = np.dtype(DTYPES[a["componentType"]]), WIDTHS[a["type"]]
        raw = self.view(a["bufferView"])
        stride = self.json["bufferViews"][a["bufferView"]].get("byteStride", dtype.itemsize * width)
        rows = np.frombuffer(raw, np.uint8, stride * a["count"], a.get("byteOffset", 0)).reshape(a["count"], stride)
        return np.ascontiguousarray(rows[:, : dtype.itemsize * width]).view(dtype)

    def image(self, index: int) -> npt.NDArray[np.uint8]:
        """SRGB with alpha, (height, width, 4)."""
        import cv2

        raw = np.frombuffer(self.view(self.json["images"][index]["bufferView"]), np.uint8)
        image = cv2.imdecode(raw, cv2.IMREAD_UNCHANGED)
        if image is None:
            raise ScenarioError(f"image {index} cannot be read", file=self.path)
        code = (
            {3: cv2.COLOR_BGR2RGBA, 4: cv2.COLOR_BGRA2RGBA}[image.shape[2]] if image.ndim == 3 else cv2.COLOR_GRAY2RGBA
        )
        return np.ascontiguousarray(cv2.cvtColor(image, code), np.uint8)


def _materials(file: _File) -> list[Material]:
    images: dict[int, npt.NDArray[np.uint8]] = {}
    out = []
    for m in file.json.get("materials", []):
        pbr, extensions, extras = m["pbrMetallicRoughness"], m.get("extensions", {}), m.get("extras", {})
        texture = None
        if "baseColorTexture" in pbr:
            source = file.json["textures"][pbr["baseColorTexture"]["index"]]["extensions"]["EXT_texture_webp"]["source"]
            texture = images.setdefault(source, file.image(source)) if source not in images else images[source]
        r, g, b = pbr["baseColorFactor"][:3]
        out.append(
            Material(
                name=m["name"],
                base_color=(r, g, b),
                roughness=pbr["roughnessFactor"],
                metallic=pbr["metallicFactor"],
                clearcoat=extensions.get("KHR_materials_clearcoat", {}).get("clearcoatFactor", 0.0),
                transmission=extensions.get("KHR_materials_transmission", {}).get("transmissionFactor", 0.0),
                texture=texture,
                alpha_cutoff=m.get("alphaCutoff", 0.5) if m.get("alphaMode") == "MASK" else 0.0,
                surface=Surface[extras.get("surface", "NONE")],
                role=Role[extras.get("role", "NONE")],
            )
        )
    return out


def _node(file: _File, node: dict[str, Any], materials: list[Material]) -> Node:
    primitives = file.json["meshes"][node["mesh"]]["primitives"]
    attributes = primitives[0]["attributes"]
    extras = node["extras"]
    lower, step = np.array(extras["lower"]), np.array(extras["step"])
    positions = file.accessor(attributes["POSITION"]).astype(np.float64) * step + lower
    normals = file.accessor(attributes["NORMAL"]).astype(np.float32)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-6)
    uvs = np.zeros((len(positions), 2), np.float32)
    if "TEXCOORD_0" in attributes:
        uvs = file.accessor(attributes["TEXCOORD_0"]).astype(np.float32) / 65535.0
        uvs = uvs * np.array(extras["uv_scale"], np.float32) + np.array(extras["uv_offset"], np.float32)
    triangles, material, semantic = [], [], []
    for primitive in primitives:
        index = file.accessor(primitive["indices"]).astype(np.int32).reshape(-1, 3)
        triangles.append(index)
        material.append(np.full(len(index), primitive["material"], np.int32))
        semantic.append(np.full(len(index), int(Semantic[primitive["extras"]["semantic"]]), np.uint8))
    mesh = MeshData(
        vertices=positions.astype(np.float32),
        triangles=np.concatenate(triangles),
        normals=normals,
        uvs=uvs,
        material=np.concatenate(material),
        semantic=np.concatenate(semantic),
        materials=materials,
    )
    if "leaves" in extras:
        table = extras["leaves"]
        raw = file.view(table["rows"])
        mesh = with_leaves(mesh, decode(raw, table["lower"], table["step"], table["reach"]))
    out = Node(node["name"], mesh, extras["role"], tuple(extras["pivot"]))
    if "JOINTS_0" in attributes:
        out.joints = file.accessor(attributes["JOINTS_0"]).astype(np.uint8)
        weights = file.accessor(attributes["WEIGHTS_0"]).astype(np.float32)
        out.weights = weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-6)
    return out


def read_glb(path: Path) -> Glb:
    """Read a file of `assets/`.

    Raises:
        ScenarioError: if the file is damaged or not one of the project's.
    """
    file = _File(path)
    try:
        materials = _materials(file)
        nodes = [_node(file, node, materials) for node in file.json["nodes"] if "mesh" in node]
        clips = {}
        for name, clip in file.json.get("extras", {}).get("clips", {}).items():
            matrices = file.accessor(clip["matrices"]).reshape(clip["frames"], -1, 3, 4)
            clips[name] = RawClip(clip["stride"], matrices)
        skeleton = file.json.get("extras", {}).get("skeleton", {})
        points = {name: np.array(p, float) for name, p in skeleton.get("points", {}).items()}
        keypoints = None
        if "keypoints" in skeleton:
            rows = np.array(skeleton["keypoints"], float)
            keypoints = Keypoints(rows[:, 1:], rows[:, 0].astype(np.int64))
    except (KeyError, ValueError, IndexError, TypeError) as error:
        raise ScenarioError(f"not a mesh of this project: {error!r}", file=path) from None
    return Glb(nodes, clips, points, keypoints)
