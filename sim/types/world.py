"""A batch of worlds: what is constant over an episode, what changes, and what drives."""

from __future__ import annotations

from enum import IntEnum

import warp as wp

from sim.types.faults import Faults
from sim.types.impact import Impacts
from sim.types.metrics import Metrics
from sim.types.road import RoadTables
from sim.types.solid import SolidTables
from sim.types.story import PathTables, StoryState, StoryTables
from sim.types.vehicle import VehicleParams, VehicleState

TICK = 0.01
"""Length of a tick [s]."""


class Motion(IntEnum):
    """What moves an actor."""

    SCRIPTED = 0
    """The storyboard and the default controller: exact kinematics along road or path."""
    TRAFFIC = 1
    """IDM along the lane."""
    DRIVEN = 2
    """Vehicle dynamics under pedals and steering (`Control`)."""
    BODY = 3
    """A free body with momentum, after a contact."""


class Contact(IntEnum):
    """What a collision does."""

    REPORT = 0
    PHYSICS = 1


class Lamp(IntEnum):
    """Bits of `State.lamps`."""

    LOW_BEAM = 1
    HIGH_BEAM = 2
    BRAKE = 4
    INDICATOR_LEFT = 8
    INDICATOR_RIGHT = 16
    REVERSE = 32
    FOG = 64
    BEACON = 128


NO_WHEEL = 8
"""Bit of `State.visible` for a lost front left wheel; front right, rear left and rear right follow."""
BURST_TYRE = 128
"""Bit of `State.visible` for a front left tyre that has burst, the others as of `NO_WHEEL`."""

SEAT_BITS = 6
"""Bits of `Scene.crew` for each seat."""


@wp.struct
class Weather:
    """Environment of each world; meanings as in `sim.scenario.world.Environment`."""

    sun_direction: wp.array[wp.vec3]
    """Towards the sun, unit, (nworld,)."""
    cloud_cover: wp.array[float]
    """(nworld,)."""
    turbidity: wp.array[float]
    """(nworld,)."""
    fog_visibility: wp.array[float]
    """[m], (nworld,)."""
    rain: wp.array[float]
    """[mm/h], (nworld,)."""
    snow: wp.array[float]
    """[mm/h], (nworld,)."""
    wetness: wp.array[float]
    """0..1, (nworld,)."""
    snow_cover: wp.array[float]
    """0..1, (nworld,)."""
    ice: wp.array[float]
    """0..1, (nworld,)."""
    dust: wp.array[float]
    """0..1, (nworld,)."""
    water: wp.array[float]
    """Depth of the water on the road, over its texture or in it [m], (nworld,)."""
    film: wp.array[float]
    """Of the water on the road: `sim.road.friction.film_factor` [m/s], (nworld,)."""
    friction_scale: wp.array[float]
    """Multiplies the road's friction; negative: that follows from water, snow and ice (`sim.road.grip`), (nworld,)."""
    wind: wp.array[wp.vec2]
    """[m/s], (nworld,)."""
    temperature: wp.array[float]
    """Of the air [degC], (nworld,)."""
    sky: wp.array[wp.int32]
    """Picture of the sky (`sim.render.sky_pictures`) plus one, 0: computed, (nworld,)."""
    sky_heading: wp.array[float]
    """Where the picture's middle lies, from x to the left [rad], (nworld,)."""


