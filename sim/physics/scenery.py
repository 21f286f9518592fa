"""What stands beside the road stops bodies: contacts of DRIVEN vehicles and of bodies with the map's `sim.types.SolidTables`.

Each actor is held against the things in the grid's cells under it, alone: nothing it meets here can move. A contact is found, answered and
recorded as between actors (`sim.physics.contact`), after theirs. Scripted actors keep their paths, through whatever these lead.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false, reportInvalidTypeForm=false
from __future__ import annotations

import warp as wp

from sim.physics.body import Body, is_fixed, load_body
from sim.physics.boxes import Footprint, footprint, side_of
from sim.physics.capsules import collide
from sim.physics.collide import Manifold, greatest_depth, point_of, with_point
from sim.physics.contact import (
    DEEP,
    PUSH,
    SLOP,
    WAKE_SPEED,
    is_body,
    may_fall,
    push_actor,
)
from sim.physics.impulse import FRICTION, Grip, closing_speed, contact_impulse, restitution
from sim.physics.integrate import sleeps
from sim.physics.meeting import MAX_STRIDES, STRIDE, Meeting, met_ago, set_back
from sim.physics.record import record_contact, record_impact
from sim.structs import actor_threads, world_threads
from sim.types import SCENERY, SOLID_CELL, TICK, Contact, Motion, Scene, Solid, SolidItem, SolidTables, State

wp.set_module_options({"enable_backward": False, "max_unroll": 1})

SWEEPS = 4
"""Passes over the things that an actor touches per tick."""
MOST_PUSH = 0.05
"""Greatest way of that [m]: who becomes a body in the midst of something is not thrown out of it."""
MARGIN = 0.1
"""By how much more the cells about an actor's circle are looked into [m]: other contacts may have moved it within the tick."""
END = 0.02
"""How far beyond a joint a link's points count [m]."""
RAIL_FRICTION = 0.2
"""Of steel rails, over `FRICTION` of everything else: sheet steel on a galvanised beam (chosen)."""


@wp.func
def stretched(item: SolidItem) -> Body:
    """A thing as a body that nothing moves; a link of a chain goes on beyond its joints."""
    out = Body()
    along = wp.vec3(item.axis[0], item.axis[1], 0.0)
    out.axes = wp.matrix_from_cols(along, wp.vec3(-item.axis[1], item.axis[0], 0.0), wp.vec3(0.0, 0.0, 1.0))
    out.half = item.half + wp.vec3(0.5 * (item.joint[0] + item.joint[1]), 0.0, 0.0)
    out.center = item.center + along * (0.5 * (item.joint[1] - item.joint[0]))
    out.cog = out.center
    out.radius = item.radius
    return out


@wp.func
def outline_of(solid: Body) -> Footprint:
    """An upright body's footprint."""
    out = Footprint()
    out.center = wp.vec2(solid.center[0], solid.center[1])
    out.axis = wp.vec2(solid.axes[0, 0], solid.axes[1, 0])
    out.half = wp.vec2(solid.half[0], solid.half[1])
    out.low = solid.center[2] - solid.half[2]
    out.high = solid.center[2] + solid.half[2]
    return out


@wp.func
def on_link(m: Manifold, item: SolidItem) -> Manifold:
    """The points of a contact that lie on a link itself, not on what it was stretched by."""
    out = m
    out.n = 0
    along = wp.vec3(item.axis[0], item.axis[1], 0.0)
    for i in range(m.n):
        x = wp.dot(point_of(m, i) - item.center, along)
        behind = item.joint[0] > 0.0 and x < -item.half[0] - wp.static(END)
        ahead = item.joint[1] > 0.0 and x > item.half[0] + wp.static(END)
        if not behind and not ahead:
            out = with_point(out, point_of(m, i), m.gap[i])
    return out


@wp.func
def first_touch(body: Body, solid: Body, item: SolidItem, ago: float) -> Meeting:
    """Earliest contact of a body with a thing on its way since ``ago`` [s], looked for every `STRIDE`; none if they do not touch."""
    out = Meeting()
    steps = wp.clamp(int(wp.ceil(wp.length(body.vel) * ago / wp.static(STRIDE))), 1, wp.static(MAX_STRIDES))
    for k in range(steps + 1):
        out.ago = ago * (1.0 - float(k) / float(steps))
        out.m = collide(set_back(body, out.ago), solid)
        if item.joint[0] + item.joint[1] > 0.0:
            out.m = on_link(out.m, item)
        if greatest_depth(out.m) > 0.0 or ago <= 0.0:
            break
    return out


