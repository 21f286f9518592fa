"""Many points at once between road coordinates and the world, for the host."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

from typing import Any

import warp as wp

from sim.road.frenet import locate, road_pose
from sim.types import RoadTables

wp.set_module_options({"enable_backward": False})


@wp.kernel
def _locate_points(
    road: RoadTables,
    map_index: int,
    point: wp.array[wp.vec2],
    coord_out: wp.array[wp.vec3],
    road_out: wp.array[wp.int32],
):
    """Reads points. Writes their road and (s, t, heading of the reference line)."""
    i = wp.tid()
    coord = locate(road, map_index, point[i], 0.0, -1)
    road_out[i] = coord.road
    coord_out[i] = wp.vec3(coord.s, coord.t, coord.heading)


def locate_points(road: RoadTables, map_index: int, points: Any) -> tuple[wp.array, wp.array]:
    """Road row (int32, -1: none) and (s, t, heading) of points, (n, 2) array-like [m]."""
    device = road.road_length.device
    point = wp.array(points, dtype=wp.vec2, device=device)
    coord = wp.zeros(len(point), dtype=wp.vec3, device=device)
    rows = wp.zeros(len(point), dtype=wp.int32, device=device)
    wp.launch(_locate_points, dim=len(point), inputs=[road, map_index, point], outputs=[coord, rows], device=device)
    return rows, coord


@wp.kernel
def _place_points(
    road: RoadTables,
    r: wp.array[wp.int32],
    st: wp.array[wp.vec2],
    pos_out: wp.array[wp.vec3],
    heading_out: wp.array[float],
):
    """Reads road places. Writes world positions and headings."""
    i = wp.tid()
    pose = road_pose(road, r[i], st[i][0], st[i][1])
    pos_out[i] = pose.pos
    heading_out[i] = pose.heading


def place_points(road: RoadTables, rows: Any, st: Any) -> tuple[wp.array, wp.array]:
    """World position [m] and heading [rad] of road places: rows (n,), (s, t) (n, 2)."""
    device = road.road_length.device
    r = wp.array(rows, dtype=wp.int32, device=device)
    places = wp.array(st, dtype=wp.vec2, device=device)
    pos = wp.zeros(len(r), dtype=wp.vec3, device=device)
    heading = wp.zeros(len(r), dtype=float, device=device)
    wp.launch(_place_points, dim=len(r), inputs=[road, r, places], outputs=[pos, heading], device=device)
    return pos, heading
