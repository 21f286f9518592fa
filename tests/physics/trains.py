"""Trains for tests of physics: a tractor with a semi-trailer, a car with a caravan."""

from __future__ import annotations

import math

import numpy as np

from sim.behavior.trailers import pull_trailers
from sim.physics.hitch import BALL_HEIGHT, PLATE_HEIGHT
from sim.physics.sets import SETS
from sim.rotation import rotate
from sim.types import Motion
from tests.physics.worlds import CAR, actor, build, world_rows

SEMI = {
    "category": "semitrailer", "size": (13.6, 2.55, 4.0), "mass": 30000.0, "wheelbase": 7.7, "wheel_radius": 0.5,
    "box_center": (2.5, 0.0, 2.0), "coupler": 7.7,
}  # fmt: skip
CARAVAN = {
    "category": "trailer", "size": (6.4, 2.3, 2.6), "mass": 1300.0, "wheelbase": 4.0, "wheel_radius": 0.31,
    "box_center": (0.8, 0.0, 1.3), "coupler": 4.0,
}  # fmt: skip
TRACTOR = {
    "category": "truck", "size": (6.0, 2.5, 3.4), "mass": 8000.0, "wheelbase": 3.7, "wheel_radius": 0.5,
    "box_center": (1.9, 0.0, 1.7), "names": ("tractor",), "carries": (0.6, SETS["semitrailer"].front_load * SEMI["mass"]),
}  # fmt: skip
TUG = CAR | {"mass": 1700.0, "carries": (-0.95, SETS["trailer"].front_load * CARAVAN["mass"])}


def train(tow=TRACTOR, trailer=SEMI, x=200.0, y=-200.0, heading=0.0, speed=0.0, friction=1.0, ends=({}, {}), **more):
    """`world_rows` of a vehicle and its trailer in line; ``ends``: parameters of either, as `actor` takes them."""
    hitch, coupler = tow["carries"][0], trailer["coupler"]
    back = hitch - coupler
    at = {"x": x + back * math.cos(heading), "y": y + back * math.sin(heading)}
    ego = actor(tow, x=x, y=y, heading=heading, speed=speed, **(ends[0] | more))
    pulled = actor(trailer, heading=heading, speed=speed, motion=Motion.SCRIPTED, **(at | ends[1]))
    scene, state = world_rows([ego, pulled], friction=friction)
    scene["story"] = {"hitch": np.array([hitch, 0.0]), "coupler": np.array([0.0, coupler])}
    state["story"] |= {"tow": np.array([-1, 0]), "towing": np.array([1, -1])}
    return scene, state


def gap(state, tow=TRACTOR, trailer=SEMI):
    """Distance between both sides of the coupling [m], (nworld,)."""
    height = PLATE_HEIGHT if trailer is SEMI else BALL_HEIGHT
    pos, rot = state.pos.numpy(), state.rot.numpy()
    front = pos[:, 0] + rotate(rot[:, 0], (tow["carries"][0], 0.0, height))
    back = pos[:, 1] + rotate(rot[:, 1], (trailer["coupler"], 0.0, height))
    return np.linalg.norm(front - back, axis=1)


def bend(state):
    """Articulation: heading of the pulling vehicle over its trailer's [rad], (nworld,)."""
    x, y, z, w = np.moveaxis(state.rot.numpy()[:, :2], -1, 0)
    yaw = np.arctan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))
    return np.angle(np.exp(1j * (yaw[:, 0] - yaw[:, 1])))


def coupled(worlds, networks=None):
    """`build` of trains whose trailers physics moves from the start, as at a scenario's time zero."""
    arrays = build(worlds, networks)
    pull_trailers(arrays[0], arrays[1], 0.0)
    arrays[1].road.fill_(0)  # where its lanes are 200 m wide, a road is not found from its sides
    return arrays
