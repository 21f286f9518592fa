"""Materials as structs of arrays, and what they look like at a point: texture, procedural surface, paint, lamps."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import warp as wp

from sim.render.mesh import Material, Role, Surface
from sim.render.plates import plate_pictures
from sim.render.textures import Textures, pack_textures
from sim.types import Lamp

wp.set_module_options({"enable_backward": False})

MESH_CUTOUT = 1
"""Flag of a mesh with holes cut by alpha."""
MESH_GLASS = 2
"""Flag of a mesh with see-through glass."""

HASH_X = wp.constant(wp.uint32(0x8DA6B343))
HASH_Y = wp.constant(wp.uint32(0xD8163841))
HASH_Z = wp.constant(wp.uint32(0xCB1AB31F))

HEAD_RADIANCE = 45.0
"""Emitted by lamps that are on, in the sky's scale (a sunlit white wall has 2)."""
TAIL_RADIANCE = 1.2
BRAKE_RADIANCE = 9.0
INDICATOR_RADIANCE = 10.0
SIGNAL_RADIANCE = 7.0
STREET_RADIANCE = 10.0
WINDOW_RADIANCE = 0.15
"""Of the brightest lit windows at night, in the scale of the street lamps."""
NIGHT_SHARE = 0.25
"""Of what lamps of cars and signals emit by day; cameras and drivers would be dazzled."""


@wp.struct
class Materials:
    """One row per material."""

    color: wp.array[wp.vec4]
    """Linear albedo and roughness, (nmaterial,)."""
    layer: wp.array[wp.vec4]
    """Metallic, clear coat, transmission, alpha cut-off, (nmaterial,)."""
    emission: wp.array[wp.vec3]
    """Radiance that is always on, (nmaterial,)."""
    kind: wp.array[wp.vec3i]
    """Texture or -1, `Surface`, `Role`, (nmaterial,)."""
    plate: int
    """Texture of the first of `PLATES` number plates."""


@wp.struct
class Surf:
    """A material evaluated at a point."""

    albedo: wp.vec3
    roughness: float
    metallic: float
    coat: float
    transmission: float
    emission: wp.vec3
    surface: int
    bump: wp.vec2
    """Slope of small-scale relief along the tangents of a level surface."""
    ripple: float
    """Slope (root mean square) of waves and grains of its coat that are too small to see."""


def pack_materials(materials: Sequence[Material], device: wp.DeviceLike) -> tuple[Materials, Textures]:
    """Upload materials and their textures; equal images are stored once."""
    images: list[npt.NDArray[np.uint8]] = []
    row_of: dict[int, int] = {}
    color, layer, emission, kind = [], [], [], []
    for m in materials:
        texture = -1
        if m.texture is not None:
            if id(m.texture) not in row_of:
                row_of[id(m.texture)] = len(images)
                images.append(m.texture)
            texture = row_of[id(m.texture)]
        color.append((*m.base_color, m.roughness))
        layer.append((m.metallic, m.clearcoat, m.transmission, m.alpha_cutoff if texture >= 0 else 0.0))
        emission.append(m.emission)
        kind.append((texture, int(m.surface), int(m.role)))
    out = Materials()
    out.color = wp.array(np.array(color, np.float32).reshape(-1, 4), dtype=wp.vec4, device=device)
    out.layer = wp.array(np.array(layer, np.float32).reshape(-1, 4), dtype=wp.vec4, device=device)
    out.emission = wp.array(np.array(emission, np.float32).reshape(-1, 3), dtype=wp.vec3, device=device)
    out.kind = wp.array(np.array(kind, np.int32).reshape(-1, 3), dtype=wp.vec3i, device=device)
    out.plate = len(images)
    if any(m.role == Role.PLATE for m in materials):
        images += plate_pictures()
    return out, pack_textures(images, device)


def mesh_flags(materials: Sequence[Material], used: npt.NDArray[np.integer]) -> int:
    """MESH_CUTOUT and MESH_GLASS of a mesh that uses the given materials."""
    mine = [materials[i] for i in np.unique(used)]
    cutout = any(m.texture is not None and m.alpha_cutoff > 0.0 for m in mine)
    return MESH_CUTOUT * cutout + MESH_GLASS * any(m.transmission > 0.0 for m in mine)


