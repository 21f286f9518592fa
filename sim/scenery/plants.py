"""Trees, bushes and hedges grown from a few numbers: branches as tapered tubes, leaves as small two-sided rhombi."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from sim.assets import load_asset
from sim.render.mesh import Material, MeshData, Semantic, Surface
from sim.scenery.parts import Floats, MeshBuilder

VEGETATION = int(Semantic.VEGETATION)
BARK = Material("bark", (0.1, 0.08, 0.062), 0.95, surface=Surface.BARK)
BIRCH = Material("birch bark", (0.42, 0.4, 0.37), 0.9, surface=Surface.BARK)
LEAVES = tuple(
    Material(f"leaves {i}", color, 0.7, transmission=0.0, surface=Surface.LEAF)
    for i, color in enumerate([(0.055, 0.095, 0.022), (0.075, 0.11, 0.03), (0.04, 0.075, 0.022), (0.09, 0.11, 0.035)])
)
NEEDLES = Material("needles", (0.022, 0.05, 0.022), 0.8, surface=Surface.LEAF)
HEDGE = Material("hedge", (0.05, 0.085, 0.024), 0.8, surface=Surface.LEAF)

HEDGE_CORE = Material("hedge, inside", (0.032, 0.052, 0.018), 0.9, surface=Surface.LEAF)

BROADLEAF = ("tree/broad-0", "tree/broad-1", "tree/broad-2", "tree/broad-3", "tree/maple-0", "tree/acacia-0")
CONIFER = ("tree/conifer-0", "tree/conifer-1", "tree/pine-0")
REAL = {"maple": "broad-1", "acacia": "broad-2", "pine": "conifer-0"}
"""Trees of `assets/plants`, and the grown ones that stand for them where detail is low."""
TALL = {"broad": (8.5, 11.5, 6.5, 9.5), "street": (7.6, 8.8), "conifer": (13.0, 17.0)}
"""Heights of grown trees by kind and number [m]."""
REAL_TRUNKS = {"maple": (0.22, 0.27, 0.68), "acacia": (0.12, -0.52, -0.6), "pine": (0.147, 0.22, -0.015)}
"""Radius of the trunk of each of `REAL` half a metre up, and where it stands there, forward and left of the mesh's origin [m]."""
FAR_TALLER, FAR_CONIFER = 2.0, 15.0
"""By how much broad-leaved trees of `FAR` are taller than the near ones, and the height of its conifer [m]."""
LEAST_REAL = 0.5
"""Detail from which `REAL` trees are shown."""
TRUNK_HEIGHT = 5.0
"""Up to which a trunk stops bodies, of a tree as tall as its plant [m]."""
FAR = ("far/broad-0", "far/broad-1", "far/broad-2", "far/conifer-0")


def _rhombi(
    builder: MeshBuilder,
    centre: Floats,
    axis: Floats,
    size: Floats,
    material: Material,
    outward: Floats,
    rng: np.random.Generator,
) -> None:
    """Leaf clumps: rhombi about their centres (n, 3), along ``axis``, shaded as parts of the crown they belong to."""
    n = len(centre)
    side = np.cross(axis, rng.normal(size=(n, 3)))
    side /= np.maximum(np.linalg.norm(side, axis=1, keepdims=True), 1e-9)
    a, b = axis * size[:, None], side * (0.45 * size[:, None])
    corners = np.stack([centre - a, centre + b, centre + a, centre - b], 1)
    k = np.arange(n)[:, None] * 4
    tri = np.concatenate([k + np.array([0, 1, 2]), k + np.array([0, 2, 3])])
    face = np.cross(a, b)
    face /= np.maximum(np.linalg.norm(face, axis=1, keepdims=True), 1e-9)
    face *= np.sign((face * outward).sum(1, keepdims=True) + 1e-9)
    normal = 0.55 * outward + 0.45 * face
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    builder.add(corners.reshape(-1, 3), tri, np.repeat(normal, 4, 0), material, VEGETATION)


def _sphere(rng: np.random.Generator, n: int) -> Floats:
    v = rng.normal(size=(n, 3))
    return v / np.linalg.norm(v, axis=1, keepdims=True)


