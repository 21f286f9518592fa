"""Trees and bushes of sweethome3d-furniture: every leaf becomes one rhombus, the wood is thinned out."""

from __future__ import annotations

from dataclasses import dataclass

import looks as lk
import numpy as np
import numpy.typing as npt
import sh3f
from manifest import record
from pack import ASSETS, Piece, write_glb, write_spec
from sh3f import Look, Soup
from shape import components, decimate, face_normals, to_mesh

from sim.assets.leaves import Leaves, with_leaves
from sim.render.mesh import Material, MeshData, Semantic, Surface

Floats = npt.NDArray[np.float64]
TONES = 4
"""Leaf colours of a plant."""


@dataclass
class Plant:
    """How one model becomes a tree."""

    name: str
    source: str
    kinds: list[str]
    mass: float
    wood: str = "trunk"
    """Regex of the looks of trunk and branches; everything else is leaves."""
    wood_keep: float = 0.25
    leaf_keep: float = 1.0
    """Share of the leaves that stay; the others grow to keep the area."""
    grow: float = 1.0
    """Further scale of the leaves."""
    tint: tuple[float, float, float] | None = None
    """Mean linear albedo of the leaves; None: as photographed, evened to a plausible brightness."""
    height: float = 0.0
    """Scaled to this [m]; 0: as it is."""
    bark: tuple[float, float, float] = (0.1, 0.08, 0.062)
    fallen: bool = False
    """Lies on its side, the root towards -x."""


def _linear(srgb: Floats) -> Floats:
    c = srgb / 255.0
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def _leaf_colors(soup: Soup) -> Floats:
    """Linear colour of each triangle from its picture, (ntriangle, 3)."""
    out = np.full((len(soup), 3), 0.1)
    for row, look in enumerate(soup.looks):
        mine = soup.look == row
        if look.texture is None or not mine.any():
            continue
        h, w = look.texture.shape[:2]
        uv = soup.uvs[mine].mean(axis=1) % 1.0
        texel = look.texture[
            np.minimum((uv[:, 1] * h).astype(int), h - 1), np.minimum((uv[:, 0] * w).astype(int), w - 1)
        ]
        out[mine] = _linear(texel[:, :3].astype(float))
    return out


def leaf_table(soup: Soup, keep: float, grow: float, rng: np.random.Generator) -> tuple[Leaves, Floats]:
    """One rhombus per connected piece: its principal axes, its area kept.

    Returns:
        Leaves with material 0, and their linear colours (nleaf, 3).
    """
    part = components(soup.corners)
    n = part.max() + 1
    area = np.linalg.norm(face_normals(soup.corners), axis=1) / 2
    total = np.bincount(part, area, n)
    weight = area / total[part]
    centroid = soup.corners.mean(axis=1)
    center = np.stack([np.bincount(part, weight * centroid[:, k], n) for k in range(3)], 1).astype(np.float64)
    points = soup.corners - center[part][:, None]
    spread = np.zeros((n, 3, 3))
    np.add.at(spread, part, np.einsum("tki,tkj,t->tij", points, points, weight) / 3)
    values, vectors = np.linalg.eigh(spread)
    a, b = np.sqrt(np.maximum(values[:, 2], 1e-10)), np.sqrt(np.maximum(values[:, 1], 1e-10))
    color = np.stack([np.bincount(part, weight * _leaf_colors(soup)[:, k], n) for k in range(3)], 1).astype(np.float64)
    scale = np.sqrt(total / (2 * a * b)) * grow
    chosen = rng.random(n) < keep
    scale = scale * keep**-0.5
    long, short = vectors[:, :, 2] * (a * scale)[:, None], vectors[:, :, 1] * (b * scale)[:, None]
    return Leaves(center[chosen], long[chosen], short[chosen], np.zeros(int(chosen.sum()), np.uint8)), color[chosen]


def _tones(color: Floats, rng: np.random.Generator) -> tuple[npt.NDArray[np.uint8], Floats]:
    """Groups of like colours (k-means): group of each leaf and colour of each group."""
    middle = color[rng.choice(len(color), TONES, replace=False)]
    group = np.zeros(len(color), int)
    for _ in range(12):
        group = ((color[:, None] - middle[None]) ** 2).sum(-1).argmin(axis=1)
        middle = np.array([color[group == k].mean(axis=0) if (group == k).any() else middle[k] for k in range(TONES)])
    return group.astype(np.uint8), middle


def _brightened(color: Floats, tint: tuple[float, float, float] | None) -> Floats:
    """Colours with a given mean, or with the mean luminance of leaves (0.075)."""
    mean = color.mean(axis=0)
    if tint is not None:
        return np.clip(color.mean(axis=1, keepdims=True) / mean.mean() * np.array(tint), 0.0, 1.0)
    return np.clip(color * (0.075 / (mean @ [0.2126, 0.7152, 0.0722])), 0.0, 1.0)


