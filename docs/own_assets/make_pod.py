"""Makes `vehicles/delivery_pod.glb`, the mesh of the example in `docs/own_assets.md`: `python docs/own_assets/make_pod.py`.

A small electric van as any modelling tool would export it: glTF's axes (x left, y up, z ahead), a node for each wheel, named materials.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

MATERIALS = {
    "lack": ([0.8, 0.8, 0.8, 1.0], 0.35), "panes": ([0.6, 0.7, 0.7, 0.3], 0.05), "trim": ([0.03, 0.03, 0.03, 1.0], 0.6),
    "tyre": ([0.03, 0.03, 0.03, 1.0], 0.9), "hub": ([0.6, 0.6, 0.62, 1.0], 0.3), "head": ([0.8, 0.8, 0.8, 1.0], 0.1),
    "tail": ([0.4, 0.02, 0.02, 1.0], 0.2), "blink": ([0.6, 0.25, 0.03, 1.0], 0.2),
}  # fmt: skip
"""Base colour and roughness."""
SIDE = [(-1.3, 0.25), (1.3, 0.25), (1.42, 0.45), (1.36, 0.8), (0.85, 1.62), (0.6, 1.72), (-1.25, 1.72), (-1.35, 1.55)]
"""Outline of the body seen from its left: ahead and up [m]."""
WINDOW = [(1.22, 0.95), (0.82, 1.56), (0.3, 1.56), (0.3, 0.95)]
HALF = 0.66
"""Half of its width [m]."""


def prism(outline: list[tuple[float, float]], low: float, high: float) -> np.ndarray:
    """Triangles of an outline in (z, y), convex and counter-clockwise from +x, drawn out along x; (n, 3, 3)."""
    flat = np.array([(0.0, y, z) for z, y in outline])
    near, far = flat + (low, 0, 0), flat + (high, 0, 0)
    n = len(flat)
    faces = [(far[0], far[i + 1], far[i]) for i in range(1, n - 1)] + [
        (near[0], near[i], near[i + 1]) for i in range(1, n - 1)
    ]
    for i in range(n):
        j = (i + 1) % n
        faces += [(near[i], far[j], near[j]), (near[i], far[i], far[j])]
    return np.array(faces)


def block(x: float, y: float, z: float, wide: float, high: float, deep: float) -> np.ndarray:
    """A box about a point."""
    corners = [(z + i * deep / 2, y + j * high / 2) for i, j in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    return prism(corners, x - wide / 2, x + wide / 2)


def disc(radius: float, wide: float) -> np.ndarray:
    """A wheel about the origin."""
    turn = np.arange(20) * 2 * np.pi / 20
    return prism([(radius * np.cos(a), radius * np.sin(a)) for a in turn], -wide / 2, wide / 2)


def body() -> dict[str, np.ndarray]:
    """Triangles by material."""
    both = (1.0, -1.0)
    panes = [prism(WINDOW, s * HALF - 0.006, s * HALF + 0.006) for s in both]
    ahead = [(1.375, 0.86), (1.395, 0.86), (0.905, 1.6), (0.885, 1.6)]
    return {
        "lack": prism(SIDE, -HALF, HALF),
        "panes": np.concatenate([*panes, prism(ahead, -0.55, 0.55)]),
        "trim": np.concatenate([block(0, 0.3, 0.0, 1.36, 0.1, 2.3), block(0.3, 0.9, -1.345, 0.02, 0.9, 0.05)]),
        "head": np.concatenate([block(0.46 * s, 0.62, 1.4, 0.2, 0.1, 0.08) for s in both]),
        "tail": np.concatenate([block(0.55 * s, 1.2, -1.35, 0.1, 0.25, 0.05) for s in both]),
        "blink": np.concatenate([block(0.6 * s, y, z, 0.08, 0.08, 0.08) for s in both for y, z in ((0.62, 1.4), (1.0, -1.35))]),
    }  # fmt: skip


def main() -> None:
    """Write the file."""
    nodes = {"body": ((0.0, 0.0, 0.0), body())}
    for name, x, z in (
        ("front left", 1, 0.9),
        ("front right", -1, 0.9),
        ("rear left", 1, -0.9),
        ("rear right", -1, -0.9),
    ):
        nodes[f"wheel {name}"] = ((0.6 * x, 0.27, z), {"tyre": disc(0.27, 0.16), "hub": disc(0.15, 0.17)})
    data, names = bytearray(), list(MATERIALS)
    out: dict[str, Any] = {
        "asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": list(range(len(nodes)))}], "nodes": [], "meshes": [],
        "accessors": [], "bufferViews": [], "materials": [
            {"name": name, "pbrMetallicRoughness": {"baseColorFactor": color, "roughnessFactor": rough, "metallicFactor": 0.0},
             **({"alphaMode": "BLEND"} if color[3] < 1.0 else {})}
            for name, (color, rough) in MATERIALS.items()
        ],
    }  # fmt: skip
    for name, (place, parts) in nodes.items():
        primitives = []
        for material, faces in parts.items():
            points = faces.reshape(-1, 3).astype(np.float32)
            out["bufferViews"].append({"buffer": 0, "byteOffset": len(data), "byteLength": points.nbytes})
            data += points.tobytes()
            bounds = {"min": points.min(0).tolist(), "max": points.max(0).tolist()}
            accessor = {
                "bufferView": len(out["bufferViews"]) - 1,
                "componentType": 5126,
                "count": len(points),
                "type": "VEC3",
            }
            out["accessors"].append(accessor | bounds)
            attributes = {"POSITION": len(out["accessors"]) - 1}
            primitives.append({"attributes": attributes, "material": names.index(material)})
        out["meshes"].append({"primitives": primitives})
        out["nodes"].append({"name": name, "mesh": len(out["meshes"]) - 1, "translation": place})
    out["buffers"] = [{"byteLength": len(data)}]
    text = json.dumps(out, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    head = struct.pack("<IIIII", 0x46546C67, 2, 28 + len(text) + len(data), len(text), 0x4E4F534A)
    path = Path(__file__).resolve().parent / "vehicles" / "delivery_pod.glb"
    path.write_bytes(head + text + struct.pack("<II", len(data), 0x004E4942) + bytes(data))


if __name__ == "__main__":
    main()
