"""The ground around the ego from above: classes, actors, road marks and drivable area on a grid that turns with the ego.

Vertical rays at the middles of cells. The map is looked at from a few metres above the ego, rising with distance, so that roofs of
tunnels and crowns of trees do not hide the road; where a building stands, from the sky. Trees and posts count where they stand, below
`KNEE` above the ground.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.render.frames import Renderer
from sim.render.library import Geometry
from sim.render.mesh import Semantic
from sim.render.options import RAYS
from sim.render.parts import FIRST_LINE, Part
from sim.render.raycast import Hit, actor_of, mesh_hit, off_axes
from sim.render.scene_bvh import Instances

wp.set_module_options(RAYS | {"fuse_fp": False, "max_unroll": 1})

HALF = 50.0
"""The grid reaches so far ahead, behind and to both sides of the ego's reference point [m]."""
CELL = 0.25
"""Edge of a cell [m]."""
NOTHING = 255
"""Class of cells below which there is no ground."""
SKY_HEIGHT = 120.0
"""From where buildings are seen [m]."""
LOOK_HEIGHT, RISE = 4.5, 0.15
"""From where everything else is: so far above the ego [m], and per metre from it."""
KNEE = 2.5
"""Plants and posts count up to here above the ground [m]."""


@wp.struct
class BirdsEyeGrid:
    """A raster per world, (nworld, row, column): row 0 is farthest ahead, column 0 farthest to the left."""

    half: float
    """[m]."""
    cell: float
    """[m]."""
    ground: wp.array3d[wp.uint8]
    """`sim.render.mesh.Semantic` without actors, `NOTHING` beyond the map."""
    part: wp.array3d[wp.uint8]
    """`sim.render.parts.Part` of the same."""
    semantic: wp.array3d[wp.uint8]
    """With actors, the ego left out."""
    instance: wp.array3d[wp.int32]
    """Actor's slot + 1, 0 for none."""


@wp.func(inline=True)
def trace_slots(
    geo: Geometry, inst: Instances, world: int, o: wp.vec3, d: wp.vec3, t_max: float, first: int, last: int
) -> Hit:
    """Closest hit among the instances in slots ``first`` to ``last`` - 1, the map's own not among them."""
    out = Hit()
    out.slot = -1
    best = t_max
    q = wp.bvh_query_ray(inst.bvh, o, d, inst.root[world])
    row = int(0)
    while wp.bvh_query_next(q, row, best):
        slot = row - inst.first - world * inst.nslot
        if slot >= first and slot < last and inst.mesh[world, slot] >= 0:
            near = mesh_hit(geo, inst, world, slot, o, d, best)
            if near.slot >= 0:
                out = near
                best = near.t
    return out


@wp.func(inline=True)
def look_down(geo: Geometry, inst: Instances, world: int, p: wp.vec3, height: float) -> Hit:
    """The map's surface below a point ``height`` above ``p``; slits between triangles are stepped over."""
    out = Hit()
    out.slot = -1
    tries = int(0)
    while out.slot < 0 and tries < 2:
        above = p + wp.vec3(0.003 * float(tries), 0.002 * float(tries), height)
        out = mesh_hit(geo, inst, world, 0, above, off_axes(wp.vec3(0.0, 0.0, -1.0)), 2.0 * SKY_HEIGHT)
        tries += 1
    return out


@wp.struct
class Ground:
    """What lies below a cell."""

    word: int
    """Material, class and part of its triangle; class `NOTHING` if there is none."""
    z: float
    """Its height [m]."""


@wp.func(inline=True)
def ground_below(geo: Geometry, inst: Instances, world: int, p: wp.vec3, reach: float, cell: float) -> Ground:
    """The map below a point: a building seen from the sky, else what is seen from low above, else a line beside the middle."""
    out = Ground(int(NOTHING << 16), p[2] - SKY_HEIGHT)
    step = int(0)
    while step < 6:
        height = SKY_HEIGHT
        aside = wp.vec3(0.0, 0.0, 0.0)
        if step > 0:
            height = LOOK_HEIGHT + RISE * reach
        if step > 1:
            # Lines are narrower than cells: one counts wherever it shows in the cell, at points apart in both directions.
            k = step - 2
            aside = wp.vec3(0.375 - 0.25 * float(k), 0.125 - 0.5 * float(k & 1) + 0.25 * float(k / 2), 0.0) * cell
        hit = look_down(geo, inst, world, p + aside, height)
        step += 1
        if hit.slot >= 0:
            word = geo.triangle[geo.mesh_triangle[hit.mesh] + hit.face][3]
            if step < 3 or (word >> 24) >= FIRST_LINE:
                out = Ground(word, p[2] + height - hit.t)
        part = out.word >> 24
        paved = part >= wp.static(int(Part.LANE)) and part <= wp.static(int(Part.VERGE))
        if step == 1 and (hit.slot < 0 or ((out.word >> 16) & 255) == wp.static(int(Semantic.BUILDING))):
            step = 6
        if step > 1 and not paved:
            step = 6
    return out


