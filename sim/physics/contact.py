"""Contacts of the actors that touch: recorded and, with `Contact.PHYSICS`, answered by impulses.

A pair that met within the tick is set back to that moment: its contact is found there, the impulse changes its velocities, and both
move on with the new ones for the rest of the tick. So nothing overlaps deeply or passes through however fast it is, and the normal is that
of the sides that met. Pairs are taken in the order of their indices, `SWEEPS` times.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.physics.body import PERSON, Body, inverse_inertia, is_balanced, is_cycle, is_fixed, keep_velocity, load_body
from sim.physics.boxes import footprint, only_door
from sim.physics.collide import Manifold, greatest_depth, reach_along
from sim.physics.impulse import (
    FRICTION,
    Grip,
    Impulse,
    closing_speed,
    contact_impulse,
    give,
    restitution,
    scaled,
    slackened,
)
from sim.physics.integrate import bear, is_free, sleeps
from sim.physics.meeting import STIR_SPEED, Meeting, first_touch, met_ago, set_back
from sim.physics.pairs import bound_actors, circles_overlap, find_contacts, same_train, touches_now
from sim.physics.record import record_contact, record_impact
from sim.physics.underbody import drives_over, roll_onto, wheel_reaches
from sim.structs import world_threads
from sim.types import TICK, Contact, Motion, Scene, State

# Loops stay loops: unrolled, this module takes three times as long to compile for a GPU and runs no faster.
wp.set_module_options({"enable_backward": False, "max_unroll": 1})

SWEEPS, PARTINGS = 8, 3
"""Passes over the touching pairs of a world per tick: most with impulses, and most that only part them."""
WAKE_SPEED = 0.02
"""Closing speed from which a contact turns actors into bodies [m/s]."""
SLOP = 0.003
"""Overlap that is left alone [m]."""
PUSH = 0.4
"""Share of the further overlap that is taken out per tick."""
DEEP = 0.012
"""Overlap of which nothing stays beyond a tick: bodies that a hit turns fast would reach into each other [m]."""
JOSTLE_SPEED = 4.0
"""People and animals that touch each other more slowly go on as they were [m/s]."""
FELL_SPEED, FELL_CYCLE_SPEED = 2.0, 0.3
"""Change of speed that fells a person, an animal or a cycle; under it, it is only stopped or pushed [m/s]."""
UPRIGHT = 0.7
"""Vertical part of a normal from which one body lies on another."""
LIGHT_TOUCH = 1.0
"""A DRIVEN actor whose velocity a contact changes by less drives on [m/s]."""
STUN_SPEED, STOOD_SPEED = 3.6, 0.5
"""Nobody brakes a vehicle whose velocity a blow changes by the first, nor one that is hit while it is slower than the second [m/s].

From 3.6 to 6.3 m/s on frontal airbags open (NHTSA: crashes like one into a wall at 8 to 14 mph): wheels are damaged, drivers dazed. Whoever
merely struck somebody brakes as hard as the car can."""
DOOR_IMPULSE = 1200.0
"""Greatest impulse of an open door, which then gives way: about 10 kJ at 10 m/s [N s]."""


@wp.func
def shape_of(body: Body, look: int) -> Body:
    """A body as the box about it at the first look, as it is at the second."""
    out = body
    if look == 0:
        out.radius = 0.0
        out.bonnet = wp.vec2()
    return out


@wp.func
def is_body(state: State, world: int, a: int) -> bool:
    """Whether an actor is a free body."""
    return state.motion[world, a] == wp.static(int(Motion.BODY))


@wp.func
def may_fall(scene: Scene, state: State, world: int, a: int, body: Body, push: float) -> Body:
    """The body, felled if it kept upright and a hit changes its speed by more than it can stand; ``push``: the impulse to expect [N s]."""
    out = body
    if is_balanced(scene, state, world, a):
        cycle = is_cycle(scene.vehicle.kind[world, a])
        limit = wp.where(cycle, wp.static(FELL_CYCLE_SPEED), wp.static(FELL_SPEED))
        if push * body.mass > limit:
            state.fallen[world, a] = state.tick[world] + 1
            out.inertia = inverse_inertia(body.axes, scene.vehicle.inertia[world, a])
    return out


@wp.func
def push_actor(state: State, world: int, a: int, before: Body, linear: wp.vec3, turn: wp.vec3, ago: float):
    """Change an actor's velocities by an impulse; moved on with the new ones since it met ``ago`` [s]; what is hit hard becomes a body."""
    if before.mass <= 0.0:
        return
    after = give(before, linear, turn)
    change = after.vel - before.vel
    keep_velocity(state, world, a, after)
    state.pos[world, a] = state.pos[world, a] + change * ago
    if sleeps(state, world, a):
        state.rest[world, a] = 0
    hit = wp.length(change)
    if state.motion[world, a] != wp.static(int(Motion.DRIVEN)) or hit >= wp.static(LIGHT_TOUCH):
        if not is_body(state, world, a):
            state.vehicle.braking[world, a] = int(wp.length(before.vel) > wp.static(STOOD_SPEED))
        if hit >= wp.static(STUN_SPEED):
            state.vehicle.braking[world, a] = 0
        state.motion[world, a] = wp.static(int(Motion.BODY))


