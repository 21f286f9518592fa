"""One PyBullet world: its bodies by actor, a ground plane for each, and nothing else of PyBullet's interface."""

from __future__ import annotations

import importlib
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.assets.spec import Category
from sim.errors import SwerveError
from sim.physics.body import HEAVY_BARRIER, ROOTED
from sim.physics.impulse import FRICTION, REST_SPEED
from sim.physics.sets import GRAVITY, SETS

Floats = npt.NDArray[np.floating]
Bools = npt.NDArray[np.bool_]

SCRAPE = 0.45
"""Of a vehicle's body on the road, as a share of the road's friction (Fricke 1990: sliding on roof or side)."""
SHAPE_CLEARANCE = 0.3
"""Height of a vehicle's shape above the road, over the radius of its wheels."""
ROLLING = 0.05
"""Arm of the resistance against rolling of people on the ground [m]."""
_ACTORS, _GROUND, _SCENERY = 1, 2, 4
"""Bits of PyBullet's collision groups."""


def import_pybullet() -> Any:
    """PyBullet's module.

    Raises:
        SwerveError: if it is not installed.
    """
    try:
        return importlib.import_module("pybullet")
    except ImportError:
        raise SwerveError(
            "--physics bullet needs PyBullet, which is not installed: pip install pybullet (wheels exist for Python 3.10 and 3.11)"
        ) from None


@dataclass(frozen=True)
class Cast:
    """What the actors of a world are to PyBullet; all arrays (nactor, ...)."""

    mass: Floats
    """[kg]."""
    inertia: Floats
    """About the actor's axes through the centre of gravity [kg m^2], (nactor, 3)."""
    center: Floats
    """Centre of gravity in the actor's frame [m], (nactor, 3)."""
    size: Floats
    """Length, width, height of the shape [m], (nactor, 3)."""
    offset: Floats
    """Centre of the shape from the centre of gravity, actor frame [m], (nactor, 3)."""
    wheels: Bools
    """Stands on wheels."""
    rides: Bools
    """Two-wheeler: wheels in one track."""
    person: Bools
    """A person or animal."""
    fixed: Bools
    """Stands in the ground: nothing moves it."""
    slide: Floats
    """Friction of its shape on the road, as a share of the road's."""


def make_cast(scene: Mapping[str, Any]) -> Cast:
    """The cast of one world from its rows of `sim.types.Scene`, by dotted field name."""
    kinds = np.array(list(SETS))[scene["vehicle.kind"]]
    person = kinds == "person"
    wheels = ~person & (kinds != "thing")
    rides = wheels & (scene["vehicle.car"]["balance"] > 0.0)
    mass = np.asarray(scene["vehicle.mass"], float)
    category = np.asarray(scene["category"])
    rooted = np.isin(category, [int(Category[name]) for name in ROOTED])
    cog = np.asarray(scene["vehicle.cog"], float)
    center = np.stack([cog[:, 0], 0.0 * cog[:, 0], cog[:, 1]], 1)
    size, middle = np.array(scene["size"], float), np.array(scene["box_center"], float)
    # Vehicles stand on their wheels: the shape begins some 10 cm above the road.
    radius = np.asarray(scene["vehicle.wheel_radius"], float)
    clear = np.where(wheels, np.minimum(SHAPE_CLEARANCE * radius, 0.3 * size[:, 2]), 0.0)
    size[:, 2] -= clear
    middle[:, 2] += 0.5 * clear
    slide = np.asarray(scene["vehicle.slide"], float)[:, 0]
    return Cast(
        mass, np.asarray(scene["vehicle.inertia"], float), center, np.maximum(size, 0.02), middle - center, wheels, rides, person,
        rooted | ((category == int(Category.BARRIER)) & (mass >= HEAVY_BARRIER)), np.where(wheels & ~rides, SCRAPE, slide),
    )  # fmt: skip


def restitution(cast: Cast, a: int, b: int, closing: float) -> float:
    """Coefficient of restitution as in Swerve's own contacts: cars by Antonetti 1998 (SAE 980552, leading term)."""
    if closing < REST_SPEED:
        return 0.0
    if cast.person[a] or cast.person[b]:
        return 0.05
    if not (cast.wheels[a] and cast.wheels[b]):
        return 0.2
    return max(0.6 * float(np.exp(-0.25 * closing)), 0.05)


