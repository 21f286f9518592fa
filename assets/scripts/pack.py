"""Writes parts and gaits as compact .glb files, and their specs as .yaml."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from sim.assets.leaves import Leaves, encode
from sim.assets.variants import WEAR, Tint
from sim.render.mesh import Material, MeshData, Role, Semantic, Surface

ASSETS = Path(__file__).resolve().parent.parent
TEXTURE_LIMIT = 512
QUALITY = 82


@dataclass
class Piece:
    """A part to be written; the mesh is relative to the pivot."""

    name: str
    mesh: MeshData
    role: str = "body"
    pivot: tuple[float, float, float] = (0.0, 0.0, 0.0)
    joints: npt.NDArray[np.uint8] | None = None
    weights: npt.NDArray[np.float64] | None = None
    leaves: Leaves | None = None
    """Foliage; its materials are rows of the mesh's."""


@dataclass
class Gait:
    """Bone matrices (nframe, njoint, 3, 4) and the distance of a cycle [m]."""

    stride: float
    matrices: npt.NDArray[np.floating]


@dataclass
class _Blob:
    json: dict[str, Any] = field(default_factory=dict)
    data: bytearray = field(default_factory=bytearray)

    def view(self, raw: bytes, stride: int | None = None, target: int | None = None) -> int:
        self.data += b"\0" * (-len(self.data) % 4)
        view: dict[str, Any] = {"buffer": 0, "byteOffset": len(self.data), "byteLength": len(raw)}
        if stride:
            view["byteStride"] = stride
        if target:
            view["target"] = target
        self.data += raw
        self.json.setdefault("bufferViews", []).append(view)
        return len(self.json["bufferViews"]) - 1

    def accessor(self, values: np.ndarray, kind: str, component: int, target: int, **extra: Any) -> int:
        values = np.ascontiguousarray(values)
        raw = values.view(np.uint8).reshape(len(values), -1)
        width = raw.shape[1]
        stride = None
        if target == 34962:
            stride = width + (-width % 4)
            raw = np.pad(raw, ((0, 0), (0, stride - width)))
        view = self.view(raw.tobytes(), stride, target)
        entry = {"bufferView": view, "componentType": component, "count": len(values), "type": kind, **extra}
        self.json.setdefault("accessors", []).append(entry)
        return len(self.json["accessors"]) - 1


def webp(image: npt.NDArray[np.uint8], limit: int = TEXTURE_LIMIT) -> bytes:
    """Encode a picture, shrunk to the limit; alpha is kept where it is used."""
    picture = Image.fromarray(image)
    if image[..., 3].min() == 255:
        picture = picture.convert("RGB")
    if max(picture.size) > limit:
        scale = limit / max(picture.size)
        picture = picture.resize(
            (round(picture.width * scale), round(picture.height * scale)), Image.Resampling.LANCZOS
        )
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=QUALITY, method=6, exact=False)
    return out.getvalue()


def _material(blob: _Blob, m: Material, images: dict[int, int], uv: dict[str, Any]) -> dict[str, Any]:
    pbr: dict[str, Any] = {
        "baseColorFactor": [*(round(float(c), 5) for c in m.base_color), 1.0],
        "metallicFactor": m.metallic,
        "roughnessFactor": m.roughness,
    }
    if m.texture is not None:
        if id(m.texture) not in images:
            source = blob.view(webp(m.texture))
            blob.json.setdefault("images", []).append({"bufferView": source, "mimeType": "image/webp"})
            blob.json.setdefault("textures", []).append(
                {"extensions": {"EXT_texture_webp": {"source": len(blob.json["images"]) - 1}}}
            )
            images[id(m.texture)] = len(blob.json["textures"]) - 1
        pbr["baseColorTexture"] = {"index": images[id(m.texture)], "extensions": {"KHR_texture_transform": uv}}
    out: dict[str, Any] = {"name": m.name, "pbrMetallicRoughness": pbr, "doubleSided": True}
    extensions = {}
    if m.clearcoat:
        extensions["KHR_materials_clearcoat"] = {"clearcoatFactor": m.clearcoat}
    if m.transmission:
        extensions["KHR_materials_transmission"] = {"transmissionFactor": m.transmission}
    if extensions:
        out["extensions"] = extensions
    if m.texture is not None and m.alpha_cutoff > 0:
        out |= {"alphaMode": "MASK", "alphaCutoff": m.alpha_cutoff}
    extras = {}
    if m.surface != Surface.NONE:
        extras["surface"] = m.surface.name
    if m.role != Role.NONE:
        extras["role"] = m.role.name
    if extras:
        out["extras"] = extras
    return out


