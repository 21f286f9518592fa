"""Cars, vans, lorries and buses of sweethome3d-furniture: wheels and lamps split off, badges and plates replaced."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import looks as lk
import numpy as np
import numpy.typing as npt
import sh3f
from doors import DoorCut, cut_door
from manifest import record
from pack import ASSETS, Piece, bounds_of, write_glb, write_spec
from sh3f import Soup
from shape import add_look, box, components, cut, decimate, join, to_mesh
from wheels import Wheel, find_wheels, straighten

from sim.render.mesh import Material, MeshData, Role, Semantic, merge

Rect = tuple[float, float, float, float]
LOW_BEAM = (1.6, 1.5, 1.32)
"""Of one headlamp on its axis: about 20,000 cd, where a sunlit white wall (25,000 cd/m^2) has radiance 2."""


@dataclass
class Recipe:
    """How one model becomes a vehicle."""

    name: str
    source: str
    kinds: list[str]
    category: str
    semantic: Semantic
    mass: float
    tyre: str
    looks: dict[str, Material | str]
    """Regex of material names -> material; 'atlas' keeps the picture, 'paint' and 'ivory' tint it. The first match counts."""
    max_steer: float = 0.6
    drop_looks: str = ""
    drop_groups: str = ""
    atlas: str = ""
    """Look whose picture is edited and whose faces hold lamps."""
    patches: list[tuple[Rect, object]] = field(default_factory=list)
    """Areas of the picture to repaint; a text makes a number plate, "@text" a display, None fills from around."""
    erase: list[Rect] = field(default_factory=list)
    """Areas of the picture whose faces go."""
    lamps: list[tuple[Rect, Role]] = field(default_factory=list)
    """Areas of the picture that are lamps; faces are cut along them. INDICATOR_LEFT means: by side."""
    blink: float = 0.0
    """Share of the width of head and rear lamps, at the outside, that is an indicator; 0: they are where ``lamps`` says."""
    blink_rear: str = "TAIL_LAMP"
    """Rear lamp that holds indicators."""
    rim: list[Rect] = field(default_factory=list)
    thin: list[tuple[str, float]] = field(default_factory=list)
    """Regex of material names -> share of their triangles to keep; every pattern that matches a look applies once."""
    prepare: Callable[[Soup], Soup] | None = None
    plates: list[tuple[str, str]] = field(default_factory=list)
    """Regex of material names of plain plates -> text painted on them."""
    plate_at: list[tuple[float, float]] = field(default_factory=list)
    """Where plates are missing: (x, z) of their middles in the model's frame [m]; the nearer end says which way they face."""
    doors: list[DoorCut] = field(default_factory=list)
    folder: str = "vehicles"
    changed: str = "wheels and lamps split off, badge and plates replaced, normals creased"
    twin_gap: float = 0.0


def _inside(soup: Soup, rect: Rect) -> npt.NDArray[np.bool_]:
    uv = soup.uvs.mean(axis=1) % 1.0
    return (uv[:, 0] > rect[0]) & (uv[:, 0] < rect[2]) & (uv[:, 1] > rect[1]) & (uv[:, 1] < rect[3])


def _cut_rect(soup: Soup, rect: Rect, where: str) -> Soup:
    """Split faces of a look along the sides of an area of its picture, so that each lies in or out."""
    for axis, value in ((0, rect[0]), (0, rect[2]), (1, rect[1]), (1, rect[3])):
        mask = soup.of_look(f"^{where}$")
        uv = soup.uvs % 1.0
        touch = (uv.max(axis=1) >= rect[:2]).all(axis=1) & (uv.min(axis=1) <= rect[2:]).all(axis=1)
        soup = cut(soup, uv[:, :, axis] - value, mask & touch)
    return soup


