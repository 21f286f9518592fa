"""Paths and the storyboard: filled by `sim.behavior.lowering`, run by the stages of `sim.behavior`."""

from __future__ import annotations

import warp as wp


@wp.struct
class PathTables:
    """Polylines of each world: trajectories, walking paths and the ego's route.

    Constant over an episode but for what is worked out anew when its action starts: trajectories relative to lanes and roads
    (`sim.behavior.lay_path`), and speed profiles, which take three rows of their own and give the columns another meaning
    (`sim.behavior.speed_profile`).
    """

    first: wp.array2d[wp.int32]
    """First point of each path, (nworld, npath)."""
    count: wp.array2d[wp.int32]
    """Points of each path, (nworld, npath)."""
    point: wp.array2d[wp.vec3]
    """Position [m], (nworld, npoint)."""
    heading: wp.array2d[float]
    """Direction of travel [rad], (nworld, npoint)."""
    s: wp.array2d[float]
    """Arc length from the path's start [m], (nworld, npoint)."""
    time: wp.array2d[float]
    """Time at the point [s], negative where the path is not timed, (nworld, npoint)."""


@wp.struct
class StoryTables:
    """The lowered storyboard of each world, constant over an episode; codes are those of `sim.behavior.codes`.

    Elements stand in depth-first order, so a subtree is the range from an element to its ``last``.
    """

    nelement: wp.array[wp.int32]
    """Elements in use, (nworld,)."""
    kind: wp.array2d[wp.int32]
    """`ElementKind`, (nworld, nelement)."""
    parent: wp.array2d[wp.int32]
    """-1 for the storyboard, (nworld, nelement)."""
    last: wp.array2d[wp.int32]
    """One past the last descendant, (nworld, nelement)."""
    start: wp.array2d[wp.int32]
    """Start trigger, -1 if none, (nworld, nelement)."""
    stop: wp.array2d[wp.int32]
    """Stop trigger, -1 if none, (nworld, nelement)."""
    priority: wp.array2d[wp.int32]
    """`Priority` of events, (nworld, nelement)."""
    max_count: wp.array2d[wp.int32]
    """Most executions of events and manoeuvre groups, (nworld, nelement)."""
    first_row: wp.array2d[wp.int32]
    """First action row of an action element, (nworld, nelement)."""
    nrow: wp.array2d[wp.int32]
    """Its action rows, one per actor, (nworld, nelement)."""
    group: wp.array2d[wp.int32]
    """First condition group of each trigger, and one past the last, (nworld, ntrigger + 1)."""
    condition: wp.array2d[wp.int32]
    """First condition of each group, and one past the last, (nworld, ngroup + 1)."""
    condition_code: wp.array3d[wp.int32]
    """Columns of `sim.behavior.codes.ConditionField`, (nworld, ncondition, field)."""
    condition_value: wp.array2d[wp.vec4]
    """Limit, and further numbers of the kind, (nworld, ncondition)."""
    entity: wp.array2d[wp.int32]
    """Triggering entities of conditions, by actor, (nworld, nentity)."""
    row_code: wp.array3d[wp.int32]
    """Columns of `sim.behavior.codes.RowField`, (nworld, nrow, field)."""
    row_value: wp.array3d[float]
    """Numbers of the kind, (nworld, nrow, 8)."""
    position_code: wp.array3d[wp.int32]
    """Columns of `sim.behavior.codes.PositionField`, (nworld, nposition, field)."""
    position_value: wp.array2d[wp.vec4]
    """Numbers of the kind, (nworld, nposition)."""
    position_tilt: wp.array2d[wp.vec3]
    """Pitch and roll that a position asks for [rad] and, of one in the world, its height [m], (nworld, nposition)."""
    route_first: wp.array2d[wp.int32]
    """First road of each route, and one past the last, (nworld, nroute + 1)."""
    route_road: wp.array2d[wp.int32]
    """Roads to follow, index in the world's map, (nworld, nrouteroad)."""
    watches_edges: wp.array[wp.int32]
    """1 if a condition asks who is off the road: only then actors beside the lanes of their road are told, (nworld,)."""
    share: wp.array2d[float]
    """Shares of control points in the points of NURBS that are laid when they start, (nworld, nshare)."""
    hitch: wp.array2d[float]
    """Where an actor pulls its trailer: ahead of its reference point [m], (nworld, nactor); (nworld, 1) if there are no trailers."""
    coupler: wp.array2d[float]
    """From a trailer's reference point ahead to where it is pulled [m], shaped like ``hitch``."""
    seat: wp.array2d[wp.vec4]
    """Where a rider lies in its carrier's frame [m], and how it is turned there [rad], (nworld, nactor); (nworld, 1) if nobody rides."""