def broadleaf(
    seed: int,
    *,
    height: float,
    crown: float,
    leaves: int,
    twigs: int,
    leaf: float,
    bark: Material = BARK,
    foot: float | None = None,
) -> MeshData:
    """A broad-leaved tree, rooted at the origin.

    Args:
        seed: Of its shape.
        height: [m].
        crown: Radius of the crown [m].
        leaves: Number of leaf clumps.
        twigs: Branches that carry them.
        leaf: Half length of a clump [m].
        bark: Of trunk and branches.
        foot: Height at which the crown begins [m]; None: a quarter of the height.
    """
    rng = np.random.default_rng(seed)
    builder = MeshBuilder()
    low = 0.24 * height if foot is None else foot
    lean = rng.normal(0.0, (0.02 if foot is None else 0.006) * height, 2)
    fork = np.array([lean[0], lean[1], max(0.45 * height, low + 0.1 * height)])
    radius = 0.018 * height + 0.03
    ends = np.array([[0, 0, -0.4], [0, 0, 0.25], fork])
    for k, (start, end) in enumerate(((1.6 * radius, 1.05 * radius), (1.05 * radius, 0.7 * radius))):
        builder.tubes(ends[k : k + 1], ends[k + 1 : k + 2], start, bark, VEGETATION, sides=8, end_radius=end, cap=False)
    centre = np.array([lean[0], lean[1], low + (height - low) * 0.52])
    shape = np.array([crown, crown, (height - low) * 0.5])
    tips = _sphere(rng, twigs)
    tips[:, 2] = np.where(tips[:, 2] < -0.55, -tips[:, 2], tips[:, 2])
    reach = rng.uniform(0.55, 0.95, (twigs, 1))
    tips = centre + tips * shape * reach
    root = np.array([0, 0, 0.0]) + fork * rng.uniform(0.62, 1.0, (twigs, 1))
    builder.tubes(root, tips, radius * 0.38, bark, VEGETATION, sides=5, end_radius=radius * 0.08, cap=False)
    owner = rng.integers(0, twigs, leaves)
    spread = crown * 0.42
    at = tips[owner] + _sphere(rng, leaves) * spread * rng.random((leaves, 1)) ** 0.5 * [1.0, 1.0, 0.75]
    outward = (at - centre) / shape
    outward /= np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-6)
    axis = _sphere(rng, leaves) + 0.4 * outward
    axis /= np.linalg.norm(axis, axis=1, keepdims=True)
    tone = rng.integers(0, 2, leaves)
    for k in range(2):
        mine = tone == k
        material = LEAVES[(seed + k) % len(LEAVES)]
        _rhombi(builder, at[mine], axis[mine], leaf * rng.uniform(0.7, 1.3, mine.sum()), material, outward[mine], rng)
    return builder.build()


def conifer(seed: int, *, height: float, layers: int, boughs: int, leaf: float) -> MeshData:
    """A spruce: whorls of drooping boughs around a straight trunk."""
    rng = np.random.default_rng(seed)
    builder = MeshBuilder()
    radius = 0.016 * height
    builder.tubes(
        np.array([[0, 0, -0.4]]),
        np.array([[0, 0, height]]),
        radius,
        BARK,
        VEGETATION,
        sides=7,
        end_radius=0.02,
        cap=False,
    )
    layer = np.repeat(np.arange(layers), boughs)
    n = len(layer)
    z = height * (0.12 + 0.86 * (layer + rng.uniform(-0.4, 0.4, n)) / layers)
    reach = 0.24 * height * (1.0 - (z / height)) ** 0.8 + 0.12
    turn = rng.uniform(0.0, math.tau, n)
    out = np.stack([np.cos(turn), np.sin(turn), np.full(n, -0.38)], 1)
    start = np.stack([np.zeros(n), np.zeros(n), z + 0.15 * reach], 1)
    outward = np.stack([np.cos(turn), np.sin(turn), np.full(n, 0.35)], 1)
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    if boughs < 9:
        for share in (0.3, 0.62, 0.92):
            axis = out + rng.normal(0.0, 0.25, (n, 3))
            axis /= np.linalg.norm(axis, axis=1, keepdims=True)
            at = start + out * (reach * share)[:, None]
            _rhombi(builder, at, axis, np.maximum(leaf, 0.36 * reach), NEEDLES, outward, rng)
        return builder.build()
    _sprays(builder, start, out, reach, outward, leaf, rng)
    return builder.build()


