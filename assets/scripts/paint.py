"""Pictures for MakeHuman's bodies: faces, cloth, denim, knitwear, hair; sRGB, drawn by rule."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import makehuman
import numpy as np
import numpy.typing as npt
from PIL import Image

Array = npt.NDArray[np.float64]
Picture = npt.NDArray[np.uint8]
Color = tuple[float, float, float]
HEAD = (0.62, 0.17, 0.99, 0.88)
"""Left, top, right and bottom of the head in MakeHuman's picture coordinates."""
FACE_SIZE = (256, 480)
CLOTH_SIZE = (384, 256)


def _noise(size: tuple[int, int], seed: int, cell: tuple[float, float]) -> Array:
    """Smooth noise of unit range, (height, width); ``cell``: width and height of its grains [texels]."""
    width, height = size
    small = (max(2, round(width / cell[0])), max(2, round(height / cell[1])))
    raw = np.random.default_rng(seed).uniform(-1.0, 1.0, (small[1], small[0])).astype(np.float32)
    return np.asarray(Image.fromarray(raw).resize(size, Image.Resampling.BICUBIC), np.float64)


def _done(rgb: Array) -> Picture:
    out = np.full((*rgb.shape[:2], 4), 255, np.uint8)
    out[..., :3] = np.round(np.clip(rgb, 0.0, 1.0) * 255)
    return out


@cache
def _mask(name: str) -> Array:
    """A mask of the face in the head's picture, 0 to 1."""
    path = makehuman.folder() / "textures" / f"mpfb_{name}.jpg"
    picture = Image.open(path).convert("L")
    w, h = picture.size
    box = (HEAD[0] * w, HEAD[1] * h, HEAD[2] * w, HEAD[3] * h)
    return np.asarray(picture.resize(FACE_SIZE, Image.Resampling.BILINEAR, box), np.float64) / 255.0


def face(
    skin: Color, hair: Color, brow: float = 0.8, beard: float = 0.0, age: float = 0.0, seed: int = 0, scalp: bool = True
) -> Picture:
    """Skin of a head: cheeks, lips, lids, brows, shade of a beard, wrinkles, dark scalp.

    Args:
        skin: sRGB.
        hair: sRGB.
        brow: Strength of brows.
        beard: Strength of the shade of a beard.
        age: Strength of wrinkles.
        seed: Of its noise.
        scalp: Whether hair covers the head.
    """
    width, height = FACE_SIZE
    u = HEAD[0] + (np.arange(width) + 0.5) / width * (HEAD[2] - HEAD[0])
    v = HEAD[1] + (np.arange(height) + 0.5) / height * (HEAD[3] - HEAD[1])
    u, v = np.meshgrid(u, v)
    side = np.abs(v - 0.5157)
    spot = lambda u0, v0, du, dv: np.exp(-(((u - u0) / du) ** 2) - (((side - v0) / dv) ** 2))  # noqa: E731
    out = (
        np.array(skin)[None, None]
        * (1.0 + 0.035 * _noise(FACE_SIZE, seed, (9, 9)) + 0.05 * _noise(FACE_SIZE, seed + 1, (60, 60)))[..., None]
    )

    def mix(color: Color | Array, share: Array) -> None:
        nonlocal out
        out = out + np.clip(share, 0.0, 1.0)[..., None] * (np.asarray(color) - out)

    red = np.array(skin) * (1.02, 0.74, 0.7)
    mix(red, 0.45 * spot(0.882, 0.045, 0.022, 0.028) + 0.3 * spot(0.88, 0.0, 0.014, 0.012) + 0.35 * _mask("ears"))
    mix(np.array(skin) * 0.62, 0.7 * spot(0.837, 0.034, 0.012, 0.02))
    mix(np.array(skin) * (0.5, 0.42, 0.4), 0.9 * spot(0.8925, 0.0075, 0.003, 0.004))
    mix(np.array(skin) * (0.86, 0.5, 0.5), 0.85 * _mask("lips"))
    mix(np.array(skin) * 0.45, 0.8 * np.exp(-(((u - 0.9085) / 0.0016) ** 2)) * (side < 0.019))
    mix(np.array(skin) * 0.55, 0.75 * _mask("eyelids"))
    if age:
        lines = np.sin((u - 0.78) * 620 + 1.5 * _noise(FACE_SIZE, seed + 5, (40, 40)))
        mix(np.array(skin) * 0.72, age * (0.4 * (lines > 0.6) * (u < 0.815) + 0.5 * spot(0.9, 0.03, 0.03, 0.004)))
        mix(np.array(skin) * 0.8, 0.5 * age * spot(0.853, 0.033, 0.004, 0.018))
    if beard:
        jaw = (
            _mask("face")
            * np.clip((u - 0.885) / 0.02, 0.0, 1.0)
            * np.clip((0.075 - side) / 0.01 + (u > 0.92), 0.0, 1.0)
        )
        mix(
            np.array(hair) * 0.9 + 0.05,
            beard * jaw * (1.0 - _mask("lips")) * (0.75 + 0.25 * _noise(FACE_SIZE, seed + 3, (2, 2))),
        )
    arch = 0.8115 - 0.004 * np.sin(np.clip((side - 0.012) / 0.045, 0.0, 1.0) * np.pi)
    mix(hair, brow * np.exp(-(((u - arch) / 0.0042) ** 2)) * (side > 0.011) * (side < 0.058))
    if scalp:
        edge = 0.755 + 0.02 * _noise(FACE_SIZE, seed + 7, (8, 8)) + np.clip(side - 0.09, 0.0, 1.0) * 0.4
        mix(np.array(hair) * 0.9, np.clip((edge - u) / 0.012, 0.0, 1.0))
    return _done(out)