@wp.func
def hash3(x: int, y: int, z: int) -> float:
    """Uniform in 0..1 from three integers."""
    h = wp.uint32(x) * HASH_X + wp.uint32(y) * HASH_Y + wp.uint32(z) * HASH_Z
    h = (h ^ (h >> wp.uint32(15))) * wp.uint32(0x2C1B3C6D)
    h = (h ^ (h >> wp.uint32(12))) * wp.uint32(0x297A2D39)
    return float((h ^ (h >> wp.uint32(15))) >> wp.uint32(8)) * 5.9604645e-8


@wp.func
def value_noise(p: wp.vec3) -> float:
    """Smooth noise of unit wavelength, 0..1, mean 0.5."""
    fx = wp.floor(p[0])
    fy = wp.floor(p[1])
    fz = wp.floor(p[2])
    x = int(fx)
    y = int(fy)
    z = int(fz)
    u = p[0] - fx
    v = p[1] - fy
    w = p[2] - fz
    u = u * u * (3.0 - 2.0 * u)
    v = v * v * (3.0 - 2.0 * v)
    w = w * w * (3.0 - 2.0 * w)
    a = wp.lerp(
        wp.lerp(hash3(x, y, z), hash3(x + 1, y, z), u), wp.lerp(hash3(x, y + 1, z), hash3(x + 1, y + 1, z), u), v
    )
    z = z + 1
    b = wp.lerp(
        wp.lerp(hash3(x, y, z), hash3(x + 1, y, z), u), wp.lerp(hash3(x, y + 1, z), hash3(x + 1, y + 1, z), u), v
    )
    return wp.lerp(a, b, w)


@wp.func
def plane_noise(x: float, y: float) -> float:
    """Smooth noise of unit wavelength in the plane, 0..1."""
    fx = wp.floor(x)
    fy = wp.floor(y)
    i = int(fx)
    j = int(fy)
    u = x - fx
    v = y - fy
    u = u * u * (3.0 - 2.0 * u)
    v = v * v * (3.0 - 2.0 * v)
    return wp.lerp(
        wp.lerp(hash3(i, j, 7), hash3(i + 1, j, 7), u), wp.lerp(hash3(i, j + 1, 7), hash3(i + 1, j + 1, 7), u), v
    )


@wp.func
def fade(foot: float, size: float) -> float:
    """Share of a detail of the given size [m] that a ray of the given footprint [m] still resolves."""
    return wp.clamp(1.5 - foot / size, 0.0, 1.0)


@wp.func
def joint(x: float, width: float, foot: float) -> float:
    """1 on the joints of a unit grid, ``width`` of a cell wide, averaged over a footprint ``foot`` (in cells)."""
    f = wp.abs(x - wp.floor(x) - 0.5)
    soft = wp.max(foot, 0.02)
    return wp.clamp((f - 0.5 + 0.5 * width) / soft + 0.5, 0.0, 1.0) * wp.min(1.0, width / soft + 0.35)


@wp.func
def turned_noise(p: wp.vec3, scale: float, c: float, s: float) -> float:
    """`plane_noise` at ``scale`` cells per metre on a grid turned by the angle of cosine ``c``: octaves must not line up."""
    return plane_noise((c * p[0] - s * p[1]) * scale, (s * p[0] + c * p[1]) * scale)


