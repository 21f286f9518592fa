"""People who walk and run: photo-textured static people of sweethome3d-furniture, given bones and natural gaits."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import falls
import gait as ga
import numpy as np
import numpy.typing as npt
import sh3f
from keypoints import skeleton_of
from manifest import record
from neutral import Pose, to_neutral
from pack import ASSETS, Gait, Piece, measure_variants, write_glb, write_spec
from people_joints import LIMBS, Point
from rigging import four, skin_weights
from sh3f import Look, Soup
from shape import add_look, components, crease_normals, welded
from skeleton import ENDS, JOINTS, ROW, center, skin

from sim.assets.variants import Tint, tinted
from sim.render.mesh import Material, MeshData, Semantic

Array = npt.NDArray[np.float64]
CREASE = np.cos(np.radians(70.0))


@dataclass(frozen=True)
class Hidden:
    """Faces that lie unseen below clothes and would come through them; heights in the source [m]."""

    look: str
    """Regex of material names."""
    above: float
    """Faces whose middle is higher go ..."""
    bottom: float
    """... of components that reach below this height ..."""
    top: float = 9.0
    """... and not above this one ..."""
    start: float = -1.0
    """... and do not reach below this one ..."""
    dark: float = 256.0
    """... where their picture is darker than this, 0 to 255: linings."""


@dataclass
class Person:
    """How one static model becomes somebody who walks."""

    name: str
    source: str
    joints: dict[str, Point]
    kinds: list[str]
    height: float
    """[m]."""
    mass: float
    """[kg]."""
    pose: Pose = field(default_factory=Pose)
    walk: ga.Style = ga.WALK
    run: ga.Style | None = ga.RUN
    head_size: float = 1.0
    """Size of the head next to the body's: children's heads are larger."""
    hidden: list[Hidden] = field(default_factory=list)
    hands: str = ""
    """Look (regex) of hands alone, where they have one."""
    drop_looks: str = ""
    """Faces of these looks (regex) go."""
    cover: list[tuple[str, float, float, float, tuple[float, float, float]]] = field(default_factory=list)
    """Faces of a look (regex) between two heights, within a distance of the middle, become cloth of a colour: bare patches."""
    tint: list[Tint] = field(default_factory=list)
    triangles: int = 7500
    lean: float = 1.0
    nod: float = 0.0
    variants: list[dict[str, Any]] = field(default_factory=list)
    """More looks of the mesh, from `pack.look`."""
    changed: str = "rigged, taken to walk and run, doubled faces dropped"


@dataclass
class Body:
    """A welded body with bones."""

    soup: Soup
    index: npt.NDArray[np.int64]
    """Welded vertices of each triangle, (ntriangle, 3)."""
    points: Array
    weights: Array
    joints: Array
    ends: dict[str, Array]


def _single(soup: Soup) -> Soup:
    """Without doubled and empty faces."""
    index = welded(soup.corners)
    key = np.sort(index, axis=1)
    _, first = np.unique(key, axis=0, return_index=True)
    keep = np.zeros(len(soup), bool)
    keep[first] = True
    keep &= (key[:, 0] != key[:, 1]) & (key[:, 1] != key[:, 2])
    return soup.pick(keep)


def thinned(soup: Soup, triangles: int) -> Soup:
    """Fewer triangles by quadric collapse that keeps seams of pictures (meshoptimizer)."""
    import meshoptimizer

    if len(soup) <= triangles:
        return soup
    rows = np.concatenate(
        [
            np.round(soup.corners.reshape(-1, 3), 5),
            np.round(soup.uvs.reshape(-1, 2), 5),
            np.repeat(soup.look, 3)[:, None],
        ],
        axis=1,
    )
    table, inverse = np.unique(rows, axis=0, return_inverse=True)
    index = inverse.reshape(-1).astype(np.uint32)
    out = np.zeros_like(index)
    count = meshoptimizer.simplify(
        out, index, np.ascontiguousarray(table[:, :3], np.float32), target_index_count=3 * triangles, target_error=0.02
    )
    faces = out[:count].reshape(-1, 3)
    thin = soup.pick(np.zeros(len(faces), np.int64))
    thin.corners, thin.uvs = table[faces][:, :, :3].astype(float), table[faces][:, :, 3:5].astype(float)
    thin.look = table[faces[:, 0], 5].astype(np.int32)
    thin.group = np.zeros(len(faces), np.int32)
    return thin


def _dressed(soup: Soup, person: Person) -> Soup:
    """Without what clothes hide, and with bare patches covered."""
    if person.drop_looks:
        soup = soup.pick(~soup.of_look(person.drop_looks))
    for h in person.hidden:
        part = components(soup.corners)
        low, high = np.full(part.max() + 1, np.inf), np.full(part.max() + 1, -np.inf)
        np.minimum.at(low, part, soup.corners[:, :, 2].min(axis=1))
        np.maximum.at(high, part, soup.corners[:, :, 2].max(axis=1))
        mine = soup.of_look(h.look) & (low[part] < h.bottom) & (low[part] > h.start) & (high[part] < h.top)
        soup = soup.pick(~(mine & (soup.centers[:, 2] > h.above) & (_brightness(soup) < h.dark)))
    for look, low, high, side, color in person.cover:
        _, y, z = soup.centers.T
        add_look(soup, f"cover {look}", soup.of_look(look) & (z > low) & (z < high) & (np.abs(y) < side))
        soup.looks[-1] = replace(soup.looks[-1], diffuse=color, texture=None)
    return soup


def _brightness(soup: Soup) -> Array:
    """Mean of red, green and blue in the middle of each face's picture, 0 to 255, (ntriangle,)."""
    out = np.zeros(len(soup))
    uv = soup.uvs.mean(axis=1) % 1.0
    for i, look in enumerate(soup.looks):
        mine = soup.look == i
        if look.texture is not None and mine.any():
            height, width = look.texture.shape[:2]
            rows, cols = (uv[mine, 1] * height).astype(int), (uv[mine, 0] * width).astype(int)
            out[mine] = look.texture[rows % height, cols % width, :3].mean(axis=1)
    return out


