"""3D occupancy around the ego: which cells of a grid a surface passes through, and of what class it is.

Every triangle near a column of cells is clipped to it; the heights that its part in the column spans are exactly the cells it passes
through, so every visible point lies in an occupied cell. Grid as in Occ3D-nuScenes (Tian et al. 2023): 200 x 200 x 16 cells of 0.4 m.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.render.camera import Cameras, Views, land_still, pixel_direction, remoteness, row_of
from sim.render.frames import Renderer
from sim.render.library import Geometry
from sim.render.mesh import Semantic
from sim.render.primary import VOID, Hits
from sim.render.scene_bvh import Instances

wp.set_module_options({"enable_backward": False, "fuse_fp": False, "max_unroll": 1})

SIZE = (200, 200, 16)
"""Cells ahead, to the left and up."""
CELL = 0.4
"""Edge of a cell [m]."""
LOWER = (-40.0, -40.0, -1.0)
"""Corner of the grid from the ego's reference point: behind, right, below [m]."""
FREE = wp.constant(255)
"""Value of cells that no surface passes through."""
MARGIN = wp.constant(1.0e-3)
"""Columns are so much wider on each side, for rounding [cells]."""


@wp.struct
class VoxelGrid:
    """Occupancy of each world, (nworld, x, y, z): x ahead, y to the left, z up, level, turned with the ego's heading."""

    cell: float
    """[m]."""
    lower: wp.vec3
    """[m]."""
    semantic: wp.array4d[wp.uint8]
    """`sim.render.mesh.Semantic` of what is there, `FREE` if nothing is; the ego is left out."""
    observed: wp.array4d[wp.uint8]
    """1 where a camera sees the cell's middle, past it, or a surface in it."""


@wp.struct
class Heights:
    """Heights that a triangle spans within a column [cells]; empty if the lower is above the upper."""

    lower: float
    upper: float


@wp.func
def clip_edge(a: wp.vec3, b: wp.vec3, h: Heights) -> Heights:
    """Widen by the part of an edge above the unit square (Liang and Barsky 1984)."""
    t0 = float(0.0)
    t1 = float(1.0)
    inside = bool(True)
    for axis in range(2):
        way = b[axis] - a[axis]
        low = -MARGIN - a[axis]
        high = 1.0 + MARGIN - a[axis]
        if way == 0.0:
            if low > 0.0 or high < 0.0:
                inside = False
        else:
            t0 = wp.max(t0, wp.min(low / way, high / way))
            t1 = wp.min(t1, wp.max(low / way, high / way))
    if not inside or t0 > t1:
        return h
    z0 = a[2] + t0 * (b[2] - a[2])
    z1 = a[2] + t1 * (b[2] - a[2])
    return Heights(wp.min(h.lower, wp.min(z0, z1)), wp.max(h.upper, wp.max(z0, z1)))


@wp.func
def heights_in_column(a: wp.vec3, b: wp.vec3, c: wp.vec3) -> Heights:
    """Heights of a triangle within the column over the unit square: those of its clipped edges, and where it covers corners."""
    h = Heights(1.0e9, -1.0e9)
    h = clip_edge(a, b, h)
    h = clip_edge(b, c, h)
    h = clip_edge(c, a, h)
    area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    if wp.abs(area) > 1.0e-9:
        for i in range(4):
            x = float(i & 1)
            y = float(i >> 1)
            u = ((b[0] - x) * (c[1] - y) - (b[1] - y) * (c[0] - x)) / area
            v = ((c[0] - x) * (a[1] - y) - (c[1] - y) * (a[0] - x)) / area
            w = 1.0 - u - v
            if u >= 0.0 and v >= 0.0 and w >= 0.0:
                z = u * a[2] + v * b[2] + w * c[2]
                h = Heights(wp.min(h.lower, z), wp.max(h.upper, z))
    return h


@wp.func
def rank_of(semantic: int, actor: int) -> int:
    """What names a cell that several surfaces share: actors before things, things before the ground."""
    if actor >= 0:
        return 3
    if semantic == wp.static(int(Semantic.TERRAIN)):
        return 0
    if semantic == wp.static(int(Semantic.ROAD)) or semantic == wp.static(int(Semantic.SIDEWALK)):
        return 1
    return 2


@wp.struct
class Column:
    """A column of cells and the frame of the grid."""

    x: int
    y: int
    corner: wp.vec3
    """Its lower corner in the world [m]."""
    axes: wp.mat33
    """World to grid, over the edge of a cell [1/m]."""
    lower: wp.vec3
    """Its box in the world frame [m]."""
    upper: wp.vec3