@wp.func
def is_limp(body: Body) -> bool:
    """Whether a body is somebody, or an animal, that was felled."""
    return body.radius > 0.0 and body.inertia[0, 0] > 0.0


@wp.func
def yield_door(state: State, world: int, a: int, b: int, j: Impulse) -> Impulse:
    """An open door is hit: it takes what it can and is pressed shut."""
    state.door[world, a] = wp.vec2(0.0, 0.0)
    state.door[world, b] = wp.vec2(0.0, 0.0)
    return scaled(j, wp.min(wp.static(DOOR_IMPULSE) / wp.max(wp.length(j.linear), 1.0), 1.0))


@wp.func
def strike(
    scene: Scene, state: State, world: int, a: int, b: int, one: Body, two: Body, m: Manifold, ago: float, sweep: int
) -> int:
    """Exchange the impulse of a contact, unless it is too light to matter; 1 if it was not."""
    closing = closing_speed(set_back(one, ago), set_back(two, ago), m, 0.0)
    people = scene.vehicle.kind[world, a] == wp.static(PERSON) and scene.vehicle.kind[world, b] == wp.static(PERSON)
    if people and closing < wp.static(JOSTLE_SPEED):
        return 0
    bodies = is_body(state, world, a) and is_body(state, world, b)
    if closing <= wp.where(bodies, 0.0, wp.static(WAKE_SPEED)):
        return 0
    bounce = float(0.0)
    if sweep == 0:
        bounce = restitution(scene.vehicle.kind[world, a], scene.vehicle.kind[world, b], closing)
    expected = (1.0 + bounce) * closing / wp.max(one.mass + two.mass, 1.0e-9)
    one = may_fall(scene, state, world, a, one, expected)
    two = may_fall(scene, state, world, b, two, expected)
    grip = Grip()
    grip.friction = wp.vec2(wp.static(FRICTION), wp.static(FRICTION))
    window = wp.where(ago > 0.0, ago, wp.static(TICK))
    j = contact_impulse(set_back(one, ago), set_back(two, ago), m, grip, bounce, window)
    if is_limp(one) != is_limp(two):
        j = slackened(set_back(one, ago), set_back(two, ago), m, j, is_limp(one))
    if only_door(scene, state, world, a, b):
        j = yield_door(state, world, a, b, j)
    push_actor(state, world, a, one, -j.linear, -j.turn0, ago)
    push_actor(state, world, b, two, j.linear, j.turn1, ago)
    record_impact(scene, state, world, a, b, m, closing, j.linear)
    return 1


@wp.func
def run_over(scene: Scene, state: State, world: int, a: int, b: int, one: Body, two: Body, m: Manifold):
    """One of two actors passes over the other: its wheels take that along a little where they roll onto it."""
    j = Impulse()
    if drives_over(one, two):
        j = roll_onto(scene, state, world, a, one, two)
    else:
        back = roll_onto(scene, state, world, b, two, one)
        j.linear = -back.linear
        j.turn0 = -back.turn1
        j.turn1 = -back.turn0
    if wp.length_sq(j.linear) > 0.0:
        push_actor(state, world, a, one, -j.linear, -j.turn0, 0.0)
        push_actor(state, world, b, two, j.linear, j.turn1, 0.0)
        record_impact(scene, state, world, a, b, m, wp.length(two.vel - one.vel), j.linear)