@wp.struct
class Scene:
    """Constant over an episode."""

    road: RoadTables
    """Shared by all worlds."""
    solid: SolidTables
    """Shared by all worlds."""
    world_key: wp.array[wp.uint32]
    """The world's own key: random streams depend on it, never on the row, (nworld,)."""
    seed: wp.array[wp.uint32]
    """(nworld,)."""
    episode: wp.array[wp.int32]
    """Counts the world's resets, (nworld,)."""
    map_index: wp.array[wp.int32]
    """Map of each world in ``road`` and in the renderer, (nworld,)."""
    contact: wp.array[wp.int32]
    """`Contact`, (nworld,)."""
    end_tick: wp.array[wp.int32]
    """Tick at which the episode is truncated, (nworld,)."""
    goal: wp.array[wp.vec3]
    """[m], (nworld,)."""
    goal_radius: wp.array[float]
    """[m], 0 without a goal, (nworld,)."""
    route_path: wp.array[wp.int32]
    """The ego's route in ``path``, -1 if none, (nworld,)."""
    weather: Weather
    valid: wp.array2d[wp.int32]
    """1 where the slot holds an actor, (nworld, nactor)."""
    asset: wp.array2d[wp.int32]
    """Row in the renderer's asset table, -1 if none, (nworld, nactor)."""
    semantic: wp.array2d[wp.int32]
    """`sim.render.mesh.Semantic`, (nworld, nactor)."""
    category: wp.array2d[wp.int32]
    """`sim.assets.Category`, (nworld, nactor)."""
    paint: wp.array2d[wp.vec3]
    """Linear RGB, (nworld, nactor)."""
    crew: wp.array2d[wp.int32]
    """Who sits in it: `SEAT_BITS` bits for each seat of its model, 0 nobody, else one more than a row of `sim.assets.occupants.LOOKS`,
    (nworld, nactor)."""
    size: wp.array2d[wp.vec3]
    """Length, width, height of the contact box [m], (nworld, nactor)."""
    box_center: wp.array2d[wp.vec3]
    """Centre of the box in the actor's frame [m], (nworld, nactor)."""
    desired_speed: wp.array2d[float]
    """Of IDM and of the ego's drivers [m/s], (nworld, nactor)."""
    max_speed: wp.array2d[float]
    """[m/s], (nworld, nactor)."""
    max_acceleration: wp.array2d[float]
    """[m/s^2], (nworld, nactor)."""
    max_deceleration: wp.array2d[float]
    """[m/s^2], (nworld, nactor)."""
    vehicle: VehicleParams
    path: PathTables
    story: StoryTables