def _fallen(corners: Floats) -> Floats:
    """A standing tree on its side, resting on its crown: what would be in the ground is crushed."""
    tilt = np.radians(86.0)
    x = corners[..., 0] * np.cos(tilt) + corners[..., 2] * np.sin(tilt)
    z = -corners[..., 0] * np.sin(tilt) + corners[..., 2] * np.cos(tilt) + 0.2
    z = np.where(z < 0.0, -0.1 * z, z)
    return np.stack([x, corners[..., 1] * 0.85, 0.75 * z], -1)


def build(plant: Plant) -> None:
    """Make one plant: writes the .glb, the .yaml and the entry of the manifest."""
    rng = np.random.default_rng(11)
    source = sh3f.load(plant.source)
    wood_faces = source.of_look(plant.wood)
    wood, foliage = source.pick(wood_faces), source.pick(~wood_faces)
    if plant.height:
        k = plant.height / (source.bounds[1] - source.bounds[0])[2]
        wood.corners, foliage.corners = wood.corners * k, foliage.corners * k
    if plant.fallen:
        wood.corners, foliage.corners = _fallen(wood.corners), _fallen(foliage.corners)
    leaves, color = leaf_table(foliage, plant.leaf_keep, plant.grow, rng)
    group, tones = _tones(_brightened(color, plant.tint), rng)
    wood = decimate(wood, np.ones(len(wood), bool), plant.wood_keep, haste=3)
    wood.look = np.zeros(len(wood), np.int32)
    wood.looks = [Look("bark")]
    bark = lk.colored("bark", plant.bark, 0.95, surface=Surface.BARK)
    rounded = [tuple(float(round(v, 4)) for v in tone) for tone in tones]
    materials = [bark, *(Material(f"leaves {k}", tone, 0.65, surface=Surface.LEAF) for k, tone in enumerate(rounded))]  # type: ignore[arg-type]
    mesh = to_mesh(wood, materials, Semantic.VEGETATION)
    leaves = Leaves(leaves.center, leaves.long, leaves.short, (group + 1).astype(np.uint8))
    lower, upper = with_leaves(mesh, leaves).bounds
    move = -np.array([(lower[0] + upper[0]) / 2, (lower[1] + upper[1]) / 2, lower[2]]) if plant.fallen else np.zeros(3)
    mesh.vertices = (mesh.vertices + move).astype(np.float32)
    leaves = Leaves(leaves.center + move, leaves.long, leaves.short, leaves.material)
    _write(plant, mesh, leaves, source.credit)


def _write(plant: Plant, mesh: MeshData, leaves: Leaves, credit: dict[str, str]) -> None:
    lower, upper = with_leaves(mesh, leaves).bounds
    changed = "leaves reduced to rhombi, wood thinned out, recoloured" + (", laid on its side" if plant.fallen else "")
    spec: dict[str, object] = {
        "name": plant.name,
        "mesh": f"{plant.name}.glb",
        "kinds": plant.kinds,
        "category": "tree",
        "semantic": "vegetation",
        "size": (upper - lower).tolist(),
        "box_center": ((upper + lower) / 2).tolist(),
        "mass": plant.mass,
        "uniform_scale": True,
        "credits": [f"{credit['creator']}, {credit['licence']}, {credit['package']}; changed: {changed}"],
    }
    folder = ASSETS / "plants"
    size = write_glb(folder / f"{plant.name}.glb", [Piece("body", mesh, leaves=leaves)])
    write_spec(folder / f"{plant.name}.yaml", spec, "plants.py")
    count = len(mesh.triangles) + 2 * len(leaves.center)
    print(f"{plant.name:20s} {count:7d} triangles {size / 1024:7.0f} KB  {np.round(upper - lower, 2)}", flush=True)
    record(folder / f"{plant.name}.glb", [credit], changed)


ALL = [
    Plant("maple", "scopia/sycamoreMaple", ["maple"], 1500.0, wood_keep=0.2, grow=0.95, tint=(0.07, 0.1, 0.025)),
    Plant("red_maple", "scopia/japaneseMaple", ["red_maple"], 400.0, wood_keep=0.5, grow=0.8),
    Plant("acacia", "scopia/acacia", ["acacia"], 500.0, wood_keep=0.5, leaf_keep=0.9, grow=0.9),
    Plant("pine", "scopia/pine", ["pine"], 600.0, wood_keep=0.4, grow=0.8, height=9.0, tint=(0.03, 0.055, 0.024)),
    Plant("bush", "scopia/bush", ["bush"], 40.0, wood_keep=0.4, leaf_keep=1.0, grow=0.85),
    Plant("fallen_tree", "scopia/sycamoreMaple", ["tree", "fallen_tree"], 600.0, wood_keep=0.16, leaf_keep=0.55, grow=0.95,
          tint=(0.06, 0.085, 0.024), height=8.5, fallen=True),
]  # fmt: skip
