"""Foreign .glb files that tests write: boxes as nodes, with materials and a picture."""

from __future__ import annotations

import io
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

CORNERS = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)], np.float32)
QUADS = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
BOX = np.array([[q[0], q[i], q[i + 1]] for q in QUADS for i in (1, 2)], np.uint16)
"""Unit box, outwards."""
SPEC = """\
class: car
credits: "Test, CC0-1.0"
paint: body
glass: window
wheels: wheel_*
lamps: {head: head, tail: tail, indicator: blink}
"""
WHEELS = {"wheel_fl": (0.7, 1.3), "wheel_fr": (-0.7, 1.3), "wheel_rl": (0.7, -1.4), "wheel_rr": (-0.7, -1.4)}
"""Left and ahead, as glTF has them: x is left, z is ahead [m]."""
MATERIALS = ["body", "window", "tyre", "head", "tail", "blink"]


class Document:
    """A .glb in the making."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.json: dict[str, Any] = {
            "asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": []}], "nodes": [], "meshes": [], "materials": [],
            "accessors": [], "bufferViews": [],
        }  # fmt: skip

    def view(self, raw: bytes) -> int:
        """Append bytes."""
        self.data += b"\0" * (-len(self.data) % 4)
        self.json["bufferViews"].append({"buffer": 0, "byteOffset": len(self.data), "byteLength": len(raw)})
        self.data += raw
        return len(self.json["bufferViews"]) - 1

    def accessor(self, values: np.ndarray, kind: str, component: int, **more: Any) -> int:
        """Append values."""
        row = {
            "bufferView": self.view(values.tobytes()),
            "componentType": component,
            "count": len(values),
            "type": kind,
        }
        self.json["accessors"].append(row | more)
        return len(self.json["accessors"]) - 1

    def add_box(self, name: str, center: Any, size: Any, material: int, **node: Any) -> int:
        """A box as a mesh and a node of the scene."""
        if not self.json["meshes"]:
            self.accessor(CORNERS, "VEC3", 5126)
            self.accessor(BOX.reshape(-1, 1), "SCALAR", 5123)
        primitive = {"attributes": {"POSITION": 0}, "indices": 1, "material": material}
        self.json["meshes"].append({"name": f"{name} mesh", "primitives": [primitive]})
        entry = {"name": name, "mesh": len(self.json["meshes"]) - 1, "translation": list(center), "scale": list(size)}
        self.json["nodes"].append(entry | node)
        self.json["scenes"][0]["nodes"].append(len(self.json["nodes"]) - 1)
        return len(self.json["nodes"]) - 1

    def write(self, path: Path) -> Path:
        """Write the file."""
        path.write_bytes(pack({"buffers": [{"byteLength": len(self.data)}], **self.json}, bytes(self.data)))
        return path


def pack(document: dict[str, Any] | bytes, data: bytes = b"") -> bytes:
    """Bytes of a .glb."""
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    data += b"\0" * (-len(data) % 4)
    total = 28 + len(text) + len(data)
    head = struct.pack("<IIIII", 0x46546C67, 2, total, len(text), 0x4E4F534A)
    return head + text + struct.pack("<II", len(data), 0x004E4942) + data


def png(width: int = 4, height: int = 4, color: tuple[int, int, int] = (200, 40, 20)) -> bytes:
    """Bytes of a picture."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), color).save(out, "PNG")
    return out.getvalue()


def car(scale: float = 1.0) -> Document:
    """a car of boxes, 4.22 m long (times ``scale``), that looks along +z: body, window, lamps, four wheels."""
    out = Document()
    out.json["materials"] = [{"name": name, "pbrMetallicRoughness": {"roughnessFactor": 0.5}} for name in MATERIALS]
    k = scale

    def box(name: str, center: tuple[float, float, float], size: tuple[float, float, float], material: str) -> None:
        out.add_box(name, [k * v for v in center], [k * v for v in size], MATERIALS.index(material))

    box("hull", (0.0, 0.7, 0.0), (1.8, 0.8, 4.2), "body")
    box("cabin", (0.0, 1.3, -0.2), (1.5, 0.4, 2.0), "window")
    box("lamps ahead", (0.0, 0.8, 2.06), (1.4, 0.1, 0.1), "head")
    box("lamps behind", (0.0, 0.8, -2.06), (1.0, 0.1, 0.1), "tail")
    box("blinkers", (0.8, 0.8, 2.06), (0.1, 0.1, 0.1), "blink")
    box("blinkers", (-0.8, 0.8, 2.06), (0.1, 0.1, 0.1), "blink")
    for name, (x, z) in WHEELS.items():
        box(name, (x, 0.32, z), (0.2, 0.64, 0.64), "tyre")
    return out


def put(folder: Path, name: str, document: Document | bytes, spec: str = SPEC) -> Path:
    """Mesh and spec in a folder; returns the spec."""
    folder.mkdir(exist_ok=True, parents=True)
    if isinstance(document, bytes):
        (folder / f"{name}.glb").write_bytes(document)
    else:
        document.write(folder / f"{name}.glb")
    path = folder / f"{name}.yaml"
    path.write_text(spec, encoding="utf-8")
    return path
