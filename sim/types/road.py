"""Maps: shared by all worlds of a batch, filled by `sim.road.tables`."""

from __future__ import annotations

from enum import IntEnum, IntFlag

import warp as wp


class LaneKind(IntEnum):
    """What a lane is for."""

    NONE = 0
    DRIVING = 1
    SHOULDER = 2
    PARKING = 3
    SIDEWALK = 4
    BORDER = 5
    MEDIAN = 6
    BIKING = 7


class Shape(IntFlag):
    """Bits of what a lane section has none of, so that look-ups need not work it out."""

    STRAIGHT = 1
    """No bends: one heading."""
    LEVEL = 2
    """No heights, slopes or superelevation: all of it lies at 0."""
    EVEN = 4
    """No lane widens or shifts: borders keep their t."""
    SMOOTH = 8
    """No speed bumps or potholes."""


class Relief(IntEnum):
    """Shapes of speed bumps and potholes."""

    ROUND = 0
    SINUS = 1
    FLAT = 2
    BOWL = 3


@wp.struct
class RoadTables:
    """All maps of a batch, concatenated: maps hold roads, roads hold sections, sections hold samples and lanes.

    A section's lanes are stored from its least to its greatest id, the centre (id 0) included, so lane ``id`` of section ``k``
    is row ``section_first_lane[k] + id - section_lane_min[k]``, and its outer border at sample ``i`` stands at
    ``section_first_border[k] + i * nlane + id - section_lane_min[k]``, with ``nlane`` lanes in the section.
    """

    map_first_road: wp.array[wp.int32]
    """First road of each map, (nmap + 1,)."""
    road_length: wp.array[float]
    """[m], (nroad,)."""
    road_first_section: wp.array[wp.int32]
    """(nroad + 1,)."""
    road_first_patch: wp.array[wp.int32]
    """(nroad + 1,)."""
    patch: wp.array[wp.vec4]
    """s0, s1, t0, t1 of friction patches [m], (npatch,)."""
    patch_grip: wp.array[wp.vec4]
    """Friction, share of it that water takes, rolling resistance and water film (`sim.road.friction`), (npatch,)."""
    road_first_relief: wp.array[wp.int32]
    """(nroad + 1,)."""
    relief_box: wp.array[wp.vec4]
    """s0, s1, t0, t1 of speed bumps and potholes [m], (nrelief,)."""
    relief_form: wp.array[wp.vec4]
    """`Relief`, height (potholes: negative), its arc's radius, half length or ramp, and the width of its sides [m], (nrelief,)."""
    section_s: wp.array[wp.vec2]
    """s at start and end [m], (nsection,)."""
    section_shape: wp.array[wp.int32]
    """Bits of `Shape`, (nsection,)."""
    section_rise: wp.array[wp.vec2]
    """What may rise over a plane through places on its smooth surface: kerbs and bumps [m], and its vertical curvature at most [1/m],
    (nsection,)."""
    section_step: wp.array[float]
    """Distance between samples [m], (nsection,)."""
    section_first_sample: wp.array[wp.int32]
    """(nsection + 1,)."""
    section_first_border: wp.array[wp.int32]
    """(nsection,)."""
    section_first_lane: wp.array[wp.int32]
    """(nsection + 1,)."""
    section_lane_min: wp.array[wp.int32]
    """Least lane id, (nsection,)."""
    sample_pos: wp.array[wp.vec3]
    """Reference line [m], (nsample,)."""
    sample_heading: wp.array[float]
    """[rad], continuous along a section, (nsample,)."""
    sample_curvature: wp.array[float]
    """[1/m], (nsample,)."""
    sample_slope: wp.array[float]
    """dz/ds, (nsample,)."""
    sample_roll: wp.array[float]
    """Superelevation [rad], (nsample,)."""
    border: wp.array[float]
    """t of each lane's outer border at each sample [m], (nborder,)."""
    lane_kind: wp.array[wp.int32]
    """`LaneKind`, (nlane,)."""
    lane_direction: wp.array[wp.int32]
    """+1: traffic runs with s, -1: against it, (nlane,)."""
    lane_friction: wp.array[float]
    """Dry, (nlane,)."""
    lane_height: wp.array[float]
    """Above the road's surface (sidewalks) [m], (nlane,)."""
    lane_link: wp.array2d[wp.int32]
    """First link out of the lane's end and start, (nlane, 2)."""
    lane_nlink: wp.array2d[wp.int32]
    """Number of links out of the lane's end and start, (nlane, 2)."""
    link_road: wp.array[wp.int32]
    """Road the link leads to, straightest first, (nlink,)."""
    link_section: wp.array[wp.int32]
    """Section it leads to, (nlink,)."""
    link_lane: wp.array[wp.int32]
    """Lane id it leads to, (nlink,)."""
    link_at_end: wp.array[wp.int32]
    """1 if the section is entered at its end (s falls from there), (nlink,)."""
    grid_origin: wp.array[wp.vec2]
    """Lower corner of each map's grid [m], (nmap,)."""
    grid_size: wp.array[wp.vec2i]
    """Columns and rows, (nmap,)."""
    grid_first_cell: wp.array[wp.int32]
    """First row in ``cell_first`` of each map, (nmap,)."""
    cell_first: wp.array[wp.int32]
    """First entry of each cell; the next cell's is its end, (ncell + 1,)."""
    entry_road: wp.array[wp.int32]
    """Road that passes the cell, (nentry,)."""
    entry_s: wp.array[float]
    """Where it does [m], (nentry,)."""
