"""One packed texture atlas with mip levels, and a bilinear look-up by hand: the same bits on CPU and CUDA."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import warp as wp

from sim.render.mesh import MeshData

wp.set_module_options({"enable_backward": False})


@wp.struct
class Textures:
    """All textures of a library. Texels are 0xAABBGGRR in sRGB, row by row from the top."""

    texel: wp.array[wp.uint32]
    """Every level of every texture, one after the other, (ntexel,)."""
    first: wp.array[wp.int32]
    """First texel of each level, (nlevel,)."""
    size: wp.array[wp.vec2i]
    """Width and height of each level, (nlevel,)."""
    base: wp.array[wp.int32]
    """First level of each texture, (ntexture + 1,)."""


def _to_linear(srgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    x = srgb.astype(np.float32) / 255.0
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)


def _to_srgb(linear: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    x = np.clip(linear, 0.0, 1.0)
    x = np.where(x <= 0.0031308, 12.92 * x, 1.055 * x ** (1 / 2.4) - 0.055)
    return np.round(255.0 * x).astype(np.uint8)


def mip_levels(image: npt.NDArray[np.uint8]) -> list[npt.NDArray[np.uint8]]:
    """The image and its halvings down to one texel, averaged in linear light and weighted by alpha.

    Args:
        image: sRGB with alpha, (height, width, 4).
    """
    levels = [np.ascontiguousarray(image)]
    color = _to_linear(image[..., :3])
    alpha = image[..., 3:].astype(np.float32) / 255.0
    while max(color.shape[:2]) > 1:
        pad = [
            (0, color.shape[0] % 2 if color.shape[0] > 1 else 0),
            (0, color.shape[1] % 2 if color.shape[1] > 1 else 0),
        ]
        color, alpha = (np.pad(x, [*pad, (0, 0)], mode="edge") for x in (color, alpha))
        rows, cols = (2 if n > 1 else 1 for n in color.shape[:2])
        shape = (color.shape[0] // rows, rows, color.shape[1] // cols, cols)
        weight = (alpha + 1e-4).reshape(*shape, 1)
        color = ((color.reshape(*shape, 3) * weight).sum((1, 3)) / weight.sum((1, 3))).astype(np.float32)
        alpha = alpha.reshape(*shape, 1).mean((1, 3))
        levels.append(np.concatenate([_to_srgb(color), np.round(255.0 * alpha).astype(np.uint8)], axis=-1))
    return levels


def pack_textures(images: Sequence[npt.NDArray[np.uint8]], device: wp.DeviceLike) -> Textures:
    """Upload images, each sRGB (height, width, 4), with all their mip levels."""
    texels, first, size, base = [], [], [], [0]
    offset = 0
    for image in images:
        for level in mip_levels(image):
            texels.append(np.ascontiguousarray(level).view(np.uint32).ravel())
            first.append(offset)
            size.append((level.shape[1], level.shape[0]))
            offset += texels[-1].size
        base.append(len(first))
    if offset >= 2**31:
        raise ValueError(f"textures hold {offset} texels; the atlas takes 2^31")
    out = Textures()
    out.texel = wp.array(np.concatenate(texels) if texels else np.zeros(1, np.uint32), dtype=wp.uint32, device=device)
    out.first = wp.array(np.array(first or [0], np.int32), dtype=wp.int32, device=device)
    out.size = wp.array(np.array(size or [(1, 1)], np.int32), dtype=wp.vec2i, device=device)
    out.base = wp.array(np.array(base, np.int32), dtype=wp.int32, device=device)
    return out


@wp.func
def srgb_to_linear(x: float) -> float:
    """Cubic fit of the sRGB curve, off by at most 0.002."""
    return x * (x * (x * 0.305306011 + 0.682171111) + 0.012522878)


@wp.func(inline=True)
def fetch_texel(t: Textures, first: int, size: wp.vec2i, col: int, row: int) -> wp.vec4:
    """One texel, repeated outside; linear RGB and alpha."""
    x = col % size[0]
    y = row % size[1]
    if x < 0:
        x += size[0]
    if y < 0:
        y += size[1]
    v = t.texel[first + y * size[0] + x]
    r = float(v & wp.uint32(255)) * 0.00392156862
    g = float((v >> wp.uint32(8)) & wp.uint32(255)) * 0.00392156862
    b = float((v >> wp.uint32(16)) & wp.uint32(255)) * 0.00392156862
    a = float(v >> wp.uint32(24)) * 0.00392156862
    return wp.vec4(srgb_to_linear(r), srgb_to_linear(g), srgb_to_linear(b), a)


@wp.func(inline=True)
def sample_texture(t: Textures, texture: int, uv: wp.vec2, density: float) -> wp.vec4:
    """Bilinear look-up in the mip level that suits a footprint of ``density`` texels of the finest level."""
    base = t.base[texture]
    count = t.base[texture + 1] - base
    lod = int(wp.log2(wp.max(1.0, density)) + 0.35)
    level = base + wp.min(lod, count - 1)
    size = t.size[level]
    first = t.first[level]
    u = uv[0] * float(size[0]) - 0.5
    v = uv[1] * float(size[1]) - 0.5
    fu = wp.floor(u)
    fv = wp.floor(v)
    x = int(fu)
    y = int(fv)
    u -= fu
    v -= fv
    a = fetch_texel(t, first, size, x, y) * (1.0 - u) + fetch_texel(t, first, size, x + 1, y) * u
    b = fetch_texel(t, first, size, x, y + 1) * (1.0 - u) + fetch_texel(t, first, size, x + 1, y + 1) * u
    return a * (1.0 - v) + b * v


def texel_density(mesh: MeshData) -> npt.NDArray[np.float32]:
    """Texels per metre of each triangle, (ntriangle,): square root of texture area over surface area."""
    a, b, c = (mesh.vertices[mesh.triangles[:, k]] for k in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    u, v, w = (mesh.uvs[mesh.triangles[:, k]] for k in range(3))
    e, f = v - u, w - u
    uv_area = np.abs(e[:, 0] * f[:, 1] - e[:, 1] * f[:, 0])
    texels = np.array([0 if m.texture is None else m.texture.shape[0] * m.texture.shape[1] for m in mesh.materials])
    ratio = uv_area * texels[mesh.material] / np.maximum(area, 1e-10)
    return np.sqrt(np.clip(ratio, 0.0, 1e8)).astype(np.float32)