def body_of(person: Person) -> Body:
    """Read a source and give it bones."""
    soup = _dressed(_single(sh3f.load(person.source)), person)
    where = {
        name: center(soup.corners, np.array(p)) if name.split("_")[-1] in LIMBS else np.array(p)
        for name, p in person.joints.items()
    }
    soup = thinned(soup, person.triangles)
    index = welded(soup.corners)
    points = np.zeros((int(index.max()) + 1, 3))
    points[index.ravel()] = soup.corners.reshape(-1, 3)
    joints = np.array([where[name] for name in JOINTS])
    ends = {tip: where[tip] for tip in ENDS.values()}
    hands = np.zeros(len(points), bool)
    if person.hands:
        hands[index[soup.of_look(person.hands)]] = True
    weights = skin_weights(points, index, joints, ends, float(where["top"][2]), hands=hands)
    return Body(soup, index, points, weights, joints, ends)


def neutral(body: Body, person: Person) -> Body:
    """The body in the neutral pose at its true height."""
    scale = np.ones(len(JOINTS))
    scale[ROW["head"]] = person.head_size
    scale[ROW["neck"]] = person.head_size**0.5
    moved, joints, ends = to_neutral(body.joints, body.ends, person.pose, scale)
    points = skin(body.points, body.weights, moved)
    low = points[:, 2].min()
    size = person.height / (points[:, 2].max() - low)
    down = np.array([0.0, 0.0, low])
    return Body(
        body.soup, body.index, (points - down) * size, body.weights, (joints - down) * size,
        {k: (v - down) * size for k, v in ends.items()},
    )  # fmt: skip


def material_of(look: Look, person: Person) -> Material:
    """Material of a look, with the changes of a recipe."""
    import re

    texture = look.texture
    for change in person.tint:
        if texture is not None and re.search(change.look, look.name):
            texture = tinted(texture, change)
    rough = 0.5 if "hair" in look.name.lower() else 0.75
    if texture is None:
        r, g, b = (float(c) ** 2.2 for c in look.diffuse)
        return Material(look.name or "plain", (r * 0.8, g * 0.8, b * 0.8), rough)
    cutoff = 0.5 if texture[..., 3].min() < 128 else 0.0
    return Material(look.name or "picture", (0.95, 0.95, 0.95), rough, texture=texture, alpha_cutoff=cutoff)


