"""Cameras as they are described: mounting, lens. Frozen dataclasses that refuse what cannot be meant."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sim.checks import check_number, check_whole, check_word
from sim.errors import SwerveError

LENSES = ("pinhole", "brown_conrady", "kannala_brandt")
"""Lens models, as OpenCV's `projectPoints` (the first two) and `fisheye::projectPoints` compute them."""
COEFFICIENTS = {"pinhole": (0,), "brown_conrady": (0, 4, 5, 8), "kannala_brandt": (0, 4)}
"""How many distortion coefficients each model takes."""
WIDEST = math.radians(95.0)
"""Greatest angle from the axis that a fisheye sees: 190 degrees across [rad]."""


@dataclass(frozen=True)
class Lens:
    """How a lens maps directions to pixels, in OpenCV's conventions; the middle of the first pixel is (0, 0)."""

    model: str = "pinhole"
    """One of `LENSES`."""
    intrinsics: tuple[float, float, float, float] | None = None
    """fx, fy, cx, cy [pixels]; None: square pixels and centred, from the camera's ``horizontal_fov``."""
    distortion: tuple[float, ...] = ()
    """OpenCV's order: k1, k2, p1, p2, k3, k4, k5, k6 (Brown-Conrady, the first 4, 5 or 8); k1 .. k4 (Kannala-Brandt)."""
    max_angle: float | None = None
    """Angle from the axis beyond which the lens shows nothing [rad]; None: what the model allows, a fisheye 95 degrees. Where a
    model folds, as strong coefficients do far out, the lens ends there."""

    def __post_init__(self) -> None:
        check_word("lens model", self.model, LENSES)
        allowed = COEFFICIENTS[self.model]
        if len(self.distortion) not in allowed:
            counts = " or ".join(str(n) for n in allowed)
            raise SwerveError(f"a {self.model} lens takes {counts} distortion coefficients, not {len(self.distortion)}")
        for value in self.distortion:
            check_number("a distortion coefficient", value)
        if self.intrinsics is not None:
            if len(self.intrinsics) != 4:
                raise SwerveError(f"a lens's intrinsics must be fx, fy, cx, cy [pixels], not {self.intrinsics!r}")
            for name, value in zip(("fx", "fy"), self.intrinsics, strict=False):
                check_number(f"a lens's {name} [pixels]", value, 1e-3, 1e7)
            for name, value in zip(("cx", "cy"), self.intrinsics[2:], strict=True):
                check_number(f"a lens's {name} [pixels]", value, -1e6, 1e6)
        if self.max_angle is not None:
            check_number("a lens's max_angle [rad]", self.max_angle, 1e-3, WIDEST + 1e-9)


@dataclass(frozen=True)
class CameraConfig:
    """A camera mounted on the ego, or fixed in the world."""

    name: str = "front"
    width: int = 800
    height: int = 450
    horizontal_fov: float = 1.22
    """Between the left and right edges of a picture without distortion, of a fisheye with it [rad]; not used where the lens has
    intrinsics."""
    pos: tuple[float, float, float] = (1.6, 0.0, 1.45)
    """Mounting point in the ego's frame (x forward from the rear axle) [m]."""
    yaw: float = 0.0
    pitch: float = 0.0
    """Positive looks down (ISO 8855) [rad]."""
    roll: float = 0.0
    attached: bool = True
    """True: moves with the ego; False: ``pos`` and angles are in the world frame."""
    follows: bool = False
    """Attached, but level: turns with the ego's heading alone, and rises or comes nearer where something stands in between."""
    show_ego: bool | None = None
    """Whether the ego's own mesh is in the picture; None: only if the camera is not attached to it."""
    lens: Lens = Lens()

    def __post_init__(self) -> None:
        check_whole("a camera's width", self.width, 1, 8192)
        check_whole("a camera's height", self.height, 1, 8192)
        widest = 2.0 * WIDEST if self.lens.model == "kannala_brandt" else 3.1
        check_number("a camera's horizontal_fov [rad]", self.horizontal_fov, 1e-3, widest)
        if len(self.pos) != 3:
            raise SwerveError(f"a camera's pos must be x, y, z [m], not {self.pos!r}")
        for name, value in (*zip(("pos.x", "pos.y", "pos.z"), self.pos, strict=True), ("yaw", self.yaw)):
            check_number(f"a camera's {name}", value)
        check_number("a camera's pitch", self.pitch)
        check_number("a camera's roll", self.roll)