def _mesh(
    blob: _Blob, piece: Piece, uv: dict[str, Any], remap: dict[int, int]
) -> tuple[dict[str, Any], dict[str, Any]]:
    mesh = piece.mesh
    lower, upper = (v.astype(np.float64) for v in mesh.bounds)
    step = np.maximum(upper - lower, 1e-6) / 65535.0
    position = np.round((mesh.vertices - lower) / step).astype(np.uint16)
    normal = np.round(mesh.normals * 127.0).astype(np.int8)
    bounds = {"min": position.min(axis=0).tolist(), "max": position.max(axis=0).tolist()}
    attributes = {
        "POSITION": blob.accessor(position, "VEC3", 5123, 34962, **bounds),
        "NORMAL": blob.accessor(normal, "VEC3", 5120, 34962, normalized=True),
    }
    used = np.unique(mesh.material)
    if any(mesh.materials[i].texture is not None for i in used):
        q = (mesh.uvs - np.array(uv["offset"])) / np.array(uv["scale"])
        quantised = np.round(np.clip(q, 0.0, 1.0) * 65535.0).astype(np.uint16)
        attributes["TEXCOORD_0"] = blob.accessor(quantised, "VEC2", 5123, 34962, normalized=True)
    if piece.joints is not None and piece.weights is not None:
        weights = np.round(piece.weights / piece.weights.sum(axis=1, keepdims=True) * 255.0)
        weights[:, 0] += 255.0 - weights.sum(axis=1)
        attributes["JOINTS_0"] = blob.accessor(piece.joints.astype(np.uint8), "VEC4", 5121, 34962)
        attributes["WEIGHTS_0"] = blob.accessor(weights.astype(np.uint8), "VEC4", 5121, 34962, normalized=True)
    primitives = []
    wide = len(mesh.vertices) > 65535
    for material in used:
        for semantic in np.unique(mesh.semantic[mesh.material == material]):
            mask = (mesh.material == material) & (mesh.semantic == semantic)
            index = mesh.triangles[mask].astype(np.uint32 if wide else np.uint16).reshape(-1, 1)
            primitives.append(
                {
                    "attributes": attributes,
                    "indices": blob.accessor(index, "SCALAR", 5125 if wide else 5123, 34963),
                    "material": remap[id(mesh.materials[material])],
                    "extras": {"semantic": Semantic(int(semantic)).name},
                }
            )
    node = {
        "translation": [float(v) for v in lower + np.array(piece.pivot)],
        "scale": [float(v) for v in step],
        "extras": {
            "role": piece.role,
            "pivot": [round(float(v), 5) for v in piece.pivot],
            "lower": lower.tolist(),
            "step": step.tolist(),
            "uv_offset": uv["offset"],
            "uv_scale": uv["scale"],
        },
    }
    return {"name": piece.name, "primitives": primitives}, node


def _all_materials(blob: _Blob, pieces: list[Piece], uv: dict[str, Any]) -> tuple[list[dict[str, Any]], dict[int, int]]:
    """Materials in use, and the row of each by the material's id."""
    images: dict[int, int] = {}
    remap: dict[int, int] = {}
    materials = []
    for piece in pieces:
        used = [piece.mesh.material] if piece.leaves is None else [piece.mesh.material, piece.leaves.material]
        for i in np.unique(np.concatenate(used)):
            m = piece.mesh.materials[i]
            if id(m) not in remap:
                remap[id(m)] = len(materials)
                materials.append(_material(blob, m, images, uv))
    return materials, remap