@wp.func
def look_of_wall(s: Surf, p: wp.vec3, n: wp.vec3, foot: float) -> Surf:
    """Brick, plaster, roof tiles and paving: courses laid along the surface's own horizontal."""
    out = s
    x = p[0] * n[1] - p[1] * n[0]
    y = p[2]
    if wp.abs(n[2]) > 0.9:
        x = p[0]
        y = p[1]
    stain = value_noise(p * 0.45) - 0.5
    k = 1.0 + 0.25 * stain
    if s.surface == wp.static(int(Surface.BRICK)):
        row = wp.floor(y / 0.075)
        x = x / 0.25 + 0.5 * (row - 2.0 * wp.floor(row * 0.5))
        each = hash3(int(wp.floor(x)), int(row), 5) - 0.5
        mortar = wp.max(joint(x, 0.05, foot / 0.25), joint(y / 0.075, 0.15, foot / 0.075))
        k = k * (1.0 + 0.34 * each * fade(foot, 0.2))
        out.albedo = wp.lerp(s.albedo * k, wp.vec3(0.36, 0.34, 0.31), 0.7 * mortar)
    elif s.surface == wp.static(int(Surface.ROOF_TILE)):
        x = x / 0.22
        row = y / 0.2
        each = hash3(int(wp.floor(x)), int(wp.floor(row)), 11) - 0.5
        shade = wp.max(joint(x, 0.12, foot / 0.22), joint(row, 0.16, foot / 0.2))
        out.albedo = s.albedo * (k * (1.0 + 0.4 * each * fade(foot, 0.2)) * (1.0 - 0.5 * shade))
    elif s.surface == wp.static(int(Surface.PAVING)):
        row = wp.floor(y / 0.4)
        x = x / 0.4 + 0.5 * (row - 2.0 * wp.floor(row * 0.5))
        each = hash3(int(wp.floor(x)), int(row), 17) - 0.5
        seam = wp.max(joint(x, 0.022, foot / 0.4), joint(y / 0.4, 0.022, foot / 0.4))
        spots = plane_noise(p[0] * 9.0, p[1] * 9.0) - 0.5
        grain = (plane_noise(p[0] * 90.0, p[1] * 90.0) - 0.5) * fade(foot, 0.02)
        k = k * (1.0 + 0.16 * each * fade(foot, 0.5) + 0.12 * spots * fade(foot, 0.2) + 0.25 * grain)
        out.albedo = s.albedo * (k * (1.0 - 0.45 * seam))
    else:
        drip = (value_noise(wp.vec3(p[0] * 2.2, p[1] * 2.2, p[2] * 0.25)) - 0.5) * fade(foot, 0.3)
        rough = (value_noise(p * 19.0) - 0.5) * fade(foot, 0.08)
        out.albedo = s.albedo * (k + 0.1 * drip + 0.14 * rough)
    return out


@wp.func
def look_of_thing(s: Surf, p: wp.vec3, foot: float) -> Surf:
    """Bark, leaves, cloth, fur, rubber, metal and paint: noise in the object's own frame."""
    out = s
    if s.surface == wp.static(int(Surface.BARK)):
        out.albedo = s.albedo * (0.65 + 0.7 * value_noise(wp.vec3(p[0] * 22.0, p[1] * 22.0, p[2] * 3.5)))
    elif s.surface == wp.static(int(Surface.LEAF)):
        out.albedo = s.albedo * (0.6 + 0.8 * value_noise(p * 1.7))
    elif s.surface == wp.static(int(Surface.CLOTH)):
        weave = (value_noise(p * 160.0) - 0.5) * fade(foot, 0.012)
        out.albedo = s.albedo * (0.82 + 0.36 * value_noise(p * 7.0) + 0.4 * weave)
    elif s.surface == wp.static(int(Surface.FUR)):
        hair = (value_noise(wp.vec3(p[0] * 45.0, p[1] * 130.0, p[2] * 130.0)) - 0.5) * fade(foot, 0.02)
        out.albedo = s.albedo * (0.75 + 0.5 * value_noise(p * 5.0) + 0.6 * hair)
    elif s.surface == wp.static(int(Surface.CAR_PAINT)):
        # Road dirt climbs the sills and the tail.
        dirt = wp.clamp(0.75 - 1.1 * p[2], 0.0, 1.0) * (0.35 + 0.65 * value_noise(p * 3.1))
        out.albedo = wp.lerp(s.albedo, wp.vec3(0.13, 0.115, 0.095), 0.55 * dirt)
        out.coat = s.coat * (1.0 - 0.8 * dirt)
    else:
        out.albedo = s.albedo * (0.85 + 0.3 * value_noise(p * 8.0))
    return out