def hair(color: Color, seed: int = 0) -> Picture:
    """Strands from top to bottom."""
    size = (128, 96)
    strands = (
        0.4 * _noise(size, seed, (1.2, 30))
        + 0.2 * _noise(size, seed + 1, (4, 50))
        + 0.15 * _noise(size, seed + 2, (24, 30))
    )
    return _done(np.array(color)[None, None] * (1.0 + 0.6 * strands)[..., None])


Layer = Callable[[Array, Array, Array], Array]
"""Changes a picture given u (0 to 1 over the front, then over the back) and v."""


def _front(u: Array) -> Array:
    """Distance from the middle of front or back as a share of the spread arms' half span, signed."""
    return np.where(u < 0.5, 0.25 - u, 0.75 - u) * 4.0


def cloth(color: Color, *layers: Layer, seed: int = 0, weave: float = 0.06, stains: float = 0.05) -> Picture:
    """A garment's picture: weave, uneven dye, soft folds, then layers such as `buttons`."""
    width, height = CLOTH_SIZE
    u, v = np.meshgrid((np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height)
    crease = _noise(CLOTH_SIZE, seed + 2, (22, 8)) + 0.6 * _noise(CLOTH_SIZE, seed + 3, (10, 5))
    shade = (
        1.0
        + weave * _noise(CLOTH_SIZE, seed, (1.5, 1.5))
        + stains * _noise(CLOTH_SIZE, seed + 1, (40, 40))
        + 0.09 * crease
    )
    out = np.array(color)[None, None] * shade[..., None]
    for layer in layers:
        out = layer(out, u, v)
    return _done(out)


def band(v0: float, v1: float, color: Color, share: float = 1.0) -> Layer:
    """A stripe around between two heights (v from the top)."""
    return lambda rgb, u, v: rgb + (share * ((v > v0) & (v < v1)))[..., None] * (np.array(color) - rgb)


def line(x: float, wide: float, v0: float, v1: float, color: Color, front: bool = True, share: float = 1.0) -> Layer:
    """An upright line at a distance from the middle: plackets, zips, seams."""

    def draw(rgb: Array, u: Array, v: Array) -> Array:
        mine = (np.abs(_front(u) - x) < wide) & (v > v0) & (v < v1) & ((u < 0.5) | (not front))
        return rgb + (share * mine)[..., None] * (np.array(color) - rgb)

    return draw


def patch(x: float, v0: float, half: float, tall: float, color: Color, share: float = 1.0, back: bool = False) -> Layer:
    """A rectangle left and right of the middle (``x`` 0: on it): pockets, prints."""

    def draw(rgb: Array, u: Array, v: Array) -> Array:
        mine = (np.abs(np.abs(_front(u)) - x) < half) & (v > v0) & (v < v0 + tall) & ((u > 0.5) == back)
        return rgb + (share * mine)[..., None] * (np.array(color) - rgb)

    return draw


def stripes(number: float, color: Color, share: float = 0.8) -> Layer:
    """Stripes around."""
    return lambda rgb, u, v: rgb + (share * (np.sin(v * number * 6.283) > 0.2))[..., None] * (np.array(color) - rgb)


def checks(number: float, color: Color, share: float = 0.4) -> Layer:
    """Checked cloth."""

    def draw(rgb: Array, u: Array, v: Array) -> Array:
        both = (np.sin(v * number * 6.283) > 0.3) * 0.5 + (np.sin(u * number * 9.4) > 0.3) * 0.5
        return rgb + (share * both)[..., None] * (np.array(color) - rgb)

    return draw


def worn(v0: float, v1: float, gain: float = 1.35) -> Layer:
    """Bleached thighs and knees of jeans."""

    def draw(rgb: Array, u: Array, v: Array) -> Array:
        x = np.abs(_front(u))
        share = (
            np.exp(-(((x - 0.24) / 0.1) ** 2))
            * np.clip((v - v0) / 0.08, 0, 1)
            * np.clip((v1 - v) / 0.15, 0, 1)
            * (u < 0.5)
        )
        return rgb * (1.0 + (gain - 1.0) * share)[..., None]

    return draw