@wp.func
def is_untouched(scene: Scene, state: State, world: int, a: int, b: int, one: Body, two: Body) -> bool:
    """Whether one of two actors passes over the other and no wheel of its reaches that."""
    if drives_over(one, two):
        return not wheel_reaches(scene, state, world, a, one, two)
    return drives_over(two, one) and not wheel_reaches(scene, state, world, b, two, one)


@wp.func
def supports(state: State, world: int, a: int, b: int, one: Body, two: Body, up: wp.vec3) -> bool:
    """Whether a body counts as immovable for another that hardly stirs.

    It sleeps, or is below the other (``up``: from it to the other) and lies still or on the ground. So piles stand without many passes
    (shock propagation: Guendelman et al. 2003, Nonconvex rigid bodies with stacking).
    """
    if not is_body(state, world, a) or not is_body(state, world, b):
        return False
    n = wp.vec3(state.ground[world, a][0], state.ground[world, a][1], state.ground[world, a][2])
    over = wp.dot(n, one.center) - state.ground[world, a][3] - reach_along(one, n)
    steady = state.rest[world, a] > 0 or (n[2] > 0.0 and over < wp.static(SLOP))
    return ((steady and up[2] > wp.static(UPRIGHT)) or sleeps(state, world, a)) and wp.length(
        two.vel - one.vel
    ) < wp.static(STIR_SPEED)


@wp.func
def as_ground(body: Body) -> Body:
    """A body that no impulse changes."""
    out = body
    out.mass = 0.0
    out.inertia = wp.mat33()
    return out


@wp.func
def is_loose(scene: Scene, state: State, world: int, a: int) -> bool:
    """Whether an actor may be pushed out of another: bodies that are awake, and DRIVEN vehicles."""
    moves = is_body(state, world, a) or state.motion[world, a] == wp.static(int(Motion.DRIVEN))
    still = is_body(state, world, a) and sleeps(state, world, a)
    return moves and not is_fixed(scene, world, a) and not still


@wp.func
def part_bodies(scene: Scene, state: State, world: int, a: int, b: int, m: Manifold, sweep: int, push: float) -> int:
    """Take out the share ``push`` of the overlap of two bodies and all beyond `DEEP`, by inverse mass; 1 if it was beyond, 0 if not.

    After the first such pass only what is beyond `DEEP`, and nobody squeezed between others is lifted out, or pressed down: from that
    height he would fall, with more speed than any blow gave him.
    """
    free_a = is_loose(scene, state, world, a)
    free_b = is_loose(scene, state, world, b)
    depth = greatest_depth(m)
    again = sweep > wp.static(SWEEPS)
    lifts = wp.abs(m.normal[2]) > wp.static(UPRIGHT)
    if depth <= wp.static(SLOP) or (not free_a and not free_b) or (again and lifts):
        return 0
    # What lies below is not pressed down.
    free_a = free_a and not (free_b and m.normal[2] > wp.static(UPRIGHT))
    free_b = free_b and not (free_a and m.normal[2] < -wp.static(UPRIGHT))
    ma = wp.where(free_a, 1.0 / scene.vehicle.mass[world, a], 0.0)
    mb = wp.where(free_b, 1.0 / scene.vehicle.mass[world, b], 0.0)
    share = wp.where(again, 0.0, push)
    way = wp.max(share * (depth - wp.static(SLOP)), wp.where(push > 0.0, depth - wp.static(DEEP), 0.0))
    shift = m.normal * (way / (ma + mb))
    state.pos[world, a] = state.pos[world, a] - shift * ma
    state.pos[world, b] = state.pos[world, b] + shift * mb
    return int(push > 0.0 and depth > wp.static(DEEP))


