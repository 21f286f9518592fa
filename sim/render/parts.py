"""What a triangle is a part of: wheel, lamp, door, head, hand, a solid white line ... one byte beside its class.

The byte comes with a mesh (`MeshData.part`: limbs of people, marks of roads) or follows from material and motion (`find_parts`).
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import numpy.typing as npt

from sim.render.mesh import Material, MeshData, Role, Semantic, Surface


class Part(IntEnum):
    """Parts of things. Lines along lanes lie above all others: `line_part`."""

    NONE = 0
    BODY = 1
    WHEEL = 2
    GLASS = 3
    DOOR = 4
    HEAD_LAMP = 5
    TAIL_LAMP = 6
    BRAKE_LAMP = 7
    INDICATOR_LEFT = 8
    INDICATOR_RIGHT = 9
    REVERSE_LAMP = 10
    BEACON = 11
    PLATE = 12
    MIRROR = 13
    STEERING = 14  # handlebars
    PEDALS = 15
    HEAD = 16
    TORSO = 17
    LEFT_UPPER_ARM = 18
    LEFT_LOWER_ARM = 19
    LEFT_HAND = 20
    RIGHT_UPPER_ARM = 21
    RIGHT_LOWER_ARM = 22
    RIGHT_HAND = 23
    LEFT_UPPER_LEG = 24
    LEFT_LOWER_LEG = 25
    LEFT_FOOT = 26
    RIGHT_UPPER_LEG = 27
    RIGHT_LOWER_LEG = 28
    RIGHT_FOOT = 29
    LEFT_FRONT_LEG = 30
    RIGHT_FRONT_LEG = 31
    LEFT_HIND_LEG = 32
    RIGHT_HIND_LEG = 33
    SIGNAL_RED = 34
    SIGNAL_AMBER = 35
    SIGNAL_GREEN = 36
    SIGNAL_HOUSING = 37
    STREET_LAMP = 38
    WINDOW = 39
    TRUNK = 40
    FOLIAGE = 41
    AMBER_BEACON = 42
    WARNING_LAMP = 43
    OCCUPANT = 44  # who sits in a vehicle
    LANE = 48  # what is made to be driven on, junctions too
    SHOULDER = 49
    PARKING = 50
    CYCLE_LANE = 51
    BORDER = 52
    SIDEWALK = 53
    KERB = 54
    VERGE = 55
    STOP_LINE = 56
    CROSSWALK = 57
    ARROW = 58
    PARKING_BAY = 59
    OTHER_MARKING = 60


class LineKind(IntEnum):
    """Lines along a lane's border; of two together the left one as seen along the road's reference line is named first."""

    SOLID = 0
    BROKEN = 1
    DOUBLE_SOLID = 2
    DOUBLE_BROKEN = 3
    SOLID_BROKEN = 4
    BROKEN_SOLID = 5
    BOTTS_DOTS = 6


class LineColor(IntEnum):
    """Colours of road markings."""

    WHITE = 0
    YELLOW = 1
    BLUE = 2
    RED = 3
    ORANGE = 4
    GREEN = 5


FIRST_LINE = 64
"""Parts from here on are lines: 64 + 8 colour + kind."""
FIRST_MARKING = int(Part.STOP_LINE)
"""Parts from here on are painted on the road."""
LIMIT = 128
"""Parts are below this: they share a word with class and material (`pack_word`)."""


def line_part(kind: LineKind, color: LineColor) -> int:
    """The part of a line along a lane's border."""
    return FIRST_LINE + 8 * int(color) + int(kind)


def line_of(part: int) -> tuple[LineKind, LineColor] | None:
    """Kind and colour of a line's part; None for other parts."""
    return (LineKind(part % 8), LineColor((part - FIRST_LINE) // 8)) if part >= FIRST_LINE else None


def part_names() -> dict[int, str]:
    """Name of every part, lines too: ``solid white line``."""
    lines = {
        line_part(kind, color): f"{kind.name} {color.name} line".lower().replace("_", " ")
        for color in LineColor
        for kind in LineKind
    }
    return {int(p): p.name.lower().replace("_", " ") for p in Part} | lines


def pack_word(
    material: npt.NDArray[np.int32], semantic: npt.NDArray[np.uint8], part: npt.NDArray[np.uint8]
) -> npt.NDArray[np.int32]:
    """Fourth component of `sim.render.library.Geometry.triangle`: material | class << 16 | part << 24."""
    return material | (semantic.astype(np.int32) << 16) | (part.astype(np.int32) << 24)


_OF_ROLE = {role: Part[role.name] for role in Role if role.name in Part.__members__ and role != Role.NONE}
"""Lamps, panes and plates are called alike as roles and as parts."""
_OF_SURFACE = {Surface.WINDOW: Part.WINDOW, Surface.BARK: Part.TRUNK, Surface.LEAF: Part.FOLIAGE}
_RIDDEN = {
    Semantic.CAR, Semantic.TRUCK, Semantic.BUS, Semantic.TRAIN, Semantic.MOTORCYCLE, Semantic.BICYCLE, Semantic.VAN, Semantic.TRAILER,
}  # fmt: skip


def _material_part(material: Material, moving: Part) -> Part:
    """Part of a triangle of a material in a piece that moves as ``moving`` does."""
    if material.role in _OF_ROLE:
        return _OF_ROLE[material.role]
    if moving != Part.NONE:
        return moving
    if material.surface in _OF_SURFACE:
        return _OF_SURFACE[material.surface]
    name = material.name.lower()
    if "mirror" in name:
        return Part.MIRROR
    if "tyre" in name or name in ("rim", "wheels", "tires"):
        return Part.WHEEL
    return Part.NONE


def find_parts(mesh: MeshData, moving: Part = Part.NONE) -> npt.NDArray[np.uint8]:
    """Part of each triangle, (ntriangle,): the mesh's own where it says so, else by material, else by how the piece moves.

    Args:
        mesh: The mesh.
        moving: What its motion makes of the piece: wheel, door, steering, pedals; NONE for what is fixed.
    """
    table = np.array([int(_material_part(m, moving)) for m in mesh.materials] or [0], np.uint8)
    out = table[mesh.material]
    if mesh.part is not None:
        out = np.where(mesh.part != 0, mesh.part, out)
    bare = out == Part.NONE
    out[bare & np.isin(mesh.semantic, [int(s) for s in _RIDDEN])] = int(Part.BODY)
    out[bare & (mesh.semantic == int(Semantic.TRAFFIC_LIGHT))] = int(Part.SIGNAL_HOUSING)
    return out.astype(np.uint8)