def _sprays(
    builder: MeshBuilder,
    start: Floats,
    out: Floats,
    reach: Floats,
    outward: Floats,
    leaf: float,
    rng: np.random.Generator,
) -> None:
    """Needled twigs left and right along drooping boughs (n, 3), shorter towards the tip."""
    n = len(start)
    across = np.stack([-out[:, 1], out[:, 0], np.zeros(n)], 1)
    for share in (0.18, 0.36, 0.54, 0.72, 0.9):
        along = np.clip(share + rng.uniform(-0.08, 0.08, n), 0.0, 1.0)
        bend = np.stack([np.zeros(n), np.zeros(n), -0.18 * reach * along * (1.0 - along)], 1)
        at = start + out * (reach * along)[:, None] + bend
        length = np.maximum(leaf, reach * (0.24 - 0.17 * share)) * rng.uniform(0.75, 1.25, n)
        for side in (-1.0, 1.0):
            axis = (
                0.75 * out
                + side * across * rng.uniform(0.5, 0.95, (n, 1))
                + rng.normal(0.0, 0.1, (n, 3))
                - [0.0, 0.0, 0.12]
            )
            axis /= np.linalg.norm(axis, axis=1, keepdims=True)
            _rhombi(builder, at + axis * (0.8 * length)[:, None], axis, length, NEEDLES, outward, rng)
    axis = out + rng.normal(0.0, 0.1, (n, 3))
    axis /= np.linalg.norm(axis, axis=1, keepdims=True)
    _rhombi(builder, start + out * reach[:, None], axis, np.maximum(leaf, 0.1 * reach), NEEDLES, outward, rng)


def bush(seed: int, *, radius: float, height: float, leaves: int, leaf: float) -> MeshData:
    """A round bush."""
    rng = np.random.default_rng(seed)
    builder = MeshBuilder()
    v = _sphere(rng, leaves)
    v[:, 2] = np.abs(v[:, 2])
    shell = v * rng.uniform(0.65, 1.0, (leaves, 1))
    at = shell * [radius, radius, height] + [0.0, 0.0, 0.05]
    axis = _sphere(rng, leaves)
    _rhombi(builder, at, axis, leaf * rng.uniform(0.7, 1.3, leaves), LEAVES[seed % len(LEAVES)], v, rng)
    return builder.build()


def trunk(name: str, detail: float = 1.0) -> tuple[float, float, float]:
    """Radius of the trunk of `plant`'s tree half a metre up, and where it stands, forward and left of the mesh's origin [m]."""
    kind, number = name.split("/")[-1].rsplit("-", 1)
    if kind in REAL:
        return REAL_TRUNKS[kind] if detail >= LEAST_REAL else trunk(f"tree/{REAL[kind]}")
    far = name.startswith("far/")
    if kind == "conifer":
        return 0.016 * ((FAR_CONIFER if far else TALL[kind][int(number)]) - 0.5), 0.0, 0.0
    return 0.018 * (TALL[kind][int(number)] + (FAR_TALLER if far else 0.0)) + 0.03, 0.0, 0.0