@wp.struct
class State:
    """Changes each tick."""

    tick: wp.array[wp.int32]
    """Ticks since the episode began, (nworld,)."""
    done: wp.array[wp.int32]
    """1 once the storyboard's stop trigger fired or the episode ended: the world holds still, (nworld,)."""
    motion: wp.array2d[wp.int32]
    """`Motion`, (nworld, nactor)."""
    visible: wp.array2d[wp.int32]
    """Bits: 1 in pictures, 2 to sensors and labels, 4 to traffic, from `NO_WHEEL` on wheels that are gone, from `BURST_TYRE` on
    burst ones; an absent actor has 0, (nworld, nactor)."""
    pos: wp.array2d[wp.vec3]
    """OpenSCENARIO reference point (vehicles: rear axle on the ground) [m], (nworld, nactor)."""
    rot: wp.array2d[wp.quat]
    """Orientation, actor frame to world, x y z w, (nworld, nactor)."""
    speed: wp.array2d[float]
    """Along the actor's own x axis [m/s], (nworld, nactor)."""
    vel: wp.array2d[wp.vec3]
    """Of the reference point [m/s], (nworld, nactor)."""
    ang_vel: wp.array2d[wp.vec3]
    """World frame [rad/s], (nworld, nactor)."""
    accel: wp.array2d[wp.vec3]
    """Of the reference point, world frame [m/s^2], (nworld, nactor)."""
    road: wp.array2d[wp.int32]
    """Road the actor is on, index in ``Scene.road``, -1 off road, (nworld, nactor)."""
    lane: wp.array2d[wp.int32]
    """OpenDRIVE lane id, (nworld, nactor)."""
    s: wp.array2d[float]
    """Along the road's reference line [m], (nworld, nactor)."""
    t: wp.array2d[float]
    """Left of the reference line [m], (nworld, nactor)."""
    traveled: wp.array2d[float]
    """Distance since the start [m], (nworld, nactor)."""
    steer: wp.array2d[float]
    """Road-wheel angle, left positive [rad], (nworld, nactor)."""
    wheel_angle: wp.array2d[float]
    """Rolled angle of the wheels [rad]; gait phase of walkers is ``traveled`` over the clip's length, (nworld, nactor)."""
    door: wp.array2d[wp.vec2]
    """Opening angle of the left and right door [rad], (nworld, nactor)."""
    lamps: wp.array2d[wp.int32]
    """Bits of `Lamp`, (nworld, nactor)."""
    contact_tick: wp.array2d[wp.int32]
    """Tick of the actor's first contact, -1 before, (nworld, nactor)."""
    contact_with: wp.array2d[wp.int32]
    """Whom it touched first, -1 before; scenery has `SCENERY`'s numbers, (nworld, nactor)."""
    contact_now: wp.array3d[wp.uint32]
    """Bit j of word k set while it touches actor 32 k + j, or scenery, which counts as actor ``nactor``, (nworld, nactor, nword)."""
    contact_speed: wp.array2d[float]
    """Closing speed at the first contact [m/s], (nworld, nactor)."""
    contact_point: wp.array2d[wp.vec3]
    """Where it was [m], (nworld, nactor)."""
    contact_normal: wp.array2d[wp.vec3]
    """Unit, towards this actor, (nworld, nactor)."""
    rest: wp.array2d[wp.int32]
    """Ticks in a row that a body or a vehicle on tyres has been still; after `sim.physics.body.SLEEP_TICKS`
    it sleeps, (nworld, nactor)."""
    fallen: wp.array2d[wp.int32]
    """When a person, an animal or a cycle was hit too hard to keep upright, or a cycle slid: tick plus one, 0 before, negative for who
    lies from the start, (nworld, nactor)."""
    ground: wp.array2d[wp.vec4]
    """Plane of the ground under a body's middle: unit normal, and its product with the plane's points [m], (nworld, nactor)."""
    bound: wp.array2d[wp.vec4]
    """Circle about the contact box in the plane, with a tick's way of what is faster than it is wide: centre x, y and height [m], radius
    [m] (negative: takes no part), (nworld, nactor)."""
    order: wp.array2d[wp.int32]
    """Actors by where their circles begin along x, absent ones last; kept on the CPU only, (nworld, nactor)."""
    touching: wp.array2d[wp.int32]
    """How many actors of a higher index it touches, (nworld, nactor)."""
    beside: wp.array2d[wp.int32]
    """Whether it comes near something of `Scene.solid` that may stop it, (nworld, nactor)."""
    ttc: wp.array2d[float]
    """Time to collision of the ego with each actor [s], inf if none comes, (nworld, nactor)."""
    gap: wp.array2d[float]
    """Distance between the ego's box and each actor's in the plane [m], inf for absent actors, as of the last
    `sim.metrics.measure.measure_gaps`: a tick leaves it alone, (nworld, nactor)."""
    hidden_tick: wp.array2d[wp.int32]
    """When each actor was last out of the ego's sight, (nworld, nactor)."""
    hidden_by: wp.array2d[wp.int32]
    """Actor that hid it then, plus one; 0 if it was out of view, (nworld, nactor)."""
    signal: wp.array2d[wp.int32]
    """Aspect of each signal of the world's map: bits 1 red, 2 amber, 4 green, (nworld, nsignal)."""
    vehicle: VehicleState
    faults: Faults
    story: StoryState
    metrics: Metrics
    impacts: Impacts


@wp.struct
class Control:
    """Pedals and steering of DRIVEN actors."""

    steer: wp.array2d[float]
    """-1 (right lock) .. 1 (left lock), (nworld, nactor)."""
    accel: wp.array2d[float]
    """-1 (full brake) .. 1 (full throttle), (nworld, nactor)."""
