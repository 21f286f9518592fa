"""Variants: more looks of one mesh, made as it is read, so that they cost no file and, unless their shape differs, no memory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from sim.assets.spec import AssetSpec
    from sim.render.mesh import Material

WEAR = (
    "cap",
    "hard_hat",
    "sun_hat",
    "peaked_cap",
    "vest",
    "police_vest",
    "backpack",
    "handbag",
    "shopping_bag",
    "phone",
)
"""What can be worn or carried (`sim.assets.wear`)."""
POSTURES = ("", "phone", "sitting")
"""How a variant of a person holds himself (`sim.assets.skeleton`)."""
DAMAGES = ("", "dented", "burnt", "overturned")
"""What happened to a variant of a vehicle (`sim.assets.damage`)."""


@dataclass(frozen=True)
class Tint:
    """Another colour for a part of a picture, or of a plain material."""

    look: str
    """Regex of material names."""
    hue: float = 0.0
    """Shift [degrees]."""
    saturation: float = 1.0
    """Factor."""
    value: float = 1.0
    """Factor of brightness."""
    rect: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    """Left, top, right and bottom as shares of the picture."""
    over: float = 0.0
    """Only texels more saturated than this change: cloth, not skin."""
    under: float = 0.0
    """Only texels less saturated than this change; 0: all."""
    tone: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Factors of red, green and blue, last of all: dyes what is grey."""


@dataclass(frozen=True)
class Variant:
    """How an asset differs from the one whose mesh it shares."""

    of: AssetSpec
    """The asset whose mesh and gaits it has."""
    tints: tuple[Tint, ...] = ()
    wear: tuple[str, ...] = ()
    """Some of `WEAR`."""
    girth: float = 1.0
    """Thickness of trunk and limbs next to the other's."""
    posture: str = ""
    """One of `POSTURES`."""
    damage: str = ""
    """One of `DAMAGES`."""
    cell: tuple[float, float] = (0.0, 0.0)
    """Where its picture begins in an atlas, next to the other's: shares of its width and height."""
    scale: float = 1.0
    """Its height next to that of the mesh."""

    @property
    def reshaped(self) -> bool:
        """Whether vertices differ from the other's, beyond an even scale."""
        return self.girth != 1.0 or self.posture != "" or self.damage != ""


def tinted(texture: npt.NDArray[np.uint8], change: Tint) -> npt.NDArray[np.uint8]:
    """A picture with a part in other colours.

    Args:
        texture: sRGB with alpha.
        change: What changes.
    """
    import cv2

    height, width = texture.shape[:2]
    rows = slice(round(change.rect[1] * height), round(change.rect[3] * height))
    cols = slice(round(change.rect[0] * width), round(change.rect[2] * width))
    out = texture.copy()
    hsv = cv2.cvtColor(np.ascontiguousarray(texture[rows, cols, :3]), cv2.COLOR_RGB2HSV).astype(np.float32)
    share = np.ones((*hsv.shape[:2], 1), np.float32)
    for limit, sign in ((change.over, 1.0), (change.under, -1.0)):
        if limit:
            share *= np.clip(sign * (hsv[..., 1:2] / 255 - limit) / 0.1 + 0.5, 0.0, 1.0)
    hsv[..., 0] = (hsv[..., 0] + change.hue / 2) % 180
    hsv[..., 1] = np.clip(hsv[..., 1] * change.saturation, 0, 255)
    hsv[..., 2] = np.clip(hsv[..., 2] * change.value, 0, 255)
    new = cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2RGB)
    if change.tone != (1.0, 1.0, 1.0):
        new = np.clip(new * np.array(change.tone), 0, 255)
    out[rows, cols, :3] = np.round(share * new + (1 - share) * texture[rows, cols, :3]).astype(np.uint8)
    return out


def _plain(material: Material, change: Tint) -> Material:
    import colorsys

    h, s, v = colorsys.rgb_to_hsv(*material.base_color)
    r, g, b = colorsys.hsv_to_rgb(
        (h + change.hue / 360.0) % 1.0, min(s * change.saturation, 1.0), min(v * change.value, 1.0)
    )
    red, green, blue = change.tone
    return replace(material, base_color=(min(red * r, 1.0), min(green * g, 1.0), min(blue * b, 1.0)))


def tint_materials(materials: list[Material], tints: tuple[Tint, ...]) -> list[Material]:
    """The materials in a variant's colours; pictures that several of them share stay shared."""
    import re

    pictures: dict[tuple[int, tuple[Tint, ...]], npt.NDArray[np.uint8]] = {}
    out = []
    for material in materials:
        mine = tuple(t for t in tints if re.search(t.look, material.name))
        if mine and material.texture is not None:
            key = (id(material.texture), mine)
            if key not in pictures:
                picture = material.texture
                for change in mine:
                    picture = tinted(picture, change)
                pictures[key] = picture
            material = replace(material, texture=pictures[key])
        else:
            for change in mine:
                material = _plain(material, change)
        out.append(material)
    return out
