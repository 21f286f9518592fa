"""How likely an impact kills, by published curves (`wp.func`s).

- Occupants: Joksch 1993, Velocity change and fatality risk in a crash (Accident Analysis and Prevention 25): the fourth power of
  delta-v over 71 mph, for drivers of cars; taken here for all that sit in vehicles.
- Pedestrians: Rosen and Sander 2009, Pedestrian fatality risk as a function of car impact speed (ibid. 41): logistic in the impact
  speed, adults hit by the fronts of cars; taken here for all people on foot and on cycles and whatever hits them.

Estimates of the average over such crashes: age, belts, direction and what is hit are not in them.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.assets.spec import Category
from sim.physics.body import PERSON, is_cycle
from sim.types import Scene

wp.set_module_options({"enable_backward": False})

JOKSCH_SPEED = 71.0 * 0.44704
"""Delta-v from which all die [m/s]."""
ROSEN_SANDER = (6.9, 0.090)
"""P = 1 / (1 + exp(6.9 - 0.090 v)), v in km/h."""


@wp.func
def occupant_risk(delta_v: float) -> float:
    """Risk of death of a driver by the vehicle's change of velocity [m/s]."""
    x = wp.min(delta_v / wp.static(JOKSCH_SPEED), 1.0)
    return x * x * x * x


@wp.func
def pedestrian_risk(speed: float) -> float:
    """Risk of death of a pedestrian by the speed of impact [m/s]."""
    return 1.0 / (1.0 + wp.exp(wp.static(ROSEN_SANDER[0]) - wp.static(3.6 * ROSEN_SANDER[1]) * speed))


@wp.func
def injury_risk(scene: Scene, world: int, a: int, speed: float, delta_v: float) -> float:
    """Risk of death in or on an actor; 0 for animals and things.

    ``speed``: at which the other closed in; ``delta_v``: the actor's change of velocity [m/s].
    """
    kind = scene.vehicle.kind[world, a]
    category = scene.category[world, a]
    if kind < wp.static(PERSON):
        if is_cycle(kind):
            return pedestrian_risk(speed)
        if category == wp.static(int(Category.TRAILER)) or category == wp.static(int(Category.SEMITRAILER)):
            return 0.0
        return occupant_risk(delta_v)
    if kind == wp.static(PERSON) and category != wp.static(int(Category.ANIMAL)):
        return pedestrian_risk(speed)
    return 0.0
