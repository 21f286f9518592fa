"""Assets that users bring: a foreign .glb turned, scaled, set on the ground and given wheels, paint, glass and lamps as its recipe says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from sim.assets.glb import Glb, Node
from sim.assets.gltf import Gltf
from sim.assets.gltf_scene import Piece, Scene, read_scene
from sim.assets.own_looks import give_roles, lights_of
from sim.assets.own_recipe import CLASSES, FORWARD, Floats, Recipe, bounds, fault, matches
from sim.assets.spec import AssetSpec, Category, Vec3
from sim.render.mesh import MeshData

UNITS = {0.01: "centimetres", 0.001: "millimetres", 0.0254: "inches", 0.3048: "feet", 100.0: "hundreds of metres"}
SIDES = ("length", "width", "height")
MAX_PARTS = 9
"""Body, steered wheels and axles: a batch makes room for the parts of its asset with most."""


def own_asset(recipe: Recipe) -> AssetSpec:
    """The asset that a recipe makes; its mesh is read to know its size.

    Raises:
        ScenarioError: if the mesh is unusable or the recipe does not fit it.
    """
    return _fit(recipe)[0]


def own_mesh(recipe: Recipe) -> Glb:
    """The parts of an own asset."""
    return _fit(recipe)[1]


@lru_cache(maxsize=64)
def _fit(recipe: Recipe) -> tuple[AssetSpec, Glb]:
    scene = read_scene(Gltf(recipe.mesh))
    _place(scene, recipe)
    wheels = _find_wheels(scene, recipe)
    origin = _origin(scene, recipe, wheels)
    for piece in scene.pieces:
        piece.vertices = piece.vertices - origin
    for wheel in wheels:
        wheel.center = wheel.center - origin
    give_roles(scene, recipe)
    nodes = _parts(scene, recipe, wheels)
    if len(nodes) > MAX_PARTS:
        raise fault(recipe, f"it has {len(nodes)} parts that move apart, more than {MAX_PARTS}", "wheels")
    return _spec(scene, recipe, wheels), Glb(nodes)


# --- size and place ---------------------------------------------------------------------------------------------------


def _place(scene: Scene, recipe: Recipe) -> None:
    """Turn all pieces into the actor's axes and scale them. Changes the scene."""
    ahead, left = FORWARD[recipe.forward]
    turn = np.array([ahead, left, (0, 1, 0)], float)
    for piece in scene.pieces:
        piece.vertices, piece.normals = piece.vertices @ turn.T, piece.normals @ turn.T
    lower, upper = bounds(scene.pieces)
    size = upper - lower
    wanted = (recipe.length, recipe.width, recipe.height)
    given = [k for k in range(3) if wanted[k] is not None]
    scale = 1.0
    if given:
        axis = given[0]
        if size[axis] <= 0.0:
            raise fault(recipe, f"the mesh is flat: it has no {SIDES[axis]}")
        scale = float(wanted[axis] or 0.0) / float(size[axis])
    _check_size(size * scale, recipe, given[0] if given else None)
    for piece in scene.pieces:
        piece.vertices = piece.vertices * scale


def _check_size(size: Floats, recipe: Recipe, given: int | None) -> None:
    """Refuse what is far too large or small for its class, or lies across; ``given``: which of `SIDES` the spec tells."""
    kind = CLASSES[recipe.kind]

    def fits(k: float) -> bool:
        return (
            kind.length[0] <= k * size[0] <= kind.length[1]
            and kind.height[0] <= k * size[2] <= kind.height[1]
            and k * size[1] <= kind.length[1]
        )

    told = f"{size[0]:.3g} m long, {size[1]:.3g} m wide and {size[2]:.3g} m high"
    limits = f"{kind.length[0]:g} to {kind.length[1]:g} m long and {kind.height[0]:g} to {kind.height[1]:g} m high"
    if kind.wheels and size[1] > size[0]:
        other = "+x" if recipe.forward.endswith("z") else "+z"
        hint = f"In glTF, +z is ahead; write forward: '{other}' or 'forward: -{other[1]}' if it looks elsewhere."
        raise fault(recipe, f"the mesh is {told}: it lies across its way", "forward", hint)
    if fits(1.0):
        return
    length, height = max(size[0], 1e-9), max(size[2], 1e-9)
    least = max(kind.length[0] / length, kind.height[0] / height)
    most = min(kind.length[1] / max(length, size[1]), kind.height[1] / height)
    if given is None:
        unit = next((f"it seems to be in {name}; " for k, name in UNITS.items() if fits(k)), "")
        hint = f"For example: {unit}write length: {np.mean(kind.length):.2g} m."
    elif least <= most:
        hint = f"Of this shape it is {least * size[given]:.3g} to {most * size[given]:.3g} m in {SIDES[given]}."
    else:
        hint = f"A mesh of this shape is no {recipe.kind} at any size."
    raise fault(recipe, f"the mesh is {told}; a {recipe.kind} is {limits}", SIDES[given or 0], hint)


