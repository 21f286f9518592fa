"""What `sim.metrics` measures of the ego."""

from __future__ import annotations

from enum import IntEnum

import warp as wp


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
    """1 once the ego has touched any actor or, moved by physics, any scenery that stops it, (nworld,)."""
    collision_tick: wp.array[wp.int32]
    """Tick of the ego's first contact, -1 before, (nworld,)."""
    collision_actor: wp.array[wp.int32]
    """Whom the ego touched first, -1 before; scenery has `SCENERY`'s numbers, (nworld,)."""
    off_road: wp.array[wp.int32]
    """1 while the ego's reference point is off every driving, parking, shoulder or border lane, (nworld,)."""
    goal_reached: wp.array[wp.int32]
    """1 once the ego has been within its goal's radius, (nworld,)."""
    min_time_to_collision: wp.array[float]
    """Least so far [s], (nworld,)."""
    min_distance: wp.array[float]
    """Least so far [m], (nworld,)."""
