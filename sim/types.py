"""Every array of a batch of worlds: name, shape, unit and meaning, said here once.

Structs of arrays with the world first: (nworld, nactor, ...), padded, with a `valid` mask. `Scene` is constant over an episode, `State`
changes each tick, `Control` comes from whoever drives. Everything in `RoadTables` is shared by the worlds of a batch; all other arrays
have the world as first axis, which is what resets and splits over CPU threads rely on. World frame ISO 8855 (x forward, y left, z up),
SI units, radians. Actor 0 is the ego.
"""

from __future__ import annotations

from enum import IntEnum

import warp as wp

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


# --- Road (shared by all worlds; section of sim/road/tables.py) ---------------------------------------------------------


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


@wp.struct
class RoadTables:
    """All maps of a batch, concatenated: maps hold roads, roads hold sections, sections hold samples and lanes.

    A section's lanes are stored from its least to its greatest id, the centre (id 0) included, so lane ``id`` of section ``k``
    is row ``lane_first[k] + id - lane_min[k]``, and its outer border at sample ``i`` stands at
    ``border_first[k] + i * nlane + id - lane_min[k]``.
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
    patch_friction: wp.array[float]
    """(npatch,)."""
    section_s: wp.array[wp.vec2]
    """s at start and end [m], (nsection,)."""
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


# --- Path and storyboard (sections of sim/behavior) ---------------------------------------------------------------------


@wp.struct
class PathTables:
    """Polylines of each world: trajectories, walking paths and the ego's route."""

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
    route_first: wp.array2d[wp.int32]
    """First road of each route, and one past the last, (nworld, nroute + 1)."""
    route_road: wp.array2d[wp.int32]
    """Roads to follow, index in the world's map, (nworld, nrouteroad)."""


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
    """Working numbers of a running action, (nworld, nrow, 12)."""
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
    direction: wp.array2d[wp.int32]
    """+1: the actor faces along s, -1: against it, (nworld, nactor)."""
    last: wp.array2d[wp.vec4]
    """Position [m] and heading [rad] of a scripted actor after the last tick: its velocity follows from them, (nworld, nactor)."""
    still_since: wp.array2d[wp.int32]
    """Tick since which the actor stands still, -1 if it moves, (nworld, nactor)."""
    offroad_since: wp.array2d[wp.int32]
    """Tick since which it is off the road, -1 if on it, (nworld, nactor)."""
    end_since: wp.array2d[wp.int32]
    """Tick since which it is at its road's end, -1 if not, (nworld, nactor)."""


# --- Vehicle (section of sim/physics) -----------------------------------------------------------------------------------


