"""Number plates that no country issues: pictures of them, and meshes whose plates show whichever of them an instance has."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from sim.render.mesh import MeshData, Role

PLATES = 48
"""Different numbers."""
WIDTH, HEIGHT = 128, 28
"""Of their pictures [pixels]."""


def plate_picture(width: int, height: int, text: str) -> npt.NDArray[np.uint8]:
    """A number plate: white, a blue strip, dark letters, sRGB with alpha, (height, width, 4)."""
    import cv2

    k = 8
    image = np.full((height * k, width * k, 4), (228, 229, 226, 255), np.uint8)
    image[:, : width * k // 9] = (20, 56, 140, 255)
    scale = height * k / 34.0
    (w, h), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
    scale *= min(1.0, 0.8 * width * k / w)
    (w, h), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
    at = ((width * k * 10 // 9 - w) // 2, (height * k + h) // 2)
    cv2.putText(
        image, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, (22, 22, 24, 255), max(2, int(3 * scale)), cv2.LINE_AA
    )
    cv2.rectangle(image, (0, 0), (width * k - 1, height * k - 1), (40, 40, 40, 255), k // 2)
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8)


def plate_number(index: int) -> str:
    """Text of a plate: Q is nobody's first letter."""
    return f"Q{'ABCDEFGHJKLMNPRSTUVWXYZ'[index * 7 % 23]} {(index * 317 + 113) % 1000:03d}"


@lru_cache(maxsize=1)
def plate_pictures() -> tuple[npt.NDArray[np.uint8], ...]:
    """Pictures of all plates, `PLATES` of (`HEIGHT`, `WIDTH`, 4)."""
    return tuple(plate_picture(WIDTH, HEIGHT, plate_number(i)) for i in range(PLATES))


def lay_plates(mesh: MeshData) -> MeshData:
    """The mesh with the whole of a plate's picture on its front plate and on its rear one, whatever they showed."""
    rows = [i for i, m in enumerate(mesh.materials) if m.role == Role.PLATE and m.texture is not None]
    mine = np.isin(mesh.material, rows)
    if not mine.any():
        return mesh
    # Corners of their own, as other faces may share them.
    corners = mesh.triangles[mine]
    old, index = np.unique(corners, return_inverse=True)
    triangles = mesh.triangles.copy()
    triangles[mine] = (len(mesh.vertices) + index.reshape(corners.shape)).astype(triangles.dtype)
    uvs = mesh.uvs[old].copy()
    low, high = mesh.bounds
    front = mesh.vertices[old, 0] > 0.5 * (low[0] + high[0])
    for end in (front, ~front):
        if end.any():
            least, most = uvs[end].min(0), uvs[end].max(0)
            uvs[end] = (uvs[end] - least) / np.maximum(most - least, 1e-6)
    picture = plate_pictures()[0]
    return replace(
        mesh,
        vertices=np.concatenate([mesh.vertices, mesh.vertices[old]]),
        triangles=triangles,
        normals=np.concatenate([mesh.normals, mesh.normals[old]]),
        uvs=np.concatenate([mesh.uvs, uvs]),
        materials=[replace(m, texture=picture) if i in rows else m for i, m in enumerate(mesh.materials)],
    )