def _origin(scene: Scene, recipe: Recipe, wheels: list[Wheel]) -> Floats:
    """The reference point: on the ground under the rear axle of what rolls, under the middle of all else [m]."""
    lower, upper = bounds(scene.pieces)
    middle = (lower + upper) / 2
    if wheels:
        return np.array([_rear(wheels), middle[1], lower[2]])
    # Without wheels the rear axle is taken to be where `sim.sampling` puts a wheelbase of 0.6 lengths.
    x = middle[0] - 0.3 * (upper[0] - lower[0]) if CLASSES[recipe.kind].wheels else middle[0]
    return np.array([x, middle[1], lower[2]])


# --- wheels -----------------------------------------------------------------------------------------------------------


@dataclass
class Wheel:
    """Pieces that turn together."""

    pieces: list[Piece]
    center: Floats
    """[m]."""
    radius: float
    """[m]."""


def _find_wheels(scene: Scene, recipe: Recipe) -> list[Wheel]:
    """Wheels, from those ahead to those behind: nodes of matching names, those about one centre being one."""
    if not recipe.wheels:
        return []
    groups: dict[int, list[Piece]] = {}
    for piece in scene.pieces:
        nodes = (piece.nodes[0], *piece.nodes)
        node = next((n for name, n in zip(piece.names, nodes, strict=True) if matches(name, recipe.wheels)), None)
        if node is not None:
            groups.setdefault(node, []).append(piece)
    wheels: list[Wheel] = []
    for pieces in groups.values():
        lower, upper = bounds(pieces)
        center, radius = (lower + upper) / 2, float(upper[2] - lower[2]) / 2
        same = next((w for w in wheels if np.linalg.norm(w.center - center) < 0.5 * max(w.radius, radius)), None)
        if same is None:
            wheels.append(Wheel(pieces, center, radius))
        else:
            same.pieces = [*same.pieces, *pieces]
            same.center, same.radius = (center, radius) if radius > same.radius else (same.center, same.radius)
    names = ", ".join(sorted({name for p in scene.pieces for name in p.names if name}))[:300]
    if not 2 <= len(wheels) <= 16:
        raise fault(recipe, f"{len(wheels)} wheels found", "wheels", f"Nodes and meshes: {names}.")
    for wheel in wheels:
        lower, upper = bounds(wheel.pieces)
        across, up = float(upper[0] - lower[0]), float(upper[2] - lower[2])
        if not 0.8 < across / max(up, 1e-9) < 1.25:
            label = wheel.pieces[0].names[1] or wheel.pieces[0].names[0]
            message = f"{label!r} is {across:.2f} m long and {up:.2f} m high: no single wheel"
            raise fault(recipe, message, "wheels", f"Each wheel must be a node of its own. Nodes and meshes: {names}.")
    return sorted(wheels, key=lambda w: (-w.center[0], w.center[1]))


def _rear(wheels: list[Wheel]) -> float:
    """Where the rear axle is, or the middle of the rear axles [m]."""
    return float(np.mean([w.center[0] for w in wheels if not _steers(w, wheels)]))


def _steers(wheel: Wheel, wheels: list[Wheel]) -> bool:
    """Whether a wheel is one of those ahead."""
    front, back = wheels[0].center[0], wheels[-1].center[0]
    return bool(wheel.center[0] > front - 0.15 * (front - back))


# --- the asset --------------------------------------------------------------------------------------------------------