@wp.func
def strike(
    scene: Scene, state: State, world: int, a: int, body: Body, solid: Body, item: SolidItem, met: Meeting, sweep: int
) -> int:
    """The impulse of a contact, unless it is too light to matter; 1 if it was not."""
    closing = closing_speed(set_back(body, met.ago), solid, met.m, 0.0)
    if closing <= wp.where(is_body(state, world, a), 0.0, wp.static(WAKE_SPEED)) or body.mass <= 0.0:
        return 0
    bounce = float(0.0)
    kind = scene.vehicle.kind[world, a]
    if sweep == 0:
        bounce = restitution(kind, kind, closing)
    struck = may_fall(scene, state, world, a, body, (1.0 + bounce) * closing / body.mass)
    grip = Grip()
    mu = wp.where(item.kind == wp.static(int(Solid.GUARD_RAIL)), wp.static(RAIL_FRICTION), wp.static(FRICTION))
    grip.friction = wp.vec2(mu, mu)
    window = wp.where(met.ago > 0.0, met.ago, wp.static(TICK))
    j = contact_impulse(set_back(struck, met.ago), solid, met.m, grip, bounce, window)
    push_actor(state, world, a, struck, -j.linear, -j.turn0, met.ago)
    record_impact(scene, state, world, a, wp.static(SCENERY) - item.kind, met.m, closing, j.linear)
    return 1


@wp.func
def part(state: State, world: int, a: int, m: Manifold):
    """Take a share of what is left of an overlap out of an actor's position; velocities stay."""
    depth = greatest_depth(m) - wp.static(SLOP)
    if depth > 0.0:
        way = wp.max(wp.static(PUSH) * depth, depth + wp.static(SLOP) - wp.static(DEEP))
        state.pos[world, a] = state.pos[world, a] - m.normal * wp.min(way, wp.static(MOST_PUSH))


@wp.func
def meet(scene: Scene, state: State, world: int, a: int, item: SolidItem, sweep: int) -> int:
    """One pass over an actor and a thing: find the contact, record it, give the impulse; after the last pass part them.

    Returns 1 if they touch, 2 more if there was an impulse.
    """
    body = load_body(scene, state, world, a)
    body.bonnet = wp.vec2()
    solid = stretched(item)
    p = footprint(scene, state, world, a)
    q = outline_of(solid)
    if p.low >= q.high or q.low >= p.high:
        return 0
    ago = float(0.0)
    if sweep < wp.static(SWEEPS):
        ago = met_ago(p, q, -body.vel)
    met = first_touch(body, solid, item, ago)
    if greatest_depth(met.m) <= 0.0:
        return 0
    if sweep == 0:
        closing = closing_speed(set_back(body, met.ago), solid, met.m, 0.0)
        record_contact(state, world, a, wp.static(SCENERY) - item.kind, met.m, closing)
    if scene.contact[world] != wp.static(int(Contact.PHYSICS)):
        return 1
    if sweep == wp.static(SWEEPS):
        part(state, world, a, met.m)
        return 1
    return 1 + 2 * strike(scene, state, world, a, body, solid, item, met, sweep)


@wp.func(inline=True)
def is_near(circle: wp.vec4, reach: float, item: SolidItem) -> bool:
    """Whether a circle of radius ``reach`` [m] comes near a thing in the plane."""
    d = wp.vec2(circle[0] - item.center[0], circle[1] - item.center[1])
    along = wp.abs(wp.dot(d, item.axis)) - item.half[0] - reach
    return along < 0.0 and wp.abs(wp.dot(d, side_of(item.axis))) - item.half[1] - reach < 0.0


@wp.struct
class Cells:
    """The cells of a map's grid about an actor: first to last column and line, and the first cell of the grid."""

    left: int
    right: int
    low: int
    high: int
    columns: int
    first: int
    reach: float
    """Radius about the actor's circle that they hold [m]."""


@wp.func(inline=True)
def cells_about(solid: SolidTables, index: int, circle: wp.vec4, vel: wp.vec3) -> Cells:
    """The cells that an actor may reach within a tick; ``circle``: its `State.bound`."""
    out = Cells()
    size = solid.grid_size[index]
    origin = solid.grid_origin[index]
    out.reach = circle[3] + wp.length(vel) * wp.static(TICK) + wp.static(MARGIN)
    x = circle[0] - origin[0]
    y = circle[1] - origin[1]
    scale = wp.static(1.0 / SOLID_CELL)
    out.left = wp.max(int(wp.floor((x - out.reach) * scale)), 0)
    out.low = wp.max(int(wp.floor((y - out.reach) * scale)), 0)
    out.right = wp.min(int(wp.floor((x + out.reach) * scale)), size[0] - 1)
    out.high = wp.min(int(wp.floor((y + out.reach) * scale)), size[1] - 1)
    out.columns = size[0]
    out.first = solid.grid_first_cell[index]
    return out