class Client:
    """Bodies of a world's actors: none, a ghost that touches nobody, or a free body with a ground of its own.

    Args:
        cast: What the actors are.
        step: Length of a step [s].
        collide: Whether actors touch each other; else only the ground.
    """

    def __init__(self, cast: Cast, step: float, collide: bool) -> None:
        self._bullet = import_pybullet()
        self._cast = cast
        self._mask = (_ACTORS | _SCENERY if collide else 0) | _GROUND
        self._id = self._bullet.connect(self._bullet.DIRECT)
        if self._id < 0:
            raise SwerveError("PyBullet has no room for another world: at most 1024 in a process")
        self._close = weakref.finalize(self, self._bullet.disconnect, self._id)
        self._call("setGravity", 0.0, 0.0, -GRAVITY)
        # Bodies that overlap are parted without gaining speed: what one step lets in at an impact must not come back as energy.
        self._call(
            "setPhysicsEngineParameter", fixedTimeStep=step, numSubSteps=0, numSolverIterations=50, useSplitImpulse=1,
            splitImpulsePenetrationThreshold=0.0, restitutionVelocityThreshold=REST_SPEED, erp=0.1, contactERP=0.1,
            deterministicOverlappingPairs=1, enableConeFriction=1,
        )  # fmt: skip
        self._plane = self._call("createCollisionShape", self._bullet.GEOM_PLANE, planeNormal=[0.0, 0.0, 1.0])
        self._shapes = [self._make_shape(a) for a in range(len(cast.mass))]
        self._bodies: dict[int, int] = {}
        self._grounds: dict[int, int] = {}
        self._planes: dict[int, tuple[Floats, float]] = {}

    def _call(self, name: str, *args: Any, **more: Any) -> Any:
        return getattr(self._bullet, name)(*args, physicsClientId=self._id, **more)

    def _make_shape(self, a: int) -> int:
        """People are upright capsules; all else are boxes, animals too: a capsule would leave their legs without support."""
        size, offset = self._cast.size[a], self._cast.offset[a].tolist()
        if self._cast.person[a] and size[2] > 1.2 * size[0]:
            radius = 0.25 * float(size[0] + size[1])
            height = max(float(size[2]) - 2.0 * radius, 0.02)
            return self._call(
                "createCollisionShape", self._bullet.GEOM_CAPSULE, radius=radius, height=height,
                collisionFramePosition=offset,
            )  # fmt: skip
        half = (0.5 * size).tolist()
        return self._call(
            "createCollisionShape", self._bullet.GEOM_BOX, halfExtents=half, collisionFramePosition=offset
        )

    def close(self) -> None:
        """Let go of the world; it must not be used any more."""
        self._close()

    def remove(self, a: int) -> None:
        """Take an actor out."""
        for bodies in (self._bodies, self._grounds):
            if a in bodies:
                self._call("removeBody", bodies.pop(a))
        self._planes.pop(a, None)

    def add(self, a: int, free: bool) -> None:
        """Put an actor in, at the origin: as a free body, or as a ghost (what stands in the ground: as a wall)."""
        self.remove(a)
        mass = float(self._cast.mass[a]) if free else 0.0
        body = self._call("createMultiBody", mass, self._shapes[a], useMaximalCoordinates=1)
        self._bodies[a] = body
        touches = free or bool(self._cast.fixed[a])
        self._call("setCollisionFilterGroupMask", body, -1, _ACTORS if touches else 0, self._mask if touches else 0)
        self._call(
            "changeDynamics", body, -1, mass=mass, localInertiaDiagonal=self._cast.inertia[a].tolist() if free else [0.0, 0.0, 0.0],
            lateralFriction=FRICTION**0.5, restitution=0.0, linearDamping=0.0, angularDamping=0.0, spinningFriction=0.0,
            rollingFriction=ROLLING if self._cast.person[a] else 0.0, contactProcessingThreshold=0.0,
        )  # fmt: skip
        if free:
            self._add_ground(a)
            sleeps = not self._cast.wheels[a]
            state = (
                self._bullet.ACTIVATION_STATE_ENABLE_SLEEPING
                if sleeps
                else self._bullet.ACTIVATION_STATE_DISABLE_SLEEPING
            )
            self._call("changeDynamics", body, -1, activationState=state)

    def hold(self, a: int, upright: bool) -> None:
        """Let a free body keep its attitude, whatever pushes it, or turn as it may."""
        inertia = np.zeros(3) if upright else self._cast.inertia[a]
        mass = float(self._cast.mass[a])
        self._call("changeDynamics", self._bodies[a], -1, mass=mass, localInertiaDiagonal=inertia.tolist())

    def _add_ground(self, a: int) -> None:
        """A plane that only body ``a`` stands on."""
        ground = self._call("createMultiBody", 0.0, self._plane, useMaximalCoordinates=1)
        self._grounds[a] = ground
        self._call("setCollisionFilterGroupMask", ground, -1, _GROUND, _ACTORS)
        self._call("changeDynamics", ground, -1, restitution=0.0, contactProcessingThreshold=0.0)
        for other, body in self._bodies.items():
            if other != a:
                self._call("setCollisionFilterPair", ground, body, -1, -1, 0)
        for other, plane in self._grounds.items():
            if other != a:
                self._call("setCollisionFilterPair", plane, self._bodies[a], -1, -1, 0)

    def set_ground(self, a: int, plane: Floats, friction: float) -> None:
        """Lay the ground of a free body: unit normal and offset [m] of its plane (4,), friction of the road."""
        old = self._planes.get(a)
        if old is not None and np.allclose(old[0], plane, atol=1e-7) and old[1] == friction:
            return
        self._planes[a] = (plane.copy(), friction)
        normal = plane[:3].astype(float)
        turn = np.append(np.cross([0.0, 0.0, 1.0], normal), 1.0 + normal[2])
        foot = normal * float(plane[3])
        self._call(
            "resetBasePositionAndOrientation", self._grounds[a], foot.tolist(), (turn / np.linalg.norm(turn)).tolist()
        )
        slide = float(friction * self._cast.slide[a]) / FRICTION**0.5
        self._call("changeDynamics", self._grounds[a], -1, lateralFriction=slide)

    def add_plate(self, key: int, size: Floats) -> None:
        """Put in a ghost box of a size [m] under a number that is no actor's."""
        self.remove(key)
        shape = self._call("createCollisionShape", self._bullet.GEOM_BOX, halfExtents=(0.5 * size).tolist())
        self._bodies[key] = self._call("createMultiBody", 0.0, shape, useMaximalCoordinates=1)
        self._call("setCollisionFilterGroupMask", self._bodies[key], -1, 0, 0)

    def add_static(self, key: int, half: Floats, radius: float, friction: float) -> None:
        """Put in an upright thing that nothing moves under a number that is no actor's.

        A box of half sizes [m], a cylinder if ``radius`` > 0; ``friction``: between it and actors.
        """
        if radius > 0.0:
            kind, size = self._bullet.GEOM_CYLINDER, {"radius": radius, "height": 2.0 * float(half[2])}
        else:
            kind, size = self._bullet.GEOM_BOX, {"halfExtents": np.asarray(half, float).tolist()}
        shape = self._call("createCollisionShape", kind, **size)
        self._bodies[key] = self._call("createMultiBody", 0.0, shape, useMaximalCoordinates=1)
        self._call("setCollisionFilterGroupMask", self._bodies[key], -1, _SCENERY, _ACTORS)
        own = friction / FRICTION**0.5
        self._call("changeDynamics", self._bodies[key], -1, lateralFriction=own, contactProcessingThreshold=0.0)

    def place(self, a: int, center: Floats, rot: Floats) -> None:
        """Set where an actor is: centre of gravity [m] and quaternion."""
        self._call("resetBasePositionAndOrientation", self._bodies[a], center.tolist(), rot.tolist())

    def launch(self, a: int, vel: Floats, rate: Floats) -> None:
        """Set how an actor moves: velocity of the centre of gravity [m/s] and angular velocity [rad/s]."""
        self._call("resetBaseVelocity", self._bodies[a], vel.tolist(), rate.tolist())

    def read(self, a: int) -> tuple[Any, Any, Any, Any]:
        """Centre of gravity, quaternion, velocity and angular velocity of an actor."""
        return (
            *self._call("getBasePositionAndOrientation", self._bodies[a]),
            *self._call("getBaseVelocity", self._bodies[a]),
        )

    def push(self, a: int, center: Floats, force: Floats, torque: Floats) -> None:
        """Force [N] and torque [N m] on an actor over the next step; ``center``: its centre of gravity."""
        world = self._bullet.WORLD_FRAME
        self._call("applyExternalForce", self._bodies[a], -1, force.tolist(), center.tolist(), world)
        self._call("applyExternalTorque", self._bodies[a], -1, torque.tolist(), world)

    def bounce(self, a: int, b: int, coefficient: float) -> None:
        """Set the coefficient of restitution between two actors; PyBullet multiplies those of the bodies."""
        for actor in (a, b):
            self._call("changeDynamics", self._bodies[actor], -1, restitution=coefficient**0.5)

    def nearest(self, a: int, b: int, reach: float) -> tuple[Floats, Floats, float] | None:
        """Point [m], normal from b to a, and distance [m] of two actors' shapes nearer than ``reach``."""
        points = self._call("getClosestPoints", self._bodies[a], self._bodies[b], reach)
        if not points:
            return None
        best = min(points, key=lambda p: p[8])
        return 0.5 * (np.array(best[5]) + np.array(best[6])), np.array(best[7]), best[8]

    def middle(self, a: int, b: int) -> Floats | None:
        """Middle of the points at which two actors touch since the last step [m]; None if they do not."""
        points = self._call("getContactPoints", self._bodies[a], self._bodies[b])
        return np.mean([0.5 * (np.array(p[5]) + np.array(p[6])) for p in points], 0) if points else None

    def step(self) -> None:
        """Go on by one step."""
        self._call("stepSimulation")

    def __contains__(self, a: int) -> bool:
        """Whether an actor is in it."""
        return a in self._bodies
