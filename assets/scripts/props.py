"""Writes things: lost cargo, cones and barriers, street furniture. Recipes stand in `prop_recipes` and `street_recipes`."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import sh3f
from manifest import PROJECT, record
from pack import ASSETS, Piece, bounds_of, write_glb, write_spec
from PIL import Image
from sh3f import Look, Soup
from shape import CREASE, components, decimate, face_normals, to_mesh

from sim.render.mesh import Material, Semantic

Floats = npt.NDArray[np.float64]


class Sculpture:
    """Loose triangles by material, for things modelled here."""

    def __init__(self) -> None:
        self._parts: list[tuple[Floats, Material, Floats]] = []

    def add(self, faces: Floats, material: Material, uvs: Floats | None = None, move: Floats | None = None) -> None:
        """Add triangles (n, 3, 3) of a material; ``move`` is a 4x4 or 3x4 transform."""
        faces = np.asarray(faces, float)
        if move is not None:
            faces = faces @ move[:3, :3].T + move[:3, 3]
        self._parts.append((faces, material, np.zeros((len(faces), 3, 2)) if uvs is None else np.asarray(uvs, float)))

    def finish(self) -> tuple[Soup, list[Material]]:
        """The soup and its materials, one to one with its looks."""
        materials: list[Material] = []
        for _, material, _ in self._parts:
            if not any(material is m for m in materials):
                materials.append(material)
        row = [next(k for k, m in enumerate(materials) if m is material) for _, material, _ in self._parts]
        look = np.concatenate([np.full(len(f), r, np.int32) for r, (f, _, _) in zip(row, self._parts, strict=True)])
        corners = np.concatenate([p[0] for p in self._parts])
        soup = Soup(
            corners, np.concatenate([p[2] for p in self._parts]), look, np.zeros(len(corners), np.int32),
            [Look(f"{k} {m.name}", texture=m.texture) for k, m in enumerate(materials)], [""],
        )  # fmt: skip
        return soup, materials


@dataclass
class Prop:
    """How one thing is made: from a source's model, or by a function here."""

    name: str
    kinds: list[str]
    semantic: Semantic
    mass: float
    make: Callable[[], tuple[Soup, list[Material]]] | None = None
    source: str = ""
    looks: Mapping[str, Material | str] = field(default_factory=dict)
    """Regex of material names -> material; 'atlas' keeps the picture."""
    size: tuple[float, float, float] | None = None
    """Stretched to length, width, height [m]; None: as it is."""
    thin: float = 1.0
    """Share of triangles to keep."""
    picture: int = 512
    """Largest side of its pictures [pixels]."""
    prepare: Callable[[Soup], Soup] | None = None
    category: str = "obstacle"
    crease: float = CREASE
    changed: str = "normals creased"
    lights: list[dict[str, object]] = field(default_factory=list)


def turn(angle: float, axis: str = "z", move: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Floats:
    """A turn about an axis, then a shift, as a 4x4 matrix."""
    c, s = math.cos(angle), math.sin(angle)
    out = np.eye(4)
    i, j = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    out[i, i] = out[j, j] = c
    out[i, j], out[j, i] = -s, s
    out[:3, 3] = move
    return out


def shift(x: float, y: float, z: float) -> Floats:
    """A shift as a 4x4 matrix."""
    return turn(0.0, move=(x, y, z))


def boxed_uvs(corners: Floats, scale: float) -> Floats:
    """Texture coordinates by projection along the largest part of each normal, u along the longer side, (n, 3, 2).

    Args:
        corners: Triangles (n, 3, 3).
        scale: Size of the picture [m].
    """
    part = components(corners)
    low = np.full((part.max() + 1, 3), np.inf)
    high = -low
    np.minimum.at(low, part, corners.min(axis=1))
    np.maximum.at(high, part, corners.max(axis=1))
    extent = (high - low)[part]
    axis = np.abs(face_normals(corners)).argmax(axis=1)
    extent[np.arange(len(axis)), axis] = -1.0
    order = np.argsort(-extent, axis=1)
    rows = np.arange(len(corners))[:, None]
    u, v = (corners[rows, np.arange(3)[None], order[:, k][:, None]] for k in (0, 1))
    shuffle = (part * 0.37)[:, None]
    return np.stack([u / scale + shuffle, v / scale + shuffle], -1)


def _shrunk(image: npt.NDArray[np.uint8], limit: int) -> npt.NDArray[np.uint8]:
    picture = Image.fromarray(image)
    picture.thumbnail((limit, limit), Image.Resampling.LANCZOS)
    return np.asarray(picture)


def _from_source(prop: Prop) -> tuple[Soup, list[Material]]:
    import re

    import looks as lk

    source = sh3f.load(prop.source)
    soup = source.pick(np.ones(len(source), bool))
    soup.looks = [replace(look) for look in soup.looks]
    if prop.prepare:
        soup = prop.prepare(soup)
    if prop.thin < 1.0:
        soup = decimate(soup, np.array([look.texture is None for look in soup.looks])[soup.look], prop.thin)
    materials = []
    used = set(np.unique(soup.look))
    for row, look in enumerate(soup.looks):
        chosen = next((m for p, m in prop.looks.items() if re.search(p, look.name, re.IGNORECASE)), None)
        if chosen is None and row in used:
            raise KeyError(f"{prop.name}: no material for {look.name!r}")
        if chosen == "atlas":
            assert look.texture is not None
            chosen = lk.atlas(look.name, _shrunk(look.texture, prop.picture), 0.8)
        assert chosen is None or isinstance(chosen, Material)
        if chosen is not None and chosen.texture is None and look.texture is not None and row in used:
            soup.looks = [replace(x, texture=None) if x is look else x for x in soup.looks]
        materials.append(chosen or lk.PLASTIC)
    return soup, materials


def build(prop: Prop) -> None:
    """Make one thing: writes the .glb, the .yaml and the entry of the manifest."""
    soup, materials = prop.make() if prop.make else _from_source(prop)
    lower, upper = soup.bounds
    corners = soup.corners - np.array([(lower[0] + upper[0]) / 2, (lower[1] + upper[1]) / 2, lower[2]])
    if prop.size:
        corners = corners * (np.array(prop.size) / (upper - lower))
    soup.corners = corners
    mesh = to_mesh(soup, materials, prop.semantic, prop.crease)
    pieces = [Piece("body", mesh)]
    lower, upper = bounds_of(pieces)
    credit = soup.credit or PROJECT
    spec: dict[str, object] = {
        "name": prop.name,
        "mesh": f"{prop.name}.glb",
        "kinds": prop.kinds,
        "category": prop.category,
        "semantic": prop.semantic.name.lower(),
        "size": (upper - lower).tolist(),
        "box_center": ((upper + lower) / 2).tolist(),
        "mass": prop.mass,
    }
    if prop.lights:
        spec["lights"] = prop.lights
    changed = prop.changed if soup.credit else "made by this project"
    spec["credits"] = [f"{credit['creator']}, {credit['licence']}, {credit['package']}; changed: {changed}"]
    folder = ASSETS / "props"
    size = write_glb(folder / f"{prop.name}.glb", pieces)
    write_spec(folder / f"{prop.name}.yaml", spec, "props.py")
    print(
        f"{prop.name:20s} {len(mesh.triangles):7d} triangles {size / 1024:7.0f} KB  {np.round(upper - lower, 2)}",
        flush=True,
    )
    record(folder / f"{prop.name}.glb", [credit], changed)
