"""Paint, panes and lamps of own assets: materials of a foreign mesh in their roles, and the light that lamps throw."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from sim.assets.gltf_scene import Scene
from sim.assets.own_recipe import LAMPS, Floats, Recipe, bounds, fault, matches
from sim.render.mesh import Light, Material, Role, Surface

LOW_BEAM = (1.6, 1.5, 1.32)
"""Of one headlamp on its axis: about 20,000 cd, where a sunlit white wall (25,000 cd/m^2) has radiance 2."""
FAR = {"direction": [1.0, 0.0, -0.02], "intensity": [5.0 * c for c in LOW_BEAM], "inner": 0.01, "outer": 0.34}
WIDE = {"direction": [1.0, 0.0, -0.04], "intensity": [0.3 * c for c in LOW_BEAM], "inner": 0.15, "outer": 0.85}
"""The low beam of both lamps together: what is aimed ahead, and an even cone of what spills to the sides and at the ground close by.
The aimed part is a beam pattern (`sim.render.lights.beam_pattern`), level and straight ahead: of its angles counts only that it is narrow.
Brighter than real ones, as the night sky is."""
BEACONS = {Role.BEACON: (0.05, 0.18, 1.6), Role.AMBER_BEACON: (1.0, 0.4, 0.02)}
"""What a roof's flashing lights throw to all sides together while they flash."""


def give_roles(scene: Scene, recipe: Recipe) -> None:
    """Paint, panes and lamps by the names of materials. Changes the scene."""
    names = ", ".join(sorted({m.name for m in scene.materials if m.name}))[:300]
    chosen: list[tuple[str, tuple[str, ...]]] = [("paint", recipe.paint), ("glass", recipe.glass)]
    chosen += [(f"lamps.{key}", patterns) for key, patterns in recipe.lamps]
    for key, patterns in chosen:
        for pattern in patterns:
            rows = [i for i, m in enumerate(scene.materials) if matches(m.name, [pattern])]
            if not rows:
                raise fault(
                    recipe, f"no material is called {pattern!r}", key, f"Materials: {names or 'without names'}."
                )
            for row in rows:
                scene.materials[row] = _dressed(scene.materials[row], key)
    _check_lamps(scene, recipe)
    _part_sides(scene)


def _dressed(m: Material, key: str) -> Material:
    """A material in its role."""
    if key == "paint":
        coat = max(m.clearcoat, 1.0)
        return replace(m, role=Role.PAINT, surface=Surface.CAR_PAINT, clearcoat=coat, metallic=min(m.metallic, 0.3))
    if key == "glass":
        clear = m.transmission or 0.7
        return replace(m, role=Role.GLASS, transmission=clear, roughness=0.02, metallic=0.0, clearcoat=1.0)
    return replace(m, role=LAMPS[key.removeprefix("lamps.")], emission=(0.0, 0.0, 0.0), clearcoat=1.0)


def _of_role(scene: Scene, role: Role) -> Floats:
    """Middles of the triangles of a role [m], (n, 3)."""
    found = [p.vertices[p.triangles].mean(axis=1) for p in scene.pieces if scene.materials[p.material].role == role]
    return np.concatenate(found) if found else np.zeros((0, 3))


def _check_lamps(scene: Scene, recipe: Recipe) -> None:
    """Head lamps are ahead, tail lamps behind: a mesh the wrong way round shows here."""
    lower, upper = bounds(scene.pieces)
    middle = 0.5 * (lower[0] + upper[0])
    turned = recipe.forward.translate(str.maketrans("+-", "-+"))
    for key, role, sign in (("head", Role.HEAD_LAMP, 1.0), ("tail", Role.TAIL_LAMP, -1.0), ("brake", Role.BRAKE_LAMP, -1.0)):  # fmt: skip
        places = _of_role(scene, role)
        if len(places) and sign * (float(places[:, 0].mean()) - middle) < 0.0:
            end = "rear" if sign > 0.0 else "front"
            hint = f"Write forward: '{turned}' if it looks the other way."
            raise fault(recipe, f"these lamps are at its {end}", f"lamps.{key}", hint)


def _part_sides(scene: Scene) -> None:
    """Indicators by side: pieces that are on both are cut in two. Changes the scene."""
    other: dict[int, int] = {}
    for row, m in enumerate(list(scene.materials)):
        if m.role == Role.INDICATOR_LEFT:
            other[row] = len(scene.materials)
            scene.materials.append(replace(m, role=Role.INDICATOR_RIGHT))
    for piece in list(scene.pieces):
        if piece.material in other:
            right = piece.vertices[piece.triangles].mean(axis=1)[:, 1] < 0.0
            if right.any():
                scene.pieces.append(replace(piece, material=other[piece.material], triangles=piece.triangles[right]))
                piece.triangles = piece.triangles[~right]


def lights_of(scene: Scene) -> tuple[Light, ...]:
    """The low beam, from between the head lamps, and what flashes on the roof, from above its highest lamp."""
    out: list[Light] = []
    lamps = _of_role(scene, Role.HEAD_LAMP)
    for beam in (FAR, WIDE) if len(lamps) else ():
        x, y, z = beam["direction"]
        norm = math.sqrt(x * x + y * y + z * z)
        pos = (float(lamps[:, 0].max()) + 0.03, 0.0, float(lamps[:, 2].mean()))
        cones = math.cos(beam["inner"]), math.cos(beam["outer"])
        out.append(Light(pos, (x / norm, y / norm, z / norm), tuple(beam["intensity"]), *cones, Role.HEAD_LAMP))
    for role, color in BEACONS.items():
        lamps = _of_role(scene, role)
        if len(lamps):
            x, _, top = lamps[lamps[:, 2].argmax()]
            out.append(Light((float(x), 0.0, float(top) + 0.1), (0.0, 0.0, 1.0), color, math.cos(3.0), -1.0, role))
    return tuple(out)
