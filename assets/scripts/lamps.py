"""Lamps, plates and badges of vehicles: found in pictures and looks, repainted, cut out, given roles."""

from __future__ import annotations

import re
from dataclasses import replace

import looks as lk
import numpy as np
import numpy.typing as npt
from recipe import Recipe, Rect
from sh3f import Soup
from shape import add_look, box, cut, join
from wheels import Wheel

from sim.render.mesh import Material, Role
from sim.render.plates import plate_picture


def _inside(soup: Soup, rect: Rect) -> npt.NDArray[np.bool_]:
    uv = soup.uvs.mean(axis=1) % 1.0
    return (uv[:, 0] > rect[0]) & (uv[:, 0] < rect[2]) & (uv[:, 1] > rect[1]) & (uv[:, 1] < rect[3])


def _cut_rect(soup: Soup, rect: Rect, where: str) -> Soup:
    """Split faces of a look along the sides of an area of its picture, so that each lies in or out."""
    for axis, value in ((0, rect[0]), (0, rect[2]), (1, rect[1]), (1, rect[3])):
        mask = soup.of_look(f"^{where}$")
        uv = soup.uvs % 1.0
        touch = (uv.max(axis=1) >= rect[:2]).all(axis=1) & (uv.min(axis=1) <= rect[2:]).all(axis=1)
        soup = cut(soup, uv[:, :, axis] - value, mask & touch)
    return soup


