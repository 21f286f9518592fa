"""What a mesh library is made of: models of actors with their moving parts, and of maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from sim.render.mesh import Light, MeshData
from sim.render.parts import Part


class PartMotion(IntEnum):
    """How a part of a model moves in its actor's frame."""

    FIXED = 0
    WHEEL = 1
    """Spins about y by ``State.wheel_angle``."""
    STEERED_WHEEL = 2
    """Also turns about z by ``State.steer``."""
    DOOR_LEFT = 3
    """Turns about z by ``-State.door[0]``: positive opens a door hinged at its front edge."""
    DOOR_RIGHT = 4
    """Turns about z by ``State.door[1]``."""
    STEERED = 5
    """Turns about z by ``State.steer``: handlebars."""
    CRANK = 6
    """Spins about y at a third of the wheels' rate: pedals."""


MOVING = {
    PartMotion.WHEEL: Part.WHEEL, PartMotion.STEERED_WHEEL: Part.WHEEL, PartMotion.DOOR_LEFT: Part.DOOR, PartMotion.DOOR_RIGHT: Part.DOOR,
    PartMotion.STEERED: Part.STEERING, PartMotion.CRANK: Part.PEDALS,
}  # fmt: skip
"""What a piece that moves so is, where its materials do not say more."""


@dataclass(frozen=True)
class ModelPart:
    """A part that moves as one piece, or a cyclic clip of posed meshes."""

    frames: tuple[MeshData, ...]
    """One mesh, or the poses of a clip: equal triangles, UVs and materials, moved vertices. Of a wheel: whole, and its tyre burst."""
    motion: PartMotion = PartMotion.FIXED
    pivot: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Where the mesh's origin sits in the model's frame [m]: axle, hinge, hips."""
    seat: int = -1
    """Of an occupant: his seat, ``frames`` being all who may sit there, one of whom `sim.types.Scene.crew` names; -1 for all else."""


@dataclass(frozen=True)
class Model:
    """What an actor or a static instance looks like, in the actor's frame: origin at its reference point."""

    name: str
    parts: tuple[ModelPart, ...]
    size: tuple[float, float, float]
    """Length, width, height of the box that is scaled to ``Scene.size`` [m]."""
    box_center: tuple[float, float, float]
    """[m]."""
    stride: float = 0.0
    """Distance covered by one cycle of a clip [m]; 0: no clip, or one that does not advance."""
    walk_frames: int = 0
    """Frames of a clip that walk; 0: all. A run may follow, then a pose of somebody who stands, then a fall."""
    run_stride: float = 0.0
    """Distance covered by one cycle of the run [m]; 0: there is none."""
    fall_frames: int = 0
    """Frames of the fall: two chains of equal length from a left and a right step, then a body on its back and on its front; 0: none."""
    rest_frame: int = 0
    """Clip frame shown by an actor that stands."""
    uniform_scale: bool = False
    """True: scaled by the height alone (people, animals), so that limbs keep their proportions."""
    lights: tuple[Light, ...] = ()


@dataclass(frozen=True)
class StaticInstance:
    """A model placed in a map."""

    model: str
    matrix: npt.NDArray[np.floating]
    """4x4, rigid or scaled along the model's axes, model to world."""
    signal: int = -1
    """Index of the signal whose aspect it shows, -1 for none."""


@dataclass
class MapModel:
    """The static geometry of one map."""

    mesh: MeshData
    lights: Sequence[Light] = ()
    instances: Sequence[StaticInstance] = field(default_factory=tuple)