def _nodes(
    blob: _Blob, pieces: list[Piece], uv: dict[str, Any], remap: dict[int, int]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Meshes and nodes; equal meshes are stored once."""
    meshes: list[dict[str, Any]] = []
    nodes: list[dict[str, Any]] = []
    known: dict[int, tuple[int, dict[str, Any]]] = {}
    for piece in pieces:
        if id(piece.mesh) not in known:
            mesh, node = _mesh(blob, piece, uv, remap)
            meshes.append(mesh)
            known[id(piece.mesh)] = (len(meshes) - 1, node)
        row, like = known[id(piece.mesh)]
        extras = {**like["extras"], "role": piece.role, "pivot": [round(float(v), 5) for v in piece.pivot]}
        if piece.leaves is not None:
            rows = np.array([remap.get(id(m), 0) for m in piece.mesh.materials])[piece.leaves.material]
            raw, table = encode(replace(piece.leaves, material=rows.astype(np.uint8)))
            extras["leaves"] = {"rows": blob.view(raw), **table}
        translation = [a + b for a, b in zip(like["extras"]["lower"], extras["pivot"], strict=True)]
        node = {"name": piece.name, "mesh": row, "translation": translation, "scale": like["scale"], "extras": extras}
        nodes.append(node)
    return meshes, nodes


def _clips(blob: _Blob, gaits: dict[str, Gait]) -> dict[str, Any]:
    clips = {}
    for name, gait in gaits.items():
        m = np.asarray(gait.matrices, np.float32)
        accessor = blob.accessor(m.reshape(-1, 12), "SCALAR", 5126, 0)
        blob.json["accessors"][accessor] |= {"count": m.size}
        blob.json["bufferViews"][blob.json["accessors"][accessor]["bufferView"]].pop("target", None)
        clips[name] = {"stride": round(gait.stride, 4), "frames": len(m), "matrices": accessor}
    return clips


def write_glb(
    path: Path, pieces: list[Piece], gaits: dict[str, Gait] | None = None, skeleton: dict[str, Any] | None = None
) -> int:
    """Write a file; returns its size in bytes. Equal meshes (same object) are stored once; ``skeleton``: of `keypoints`."""
    blob = _Blob()
    flat = np.concatenate([p.mesh.uvs for p in pieces])
    low, high = flat.min(axis=0), flat.max(axis=0)
    uv = {"offset": [float(v) for v in low], "scale": [float(v) for v in np.maximum(high - low, 1e-6)]}
    materials, remap = _all_materials(blob, pieces, uv)
    meshes, nodes = _nodes(blob, pieces, uv, remap)
    out: dict[str, Any] = {
        "asset": {"version": "2.0", "generator": "swerve assets/scripts"},
        "scene": 0,
        "scenes": [{"nodes": [len(nodes)]}],
        "nodes": [*nodes, {"name": "z up", "rotation": [-0.5, -0.5, -0.5, 0.5], "children": list(range(len(nodes)))}],
        "meshes": meshes,
        "materials": materials,
    }
    if gaits:
        out["extras"] = {"clips": _clips(blob, gaits)} | ({"skeleton": skeleton} if skeleton else {})
    extensions = {"KHR_mesh_quantization"}
    for m in materials:
        extensions |= set(m.get("extensions", {}))
    if "images" in blob.json:
        extensions |= {"EXT_texture_webp", "KHR_texture_transform"}
    out["extensionsUsed"] = sorted(extensions)
    out["extensionsRequired"] = [e for e in sorted(extensions) if e in ("KHR_mesh_quantization", "EXT_texture_webp")]
    return _save(path, out, blob)


def _save(path: Path, out: dict[str, Any], blob: _Blob) -> int:
    out |= blob.json
    blob.data += b"\0" * (-len(blob.data) % 4)
    out["buffers"] = [{"byteLength": len(blob.data)}]
    text = json.dumps(out, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    total = 28 + len(text) + len(blob.data)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(
        struct.pack("<III", 0x46546C67, 2, total)
        + struct.pack("<II", len(text), 0x4E4F534A) + text
        + struct.pack("<II", len(blob.data), 0x004E4942) + bytes(blob.data)
    )  # fmt: skip
    return total


def _yaml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)):
        return f"{float(value):.4g}" if abs(value) >= 5e-5 else "0"
    if isinstance(value, (list, tuple, np.ndarray)):
        return "[" + ", ".join(_yaml(v) for v in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {_yaml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, str) and not value.replace("_", "").replace(".", "").replace("-", "").isalnum():
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def write_spec(path: Path, spec: dict[str, Any], script: str) -> None:
    """Write a spec; lists of mappings take a line each."""
    lines = [f"# Made by assets/scripts/{script}"]
    for key, value in spec.items():
        if (
            isinstance(value, list)
            and value
            and isinstance(value[0], (dict, str))
            and key in ("lights", "doors", "variants", "credits")
        ):
            lines.append(f"{key}:")
            lines += [f"  - {_yaml(item)}" for item in value if item]
        else:
            lines.append(f"{key}: {_yaml(value)}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def look(name: str, tints: Sequence[Tint] = (), **more: Any) -> dict[str, Any]:
    """A variant as specs hold it: its name, what differs, its colour changes."""
    plain = Tint("")
    changes = []
    for tint in tints:
        kept = {k: v for k, v in vars(tint).items() if v != getattr(plain, k)}
        changes.append({k: list(v) if isinstance(v, tuple) else v for k, v in kept.items()})
    return {"name": name, **more} | ({"tints": changes} if changes else {})


def measure_variants(spec: Path, data: dict[str, Any], script: str) -> None:
    """Write a spec anew with the sizes of those variants whose shape differs from the mesh's."""
    from sim.assets.model import load
    from sim.assets.spec import read_spec

    for entry, one in zip(data["variants"], read_spec(spec).variants, strict=True):
        # Hands held before the chest stay outside the box, which says how a body lies.
        if one.variant is not None and one.variant.reshaped and one.variant.posture != "phone":
            parts = load(one).parts
            corners = [
                np.array(p.mesh.bounds) + np.array(p.pivot)
                for p in parts
                if p.name not in WEAR and len(p.mesh.triangles)
            ]
            lower, upper = np.min([c[0] for c in corners], axis=0), np.max([c[1] for c in corners], axis=0)
            lower[2] = min(lower[2], 0.0) if one.variant.damage else 0.0
            entry["size"] = (one.variant.scale * (upper - lower)).tolist()
            entry["box_center"] = (one.variant.scale * (upper + lower) / 2).tolist()
    write_spec(spec, data, script)


def bounds_of(pieces: list[Piece], skip: tuple[str, ...] = ()) -> tuple[np.ndarray, np.ndarray]:
    """Box around all pieces in place [m]."""
    boxes = [np.array(p.mesh.bounds) + np.array(p.pivot) for p in pieces if p.name not in skip]
    return np.min([b[0] for b in boxes], axis=0), np.max([b[1] for b in boxes], axis=0)