@wp.struct
class VehicleParams:
    """Dynamics parameters of each actor; DRIVEN actors use all, bodies mass, inertia, centre of gravity and sliding.

    Sources of the numbers: `sim.physics.parameters`. Wheels are numbered front left, front right, rear left, rear right.
    """

    mass: wp.array2d[float]
    """[kg], (nworld, nactor)."""
    yaw_inertia: wp.array2d[float]
    """About the vertical through the centre of gravity [kg m^2], (nworld, nactor)."""
    cog: wp.array2d[wp.vec2]
    """Centre of gravity: distance ahead of the reference point, height above ground [m], (nworld, nactor)."""
    wheelbase: wp.array2d[float]
    """[m], (nworld, nactor)."""
    track: wp.array2d[float]
    """[m], (nworld, nactor)."""
    wheel_radius: wp.array2d[float]
    """[m], (nworld, nactor)."""
    wheel_inertia: wp.array2d[float]
    """Of one wheel with its share of the driveline [kg m^2], (nworld, nactor)."""
    max_steer: wp.array2d[float]
    """Road-wheel angle at full lock [rad], (nworld, nactor)."""
    steer_rate: wp.array2d[float]
    """Greatest rate of the road-wheel angle [rad/s], (nworld, nactor)."""
    drive_force: wp.array2d[float]
    """Greatest tractive force [N], (nworld, nactor)."""
    power: wp.array2d[float]
    """Greatest power at the wheels [W], (nworld, nactor)."""
    drive_front: wp.array2d[float]
    """Front axle's share of the tractive force, (nworld, nactor)."""
    brake_force: wp.array2d[float]
    """Sum of all wheels' brake forces at full pedal on a road that holds [N], (nworld, nactor)."""
    brake_front: wp.array2d[float]
    """Front axle's share of it, (nworld, nactor)."""
    brake_rate: wp.array2d[float]
    """Build-up of the brake pressure [share of full per s], (nworld, nactor)."""
    abs: wp.array2d[wp.int32]
    """1 with an anti-lock system, (nworld, nactor)."""
    drag: wp.array2d[float]
    """Air drag over speed squared, rho cd A / 2 [kg/m], (nworld, nactor)."""
    rolling: wp.array2d[float]
    """Coefficient of rolling resistance, (nworld, nactor)."""
    roll: wp.array2d[wp.vec4]
    """Body roll: angle over lateral acceleration [rad s^2/m], natural frequency [rad/s], damping ratio, front axle's share of the load
    transfer, (nworld, nactor)."""
    pitch: wp.array2d[wp.vec4]
    """Body pitch: as roll; last: height of the overturning moment's arm, lateral [m], (nworld, nactor)."""
    tyre_long: wp.array2d[wp.vec4]
    """Magic Formula lengthwise: C, E, slip stiffness over load, load sensitivity of friction, (nworld, nactor)."""
    tyre_lat: wp.array2d[wp.vec4]
    """Magic Formula crosswise: C, E, friction over the one lengthwise, load sensitivity, (nworld, nactor)."""
    tyre_corner: wp.array2d[wp.vec3]
    """Cornering stiffness: pKy1, pKy2, nominal load [N], (nworld, nactor)."""
    tyre_peak: wp.array2d[wp.vec4]
    """B times slip at the peak, lengthwise and crosswise; share of peak friction left when sliding; friction over the road's,
    (nworld, nactor)."""
    slide: wp.array2d[wp.vec2]
    """Of a body off its tyres' control: friction lengthwise and crosswise as shares of the road's, (nworld, nactor)."""
    topples: wp.array2d[wp.int32]
    """1 for narrow things (people, cycles, animals) that fall over when hit, (nworld, nactor)."""
    kind: wp.array2d[wp.int32]
    """Row of `sim.physics.parameters.SETS`, (nworld, nactor)."""
    driver: wp.array2d[wp.int32]
    """Code of `sim.behavior.drivers.DRIVERS` that works the actor's pedals, -1: from outside, (nworld, nactor)."""


@wp.struct
class VehicleState:
    """Chassis and wheels of DRIVEN actors, falling of bodies, memory of drivers. All zero at the start of an episode."""

    ready: wp.array2d[wp.int32]
    """1 once wheels and body were set to the actor's motion, (nworld, nactor)."""
    wheel_speed: wp.array2d[wp.vec4]
    """Spin of front left, front right, rear left, rear right [rad/s], (nworld, nactor)."""
    brake: wp.array2d[wp.vec4]
    """Brake pressure at the wheels, 0..1, (nworld, nactor)."""
    throttle: wp.array2d[float]
    """What the engine gives of what it can, 0..1, (nworld, nactor)."""
    lean: wp.array2d[wp.vec4]
    """DRIVEN: roll [rad], its rate, pitch [rad], its rate, of the body against the ground. BODY that topples: tilt [rad], its rate, and
    direction of the fall in the actor's frame [rad], (nworld, nactor)."""
    load: wp.array2d[wp.vec4]
    """Wheel loads [N], (nworld, nactor)."""
    friction: wp.array2d[float]
    """Mean friction under the wheels, weather included, (nworld, nactor)."""
    request: wp.array2d[float]
    """Acceleration that a following controller asks for [m/s^2], (nworld, nactor)."""
    alarm_tick: wp.array2d[wp.int32]
    """Tick plus one since which a driver sees a collision coming, 0 if it does not, (nworld, nactor)."""
    braking: wp.array2d[wp.int32]
    """1 while a driver brakes in an emergency, (nworld, nactor)."""
    leader: wp.array2d[wp.int32]
    """Of TRAFFIC: actor it follows plus one, 0 on a free road, (nworld, nactor)."""
    leader_gap: wp.array2d[float]
    """Free way to it along the lanes, bumper to bumper [m], (nworld, nactor)."""