@wp.func
def lamp_radiance(role: int, lamps: int, tick: int, aspect: int, night: float) -> wp.vec3:
    """What a lamp of the given `Role` emits under the actor's `Lamp` bits, the signal's aspect and the light of day."""
    e = float(0.0)
    tint = wp.vec3(1.0, 1.0, 1.0)
    flash = tick % 70 < 37
    if role == wp.static(int(Role.HEAD_LAMP)):
        tint = wp.vec3(1.0, 0.93, 0.82)
        if (lamps & wp.static(int(Lamp.LOW_BEAM | Lamp.HIGH_BEAM))) != 0:
            e = HEAD_RADIANCE * (0.2 + 0.8 * night)
    elif role == wp.static(int(Role.TAIL_LAMP)):
        tint = wp.vec3(1.0, 0.01, 0.005)
        if (lamps & wp.static(int(Lamp.LOW_BEAM | Lamp.HIGH_BEAM | Lamp.FOG))) != 0:
            e = TAIL_RADIANCE
        if (lamps & wp.static(int(Lamp.BRAKE))) != 0:
            e = 0.6 * BRAKE_RADIANCE
    elif role == wp.static(int(Role.BRAKE_LAMP)):
        tint = wp.vec3(1.0, 0.01, 0.005)
        if (lamps & wp.static(int(Lamp.BRAKE))) != 0:
            e = BRAKE_RADIANCE
    elif role == wp.static(int(Role.INDICATOR_LEFT)) or role == wp.static(int(Role.INDICATOR_RIGHT)):
        tint = wp.vec3(1.0, 0.36, 0.02)
        bit = wp.static(int(Lamp.INDICATOR_LEFT))
        if role == wp.static(int(Role.INDICATOR_RIGHT)):
            bit = wp.static(int(Lamp.INDICATOR_RIGHT))
        if (lamps & bit) != 0 and flash:
            e = INDICATOR_RADIANCE
    elif role == wp.static(int(Role.REVERSE_LAMP)):
        if (lamps & wp.static(int(Lamp.REVERSE))) != 0:
            e = INDICATOR_RADIANCE
    elif role == wp.static(int(Role.BEACON)):
        tint = wp.vec3(0.05, 0.15, 1.0)
        if (lamps & wp.static(int(Lamp.BEACON))) != 0 and tick % 24 < 10:
            e = 2.0 * INDICATOR_RADIANCE
    elif role == wp.static(int(Role.AMBER_BEACON)) or role == wp.static(int(Role.WARNING_LAMP)):
        tint = wp.vec3(1.0, 0.4, 0.02)
        if role == wp.static(int(Role.WARNING_LAMP)) or (lamps & wp.static(int(Lamp.BEACON))) != 0:
            if tick % 60 < 18:
                e = INDICATOR_RADIANCE
    elif role == wp.static(int(Role.SIGNAL_RED)):
        tint = wp.vec3(1.0, 0.03, 0.02)
        e = SIGNAL_RADIANCE * float(aspect & 1)
    elif role == wp.static(int(Role.SIGNAL_AMBER)):
        tint = wp.vec3(1.0, 0.42, 0.02)
        e = SIGNAL_RADIANCE * float((aspect >> 1) & 1)
    elif role == wp.static(int(Role.SIGNAL_GREEN)):
        tint = wp.vec3(0.05, 1.0, 0.45)
        e = SIGNAL_RADIANCE * float((aspect >> 2) & 1)
    elif role == wp.static(int(Role.STREET_LAMP)):
        tint = wp.vec3(1.0, 0.78, 0.5)
        return tint * (STREET_RADIANCE * night)
    if role != wp.static(int(Role.HEAD_LAMP)):
        e = e * (1.0 - (1.0 - NIGHT_SHARE) * night)
    return tint * e


@wp.func
def look_of_window(s: Surf, p: wp.vec3, n: wp.vec3, night: float) -> Surf:
    """Facade glass: dark rooms behind a coat that mirrors; some rooms are lit at night."""
    out = s
    x = p[0] * n[1] - p[1] * n[0]
    room = hash3(
        int(wp.floor(x / 2.6)), int(wp.floor(p[2] / 2.9)), int(wp.floor((p[0] * n[0] + p[1] * n[1]) * 0.7)) + 31
    )
    depth = 0.35 + 1.3 * room
    out.albedo = s.albedo * (depth * (0.7 + 0.6 * value_noise(p * 2.3)))
    out.coat = 1.0
    out.roughness = 0.6
    if room > 0.66 and night > 0.0:
        # Lit rooms: bright ones are few, most show a lamp behind a curtain, some the cold light of a screen.
        each = (room - 0.66) * 2.94
        kind = wp.frac(each * 17.0)
        warm = wp.lerp(wp.vec3(1.0, 0.62, 0.3), wp.vec3(1.0, 0.8, 0.55), kind)
        if each > 0.88:
            warm = wp.vec3(0.55, 0.75, 1.0)
        folds = 0.75 + 0.5 * value_noise(wp.vec3(9.0 * x, 0.7 * p[2], room))
        level = (0.12 + 0.88 * kind * kind) * (0.6 + 0.8 * value_noise(p * 1.3)) * folds
        out.emission = s.emission + warm * (WINDOW_RADIANCE * night * level)
    return out