@wp.func(inline=True)
def view_cell(
    geo: Geometry, inst: Instances, world: int, p: wp.vec3, reach: float, row: int, col: int, out: BirdsEyeGrid
):
    """Write a cell whose middle is ``p`` at the ego's height, ``reach`` [m] away from it."""
    ground = ground_below(geo, inst, world, p, reach, out.cell)
    building = ((ground.word >> 16) & 255) == wp.static(int(Semantic.BUILDING))
    word = ground.word
    instance = int(0)
    # Things of the map that stand there, then actors, the ego left out.
    for kind in range(2):
        top = wp.vec3(p[0], p[1], ground.z + KNEE)
        reach_down = float(KNEE)
        first = int(1)
        last = inst.first_actor
        if kind == 1:
            top[2] = p[2] + SKY_HEIGHT
            reach_down = 2.0 * SKY_HEIGHT
            first = inst.first_actor + inst.part_capacity
            last = inst.nslot
        if kind == 1 or not building:
            hit = trace_slots(geo, inst, world, top, off_axes(wp.vec3(0.0, 0.0, -1.0)), reach_down, first, last)
            if hit.slot >= 0:
                word = geo.triangle[geo.mesh_triangle[hit.mesh] + hit.face][3]
                if kind == 1:
                    instance = actor_of(inst, hit.slot) + 1
        if kind == 0:
            out.ground[world, row, col] = wp.uint8((word >> 16) & 255)
            out.part[world, row, col] = wp.uint8(word >> 24)
    out.semantic[world, row, col] = wp.uint8((word >> 16) & 255)
    out.instance[world, row, col] = instance


@wp.kernel
def _look_down(
    geo: Geometry, inst: Instances, pos: wp.array2d[wp.vec3], rot: wp.array2d[wp.quat], lanes: int, out: BirdsEyeGrid
):
    """Reads geometry, instances, the ego's pose. Writes the grid, ``lanes`` threads a row."""
    world, row, lane = wp.tid()
    ego = pos[world, 0]
    ahead = wp.quat_rotate(rot[world, 0], wp.vec3(1.0, 0.0, 0.0))
    ahead = wp.normalize(wp.vec3(ahead[0], ahead[1], 0.0))
    x = out.half - (float(row) + 0.5) * out.cell
    col = int(lane)
    while col < out.ground.shape[2]:
        y = out.half - (float(col) + 0.5) * out.cell
        p = wp.vec3(ego[0] + ahead[0] * x - ahead[1] * y, ego[1] + ahead[1] * x + ahead[0] * y, ego[2])
        view_cell(geo, inst, world, p, wp.sqrt(x * x + y * y), row, col, out)
        col += lanes


class BirdsEye:
    """Looks down on the worlds of a renderer; `measure` only launches and may be captured.

    Args:
        renderer: Whose last picture's moment is taken.
        half: The grid reaches so far in each direction [m].
        cell: Edge of a cell [m].
    """

    def __init__(self, renderer: Renderer, half: float = HALF, cell: float = CELL) -> None:
        self._renderer = renderer
        size = round(2.0 * half / cell)
        shape = (renderer.window.current.pos.shape[0], size, size)
        self.grid = BirdsEyeGrid()
        self.grid.half, self.grid.cell = half, cell
        for name in ("ground", "part", "semantic"):
            setattr(self.grid, name, wp.zeros(shape, dtype=wp.uint8, device=renderer.device))
        self.grid.instance = wp.zeros(shape, dtype=wp.int32, device=renderer.device)

    def measure(self) -> BirdsEyeGrid:
        """Fill the grid for the moment of the last picture."""
        r, grid = self._renderer, self.grid
        nworld, rows, cols = grid.ground.shape
        lanes = cols if r.device.is_cuda else 1
        poses = r.window.current
        inputs = [r.library.geometry, r.bvh.instances, poses.pos, poses.rot, lanes]
        wp.launch(_look_down, dim=(nworld, rows, lanes), inputs=inputs, outputs=[grid], device=r.device)
        return grid