@wp.func(inline=True)
def anything_near(solid: SolidTables, index: int, circle: wp.vec4, vel: wp.vec3) -> bool:
    """Whether an actor may touch anything within a tick."""
    about = cells_about(solid, index, circle, vel)
    near = bool(False)
    for line in range(about.low, about.high + 1):
        row = about.first + line * about.columns
        if about.left <= about.right:
            # A line's cells follow each other, and so do their entries.
            for e in range(solid.cell_first[row + about.left], solid.cell_first[row + about.right + 1]):
                near = near or is_near(circle, about.reach, solid.item[solid.entry[e]])
    return near


@wp.func
def visit_cells(scene: Scene, state: State, world: int, a: int, sweep: int) -> int:
    """A pass over the things about an actor; returns the bits of `meet` of all of them."""
    circle = state.bound[world, a]
    about = cells_about(scene.solid, scene.map_index[world], circle, state.vel[world, a])
    found = int(0)
    for line in range(about.low, about.high + 1):
        for column in range(about.left, about.right + 1):
            cell = about.first + line * about.columns + column
            for e in range(scene.solid.cell_first[cell], scene.solid.cell_first[cell + 1]):
                item = scene.solid.item[scene.solid.entry[e]]
                # A thing in several cells is met in the first of them that is looked into.
                first = (
                    wp.max(item.first_cell[0], about.left) == column and wp.max(item.first_cell[1], about.low) == line
                )
                if first and is_near(circle, about.reach, item):
                    found = found | meet(scene, state, world, a, item, sweep)
    return found


@wp.func
def meet_all(scene: Scene, state: State, world: int, a: int):
    """All passes of an actor: until none gives an impulse, then, if it touches anything, the last."""
    if is_fixed(scene, world, a) or sleeps(state, world, a):
        return
    touched = int(0)
    struck = bool(True)
    for sweep in range(wp.static(SWEEPS + 1)):
        if struck or (touched != 0 and sweep == wp.static(SWEEPS)):
            found = visit_cells(scene, state, world, a, sweep)
            struck = (found & 2) != 0
            touched = touched | found


@wp.func
def comes_near(scene: Scene, state: State, world: int, a: int) -> bool:
    """Whether an actor that scenery may stop, or flag where contacts are only recorded, may touch anything within a tick."""
    motion = state.motion[world, a]
    if motion != wp.static(int(Motion.DRIVEN)):
        # With `Contact.REPORT` drivers alone count: a world without one may be on a map of which no solids were made.
        acts = scene.contact[world] == wp.static(int(Contact.PHYSICS))
        if motion != wp.static(int(Motion.BODY)) or not acts:
            return False
    circle = state.bound[world, a]
    return circle[3] > 0.0 and anything_near(scene.solid, scene.map_index[world], circle, state.vel[world, a])


@wp.kernel
def _look_about(scene: Scene, state: State, worlds: int, stride: int):
    """Reads the map's solid things and the actors' circles. Writes who comes near any of them."""
    world, first = wp.tid()
    for w in range(world, state.tick.shape[0], worlds):
        if state.done[w] == 0:
            for a in range(first, scene.valid.shape[1], stride):
                state.beside[w, a] = int(comes_near(scene, state, w, a))


@wp.kernel
def _meet_scenery(scene: Scene, state: State, stride: int):
    """Reads the map's solid things, poses and boxes. Writes contact and impact records, and motion, pose and velocities of bodies."""
    first = wp.tid()
    for world in range(first, state.tick.shape[0], stride):
        if state.done[world] == 0:
            for a in range(scene.valid.shape[1]):
                if state.beside[world, a] != 0:
                    meet_all(scene, state, world, a)


def meet_scenery(scene: Scene, state: State) -> None:
    """Let what stands beside the road stop whoever physics moves, or only record it, as the world's `Contact` has it.

    After `sim.physics.contact.resolve_contacts`. Who comes near anything is found by a thread for each actor on CUDA; what they meet then
    by one for each world, as the list of a world's impacts is one. Nothing where the batch's maps hold nothing solid.
    """
    if scene.solid.item.shape[0] == 0:
        return
    device = state.tick.device
    worlds, across = world_threads(state.tick)
    dim, stride = actor_threads(state.motion)
    wp.launch(_look_about, dim=(worlds, dim[1]), inputs=[scene, state, across, stride], device=device)
    wp.launch(_meet_scenery, dim=worlds, inputs=[scene, state, across], device=device)
