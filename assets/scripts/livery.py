"""Bands, lettering, roof signs and light bars that turn cars into taxis, police cars and ambulances."""

from __future__ import annotations

import itertools
from typing import Any

import cv2  # noqa: TID253
import numpy as np
import numpy.typing as npt
from sh3f import Look, Soup
from shape import add_look, box, cut, join, lathe

ADDED = "added here"
"""Group of triangles that the source does not have."""


def band(soup: Soup, where: str, z: tuple[float, float], look: str, checks: float = 0.0, inner: float = 0.6) -> Soup:
    """Give the flanks of a body a band, plain or of alternating fields.

    Args:
        soup: The vehicle.
        where: Regex of the painted looks.
        z: Lower and upper edge [m].
        look: Name of the band's look.
        checks: Length of a field [m], every other one keeps the body's look; 0: no fields.
        inner: Faces nearer than this to the middle keep their look [m].
    """
    for level in z:
        c = soup.corners
        near = soup.of_look(where) & (np.abs(c[:, :, 1]).max(axis=1) > inner)
        soup = cut(soup, c[:, :, 2] - level, near & (c[:, :, 2].min(axis=1) < z[1]) & (c[:, :, 2].max(axis=1) > z[0]))
    low, high = soup.bounds[0][0], soup.bounds[1][0]
    if checks:
        for x in np.arange(low + checks, high, checks):
            c = soup.corners
            mid = soup.centers
            inside = (mid[:, 2] > z[0]) & (mid[:, 2] < z[1]) & (np.abs(mid[:, 1]) > inner)
            soup = cut(soup, c[:, :, 0] - x, soup.of_look(where) & inside)
    mid = soup.centers
    inside = soup.of_look(where) & (mid[:, 2] > z[0]) & (mid[:, 2] < z[1]) & (np.abs(mid[:, 1]) > inner)
    if checks:
        inside &= np.floor((mid[:, 0] - low) / checks).astype(int) % 2 == 0
    add_look(soup, look, inside)
    return soup