@wp.struct
class StoryState:
    """The storyboard machine of each world."""

    element_state: wp.array2d[wp.int32]
    """`sim.behavior.codes.Phase` of each element, (nworld, nelement)."""
    element_count: wp.array2d[wp.int32]
    """Executions begun, (nworld, nelement)."""
    transition: wp.array2d[wp.int32]
    """Last `ElementState` transition, (nworld, nelement)."""
    transition_tick: wp.array2d[wp.int32]
    """Its tick, (nworld, nelement)."""
    condition_last: wp.array2d[wp.int32]
    """Last logical value, -1 before the first evaluation, (nworld, ncondition)."""
    condition_since: wp.array2d[wp.int32]
    """Tick of the first evaluation, (nworld, ncondition)."""
    history: wp.array3d[wp.uint32]
    """Past values as bits of a ring over ticks, (nworld, ncondition, nword)."""
    variable: wp.array2d[float]
    """Variables and parameters; strings are interned, (nworld, nvariable)."""
    row_state: wp.array2d[wp.int32]
    """`sim.behavior.codes.RowPhase`, (nworld, nrow)."""
    row_value: wp.array3d[float]
    """Working numbers of a running action, (nworld, nrow, `sim.behavior.lower_rows.NWORK`)."""
    row_mode: wp.array2d[wp.int32]
    """Working mode of a running action, (nworld, nrow)."""
    s_carry: wp.array2d[float]
    """What rounding has left of s (Kahan summation) [m], (nworld, nactor)."""
    path: wp.array2d[wp.int32]
    """Trajectory an actor follows, -1 if none, (nworld, nactor)."""
    path_s: wp.array2d[float]
    """How far along it [m], (nworld, nactor)."""
    route: wp.array2d[wp.int32]
    """Route an actor follows, -1 if none, (nworld, nactor)."""
    moved: wp.array2d[wp.int32]
    """Bits set in a tick by actions that own the actor's motion: 1 longitudinal, 2 lateral, (nworld, nactor)."""
    turn: wp.array2d[float]
    """Heading relative to the direction of travel on the road [rad], (nworld, nactor)."""
    tow: wp.array2d[wp.int32]
    """Actor that pulls or carries this one, -1 if none does, (nworld, nactor)."""
    towing: wp.array2d[wp.int32]
    """Actor that this one pulls, -1 if none, (nworld, nactor)."""
    posed: wp.array2d[wp.int32]
    """1 while an actor stands as a position with a height, pitch or roll of its own put it: until it moves, (nworld, nactor)."""
    direction: wp.array2d[wp.int32]
    """+1: the actor faces along s, -1: against it, (nworld, nactor)."""
    last: wp.array2d[wp.vec4]
    """Position [m] and heading [rad] of a scripted actor after the last tick: its velocity follows from them, (nworld, nactor)."""
    still_since: wp.array2d[wp.int32]
    """Tick since which the actor stands still, -1 if it moves, (nworld, nactor)."""
    offroad_since: wp.array2d[wp.int32]
    """Tick since which it is off the road, -1 if on it (see ``watches_edges``), (nworld, nactor)."""
    end_since: wp.array2d[wp.int32]
    """Tick since which it is at its road's end, -1 if not, (nworld, nactor)."""
