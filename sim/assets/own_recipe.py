"""What the spec of an own asset says, and the sorts of things there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sim.assets.gltf_scene import Piece
from sim.assets.spec import Category, Vec3
from sim.errors import ScenarioError
from sim.render.mesh import Role, Semantic

Floats = npt.NDArray[np.float64]

FORWARD = {
    "+z": ((0, 0, 1), (1, 0, 0)), "-z": ((0, 0, -1), (-1, 0, 0)), "+x": ((1, 0, 0), (0, 0, -1)), "-x": ((-1, 0, 0), (0, 0, 1)),
}  # fmt: skip
"""By the axis of the file that is ahead, which in glTF is +z: ahead and left in the file's frame; up is +y."""
PARAMETERS = (
    "small_car", "car", "suv", "pickup", "van", "lorry", "tractor", "bus", "motorcycle", "bicycle",
)  # fmt: skip
"""Parameter sets of `sim.physics.sets` that a vehicle can be given."""
SEATED = ("car", "suv", "van", "truck", "bus")
"""Classes in which people sit."""
SIDES = "indicator"
"""Name of lamps that are indicators on both sides: told apart by where they are."""
LAMPS = {
    "head": Role.HEAD_LAMP, "brake": Role.BRAKE_LAMP, "tail": Role.TAIL_LAMP, "reverse": Role.REVERSE_LAMP, SIDES: Role.INDICATOR_LEFT,
    "beacon": Role.BEACON, "amber_beacon": Role.AMBER_BEACON,
}  # fmt: skip
"""Lamps by their names in specs; of two names for one material the later counts: a tail lamp brightens on the brake."""


@dataclass(frozen=True)
class Class:
    """What sort of thing an asset is: how it is labelled, how large it may be, how heavy it is if nobody says."""

    category: Category
    semantic: Semantic
    length: tuple[float, float]
    """Least and greatest [m]."""
    height: tuple[float, float]
    """[m]."""
    density: float
    """Mass over the box's volume [kg/m^3]."""
    parameters: str | None = None
    """Its parameter set; None: by its size."""
    wheels: bool = False
    """Whether it rolls, and has its origin under its rear axle."""


CLASSES = {
    "car": Class(Category.CAR, Semantic.CAR, (2.0, 6.5), (0.7, 2.4), 120, None, True),
    "suv": Class(Category.CAR, Semantic.CAR, (3.0, 6.5), (1.3, 2.4), 118, "suv", True),
    "van": Class(Category.VAN, Semantic.VAN, (3.0, 8.0), (1.4, 3.5), 90, "van", True),
    "truck": Class(Category.TRUCK, Semantic.TRUCK, (3.5, 20.0), (1.8, 4.6), 180, "lorry", True),
    "bus": Class(Category.BUS, Semantic.BUS, (5.0, 20.0), (2.0, 4.6), 126, "bus", True),
    "motorcycle": Class(Category.MOTORBIKE, Semantic.MOTORCYCLE, (1.0, 3.2), (0.6, 2.0), 100, "motorcycle", True),
    "bicycle": Class(Category.BICYCLE, Semantic.BICYCLE, (0.7, 3.2), (0.5, 2.0), 13, "bicycle", True),
    "person": Class(Category.PEDESTRIAN, Semantic.PERSON, (0.1, 2.2), (0.4, 2.3), 200),
    "animal": Class(Category.ANIMAL, Semantic.ANIMAL, (0.1, 4.0), (0.08, 3.5), 150),
    "obstacle": Class(Category.OBSTACLE, Semantic.OBSTACLE, (0.02, 30.0), (0.005, 15.0), 100),
    "cone": Class(Category.OBSTACLE, Semantic.TRAFFIC_CONE, (0.1, 1.2), (0.2, 1.6), 30),
    "sign": Class(Category.OBSTACLE, Semantic.TRAFFIC_SIGN, (0.01, 3.0), (0.2, 6.0), 60),
    "barrier": Class(Category.OBSTACLE, Semantic.GUARD_RAIL, (0.1, 30.0), (0.2, 3.0), 200),
    "static": Class(Category.OBSTACLE, Semantic.STATIC, (0.02, 15.0), (0.02, 12.0), 100),
    "tree": Class(Category.OBSTACLE, Semantic.VEGETATION, (0.2, 30.0), (0.2, 40.0), 5),
}  # fmt: skip
"""By the name that specs use."""


@dataclass(frozen=True)
class Recipe:
    """What the spec of an own asset says: names are patterns with ``*`` and ``?``, large and small letters alike."""

    spec: Path
    mesh: Path
    sha256: str
    """Of the spec's and the mesh's bytes."""
    kind: str
    """A key of `CLASSES`."""
    length: float | None = None
    """Scaled evenly to it [m]; at most one of three is given."""
    width: float | None = None
    height: float | None = None
    forward: str = "+z"
    """A key of `FORWARD`."""
    paint: tuple[str, ...] = ()
    """Materials that take the actor's colour."""
    glass: tuple[str, ...] = ()
    """Materials that are panes."""
    lamps: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Materials that are lamps, by keys of `LAMPS`."""
    wheels: tuple[str, ...] = ()
    """Nodes that are wheels."""
    mass: float | None = None
    """[kg]."""
    parameters: str | None = None
    max_steer: float = 0.6
    """[rad]."""
    seats: tuple[Vec3, ...] = ()
    """Where somebody's hips are [m], in the actor's frame, the driver's first."""
    kinds: tuple[str, ...] = ()
    """What scenario files call it."""
    credits: tuple[str, ...] = ()


def fault(recipe: Recipe, message: str, key: str | None = None, hint: str = "") -> ScenarioError:
    """A fault of the mesh, or of a key of the spec."""
    return ScenarioError(message, file=recipe.mesh if key is None else recipe.spec, path=key, hint=hint or None)


def bounds(pieces: Sequence[Piece]) -> tuple[Floats, Floats]:
    """Lower and upper corner of some pieces."""
    lower = np.min([p.vertices.min(axis=0) for p in pieces], axis=0)
    return lower, np.max([p.vertices.max(axis=0) for p in pieces], axis=0)


def matches(name: str, patterns: Sequence[str]) -> bool:
    """Whether a name is one of some patterns."""
    return any(fnmatchcase(name.lower(), pattern.lower()) for pattern in patterns)