def _mesh(pieces: Sequence[Piece], scene: Scene, recipe: Recipe, pivot: Floats) -> MeshData:
    """One mesh of some pieces, relative to a pivot."""
    base = np.cumsum([0, *(len(p.vertices) for p in pieces)])
    count = [len(p.triangles) for p in pieces]
    return MeshData(
        vertices=np.concatenate([p.vertices - pivot for p in pieces]).astype(np.float32),
        triangles=np.concatenate([p.triangles + b for p, b in zip(pieces, base[:-1], strict=True)]).astype(np.int32),
        normals=np.concatenate([p.normals for p in pieces]).astype(np.float32),
        uvs=np.concatenate([p.uvs for p in pieces]).astype(np.float32),
        material=np.repeat([p.material for p in pieces], count).astype(np.int32),
        semantic=np.full(sum(count), int(CLASSES[recipe.kind].semantic), np.uint8),
        materials=scene.materials,
    )


def _parts(scene: Scene, recipe: Recipe, wheels: list[Wheel]) -> list[Node]:
    """Body, steered wheels, and the other wheels by axles."""
    turning = {id(p) for w in wheels for p in w.pieces}
    body = [p for p in scene.pieces if id(p) not in turning and len(p.triangles)]
    if not body:
        raise fault(recipe, "everything is a wheel", "wheels")
    out = [Node("body", _mesh(body, scene, recipe, np.zeros(3)), "body", (0.0, 0.0, 0.0))]
    axles: list[list[Wheel]] = []
    for wheel in wheels:
        steers = _steers(wheel, wheels)
        mate = None if steers else next((a for a in axles if abs(a[0].center[0] - wheel.center[0]) < 0.03), None)
        if mate is not None and abs(mate[0].radius - wheel.radius) < 0.03:
            mate.append(wheel)
            continue
        axles.append([wheel])
    for k, axle in enumerate(axles):
        steers = _steers(axle[0], wheels)
        x, y, z = np.mean([w.center for w in axle], axis=0)
        pivot = (float(x), float(y), float(z))
        mesh = _mesh([p for w in axle for p in w.pieces], scene, recipe, np.array(pivot))
        out.append(Node(f"wheel_{k + 1}", mesh, "steered_wheel" if steers else "wheel", pivot))
    return out


def _spec(scene: Scene, recipe: Recipe, wheels: list[Wheel]) -> AssetSpec:
    from sim.assets.occupants import reach

    kind = CLASSES[recipe.kind]
    lower, upper = bounds(scene.pieces)
    length, width, height = (float(v) for v in upper - lower)
    center: Vec3 = tuple(float(v) for v in (lower + upper) / 2)  # type: ignore[assignment]
    sides = [w.center[1] for w in wheels if _steers(w, wheels)]
    for i, seat in enumerate(recipe.seats):
        least, most = reach(driver=i == 0)
        room = [(float(a) - p, float(b) - q) for a, b, p, q in zip(lower, upper, least, most, strict=True)]
        if not all(a <= v <= b for v, (a, b) in zip(seat, room, strict=True)):
            told = ", ".join(f"{a:.2f} to {b:.2f}" for a, b in room)
            hint = f"Ahead, left and up from the middle of the rear axle on the ground, hips have room from {told} m."
            raise fault(recipe, "who sits here would reach out of the mesh", f"seats[{i}]", hint)
    return AssetSpec(
        name=recipe.mesh.stem, file=recipe.spec, mesh=recipe.mesh, kinds=recipe.kinds, category=kind.category, semantic=kind.semantic,
        length=length, width=width, height=height, box_center=center, mass=recipe.mass or kind.density * length * width * height,
        parameters=recipe.parameters or kind.parameters,
        wheelbase=float(wheels[0].center[0] - _rear(wheels)) if wheels else None,
        track=float(np.ptp(sides)) if len(sides) > 1 else None,
        wheel_radius=float(np.mean([w.radius for w in wheels])) if wheels else None,
        max_steer=recipe.max_steer if kind.wheels else None,
        uniform_scale=kind.category in (Category.PEDESTRIAN, Category.ANIMAL), lights=lights_of(scene),
        seats=recipe.seats,
        credits=recipe.credits, recipe=recipe,
    )  # fmt: skip
