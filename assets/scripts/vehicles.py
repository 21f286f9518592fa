"""Cars, vans, lorries and buses of sweethome3d-furniture: wheels and lamps split off, badges and plates replaced."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import sh3f
from doors import cut_door
from lamps import add_indicators, add_plate, clear_wheels, edit_atlas, materials_of, paint_plates, split_lamps_of_looks
from manifest import record
from pack import ASSETS, Piece, bounds_of, measure_variants, write_glb, write_spec
from recipe import Recipe
from seats import SEATS
from sh3f import Soup
from shape import decimate, to_mesh
from wheels import Wheel, find_wheels, straighten

from sim.assets.own_looks import BEACONS, FAR, WIDE
from sim.physics.sets import set_name
from sim.render.mesh import MeshData, Role, merge

BALL = 0.08
"""How far behind the bumper a towbar's ball is [m]."""


def _middles(pieces: list[Piece], role: Role) -> np.ndarray:
    """Middles of the triangles of a role [m], (n, 3)."""
    points = []
    for piece in pieces:
        roles = np.array([m.role == role for m in piece.mesh.materials])
        faces = piece.mesh.triangles[roles[piece.mesh.material]]
        points.append(piece.mesh.vertices[faces].mean(axis=1) + np.array(piece.pivot))
    return np.concatenate(points)


def lights_of(pieces: list[Piece]) -> list[dict[str, object]]:
    """The low beam, from between the head lamps, and what flashes on the roof, from above its highest lamp."""
    out: list[dict[str, object]] = []
    flat = _middles(pieces, Role.HEAD_LAMP)
    if len(flat):
        pos = [float(flat[:, 0].max()) + 0.03, 0.0, float(flat[:, 2].mean())]
        out += [{"role": "head_lamp", "pos": pos, **beam} for beam in (FAR, WIDE)]
    for role, color in BEACONS.items():
        flat = _middles(pieces, role)
        if len(flat):
            top = flat[flat[:, 2] > flat[:, 2].max() - 0.1].mean(axis=0)
            pos = [float(top[0]), 0.0, float(flat[:, 2].max()) + 0.1]
            out.append({"role": role.name.lower(), "pos": pos, "direction": [0.0, 0.0, 1.0], "intensity": list(color),
                        "inner": 3.0, "outer": 3.14159})  # fmt: skip
    return out


def _pieces(soup: Soup, recipe: Recipe, wheels: list[Wheel]) -> list[Piece]:
    """Body, wheels and doors as parts; the origin is under the rear axle."""
    materials = materials_of(soup, recipe)
    used = np.zeros(len(soup), bool)
    pieces: list[Piece] = []
    front = max(w.center[0] for w in wheels)
    for wheel in wheels:
        part = soup.pick(wheel.faces)
        used |= wheel.faces
        part.corners = part.corners - wheel.center
        end = "front" if wheel.center[0] > front - 0.3 and recipe.coupler is None else "rear"
        side = "left" if wheel.center[1] > 0.05 else "right" if wheel.center[1] < -0.05 else "middle"
        role = "steered_wheel" if end == "front" else "wheel"
        count = sum(p.name.startswith(f"{end}_{side}") for p in pieces)
        name = f"{end}_{side}" + (f"_{count + 1}" if count else "")
        pieces.append(Piece(name, to_mesh(part, materials, recipe.semantic), role, tuple(wheel.center)))
    doors = np.unique([g for g in soup.groups if g.startswith("door_")])
    for name in doors:
        mask = soup.of_group(f"^{name}$") & ~used
        part = soup.pick(mask)
        used |= mask
        hinge = np.array(next(d.hinge for d in recipe.doors if name == f"door_{d.side}"))
        part.corners = part.corners - hinge
        pieces.append(Piece(str(name), to_mesh(part, materials, recipe.semantic), str(name), tuple(hinge)))
    body = to_mesh(soup.pick(~used), materials, recipe.semantic)
    return [Piece("body", body), *pieces]


def _share_wheels(pieces: list[Piece]) -> None:
    """One mesh serves all wheels of a side that look alike."""
    for side in ("left", "right", "middle"):
        wheels = [p for p in pieces if p.role in ("wheel", "steered_wheel") and side in p.name]
        for p in wheels[1:]:
            same = abs(len(p.mesh.triangles) - len(wheels[0].mesh.triangles)) <= 0.2 * len(p.mesh.triangles)
            extent = [np.ptp(q.mesh.vertices, axis=0) for q in (p, wheels[0])]
            if same and np.abs(extent[0] - extent[1]).max() < 0.012:
                p.mesh = wheels[0].mesh


def _join_axles(pieces: list[Piece]) -> list[Piece]:
    """Of vehicles with three axles and more, the wheels of a rear axle are one part: fewer instances to trace."""
    rear = [p for p in pieces if p.role == "wheel"]
    if len(rear) <= 2:
        return pieces
    known: dict[tuple[int, ...], MeshData] = {}
    out = [p for p in pieces if p.role != "wheel"]
    for left in (p for p in rear if "left" in p.name):
        right = min((p for p in rear if "right" in p.name), key=lambda p: abs(p.pivot[0] - left.pivot[0]))
        middle = np.array([left.pivot[0], 0.0, left.pivot[2]])
        offsets = [np.array(p.pivot) - middle for p in (left, right)]
        key = (id(left.mesh), id(right.mesh), *(round(float(o[1]) * 100) for o in offsets))
        if key not in known:
            moved = [
                replace(p.mesh, vertices=(p.mesh.vertices + o).astype(np.float32))
                for p, o in zip((left, right), offsets, strict=True)
            ]
            known[key] = merge(moved)
        out.append(Piece(left.name.replace("left", "axle"), known[key], "wheel", tuple(middle)))
    return out


