"""Cameras as they are described: mounting, lens, shutter, optics, sensor, faults. Frozen dataclasses that refuse what cannot be meant."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, get_type_hints

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


FAULTS = ("dirt", "drops", "blinding", "frozen", "dropped")
"""What may be wrong with a camera: dirt or water drops on the lens, glare that blinds it, a picture that stands still or is missing."""


@dataclass(frozen=True)
class Shutter:
    """When pixels see. The middle of the middle row's exposure is the frame's time; poses in between are interpolated."""

    readout: float = 0.0
    """From the first row's to the last row's exposure [s]; 0: a global shutter."""
    exposure: float = 0.0
    """How long each row is exposed [s]; 0: an instant, without motion blur. Labels are those of the exposure's middle."""
    moments: int = 8
    """Moments of the exposure that are averaged."""

    def __post_init__(self) -> None:
        check_number("a shutter's readout [s]", self.readout, 0.0, 1.0)
        check_number("a shutter's exposure [s]", self.exposure, 0.0, 1.0)
        check_whole("a shutter's moments", self.moments, 2, 64)

    @property
    def half(self) -> float:
        """Half the time from the first light to the last [s]."""
        return 0.5 * (self.readout + self.exposure)


@dataclass(frozen=True)
class Optics:
    """What a lens does to light besides bending it."""

    aperture: float = 0.0
    """Diameter of the entrance pupil, the focal length over the f-number [m]; 0: all is in focus."""
    focus: float = 20.0
    """Distance in focus [m]."""
    vignetting: float = 0.0
    """Share of the cosine-fourth law by which light falls off from the axis, 0..1."""
    aberration: float = 0.0
    """Lateral chromatic aberration: red is drawn larger about the principal point by this share, blue smaller."""
    exposed: float = 0.0
    """Share of the rain that stays on the lens as drops: 0 behind a wiped windscreen .. 1 in the open."""

    def __post_init__(self) -> None:
        check_number("an aperture [m]", self.aperture, 0.0, 0.1)
        check_number("a focus [m]", self.focus, 0.05, 1e5)
        check_number("vignetting", self.vignetting, 0.0, 1.0)
        check_number("aberration", self.aberration, -0.02, 0.02)
        check_number("exposed", self.exposed, 0.0, 1.0)


MOSAICS = ("rggb", "grbg", "gbrg", "bggr")
"""Bayer patterns: colours of the first two pixels of the first row, then of the second."""


@dataclass(frozen=True)
class Sensor:
    """The linear camera model of EMVA Standard 1288; the values are typical of a global-shutter CMOS sensor with 3.45 um pixels."""

    full_well: float = 10_500.0
    """Electrons that white holds while the exposure time suffices; beyond that gain makes up for light, and noise shows."""
    read_noise: float = 2.3
    """Temporal dark noise, standard deviation [electrons]."""
    prnu: float = 0.006
    """Photo-response non-uniformity: spread of the pixels' gain, 1 standard deviation."""
    dsnu: float = 0.8
    """Dark-signal non-uniformity: spread of the pixels' offset [electrons]."""
    bits: int = 12
    """Of the analogue-digital converter."""
    full_gain: float = 6.0
    """Exposure gain (over the scene's radiance) up to which the exposure time alone is raised."""
    mosaic: str | None = None
    """One of `MOSAICS`: each pixel measures one colour; None: each measures all three."""

    def __post_init__(self) -> None:
        check_number("full_well [electrons]", self.full_well, 10.0, 1e7)
        check_number("read_noise [electrons]", self.read_noise, 0.0, 1e4)
        check_number("prnu", self.prnu, 0.0, 0.5)
        check_number("dsnu [electrons]", self.dsnu, 0.0, 1e4)
        check_whole("bits", self.bits, 4, 24)
        check_number("full_gain", self.full_gain, 1e-6, 1e6)
        if self.mosaic is not None:
            check_word("mosaic", self.mosaic, MOSAICS)