def _edit_atlas(soup: Soup, recipe: Recipe) -> Soup:
    """Repaint badges and plates, drop badge faces, and give lamps, rims and plates looks of their own."""
    look = next(look for look in soup.looks if look.name == recipe.atlas)
    assert look.texture is not None
    factor = max(1, 512 // look.texture.shape[1])
    texture = lk.enlarged(look.texture, factor) if factor > 1 else look.texture.copy()
    height, width = texture.shape[:2]
    plates = []
    for rect, patch in recipe.patches:
        size = round((rect[2] - rect[0]) * width), round((rect[3] - rect[1]) * height)
        if isinstance(patch, str) and patch.startswith("@"):
            patch = lk.board(*size, patch[1:])
        elif isinstance(patch, str):
            plates.append(rect)
            patch = lk.plate(*size, patch)
        lk.repaint(texture, rect, patch)  # type: ignore[arg-type]
    soup.looks = [
        replace(x, texture=texture) if x.texture is not None and x.name == recipe.atlas else x for x in soup.looks
    ]
    for rect in recipe.erase:
        soup = soup.pick(~(soup.of_look(f"^{recipe.atlas}$") & _inside(soup, rect)))
    for rect, role in recipe.lamps:
        soup = _cut_rect(soup, rect, recipe.atlas)
        mask = soup.of_look(f"^{recipe.atlas}$") & _inside(soup, rect)
        _add_lamp(soup, mask, role, recipe.atlas)
    for rect in recipe.rim:
        add_look(soup, "rim picture", soup.of_look(f"^{recipe.atlas}$") & _inside(soup, rect), recipe.atlas)
    for rect in plates:
        add_look(soup, "plate picture", soup.of_look(f"^{recipe.atlas}$") & _inside(soup, rect), recipe.atlas)
    return soup


def _add_plate(soup: Soup, x: float, z: float) -> Soup:
    """A blank plate of 52 x 11 cm before the nose or behind the tail, look "blank plate"."""
    add_look(soup, "blank plate", np.zeros(len(soup), bool))
    row = next(i for i, look in enumerate(soup.looks) if look.name == "blank plate")
    faces = box((x - 0.006, -0.26, z - 0.055), (x + 0.006, 0.26, z + 0.055))
    n = len(faces)
    more = Soup(
        faces,
        np.zeros((n, 3, 2)),
        np.full(n, row, np.int32),
        np.zeros(n, np.int32),
        soup.looks,
        soup.groups,
        soup.credit,
    )
    return join([soup, more])


def paint_plates(soup: Soup, mask: npt.NDArray[np.bool_], text: str) -> None:
    """Lay a picture of a number plate over plain plates, front and rear. Changes the soup."""
    add_look(soup, "plate picture", mask)
    row = next(i for i, look in enumerate(soup.looks) if look.name == "plate picture")
    soup.looks[row] = replace(soup.looks[row], texture=lk.plate(256, 56, text))
    soup.uvs = soup.uvs.copy()
    front = soup.centers[:, 0] > soup.bounds[0][0] + 0.5 * (soup.bounds[1][0] - soup.bounds[0][0])
    for end, sign in ((front, 1.0), (~front, -1.0)):
        rows = mask & end
        if rows.any():
            yz = soup.corners[rows][:, :, 1:]
            low, high = yz.reshape(-1, 2).min(axis=0), yz.reshape(-1, 2).max(axis=0)
            u = (yz[..., 0] - low[0]) / (high[0] - low[0])
            soup.uvs[rows, :, 0] = u if sign > 0 else 1.0 - u
            soup.uvs[rows, :, 1] = 1.0 - (yz[..., 1] - low[1]) / (high[1] - low[1])


def _add_lamp(soup: Soup, mask: npt.NDArray[np.bool_], role: Role, texture_of: str | None = None) -> None:
    """Give faces the look of a lamp, at the end of the vehicle where it belongs. Changes the soup."""
    low, high = soup.bounds[0][0], soup.bounds[1][0]
    share = (soup.centers[:, 0] - low) / (high - low)
    if role == Role.HEAD_LAMP:
        mask = mask & (share > 0.8)
    elif role in (Role.TAIL_LAMP, Role.BRAKE_LAMP, Role.REVERSE_LAMP):
        mask = mask & (share < 0.2)
    if role == Role.INDICATOR_LEFT:
        left = soup.centers[:, 1] > 0
        add_look(soup, "lamp INDICATOR_LEFT", mask & left, texture_of)
        add_look(soup, "lamp INDICATOR_RIGHT", mask & ~left, texture_of)
    else:
        add_look(soup, f"lamp {role.name}", mask, texture_of)


def _add_indicators(soup: Soup, recipe: Recipe) -> Soup:
    """The outer parts of head and tail lamps that hold no indicators of their own become such."""
    for name in ("HEAD_LAMP", recipe.blink_rear):
        look = f"^lamp {name}$"
        texture = next((item.name for item in soup.looks if item.name == look[1:-1] and item.texture is not None), None)
        y = np.abs(soup.corners[soup.of_look(look)][:, :, 1])
        if not len(y):
            raise ValueError(f"{recipe.name}: there is no lamp {name} that could hold an indicator")
        edge = y.max() - recipe.blink * (y.max() - y.min())
        soup = cut(soup, np.abs(soup.corners[:, :, 1]) - edge, soup.of_look(look))
        mask = soup.of_look(look) & (np.abs(soup.centers[:, 1]) > edge)
        side = soup.centers[:, 1] > 0
        for label, mine in (("LEFT", mask & side), ("RIGHT", mask & ~side)):
            end = "front" if name == "HEAD_LAMP" else "rear"
            add_look(soup, f"lamp INDICATOR_{label} {end}", mine, texture)
    return soup


def _clear_wheels(soup: Soup, wheels: list[Wheel], recipe: Recipe) -> None:
    """No lamp is part of a wheel: such faces go back to the picture they came from. Changes the soup."""
    row = next((k for k, look in enumerate(soup.looks) if look.name == recipe.atlas), None)
    for wheel in wheels:
        lamps = wheel.faces & soup.of_look("^lamp ")
        if lamps.any() and row is not None:
            soup.look = np.where(lamps, row, soup.look).astype(np.int32)


def _materials(soup: Soup, recipe: Recipe) -> list[Material]:
    import re

    out = []
    used = set(np.unique(soup.look))
    for row, look in enumerate(soup.looks):
        if row not in used:
            out.append(lk.PLASTIC)
            continue
        if look.name.startswith("lamp "):
            out.append(lk.lamp(Role[look.name.split()[1]], texture=look.texture))
            continue
        if look.name == "rim picture":
            out.append(lk.atlas("rim", look.texture, 0.35, metallic=0.7))  # type: ignore[arg-type]
            continue
        if look.name == "plate picture":
            out.append(lk.atlas("plate", look.texture, 0.4, role=Role.PLATE))  # type: ignore[arg-type]
            continue
        chosen = next((m for pattern, m in recipe.looks.items() if re.search(pattern, look.name, re.IGNORECASE)), None)
        if chosen is None:
            raise KeyError(f"{recipe.name}: no material for {look.name!r}")
        if chosen in ("paint", "ivory"):
            paint = lk.PAINT if chosen == "paint" else lk.IVORY
            chosen = replace(
                paint, base_color=(1.0, 1.0, 1.0) if chosen == "paint" else paint.base_color, texture=look.texture
            )
        elif isinstance(chosen, str):
            chosen = lk.atlas(look.name, look.texture, 0.4, clearcoat=0.5)  # type: ignore[arg-type]
        out.append(chosen)
    return out


def _split_lamps_of_looks(soup: Soup, recipe: Recipe) -> None:
    """Looks that are lamps as a whole: indicators are divided by side."""
    import re

    for look in list(soup.looks):
        chosen = next((m for p, m in recipe.looks.items() if re.search(p, look.name, re.IGNORECASE)), None)
        lamps = (Role.INDICATOR_LEFT, Role.HEAD_LAMP, Role.TAIL_LAMP, Role.BRAKE_LAMP)
        if isinstance(chosen, Material) and chosen.role in lamps:
            _add_lamp(soup, soup.of_look(f"^{re.escape(look.name)}$"), chosen.role)


def _lights(pieces: list[Piece]) -> list[dict[str, object]]:
    """Two low beams at the middles of the left and right head lamps."""
    points = []
    for piece in pieces:
        roles = np.array([m.role == Role.HEAD_LAMP for m in piece.mesh.materials])
        faces = piece.mesh.triangles[roles[piece.mesh.material]]
        points.append(piece.mesh.vertices[faces].mean(axis=1) + np.array(piece.pivot))
    flat = np.concatenate(points)
    out = []
    sides = (1, -1) if np.ptp(flat[:, 1]) > 0.5 else (0,)
    for side in sides:
        mine = flat[flat[:, 1] * side > 0] if side else flat
        pos = mine.mean(axis=0)
        pos[0] = mine[:, 0].max() + 0.03
        out.append(
            {"role": "head_lamp", "pos": pos, "direction": [1.0, 0.03 * side, -0.02], "intensity": list(LOW_BEAM),
             "inner": 0.1, "outer": 0.6}
        )  # fmt: skip
    return out


def _pieces(soup: Soup, recipe: Recipe, wheels: list[Wheel]) -> list[Piece]:
    """Body, wheels and doors as parts; the origin is under the rear axle."""
    materials = _materials(soup, recipe)
    used = np.zeros(len(soup), bool)
    pieces: list[Piece] = []
    front = max(w.center[0] for w in wheels)
    for wheel in wheels:
        part = soup.pick(wheel.faces)
        used |= wheel.faces
        part.corners = part.corners - wheel.center
        end = "front" if wheel.center[0] > front - 0.3 else "rear"
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
    """Find and straighten the wheels, put the origin under the rear axle. Changes the soup."""
    single = recipe.category in ("motorbike", "bicycle")
    tyre = soup.of_look(recipe.tyre) if not recipe.tyre.startswith("@") else soup.of_group(recipe.tyre[1:])
    wheels = find_wheels(soup, tyre, single_track=single)
    for wheel in wheels:
        straighten(soup, wheel, tyre)
    middle = np.mean([w.center[0] for w in wheels])
    rear = [w for w in wheels if w.center[0] < middle]
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
        soup = _edit_atlas(soup, recipe)
    for x, z in recipe.plate_at:
        soup = _add_plate(soup, x, z)
    for pattern, text in recipe.plates:
        paint_plates(soup, soup.of_look(pattern), text)
    _split_lamps_of_looks(soup, recipe)
    if recipe.blink:
        soup = _add_indicators(soup, recipe)
    wheels = _settle(soup, recipe)
    if recipe.doors:
        for door in recipe.doors:
            soup = cut_door(soup, door)
        wheels = _settle(soup, recipe)
    _clear_wheels(soup, wheels, recipe)
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
        "wheelbase": float(np.mean([w.center[0] for w in front]) - np.mean([w.center[0] for w in rear])),
    }
    if len(front) > 1:
        spec["track"] = float(np.ptp([w.center[1] for w in front]))
    spec |= {"wheel_radius": float(np.mean([w.radius for w in wheels])), "max_steer": recipe.max_steer}
    lights = _lights(pieces)
    if lights:
        spec["lights"] = lights
    doors = [p for p in pieces if p.role.startswith("door_")]
    if doors:
        spec["doors"] = [{"part": p.name, "hinge": list(p.pivot), "max_angle": 1.15} for p in doors]
    spec["credits"] = [f"{credit['creator']}, {credit['licence']}, {credit['package']}; changed: {recipe.changed}"]
    folder = ASSETS / recipe.folder
    size = write_glb(folder / f"{recipe.name}.glb", pieces)
    write_spec(folder / f"{recipe.name}.yaml", spec, "vehicles.py")
    triangles = sum(len(p.mesh.triangles) for p in pieces)
    print(
        f"{recipe.name:20s} {triangles:7d} triangles {size / 1024:7.0f} KB  {np.round(upper - lower, 2)}  {len(wheels)} wheels",
        flush=True,
    )
    record(folder / f"{recipe.name}.glb", [credit], recipe.changed)


__all__ = ["Recipe", "build", "components"]
