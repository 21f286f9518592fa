"""Materials shared by the recipes: linear colours, what shines, what lights up."""

from __future__ import annotations

import cv2  # noqa: TID253
import numpy as np
import numpy.typing as npt

from sim.render.mesh import Material, Role, Surface

PLASTIC = Material("black plastic", (0.022, 0.022, 0.023), 0.55)
TRIM = Material("glossy black", (0.012, 0.012, 0.013), 0.3, clearcoat=0.6)
LINE = Material("joint", (0.012, 0.012, 0.012), 0.9)
CABIN = Material("cabin", (0.05, 0.05, 0.052), 0.85)
SEAT = Material("seats", (0.1, 0.1, 0.105), 0.9, surface=Surface.CLOTH)
TYRE = Material("tyre", (0.035, 0.035, 0.035), 0.9, surface=Surface.RUBBER)
RIM = Material("rim", (0.55, 0.56, 0.57), 0.35, 0.85, surface=Surface.METAL)
CHROME = Material("chrome", (0.62, 0.62, 0.63), 0.12, 1.0)
STEEL = Material("steel", (0.28, 0.28, 0.29), 0.45, 0.8, surface=Surface.METAL)
MIRROR = Material("mirror", (0.8, 0.82, 0.84), 0.02, 1.0)
PAINT = Material("paint", (0.5, 0.5, 0.5), 0.4, clearcoat=1.0, surface=Surface.CAR_PAINT, role=Role.PAINT)
IVORY = Material("ivory paint", (0.72, 0.62, 0.42), 0.4, clearcoat=1.0)
GLASS = Material("glass", (0.72, 0.78, 0.76), 0.02, clearcoat=1.0, transmission=0.7, role=Role.GLASS)
PRIVACY = Material("dark glass", (0.012, 0.013, 0.014), 0.03, clearcoat=1.0, role=Role.GLASS)
LENS = Material("lens", (0.9, 0.9, 0.9), 0.03, clearcoat=1.0, transmission=0.85, role=Role.GLASS)


def colored(name: str, color: tuple[float, float, float], roughness: float = 0.5, **more: object) -> Material:
    """A plain material."""
    return Material(name, color, roughness, **more)  # type: ignore[arg-type]


def lamp(
    role: Role, color: tuple[float, float, float] | None = None, texture: npt.NDArray[np.uint8] | None = None
) -> Material:
    """A lamp: the lens in daylight, its light by role."""
    tint = color or {
        Role.HEAD_LAMP: (0.75, 0.76, 0.78),
        Role.TAIL_LAMP: (0.30, 0.012, 0.01),
        Role.BRAKE_LAMP: (0.30, 0.012, 0.01),
        Role.INDICATOR_LEFT: (0.60, 0.20, 0.02),
        Role.INDICATOR_RIGHT: (0.60, 0.20, 0.02),
        Role.REVERSE_LAMP: (0.7, 0.7, 0.7),
        Role.BEACON: (0.02, 0.06, 0.5),
    }.get(role, (0.6, 0.6, 0.6))
    if texture is not None:
        tint = color or (1.0, 1.0, 1.0)
    cutoff = 0.5 if texture is not None and texture[..., 3].min() < 128 else 0.0
    return Material(
        role.name.lower().replace("_", " "), tint, 0.2, clearcoat=1.0, texture=texture, alpha_cutoff=cutoff, role=role
    )


def atlas(name: str, texture: npt.NDArray[np.uint8], roughness: float = 0.45, **more: object) -> Material:
    """A photographed or painted picture; its transparent texels are holes."""
    cutoff = 0.5 if texture[..., 3].min() < 128 else 0.0
    return Material(name, (1.0, 1.0, 1.0), roughness, texture=texture, alpha_cutoff=cutoff, **more)  # type: ignore[arg-type]


def repaint(
    texture: npt.NDArray[np.uint8],
    rect: tuple[float, float, float, float],
    patch: npt.NDArray[np.uint8] | tuple[int, int, int] | None,
) -> None:
    """Overwrite a part of a picture: with another, with a colour, or (None) with what surrounds it.

    Args:
        texture: sRGB with alpha, changed in place.
        rect: u0, v0, u1, v1 as shares of the picture.
        patch: New content.
    """
    height, width = texture.shape[:2]
    x0, y0, x1, y1 = round(rect[0] * width), round(rect[1] * height), round(rect[2] * width), round(rect[3] * height)
    if patch is None:
        mask = np.zeros((height, width), np.uint8)
        mask[y0:y1, x0:x1] = 255
        fixed = cv2.inpaint(np.ascontiguousarray(texture[..., :3]), mask, 5, cv2.INPAINT_TELEA)
        texture[y0:y1, x0:x1, :3] = fixed[y0:y1, x0:x1]
    elif isinstance(patch, tuple):
        texture[y0:y1, x0:x1, :3] = patch
    else:
        texture[y0:y1, x0:x1] = cv2.resize(patch, (x1 - x0, y1 - y0), interpolation=cv2.INTER_AREA)


def enlarged(texture: npt.NDArray[np.uint8], factor: int) -> npt.NDArray[np.uint8]:
    """A larger copy, so that new letters stay sharp."""
    return cv2.resize(texture, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)


def board(width: int, height: int, text: str) -> npt.NDArray[np.uint8]:
    """A destination display: amber letters on black, sRGB with alpha."""
    k = 4
    image = np.zeros((height * k, width * k, 4), np.uint8)
    image[..., 3] = 255
    scale = height * k / 45.0
    (w, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
    scale *= min(1.0, 0.85 * width * k / w)
    (w, h), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
    at = ((width * k - w) // 2, (height * k + h) // 2)
    cv2.putText(
        image, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, (255, 170, 40, 255), max(3, int(4 * scale)), cv2.LINE_AA
    )
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
