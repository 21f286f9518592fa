"""What stands beside the roads of a map and stops bodies: shared by all worlds of a batch, filled by `sim.scenery.solids`."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

import warp as wp


class Solid(IntEnum):
    """Kinds of immovable things."""

    POLE = 0
    LAMP_POST = 1
    TRAFFIC_LIGHT = 2
    TREE = 3
    GUARD_RAIL = 4
    BARRIER = 5
    """Of concrete."""
    WALL = 6
    BUILDING = 7
    OBJECT = 8
    """Cabinets, columns, bollards, stacks."""


SCENERY = -2
"""Partner in a contact with a `Solid` of kind k is ``SCENERY - k`` where that with an actor is the actor; -1 is nobody."""


SOLID_CELL = 8.0
"""Edge of a cell of `SolidTables`' grid [m]."""


SOLID_NAMES = tuple(kind.name.lower().replace("_", " ") for kind in Solid)
"""What scenery is called where actors are called by their names."""


def partner_name(code: int, names: Sequence[str]) -> str | None:
    """Who or what a partner in a contact is: an actor by its name, scenery by its kind; None: nobody.

    Scenery of whose kind an actor has the name is told apart from it: ``tree (scenery)``.
    """
    if code <= SCENERY:
        kind = SOLID_NAMES[SCENERY - code]
        return f"{kind} (scenery)" if kind in names else kind
    return names[code] if 0 <= code < len(names) else None


@wp.struct
class SolidItem:
    """An upright box, or an upright cylinder with rounded ends."""

    center: wp.vec3
    """[m]."""
    half: wp.vec3
    """Half of length, width and height [m]."""
    axis: wp.vec2
    """Unit, along its length."""
    radius: float
    """Of a cylinder [m], 0: a box."""
    joint: wp.vec2
    """How far a link of a chain goes on as it is behind and ahead, for the direction in which it pushes [m]: no body catches on its end."""
    kind: wp.int32
    """`Solid`."""
    first_cell: wp.vec2i
    """Least column and line of the grid's cells in which it is listed."""


@wp.struct
class SolidTables:
    """All maps of a batch, concatenated. Where a batch needs none, ``item`` is empty.

    A grid over each map lists the things that reach into each of its cells.
    """

    item: wp.array[SolidItem]
    """(nsolid,)."""
    grid_origin: wp.array[wp.vec2]
    """Lower corner of each map's grid [m], (nmap,)."""
    grid_size: wp.array[wp.vec2i]
    """Columns and lines, (nmap,)."""
    grid_first_cell: wp.array[wp.int32]
    """First row of ``cell_first`` of each map, (nmap,)."""
    cell_first: wp.array[wp.int32]
    """First row of ``entry`` of each cell, line by line, (ncell + 1,)."""
    entry: wp.array[wp.int32]
    """Rows of ``item``, (nentry,)."""