@wp.func
def meet(scene: Scene, state: State, world: int, a: int, b: int, sweep: int, push: float) -> int:
    """One pass over a pair whose circles overlap: find the contact, record it, exchange an impulse; in the last passes only part them.

    Returns 1 if there was an impulse, or if they overlapped deeply.
    """
    one = load_body(scene, state, world, a)
    two = load_body(scene, state, world, b)
    last = sweep >= wp.static(SWEEPS)
    over = drives_over(one, two) or drives_over(two, one)
    if over and (sweep > 0 or is_untouched(scene, state, world, a, b, one, two)):
        return 0
    capsule = one.radius > 0.0 or two.radius > 0.0
    ago = float(0.0)
    if not last:
        # In later passes too: set back by its new velocities, a pair that still closes stands where it met.
        p = footprint(scene, state, world, a)
        ago = met_ago(p, footprint(scene, state, world, b), two.vel - one.vel)
    met = Meeting()
    # Recorded is when the boxes touch; what acts are the shapes. One call in a loop: the code is long.
    for look in range(2):
        if (look == 0 and not (last and capsule)) or (look == 1 and capsule and not over):
            met = first_touch(shape_of(one, look), shape_of(two, look), ago)
            if met.m.n == 0:
                return 0
            if look == 0 and sweep == 0:
                closing = closing_speed(set_back(one, met.ago), set_back(two, met.ago), met.m, 0.0)
                record_contact(state, world, a, b, met.m, closing)
    if scene.contact[world] != wp.static(int(Contact.PHYSICS)):
        return 0
    if over:
        run_over(scene, state, world, a, b, one, two, met.m)
        return 0
    if last:
        return part_bodies(scene, state, world, a, b, met.m, sweep, push)
    still = supports(state, world, a, b, one, two, met.m.normal)
    if supports(state, world, b, a, two, one, -met.m.normal):
        two = as_ground(two)
    if still:
        one = as_ground(one)
    if one.mass + two.mass > 0.0:
        return strike(scene, state, world, a, b, one, two, met.m, met.ago, sweep)
    return 0


@wp.func
def visit_pairs(scene: Scene, state: State, world: int, a: int, sweep: int, push: float) -> int:
    """A pass over an actor's pairs with those of higher index; returns how many exchanged an impulse."""
    n = scene.valid.shape[1]
    own = state.bound[world, a]
    struck = int(0)
    for j in range(a + 1, n):
        b = wp.where(sweep % 2 == 0, j, n + a - j)
        if circles_overlap(own, state.bound[world, b]) and not same_train(state, world, a, b):
            struck += meet(scene, state, world, a, b, sweep, push)
    return struck


@wp.func
def sweep_world(scene: Scene, state: State, world: int, sweep: int, push: float) -> int:
    """A pass over all pairs, then over the ground under them; returns how many exchanged an impulse."""
    n = scene.valid.shape[1]
    struck = int(0)
    for i in range(n):
        # To and fro: what lies on top of a pile comes last, then first.
        a = wp.where(sweep % 2 == 0, i, n - 1 - i)
        if state.touching[world, a] > 0:
            struck += visit_pairs(scene, state, world, a, sweep, push)
    pushed = struck > 0 and sweep < wp.static(SWEEPS)
    for a in range(n):
        if pushed and touches_now(state, world, a, -1) and is_free(scene, state, world, a):
            bear(scene, state, world, a, wp.static(TICK))
    return struck


@wp.func
def resolve_world(scene: Scene, state: State, world: int, push: float):
    """All passes over the pairs of a world: until none exchanges an impulse, then those that part them, until none overlaps deeply."""
    struck = int(1)
    for sweep in range(wp.static(SWEEPS + PARTINGS)):
        if struck > 0 or sweep == wp.static(SWEEPS):
            struck = sweep_world(scene, state, world, sweep, push)


@wp.kernel
def _resolve_contacts(scene: Scene, state: State, push: float, stride: int):
    """Reads the pairs that touch, in order of their indices. Writes contact and impact records, and motion, pose and velocities of bodies.

    ``push``: share of what is left of the overlaps that is taken out.
    """
    first = wp.tid()
    for world in range(first, state.tick.shape[0], stride):
        total = int(0)
        for a in range(scene.valid.shape[1]):
            total += state.touching[world, a]
        if total > 0 and state.done[world] == 0:
            resolve_world(scene, state, world, push)


def resolve_contacts(scene: Scene, state: State) -> None:
    """Find the contacts of all pairs, record them, and let them act where the world's `Contact` is PHYSICS."""
    device = state.tick.device
    bound_actors(scene, state)
    find_contacts(scene, state)
    worlds, stride = world_threads(state.tick)
    wp.launch(_resolve_contacts, dim=worlds, inputs=[scene, state, PUSH, stride], device=device)