def lettering(
    text: str, color: tuple[int, int, int], ground: tuple[int, int, int], size: tuple[int, int]
) -> npt.NDArray[np.uint8]:
    """A word in heavy letters, sRGB with alpha."""
    k = 4
    width, height = size[0] * k, size[1] * k
    image = np.full((height, width, 4), 255, np.uint8)
    image[..., :3] = ground
    scale = height / 40.0
    (w, h), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, scale, 8)
    scale *= min(1.0, 0.9 * width / w)
    (w, h), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, scale, 8)
    at = ((width - w) // 2, (height + h) // 2)
    cv2.putText(image, text, at, cv2.FONT_HERSHEY_DUPLEX, scale, (*color, 255), max(3, int(3.2 * scale)), cv2.LINE_AA)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def decal(
    soup: Soup,
    where: str,
    x: tuple[float, float],
    z: tuple[float, float],
    look: str,
    picture: npt.NDArray[np.uint8],
    inner: float,
) -> Soup:
    """Lay a picture over a rectangle of both flanks, readable from outside."""
    for axis, levels in ((0, x), (2, z)):
        for level in levels:
            c = soup.corners
            near = soup.of_look(where) & (np.abs(soup.centers[:, 1]) > inner)
            near &= (c[:, :, 0].max(axis=1) > x[0]) & (c[:, :, 0].min(axis=1) < x[1])
            near &= (c[:, :, 2].max(axis=1) > z[0]) & (c[:, :, 2].min(axis=1) < z[1])
            soup = cut(soup, c[:, :, axis] - level, near)
    mid = soup.centers
    mine = soup.of_look(where) & (np.abs(mid[:, 1]) > inner)
    mine &= (mid[:, 0] > x[0]) & (mid[:, 0] < x[1]) & (mid[:, 2] > z[0]) & (mid[:, 2] < z[1])
    add_look(soup, look, mine)
    soup.looks = [Look(look, texture=picture) if item.name == look else item for item in soup.looks]
    u = (soup.corners[mine][:, :, 0] - x[0]) / (x[1] - x[0])
    left = mid[mine][:, 1] > 0
    soup.uvs = soup.uvs.copy()
    soup.uvs[mine, :, 0] = np.where(left[:, None], 1.0 - u, u)
    soup.uvs[mine, :, 1] = 1.0 - (soup.corners[mine][:, :, 2] - z[0]) / (z[1] - z[0])
    return soup


def stencil(
    soup: Soup, where: str, outline: npt.ArrayLike, look: str, ahead: bool = False, deep: float = 0.6, mirrored: bool = False,
    flank: float = 0.0,
) -> Soup:  # fmt: skip
    """Give what lies within an outline of the nose, the tail or both flanks a look: windows, seams, grilles.

    Args:
        soup: The vehicle.
        where: Regex of the looks that may change.
        outline: Corners (y, z) of a convex outline, of flanks (x, z) [m], (n, 2).
        look: Name of the new look.
        ahead: The nose instead of the tail.
        deep: How far from the end it reaches [m].
        mirrored: On the other side of the middle too.
        flank: The flanks instead, where they are farther than this from the middle [m].
    """
    points = np.asarray(outline, float)
    if mirrored:
        soup = stencil(soup, where, points * [-1.0, 1.0], look, ahead, deep)
    turned = points - points.mean(axis=0)
    points = points[np.argsort(np.arctan2(turned[:, 1], turned[:, 0]))]
    end = soup.bounds[1][0] - deep if ahead else soup.bounds[0][0] + deep
    plane = [0, 2] if flank else [1, 2]

    edges = list(zip(points, np.roll(points, -1, axis=0), strict=True))
    inside = lambda p, a, b: (b[0] - a[0]) * (p[..., 1] - a[1]) - (b[1] - a[1]) * (p[..., 0] - a[0])  # noqa: E731

    def near() -> npt.NDArray[np.bool_]:
        """Triangles that the outline may touch."""
        c = soup.corners
        facing = np.abs(c[..., 1]) > flank if flank else c[..., 0] > end if ahead else c[..., 0] < end
        flat = c[..., plane]
        touch = (flat.max(axis=1) > points.min(axis=0)).all(axis=1) & (flat.min(axis=1) < points.max(axis=0)).all(
            axis=1
        )
        for a, b in edges:
            touch &= inside(flat, a, b).max(axis=1) > 1e-9
        return soup.of_look(where) & facing.any(axis=1) & touch

    for a, b in edges:
        soup = cut(soup, inside(soup.corners[..., plane], a, b), near())
    mine = near()
    for a, b in edges:
        mine &= inside(soup.centers[:, plane], a, b) > 0
    add_look(soup, look, mine)
    return soup


def seam(soup: Soup, where: str, path: list[tuple[float, float]], look: str, wide: float = 0.01, **place: Any) -> Soup:
    """A gap between panels along a path, as `stencil` lays it; ``wide`` in m."""
    for a, b in itertools.pairwise(np.array(path)):
        across = 0.5 * wide * np.array([a[1] - b[1], b[0] - a[0]]) / np.linalg.norm(b - a)
        soup = stencil(soup, where, [a - across, b - across, b + across, a + across], look, **place)
    return soup


def rectangle(y: tuple[float, float], z: tuple[float, float]) -> npt.NDArray[np.float64]:
    """Corners of an outline for `stencil`."""
    return np.array([(y[0], z[0]), (y[1], z[0]), (y[1], z[1]), (y[0], z[1])])


def add_faces(
    soup: Soup, faces: npt.NDArray[np.float64], look: str, uvs: npt.NDArray[np.float64] | None = None
) -> Soup:
    """More triangles, of a look of a new or known name."""
    add_look(soup, look, np.zeros(len(soup), bool))
    n = len(faces)
    row = next(k for k, item in enumerate(soup.looks) if item.name == look)
    uvs = np.zeros((n, 3, 2)) if uvs is None else uvs
    if ADDED not in soup.groups:
        soup.groups = [*soup.groups, ADDED]
    group = np.full(n, soup.groups.index(ADDED), np.int32)
    more = Soup(faces, uvs, np.full(n, row, np.int32), group, soup.looks, soup.groups, soup.credit)
    return join([soup, more])


def facing(
    lower: tuple[float, float, float], upper: tuple[float, float, float], axis: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """A box, and texture coordinates that lay a picture upright over its two faces along an axis (0 or 1), readable from outside."""
    faces = box(lower, upper)
    lo, hi = np.array(lower), np.array(upper)
    share = (faces - lo) / np.maximum(hi - lo, 1e-9)
    normal = np.cross(faces[:, 1] - faces[:, 0], faces[:, 2] - faces[:, 0])
    across = share[..., 1 - axis]
    # Seen from +x the left is -y; seen from +y the left is +x.
    mirrored = (normal[:, axis] > 0) == (axis == 1)
    u = np.where(mirrored[:, None], 1.0 - across, across)
    return faces, np.stack([u, 1.0 - share[..., 2]], -1)


def pictured(
    soup: Soup, faces: npt.NDArray[np.float64], uvs: npt.NDArray[np.float64], look: str, picture: npt.NDArray[np.uint8]
) -> Soup:
    """More triangles with a picture."""
    soup = add_faces(soup, faces, look, uvs)
    soup.looks = [Look(look, texture=picture) if item.name == look else item for item in soup.looks]
    return soup


def light_bar(soup: Soup, x: float, z: float, width: float) -> Soup:
    """A blue light bar across the roof; looks "bar" and "beacon"."""
    h = width / 2
    soup = add_faces(soup, box((x - 0.1, -h, z), (x + 0.1, h, z + 0.035)), "bar")
    for side in (-1.0, 1.0):
        near, far = sorted((side * 0.28 * h, side * h))
        soup = add_faces(soup, box((x - 0.11, near, z + 0.03), (x + 0.11, far, z + 0.12)), "beacon")
    return add_faces(soup, box((x - 0.105, -0.28 * h, z + 0.03), (x + 0.105, 0.28 * h, z + 0.1)), "bar")


def beacon(soup: Soup, x: float, y: float, z: float) -> Soup:
    """A single round blue light on the roof."""
    soup = add_faces(soup, lathe([(0.085, 0.0), (0.085, 0.03), (0.07, 0.03)], 16) + np.array([x, y, z]), "bar")
    return add_faces(
        soup, lathe([(0.07, 0.03), (0.07, 0.12), (0.05, 0.15), (0.0, 0.16)], 16) + np.array([x, y, z]), "beacon"
    )


def roof_sign(soup: Soup, x: float, z: float, picture: npt.NDArray[np.uint8]) -> Soup:
    """A sign across the roof, lettered in front and at the back; looks "sign" and "sign body"."""
    low, high = np.array([x - 0.07, -0.22, z]), np.array([x + 0.07, 0.22, z + 0.15])
    faces = box(tuple(low), tuple(high))
    middle = (low + high) / 2
    faces[..., 0] = middle[0] + (faces[..., 0] - middle[0]) * np.where(faces[..., 2] > middle[2], 0.5, 1.0)
    faces[..., 1] *= np.where(faces[..., 2] > middle[2], 0.88, 1.0)
    normal = np.cross(faces[:, 1] - faces[:, 0], faces[:, 2] - faces[:, 0])
    sides = np.abs(normal[:, 0]) > 0.8 * np.linalg.norm(normal, axis=1)
    share = (faces - low) / (high - low)
    ahead = normal[:, :1] > 0
    u = np.where(ahead, share[..., 1], 1.0 - share[..., 1])
    uvs = np.stack([u, 1.0 - share[..., 2]], -1)
    soup = add_faces(soup, faces[sides], "sign", uvs[sides])
    soup.looks = [Look("sign", texture=picture) if item.name == "sign" else item for item in soup.looks]
    return add_faces(soup, faces[~sides], "sign body")