@dataclass(frozen=True)
class CameraFault:
    """Something wrong with a camera for a while; the picture as it would be without is written beside it."""

    kind: str
    """One of `FAULTS`."""
    strength: float = 0.5
    """0..1: how much of the lens is covered, how bright the glare is."""
    start: float = 0.0
    """When it begins [s]."""
    end: float = 3600.0
    """When it is over [s]."""

    def __post_init__(self) -> None:
        check_word("camera fault", self.kind, FAULTS)
        check_number("a fault's strength", self.strength, 0.0, 1.0)
        check_number("a fault's start [s]", self.start, 0.0, 3600.0)
        check_number("a fault's end [s]", self.end, 0.0, 3600.0)
        if self.end <= self.start:
            raise SwerveError(f"a fault's end must come after its start, {self.start:g} s, not at {self.end:g} s")


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
    shutter: Shutter = Shutter()
    optics: Optics = Optics()
    sensor: Sensor | None = None
    """None: without noise."""
    jpeg: int = 0
    """Quality of the picture's JPEG compression, 1..100; 0: lossless PNG."""
    faults: tuple[CameraFault, ...] = ()

    def __post_init__(self) -> None:
        check_whole("a camera's jpeg", self.jpeg, 0, 100)
        least = 1 if self.sensor is None or self.sensor.mosaic is None else 3
        check_whole("a camera's width", self.width, least, 8192)
        check_whole("a camera's height", self.height, least, 8192)
        widest = 2.0 * WIDEST if self.lens.model == "kannala_brandt" else 3.1
        check_number("a camera's horizontal_fov [rad]", self.horizontal_fov, 1e-3, widest)
        if len(self.pos) != 3:
            raise SwerveError(f"a camera's pos must be x, y, z [m], not {self.pos!r}")
        for name, value in zip("xyz", self.pos, strict=True):
            check_number(f"a camera's pos.{name}", value, -1e6, 1e6)
        for name in ("yaw", "pitch", "roll"):
            check_number(f"a camera's {name}", getattr(self, name), -1e3, 1e3)

    @property
    def kin(self) -> tuple[object, ...]:
        """What cameras that share a renderer have in common: size, kind of lens and of shutter, whether glass, faults or a sensor count."""
        shutter = self.shutter
        moments = shutter.moments if shutter.exposure > 0.0 else 1
        kinds = {fault.kind for fault in self.faults} & set(FAULTS[:3])
        glass = (
            self.optics.vignetting != 0.0 or self.optics.aberration != 0.0 or self.optics.exposed != 0.0 or bool(kinds)
        )
        straight = self.lens.model == "pinhole"
        return (
            self.width,
            self.height,
            straight,
            shutter.readout > 0.0,
            moments,
            glass,
            bool(kinds),
            self.sensor is None,
            self.sensor is not None and self.sensor.mosaic is not None,
        )

    def scaled(self, width: int, height: int) -> CameraConfig:
        """The same view in another number of pixels."""
        lens, x, y = self.lens, width / self.width, height / self.height
        if lens.intrinsics is not None:
            fx, fy, cx, cy = lens.intrinsics
            lens = replace(lens, intrinsics=(fx * x, fy * y, (cx + 0.5) * x - 0.5, (cy + 0.5) * y - 0.5))
        return replace(self, width=width, height=height, lens=lens)


def inner_config(hint: Any) -> type[Any] | None:
    """The dataclass in a field's type, if there is one: itself, one that may be missing, or a tuple's."""
    return next((t for t in (hint, *getattr(hint, "__args__", ())) if isinstance(t, type) and is_dataclass(t)), None)


def config_of(kind: type[Any], data: Mapping[str, Any]) -> Any:
    """A dataclass of plain data, as `dataclasses.asdict` and JSON give it; unknown keys are left out.

    Raises:
        SwerveError: for values that cannot be meant.
    """
    hints = get_type_hints(kind)
    values: dict[str, Any] = {}
    for field in fields(kind):
        if field.name not in data:
            continue
        value, hint = data[field.name], hints[field.name]
        inner = inner_config(hint)
        if inner is not None and isinstance(value, Mapping):
            value = config_of(inner, value)
        elif isinstance(value, (list, tuple)):
            value = tuple(config_of(inner, v) if inner is not None else v for v in value)
        values[field.name] = value
    return kind(**values)