def _settle(soup: Soup, recipe: Recipe) -> list[Wheel]:
    """Find and straighten the wheels, put the origin under the rear axle, a trailer's under all. Changes the soup."""
    single = recipe.category in ("motorbike", "bicycle")
    tyre = soup.of_look(recipe.tyre) if not recipe.tyre.startswith("@") else soup.of_group(recipe.tyre[1:])
    wheels = find_wheels(soup, tyre, single_track=single)
    for wheel in wheels:
        straighten(soup, wheel, tyre)
    middle = np.mean([w.center[0] for w in wheels])
    rear = [w for w in wheels if w.center[0] < middle or recipe.coupler is not None]
    ground = min(soup.corners[w.faces].reshape(-1, 3)[:, 2].min() for w in wheels)
    across = np.mean([w.center[1] for w in wheels]) if single else 0.0
    origin = np.array([np.mean([w.center[0] for w in rear]), across, ground])
    soup.corners = soup.corners - origin
    for wheel in wheels:
        wheel.center = wheel.center - origin
    return wheels


def build(recipe: Recipe) -> None:
    """Make one vehicle: writes the .glb, the .yaml and the entry of the manifest."""
    source = sh3f.load(recipe.source)
    soup = source.pick(np.ones(len(source), bool))
    soup.looks = [replace(look) for look in soup.looks]
    drop = np.zeros(len(soup), bool)
    if recipe.drop_looks:
        drop |= soup.of_look(recipe.drop_looks)
    if recipe.drop_groups:
        drop |= soup.of_group(recipe.drop_groups)
    soup = soup.pick(~drop)
    for pattern, keep in recipe.thin:
        soup = decimate(soup, soup.of_look(pattern), keep)
    if recipe.prepare:
        soup = recipe.prepare(soup)
    if recipe.atlas:
        soup = edit_atlas(soup, recipe)
    for x, z in recipe.plate_at:
        soup = add_plate(soup, x, z)
    for pattern, text in recipe.plates:
        paint_plates(soup, soup.of_look(pattern), text)
    split_lamps_of_looks(soup, recipe)
    if recipe.blink:
        soup = add_indicators(soup, recipe)
    wheels = _settle(soup, recipe)
    if recipe.doors:
        for door in recipe.doors:
            soup = cut_door(soup, door)
        wheels = _settle(soup, recipe)
    clear_wheels(soup, wheels, recipe)
    pieces = _pieces(soup, recipe, wheels)
    _share_wheels(pieces)
    pieces = _join_axles(pieces)
    finish(recipe, pieces, wheels, soup.credit)


def finish(recipe: Recipe, pieces: list[Piece], wheels: list[Wheel], credit: dict[str, str]) -> None:
    """Write mesh, spec and entry of the manifest."""
    lower, upper = bounds_of(pieces)
    front = [w for w in wheels if w.center[0] > max(v.center[0] for v in wheels) - 0.3]
    rear = [w for w in wheels if w.center[0] < np.mean([v.center[0] for v in wheels])]
    spec: dict[str, object] = {
        "name": recipe.name,
        "mesh": f"{recipe.name}.glb",
        "kinds": recipe.kinds,
        "category": recipe.category,
        "semantic": recipe.semantic.name.lower(),
        "size": (upper - lower).tolist(),
        "box_center": ((upper + lower) / 2).tolist(),
        "mass": recipe.mass,
        "parameters": recipe.parameters or set_name(recipe.category, tuple(upper - lower), tuple(recipe.kinds)),
        "wheelbase": recipe.coupler
        or float(np.mean([w.center[0] for w in front]) - np.mean([w.center[0] for w in rear])),
    }
    hitch = float(lower[0]) - BALL if recipe.towbar else recipe.hitch
    spec |= {k: v for k, v in (("hitch", hitch), ("coupler", recipe.coupler)) if v is not None}
    if len(front) > 1:
        spec["track"] = float(np.ptp([w.center[1] for w in front]))
    spec["wheel_radius"] = float(np.mean([w.radius for w in wheels]))
    if recipe.coupler is None:
        spec["max_steer"] = recipe.max_steer
    lights = lights_of(pieces)
    if lights:
        spec["lights"] = lights
    doors = [p for p in pieces if p.role.startswith("door_")]
    if doors:
        spec["doors"] = [{"part": p.name, "hinge": list(p.pivot), "max_angle": 1.23} for p in doors]
    if recipe.stands_for:
        spec["stands_for"] = recipe.stands_for
    if recipe.name in SEATS:
        spec["seats"] = SEATS[recipe.name]
    if recipe.variants:
        spec["variants"] = recipe.variants
    spec["credits"] = [f"{credit['creator']}, {credit['licence']}, {credit['package']}; changed: {recipe.changed}"]
    folder = ASSETS / recipe.folder
    size = write_glb(folder / f"{recipe.name}.glb", pieces)
    write_spec(folder / f"{recipe.name}.yaml", spec, "vehicles.py")
    if recipe.variants:
        measure_variants(folder / f"{recipe.name}.yaml", spec, "vehicles.py")
    triangles = sum(len(p.mesh.triangles) for p in pieces)
    print(
        f"{recipe.name:20s} {triangles:7d} triangles {size / 1024:7.0f} KB  {np.round(upper - lower, 2)}  {len(wheels)} wheels",
        flush=True,
    )
    record(folder / f"{recipe.name}.glb", [credit], recipe.changed)