def edit_atlas(soup: Soup, recipe: Recipe) -> Soup:
    """Repaint badges and plates, drop badge faces, and give lamps, rims and plates looks of their own."""
    look = next(look for look in soup.looks if look.name == recipe.atlas)
    assert look.texture is not None
    factor = max(1, 512 // look.texture.shape[1])
    texture = lk.enlarged(look.texture, factor) if factor > 1 else look.texture.copy()
    height, width = texture.shape[:2]
    plates = []
    for rect, patch in recipe.patches:
        size = round((rect[2] - rect[0]) * width), round((rect[3] - rect[1]) * height)
        if isinstance(patch, str) and patch.startswith("@"):
            patch = lk.board(*size, patch[1:])
        elif isinstance(patch, str):
            plates.append(rect)
            patch = plate_picture(*size, patch)
        lk.repaint(texture, rect, patch)  # type: ignore[arg-type]
    soup.looks = [
        replace(x, texture=texture) if x.texture is not None and x.name == recipe.atlas else x for x in soup.looks
    ]
    for rect in recipe.erase:
        soup = soup.pick(~(soup.of_look(f"^{recipe.atlas}$") & _inside(soup, rect)))
    for rect, role in recipe.lamps:
        soup = _cut_rect(soup, rect, recipe.atlas)
        mask = soup.of_look(f"^{recipe.atlas}$") & _inside(soup, rect)
        _add_lamp(soup, mask, role, recipe.atlas)
    for rect in recipe.rim:
        add_look(soup, "rim picture", soup.of_look(f"^{recipe.atlas}$") & _inside(soup, rect), recipe.atlas)
    for rect in recipe.painted:
        add_look(soup, "painted picture", soup.of_look(f"^{recipe.atlas}$") & _inside(soup, rect), recipe.atlas)
    for rect in plates:
        add_look(soup, "plate picture", soup.of_look(f"^{recipe.atlas}$") & _inside(soup, rect), recipe.atlas)
    return soup


def add_plate(soup: Soup, x: float, z: float) -> Soup:
    """A blank plate of 52 x 11 cm before the nose or behind the tail, look "blank plate"."""
    add_look(soup, "blank plate", np.zeros(len(soup), bool))
    row = next(i for i, look in enumerate(soup.looks) if look.name == "blank plate")
    faces = box((x - 0.006, -0.26, z - 0.055), (x + 0.006, 0.26, z + 0.055))
    n = len(faces)
    more = Soup(
        faces,
        np.zeros((n, 3, 2)),
        np.full(n, row, np.int32),
        np.zeros(n, np.int32),
        soup.looks,
        soup.groups,
        soup.credit,
    )
    return join([soup, more])


def paint_plates(soup: Soup, mask: npt.NDArray[np.bool_], text: str) -> None:
    """Lay a picture of a number plate over plain plates, front and rear. Changes the soup."""
    add_look(soup, "plate picture", mask)
    row = next(i for i, look in enumerate(soup.looks) if look.name == "plate picture")
    soup.looks[row] = replace(soup.looks[row], texture=plate_picture(256, 56, text))
    soup.uvs = soup.uvs.copy()
    front = soup.centers[:, 0] > soup.bounds[0][0] + 0.5 * (soup.bounds[1][0] - soup.bounds[0][0])
    for end, sign in ((front, 1.0), (~front, -1.0)):
        rows = mask & end
        if rows.any():
            yz = soup.corners[rows][:, :, 1:]
            low, high = yz.reshape(-1, 2).min(axis=0), yz.reshape(-1, 2).max(axis=0)
            u = (yz[..., 0] - low[0]) / (high[0] - low[0])
            soup.uvs[rows, :, 0] = u if sign > 0 else 1.0 - u
            soup.uvs[rows, :, 1] = 1.0 - (yz[..., 1] - low[1]) / (high[1] - low[1])


def _add_lamp(soup: Soup, mask: npt.NDArray[np.bool_], role: Role, texture_of: str | None = None) -> None:
    """Give faces the look of a lamp, at the end of the vehicle where it belongs. Changes the soup."""
    low, high = soup.bounds[0][0], soup.bounds[1][0]
    share = (soup.centers[:, 0] - low) / (high - low)
    if role == Role.HEAD_LAMP:
        mask = mask & (share > 0.8)
    elif role in (Role.TAIL_LAMP, Role.BRAKE_LAMP, Role.REVERSE_LAMP):
        mask = mask & (share < 0.2)
    if role == Role.INDICATOR_LEFT:
        left = soup.centers[:, 1] > 0
        add_look(soup, "lamp INDICATOR_LEFT", mask & left, texture_of)
        add_look(soup, "lamp INDICATOR_RIGHT", mask & ~left, texture_of)
    else:
        add_look(soup, f"lamp {role.name}", mask, texture_of)


def add_indicators(soup: Soup, recipe: Recipe) -> Soup:
    """The outer parts of head and tail lamps that hold no indicators of their own become such."""
    for name in ("HEAD_LAMP", recipe.blink_rear):
        look = f"^lamp {name}$"
        texture = next((item.name for item in soup.looks if item.name == look[1:-1] and item.texture is not None), None)
        y = np.abs(soup.corners[soup.of_look(look)][:, :, 1])
        if not len(y):
            raise ValueError(f"{recipe.name}: there is no lamp {name} that could hold an indicator")
        edge = y.max() - recipe.blink * (y.max() - y.min())
        soup = cut(soup, np.abs(soup.corners[:, :, 1]) - edge, soup.of_look(look))
        mask = soup.of_look(look) & (np.abs(soup.centers[:, 1]) > edge)
        side = soup.centers[:, 1] > 0
        for label, mine in (("LEFT", mask & side), ("RIGHT", mask & ~side)):
            end = "front" if name == "HEAD_LAMP" else "rear"
            add_look(soup, f"lamp INDICATOR_{label} {end}", mine, texture)
    return soup


def clear_wheels(soup: Soup, wheels: list[Wheel], recipe: Recipe) -> None:
    """No lamp is part of a wheel: such faces go back to the picture they came from. Changes the soup."""
    row = next((k for k, look in enumerate(soup.looks) if look.name == recipe.atlas), None)
    for wheel in wheels:
        lamps = wheel.faces & soup.of_look("^lamp ")
        if lamps.any() and row is not None:
            soup.look = np.where(lamps, row, soup.look).astype(np.int32)


def materials_of(soup: Soup, recipe: Recipe) -> list[Material]:
    """The material of each look, one to one with ``soup.looks``."""
    out = []
    used = set(np.unique(soup.look))
    for row, look in enumerate(soup.looks):
        if row not in used:
            out.append(lk.PLASTIC)
            continue
        if look.name.startswith("lamp "):
            out.append(lk.lamp(Role[look.name.split()[1]], texture=look.texture))
            continue
        if look.name == "rim picture":
            out.append(lk.atlas("rim", look.texture, 0.35, metallic=0.7))  # type: ignore[arg-type]
            continue
        if look.name == "painted picture":
            out.append(replace(lk.PAINT, base_color=(1.0, 1.0, 1.0), texture=look.texture))
            continue
        if look.name == "plate picture":
            out.append(lk.atlas("plate", look.texture, 0.4, role=Role.PLATE))  # type: ignore[arg-type]
            continue
        chosen = next((m for pattern, m in recipe.looks.items() if re.search(pattern, look.name, re.IGNORECASE)), None)
        if chosen is None:
            raise KeyError(f"{recipe.name}: no material for {look.name!r}")
        if chosen in ("paint", "ivory"):
            paint = lk.PAINT if chosen == "paint" else lk.IVORY
            chosen = replace(
                paint, base_color=(1.0, 1.0, 1.0) if chosen == "paint" else paint.base_color, texture=look.texture
            )
        elif isinstance(chosen, str):
            chosen = lk.atlas(look.name, look.texture, 0.4, clearcoat=0.5)  # type: ignore[arg-type]
        out.append(chosen)
    return out


def split_lamps_of_looks(soup: Soup, recipe: Recipe) -> None:
    """Looks that are lamps as a whole: indicators are divided by side."""
    for look in list(soup.looks):
        chosen = next((m for p, m in recipe.looks.items() if re.search(p, look.name, re.IGNORECASE)), None)
        lamps = (Role.INDICATOR_LEFT, Role.HEAD_LAMP, Role.TAIL_LAMP, Role.BRAKE_LAMP)
        if isinstance(chosen, Material) and chosen.role in lamps:
            _add_lamp(soup, soup.of_look(f"^{re.escape(look.name)}$"), chosen.role)