@wp.func(inline=True)
def fill_slot(geo: Geometry, inst: Instances, world: int, slot: int, at: Column, out: VoxelGrid):
    """Mark the cells of a column that the mesh in a slot passes through; ``observed`` holds ranks meanwhile."""
    mesh = inst.mesh[world, slot]
    data = wp.mesh_get(geo.mesh_id[mesh])
    m = inst.inverse[world, slot]
    linear = inst.linear[world, slot]
    pos = inst.pos[world, slot]
    center = m * ((at.lower + at.upper) * 0.5 - pos)
    half = (at.upper - at.lower) * 0.5
    reach = wp.vec3(
        wp.abs(m[0, 0]) * half[0] + wp.abs(m[0, 1]) * half[1] + wp.abs(m[0, 2]) * half[2],
        wp.abs(m[1, 0]) * half[0] + wp.abs(m[1, 1]) * half[1] + wp.abs(m[1, 2]) * half[2],
        wp.abs(m[2, 0]) * half[0] + wp.abs(m[2, 1]) * half[1] + wp.abs(m[2, 2]) * half[2],
    )
    top = out.semantic.shape[3]
    actor = wp.where(slot < inst.first_actor, -1, slot)
    q = wp.mesh_query_aabb(geo.mesh_id[mesh], center - reach, center + reach)
    face = int(0)
    while wp.mesh_query_aabb_next(q, face):
        a = at.axes * (linear * data.points[data.indices[3 * face]] + pos - at.corner)
        b = at.axes * (linear * data.points[data.indices[3 * face + 1]] + pos - at.corner)
        c = at.axes * (linear * data.points[data.indices[3 * face + 2]] + pos - at.corner)
        h = heights_in_column(a, b, c)
        if h.lower <= h.upper and h.upper >= 0.0 and h.lower < float(top):
            semantic = (geo.triangle[geo.mesh_triangle[mesh] + face][3] >> 16) & 255
            rank = 1 + rank_of(semantic, actor)
            z = wp.max(int(wp.floor(h.lower)), 0)
            last = wp.min(int(wp.floor(h.upper)), top - 1)
            while z <= last:
                # Of equal ranks the higher class: the order of triangles does not matter.
                known = int(out.observed[world, at.x, at.y, z])
                if rank > known or (rank == known and semantic > int(out.semantic[world, at.x, at.y, z])):
                    out.observed[world, at.x, at.y, z] = wp.uint8(rank)
                    out.semantic[world, at.x, at.y, z] = wp.uint8(semantic)
                z += 1


@wp.func(inline=True)
def column_at(out: VoxelGrid, ego: wp.vec3, ahead: wp.vec3, x: int, y: int, count: int) -> Column:
    """The column of cell (x, y); its box also holds the ``count`` - 1 columns to the left."""
    at = Column()
    at.x = x
    at.y = y
    across = wp.vec3(-ahead[1], ahead[0], 0.0)
    at.axes = wp.matrix_from_rows(ahead, across, wp.vec3(0.0, 0.0, 1.0)) * (1.0 / out.cell)
    way = out.lower + wp.vec3(float(x), float(y), 0.0) * out.cell
    at.corner = ego + ahead * way[0] + across * way[1] + wp.vec3(0.0, 0.0, way[2])
    near = at.corner + ahead * out.cell
    side = at.corner + across * (out.cell * float(count))
    far = near + side - at.corner
    at.lower = wp.min(wp.min(at.corner, far), wp.min(near, side)) - wp.vec3(0.002, 0.002, 0.002)
    at.upper = wp.max(wp.max(at.corner, far), wp.max(near, side)) + wp.vec3(0.002, 0.002, 0.002)
    at.upper[2] = at.upper[2] + float(out.semantic.shape[3]) * out.cell
    return at


@wp.func(inline=True)
def is_near(inst: Instances, world: int, slot: int, at: Column) -> bool:
    """Whether the mesh in a slot may reach into a column's box; the map always does, the ego is left out."""
    if slot == 0:
        return True
    ego = slot >= inst.first_actor and slot < inst.first_actor + inst.part_capacity
    if ego or inst.mesh[world, slot] < 0:
        return False
    lower = inst.lower[world * inst.nslot + slot]
    upper = inst.upper[world * inst.nslot + slot]
    for k in range(3):
        if lower[k] > at.upper[k] or upper[k] < at.lower[k]:
            return False
    return True


@wp.kernel
def _fill_columns(
    geo: Geometry, inst: Instances, pos: wp.array2d[wp.vec3], rot: wp.array2d[wp.quat], lanes: int, out: VoxelGrid
):
    """Reads geometry, instances, the ego's pose. Writes the classes of the grid's cells, ``lanes`` threads for columns of equal x."""
    world, x, lane = wp.tid()
    ahead = wp.quat_rotate(rot[world, 0], wp.vec3(1.0, 0.0, 0.0))
    ahead = wp.normalize(wp.vec3(ahead[0], ahead[1], 0.0))
    y = int(lane)
    while y < out.semantic.shape[2]:
        for z in range(out.semantic.shape[3]):
            out.semantic[world, x, y, z] = wp.uint8(FREE)
            out.observed[world, x, y, z] = wp.uint8(0)
        y += lanes
    row = column_at(out, pos[world, 0], ahead, x, 0, out.semantic.shape[2])
    # Instances are tried one by one: a tree over them and one over a mesh at once exceed a GPU's shared memory.
    for slot in range(inst.nslot):
        if is_near(inst, world, slot, row):
            y = int(lane)
            while y < out.semantic.shape[2]:
                at = column_at(out, pos[world, 0], ahead, x, y, 1)
                if is_near(inst, world, slot, at):
                    fill_slot(geo, inst, world, slot, at, out)
                y += lanes


