"""People of many ages and builds: MakeHuman's parametric body, dressed in shells of its own helper meshes, with bones and gaits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import garments as ga
import makehuman as mh
import numpy as np
import numpy.typing as npt
import paint
import people
from garments import Shell
from makehuman import Human, Shape
from people import Body, Person
from sh3f import Look, Soup
from shape import welded
from skeleton import ROW

Array = npt.NDArray[np.float64]
TRIANGLES = 5200
"""Of a dressed body: each of its 60 poses takes memory."""


@dataclass
class Figure:
    """A body, its clothes and their pictures."""

    person: Person
    shape: Shape
    wear: Callable[[Human], list[Shell]]
    """Clothes and shoes."""
    pictures: Callable[[], dict[str, npt.NDArray[np.uint8]]]
    """Paints them, by look; ``face`` and ``hair`` among them."""
    plain: dict[str, paint.Color]
    """sRGB of looks without picture: skin, shoes."""
    style: str = "short"
    """Of the hair: short, bob, long, bun, bald."""
    bare: Callable[[Human], npt.NDArray[np.bool_]] | None = None
    """More vertices of the skin that show, of the base mesh: forearms, shins."""


def _head_frame(h: Human) -> tuple[Array, float]:
    """Middle of the eyes and the height of the crown above it [m]."""
    eyes = (h.marks["l-eye"] + h.marks["r-eye"]) / 2
    return eyes, float(h.points[np.unique(h.faces["body"][0]), 2].max() - eyes[2])


def _hairline(h: Human, points: Array, low: float = 0.0) -> Array:
    """Height of points above the hair's lower edge, in crowns' heights, (npoint,)."""
    eyes, size = _head_frame(h)
    x, z = (points[:, 0] - eyes[0]) / size, (points[:, 2] - eyes[2]) / size
    edge = np.interp(
        x,
        [-1.9, -1.2, -0.95, -0.72, -0.45, -0.12, 0.05],
        [-0.75 - low, -0.6 - low, 0.0 - low, 0.12 - 0.6 * low, 0.3, 0.6, 0.72],
    )
    return z - edge


def scalp(h: Human, thick: float, low: float = 0.0, seed: float = 0.0) -> Shell:
    """Short hair: the skin of the skull pushed out, without the ears."""
    faces = h.faces["body"][0]
    above = _hairline(h, h.points, low)
    head = h.weights[:, ROW["head"]] + h.weights[:, ROW["neck"]] > 0.6
    ears = np.zeros(len(h.points), bool)
    for name in ("l-ear-scale-incr", "r-ear-scale-incr"):
        rows, shift = mh.target(f"ears/{name}")
        ears[rows[np.linalg.norm(shift, axis=1) > 0.02]] = True
    value = np.where(head & ~ears, above, -1.0)
    shell = ga.clipped(Shell("hair", h.points, faces, h.weights, np.zeros((len(faces), 3, 2))), value)
    bump = 0.25 * ga.wrinkle(shell.points, seed, 0.03)
    by = thick * np.clip(above / 0.35, 0.12, 1.0) * (1.0 + bump)
    return _combed(h, ga.pushed(shell, by))


def _combed(h: Human, shell: Shell) -> Shell:
    """Strands that run from the crown down."""
    eyes, size = _head_frame(h)
    corners = shell.points[shell.faces] - eyes
    angle = np.arctan2(corners[..., 1], -(corners[..., 0] + 0.75 * size)) / (2 * np.pi) + 0.5
    wrap = angle.max(axis=1, keepdims=True) - angle > 0.5
    v = np.clip(0.5 - corners[..., 2] / (2.4 * size), 0.02, 0.98)
    shell.uvs = np.stack([2.0 * (angle + wrap), v], axis=-1)
    return shell


def long_hair(h: Human, length: float, thick: float, seed: float = 0.0) -> list[Shell]:
    """Hair that hangs over the back of the head: the helper's shell, open at the face.

    Args:
        h: The body.
        length: How far below the eyes it reaches, in crowns' heights.
        thick: How far it stands off [m].
        seed: Of its waves.
    """
    eyes, size = _head_frame(h)
    faces = h.faces["helper-hair"][0]
    shell = Shell("hair", h.points, faces, h.weights, np.zeros((len(faces), 3, 2)))
    x, z = (h.points[:, 0] - eyes[0]) / size, (h.points[:, 2] - eyes[2]) / size
    front = np.interp(z, [-3.0, -1.0, 0.0, 0.45, 0.75], [-0.72, -0.72, -0.55, -0.25, 0.6])
    value = np.minimum((front - x) * 0.1, (z + length) * 0.1)
    shell = ga.clipped(shell, value)
    shell = ga.smoothed(shell, 3, np.full(len(shell.points), 0.4))
    shell = ga.pushed(shell, thick * (1.0 + 0.5 * ga.wrinkle(shell.points, seed, 0.045)))
    weights = np.zeros_like(shell.weights)
    low = np.clip((eyes[2] - 0.6 * size - shell.points[:, 2]) / (1.2 * size), 0.0, 1.0)
    weights[:, ROW["head"]], weights[:, ROW["chest"]] = 1.0 - 0.7 * low, 0.7 * low
    shell.weights = weights
    return [scalp(h, 0.8 * thick + 0.004, seed=seed), _combed(h, shell)]


def knot(h: Human) -> Shell:
    """A bun at the back of the head."""
    eyes, size = _head_frame(h)
    middle = eyes + np.array([-1.75, 0.0, 0.42]) * size
    a, b = np.meshgrid(np.linspace(0, 2 * np.pi, 13), np.linspace(0, np.pi, 8))
    r = 0.36 * size * (1.0 + 0.06 * np.sin(5 * a + 3 * b))
    grid = middle + np.stack([r * np.sin(b) * np.cos(a), r * np.sin(b) * np.sin(a), 0.9 * r * np.cos(b)], axis=-1)
    n = 13
    i, j = (k.ravel() for k in np.meshgrid(np.arange(7), np.arange(12), indexing="ij"))
    quad = np.stack([i * n + j, i * n + j + 1, (i + 1) * n + j + 1, (i + 1) * n + j], axis=1)
    faces = np.concatenate([quad[:, [0, 2, 1]], quad[:, [0, 3, 2]]])
    weights = np.zeros((len(grid.reshape(-1, 3)), 19))
    weights[:, ROW["head"]] = 1.0
    shell = Shell("hair", grid.reshape(-1, 3), faces, weights, np.zeros((len(faces), 3, 2)))
    return _combed(h, shell)


def _hair(h: Human, style: str, seed: float) -> list[Shell]:
    if style == "bald":
        return []
    if style == "bun":
        return [scalp(h, 0.012, seed=seed), knot(h)]
    if style == "bob":
        return long_hair(h, 1.0, 0.012, seed)
    if style == "long":
        return long_hair(h, 2.6, 0.014, seed)
    return [scalp(h, 0.017 if style == "short" else 0.03, seed=seed)]


def _skin(h: Human, bare: npt.NDArray[np.bool_] | None) -> list[Shell]:
    """Head with its picture, eyes, and what else shows of the skin."""
    faces, uvs = h.faces["body"]
    own = h.weights
    upper = own[:, [ROW["head"], ROW["neck"], ROW["chest"]]].sum(axis=1) > 0.6
    shown = upper & (h.points[:, 2] > ga.collar_of(h) - 0.016)
    left, top, right, bottom = paint.HEAD
    uv = h.uvs[uvs]
    head = (
        shown[faces].all(axis=1)
        & (uv[..., 0] > left).all(axis=1)
        & (uv[..., 1] > top).all(axis=1)
        & (uv[..., 1] < bottom).all(axis=1)
    )
    spread = (uv - [left, top]) / [right - left, bottom - top]
    neck = shown[faces].all(axis=1) & ~head & (h.points[faces, 2] < h.marks["l-eye"][2]).all(axis=1)
    ends = (ga.reach(h, own, h.points, "arm") > 1.7) | (ga.reach(h, own, h.points, "leg") > 1.6) & (
        ga.reach(h, own, h.points, "leg") < 2.0
    )
    other = neck | ends[faces].all(axis=1)
    if bare is not None:
        other |= bare[faces].all(axis=1) & ~head
    out = [
        Shell("face", h.points, faces[head], own, spread[head]),
        Shell("skin", h.points, faces[other], own, np.zeros((int(other.sum()), 3, 2))),
    ]
    for side in "lr":
        ball = h.faces[f"helper-{side}-eye"][0]
        ahead = h.points[ball][..., 0].mean(axis=1)
        middle = h.points[np.unique(ball)].mean(axis=0)
        off = np.linalg.norm((h.points[ball].mean(axis=1) - middle)[:, 1:], axis=1)
        dark = (off < 0.0065) & (ahead > middle[0])
        out += [
            Shell(name, h.points, ball[m], own, np.zeros((int(m.sum()), 3, 2)))
            for name, m in (("eye", ~dark), ("iris", dark))
        ]
    return out


def soup_of(figure: Figure, h: Human, shells: list[Shell]) -> Soup:
    """Loose triangles of all shells with their looks."""
    names = list(dict.fromkeys(s.look for s in shells))
    pictures = figure.pictures()
    looks = [Look(n, figure.plain.get(n, (0.6, 0.6, 0.6)), pictures.get(n)) for n in names]
    look = np.concatenate([np.full(len(s.faces), names.index(s.look), np.int32) for s in shells])
    return Soup(
        np.concatenate([s.points[s.faces] for s in shells]), np.concatenate([s.uvs for s in shells]), look, np.zeros(len(look), np.int32),
        looks, [""], dict(mh.CREDIT),
    )  # fmt: skip


def body_of(figure: Figure) -> Body:
    """The dressed body with bones, in its rest pose with the arms away."""
    from scipy.spatial import KDTree

    h = mh.human(figure.shape)
    seed = float(sum(map(ord, figure.person.name)) % 89)
    bare = figure.bare(h) if figure.bare else None
    shells = [*_skin(h, bare), *figure.wear(h), *_hair(h, figure.style, seed)]
    soup = people.thinned(soup_of(figure, h, shells), TRIANGLES)
    points = np.concatenate([s.points[np.unique(s.faces)] for s in shells])
    weights = np.concatenate([s.weights[np.unique(s.faces)] for s in shells])
    index = welded(soup.corners)
    at = np.zeros((int(index.max()) + 1, 3))
    at[index.ravel()] = soup.corners.reshape(-1, 3)
    near = KDTree(points).query(at)[1]
    joints, ends = h.joints.copy(), dict(h.ends)
    eyes, size = _head_frame(h)
    # People's heads turn about a point as far below the eyes as the crown is above them (`keypoints.face`).
    joints[ROW["head"]] = [joints[ROW["head"], 0] - 0.01, 0.0, eyes[2] - size]
    joints[ROW["neck"], 2] = min(joints[ROW["neck"], 2], joints[ROW["head"], 2] - 0.55 * size)
    ends["top"] = np.array([ends["top"][0], 0.0, eyes[2] + size])
    return Body(soup, index, at, weights[near], joints, ends)


def neutral_of(figure: Figure) -> Body:
    """The dressed body in the neutral pose."""
    return people.neutral(body_of(figure), figure.person)


def build(figure: Figure) -> None:
    """Make one figure: writes the .glb, the .yaml and the entry of the manifest."""
    people.write(figure.person, neutral_of(figure), "bodies.py")
