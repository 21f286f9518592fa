"""Cuts doors out of closed bodies: outline, edges, inner panel, jamb."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sh3f import Soup
from shape import add_look, cut, face_normals, join, welded

DEPTH = 0.08
"""Thickness of a door [m]."""


@dataclass
class DoorCut:
    """Where a door is, seen from the side."""

    side: str
    """'left' or 'right'."""
    outline: list[tuple[float, float]]
    """Corners (x, z) of a convex polygon in the actor's frame [m], counter-clockwise in x, z."""
    hinge: tuple[float, float, float]
    """A point of the axis, in the actor's frame [m]."""
    skin: str
    """Regex of the looks of the painted skin, which gets an edge and an inner panel."""
    moving: str
    """Regex of the looks that the door may take along: skin, glass, frames, handles."""
    inner: float = 0.45
    """Nothing nearer than this to the middle belongs to the door [m]."""
    card: str = ""
    """Regex of the looks of the cabin's own wall behind the door."""
    card_inner: float = 0.66
    """As ``inner``, for the wall [m]."""
    groups: str = ""
    """Regex of groups whose components on this side go with the door as a whole: mirrors."""


def both(outline: list[tuple[float, float]], hinge: tuple[float, float, float], **more: str) -> list[DoorCut]:
    """The same door on the left and, mirrored, on the right."""
    x, y, z = hinge
    return [DoorCut("left", outline, (x, y, z), **more), DoorCut("right", outline, (x, -y, z), **more)]  # type: ignore[arg-type]


def _edges(door: DoorCut) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    points = door.outline
    return list(zip(points, points[1:] + points[:1], strict=True))


def _beyond(points: np.ndarray, door: DoorCut) -> np.ndarray:
    """How far points (..., 3) lie within each edge of the outline [m], (nedge, ...): positive inside."""
    out = []
    for (x0, z0), (x1, z1) in _edges(door):
        length = np.hypot(x1 - x0, z1 - z0)
        out.append(((x1 - x0) * (points[..., 2] - z0) - (z1 - z0) * (points[..., 0] - x0)) / length)
    return np.array(out)


def _may_move(soup: Soup, door: DoorCut, sign: float) -> np.ndarray:
    """Mask of faces on the door's side of looks that go with it."""
    y = soup.centers[:, 1] * sign
    move = soup.of_look(door.moving) & (y > door.inner)
    if door.card:
        move |= soup.of_look(door.card) & (y > door.card_inner)
    if door.groups:
        move &= ~soup.of_group(door.groups)
    return move


def _cut_outline(soup: Soup, door: DoorCut, sign: float) -> Soup:
    for k in range(len(door.outline)):
        value = _beyond(soup.corners, door)
        near = _may_move(soup, door, sign) & (value > 0).any(axis=2).all(axis=0)
        soup = cut(soup, value[k], near)
    return soup


def _rim(corners: np.ndarray, door: DoorCut) -> np.ndarray:
    """Edges of faces that lie on the outline, (nedge, 2, 3)."""
    index = welded(corners, 5e-4)
    edges = np.concatenate([index[:, [0, 1]], index[:, [1, 2]], index[:, [2, 0]]])
    ends = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]])
    _, inverse, count = np.unique(np.sort(edges, axis=1), axis=0, return_inverse=True, return_counts=True)
    ends = ends[count[inverse] == 1]
    return ends[(np.abs(_beyond(ends, door)) < 2e-3).all(axis=2).any(axis=0)]


def _pieces(soup: Soup, corners: np.ndarray, look: str, group: str) -> Soup:
    """New faces of a look and a group that the soup has."""
    n = len(corners)
    looks = [x.name for x in soup.looks]
    return Soup(
        corners, np.zeros((n, 3, 2)), np.full(n, looks.index(look), np.int32),
        np.full(n, soup.groups.index(group), np.int32), soup.looks, soup.groups, soup.credit,
    )  # fmt: skip


def cut_door(soup: Soup, door: DoorCut) -> Soup:
    """Part a door from the body and close both: edges, jamb, inner panel.

    Returns:
        The soup, with the door as group ``door_left`` or ``door_right``; new looks are "door card" and "door edge".
    """
    sign = 1.0 if door.side == "left" else -1.0
    name = f"door_{door.side}"
    soup = _cut_outline(soup, door, sign)
    inside = _may_move(soup, door, sign) & (_beyond(soup.centers, door) > 0).all(axis=0)
    if door.groups:
        inside |= soup.of_group(door.groups) & (soup.centers[:, 1] * sign > 0)
    soup.groups = [*soup.groups, name] if name not in soup.groups else soup.groups
    soup.group = np.where(inside, soup.groups.index(name), soup.group).astype(np.int32)
    empty = np.zeros(len(soup), bool)
    add_look(soup, "door card", empty)
    add_look(soup, "door edge", empty)
    skin = soup.pick(inside & soup.of_look(door.skin) & ~soup.of_group(door.groups or "^$"))
    outer = face_normals(skin.corners)
    steep = np.abs(outer[:, 1]) > 0.35 * np.linalg.norm(outer, axis=1)
    far = skin.pick(steep & (skin.centers[:, 1] * sign > _skin_depth(skin, sign)))
    inward = np.array([0.0, -sign * DEPTH, 0.0])
    card = _pieces(soup, (far.corners + inward)[:, ::-1], "door card", name)
    rim = _rim(skin.corners, door)
    a, b = rim[:, 0], rim[:, 1]
    strip = np.concatenate([np.stack([a, b, b + inward], 1), np.stack([a, b + inward, a + inward], 1)])
    jamb = _pieces(soup, strip.copy(), "door edge", soup.groups[0])
    return join([soup, card, _pieces(soup, strip, "door edge", name), jamb])


def _skin_depth(skin: Soup, sign: float) -> float:
    """Least distance from the middle of the outer skin: inner layers of a two-layered sheet lie nearer."""
    return float(np.quantile(skin.centers[:, 1] * sign, 0.02)) - 0.02