@wp.kernel
def _observe_cells(
    cameras: Cameras, views: Views, hits: Hits, pos: wp.array2d[wp.vec3], rot: wp.array2d[wp.quat], out: VoxelGrid
):
    """Reads the hits of all cameras, the ego's pose. Writes which cells are seen: no surface lies before them."""
    world, x, y = wp.tid()
    ahead = wp.quat_rotate(rot[world, 0], wp.vec3(1.0, 0.0, 0.0))
    ahead = wp.normalize(wp.vec3(ahead[0], ahead[1], 0.0))
    across = wp.vec3(-ahead[1], ahead[0], 0.0)
    for z in range(out.semantic.shape[3]):
        way = out.lower + wp.vec3(float(x) + 0.5, float(y) + 0.5, float(z) + 0.5) * out.cell
        p = pos[world, 0] + ahead * way[0] + across * way[1] + wp.vec3(0.0, 0.0, way[2])
        seen = int(0)
        for camera in range(hits.at.shape[1]):
            q = land_still(cameras, views, world, camera, p)
            col = int(wp.floor(q.col + 0.5))
            row = int(wp.floor(q.row + 0.5))
            if q.seen == 1 and col >= 0 and row >= 0 and col < hits.at.shape[3] and row < hits.at.shape[2]:
                own = row_of(cameras, views, world, float(row))
                c = wp.transpose(views.rot[own, camera]) * (p - views.pos[own, camera])
                at = hits.at[world, camera, row, col]
                if at.slot != VOID and remoteness(cameras, world, camera, c) <= at.t + 0.87 * out.cell:
                    seen = 1
        out.observed[world, x, y, z] = wp.uint8(seen)


@wp.kernel
def _observe_hits(
    cameras: Cameras,
    views: Views,
    hits: Hits,
    pos: wp.array2d[wp.vec3],
    rot: wp.array2d[wp.quat],
    lanes: int,
    out: VoxelGrid,
):
    """Reads the hits of all cameras, the ego's pose. Writes that the cells are seen in which surfaces are, ``lanes`` threads a row."""
    world, camera, row, lane = wp.tid()
    ahead = wp.quat_rotate(rot[world, 0], wp.vec3(1.0, 0.0, 0.0))
    ahead = wp.normalize(wp.vec3(ahead[0], ahead[1], 0.0))
    axes = wp.matrix_from_rows(ahead, wp.vec3(-ahead[1], ahead[0], 0.0), wp.vec3(0.0, 0.0, 1.0))
    col = int(lane)
    while col < hits.at.shape[3]:
        at = hits.at[world, camera, row, col]
        if at.slot >= 0:
            ray = pixel_direction(cameras, world, camera, float(col), float(row))
            own = row_of(cameras, views, world, float(row))
            p = views.pos[own, camera] + views.rot[own, camera] * ray * at.t
            cell = (axes * (p - pos[world, 0]) - out.lower) * (1.0 / out.cell)
            x = int(wp.floor(cell[0]))
            y = int(wp.floor(cell[1]))
            z = int(wp.floor(cell[2]))
            if x >= 0 and y >= 0 and z >= 0:
                if x < out.semantic.shape[1] and y < out.semantic.shape[2] and z < out.semantic.shape[3]:
                    out.observed[world, x, y, z] = wp.uint8(1)
        col += lanes


class Voxels:
    """Fills the occupancy grid of the worlds of a renderer; `measure` only launches and may be captured.

    Args:
        renderer: Whose last picture's moment is taken.
    """

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer
        shape = (renderer.window.current.pos.shape[0], *SIZE)
        self.grid = VoxelGrid()
        self.grid.cell, self.grid.lower = CELL, wp.vec3(*LOWER)
        for name in ("semantic", "observed"):
            setattr(self.grid, name, wp.zeros(shape, dtype=wp.uint8, device=renderer.device))

    def measure(self) -> VoxelGrid:
        """Fill the grid for the moment of the last picture."""
        r, grid = self._renderer, self.grid
        nworld, nx, ny, _ = grid.semantic.shape
        lanes = ny if r.device.is_cuda else 1
        poses = r.window.current
        inputs = [r.library.geometry, r.bvh.instances, poses.pos, poses.rot, lanes]
        wp.launch(_fill_columns, dim=(nworld, nx, lanes), inputs=inputs, outputs=[grid], device=r.device)
        views = r.views[1] if r.sweep is None else r.sweep.views
        inputs = [r.cameras, views, r.hits, poses.pos, poses.rot]
        wp.launch(_observe_cells, dim=(nworld, nx, ny), inputs=inputs, outputs=[grid], device=r.device)
        _, ncamera, height, width = r.hits.at.shape
        lanes = width if r.device.is_cuda else 1
        dim = (nworld, ncamera, height, lanes)
        wp.launch(_observe_hits, dim=dim, inputs=[*inputs, lanes], outputs=[grid], device=r.device)
        return grid
