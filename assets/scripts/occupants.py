"""Who sits in vehicles: some of the people, thinned out and seated, one pose at a wheel and one with the hands in the lap.

Made from the files of `assets/people`, so that it needs none of their sources; the origin is the middle of the hip joints.
"""

from __future__ import annotations

from dataclasses import replace

import manifest
import numpy as np
import numpy.typing as npt
import people
from pack import ASSETS, Gait, Piece, write_glb
from PIL import Image
from riders import seated
from rigging import four
from scipy.spatial import KDTree
from sh3f import Look, Soup
from shape import welded
from skeleton import ENDS, JOINTS, skin

from sim.assets.glb import Glb, read_glb
from sim.assets.occupants import FIGURES, FOLDER
from sim.render.mesh import Material, Semantic

Array = npt.NDArray[np.float64]
TRIANGLES = 1200
TALL = 1.7
"""Nobody is taller [m]: the models' cabins are low."""
PICTURE = 192
"""Most pixels along a side of a picture: glass and shade lie before it."""
WHEEL = np.array([0.45, 0.0, 0.34])
"""Middle of the steering wheel from the hips [m]."""


def _body(data: Glb) -> tuple[people.Body, list[Material]]:
    """A packed person, thinned out and no taller than `TALL`, and its materials with small pictures."""
    node = data.nodes[0]
    assert node.joints is not None and node.weights is not None
    mesh = node.mesh
    looks = [Look(m.name, texture=m.texture) for m in mesh.materials]
    group = np.zeros(len(mesh.triangles), np.int32)
    corners = mesh.vertices[mesh.triangles].astype(float)
    soup = Soup(corners, mesh.uvs[mesh.triangles].astype(float), mesh.material, group, looks, [""])
    soup = people.thinned(soup, TRIANGLES)
    weights = np.zeros((len(mesh.vertices), len(JOINTS)))
    np.add.at(weights, (np.arange(len(weights))[:, None], node.joints), node.weights)
    index = welded(soup.corners)
    points = np.zeros((int(index.max()) + 1, 3))
    points[index.ravel()] = soup.corners.reshape(-1, 3)
    near = KDTree(mesh.vertices).query(points)[1]
    size = min(1.0, TALL / float(points[:, 2].max()))
    joints = np.array([data.points[name] for name in JOINTS])
    ends = {tip: size * data.points[tip] for tip in ENDS.values()}
    return people.Body(soup, index, size * points, weights[near], size * joints, ends), [
        _small(m) for m in mesh.materials
    ]


def _small(material: Material) -> Material:
    """A material whose picture has at most `PICTURE` pixels along a side."""
    if material.texture is None:
        return material
    picture = Image.fromarray(material.texture)
    picture.thumbnail((PICTURE, PICTURE), Image.Resampling.LANCZOS)
    return replace(material, texture=np.asarray(picture))


def _poses(body: people.Body) -> dict[str, Gait]:
    """At the wheel, and with the hands in the lap."""
    lean, hips = (-18.0, -15.0, -9.0), np.zeros(3)
    wheel = {s: WHEEL + [-0.02, y, 0.03] for s, y in (("l", 0.17), ("r", -0.17))}
    lap = {s: np.array([0.25, y, 0.13]) for s, y in (("l", 0.13), ("r", -0.13))}
    pedals = {s: np.array([0.83, y, -0.1]) for s, y in (("l", 0.13), ("r", -0.1))}
    floor = {s: np.array([0.79, y, -0.1]) for s, y in (("l", 0.11), ("r", -0.11))}
    drive = seated(body, hips, lean, wheel, pedals, toes=20.0, knees=6.0, elbows=18.0, chin=2.0)
    sit = seated(body, hips, lean, lap, floor, toes=15.0, knees=4.0, elbows=12.0, chin=-2.0)
    return {"drive": Gait(0.0, drive[None]), "sit": Gait(0.0, sit[None])}


def build(name: str) -> None:
    """Write one figure and its entry of the manifest."""
    source = ASSETS / "people" / f"{name}.glb"
    body, materials = _body(read_glb(source))
    mesh, vertex = people.mesh_of(body, materials, Semantic.PERSON, -1.0)
    bones, weights = four(body.weights[vertex])
    gaits = _poses(body)
    path = ASSETS / FOLDER / f"{name}.glb"
    size = write_glb(path, [Piece("body", mesh, "clip", joints=bones, weights=weights)], gaits)
    entry = next(e for e in manifest.read() if e["path"] == f"people/{name}.glb")
    manifest.record(path, entry["sources"], "seated, thinned out, pictures shrunk")
    tall = float(skin(body.points, body.weights, gaits["drive"].matrices[0])[:, 2].max())
    print(
        f"{name:16s} {len(mesh.triangles):6d} triangles {size / 1024:6.0f} KB, head {tall:.2f} m above the hips",
        flush=True,
    )


ALL = {f"{FOLDER}/{name}": (lambda name=name: build(name)) for name in FIGURES}