@lru_cache(maxsize=64)
def plant(name: str, detail: float = 1.0) -> MeshData:
    """A shared plant by name; equal names and details give equal meshes.

    Args:
        name: One of `BROADLEAF`, `CONIFER`, `FAR`, or "bush-0" to "bush-2".
        detail: Scales the number of leaves; leaves shrink to match.
    """
    kind, number = name.split("/")[-1].rsplit("-", 1)
    i = int(number)
    far = name.startswith("far/")
    k = max(detail, 0.1)
    if kind in REAL:
        return load_asset(kind).parts[0].mesh if detail >= LEAST_REAL else plant(f"tree/{REAL[kind]}", detail)
    size = k**-0.5
    if kind == "broad":
        height, crown = TALL["broad"][i], (2.7, 3.7, 2.3, 2.4)[i]
        if far:
            return broadleaf(
                70 + i, height=height + FAR_TALLER, crown=crown + 0.6, leaves=int(110 * k), twigs=7, leaf=0.95 * size
            )
        bark = BIRCH if i == 3 else BARK
        return broadleaf(
            40 + i,
            height=height,
            crown=crown,
            leaves=int(5200 * k),
            twigs=int(34 * k**0.5),
            leaf=0.155 * size,
            bark=bark,
        )
    if kind == "street":
        height, crown = TALL["street"][i], (1.75, 2.1)[i]
        return broadleaf(
            50 + i, height=height, crown=crown, leaves=int(3600 * k), twigs=int(26 * k**0.5), leaf=0.15 * size, foot=3.4
        )
    if kind == "conifer":
        if far:
            return conifer(90 + i, height=FAR_CONIFER, layers=int(9 * k), boughs=6, leaf=0.9 * size)
        return conifer(
            60 + i,
            height=TALL["conifer"][i],
            layers=int(38 * k**0.5),
            boughs=max(9, int(15 * k**0.5)) if k >= 0.5 else 8,
            leaf=0.13 * size,
        )
    if kind != "bush":
        raise KeyError(name)
    return bush(20 + i, radius=0.9 + 0.3 * i, height=1.3 + 0.3 * i, leaves=int(150 * k), leaf=0.2 * size)


def put_hedge(
    builder: MeshBuilder, path: Floats, width: float, height: float, rng: np.random.Generator, detail: float = 1.0
) -> None:
    """A clipped hedge along points on the ground (n, 3): a rough body under a coat of leaves."""
    path = np.asarray(path, float)
    step = np.diff(path[:, :2], axis=0)
    along = np.concatenate([step, step[-1:]])
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    left = np.stack([-along[:, 1], along[:, 0], np.zeros(len(path))], 1)
    w, h = width / 2, height
    profile = np.array([(-w, -0.3), (-w, 0.8 * h), (-0.6 * w, h), (0.6 * w, h), (w, 0.8 * h), (w, -0.3)])[::-1]
    rough = rng.normal(0.0, 0.03, (len(path), len(profile), 1)) * [0.0, 0.0, 1.0]
    grid = path[:, None] + left[:, None] * profile[None, :, :1] + np.array([0, 0, 1.0]) * profile[None, :, 1:] + rough
    k = np.arange(len(profile) - 1)
    quads = np.stack([grid[:-1, k], grid[:-1, k + 1], grid[1:, k + 1], grid[1:, k]], 2).reshape(-1, 4, 3)[:, ::-1]
    builder.quads(quads, HEDGE_CORE, VEGETATION)
    for end, order in ((grid[0], -1), (grid[-1], 1)):
        builder.quads(np.stack([end[[0, 1, 4, 5]], end[[1, 2, 3, 4]]])[:, ::order], HEDGE_CORE, VEGETATION)
    length = float(np.linalg.norm(np.diff(path, axis=0), axis=1).sum())
    n = int(length * 70 * detail)
    if n == 0:
        return
    row = rng.integers(0, len(path) - 1, n)
    f = rng.random((n, 1))
    base = path[row] * (1 - f) + path[row + 1] * f
    place = rng.random(n)
    on_top = place < 0.35
    across = np.where(on_top, rng.uniform(-1, 1, n) * 0.8, np.sign(rng.random(n) - 0.5)) * w
    up = np.where(on_top, h, rng.uniform(0.05, 0.97, n) * h)
    at = base + left[row] * across[:, None] + np.array([0, 0, 1.0]) * up[:, None]
    outward = np.where(on_top[:, None], [[0.0, 0.0, 1.0]], left[row] * np.sign(across)[:, None])
    axis = _sphere(rng, n)
    _rhombi(builder, at, axis, rng.uniform(0.08, 0.15, n) / max(detail, 0.3) ** 0.5, HEDGE, outward, rng)