# --- Metrics (section of sim/metrics) -----------------------------------------------------------------------------------


class Conflict(IntEnum):
    """How the ego and the conflicting actor meet."""

    NONE = 0
    REAR_END = 1
    """Same way, the other ahead in the ego's lane."""
    CUT_IN = 2
    """Same way, the other coming in from the side."""
    ONCOMING = 3
    CROSSING = 4
    """A vehicle across the ego's way."""
    VRU_CROSSING = 5
    """A person or cyclist across the ego's way."""
    VRU_ALONG = 6
    """A person or cyclist along the ego's way."""
    ANIMAL = 7
    OBSTACLE = 8
    """A thing that is no road user."""


@wp.struct
class Metrics:
    """What is measured of the ego, each tick."""

    time_to_collision: wp.array[float]
    """Least over all actors [s], inf if none, (nworld,)."""
    distance: wp.array[float]
    """Least box-to-box distance of the ego to any actor [m], (nworld,)."""
    conflict_actor: wp.array[wp.int32]
    """Actor of the least time to collision, -1 if none, (nworld,)."""
    onset_tick: wp.array[wp.int32]
    """First tick of the hazard: the conflicting actor is visible and contact follows within 4 s; -1 before, (nworld,)."""
    onset_actor: wp.array[wp.int32]
    """The conflicting actor at onset, -1 before, (nworld,)."""
    occluder: wp.array[wp.int32]
    """Actor that hid it from the ego within the 3 s before onset, -1 if none, (nworld,)."""
    conflict: wp.array[wp.int32]
    """`Conflict` at onset, (nworld,)."""
    collided: wp.array[wp.int32]
    """1 once the ego has touched any actor, (nworld,)."""
    collision_tick: wp.array[wp.int32]
    """Tick of the ego's first contact, -1 before, (nworld,)."""
    collision_actor: wp.array[wp.int32]
    """Whom the ego touched first, -1 before, (nworld,)."""
    off_road: wp.array[wp.int32]
    """1 while the ego's reference point is off every driving, parking, shoulder or border lane, (nworld,)."""
    goal_reached: wp.array[wp.int32]
    """1 once the ego has been within its goal's radius, (nworld,)."""
    min_time_to_collision: wp.array[float]
    """Least so far [s], (nworld,)."""
    min_distance: wp.array[float]
    """Least so far [m], (nworld,)."""


# --- Weather ------------------------------------------------------------------------------------------------------------


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
    friction_scale: wp.array[float]
    """Multiplies the road's friction, (nworld,)."""
    wind: wp.array[wp.vec2]
    """[m/s], (nworld,)."""


# --- Scene, State, Control ----------------------------------------------------------------------------------------------


@wp.struct
class Scene:
    """Constant over an episode."""

    road: RoadTables
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
    """Bits: 1 in pictures, 2 to sensors and labels, 4 to traffic; an absent actor has 0, (nworld, nactor)."""
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
    """Whom it touched first, -1 before, (nworld, nactor)."""
    contact_now: wp.array2d[wp.uint32]
    """Bit j set while it touches actor j (first 32 actors), (nworld, nactor)."""
    contact_speed: wp.array2d[float]
    """Closing speed at the first contact [m/s], (nworld, nactor)."""
    contact_point: wp.array2d[wp.vec3]
    """Where it was [m], (nworld, nactor)."""
    contact_normal: wp.array2d[wp.vec3]
    """Unit, towards this actor, (nworld, nactor)."""
    bound: wp.array2d[wp.vec4]
    """Circle about the contact box in the plane: centre x, y and height [m], radius [m] (negative: takes no part), (nworld, nactor)."""
    touching: wp.array2d[wp.int32]
    """How many actors of a higher index it touches, (nworld, nactor)."""
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
    story: StoryState
    metrics: Metrics


@wp.struct
class Control:
    """Pedals and steering of DRIVEN actors."""

    steer: wp.array2d[float]
    """-1 (right lock) .. 1 (left lock), (nworld, nactor)."""
    accel: wp.array2d[float]
    """-1 (full brake) .. 1 (full throttle), (nworld, nactor)."""


# --- Render and Frames: the renderer's own structs stand in sim/render -----------------------------------------------------