def mesh_of(
    body: Body, materials: list[Material], semantic: Semantic, crease: float = CREASE
) -> tuple[MeshData, npt.NDArray[np.int64]]:
    """Indexed mesh of a body's points, and the welded vertex of each of its vertices."""
    corners = body.points[body.index]
    normals = _outward(crease_normals(corners, crease), corners)
    normals[np.linalg.norm(normals, axis=2) < 0.5] = [0.0, 0.0, 1.0]
    rows = np.concatenate(
        [body.index.reshape(-1, 1), np.round(normals.reshape(-1, 3), 1), np.round(body.soup.uvs.reshape(-1, 2), 5)],
        axis=1,
    )
    _, first, inverse = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    mesh = MeshData(
        vertices=corners.reshape(-1, 3)[first].astype(np.float32),
        triangles=inverse.reshape(-1, 3).astype(np.int32),
        normals=normals.reshape(-1, 3)[first].astype(np.float32),
        uvs=body.soup.uvs.reshape(-1, 2)[first].astype(np.float32),
        material=body.soup.look.astype(np.int32),
        semantic=np.full(len(body.index), int(semantic), np.uint8),
        materials=materials,
    )
    return mesh, body.index.reshape(-1)[first]


def _outward(normals: Array, corners: Array) -> Array:
    face = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    sign = np.sign((normals * face[:, None]).sum(axis=2, keepdims=True))
    return normals * np.where(sign == 0, 1.0, sign)


def whole_uvs(soup: Soup) -> None:
    """Shift pictures' coordinates by whole turns into a narrow range, so that they are stored finely; changes the soup."""
    base = np.floor(soup.uvs.min(axis=1, keepdims=True) + 1e-4)
    soup.uvs = soup.uvs - base


def build(person: Person) -> None:
    """Make one person: writes the .glb, the .yaml and the entry of the manifest."""
    write(person, neutral(body_of(person), person), "people.py")


def write(person: Person, body: Body, script: str) -> None:
    """Give a body in the neutral pose its gaits and write it.

    Args:
        person: Whose.
        body: In the neutral pose.
        script: Named in the spec.
    """
    whole_uvs(body.soup)
    feet = ga.feet_of(body.points, body.weights, body.joints)
    materials = [material_of(look, person) for look in body.soup.looks]
    mesh, vertex = mesh_of(body, materials, Semantic.PERSON)
    bones, weights = four(body.weights[vertex])
    gaits = {"stand": Gait(0.0, ga.standing(body.joints, feet, person.height, person.lean, person.nod))}
    walk, stride = ga.cycle(body.joints, feet, person.height, person.walk)
    gaits["walk"] = Gait(stride, walk)
    if person.run:
        run, stride = ga.cycle(body.joints, feet, person.height, person.run)
        gaits["run"] = Gait(stride, run)
    shown = skin(body.points, body.weights, gaits["stand"].matrices[0])
    lower, upper = shown.min(axis=0), shown.max(axis=0)
    lower[2] = 0.0
    gaits["fall"] = Gait(0.0, falls.fall_of(body, [walk[0], walk[len(walk) // 2]]))
    credit = body.soup.credit
    spec = {
        "name": person.name, "mesh": f"{person.name}.glb", "kinds": person.kinds, "category": "pedestrian", "semantic": "person",
        "size": (upper - lower).tolist(), "box_center": ((upper + lower) / 2).tolist(), "mass": person.mass, "uniform_scale": True,
    }  # fmt: skip
    if person.variants:
        spec["variants"] = person.variants
    spec["credits"] = [f"{credit['creator']}, {credit['licence']}, {credit['package']}; changed: {person.changed}"]
    folder = ASSETS / "people"
    size = write_glb(
        folder / f"{person.name}.glb",
        [Piece("body", mesh, "clip", joints=bones, weights=weights)],
        gaits,
        skeleton_of(body),
    )
    write_spec(folder / f"{person.name}.yaml", spec, script)
    if person.variants:
        measure_variants(folder / f"{person.name}.yaml", spec, script)
    triangles = len(mesh.triangles)
    print(f"{person.name:16s} {triangles:6d} triangles {size / 1024:6.0f} KB {np.round(upper - lower, 2)}", flush=True)
    record(folder / f"{person.name}.glb", [credit], person.changed)
